"""How good the lists of work and the forecasts are, on past months and with what was known then.

The marts hold every figure; here they are read from the published version and printed.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from rich.table import Table

from rcm_platform.benchmarks import own_process
from rcm_platform.publish import versions
from rcm_platform.publish.audiences import OPERATIONS
from rcm_platform.world.report import planted_changes

#: What ranking by expected value should bring in per hour, as a multiple of the score from 1 to 11.
GOAL = Decimal("1.3")

_QUEUE = """
    select candidate_set, budget, ranking, sum(selected_claim_count), sum(worked_claim_count),
        sum(recovered_amount), sum(selected_minutes)
    from mart_queue_backtest
    group by all
    order by candidate_set, budget desc, ranking"""

_LISTS = """
    select worklist, ranking, sum(selected_claim_count), sum(recovered_amount),
        sum(selected_minutes)
    from mart_worklist_backtest
    group by all
    order by worklist, ranking desc"""

_RELIABILITY = """
    select odds_band_name, sum(claim_count), sum(expected_denied_count), sum(denied_count),
        sum(base_denied_count)
    from mart_denial_reliability
    group by odds_band, odds_band_name
    order by odds_band"""

_DRIFT = """
    select measure, count(distinct payer_key) filter (where is_watched),
        count(*) filter (where is_watched), count(*) filter (where is_told)
    from mart_payer_drift
    left join (
        select unnest(?::varchar[]) as measure, unnest(?::varchar[]) as payer_name
    ) as planted using (measure, payer_name)
    where planted.measure is null
    group by all
    order by measure"""

_FOUND = """
    with since as (
        select *, sum(claim_count) over (order by known_week) as claims
        from mart_payer_drift
        where measure = ? and payer_name = ? and known_week >= ?::date - 6
    )
    select min(known_week), min(claims), (select sum(claim_count) from since)
    from since where is_told"""

_FORECAST = """
    select measure, scope, horizon_days, count(*), sum(forecast_amount), sum(actual_amount),
        count(is_covered), count(*) filter (where is_covered)
    from mart_forecast_accuracy
    group by all
    order by measure desc, scope desc, horizon_days"""


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


def lists(published_dir: Path) -> Table:
    """Dollars per staff hour of each list of work in its own order and in two simple ones."""
    table = Table(
        "list", "order", "picked", "came in", "hours", "$ per hour", "x largest", "x oldest",
        title="Dollars that came in per staff hour of each list, past month ends",
    )  # fmt: skip
    rows = _read(published_dir, _LISTS)
    per_hour = {row[:2]: row[3] * 60 / row[4] if row[4] else Decimal(0) for row in rows}
    for worklist, ranking, picked, came, minutes in rows:
        own = per_hour[worklist, ranking]
        multiples = []
        for other in ("largest first", "oldest first"):
            base = per_hour.get((worklist, other), Decimal(0))
            multiples.append(f"{own / base:.2f}" if base and ranking == "list order" else "")
        table.add_row(
            worklist,
            ranking,
            f"{picked:,}",
            f"{came:,.2f}",
            f"{minutes / 60:,.0f}",
            f"{own:,.2f}",
            *multiples,
        )
    return table


def denials(published_dir: Path) -> Table:
    """Denials that were expected of claims when they were sent, beside those that came."""
    table = Table(
        "odds when sent", "claims", "expected", "denied", "expected share", "denied share",
        "by the share of all",
        title="Odds of a denial against denials, by decisions of later months",
    )  # fmt: skip
    for band, count, expected, denied, base in _read(published_dir, _RELIABILITY):
        table.add_row(
            band,
            f"{count:,}",
            f"{expected:,.1f}",
            f"{denied:,}",
            f"{expected / count:.1%}",
            f"{denied / count:.1%}",
            f"{base:,.1f}",
        )
    return table


def drift(published_dir: Path) -> Table:
    """How often a payer is said to change that does not, and when a planted change is found."""
    table = Table(
        "measure", "payer", "from", "watched", "alarms", "per payer-year", "found", "after claims",
        title="Payers that change: alarms where nothing was planted, and changes that were",
    )  # fmt: skip
    planted = planted_changes()
    names = [[change[part] for change in planted] for part in ("measure", "payer_name")]
    with versions.open_published(published_dir, OPERATIONS) as con:
        for measure, payers, weeks, told in con.execute(_DRIFT, names).fetchall():
            rate = f"{told * 52 / weeks:.2f}" if weeks else ""
            table.add_row(measure, f"{payers:,} unchanged", "", f"{weeks:,} weeks", f"{told:,}",
                          rate, "", "")  # fmt: skip
        for change in planted:
            asked = [change["measure"], change["payer_name"], change["from_date"]]
            [(week, claims, seen)] = con.execute(_FOUND, asked).fetchall()
            table.add_row(
                change["measure"],
                f"{change['payer_name']} +{change['size']}",
                change["from_date"],
                f"{seen or 0:,} claims",
                "",
                "",
                str(week) if week else "not yet",
                f"{claims:,}" if week else "",
            )
    return table


def forecast(published_dir: Path) -> Table:
    """Forecast against what became, and how often the interval held it, over all months tested."""
    table = Table(
        "of", "scope", "days", "forecasts", "forecast", "actual", "actual / forecast",
        "with interval", "covered",
        title="Cash to come and balance still open against forecast, past month ends",
    )  # fmt: skip
    for measure, scope, days, count, expected, actual, bounded, covered in _read(
        published_dir, _FORECAST
    ):
        table.add_row(
            measure,
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
