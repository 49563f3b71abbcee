"""What is planted in a world, as tables for people."""

from __future__ import annotations

from pathlib import Path

import duckdb

from rcm_platform.world.faults import FaultRates
from rcm_platform.world.parameters import FOLDER, Table


def fault_table(folder: Path, faults: str = "") -> tuple[str, list[str], list[list[str]]]:
    """Title, columns and rows: every fault with its rule, action, rate and known instances.

    `faults` are the rates of the settings. Instances are blank when `folder` holds no truth.
    """
    rates = FaultRates.of(Table.read("faults.csv", FOLDER), faults)
    counts: dict[str, tuple[int, str]] = {}
    path = folder / "truth" / "knowable" / "faults.parquet"
    if path.exists():
        quoted = str(path).replace("'", "''")
        for name, count, amount in duckdb.sql(
            f"select fault_type, count(*), sum(amount) from '{quoted}' group by fault_type"
        ).fetchall():
            counts[name] = count, f"{amount:,.2f}"
    rows = []
    for row in rates.table.rows:
        name = row["fault_type"]
        rate = rates.per_million(name)
        count, amount = counts.get(name, (0, "0.00"))
        rows.append(
            [
                name,
                row["detector"],
                row["action"],
                "its own" if rate is None else f"{rate:,}",
                row["unit"],
                f"{count:,}" if path.exists() else "",
                amount if path.exists() else "",
            ]
        )
    columns = ["fault", "rule", "action", "per million", "of", "known", "dollars"]
    return "Planted faults", columns, rows
