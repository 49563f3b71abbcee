"""A reader of what is published, as a process of its own: reads over and over, until it is told to
stop, and writes a line of JSON for each read. Any error ends it with a traceback.

    python -m rcm_platform_tests.support.published_reader PUBLISHED_FOLDER OUTPUT STOP
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb

from rcm_platform.publish import versions

PAUSE_SECONDS = 1.0

NUMBERS = {
    "ledger A/R": "select sum(ar_amount) from {}fct_ledger_entries",
    "open A/R": "select sum(open_amount) from {}fct_claims",
    "cash": "select sum(cash_amount) from {}fct_ledger_entries",
    "claims": "select count(*) from {}fct_claims",
    "ledger entries": "select count(*) from {}fct_ledger_entries",
    "KPI values": "select count(*) from {}mart_kpi_monthly",
    "sum of KPI totals": (
        "select sum(numerator) from {}mart_kpi_monthly where aggregation_level = 'total'"
    ),
}
"""What a reader looks at; `{}` is where the tables stand."""

# a total that is not the sum of its parts; a KPI without denominator has none in both
_UNEQUAL_TOTALS = """
select count(*) from (
    select
        sum(numerator) filter (aggregation_level = 'total') as numerator,
        sum(denominator) filter (aggregation_level = 'total') as denominator,
        sum(numerator) filter (aggregation_level = 'facility and payer') as numerators,
        sum(denominator) filter (aggregation_level = 'facility and payer') as denominators
    from {}mart_kpi_monthly group by kpi, period_month
)
where numerator is distinct from numerators or denominator is distinct from denominators
"""


def numbers(con: duckdb.DuckDBPyConnection, where: str = "") -> dict[str, str]:
    """Each of `NUMBERS`, and what must be equal or nothing within one version."""
    queries = NUMBERS | {"KPI totals that are not the sum of their parts": _UNEQUAL_TOTALS}
    return {
        name: str(con.execute(query.format(where)).fetchall()[0][0])
        for name, query in queries.items()
    }


def read(folder: Path) -> dict[str, object]:
    """One look at the current version: its name and date, what it says is unexplained, numbers."""
    with versions.open_published(folder, "operations") as con:
        ((version, as_of, unexplained),) = con.execute(
            "select version, as_of, unexplained from published_version"
        ).fetchall()
        found = numbers(con)
    return {"version": version, "as_of": as_of, "unexplained": unexplained, "numbers": found}


if __name__ == "__main__":
    folder, output, stop = map(Path, sys.argv[1:])
    with output.open("w", buffering=1) as lines:
        while not stop.exists():
            lines.write(json.dumps(read(folder)) + "\n")
            time.sleep(PAUSE_SECONDS)
