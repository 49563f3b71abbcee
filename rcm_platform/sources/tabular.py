"""What every table of rows has in common: expected columns, types that hold, a key that is unique.

A reader puts its rows into a DuckDB relation and lets `check` part them in two: `good`, ready to
land, and `bad`, for quarantine. A check is SQL over the whole relation, so a million rows cost
seconds. A relation to check has, beside its own columns (lower case), the four of `PLACE`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

import duckdb
import pyarrow as pa

from rcm_platform.lake import Batch, Lake
from rcm_platform.sources.base import MONEY, Level, LoadSummary, QuarantineItem

UNREADABLE, MISSING, WRONG_TYPE, BAD_KEY = "T1", "T2", "T3", "T4"
INDISTINCT, ROUNDED, UNANSWERED, AHEAD = "T5", "T6", "T8", "E13"

PLACE = ("_file", "_row", "_position", "_arrival_date")
"""Source file (text), ordinal in it (bigint), position to show (text; NULL: the ordinal), date."""

MAX_BAD_ROWS = 50_000
"""Above this, a table is not what it should be: it is quarantined whole, not row by row."""

_CHUNK_ROWS = 250_000

OLDEST = date(1900, 1, 1)
"""Days before are what systems write where they know none."""

_AGE = f"timestamp '{OLDEST}' and timestamp '2100-01-01'"

BLURRED_FROM = {"DOUBLE": 2.0**53, "FLOAT": 2.0**24}
"""Binary fractions, and from where on they cannot hold every whole number."""

_WHOLE, _CENTS = "[0-9]{1,16}", r"[0-9]{0,16}\.[0-9]{1,2}0*"
_GROUPED = r"[0-9]{1,3}(,[0-9]{3}){1,4}(\.[0-9]{1,2}0*|\.)?"
_DOLLARS = rf"({_GROUPED}|{_CENTS}|{_WHOLE}\.?)"
_WRITTEN = "|".join(
    (
        rf"[-+]?\$? ?{_DOLLARS}",
        rf"\$ ?[-+]{_DOLLARS}",
        rf"\(\$? ?{_DOLLARS}\)",
        rf"\$? ?{_DOLLARS} ?-",
    )
)
"""An amount as people write it: $1,234.50, (45.00) or 45.00- for what is below zero."""


class Kind(StrEnum):
    """What a column holds, as the DuckDB type that its values must fit."""

    TEXT = "varchar"
    INTEGER = "bigint"
    NUMBER = "double"
    QUANTITY = "decimal(9,2)"
    MONEY = "decimal(18,2)"
    DATE = "date"
    TIMESTAMP = "timestamp"

    @property
    def arrow(self) -> pa.DataType:
        return {
            Kind.TEXT: pa.string(),
            Kind.INTEGER: pa.int64(),
            Kind.NUMBER: pa.float64(),
            Kind.QUANTITY: pa.decimal128(9, 2),
            Kind.MONEY: MONEY,
            Kind.DATE: pa.date32(),
            Kind.TIMESTAMP: pa.timestamp("us"),
        }[self]

    @property
    def words(self) -> str:
        return {
            Kind.TEXT: "text",
            Kind.INTEGER: "a whole number",
            Kind.NUMBER: "a number",
            Kind.QUANTITY: "a number with at most two decimals",
            Kind.MONEY: "an amount in dollars and cents",
            Kind.DATE: "a date (yyyy-mm-dd)",
            Kind.TIMESTAMP: "a date and time (yyyy-mm-dd hh:mm:ss)",
        }[self]

    def is_kin(self, stored_as: str) -> bool:
        """Whether values of a database type can be cast to this kind, if they fit."""
        if self is Kind.TEXT:
            return False
        if self in (Kind.DATE, Kind.TIMESTAMP):
            return stored_as.startswith(("DATE", "TIMESTAMP"))
        return stored_as in _NUMBERS or stored_as.startswith("DECIMAL")

    def fits(self, column: str, stored_as: str = "VARCHAR") -> str:
        """SQL that is true for a blank, and for a value that loses nothing as this kind.

        `stored_as` is the DuckDB type of the column.
        """
        value = f"trim(cast({column} as varchar))"
        if stored_as in BLURRED_FROM and self in (Kind.MONEY, Kind.QUANTITY):
            return f"({column} is null or ({_tells_cents(column)}))"
        if stored_as in _CALENDARS and self in (Kind.DATE, Kind.TIMESTAMP):
            # a year of five digits, or before our era, is a slip of the pen
            return f"coalesce(not isfinite({column}) or year({column}) between 1 and 9999, true)"
        # casts alone are too kind: they round 12.345, and take 1_000 for a thousand
        number = r"[-+]?([0-9]{1,16}\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,2})?"
        test = {
            Kind.TEXT: "true",
            Kind.INTEGER: rf"regexp_full_match({value}, '[-+]?[0-9]{{1,18}}(\.0*)?') "
            f"and try_cast({value} as integer) is not null",
            Kind.NUMBER: f"regexp_full_match({value}, '{number}')",
            Kind.QUANTITY: rf"regexp_full_match({value}, '[-+]?([0-9]{{1,7}}\.?|{_CENTS})') "
            f"and try_cast({value} as {self}) is not null",
            Kind.MONEY: f"regexp_full_match({value}, '{_WRITTEN}')",
            Kind.DATE: f"{value} like '____-__-__%' and try_cast({value} as timestamp) is not null",
            Kind.TIMESTAMP: f"{value} like '____-__-__%' "
            f"and try_cast({value} as timestamp) is not null",
        }[self]
        return f"(coalesce({value}, '') = '' or ({test}))"


def _tells_cents(column: str) -> str:
    """SQL that is true where a binary fraction is one amount in cents and no other.

    What was an amount once is found again: below 131,072 each cent has a fraction of 32 bits of
    its own, such as 988.3699951171875; larger ones only where they are whole cents. Sums of
    amounts are off by less than a ten-thousandth.
    """
    value, cents = f"cast({column} as double)", f"round(cast({column} as double), 2)"
    return (
        f"isfinite({value}) and abs({value}) < 1e13 and ({value} = {cents} "
        f"or abs({value} - {cents}) <= least(0.0001, 1e-9 + abs({value}) * 1e-12) "
        f"or (abs({value}) < 131072 and cast(cast({cents} as float) as double) = {value}))"
    )


def plain_amount(column: str) -> str:
    """SQL of an amount in a column of text as a number is written; of all else as it is."""
    digits = f"regexp_replace({column}, '[^0-9.]', '', 'g')"
    is_below = f"regexp_matches({column}, '[-(]')"
    return (
        f"case when regexp_matches({column}, '[$,()]|- *$') "
        f"and regexp_full_match(trim({column}), '{_WRITTEN}') "
        f"then if({is_below}, '-', '') || {digits} else {column} end"
    )


_CALENDARS = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
"""Database types of days and moments."""

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_NUMBERS = (*_INTEGERS, *(f"U{name}" for name in _INTEGERS), *BLURRED_FROM)

_FITTING = {
    Kind.INTEGER: {"TINYINT", "SMALLINT", "INTEGER"},
    Kind.NUMBER: {"DOUBLE", "FLOAT"},
    Kind.QUANTITY: {"DECIMAL(9,2)"},
    Kind.MONEY: {"DECIMAL(18,2)"},
    Kind.DATE: set[str](),
    Kind.TIMESTAMP: set[str](),
}
"""Database types whose values need no look."""


class Column(NamedTuple):
    name: str
    kind: Kind
    required: bool
    """Whether the table is not loaded without it."""
    filled: bool = False
    """Whether a row is not loaded without a value in it."""

    @property
    def names_a_record(self) -> bool:
        """Whether it is a number that names a record, a provider or a payment."""
        return self.kind is Kind.TEXT and self.name.endswith(("id", "npi", "tin", "trace_number"))


@dataclass(frozen=True)
class Layout:
    """What we expect of one table.

    columns: "name[:kind][!] …", where `!` marks a column without which the table is not loaded,
        and `!!` one without a value in which a row is not loaded either.
    key: the columns that name a row; empty: the whole row does.
    dollars: name of a measure → (money column, SQL condition on the row), at most one per row.
    modified: the column that says when a row was written, in a database.
    optional: the table itself may be absent.
    usual_names: (column, how others call it) where the source has a name of its own for a column.
    """

    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    dollars: tuple[tuple[str, str, str], ...] = ()
    modified: str | None = None
    optional: bool = False
    usual_names: tuple[tuple[str, str], ...] = ()

    def schema(self, *, as_text: bool) -> pa.Schema:
        """Arrow schema of the raw table: text where the source is text."""
        return pa.schema([(c.name, pa.string() if as_text else c.kind.arrow) for c in self.columns])

    def named(self, found: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
        """The columns that were found, by the names of this layout: a usual name stands for the
        source's own where that is absent."""
        columns = dict(found)
        for own, usual in self.usual_names:
            if own not in columns and usual in columns:
                columns[own] = columns.pop(usual)
        return columns

    def missing(self, present: Iterable[str]) -> tuple[list[str], list[str]]:
        """Expected columns that are absent: the required ones, then the others."""
        absent = [c for c in self.columns if c.name not in set(present)]
        return [c.name for c in absent if c.required], [c.name for c in absent if not c.required]


def layout(
    columns: str,
    key: str = "",
    *,
    dollars: dict[str, tuple[str, str]] | None = None,
    modified: str | None = None,
    optional: bool = False,
) -> Layout:
    """A layout in few words; see `Layout`."""
    parsed = []
    for word in columns.split():
        name, _, kind = word.rstrip("!").partition(":")
        parsed.append(
            Column(name, Kind[kind.upper() or "TEXT"], word.endswith("!"), word.endswith("!!"))
        )
    measures = tuple((name, *measure) for name, measure in (dollars or {}).items())
    return Layout(tuple(parsed), tuple(key.split()), measures, modified, optional)


class BadRow(NamedTuple):
    """A row that breaks a rule. `content` is the row as JSON, `amount` its dollars if known."""

    file: str
    row: int
    position: str
    rule_id: str
    reason: str
    content: str
    amount: Decimal | None
    arrival_date: date | None


def connect(lake: Lake) -> duckdb.DuckDBPyConnection:
    """A DuckDB session that spills inside the lake's folder, never into the working folder."""
    return duckdb.connect(config={"temp_directory": str(lake.root / "_spill")})


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """An SQL string."""
    return "'" + str(text).replace("'", "''") + "'"


def as_text(value: str, kind: str) -> str:
    """SQL of a value as text: a number that is whole without a fraction, as an id is written."""
    text = f"cast({value} as varchar)"
    if kind in BLURRED_FROM:
        is_whole = f"isfinite({value}) and {value} = trunc({value}) and abs({value}) < 1e18"
        return f"case when {is_whole} then cast(cast({value} as bigint) as varchar) else {text} end"
    if kind == "NUMERIC" or kind.startswith("DECIMAL"):
        return rf"regexp_replace({text}, '\.0+$', '')"
    return text


def without_fraction(value: str) -> str:
    """SQL of a text that names a record: 1001 where a program that took it for an amount has made
    1001.0 of it."""
    whole = rf"regexp_replace({value}, '^(\s*[0-9]+)\.0$', '\1')"
    return f"case when {value} like '%.0' then {whole} else {value} end"


def columns_of(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Column → type of a relation, without the columns of `PLACE`."""
    described = con.execute(f"describe select * from {relation}").fetchall()
    return {row[0]: row[1] for row in described if row[0] not in PLACE}


def check(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    expected: Layout,
    *,
    as_text: bool,
    not_after: date = date.max,
    across_files: bool = False,
) -> list[BadRow]:
    """Part a relation: the rows that break a rule are returned, the others are in view `<r>_good`.

    `not_after` is the last day on which a row may say that it was modified; `across_files`: a key
    counts once in all files, not once in each.

    The view has the layout's columns (NULL where the source has none; typed, unless `as_text`),
    then whatever else the source has, as text, then `PLACE`. More than MAX_BAD_ROWS bad rows come
    back as they are counted, cut off at MAX_BAD_ROWS + 1.
    """
    present = columns_of(con, relation)
    bad = f"{relation}_bad"
    con.execute(
        f"create or replace temp table {bad} (_file varchar, _row bigint, _position varchar, "
        "rule_id varchar, reason varchar)"
    )
    if expected.columns:  # a table that nobody models has no rule to break
        _collect_misfits(con, relation, bad, expected, present, not_after)
        _collect_repeats(con, relation, bad, expected, present, across_files)
    rows = _describe_bad(con, relation, bad, expected, present)

    columns = [_landed(c, present.get(c.name), as_text=as_text) for c in expected.columns]
    declared = {c.name for c in expected.columns}
    extra = [
        f"cast({quoted(name)} as varchar) as {quoted(name)}"
        for name in present
        if name not in declared
    ]
    without_bad = f"anti join {bad} using (_file, _row)" if rows else ""
    con.execute(
        f"create or replace temp view {relation}_good as "
        f"select {', '.join([*columns, *extra, *PLACE])} from {relation} {without_bad}"
    )
    return rows


def _landed(column: Column, present_type: str | None, *, as_text: bool) -> str:
    kind = Kind.TEXT if as_text else column.kind
    name = quoted(column.name)
    if present_type is None:
        return f"cast(null as {kind}) as {name}"
    if present_type == "VARCHAR" and column.kind is not Kind.TEXT:
        # a blank amount or date is unknown; whoever casts the column later must not trip on it,
        # nor on blanks of other kinds around it, which a cast does not take
        text = value = f"trim({name})"
        if column.kind is Kind.MONEY:
            value = plain_amount(text)
        elif kind in (Kind.DATE, Kind.TIMESTAMP):
            value = _of_the_place(text)
        return f"cast(case when {text} <> '' then {value} end as {kind}) as {name}"
    if kind in (Kind.MONEY, Kind.QUANTITY) and present_type in BLURRED_FROM:
        return f"cast(round(cast({name} as double), 2) as {kind}) as {name}"
    if kind in (Kind.DATE, Kind.TIMESTAMP):  # PostgreSQL has a day that never comes: unknown
        return f"cast(case when isfinite({name}) then {name} end as {kind}) as {name}"
    return name if present_type == kind.upper() else f"cast({name} as {kind}) as {name}"


def _of_the_place(value: str) -> str:
    """SQL of a time stamp as text without its offset: its day is that of the clock on the wall."""
    offset = r"^(.*[ T][0-9]{2}:[0-9:.]+) ?([zZ]|[-+][0-9]{2}(:?[0-9]{2})?)$"
    return rf"regexp_replace({value}, '{offset}', '\1')"


def rounded(con: duckdb.DuckDBPyConnection, relation: str, expected: Layout) -> dict[str, int]:
    """Column of money → its values that are binary fractions beside the cent (T6), if any."""
    present = columns_of(con, relation)
    names = [c.name for c in expected.columns
             if c.kind is Kind.MONEY and present.get(c.name) in BLURRED_FROM]  # fmt: skip
    if not names:
        return {}
    counts = ", ".join(
        f"count(*) filter (not {Kind.MONEY.fits(quoted(name))} and {_tells_cents(quoted(name))})"
        for name in names
    )
    (found,) = con.execute(f"select {counts} from {relation}").fetchall()
    return {name: count for name, count in zip(names, found, strict=True) if count}


def _collect_misfits(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    bad: str,
    expected: Layout,
    present: dict[str, str],
    not_after: date,
) -> None:
    """T3: a value that does not fit its column. T4: a key that is blank. E13: a day to come."""
    # a reason never shows the value: it may name a person, and it is logged; the content holds it
    broken = [
        (
            f"not {c.kind.fits(quoted(c.name), present[c.name])}",
            f"{c.name} is not {c.kind.words}",
        )
        for c in expected.columns
        if c.kind is not Kind.TEXT and c.name in present and present[c.name] not in _FITTING[c.kind]
    ]
    broken += [
        (_is_blank(c.name, present), f"{c.name} is blank")
        for c in expected.columns
        if c.filled and c.name in present
    ]
    ahead = "false"
    if expected.modified in present:
        why = f"{expected.modified} is blank, so nobody knows when the row arrived"
        broken.append((_is_blank(expected.modified, present), why))
        # a filler such as 9999-12-31 would make whatever changes later look old
        moment = f"try_cast({_plain(expected.modified, present)} as timestamp)"
        ahead = f"coalesce(cast({moment} as date) > date '{not_after}', false)"
        why = f"{expected.modified} is no date of this age"
        broken.append((f"{moment} not between {_AGE}", why))
    misfits = [f"case when {condition} then {literal(why)} end" for condition, why in broken]
    misfit = f"nullif(concat_ws('; ', {', '.join(misfits)}), '')" if misfits else "null"
    no_key = f"the key ({', '.join(expected.key)}) is blank"
    to_come = f"{expected.modified} is later than the day on which the row was read"
    conditions = [ahead, *(condition for condition, _ in broken)]
    conditions += [_is_blank(name, present) for name in expected.key if name in present]
    con.execute(
        f"""
        insert into {bad}
        select _file, _row, _position,
            case when {misfit} is not null then '{WRONG_TYPE}' when {ahead} then '{AHEAD}'
                else '{BAD_KEY}' end,
            coalesce({misfit}, if({ahead}, {literal(to_come)}, {literal(no_key)}))
        from {relation}
        where {" or ".join(conditions)}
        limit {MAX_BAD_ROWS + 1}
        """
    )


def _is_blank(column: str, present: dict[str, str]) -> str:
    if present[column] in (*_INTEGERS, *_CALENDARS):
        return f"{quoted(column)} is null"
    return f"coalesce(trim(cast({quoted(column)} as varchar)), '') = ''"


def _plain(column: str, present: Mapping[str, str]) -> str:
    return f"trim({quoted(column)})" if present[column] == "VARCHAR" else quoted(column)


def _collect_repeats(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    bad: str,
    expected: Layout,
    present: Mapping[str, str],
    across_files: bool,
) -> None:
    """T4: a row whose key an earlier good row of the same file has, or of an earlier file.

    The first row stays. Blanks around a key do not make another of it.
    """
    if across_files:
        _collect_repeats_across(con, relation, bad, expected, present)
        return
    names = [name for name in expected.key if name in present] or list(present)
    keys = ", ".join(f"{_plain(name, present)} as {quoted(name)}" for name in names)
    same_names = ", ".join(quoted(name) for name in names)
    same = " and ".join(f"r.{quoted(n)} is not distinct from f.{quoted(n)}" for n in names)
    what = f"the key ({', '.join(names)})" if expected.key else "the whole row"
    con.execute(
        f"""
        insert into {bad}
        with rest as (select _file, _row, _position, {keys} from {relation}
            anti join {bad} using (_file, _row)),
        firsts as (select _file, min(_row) as first_row, {same_names} from rest
            group by _file, {same_names} having count(*) > 1)
        select r._file, r._row,
            r._position || '#' || 1 + row_number() over (
                partition by f._file, f.first_row order by r._row),
            '{BAD_KEY}', '{what} repeats that of ' || if(r._position is null,
                'row ' || f.first_row, 'another row')
        from rest as r join firsts as f on r._file = f._file and {same}
        where r._row > f.first_row
        limit {MAX_BAD_ROWS + 1}
        """
    )


def _collect_repeats_across(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    bad: str,
    expected: Layout,
    present: Mapping[str, str],
) -> None:
    names = [name for name in expected.key if name in present] or list(present)
    keys = ", ".join(_plain(name, present) for name in names)
    what = f"the key ({', '.join(names)})" if expected.key else "the whole row"
    con.execute(
        f"""
        insert into {bad}
        select _file, _row, coalesce(_position, cast(_row as varchar)), '{BAD_KEY}',
            '{what} repeats that of row ' || first_row
                || if(first_file = _file, '', ' of ' || first_file)
        from (
            select _file, _row, _position,
                first(_file) over same as first_file, first(_row) over same as first_row
            from {relation} anti join {bad} using (_file, _row)
            window same as (partition by {keys} order by _file, _row)
        ) where (_file, _row) <> (first_file, first_row)
        limit {MAX_BAD_ROWS + 1}
        """
    )


def _describe_bad(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    bad: str,
    expected: Layout,
    present: dict[str, str],
) -> list[BadRow]:
    if not con.execute(f"select count(*) from {bad}").fetchall()[0][0]:
        return []
    measures = [
        f"case when {condition} then try_cast({quoted(column)} as decimal(18, 2)) end"
        for _, column, condition in expected.dollars
        if column in present
    ]
    amount = f"coalesce({', '.join(measures)}, null)" if measures else "null"
    # as near as can be told: a cast of a FLOAT counts in FLOAT
    amounts = ", ".join(
        f"{_nearest_amount(quoted(c.name), present[c.name])} as {quoted(c.name)}"
        for c in expected.columns
        if c.kind is Kind.MONEY and c.name in present
    )
    # as text, which keeps each cent of a decimal
    content = ", ".join(f"{quoted(n)} := cast(r.{quoted(n)} as varchar)" for n in present)
    found = con.execute(
        f"""
        with broken as (
            select r.*, coalesce(b._position, cast(r._row as varchar)) as _place,
                b.rule_id as _rule, b.reason as _why,
                cast(to_json(struct_pack({content})) as varchar) as _content
            from {relation} as r join {bad} as b using (_file, _row)
        )
        select _file, _row, _place, _rule, _why, _content,
            cast({amount} as decimal(18, 2)), _arrival_date
        from (select * {f"replace ({amounts})" if amounts else ""} from broken)
        order by _file, _row
        """
    ).fetchall()
    return [BadRow(*row) for row in found]


def _nearest_amount(column: str, stored_as: str) -> str:
    if stored_as in BLURRED_FROM:
        return f"round(cast({column} as double), 2)"
    return plain_amount(column) if stored_as == "VARCHAR" else column


class Landed(NamedTuple):
    """Good rows of one source file: how many, and their dollars by measure."""

    rows: int
    dollars: dict[str, Decimal]


def count_good(con: duckdb.DuckDBPyConnection, good: str, expected: Layout) -> dict[str, Landed]:
    """Per source file: rows and dollars of a relation of good rows."""
    sums = "".join(
        f", sum(try_cast({quoted(column)} as decimal(18, 2))) filter ({condition})"
        for _, column, condition in expected.dollars
    )
    names = [name for name, _, _ in expected.dollars]
    return {
        file: Landed(rows, {n: a for n, a in zip(names, amounts, strict=True) if a is not None})
        for file, rows, *amounts in con.execute(
            f"select _file, count(*){sums} from {good} group by _file"
        ).fetchall()
    }


def land(
    con: duckdb.DuckDBPyConnection,
    good: str,
    batch: Batch,
    source: str,
    table: str,
    source_system: str,
) -> None:
    """Add a relation of good rows to the batch, each under its arrival date."""
    ((days,),) = con.execute(f"select count(distinct _arrival_date) from {good}").fetchall()
    # a relation keeps the order of its source: sorting it again would hold it all in memory
    order = "order by _arrival_date, _file, _row" if days > 1 else ""
    reader = con.execute(
        f"""
        select * exclude (_row, _position, _file), _file as _source_file,
            coalesce(_position, cast(_row as varchar)) as _source_position
        from {good} {order}
        """
    ).to_arrow_reader(_CHUNK_ROWS)
    for chunk in reader:
        rows = pa.Table.from_batches([chunk])
        system = pa.repeat(pa.scalar(source_system, pa.string()), rows.num_rows)
        batch.add(source, table, None, rows.append_column("_source_system", system))


def quarantined(
    row: BadRow,
    source_system: str,
    arrival_date: date,
    *,
    content_sha256: str,
    content: bytes | None = None,
    byte_offset: int | None = None,
) -> QuarantineItem:
    """The quarantine entry of a bad row: its bytes in the file, else its values as JSON."""
    content = row.content.encode() if content is None else content
    return QuarantineItem(
        source_system=source_system,
        source_file=row.file,
        source_position=row.position,
        level="row",
        rule_id=row.rule_id,
        reason=row.reason,
        byte_offset=byte_offset,
        byte_count=len(content),
        content=content,
        dollar_amount=row.amount,
        arrival_date=arrival_date,
        content_sha256=content_sha256,
    )


def whole(
    source_system: str,
    file: str,
    rule_id: str,
    reason: str,
    content: bytes,
    arrival_date: date,
    content_sha256: str,
    *,
    level: Level = "file",
    byte_offset: int = 0,
) -> QuarantineItem:
    """The quarantine entry of a whole file or table."""
    return QuarantineItem(
        source_system=source_system,
        source_file=file,
        source_position=None,
        level=level,
        rule_id=rule_id,
        reason=reason,
        byte_offset=byte_offset,
        byte_count=len(content),
        content=content,
        dollar_amount=None,
        arrival_date=arrival_date,
        content_sha256=content_sha256,
    )


def note_quarantine(summary: LoadSummary, items: Sequence[QuarantineItem]) -> None:
    """Count quarantined items in a summary, and say which: by file and rule, without content."""
    groups: dict[tuple[str, str], list[QuarantineItem]] = {}
    for item in items:
        groups.setdefault((item.source_file, item.rule_id), []).append(item)
        summary.quarantined_amount += item.dollar_amount or 0
    summary.quarantined_count += len(items)
    for (file, rule), (first, *others) in groups.items():
        count = f"{len(others) + 1:,} rows quarantined, the first because " * (first.level == "row")
        summary.messages.append(f"{summary.source_system} {file}: {count}{first.reason} ({rule})")
