"""Why a KPI changed from one month to the next, in words; `mart_kpi_changes` has the figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb


@dataclass(frozen=True)
class Driver:
    """What moved a KPI, and by how much: a payer and facility, or a cause such as denials held."""

    name: str
    effect: Decimal


@dataclass(frozen=True)
class Change:
    """What a KPI of a month has over the month before, and what did most of it."""

    month_before: date
    effects: tuple[tuple[str, Decimal], ...]
    """Volume, mix, rate and timing; they add up to the change."""
    driver: Driver | None
    """The payer and facility that moved it most its way; None where it is about too few people."""
    offset: Driver | None = None
    """The payer and facility that held most against it."""
    cause: Driver | None = None
    """What moved it most its way; None for KPIs without causes, and for leaders."""
    offset_cause: Driver | None = None
    """The cause that held most against it."""

    @property
    def total(self) -> Decimal:
        return sum((effect for _, effect in self.effects), Decimal(0))

    @classmethod
    def since(
        cls, month: date, volume: Decimal, mix: Decimal, rate: Decimal, timing: Decimal,
        *drivers: str | Decimal | None,
    ) -> Change:  # fmt: skip
        """From the columns of the mart; `drivers` are names and effects in turn."""
        effects = (("rate", rate), ("mix", mix), ("volume", volume), ("timing", timing))
        named = (
            Driver(str(name), Decimal(effect)) if name and effect else None
            for name, effect in zip(drivers[::2], drivers[1::2], strict=True)
        )
        return cls(month, effects, *named)

    def text(self, unit: str) -> str:
        """The change in words."""
        if _is_nothing(self.total, unit):
            return f"unchanged since {self.month_before:%B}"
        moved = "up" if self.total > 0 else "down"
        named = sorted(self.effects, key=lambda effect: -abs(effect[1]))
        why = ", ".join(
            f"{name} {_signed(effect, unit)}"
            for name, effect in named
            if not _is_nothing(effect, unit)
        )
        text = f"{moved} {_signed(self.total, unit)[1:]} since {self.month_before:%B}: {why}"
        for with_it, against_it in ((self.cause, self.offset_cause), (self.driver, self.offset)):
            told = [
                f"{word} {driver.name} ({_signed(driver.effect, unit)})"
                for word, driver in (("most by", with_it), ("against it", against_it))
                if driver and not _is_nothing(driver.effect, unit)
            ]
            if told:
                text += f"; {', '.join(told)}"
        return text


COLUMNS = """volume_effect, mix_effect, rate_effect, timing_effect,
            concat_ws(' at ', payers.payer_name, places.facility_name), driver_effect,
            concat_ws(' at ', offset_payers.payer_name, offset_places.facility_name),
            offset_effect"""
"""SQL: the effects of a change, and the two places that moved it most and held most against it."""

NAMES = """
        left join dim_payer as payers on driver_payer_key = payers.payer_key
        left join dim_facility as places on driver_facility_key = places.facility_key
        left join dim_payer as offset_payers on offset_payer_key = offset_payers.payer_key
        left join dim_facility as offset_places
            on offset_facility_key = offset_places.facility_key"""

# the scorecard has the change of a month, but neither which month it is since nor causes
_READ = {
    "mart_kpi_changes": (
        "previous_month",
        f"{COLUMNS}, cause, cause_effect, offset_cause, offset_cause_effect",
    ),
    "mart_kpi_scorecard": (
        """(
        select max(earlier.period_month) from mart_kpi_scorecard as earlier
        where earlier.kpi = changes.kpi and earlier.period_month < changes.period_month
            and earlier.aggregation_level = 'total'
    )""",
        COLUMNS,
    ),
}


def of(
    con: duckdb.DuckDBPyConnection, kpi: str, month: date, changes: str = "mart_kpi_changes"
) -> Change | None:
    """The change of a KPI in total, from a published file; that for leaders has it in
    `mart_kpi_scorecard`. None where the month before has no value."""
    month_before, columns = _READ[changes]
    found = con.execute(
        f"""
        select {month_before}, {columns}
        from {changes} as changes
        {NAMES}
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


def _is_nothing(value: Decimal, unit: str) -> bool:
    """Whether it is shown as zero."""
    return not any(digit in "123456789" for digit in _signed(value, unit))
