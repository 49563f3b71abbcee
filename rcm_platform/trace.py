"""Explain a number: from a KPI to the claims behind it, their ledger entries and their files.

Everything is read from the published file, and each step must sum to the one before it exactly:
cell = claims + what is of no claim; a claim's open balance and cash = its ledger entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

ZERO = Decimal(0)

NONE = "none"
"""In place of a payer: what belongs to none."""

Amounts = tuple[Decimal, Decimal | None]
"""Numerator and denominator."""


class UnknownNumber(Exception):  # noqa: N818 (reads as what happened)
    """There is no such KPI, month, facility or payer; the message names those that there are."""


@dataclass(frozen=True)
class Scope:
    """Part of the business that a number is about; None is all of it, NONE what is of no payer."""

    facility: str | None = None
    payer: str | None = None


@dataclass(frozen=True)
class Cell:
    """A published number and its parts; `denominator` is None for an amount."""

    kpi: str
    label: str
    month: date
    numerator: Decimal
    denominator: Decimal | None
    means: tuple[str, str]
    """What is counted, out of what."""

    @property
    def amounts(self) -> Amounts:
        return self.numerator, self.denominator

    @property
    def value(self) -> Decimal | None:
        if self.denominator is None:
            return self.numerator
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True)
class Part:
    """What a claim adds to a number; `claim_key` is None for what no claim is behind."""

    claim_key: str | None
    claim_id: str | None
    source_system: str | None
    numerator: Decimal
    denominator: Decimal | None


@dataclass(frozen=True)
class Entry:
    """A ledger entry, with the place that it comes from."""

    source_system: str
    event_date: date
    event_type: str
    ar_amount: Decimal
    cash_amount: Decimal
    memo_amount: Decimal
    source_file: str
    source_position: str


@dataclass(frozen=True)
class ClaimTrace:
    """The ledger entries of a claim; `is_whole` says whether they sum to what the claim shows."""

    claim_key: str
    claim_id: str
    open_amount: Decimal
    paid_amount: Decimal
    entries: tuple[Entry, ...]

    @property
    def is_whole(self) -> bool:
        return (
            sum((entry.ar_amount for entry in self.entries), ZERO) == self.open_amount
            and sum((entry.cash_amount for entry in self.entries), ZERO) == self.paid_amount
        )


@dataclass(frozen=True)
class Trace:
    """A number with all its parts, the largest first."""

    cell: Cell
    parts: tuple[Part, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the parts sum to the published number exactly."""
        numerator = sum((part.numerator for part in self.parts), ZERO)
        denominator = sum((part.denominator or ZERO for part in self.parts), ZERO)
        return numerator == self.cell.numerator and denominator == (self.cell.denominator or ZERO)


@dataclass(frozen=True)
class Difference:
    """Claims that two KPIs treat in the same way: how many, what they add, and one of them."""

    reason: str
    claims: int
    first: tuple[Decimal, Decimal]
    second: tuple[Decimal, Decimal]
    example: str


def trace(
    con: duckdb.DuckDBPyConnection, kpi: str, month: date | None = None, scope: Scope | None = None
) -> Trace:
    """The number and everything behind it; without a month the last complete one with a value.

    Raises UnknownNumber.
    """
    scope = scope or Scope()
    condition, values = _condition(con, scope)
    month = month or _last_month(con, kpi)
    label, *means = _known(con, kpi)
    numerator, denominator, count = con.execute(
        f"""
        select coalesce(sum(numerator), 0), sum(denominator), count(*) from mart_kpi_monthly
        where kpi = ? and period_month = ? and aggregation_level = 'facility and payer'
            and {condition}
        """,
        [kpi, month, *values],
    ).fetchall()[0]
    if not count:
        raise UnknownNumber(f"{kpi} has no value for {month:%Y-%m} there; {_months(con, kpi)}")
    rows = con.execute(
        f"""
        select parts.claim_key, claims.claim_id, claims.source_system,
            sum(numerator), sum(denominator)
        from int_kpi__contributions as parts
        left join fct_claims as claims on parts.claim_key = claims.claim_key
        where kpi = ? and period_month = ?
            and {
            condition.replace("facility_key", "parts.facility_key").replace(
                "payer_key", "parts.payer_key"
            )
        }
        group by all order by abs(sum(numerator)) desc, abs(sum(denominator)) desc, claim_id
        """,
        [kpi, month, *values],
    ).fetchall()
    cell = Cell(kpi, label, month, numerator, denominator, (means[0], means[1]))
    return Trace(cell, tuple(Part(*row) for row in rows))


def unit(con: duckdb.DuckDBPyConnection, kpi: str) -> str:
    """The unit of a KPI: ratio, dollars, days or what is counted. Raises UnknownNumber."""
    _known(con, kpi)
    [(found,)] = con.execute("select unit from kpi_registry where kpi = ?", [kpi]).fetchall()
    return str(found)


def claim(con: duckdb.DuckDBPyConnection, claim_key: str) -> ClaimTrace:
    """A claim's ledger entries, down to file and position. Raises UnknownNumber."""
    found = con.execute(
        "select claim_id, open_amount, payer_paid_amount + patient_paid_amount "
        "from fct_claims where claim_key = ?",
        [claim_key],
    ).fetchall()
    if not found:
        raise UnknownNumber(f"There is no claim with the key {claim_key}.")
    rows = con.execute(
        """
        select source_system, event_date, event_type, ar_amount, cash_amount, memo_amount,
            source_file, source_position
        from fct_ledger_entries where claim_key = ?
        order by event_date, recorded_date, event_type, source_file, source_position,
            ledger_entry_key
        """,
        [claim_key],
    ).fetchall()
    claim_id, open_amount, paid_amount = found[0]
    return ClaimTrace(
        claim_key, claim_id, open_amount, paid_amount, tuple(Entry(*row) for row in rows)
    )


def compare(
    con: duckdb.DuckDBPyConnection,
    first: str,
    second: str,
    month: date | None = None,
    scope: Scope | None = None,
) -> tuple[Trace, Trace, tuple[Difference, ...]]:
    """Why two KPIs of a month differ, claim by claim. Raises UnknownNumber."""
    month = month or min(_last_month(con, first), _last_month(con, second))
    one, two = trace(con, first, month, scope), trace(con, second, month, scope)
    parts = {part.claim_key: part for part in one.parts}
    others = {part.claim_key: part for part in two.parts}
    groups: dict[str, list[tuple[Part | None, Part | None]]] = {}
    for key in sorted(parts.keys() | others.keys(), key=str):
        pair = parts.get(key), others.get(key)
        groups.setdefault(_reason(first, second, *pair), []).append(pair)
    found = [
        Difference(
            reason,
            sum(1 for pair in pairs if _named(pair)),
            _sum([a for a, _ in pairs]),
            _sum([b for _, b in pairs]),
            next((name for pair in pairs if (name := _named(pair))), ""),
        )
        for reason, pairs in groups.items()
    ]
    return one, two, tuple(sorted(found, key=lambda group: (-group.claims, group.reason)))


def _reason(first: str, second: str, a: Part | None, b: Part | None) -> str:
    if (a or b) and not _named((a, b)):
        return "of no claim"
    if a is None:
        return f"only {second} looks at it"
    if b is None:
        return f"only {first} looks at it"
    if bool(a.numerator) != bool(b.numerator):
        return f"both look at it, only {first if a.numerator else second} counts it"
    if (a.numerator, a.denominator) == (b.numerator, b.denominator):
        return "the same in both"
    return "counted by both with another weight" if a.numerator else "weighs differently in both"


def _named(pair: tuple[Part | None, Part | None]) -> str:
    return next((part.claim_id for part in pair if part and part.claim_id), "")


def _sum(parts: list[Part | None]) -> tuple[Decimal, Decimal]:
    present = [part for part in parts if part]
    return (
        sum((part.numerator for part in present), ZERO),
        sum((part.denominator or ZERO for part in present), ZERO),
    )


def _known(con: duckdb.DuckDBPyConnection, kpi: str) -> tuple[str, str, str]:
    rows = con.execute(
        "select label, numerator, coalesce(denominator, '') from kpi_registry where kpi = ?", [kpi]
    ).fetchall()
    if not rows:
        names = [name for (name,) in con.execute("select kpi from kpi_registry").fetchall()]
        raise UnknownNumber(f"There is no KPI '{kpi}'; there is: {', '.join(names)}.")
    return rows[0]


def _last_month(con: duckdb.DuckDBPyConnection, kpi: str) -> date:
    _known(con, kpi)
    # an as-of KPI has a value in the current month only
    rows = con.execute(
        """
        select period_month from mart_kpi_monthly cross join published_version
        where kpi = ? and aggregation_level = 'total'
            and period_month <= cast(published_version.as_of as date)
        order by last_day(period_month) <= cast(published_version.as_of as date) desc,
            period_month desc limit 1
        """,
        [kpi],
    ).fetchall()
    if not rows:
        raise UnknownNumber(f"{kpi} has no value yet.")
    month: date = rows[0][0]
    return month


def _months(con: duckdb.DuckDBPyConnection, kpi: str) -> str:
    first, last = con.execute(
        "select min(period_month), max(period_month) from mart_kpi_monthly where kpi = ?", [kpi]
    ).fetchall()[0]
    return f"there are values from {first:%Y-%m} to {last:%Y-%m}." if first else "there is none."


def _condition(con: duckdb.DuckDBPyConnection, scope: Scope) -> tuple[str, list[Any]]:
    conditions, values = ["1 = 1"], []
    for subject, wanted in (("facility", scope.facility), ("payer", scope.payer)):
        if wanted is None:
            continue
        if wanted.lower() == NONE:
            conditions.append(f"{subject}_key is null")
            continue
        rows = con.execute(
            f"select {subject}_key from dim_{subject} "
            f"where lower(?) in (lower({subject}_id), lower({subject}_name))",
            [wanted],
        ).fetchall()
        if not rows:
            names = con.execute(
                f"select distinct {subject}_id from dim_{subject} "
                f"where {subject}_key in (select {subject}_key from mart_kpi_monthly) "
                f"order by 1 limit 20"
            ).fetchall()
            raise UnknownNumber(
                f"There is no {subject} '{wanted}'; there is, for example: "
                f"{', '.join(str(name) for (name,) in names)}."
            )
        conditions.append(f"{subject}_key in ({', '.join('?' * len(rows))})")
        values += [key for (key,) in rows]
    return " and ".join(conditions), values
