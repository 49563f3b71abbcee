"""What is planted in a world, and what it hides, as tables for people."""

from __future__ import annotations

from pathlib import Path

import duckdb

from rcm_platform.world.support.faults import FaultRates
from rcm_platform.world.support.parameters import FOLDER, Table


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


#: What a payer that changes is told by (mart_payer_drift).
_MEASURES = {"denial": "denied", "delay": "slow", "underpayment": "underpaid"}


def planted_changes() -> list[dict[str, str]]:
    """Payers that change in the worlds of these parameters: name, day, size and what shows it."""
    payers = Table.read("payers.csv", FOLDER)
    names = dict(zip(payers.text("payer_id"), payers.text("payer_name"), strict=True))
    return [
        {**row, "payer_name": names[row["payer_id"]], "measure": _MEASURES[row["kind"]]}
        for row in Table.read("payer_changes.csv", FOLDER).rows
        if row["size"] != "0"
    ]


def difference_table(folder: Path) -> tuple[str, list[str], list[list[str]]]:
    """Title, columns and rows: dollars that happened, those that could be known, and what stands
    between the two: what arrives later, and what each planted fault keeps in quarantine.

    Raises FileNotFoundError when `folder` holds no truth.
    """
    path = folder / "truth" / "knowable" / "differences.parquet"
    if not path.exists():
        raise FileNotFoundError(f"There is no truth in {folder}: `rcm world` builds one.")
    quoted = str(path).replace("'", "''")
    found = duckdb.sql(
        f"""select record, part, row_count, ar_amount, cash_amount, memo_amount from '{quoted}'
        order by record, part <> 'happened', part = 'knowable', part"""
    ).fetchall()
    rows = [
        [record, part, f"{count:,}", *(f"{amount:,.2f}" for amount in amounts)]
        for record, part, count, *amounts in found
    ]
    columns = ["record", "part", "rows", "receivables", "cash", "memo"]
    return "From what happened to what could be known", columns, rows
