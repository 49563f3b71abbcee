"""The operational databases of the hospitals: DuckDB files, MySQL, PostgreSQL; never written.

A load takes what changed since the last: rows modified since the latest modification in the lake,
less a safety overlap, that the lake does not hold yet. Tables without a modification column are
compared whole. A full compare reads everything, and finds what a load cannot see: changes without
a new modification date, rows added behind the latest one, and deletes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import duckdb
import pyarrow as pa

from rcm_platform.lake import UNDATED, Lake
from rcm_platform.sources import tabular
from rcm_platform.sources.attached import AttachedDatabase, NotAnswered
from rcm_platform.sources.base import (
    LoadSummary,
    Progress,
    QuarantineItem,
    ReceivedFile,
    Status,
    declare,
    write_platform_rows,
)
from rcm_platform.sources.hospital_tables import (
    DELETED_ROWS,
    NOTICED,
    THINNER,
    layouts_of,
    raw_tables,
)
from rcm_platform.sources.hospitals import Hospital
from rcm_platform.sources.tabular import (
    BLURRED_FROM,
    INDISTINCT,
    MAX_BAD_ROWS,
    MISSING,
    OLDEST,
    ROUNDED,
    UNANSWERED,
    Kind,
    Layout,
    as_text,
    literal,
    quoted,
    without_fraction,
)

OVERLAP = timedelta(days=1)
"""How far a load looks back before the latest modification in the lake.

A row is not always there by the time that it bears: a long transaction is stamped when it starts
and seen when it ends, the clocks of application servers differ, and in autumn an hour comes twice.
"""

MAX_DELETED_SHARE = 0.5
"""A compare that misses more of a table's records than this share has met a failed restore or the
wrong database rather than deletes: it records none, unless it is told to."""

_MANY_KEYS = 1000
"""From so many repeated keys on, a table is read whole."""

_FEW_RECORDS = 20
"""Of so few records, any share may be deleted."""

_READABLE = (
    "Grant the right, end the session that locks it, mend the view, or read one that casts what "
    "cannot be read"
)


@dataclass
class Differences:
    """What a load found in one table that its modification dates do not tell, in records."""

    changed: int = 0  # without a new modification date
    added: int = 0  # behind the latest modification
    deleted: int = 0
    returned: int = 0  # deleted once, there again

    def __bool__(self) -> bool:
        return any(getattr(self, f.name) for f in fields(self))

    def __str__(self) -> str:
        words = {
            "changed": "changed without a new modification date",
            "added": "added behind the latest modification",
            "deleted": "deleted",
            "returned": "there again",
        }
        found = {name: getattr(self, name) for name in words}
        return (
            ", ".join(f"{n:,} {words[name]}" for name, n in found.items() if n) or "no difference"
        )


@dataclass(frozen=True)
class Comparison:
    """What a full compare landed, and the differences of each table that it compared."""

    summary: LoadSummary
    differences: dict[str, Differences]


@dataclass
class _Extract:
    """What is new in one table: a relation of rows to land, and what cannot be landed."""

    table: str
    rows: str | None = None
    row_count: int = 0
    byte_count: int = 0
    fingerprint: str = ""
    dollars: dict[str, Decimal] = field(default_factory=dict)
    items: list[QuarantineItem] = field(default_factory=list)
    events: list[tuple[str, str, int]] = field(default_factory=list)
    differences: Differences = field(default_factory=Differences)
    messages: list[str] = field(default_factory=list)
    is_usable: bool = True


def load_hospital(
    lake: Lake,
    hospital: Hospital,
    url: str,
    progress: Progress = None,
    *,
    not_after: date = date.max,
) -> LoadSummary:
    """Land what is new in the database of a configured hospital, as one batch.

    `url` is the path of a DuckDB file, `mysql://user:password@host/database` or `postgresql://…`;
    a row that says that it was modified after the day `not_after` is held (E13).
    Raises SourceUnavailable when the database cannot be opened or stops answering.
    """
    return _load(lake, hospital, url, progress, not_after).summary


def compare_hospital(
    lake: Lake,
    hospital: Hospital,
    url: str,
    progress: Progress = None,
    *,
    accept_deletes: bool = False,
    not_after: date = date.max,
) -> Comparison:
    """As `load_hospital`, but every row of the database is compared with the lake.

    Lands what changed without a new modification date and what was added behind the latest one,
    and records deletes; all of it counts from the day on which it is noticed: the latest arrival
    date of the lake. `accept_deletes`: also when more than MAX_DELETED_SHARE of a table is gone.
    """
    return _load(
        lake, hospital, url, progress, not_after, is_full=True, accept_deletes=accept_deletes
    )


def _load(
    lake: Lake,
    hospital: Hospital,
    url: str,
    progress: Progress,
    not_after: date,
    *,
    is_full: bool = False,
    accept_deletes: bool = False,
) -> Comparison:
    source_system, layouts = hospital.source_system, layouts_of(hospital)
    declare(lake, source_system, raw_tables(hospital))
    summary = LoadSummary(source_system)
    with tabular.connect(lake) as con:
        source = AttachedDatabase(con, source_system, url, layouts, hospital.timezone)
        reader = _Reader(
            lake, source_system, layouts, source, con, not_after, is_full, accept_deletes
        )
        extracts: list[_Extract] = []
        for number, (table, expected) in enumerate(layouts.items()):
            if progress:
                progress(number, len(layouts), table)
            if table in source.tables or not expected.optional:
                extracts.append(reader.extract(table, expected))
        absent = [t for t, known in layouts.items() if known.optional and t not in source.tables]
        if absent:
            without = "; ".join(f"{table}: {THINNER[table]}" for table in absent)
            summary.messages.append(
                f"{source_system}: the database has no such table as {', '.join(absent)}; "
                f"what is computed from it stays empty ({without})"
            )
            summary.rows |= dict.fromkeys(absent, 0)
        _land(lake, source_system, con, extracts, reader, summary)
        if progress:
            progress(len(layouts), len(layouts), source_system)
    return Comparison(summary, {e.table: e.differences for e in extracts if e.is_usable})


class _Reader:
    """What is new in one attached database."""

    def __init__(
        self,
        lake: Lake,
        source_system: str,
        layouts: Mapping[str, Layout],
        source: AttachedDatabase,
        con: duckdb.DuckDBPyConnection,
        not_after: date,
        is_full: bool,
        accept_deletes: bool,
    ) -> None:
        self.lake, self.source_system, self.con = lake, source_system, con
        self._layouts = layouts
        self._source, self._is_full, self._accepts_deletes = source, is_full, accept_deletes
        self._not_after = not_after
        self._failed: dict[str, str] = {}
        self.latest = self._latest_modification()
        self.noticed = max(self.latest, lake.latest_arrival_date() or UNDATED)
        """The day from which that counts which bears no date of its own: a day of the data, never
        of the clock."""

    def extract(self, table: str, expected: Layout) -> _Extract:
        """Read and check what is new in one table, into relations of the session."""
        try:
            return self._extract(table, expected)
        except NotAnswered as problem:
            unread = _Extract(table)
            self._refuse(unread, problem.reason, self._source.tables, UNANSWERED, _READABLE)
            return unread

    def _extract(self, table: str, expected: Layout) -> _Extract:
        extract = _Extract(table)
        if refusal := self._refusal(table):
            tables = self._source.tables
            is_there = table in tables
            why = refusal if is_there else f"there is no table {table} to be read ({refusal})"
            self._refuse(extract, why, tables, UNANSWERED, _READABLE)
            return extract
        if table not in self._source.tables:
            problem, advice = f"there is no table {table}", "Read a view of that name"
            self._refuse(extract, problem, self._source.tables, MISSING, advice)
            return extract
        columns = self._columns(table, expected)
        needed, others = expected.missing(columns)
        if absent := needed + others:
            self._refuse(
                extract,
                f"there is no column {', '.join(absent)}",
                sorted(columns),
                MISSING,
                "Name the column that holds it in "
                f"vars.hospitals.{self.source_system}.columns of dbt_project.yml, or read a view "
                "that has it",
            )
            return extract

        watermark = self._watermark(table, expected)
        since = None
        if watermark and not self._is_full:
            since = max(watermark - OVERLAP, datetime(OLDEST.year, 1, 1))
        repeats = self._source.repeated_keys(table, columns[expected.key[0]][0], _MANY_KEYS)
        if len(repeats) == _MANY_KEYS:
            since = None
        self._source.check_lock(table)
        try:
            self._read(table, columns, expected, since, repeats)
        except NotAnswered as problem:
            if not (problem.is_of_no_calendar and self._source.read_dates_as_text(table)):
                raise
            columns = self._columns(table, expected)
            self._read(table, columns, expected, since, repeats)
        if blurred := self._blurred(table, columns, expected):
            self._refuse(
                extract,
                f"{', '.join(blurred)} holds numbers that its type cannot tell apart: two records "
                "may have become one",
                sorted(columns),
                INDISTINCT,
                "Store it as a whole number or as text, or read a view that casts it",
            )
            return extract
        bad = tabular.check(self.con, table, expected, as_text=False, not_after=self._not_after)
        for column, count in tabular.rounded(self.con, table, expected).items():
            extract.messages.append(
                f"{self.source_system} {table}: {count:,} values of {column} are binary fractions "
                f"beside the cent and were rounded to it ({ROUNDED})"
            )
        if len(bad) > MAX_BAD_ROWS:
            reason = f"more than {MAX_BAD_ROWS:,} rows break a rule, the first: {bad[0].reason}"
            advice = "Correct them there, or read a view that does"
            self._refuse(extract, reason, sorted(columns), bad[0].rule_id, advice)
            return extract
        extract.items = [
            tabular.quarantined(
                row,
                self.source_system,
                min(row.arrival_date or self.latest, self.latest),
                content_sha256=hashlib.sha256(row.content.encode()).hexdigest(),
            )
            for row in bad
        ]
        extract.rows = self._news(extract, expected, watermark, since, repeats)
        self._note_events(extract, expected)
        self._measure(extract, expected)
        return extract

    def _latest_modification(self) -> date:
        """The last day on which anything changed: the date of what has none of its own."""
        days = [UNDATED]
        for table, expected in self._layouts.items():
            if not expected.modified or table not in self._source.tables or self._refusal(table):
                continue
            try:
                last = self._last(table, expected)
            except NotAnswered as problem:
                self._failed[table] = problem.reason
                continue
            if last:
                days.append(last.date())
        return max(days)

    def _last(self, table: str, expected: Layout) -> datetime | None:
        assert expected.modified
        try:
            found = self._columns(table, expected).get(expected.modified)
            return self._source.latest(table, *found, self._not_after) if found else None
        except NotAnswered as problem:
            if not (problem.is_of_no_calendar and self._source.read_dates_as_text(table)):
                raise
            return self._last(table, expected)

    def _refusal(self, table: str) -> str | None:
        """Why a table cannot be read, in the words of the database."""
        return self._failed.get(table) or self._source.refusal(table)

    def _columns(self, table: str, expected: Layout) -> dict[str, tuple[str, str]]:
        """Name in the layout → (name, type) in the database."""
        return expected.named(self._source.columns(table))

    def _watermark(self, table: str, expected: Layout) -> datetime | None:
        """The latest modification of the table in the lake that may be true."""
        if not expected.modified:
            return None
        scan = self.lake.scan(self.source_system, table)
        ((last,),) = self.con.execute(
            f"select max({quoted(expected.modified)}) from {scan} "
            f"where cast({quoted(expected.modified)} as date) <= date '{self._not_after}'"
        ).fetchall()
        return last

    def _read(
        self,
        table: str,
        columns: dict[str, tuple[str, str]],
        expected: Layout,
        since: datetime | None,
        repeats: Sequence[str],
    ) -> None:
        """Copy the rows that may be new to temp table `table`.

        All rows of a key that repeats in the source are read whatever their age, in an order that
        does not depend on the source's: which of them is the first must be the same in every load.
        """
        key_name, key_kind = columns[expected.key[0]]
        key = quoted(key_name)
        order, arrival, scans = "", f"date '{self.latest}'", []
        if repeats:
            order = "order by " + ", ".join(
                quoted(columns[name][0])
                for name in (expected.modified, *sorted(columns))
                if name is not None
            )
        if expected.modified:
            name, kind = columns[expected.modified]
            modified = quoted(name)
            day = f"try_cast({_moment(modified, kind)} as date)"
            arrival = (
                f"case when {day} between date '{OLDEST}' and date '{date.max}' then {day} end"
            )
            if since:
                # each a scan of its own: a filter with `or` is not handed to the server
                value, edge = _comparable(modified, kind, since, self._source)
                if value == modified:
                    scans.append(self._source.rows(table, f"{value} >= {edge}"))
                    scans.append(self._source.undated_rows(table, name))
                else:
                    whole = self._source.rows(table)
                    scans.append(f"(from {whole} where {value} >= {edge})")
                    scans.append(
                        f"(from {whole} where {value} is null or {value} < timestamp '{OLDEST}')"
                    )
                if repeats:
                    old = f"{key} in ({_literals(repeats)}) and {value} < {edge}"
                    if value == modified:
                        scans.append(self._source.rows(table, old))
                    else:
                        scans.append(f"(from {whole} where {old})")
        # '/' separates interchange and segment in a position
        record = without_fraction(as_text(key, key_kind))
        position = f"replace(coalesce({record}, ''), '/', '%2F')"
        known = {column.name: column for column in expected.columns}

        def read(to: str, name: str, kind: str) -> str:
            if to not in known or known[to].kind.is_kin(kind):
                return quoted(name)
            text = as_text(quoted(name), kind)
            return without_fraction(text) if known[to].names_a_record else text

        names = ", ".join(
            f"{read(to, name, kind)} as {quoted(to)}" for to, (name, kind) in columns.items()
        )
        scans = scans or [self._source.rows(table)]
        rows = " union all ".join(f"select * from {scan}" for scan in scans)
        self._source.ask(
            f"create or replace temp table {table} as select {names}, {literal(table)} as _file, "
            f"row_number() over ({order}) as _row, {position} as _position, "
            f"{arrival} as _arrival_date from ({rows})"
        )

    def _blurred(
        self, table: str, columns: dict[str, tuple[str, str]], expected: Layout
    ) -> list[str]:
        """Columns of text that are stored as numbers too large for their type to be exact."""
        found = [
            (column.name, BLURRED_FROM[kind])
            for column in expected.columns
            if column.kind is Kind.TEXT and (kind := columns[column.name][1]) in BLURRED_FROM
        ]
        if not found:
            return []
        (largest,) = self.con.execute(
            "select "
            + ", ".join(f"max(abs(try_cast({quoted(name)} as double)))" for name, _ in found)
            + f" from {table}"
        ).fetchall()
        return [
            name
            for (name, limit), value in zip(found, largest, strict=True)
            if value is not None and value >= limit
        ]

    def _news(
        self,
        extract: _Extract,
        expected: Layout,
        watermark: datetime | None,
        since: datetime | None,
        repeats: Sequence[str],
    ) -> str:
        """The checked rows that differ from the last version that the lake holds, as a relation.

        What bears no newer modification date than that version counts from the day on which it is
        noticed, and so does what a compare finds behind the latest modification.
        """
        table, key = extract.table, quoted(expected.key[0])
        if expected.modified and not watermark:
            return f"{table}_good"
        counts_from = f"coalesce(_noticed_at, {quoted(expected.modified or '')})"
        last, visible = f"{counts_from} desc, _loaded_at desc", ""
        if not expected.modified:
            counts_from, last = "null::timestamp", "_arrival_date desc, _loaded_at desc"
        elif since:
            visible = f"where _arrival_date >= date '{since:%Y-%m-%d}'"
            if repeats:
                visible += f" or {key} in ({_literals(repeats)})"
        self.con.execute(
            f"create or replace temp table {table}_known as "
            f"select *, {counts_from} as _counts_from "
            f"from {self.lake.scan(self.source_system, table)} {visible} "
            f"qualify row_number() over (partition by {key} order by {last}) = 1"
        )
        same = " and ".join(
            f"new.{quoted(c.name)} is not distinct from known.{quoted(c.name)}"
            for c in expected.columns
        )
        silent, late = "false", "false"
        if expected.modified:
            silent = f"coalesce(new.{quoted(expected.modified)} <= known._counts_from, false)"
            if self._is_full:
                assert watermark
                edge = f"timestamp '{watermark - OVERLAP}'"
                late = f"known.{key} is null and new.{quoted(expected.modified)} < {edge}"
        self.con.execute(
            f"""
            create or replace temp table {table}_new as
            select new.* exclude (_arrival_date),
                if({silent} or {late}, date '{self.noticed}', new._arrival_date) as _arrival_date,
                if({silent}, greatest(
                    timestamp '{self.noticed}', known._counts_from + interval 1 microsecond
                ), null) as {NOTICED.name},
                {silent} as _is_silent, {late} as _is_late
            from {table}_good as new
            left join {table}_known as known on new.{key} = known.{key}
            where known.{key} is null or not ({same})
            """
        )
        ((extract.differences.changed, extract.differences.added),) = self.con.execute(
            f"select count(*) filter (_is_silent), count(*) filter (_is_late) from {table}_new"
        ).fetchall()
        dropped = "_is_silent, _is_late" + ("" if expected.modified else f", {NOTICED.name}")
        return f"(select * exclude ({dropped}) from {table}_new)"

    def _note_events(self, extract: _Extract, expected: Layout) -> None:
        """Which records came back and, in a full compare, which are gone."""
        table, key = extract.table, quoted(expected.key[0])
        events = self.lake.scan(self.source_system, "deleted_rows")
        self.con.execute(
            f"create or replace temp table {table}_events as select record_id, "
            f"max(event_no) as event_no, max_by(event, event_no) = 'deleted' as is_gone "
            f"from {events} where table_name = {literal(table)} group by record_id"
        )
        returned = self.con.execute(
            f"select record_id, event_no + 1 from {table}_events where is_gone "
            f"and record_id in (select {key} from {table}_good) order by 1"
        ).fetchall()
        extract.events = [(record, "returned", number) for record, number in returned]
        extract.differences.returned = len(returned)
        if not self._is_full:
            return
        scan = self.lake.scan(self.source_system, table)
        self.con.execute(
            f"create or replace temp table {table}_here as "
            f"select distinct {key} as record_id from {scan} "
            f"anti join (select record_id as {key} from {table}_events where is_gone) using ({key})"
        )
        deleted = self.con.execute(
            f"select record_id, coalesce(event_no, 0) + 1 from {table}_here "
            f"left join {table}_events using (record_id) where record_id not in "
            f"(select cast({key} as varchar) from {table} where {key} is not null) order by 1"
        ).fetchall()
        ((known,),) = self.con.execute(f"select count(*) from {table}_here").fetchall()
        too_many = known > _FEW_RECORDS and len(deleted) > known * MAX_DELETED_SHARE
        if too_many and not self._accepts_deletes:
            extract.messages.append(
                f"{self.source_system} {table}: {len(deleted):,} of {known:,} records are not in "
                "the database any more. That looks like a failed restore, so no delete was "
                "recorded; if they are meant to be gone, compare again and accept deletes"
            )
            return
        extract.events += [(record, "deleted", number) for record, number in deleted]
        extract.differences.deleted = len(deleted)

    def _measure(self, extract: _Extract, expected: Layout) -> None:
        """Count the rows to land, their dollars, and a size and hash that order does not change."""
        assert extract.rows
        values = ", ".join(
            f"coalesce(cast({quoted(c.name)} as varchar), '')" for c in expected.columns
        )
        ((extract.row_count, size, digest),) = self.con.execute(
            f"select count(*), sum(strlen(line)), bit_xor(md5_number(line)) "
            f"from (select concat_ws(chr(31), {values}) as line from {extract.rows})"
        ).fetchall()
        extract.byte_count = int(size or 0)
        extract.fingerprint = f"{extract.row_count} {size} {digest}"
        if landed := tabular.count_good(self.con, extract.rows, expected).get(extract.table):
            extract.dollars = landed.dollars

    def _refuse(
        self, extract: _Extract, problem: str, found: Sequence[str], rule: str, advice: str
    ) -> None:
        """Quarantine a whole table; its rows stay in the database until it can be read."""
        content = json.dumps({"table": extract.table, "found": list(found)}).encode()
        extract.is_usable = False
        extract.items = [
            tabular.whole(
                self.source_system,
                extract.table,
                rule,
                f"{problem} in {self._source.where}; found: {', '.join(found)}. The table was not "
                f"loaded, the others were. {advice}, then load again",
                content,
                self.latest,
                hashlib.sha256(content).hexdigest(),
                level="table",
            )
        ]


def _literals(values: Iterable[str]) -> str:
    return ", ".join(map(literal, values))


def _comparable(
    column: str, kind: str, moment: datetime, source: AttachedDatabase
) -> tuple[str, str]:
    """SQL of a date column and of a moment, of one type, so that the server can compare them."""
    if kind == "DATE":
        return column, f"date '{moment:%Y-%m-%d}'"
    if "TIME ZONE" in kind:
        return column, source.moment(moment)
    if kind.startswith("TIMESTAMP"):
        return column, f"timestamp '{moment}'"
    return f"try_cast({_moment(column, kind)} as timestamp)", f"timestamp '{moment}'"


def _moment(column: str, kind: str) -> str:
    """SQL of a date column, as text where it is of another type, such as a number."""
    return column if Kind.TIMESTAMP.is_kin(kind) else f"cast({column} as varchar)"


def _land(
    lake: Lake,
    source_system: str,
    con: duckdb.DuckDBPyConnection,
    extracts: Sequence[_Extract],
    reader: _Reader,
    summary: LoadSummary,
) -> None:
    """Write what is new as one batch; nothing new leaves no trace."""
    held = _Held(lake, source_system)
    received = []
    for extract in extracts:
        extract.items = [held.anew(item) for item in extract.items]
        if not extract.is_usable:
            summary.files_quarantined += 1
            summary.messages += [
                f"{source_system} {extract.table}: {item.reason} ({item.rule_id})"
                for item in extract.items
                if item.quarantine_id in held.known
            ]
        extract.items = [item for item in extract.items if item.quarantine_id not in held.known]
        is_mended = extract.is_usable and extract.table in held.tables
        is_news = bool(extract.row_count or extract.items or is_mended)
        if is_news:
            received.append(_account(extract, source_system, reader.latest))
        summary.files_loaded += extract.is_usable and is_news
        summary.files_skipped += extract.is_usable and not is_news
        summary.rows[extract.table] = extract.row_count
        summary.dollar_amounts |= extract.dollars
        summary.messages += extract.messages
        if extract.differences:
            summary.messages.append(f"{source_system} {extract.table}: {extract.differences}")
    summary.byte_count = sum(file.byte_count for file in received)
    items = [item for extract in extracts for item in extract.items]
    tabular.note_quarantine(summary, items)
    events = _event_rows(source_system, extracts, reader.noticed)
    made_of = [file.content_sha256 for file in received]
    if events.num_rows:
        summary.rows["deleted_rows"] = events.num_rows
        made_of.append(hashlib.sha256(repr(events.to_pylist()).encode()).hexdigest())
    with lake.batch(source_system, made_of) as batch:
        for extract in extracts:
            if extract.rows and extract.row_count:
                tabular.land(con, extract.rows, batch, source_system, extract.table, source_system)
        batch.add(source_system, "deleted_rows", reader.noticed, events)
        write_platform_rows(batch, received, items)


class _Held:
    """What a hospital has in quarantine: the ids of its rows and tables, and the tables that could
    not be loaded at all the last time."""

    def __init__(self, lake: Lake, source_system: str) -> None:
        self.known = lake.quarantine_ids(source_system)
        self._left = lake.quarantine_ids(source_system, only_left=True)
        self.tables = {
            table
            for (table,) in lake.query(
                f"select source_file from {lake.scan('platform', 'received_files')} "
                "where source_system = ? group by source_file "
                "having max_by(status, _loaded_at) = 'quarantined'",
                source_system,
            )
        }

    def anew(self, item: QuarantineItem) -> QuarantineItem:
        """The item, as another one where it was held before, left quarantine and is broken again.

        One that is still held is not held twice.
        """
        while item.quarantine_id in self._left:
            again = hashlib.sha256(item.content_sha256.encode()).hexdigest()
            item = replace(item, content_sha256=again)
        return item


def _event_rows(source_system: str, extracts: Iterable[_Extract], noticed: date) -> pa.Table:
    """The deletes and returns of all tables, as rows of `deleted_rows`."""
    provenance = ("_source_system", "_source_file", "_source_position")
    return pa.Table.from_pylist(
        [
            {
                "table_name": extract.table,
                "record_id": record,
                "event": event,
                "event_no": number,
                "noticed_date": noticed,
                "_source_system": source_system,
                "_source_file": extract.table,
                "_source_position": record.replace("/", "%2F"),
            }
            for extract in extracts
            for record, event, number in extract.events
        ],
        pa.schema([*DELETED_ROWS, *((name, pa.string()) for name in provenance)]),
    )


def _account(extract: _Extract, source_system: str, latest: date) -> ReceivedFile:
    """A table's extract as a received file; its bytes are those of its values as text."""
    held = sum(item.byte_count for item in extract.items)
    parts = [source_system, extract.table, extract.fingerprint]
    parts += sorted(item.quarantine_id for item in extract.items)
    status: Status = "loaded"
    if extract.items:
        status = "partial" if extract.is_usable else "quarantined"
    return ReceivedFile(
        source_system=source_system,
        source_file=extract.table,
        content_sha256=hashlib.sha256("\n".join(parts).encode()).hexdigest(),
        byte_count=extract.byte_count + held,
        loaded_byte_count=extract.byte_count,
        quarantined_byte_count=held,
        duplicate_byte_count=0,
        padding_byte_count=0,
        status=status,
        row_count=extract.row_count,
        dollar_amount=next(iter(extract.dollars.values()), None),
        arrival_date=latest,
    )
