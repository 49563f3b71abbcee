"""The tables of docs/first_hour_hospitals.md: what the reader of hospital databases knows.

`make glossary` writes them anew; a test says when they are out of date.
"""

from __future__ import annotations

import csv
from pathlib import Path

from rcm_platform.sources.hospital_ddl import ddl
from rcm_platform.sources.hospital_tables import THINNER, USUAL
from rcm_platform.sources.tabular import Kind
from rcm_platform_tests.documents.glossary import as_table, updated

PAGE = Path(__file__).parents[2] / "docs" / "first_hour_hospitals.md"


def tables(project_dir: Path) -> dict[str, str]:
    """Name of the table → its Markdown."""
    with (project_dir / "seeds" / "transaction_types.csv").open(newline="") as file:
        kinds = list(csv.DictReader(file))
    with (project_dir / "seeds" / "ledger_event_types.csv").open(newline="") as file:
        events = {row["event_type"]: row["label"] for row in csv.DictReader(file)}
    needed = [name for name, layout in USUAL.items() if not layout.optional]
    return {
        "columns": as_table(
            ("Table", "Key", "Columns"),
            (
                (
                    f"`{name}`",
                    f"`{', '.join(USUAL[name].key)}`",
                    _columns(name),
                )
                for name in needed
            ),
        ),
        "optional": as_table(
            ("Table", "Columns", "Without it"),
            (
                (
                    f"`{name}`",
                    _columns(name),
                    f"{without}",
                )
                for name, without in THINNER.items()
            ),
        ),
        "kinds": as_table(
            ("`AmountType`", "Means"),
            ((f"`{row['amount_type']}`", events[row["event_type"]]) for row in kinds),
        ),
        "ddl": f"```sql\n{ddl('mysql')}```\n",
    }


def _columns(table: str) -> str:
    """Its columns, with what they hold where that is no text."""
    return ", ".join(
        f"`{column.name}`" + (f" ({words})" if (words := _HOLDS.get(column.kind)) else "")
        for column in USUAL[table].columns
    )


_HOLDS = {
    Kind.INTEGER: "whole number",
    Kind.QUANTITY: "number",
    Kind.MONEY: "dollars",
    Kind.DATE: "date",
    Kind.TIMESTAMP: "date and time",
}


def main() -> None:
    """Write the page anew."""
    from rcm_platform.settings import get_settings

    PAGE.write_text(updated(PAGE.read_text(), tables(get_settings().project_dir)))


if __name__ == "__main__":
    main()
