"""What the figures take for granted (the seed `assumptions`), to be shown with them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Assumption:
    """One statement; `kpi` is empty when it is about the whole mart."""

    assumption_id: str
    mart: str
    kpi: str
    statement: str
    why: str
    effect: str
    owner: str


def read(project_dir: Path) -> list[Assumption]:
    """Every assumption of a dbt project, in the order of its seed."""
    with (project_dir / "seeds" / "assumptions.csv").open(newline="") as file:
        return [Assumption(**row) for row in csv.DictReader(file)]


def described(assumptions: list[Assumption], mart: str) -> str:
    """The assumptions of a mart as Markdown, to stand below its description; empty without any."""
    found = [a for a in assumptions if a.mart == mart]
    if not found:
        return ""
    lines = [
        f"- {f'`{a.kpi}`: ' if a.kpi else ''}{a.statement} {a.why} *{a.effect}*" for a in found
    ]
    return "\n\n**What these figures assume**\n\n" + "\n".join(lines)
