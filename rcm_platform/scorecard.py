"""The leaders' first page, as short pieces of markdown: value, target, trend, what changed and why,
the claims to work first, and the proof.

Reads the published file for leaders only, and computes nothing but numerator / denominator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import quote

import duckdb

from rcm_platform.changes import Change, show
from rcm_platform.stories import tag

PATH = "/assets/leadership/scorecard"
"""Where the Dagster UI shows it."""

TRACE = "/trace"
"""Where the Dagster webserver has the claims behind each number (trace_pages)."""

TREND_MONTHS = 12
CLAIMS = 5

# The Dagster page shows markdown in place only below this length.
MARKDOWN_LIMIT = 1000


@dataclass(frozen=True)
class Headline:
    """One KPI: the last complete month, its target, its trend (oldest first) and its change."""

    kpi: str
    label: str
    unit: str
    target: Decimal
    direction: str
    month: date
    trend: tuple[Decimal, ...]
    change: Change | None = None

    @property
    def value(self) -> Decimal:
        return self.trend[-1]

    @property
    def is_on_target(self) -> bool:
        return self.value <= self.target if self.direction == "down" else self.value >= self.target

    def markdown(self) -> str:
        """All of it; fits in place (under `MARKDOWN_LIMIT` characters)."""
        sign = "at most" if self.direction == "down" else "at least"
        verdict = "on target" if self.is_on_target else "off target"
        parts = [
            f"**{show(self.value, self.unit)}** in {self.month:%B %Y}",
            f"target {sign} {show(self.target, self.unit)}",
            verdict,
            f"[claims]({trace_link(self.kpi, self.month)})",
        ]
        trend = f"![trend of {len(self.trend)} months]({sparkline(self.trend)})"
        why = [self.change.text(self.unit)] if self.change else []
        return "\n\n".join([" · ".join(parts), *why, trend])


def headlines(con: duckdb.DuckDBPyConnection) -> list[Headline]:
    """Every headline KPI that has a value in a complete month, in the registry's order."""
    rows = con.execute(
        """
        select r.kpi, r.label, r.unit, r.target, r.direction, k.period_month,
            k.numerator, k.denominator, volume_effect, mix_effect, rate_effect, timing_effect,
            concat_ws(' at ', payer_name, facility_name), driver_effect
        from kpi_registry as r
        inner join mart_kpi_scorecard as k on r.kpi = k.kpi and k.aggregation_level = 'total'
        cross join published_version as v
        left join dim_payer as p on k.driver_payer_key = p.payer_key
        left join dim_facility as f on k.driver_facility_key = f.facility_key
        where r.is_headline and k.denominator <> 0
            and last_day(k.period_month) <= cast(v.as_of as date)
        order by r.rowid, k.period_month
        """
    ).fetchall()
    found: dict[str, Headline] = {}
    for kpi, label, unit, target, direction, month, numerator, denominator, *why in rows:
        before = found.get(kpi)
        trend = (*(before.trend if before else ()), Decimal(numerator) / Decimal(denominator))
        change = Change.since(before.month, *why) if before and why[0] is not None else None
        found[kpi] = Headline(
            kpi, label, unit, Decimal(str(target)), direction, month, trend[-TREND_MONTHS:], change
        )
    return list(found.values())


def claims(con: duckdb.DuckDBPyConnection) -> str:
    """The claims whose work is expected to bring in most: key, next action, why, dollars, age."""
    rows = con.execute(
        f"""
        select claim_key, next_best_action, w.reason_code, outstanding_band, age_bucket
        from mart_claim_watchlist as w order by expected_value_rank limit {CLAIMS}
        """
    ).fetchall()
    return "\n".join(
        f"{place}. [{key[:8]}]({TRACE}/claim/{key}) {action}"
        + (f", reason {reason}" if reason else "")
        + f", {band}, {age} days"
        for place, (key, action, reason, band, age) in enumerate(rows, 1)
    )


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


def story_link(story: str) -> str:
    """The picture of the few assets that tell a story."""
    return "/asset-groups~" + quote(f'tag:"{tag(story)}"', safe="")


def trace_link(kpi: str, month: date) -> str:
    """The page with the claims behind a KPI of a month, for those who may see claims."""
    return f"{TRACE}/kpi/{kpi}?month={month:%Y-%m}"
