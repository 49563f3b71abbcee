"""Explain a number: from a KPI to the records behind it, their ledger entries and their files.

Everything is read from the published file, and each step must sum to the one before it exactly:
cell = claims + what is of no claim; a claim's open balance and cash = its ledger entries. What is
of no claim is a visit, a ledger entry, a cost or logged work where the KPI is made of those, and
otherwise what a facility and payer have on a day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from rcm_platform.explain.figures import NONE, QUOTED, Figures, Month, Scope, UnknownNumber

__all__ = ["NONE", "Scope", "UnknownNumber"]

ZERO = Decimal(0)

_BATCH_ROWS = 5_000

Amounts = tuple[Decimal, Decimal | None]
"""Numerator and denominator."""


@dataclass(frozen=True)
class Cell:
    """A published number, and what its two parts mean."""

    kpi: str
    label: str
    figure: Month
    means: tuple[str, str]
    """What is counted, out of what."""

    @property
    def amounts(self) -> Amounts:
        return self.figure.numerator, self.figure.denominator


@dataclass(frozen=True)
class Part:
    """What one record adds to a number: the claim, visit, ledger entry or row of a source (a cost,
    logged work) whose key is there.

    Without any key it is all that a facility and payer have on a day. `known_date` is the day from
    which the part counts; `reasons` are the denial reasons that payers gave for the claim.
    """

    claim_key: str | None
    visit_key: str | None
    entry_key: str | None
    row_key: str | None
    name: str | None
    source_system: str | None
    facility_name: str | None
    payer_name: str | None
    service_date: date | None
    known_date: date | None
    numerator: Decimal
    denominator: Decimal | None
    charge_amount: Decimal | None = None
    paid_amount: Decimal | None = None
    open_amount: Decimal | None = None
    reasons: str | None = None

    @property
    def claim_id(self) -> str | None:
        return self.name if self.claim_key else None

    @property
    def record_key(self) -> str | None:
        """The key of whatever it is; None for all of a day."""
        return self.claim_key or self.visit_key or self.entry_key or self.row_key


_PART_COLUMNS = len(fields(Part))


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


BESIDE_CLAIMS = "UNMATCHED_REVERSAL"
"""Cash of a claim that was paid before the feed began, and is no part of what it shows as paid."""


@dataclass(frozen=True)
class Valuation:
    """What a day added to the net revenue of a claim: what was expected, and true-ups of it."""

    recorded_date: date
    expected_amount: Decimal
    payer_true_up_amount: Decimal
    denial_true_up_amount: Decimal
    patient_true_up_amount: Decimal
    net_revenue_amount: Decimal
    cash_amount: Decimal
    net_balance_change_amount: Decimal


@dataclass(frozen=True)
class ClaimTrace:
    """The ledger entries of a claim; `is_whole` says whether they sum to what the claim shows.

    Without any entry its dollars are None: unknown. `valuations` say what it is worth in net
    dollars, `methods` how that was estimated.
    """

    claim_key: str
    claim_id: str
    open_amount: Decimal | None
    paid_amount: Decimal | None
    entries: tuple[Entry, ...]
    valuations: tuple[Valuation, ...] = ()
    methods: str | None = None

    @property
    def is_whole(self) -> bool:
        paid = (e.cash_amount for e in self.entries if e.event_type != BESIDE_CLAIMS)
        return sum((entry.ar_amount for entry in self.entries), ZERO) == (
            self.open_amount or ZERO
        ) and sum(paid, ZERO) == (self.paid_amount or ZERO)


@dataclass(frozen=True)
class ClaimOfVisit:
    """A claim that a visit was billed on."""

    claim_key: str
    claim_id: str
    payer_name: str | None
    charge_amount: Decimal | None
    paid_amount: Decimal | None
    open_amount: Decimal | None


@dataclass(frozen=True)
class Visit:
    """A visit with the work that was recorded for it, and the claims that it was billed on."""

    visit_key: str
    visit_id: str
    source_system: str
    encounter_date: date
    encounter_type: str | None
    department_name: str | None
    work_rvu: Decimal | None
    claims: tuple[ClaimOfVisit, ...]


@dataclass(frozen=True)
class SourceRow:
    """A row of a source that is no claim, visit or ledger entry: a cost, logged work (in minutes)
    or a claim that only an old export knows."""

    kind: str
    source_system: str
    facility_name: str | None
    day: date
    quantity: Decimal
    source_file: str
    source_position: str


@dataclass(frozen=True)
class Whole:
    """All parts of a number together: how many of each kind, what they sum to, and whether all of
    their numerators and denominators are whole numbers."""

    count: int
    claims: int
    visits: int
    entries: int
    rows: int
    numerator: Decimal
    denominator: Decimal
    counts_numerators: bool
    counts_denominators: bool

    @property
    def days(self) -> int:
        """Parts that are all that a facility and payer have on a day."""
        return self.count - self.claims - self.visits - self.entries - self.rows


@dataclass(frozen=True)
class Trace:
    """A number with its parts, the largest first: all of them, or those of one page."""

    cell: Cell
    parts: tuple[Part, ...]
    whole: Whole

    @property
    def count(self) -> int:
        """How many parts there are in all."""
        return self.whole.count

    @property
    def is_whole(self) -> bool:
        """Whether all parts sum to the published number exactly."""
        numerator, denominator = self.cell.amounts
        return (self.whole.numerator, self.whole.denominator) == (numerator, denominator or ZERO)


@dataclass(frozen=True)
class Difference:
    """Claims that two KPIs treat in the same way: how many, what they add, and one of them."""

    reason: str
    claims: int
    first: tuple[Decimal, Decimal]
    second: tuple[Decimal, Decimal]
    example: str


def trace(
    con: duckdb.DuckDBPyConnection,
    kpi: str,
    month: date | None = None,
    scope: Scope | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> Trace:
    """The number and what it is made of; without a month the last mature one with a value.

    `limit` and `offset` take one page of the parts. Raises UnknownNumber.
    """
    figures, scope = Figures(con), scope or Scope()
    known = figures.definition(kpi)
    month = month or figures.last_month(kpi)
    figure = figures.figure(kpi, month, scope)
    cell = Cell(kpi, known.label, figure, (known.numerator, known.denominator or ""))
    grouped, values = _grouped(figures, kpi, month, scope)
    rows = con.execute(_parts(grouped), [*values, limit, offset]).fetchall()
    whole = (
        rows[0][_PART_COLUMNS:]
        if rows
        else con.execute(f"{grouped} select * from whole", values).fetchall()[0]
    )
    return Trace(cell, tuple(Part(*row[:_PART_COLUMNS]) for row in rows), Whole(*whole))


def all_parts(
    con: duckdb.DuckDBPyConnection, kpi: str, month: date, scope: Scope
) -> Iterator[Part]:
    """All parts of a number, the largest first, however many. Raises UnknownNumber."""
    grouped, values = _grouped(Figures(con), kpi, month, scope)
    cursor = con.execute(_parts(grouped), [*values, None, 0])
    while rows := cursor.fetchmany(_BATCH_ROWS):
        yield from (Part(*row[:_PART_COLUMNS]) for row in rows)


def _grouped(figures: Figures, kpi: str, month: date, scope: Scope) -> tuple[str, list[Any]]:
    """SQL of what each record adds to a number (`grouped`), of their sums (`whole`), and values."""
    condition, keys = figures.condition(scope)
    return (
        f"""
        with counted as (
            select *, case when claim_key is null then record_type end as kind
            from int_kpi__contributions
            where kpi = ? and period_month = ? and {condition}
        ),
        parts as (
            select claim_key, case when kind = 'visit' then record_key end as visit_key,
                case when kind = 'entry' then record_key end as entry_key,
                case when kind not in ('visit', 'entry') then record_key end as row_key,
                facility_key, payer_key, known_date, numerator, denominator
            from counted
        ),
        grouped as (
            select claim_key, visit_key, entry_key, row_key, max(facility_key) as facility_key,
                max(payer_key) as payer_key, max(known_date) as known_date,
                sum(numerator) as numerator, sum(denominator) as denominator
            from parts
            group by claim_key, visit_key, entry_key, row_key,
                case when coalesce(claim_key, visit_key, entry_key, row_key) is null
                    then concat_ws('|', facility_key, payer_key, known_date) end
        ),
        whole as (
            select count(*), count(claim_key), count(visit_key), count(entry_key), count(row_key),
                coalesce(sum(numerator), 0), coalesce(sum(denominator), 0),
                coalesce(bool_and(numerator % 1 = 0), true),
                coalesce(bool_and(coalesce(denominator, 0) % 1 = 0), true)
            from grouped
        )
        """,
        [kpi, month, *keys],
    )


def _parts(grouped: str) -> str:
    order = (
        "abs(numerator) desc, abs(denominator) desc, name nulls last, known_date, page.claim_key, "
        "visit_key, entry_key, row_key, page.facility_key, page.payer_key"
    )
    # of each table only the rows asked for: one that the cell does not point to is not read
    return f"""
        {grouped},
        claims as (
            select * from fct_claims where claim_key in (select claim_key from grouped)
        ),
        visits as (
            select * from fct_encounters
            where encounter_key in (select visit_key from grouped)
        ),
        entries as (
            select * from fct_ledger_entries
            where ledger_entry_key in (select entry_key from grouped)
        ),
        listed as (
            select * from fct_kpi_records where record_key in (select row_key from grouped)
        ),
        named as (
            select grouped.*, claims.charge_amount, claims.open_amount,
                claims.payer_paid_amount + claims.patient_paid_amount as paid_amount,
                coalesce(
                    claims.claim_id, visits.encounter_id, entries.event_type, listed.record_type
                ) as name,
                coalesce(
                    claims.source_system, visits.source_system, entries.source_system,
                    listed.source_system
                ) as source_system,
                coalesce(claims.service_date, visits.encounter_date, listed.record_date)
                    as service_date
            from grouped
            left join claims using (claim_key)
            left join visits on grouped.visit_key = visits.encounter_key
            left join entries on grouped.entry_key = entries.ledger_entry_key
            left join listed on grouped.row_key = listed.record_key
        ),
        page as (
            select * from named as page order by {order} limit ? offset ?
        ),
        given as (
            select claim_key, min(event_date) as given_date,
                concat_ws(' ', concat_ws('-', group_code, reason_code), label) as reason
            from fct_denial_events left join (
                select reason_code, any_value(label) as label from carc_codes group by reason_code
            ) as codes using (reason_code)
            where claim_key in (select claim_key from page)
            group by claim_key, reason
        ),
        reasons as (
            select claim_key, string_agg(reason, '; ' order by given_date, reason) as reasons
            from given group by claim_key
        )
        select page.claim_key, visit_key, entry_key, row_key, name, page.source_system,
            facility_name, payer_name, service_date, known_date, numerator, denominator,
            charge_amount, paid_amount, open_amount, reasons, whole.*
        from page cross join whole
        left join dim_facility on page.facility_key = dim_facility.facility_key
        left join dim_payer on page.payer_key = dim_payer.payer_key
        left join reasons on page.claim_key = reasons.claim_key
        order by {order}
        """


def unit(con: duckdb.DuckDBPyConnection, kpi: str) -> str:
    """The unit of a KPI: ratio, dollars, days or what is counted. Raises UnknownNumber."""
    return Figures(con).definition(kpi).unit


def claim(con: duckdb.DuckDBPyConnection, claim_key: str) -> ClaimTrace:
    """A claim's ledger entries, down to file and position. Raises UnknownNumber."""
    found = con.execute(
        "select claim_id, open_amount, payer_paid_amount + patient_paid_amount "
        "from fct_claims where claim_key = ?",
        [claim_key],
    ).fetchall()
    if not found:
        raise UnknownNumber(f"There is no claim with the key {claim_key[:QUOTED]}.")
    claim_id, open_amount, paid_amount = found[0]
    entries = _entries(con, "claim_key", claim_key)
    valuations, methods = _valuations(con, claim_key)
    return ClaimTrace(claim_key, claim_id, open_amount, paid_amount, entries, valuations, methods)


def _valuations(
    con: duckdb.DuckDBPyConnection, claim_key: str
) -> tuple[tuple[Valuation, ...], str | None]:
    """How the net value of a claim came about, and by which methods; a file that was published
    before claims were valued has neither."""
    found = con.execute("select distinct table_name from duckdb_columns()").fetchall()
    tables = {name for (name,) in found}
    if not {"int_valuation__entries", "int_valuation__expected"} <= tables:
        return (), None
    columns = ", ".join(field.name for field in fields(Valuation))
    rows = con.execute(
        f"select {columns} from int_valuation__entries where claim_key = ? order by recorded_date",
        [claim_key],
    ).fetchall()
    [(methods,)] = con.execute(
        """
        select string_agg(method, '; ' order by dollars desc, method) from (
            select valuation_method || case when history_claim_count > 0
                then ' of ' || history_claim_count || ' claims' else '' end as method,
                sum(charge_amount) as dollars
            from int_valuation__expected where claim_key = ? group by method
        )
        """,
        [claim_key],
    ).fetchall()
    return tuple(Valuation(*row) for row in rows), methods


def entry(con: duckdb.DuckDBPyConnection, entry_key: str) -> Entry:
    """One ledger entry. Raises UnknownNumber."""
    for found in _entries(con, "ledger_entry_key", entry_key):
        return found
    raise UnknownNumber(f"There is no ledger entry with the key {entry_key[:QUOTED]}.")


def source_row(con: duckdb.DuckDBPyConnection, row_key: str) -> SourceRow:
    """A cost, logged work or a claim of an old export. Raises UnknownNumber."""
    found = con.execute(
        "select record_type, listed.source_system, facility_name, record_date, quantity, "
        "source_file, source_position "
        "from fct_kpi_records as listed left join dim_facility using (facility_key) "
        "where record_key = ?",
        [row_key],
    ).fetchall()
    if not found:
        raise UnknownNumber(f"There is no row with the key {row_key[:QUOTED]}.")
    return SourceRow(*found[0])


def visit(con: duckdb.DuckDBPyConnection, visit_key: str) -> Visit:
    """A visit and the claims that it was billed on. Raises UnknownNumber."""
    found = con.execute(
        "select encounter_id, source_system, encounter_date, encounter_type, department_name, "
        "work_rvu from fct_encounters where encounter_key = ?",
        [visit_key],
    ).fetchall()
    if not found:
        raise UnknownNumber(f"There is no visit with the key {visit_key[:QUOTED]}.")
    claims = con.execute(
        """
        select claim_key, claim_id, payer_name, charge_amount,
            payer_paid_amount + patient_paid_amount, open_amount
        from fct_claims left join dim_payer using (payer_key)
        where encounter_key = ? order by claim_id, claim_key
        """,
        [visit_key],
    ).fetchall()
    visit_id, source_system, day, kind, department, work_rvu = found[0]
    billed = tuple(ClaimOfVisit(*row) for row in claims)
    return Visit(visit_key, visit_id, source_system, day, kind, department, work_rvu, billed)


def _entries(con: duckdb.DuckDBPyConnection, column: str, key: str) -> tuple[Entry, ...]:
    rows = con.execute(
        f"""
        select source_system, event_date, event_type, ar_amount, cash_amount, memo_amount,
            source_file, source_position
        from fct_ledger_entries where {column} = ?
        order by event_date, recorded_date, event_type, source_file, source_position,
            ledger_entry_key
        """,
        [key],
    ).fetchall()
    return tuple(Entry(*row) for row in rows)


def compare(
    con: duckdb.DuckDBPyConnection,
    first: str,
    second: str,
    month: date | None = None,
    scope: Scope | None = None,
) -> tuple[Trace, Trace, tuple[Difference, ...]]:
    """Why two KPIs of a month differ, claim by claim. Raises UnknownNumber."""
    figures = Figures(con)
    month = month or min(figures.last_month(first), figures.last_month(second))
    one, two = trace(con, first, month, scope), trace(con, second, month, scope)
    parts, others = _by_claim(one), _by_claim(two)
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


def _by_claim(found: Trace) -> dict[str | None, Part]:
    """What each claim adds; under None what is of no claim, in one."""
    parts: dict[str | None, Part] = {}
    for part in found.parts:
        before = parts.get(part.claim_key)
        numerator, denominator = _sum([before, part])
        parts[part.claim_key] = replace(part, numerator=numerator, denominator=denominator)
    return parts


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
