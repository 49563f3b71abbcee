"""Why a KPI changed from one month to the next, in words; `mart_kpi_changes` has the figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb


@dataclass(frozen=True)
class Change:
    """What a KPI of a month has over the month before, and which part did most."""

    month_before: date
    effects: tuple[tuple[str, Decimal], ...]
    """Volume, mix, rate and timing; they add up to the change."""
    driver: str | None
    """The part that changed it most: payer and facility; None where it is about too few people."""
    driver_effect: Decimal | None

    @property
    def total(self) -> Decimal:
        return sum((effect for _, effect in self.effects), Decimal(0))

    @classmethod
    def since(
        cls, month: date, volume: Decimal, mix: Decimal, rate: Decimal, timing: Decimal,
        driver: str | None, driver_effect: Decimal | None,
    ) -> Change:  # fmt: skip
        """From the columns of the mart."""
        effects = (("rate", rate), ("mix", mix), ("volume", volume), ("timing", timing))
        return cls(month, effects, driver or None, driver_effect)

    def text(self, unit: str) -> str:
        """The change in words."""
        if not self.total:
            return f"unchanged since {self.month_before:%B}"
        moved = "up" if self.total > 0 else "down"
        named = sorted(self.effects, key=lambda effect: -abs(effect[1]))
        why = ", ".join(f"{name} {_signed(effect, unit)}" for name, effect in named if effect)
        text = f"{moved} {_signed(self.total, unit)[1:]} since {self.month_before:%B}: {why}"
        if self.driver and self.driver_effect:
            text += f"; most by {self.driver} ({_signed(self.driver_effect, unit)})"
        return text


# the scorecard has the change of a month, but not which month it is since
_MONTHS_BEFORE = {
    "mart_kpi_changes": "previous_month",
    "mart_kpi_scorecard": """(
        select max(earlier.period_month) from mart_kpi_scorecard as earlier
        where earlier.kpi = changes.kpi and earlier.period_month < changes.period_month
            and earlier.aggregation_level = 'total'
    )""",
}


def of(
    con: duckdb.DuckDBPyConnection, kpi: str, month: date, changes: str = "mart_kpi_changes"
) -> Change | None:
    """The change of a KPI in total, from a published file; that for leaders has it in
    `mart_kpi_scorecard`. None where the month before has no value."""
    found = con.execute(
        f"""
        select {_MONTHS_BEFORE[changes]}, volume_effect, mix_effect, rate_effect, timing_effect,
            concat_ws(' at ', payer_name, facility_name), driver_effect
        from {changes} as changes
        left join dim_payer as payers on driver_payer_key = payers.payer_key
        left join dim_facility as places on driver_facility_key = places.facility_key
        where kpi = ? and period_month = ? and rate_effect is not null
        """,
        [kpi, month],
    ).fetchone()
    return Change.since(*found) if found else None


def show(value: Decimal, unit: str) -> str:
    """A KPI value as people read it."""
    if unit == "ratio":
        return f"{value:.1%}"
    return f"${value:,.2f}" if unit == "dollars" else f"{value:,.1f} {unit}"


def _signed(value: Decimal, unit: str) -> str:
    if unit == "ratio":
        return f"{value * 100:+.1f} points"
    sign = "+" if value >= 0 else "-"
    return f"{sign}{show(abs(value), unit)}"
