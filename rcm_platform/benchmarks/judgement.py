"""How good the work queue and the cash forecast are, on past months and with what was known then.

The marts hold every figure; here they are read from the published version and printed.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from rich.table import Table

from rcm_platform.benchmarks import own_process
from rcm_platform.publish import versions
from rcm_platform.publish.audiences import OPERATIONS

#: What ranking by expected value should bring in per hour, as a multiple of the score from 1 to 11.
GOAL = Decimal("1.3")

_QUEUE = """
    select candidate_set, budget, ranking, sum(selected_claim_count), sum(worked_claim_count),
        sum(recovered_amount), sum(selected_minutes)
    from mart_queue_backtest
    group by all
    order by candidate_set, budget desc, ranking"""

_FORECAST = """
    select scope, horizon_days, count(*), sum(forecast_amount), sum(actual_amount),
        count(is_covered), count(*) filter (where is_covered)
    from mart_forecast_accuracy
    group by all
    order by scope desc, horizon_days"""


def queue(published_dir: Path) -> Table:
    """Dollars per staff hour of each way of ordering denied claims, over all months tested."""
    table = Table(
        "claims", "hours of", "ranking", "picked", "truly worked", "recovered", "hours",
        "$ per hour", "x score", title="Dollars later recovered per staff hour, past month ends",
    )  # fmt: skip
    rows = _read(published_dir, _QUEUE)
    per_hour = {row[:3]: row[5] * 60 / row[6] if row[6] else Decimal(0) for row in rows}
    for *where, picked, worked, recovered, minutes in rows:
        claims, budget, ranking = where
        base = per_hour.get((claims, budget, "priority score"), Decimal(0))
        own = per_hour[claims, budget, ranking]
        # a score that brought nothing in, as in a tiny world, is nothing to compare with
        multiple = f"{own / base:.2f}" if base else ""
        if base and ranking == "expected value":
            multiple += f" {own_process.verdict(own >= GOAL * base)}"
        table.add_row(
            claims,
            budget,
            ranking,
            f"{picked:,}",
            f"{worked:,}",
            f"{recovered:,.2f}",
            f"{minutes / 60:,.0f}",
            f"{own:,.2f}",
            multiple,
        )
    return table


def forecast(published_dir: Path) -> Table:
    """Forecast against actual cash, and how often the interval held it, over all months tested."""
    table = Table(
        "scope", "days", "forecasts", "forecast", "actual", "actual / forecast", "with interval",
        "covered", title="Cash forecast against cash, past month ends",
    )  # fmt: skip
    for scope, days, count, expected, actual, bounded, covered in _read(published_dir, _FORECAST):
        table.add_row(
            scope,
            str(days),
            f"{count:,}",
            f"{expected:,.2f}",
            f"{actual:,.2f}",
            f"{actual / expected:.1%}" if expected else "",
            f"{bounded:,}",
            f"{covered / bounded:.1%}" if bounded else "",
        )
    return table


def _read(published_dir: Path, sql: str) -> list[tuple]:
    """Rows of the published version. Raises FileNotFoundError when nothing is published."""
    with versions.open_published(published_dir, OPERATIONS) as con:
        return con.execute(sql).fetchall()
