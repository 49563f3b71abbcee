"""The leaders' first page, as short pieces of markdown: each headline with its value, month and
target, then its trend and why it changed, then the proof.

Reads the published file for leaders only, and computes nothing but numerator / denominator.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from urllib.parse import quote

import duckdb

from rcm_platform.explain.figures import meets
from rcm_platform.explain.links import asset_link, trace_link
from rcm_platform.explain.variance import COLUMNS, NAMES, Change, Driver, show

TREND_MONTHS = 12

# The Dagster page shows markdown in place only below this length.
MARKDOWN_LIMIT = 1000


@dataclass(frozen=True)
class Headline:
    """One KPI: its values by month (oldest first, all mature), its target, its change,
    and which month a claim counts in (`period_rule`)."""

    kpi: str
    label: str
    unit: str
    target: Decimal
    direction: str
    period_rule: str
    trend: tuple[tuple[date, Decimal], ...]
    change: Change | None = None

    @property
    def month(self) -> date:
        return self.trend[-1][0]

    @property
    def value(self) -> Decimal:
        return self.trend[-1][1]

    @property
    def is_on_target(self) -> bool:
        return meets(self.value, self.target, self.direction)

    def line(self) -> str:
        """Value, month, and whether it is on target: one line of the page's narrow column."""
        value = f"[**{show(self.value, self.unit)}**]({trace_link(self.kpi, self.month)})"
        verdict = "on target" if self.is_on_target else "**off target**"
        return f"{value} {self.month:%b %Y} · {verdict} ({self.limit})"

    def why(self) -> str:
        """Why it changed, and which month a claim counts in."""
        change = [_plain(self.change).text(self.unit)] if self.change else []
        return "\n\n".join([*change, f"By {self.period_rule}."])

    def months(self) -> str:
        """The trend, with its months and the target."""
        first, last = (f"{month:%b %Y}" for month in (self.trend[0][0], self.month))
        drawn = chart(self.trend, self.target, self.limit)
        return f"{first} to {last}, target dashed\n\n![trend of {self.label}]({drawn})"

    @property
    def limit(self) -> str:
        """The target as a sign and a value."""
        sign = "≤" if self.direction == "down" else "≥"
        return f"{sign} {show(self.target, self.unit).removesuffix(f' {self.unit}')}"


def _plain(change: Change) -> Change:
    """With names as the data have them: nothing in them is markdown."""
    return replace(change, driver=_escaped(change.driver), offset=_escaped(change.offset))


def _escaped(driver: Driver | None) -> Driver | None:
    return driver and replace(
        driver, name=re.sub(r"([\\`*_{}\[\]()<>#+!|~])", r"\\\1", driver.name)
    )


def headlines(con: duckdb.DuckDBPyConnection) -> list[Headline]:
    """Every headline KPI that has a value in a mature month, in the registry's order."""
    rows = con.execute(
        f"""
        select r.kpi, r.label, r.unit, r.target, r.direction, r.period_rule, k.period_month,
            k.numerator, k.denominator, {COLUMNS}
        from kpi_registry as r
        inner join mart_kpi_scorecard as k on r.kpi = k.kpi and k.aggregation_level = 'total'
        {NAMES}
        where r.is_headline and k.denominator <> 0 and k.is_mature
        order by r.rowid, k.period_month
        """
    ).fetchall()
    found: dict[str, Headline] = {}
    for kpi, label, unit, target, direction, rule, month, numerator, denominator, *why in rows:
        before = found.get(kpi)
        trend = (
            *(before.trend if before else ()),
            (month, Decimal(numerator) / Decimal(denominator)),
        )
        change = Change.since(before.month, *why) if before and why[0] is not None else None
        found[kpi] = Headline(
            kpi, label, unit, Decimal(str(target)), direction, rule, trend[-TREND_MONTHS:], change
        )
    return list(found.values())


def months_line(shown: Sequence[Headline]) -> str | None:
    """Which headlines are of an earlier month than the others, and why; None where none is."""
    latest = max((headline.month for headline in shown), default=None)
    earlier = [
        f"{headline.label} is of {headline.month:%B %Y}: {headline.period_rule}."
        for headline in shown
        if headline.month != latest
    ]
    return "\n\n".join(earlier) or None


def proof_line(con: duckdb.DuckDBPyConnection) -> str:
    """What is explained of charges and of cash, and what is open in quarantine, from the published
    file's own record. The two are no total: cash is what came in for the charges."""
    as_of, *amounts = con.execute(
        "select as_of, charges, cash, unexplained, quarantined from published_version"
    ).fetchall()[0]
    charges, cash, unexplained, quarantined = map(Decimal, amounts)
    explained = "explained" if not unexplained else f"explained but for ${unexplained:,.2f}"
    open_items = f"[open in quarantine]({asset_link('raw', 'platform', 'quarantine')})"
    return (
        f"**${charges:,.2f} of charges and, for them, ${cash:,.2f} of cash: {explained}.** "
        f"As of {as_of} each of the two is equal at source, ledger and mart; "
        f"${quarantined:,.2f} is {open_items}, each item with its reason."
    )


def cash_line(con: duckdb.DuckDBPyConnection) -> str:
    """How much of what payers announced is explained down to the bank and the general ledger."""
    matched, timing, exceptions, unmatched = map(
        Decimal,
        con.execute(
            "select remitted_matched, remitted_timing, remitted_known_exception, "
            "remitted_unmatched from published_version"
        ).fetchall()[0],
    )
    total = matched + timing + exceptions + unmatched
    share = 1 - unmatched / total if total else Decimal(1)
    return (
        f"**${total:,.2f} announced by payers: {share:.2%} explained, "
        f"${unmatched:,.2f} unmatched.** From the remittance to the bank and the general ledger "
        f"${matched:,.2f} is matched, ${timing:,.2f} still due, and ${exceptions:,.2f} in payments "
        "with a claim that a rule holds."
    )


# in pixels: the months stand below their points, each three characters and a space wide
_CHARACTER = 6
_MONTH = 4 * _CHARACTER
_TOP, _BOTTOM, _HEIGHT = 6, 76, 96


def chart(trend: Sequence[tuple[date, Decimal]], target: Decimal, label: str) -> str:
    """A line chart with its months and a dashed line at the target, as a data URI: the Dagster page
    shows no other picture. What markdown would read as its own is encoded."""
    values = [value for _, value in trend]
    low, high = min(*values, target), max(*values, target)
    scale = (_BOTTOM - _TOP) / ((high - low) or Decimal(1))

    def y(value: Decimal) -> str:
        return f"{_BOTTOM - (value - low) * scale:.0f}"

    xs = [_CHARACTER * 3 // 2 + _MONTH * i for i in range(len(trend))]
    points = ",".join(f"{x},{y(value)}" for x, value in zip(xs, values, strict=True))
    width = _MONTH * len(trend) - _CHARACTER
    months = " ".join(f"{month:%b}" for month, _ in trend)
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='360' height='{_HEIGHT}' "
        "font-family='monospace' font-size='10' fill='gray'>"
        f"<path d='M0,{y(target)}h{width}' stroke='gray' stroke-dasharray='4'/>"
        f"<text x='{width + 4}' y='{int(y(target)) + 3}'>{label}</text>"
        f"<polyline fill='none' stroke='teal' stroke-width='2' points='{points}'/>"
        f"<circle r='3' cx='{xs[-1]}' cy='{y(values[-1])}' fill='teal'/>"
        f"<text y='{_HEIGHT - 4}' textLength='{width}'>{months}</text></svg>"
    )
    return f"data:image/svg+xml,{quote(svg, safe='/:=,;')}"
