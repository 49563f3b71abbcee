"""The tables of docs/glossary.md that repeat what stands elsewhere: marts, KPIs, assumptions.

`make glossary` writes them anew; a test says when they are out of date.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rcm_platform.settings import get_settings
from rcm_platform.warehouse import assumptions
from rcm_platform.warehouse import project as dbt_project

PAGE = Path(__file__).parents[2] / "docs" / "glossary.md"


def tables(manifest: Mapping[str, Any], project_dir: Path) -> dict[str, str]:
    """Name of the table → its Markdown."""
    with (project_dir / "seeds" / "kpi_registry.csv").open(newline="") as file:
        kpis = list(csv.DictReader(file))
    marts = sorted(
        (node["fqn"][2], node["name"], _first_sentence(node["description"]))
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["fqn"][1] == "marts"
    )
    return {
        "marts": as_table(
            ("Mart", "For", "What it shows"),
            ((f"`{name}`", persona, text) for persona, name, text in marts),
        ),
        "kpis": as_table(
            ("KPI", "After", "Is", "Over", "Left out", "When", "Mature", "Unit", "Owner"),
            (
                (f"{row['label']} (`{row['kpi']}`)", row["standard"], row["numerator"],
                 row["denominator"], row["exclusions"], row["period_rule"], row["maturity"],
                 row["unit"], row["owner"])
                for row in kpis
            ),
        ),
        "assumptions": as_table(
            ("About", "Assumed", "Why", "Effect", "Owner"),
            (
                (f"`{a.kpi or a.mart}`", a.statement, a.why, a.effect, a.owner)
                for a in assumptions.read(project_dir)
            ),
        ),
    }  # fmt: skip


def updated(page: str, new: Mapping[str, str]) -> str:
    """The page with each table put between its marks."""
    for name, table in new.items():
        begin, end = f"<!-- {name}: made by `make glossary` -->", f"<!-- end of {name} -->"
        before, _, rest = page.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"The page has no place for the table '{name}': {begin} ... {end}")
        page = f"{before}{begin}\n{table}\n{end}{after}"
    return page


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=\.)\s|\sGrain:", " ".join(text.split()), maxsplit=1)[0]


def as_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


if __name__ == "__main__":
    settings = get_settings()
    found = json.loads(dbt_project.prepared_manifest(settings).read_text())
    PAGE.write_text(updated(PAGE.read_text(), tables(found, settings.project_dir)))
