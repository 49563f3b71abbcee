"""The one way from a page to the published marts: slices and pages of a mart, with bound values.

A mart has each figure; a query takes rows of it, or sums of its amounts and counts by some of its
columns. Tables and columns are those of the published file, by name; every value is bound. Who is
limited to some organizations reads rows of those only, whatever a page asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import streamlit as st

from rcm_platform.desk.published import Published
from rcm_platform.publish.spreadsheet import csv_line

Value = str | int | Decimal | date | bool | None
Row = dict[str, Any]
Schema = Mapping[str, Mapping[str, str]]

ROW_COUNT = "row_count"
"""The column that says how many rows a sum is of."""

SUMMABLE = ("_amount", "_count", "_minutes", "_rvu", "_days", "_points", "numerator", "denominator")
"""How the names of columns end that a mart means to be summed; never a share or an average."""

REFERENCE = frozenset({
    "ack_categories", "assumptions", "carc_codes", "denial_categories", "diagnosis_chapters",
    "dim_date", "dim_diagnosis", "dim_health_plan", "dim_payer", "dim_procedure", "dim_provider",
    "kpi_parameters", "kpi_registry", "procedure_codes", "published_version", "quality_rules",
    "rules", "unmatched_buckets", "work_actions", "work_settings", "worklists", "priority_rules",
    "bank_deposit_names",
})  # fmt: skip
"""Tables that hold no record of any organization: lists of codes, definitions and names."""

CACHED_ANSWERS = 1000
EXPORT_BATCH = 2000


class UnknownName(Exception):  # noqa: N818 (reads as what happened)
    """A query names a table or column that the published file does not have."""


class NotForThisViewer(Exception):  # noqa: N818
    """The table is of all organizations together, and the viewer is limited to some."""


@dataclass(frozen=True)
class Is:
    """A column has one of these values; None among them is an empty one."""

    column: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Between:
    """A column is at least `low` and at most `high`; None is no limit."""

    column: str
    low: Value = None
    high: Value = None


@dataclass(frozen=True)
class Contains:
    """A column has this text in it, in upper or lower case."""

    column: str
    text: str


Condition = Is | Between | Contains


@dataclass(frozen=True)
class Query:
    """Rows of a mart: these columns (all without a name), or with `sums` one row for each of their
    values.

    `order` names columns, the largest first with a minus before it; empty values come last.
    """

    mart: str
    columns: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    order: tuple[str, ...] = ()
    limit: int | None = None
    offset: int = 0

    def narrowed(self, *conditions: Condition) -> Query:
        """The same with further conditions."""
        return replace(self, where=(*self.where, *conditions))

    def page(self, number: int, size: int) -> Query:
        """One page of it, the first is 1."""
        return replace(self, limit=size, offset=max(number - 1, 0) * size)


def total(mart: str, *sums: str, where: tuple[Condition, ...] = ()) -> Query:
    """Sums over a whole mart, or of what the conditions leave of it, and how many rows that is."""
    return Query(mart, sums=(*sums, ROW_COUNT), where=where)


@dataclass(frozen=True)
class Statement:
    """A query as SQL, and the values to bind."""

    sql: str
    values: tuple[Value, ...]


def statement(query: Query, schema: Schema, facilities: tuple[str, ...] | None = None) -> Statement:
    """The SQL of a query; `facilities` are the keys that the viewer is limited to.

    Raises UnknownName, NotForThisViewer.
    """
    if query.mart not in schema:
        raise UnknownName(f"There is no published table {query.mart}.")
    columns = schema[query.mart]

    def named(column: str) -> str:
        if column not in columns:
            raise UnknownName(f"The table {query.mart} has no column {column}.")
        return f'"{column}"'

    wanted = query.columns if query.columns or query.sums else tuple(columns)
    shown = [named(column) for column in wanted]
    for column in query.sums:
        if column == ROW_COUNT:
            shown.append(f"count(*) as {ROW_COUNT}")
        elif column.endswith(SUMMABLE):
            shown.append(f"sum({named(column)}) as {named(column)}")
        else:
            raise UnknownName(f"The column {column} of {query.mart} is not one to sum.")
    conditions: list[str] = []
    values: list[Value] = []
    for condition in query.where:
        text, bound = _condition(condition, named(condition.column))
        conditions.append(text)
        values += bound
    if facilities is not None and query.mart not in REFERENCE:
        conditions.append(_within(query.mart, schema, facilities))
        values += facilities
    sql = f'select {", ".join(shown)} from "{query.mart}"'
    if conditions:
        sql += f" where {' and '.join(conditions)}"
    if query.sums and query.columns:
        sql += f" group by {', '.join(map(str, range(1, len(query.columns) + 1)))}"
    if query.order:
        known = (*query.columns, *query.sums) if query.sums else tuple(columns)
        sql += f" order by {', '.join(_ordered(one, known, query.mart) for one in query.order)}"
    if query.limit is not None:
        sql += " limit ? offset ?"
        values += [query.limit, query.offset]
    return Statement(sql, tuple(values))


def _condition(condition: Condition, column: str) -> tuple[str, list[Value]]:
    if isinstance(condition, Contains):
        return f"contains(lower({column}), lower(?))", [condition.text]
    if isinstance(condition, Between):
        limits = (("<=", condition.high), (">=", condition.low))
        given = [(sign, value) for sign, value in limits if value is not None]
        return (
            " and ".join(f"{column} {sign} ?" for sign, _ in given) or "true",
            [value for _, value in given],
        )
    present: list[Value] = [value for value in condition.values if value is not None]
    either = [f"{column} in ({', '.join('?' * len(present))})"] if present else []
    if None in condition.values:
        either.append(f"{column} is null")
    return f"({' or '.join(either)})" if either else "false", present


def _within(mart: str, schema: Schema, facilities: tuple[str, ...]) -> str:
    """The condition that leaves rows of these facilities only. Raises NotForThisViewer."""
    keys = f"facility_key in ({', '.join('?' * len(facilities))})" if facilities else "false"
    if "facility_key" in schema[mart]:
        return keys
    for key in ("claim_key", "encounter_key", "patient_key"):
        if key in schema[mart] and "fct_claims" in schema:
            return f"{key} in (select {key} from fct_claims where {keys})"
    raise NotForThisViewer(mart)


def _ordered(order: str, known: tuple[str, ...], mart: str) -> str:
    column = order.removeprefix("-")
    if column not in known:
        raise UnknownName(f"What is read of {mart} has no column {column} to sort by.")
    return f'"{column}" {"desc" if order.startswith("-") else "asc"} nulls last'


@dataclass(frozen=True)
class Reader:
    """What one viewer may read of one version; `facilities` are keys, None is all."""

    published: Published
    facilities: tuple[str, ...] | None = None

    def rows(self, query: Query) -> list[Row]:
        """What a query finds. Raises UnknownName, NotForThisViewer, VersionGone."""
        made = statement(query, self.published.schema, self.facilities)
        return _rows(self.published, str(self.published.path), self._rights, made.sql, made.values)

    def first(self, query: Query) -> Row | None:
        """The first row that it finds."""
        return next(iter(self.rows(replace(query, limit=1))), None)

    def count(self, query: Query) -> int:
        """How many rows it finds."""
        found = self.rows(Query(query.mart, sums=(ROW_COUNT,), where=query.where))
        return int(found[0][ROW_COUNT])

    def has(self, mart: str, *columns: str) -> bool:
        """Whether the file has this table, with these columns."""
        return set(columns) <= set(self.published.schema.get(mart, {}).keys()) and (
            mart in self.published.schema
        )

    def csv(self, query: Query) -> Iterator[str]:
        """All that a query finds as lines of CSV, which no spreadsheet takes for formulas."""
        made = statement(query, self.published.schema, self.facilities)
        with self.published.cursor() as con:
            found = con.execute(made.sql, list(made.values))
            yield csv_line([column[0] for column in found.description or ()])
            while batch := found.fetchmany(EXPORT_BATCH):
                yield "".join(map(csv_line, batch))

    @property
    def _rights(self) -> tuple[str, ...]:
        return (self.published.audience, *(self.facilities or ("all organizations",)))


# what differs in what a viewer may read is in the key: version, audience and organizations
@st.cache_data(show_spinner=False, max_entries=CACHED_ANSWERS)
def _rows(
    _published: Published,
    path: str,
    rights: tuple[str, ...],
    sql: str,
    values: tuple[Value, ...],
) -> list[Row]:
    with _published.cursor() as con:
        found = con.execute(sql, list(values))
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
