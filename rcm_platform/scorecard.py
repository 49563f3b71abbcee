"""The leaders' first page, as short pieces of markdown: value, target, trend and the proof.

Reads the published file only, and computes nothing but numerator / denominator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import quote

import duckdb

PATH = "/assets/leadership/scorecard"
"""Where the Dagster UI shows it."""

TREND_MONTHS = 12

# The Dagster page shows markdown in place only below this length.
MARKDOWN_LIMIT = 1000


@dataclass(frozen=True)
class Headline:
    """One KPI: the last complete month, its target and its trend (oldest first)."""

    kpi: str
    label: str
    unit: str
    target: Decimal
    direction: str
    month: date
    trend: tuple[Decimal, ...]

    @property
    def value(self) -> Decimal:
        return self.trend[-1]

    @property
    def is_on_target(self) -> bool:
        return self.value <= self.target if self.direction == "down" else self.value >= self.target

    def markdown(self) -> str:
        """Value, target and sparkline; fits in place (under `MARKDOWN_LIMIT` characters)."""
        sign = "at most" if self.direction == "down" else "at least"
        verdict = "on target" if self.is_on_target else "off target"
        return (
            f"**{show(self.value, self.unit)}** in {self.month:%B %Y} · "
            f"target {sign} {show(self.target, self.unit)} · {verdict} "
            f"![trend of {len(self.trend)} months]({sparkline(self.trend)})"
        )


def headlines(con: duckdb.DuckDBPyConnection) -> list[Headline]:
    """Every headline KPI that has a value in a complete month, in the registry's order."""
    rows = con.execute(
        """
        select r.kpi, r.label, r.unit, r.target, r.direction, k.period_month,
            k.numerator, k.denominator
        from kpi_registry as r
        inner join mart_kpi_monthly as k on r.kpi = k.kpi and k.aggregation_level = 'total'
        cross join published_version as v
        where r.is_headline and k.denominator <> 0
            and last_day(k.period_month) <= cast(v.as_of as date)
        order by r.rowid, k.period_month
        """
    ).fetchall()
    found: dict[str, Headline] = {}
    for kpi, label, unit, target, direction, month, numerator, denominator in rows:
        earlier = found[kpi].trend if kpi in found else ()
        trend = (*earlier, Decimal(numerator) / Decimal(denominator))[-TREND_MONTHS:]
        found[kpi] = Headline(kpi, label, unit, Decimal(str(target)), direction, month, trend)
    return list(found.values())


def proof_line(con: duckdb.DuckDBPyConnection) -> str:
    """How much of the money that came in is explained, from the published file's own record."""
    as_of, charges, cash, unexplained, quarantined = con.execute(
        "select as_of, charges, cash, unexplained, quarantined from published_version"
    ).fetchall()[0]
    total = Decimal(charges) + Decimal(cash)
    share = 1 if total == 0 else 1 - Decimal(unexplained) / total
    return (
        f"**{share:.2%} of ${total:,.2f} explained** as of {as_of}: "
        f"${Decimal(charges):,.2f} charges and ${Decimal(cash):,.2f} cash are equal at source, "
        "ledger and mart; "
        f"${Decimal(quarantined):,.2f} is held in quarantine, each with its reason."
    )


def show(value: Decimal, unit: str) -> str:
    """A KPI value as people read it."""
    if unit == "ratio":
        return f"{value:.1%}"
    return f"${value:,.2f}" if unit == "dollars" else f"{value:,.1f} {unit}"


def sparkline(values: Sequence[Decimal], width: int = 132, height: int = 24) -> str:
    """A line chart as a data URI. Every character is encoded: the page renders nothing less."""
    low, high = min(values), max(values)
    spread = (high - low) or Decimal(1)
    step = Decimal(width) / max(len(values) - 1, 1)
    points = " ".join(
        f"{i * step:.0f},{2 + (height - 4) * (high - value) / spread:.0f}"
        for i, value in enumerate(values)
    )
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}'>"
        f"<polyline fill='none' stroke='teal' stroke-width='2' points='{points}'/></svg>"
    )
    return f"data:image/svg+xml,{quote(svg, safe='')}"


def asset_link(*key: str) -> str:
    """The page of an asset in the Dagster UI."""
    return "/assets/" + "/".join(key)


def lineage_link(*key: str) -> str:
    """The picture of everything upstream of an asset in the Dagster UI."""
    return "/asset-groups~" + quote(f'+key:"{"/".join(key)}"', safe="")
