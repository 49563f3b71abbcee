"""A KPI as figures, from the published file of one audience: what it means, its target, its months,
and what each facility and payer has.

Nothing here is about a single claim; those are in trace.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from rcm_platform.explain.variance import show
from rcm_platform.publish.audiences import LEADERSHIP, OPERATIONS

NONE = "none"
"""In place of a payer: what belongs to none."""

QUOTED = 60
"""Characters of a wrong name that a message repeats."""

CELLS: Mapping[str, str] = {
    OPERATIONS: """
        select kpi, period_month, aggregation_level, facility_key, payer_key,
            numerator, denominator, false as is_other, is_mature, not_for
        from mart_kpi_monthly
    """,
    # figures about too few people stand merged here, as other facilities and payers or other months
    LEADERSHIP: """
        select kpi, period_month, aggregation_level, facility_key, payer_key,
            numerator, denominator, is_other, is_mature, not_for
        from mart_kpi_scorecard
    """,
}
"""The published figures of each audience, one row for a KPI, month, facility and payer or total."""


class UnknownNumber(Exception):  # noqa: N818 (reads as what happened)
    """There is no such KPI, month, facility or payer; the message names those that there are."""


@dataclass(frozen=True)
class Scope:
    """Part of the business that a number is about; None is all of it, NONE what is of no payer.

    An id or a name is all that bear it, such as a payer that two systems list; a key is one alone.
    """

    facility: str | None = None
    payer: str | None = None


@dataclass(frozen=True)
class Definition:
    """What a KPI is, from the registry; the target is None for what is watched as a trend."""

    kpi: str
    label: str
    family: str
    numerator: str
    denominator: str | None
    unit: str
    period_rule: str
    direction: str
    target: Decimal | None
    owner: str
    source: str
    is_headline: bool

    @property
    def target_text(self) -> str:
        """The target in words."""
        if self.target is None:
            return "no target: watched as a trend"
        limit = "at most" if self.direction == "down" else "at least"
        return f"target {limit} {show(self.target, self.unit)}"

    def is_on_target(self, value: Decimal | None, is_mature: bool) -> bool | None:
        """Whether a value meets the target; None without one of them, and of a young month."""
        if self.target is None or value is None or not is_mature:
            return None
        return meets(value, self.target, self.direction)


def meets(value: Decimal, target: Decimal, direction: str) -> bool:
    """Whether a value is on the right side of its target; `direction` is where better lies."""
    return value <= target if direction == "down" else value >= target


@dataclass(frozen=True)
class Figure:
    """Numerator and denominator; an amount has no denominator. `not_for` says of which payers it is
    where their value alone means nothing."""

    numerator: Decimal
    denominator: Decimal | None
    not_for: str | None

    @property
    def value(self) -> Decimal | None:
        if self.not_for:
            return None
        if self.denominator is None:
            return self.numerator
        return self.numerator / self.denominator if self.denominator > 0 else None


@dataclass(frozen=True)
class Month(Figure):
    """A figure of a month; of one that is not mature the value still moves: it is neither good nor
    bad."""

    month: date
    is_mature: bool


@dataclass(frozen=True)
class Place(Figure):
    """What a facility and payer have in a month; with `is_other`, what stands merged.

    The ids are what a Scope takes; the names are empty for what belongs to none.
    """

    facility: str | None
    facility_name: str
    payer: str | None
    payer_name: str
    is_other: bool


@dataclass(frozen=True)
class Choices:
    """What a KPI can be asked for: (id, name) of its facilities and payers."""

    facilities: tuple[tuple[str, str], ...]
    payers: tuple[tuple[str, str], ...]


class Figures:
    """The figures that an audience may see, from its published file."""

    def __init__(self, con: duckdb.DuckDBPyConnection, audience: str = OPERATIONS) -> None:
        self._con = con
        self._cells = f"({CELLS[audience]}) as cells"

    def definition(self, kpi: str) -> Definition:
        """What a KPI is. Raises UnknownNumber for one that is not, or has no figures here."""
        rows = self._con.execute(f"{_DEFINITIONS} where kpi = ?", [kpi]).fetchall()
        if rows:
            return Definition(*rows[0])
        names = ", ".join(found.kpi for found, _ in self.latest()) or "none"
        raise UnknownNumber(f"There is no KPI '{kpi[:QUOTED]}'; there is: {names}.")

    def latest(self) -> list[tuple[Definition, Month]]:
        """Each KPI that has figures here, with its last mature month, in the registry's order."""
        rows = self._con.execute(
            f"""
            select kpi, numerator, denominator, not_for, period_month, is_mature
            from ({self._months_of("aggregation_level = 'total'")})
            where period_month <= as_of and (denominator is null or denominator > 0)
            qualify row_number() over (
                partition by kpi order by is_mature desc, period_month desc
            ) = 1
            """
        ).fetchall()
        months = {kpi: Month(*figures) for kpi, *figures in rows}
        known = [Definition(*row) for row in self._con.execute(_DEFINITIONS).fetchall()]
        return [(one, months[one.kpi]) for one in known if one.kpi in months]

    def months(self, kpi: str, scope: Scope) -> list[Month]:
        """The months of a KPI for a part of the business, oldest first. Raises UnknownNumber."""
        condition, values = self.condition(scope)
        if scope != Scope():
            condition += " and not is_other"
        rows = self._con.execute(
            f"""
            select numerator, denominator, not_for, period_month, is_mature
            from ({self._months_of(f"{_DETAIL} and kpi = ? and {condition}")})
            order by period_month
            """,
            [kpi, *values],
        ).fetchall()
        return [Month(*row) for row in rows]

    def last_month(self, kpi: str) -> date:
        """The last mature month with a value; of what has only young ones, the last of them.

        Raises UnknownNumber.
        """
        for found, month in self.latest():
            if found.kpi == kpi:
                return month.month
        label = self.definition(kpi).label
        names = ", ".join(found.kpi for found, _ in self.latest()) or "none"
        raise UnknownNumber(f"{label} has no value here; there are values of: {names}.")

    def figure(self, kpi: str, month: date, scope: Scope) -> Month:
        """A number. Raises UnknownNumber."""
        for found in self.months(kpi, scope):
            if found.month == month:
                return found
        months = self.months(kpi, Scope())
        place = " there" if scope != Scope() else ""
        between = (
            f"there are values from {months[0].month:%Y-%m} to {months[-1].month:%Y-%m}."
            if months
            else "there is none."
        )
        label = self.definition(kpi).label
        raise UnknownNumber(f"{label} has no value for {month:%B %Y}{place}; {between}")

    def places(self, kpi: str, month: date, scope: Scope | None = None) -> list[Place]:
        """What each facility and payer has in a month; what stands merged comes last.

        Raises UnknownNumber.
        """
        scope = scope or Scope()
        condition, keys = self.condition(scope)
        if scope != Scope():
            condition += " and not is_other"
        rows = self._con.execute(
            f"""
            select numerator, denominator, not_for,
                facility_id, coalesce(facility_name, facility_id, ''),
                case when not is_other then coalesce(payer_id, '{NONE}') end,
                coalesce(payer_name, payer_id, ''), is_other
            from {self._cells}
            left join dim_facility using (facility_key)
            left join dim_payer using (payer_key)
            where {_DETAIL} and kpi = ? and period_month = ? and numerator is not null
                and {condition}
            order by is_other, 5, 7, 6
            """,
            [kpi, month, *keys],
        ).fetchall()
        return [Place(*row) for row in rows]

    def choices(self, kpi: str) -> Choices:
        """The facilities and payers that a KPI can be asked for; one that nothing is of is none."""
        facilities, payers = (
            self._con.execute(
                f"""
                select distinct {subject}_id, coalesce({subject}_name, {subject}_id)
                from {self._cells} inner join dim_{subject} using ({subject}_key)
                where {_DETAIL} and kpi = ? order by 2, 1
                """,
                [kpi],
            ).fetchall()
            for subject in ("facility", "payer")
        )
        [(unpaid,)] = self._con.execute(
            f"select count(*) from {self._cells} "
            f"where {_DETAIL} and kpi = ? and payer_key is null and not is_other",
            [kpi],
        ).fetchall()
        nobody = [(NONE, "no payer")] if unpaid and payers else []
        return Choices(tuple(facilities), (*payers, *nobody))

    def condition(self, scope: Scope) -> tuple[str, list[Any]]:
        """SQL on the keys of facility and payer, and its values. Raises UnknownNumber."""
        conditions, values = ["true"], []
        for subject, wanted in (("facility", scope.facility), ("payer", scope.payer)):
            if wanted is None:
                continue
            if wanted.lower() == NONE:
                conditions.append(f"{subject}_key is null")
                continue
            rows = self._con.execute(
                f"select {subject}_key from dim_{subject} "
                f"where lower(?) in (lower({subject}_id), lower({subject}_name), {subject}_key)",
                [wanted],
            ).fetchall()
            if not rows:
                names = self._con.execute(
                    f"select distinct {subject}_id from dim_{subject} where {subject}_key in "
                    f"(select {subject}_key from {self._cells}) order by 1 limit 20"
                ).fetchall()
                raise UnknownNumber(
                    f"There is no {subject} '{wanted[:QUOTED]}'; there is, for example: "
                    f"{', '.join(str(name) for (name,) in names)}."
                )
            conditions.append(f"{subject}_key in ({', '.join('?' * len(rows))})")
            values += [key for (key,) in rows]
        return " and ".join(conditions), values

    def _months_of(self, condition: str) -> str:
        return f"""
            select kpi, period_month, sum(numerator) as numerator, sum(denominator) as denominator,
                any_value(cast(version.as_of as date)) as as_of,
                coalesce(bool_and(is_mature), false) as is_mature,
                case when count(not_for) = count(*) then max(not_for) end as not_for
            from {self._cells} cross join published_version as version
            where period_month is not null and numerator is not null and {condition}
            group by kpi, period_month
        """


_DETAIL = "aggregation_level = 'facility and payer'"

_DEFINITIONS = """
    select kpi, label, family, numerator, denominator, unit, period_rule, direction, target, owner,
        source, is_headline
    from kpi_registry
"""
