"""The operational databases of the hospitals: DuckDB files, MySQL, PostgreSQL; never written.

Each load takes what is new since the last: rows modified on or after the latest modification in
the lake that the lake does not hold yet. Tables without a modification column are compared whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote, urlsplit

import duckdb

from rcm_platform.lake import UNDATED, Lake
from rcm_platform.settings import redact
from rcm_platform.sources import tabular
from rcm_platform.sources.base import (
    LoadSummary,
    Progress,
    QuarantineItem,
    ReceivedFile,
    SourceUnavailable,
    Status,
    declare,
    write_platform_rows,
)
from rcm_platform.sources.tabular import MAX_BAD_ROWS, MISSING, Layout, layout, literal, quoted

_PATIENTS_A = layout(
    "patientid firstname lastname middlename ssn phonenumber gender dob:date address "
    "modifieddate:timestamp",
    "patientid",
    modified="modifieddate",
)
_PATIENTS_B = layout(
    "id f_name l_name m_name ssn phonenumber gender dob:date address updated_date:timestamp",
    "id",
    modified="updated_date",
)
# kinds of journal entries, in lower case; every other kind is a write-off
_CHARGES = ("charge", "charge correction")
_PAYMENTS = ("patient payment", "refund")
_SHARED = {
    "providers": layout("providerid firstname lastname specialization deptid npi", "providerid"),
    "departments": layout("deptid name", "deptid"),
    "encounters": layout(
        "encounterid patientid encounterdate:date encountertype providerid departmentid "
        "procedurecode inserteddate:timestamp modifieddate:timestamp",
        "encounterid",
        modified="modifieddate",
    ),
    "procedures": layout(
        "procedureid encounterid procedurecode modifiers units:integer workrvu:quantity "
        "modifieddate:timestamp",
        "procedureid",
        modified="modifieddate",
        optional=True,
    ),
    "transactions": layout(
        "transactionid encounterid patientid providerid deptid visitdate:date servicedate:date "
        "paiddate:date visittype amount:money amounttype paidamount:money claimid payorid "
        "procedurecode icdcode lineofbusiness medicaidid medicareid insertdate:timestamp "
        "modifieddate:timestamp",
        "transactionid",
        dollars={
            "charges": ("amount", f"lower(trim(amounttype)) in {_CHARGES}"),
            "patient payments": ("paidamount", f"lower(trim(amounttype)) in {_PAYMENTS}"),
            "write-offs": (
                "amount",
                f"lower(trim(amounttype)) not in {(*_CHARGES, *_PAYMENTS)}",
            ),
        },
        modified="modifieddate",
    ),
    # what not every hospital keeps in its database
    "encounter_status": layout(
        "encounterid dischargedate:date documentationstatus signeddate:date codeddate:date "
        "modifieddate:timestamp",
        "encounterid",
        modified="modifieddate",
        optional=True,
    ),
    "diagnoses": layout(
        "diagnosisid encounterid icdcode sequence:integer modifieddate:timestamp",
        "diagnosisid",
        modified="modifieddate",
        optional=True,
    ),
    "appointments": layout(
        "appointmentid patientid providerid deptid bookeddate:date scheduleddate:date visittype "
        "status encounterid modifieddate:timestamp",
        "appointmentid",
        modified="modifieddate",
        optional=True,
    ),
    "eligibility_checks": layout(
        "checkid patientid encounterid appointmentid payorid checkdate:date status "
        "modifieddate:timestamp",
        "checkid",
        modified="modifieddate",
        optional=True,
    ),
    "authorizations": layout(
        "authid patientid encounterid payorid procedurecode requesteddate:date decisiondate:date "
        "status authnumber modifieddate:timestamp",
        "authid",
        modified="modifieddate",
        optional=True,
    ),
    "staff": layout("staffid firstname lastname role hireddate:date", "staffid", optional=True),
    "work_log": layout(
        "workid staffid workdate:date activity encounterid claimid minutes:integer "
        "modifieddate:timestamp",
        "workid",
        modified="modifieddate",
        optional=True,
    ),
}
LAYOUTS = {
    "hospital_a": {"patients": _PATIENTS_A, **_SHARED},
    "hospital_b": {"patients": _PATIENTS_B, **_SHARED},
}
"""Source system → table → what we expect of it, by lower-case names.

A table may be absent if it is optional; of a table that is there, every column is needed."""

TABLES_A = {name: known.schema(as_text=False) for name, known in LAYOUTS["hospital_a"].items()}
TABLES_B = {name: known.schema(as_text=False) for name, known in LAYOUTS["hospital_b"].items()}

_SERVERS = {
    "mysql": ("mysql", "mysql_scanner"),
    "mariadb": ("mysql", "mysql_scanner"),
    "postgresql": ("postgres", "postgres_scanner"),
    "postgres": ("postgres", "postgres_scanner"),
}
"""Scheme of a URL → (type of the attached database, DuckDB extension)."""


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
    is_usable: bool = True


def load_hospital(
    lake: Lake, source_system: str, url: str, progress: Progress = None
) -> LoadSummary:
    """Land what is new in the database of `hospital_a` or `hospital_b`, as one batch.

    `url` is the path of a DuckDB file, `mysql://user:password@host/database` or `postgresql://…`.
    Raises SourceUnavailable when the database cannot be opened or stops answering.
    """
    layouts = LAYOUTS[source_system]
    declare(lake, source_system, {n: known.schema(as_text=False) for n, known in layouts.items()})
    summary = LoadSummary(source_system)
    with tabular.connect(lake) as con:
        reader = _Reader(lake, source_system, url, con)
        extracts: list[_Extract] = []
        for number, (table, expected) in enumerate(layouts.items()):
            if progress:
                progress(number, len(layouts), table)
            if reader.has(table) or not expected.optional:
                extracts.append(reader.extract(table, expected))
        absent = [t for t, known in layouts.items() if known.optional and not reader.has(t)]
        if absent:
            summary.messages.append(
                f"{source_system}: the database has no such table as {', '.join(absent)}; "
                "what is computed from it stays empty"
            )
            summary.rows |= dict.fromkeys(absent, 0)
        _land(lake, source_system, con, extracts, reader.latest, summary)
        if progress:
            progress(len(layouts), len(layouts), source_system)
    return summary


class _Reader:
    """One attached database."""

    def __init__(
        self, lake: Lake, source_system: str, url: str, con: duckdb.DuckDBPyConnection
    ) -> None:
        self.lake, self.source_system, self.con = lake, source_system, con
        self._url = url
        self._attach()
        self._tables = self._list_tables()
        self.latest = self._latest_modification()

    def has(self, table: str) -> bool:
        """Whether the database has a table of this name, whatever its case."""
        return table in self._tables

    def extract(self, table: str, expected: Layout) -> _Extract:
        """Read and check what is new in one table, into relations of the session."""
        extract = _Extract(table)
        found = self._tables.get(table)
        if not found:
            self._refuse(extract, f"there is no table {table}", sorted(self._tables))
            return extract
        columns = self._columns(found)
        needed, others = expected.missing(columns)
        if absent := needed + others:
            self._refuse(extract, f"there is no column {', '.join(absent)}", sorted(columns))
            return extract

        watermark = self._watermark(table, expected)
        has_repeats = self._read(table, found, columns, expected, watermark)
        bad = tabular.check(self.con, table, expected, as_text=False)
        if len(bad) > MAX_BAD_ROWS:
            reason = f"more than {MAX_BAD_ROWS:,} rows break a rule, the first: {bad[0].reason}"
            self._refuse(extract, reason, sorted(columns), bad[0].rule_id)
            return extract
        extract.items = [
            tabular.quarantined(
                row,
                self.source_system,
                row.arrival_date or self.latest,
                content_sha256=hashlib.sha256(row.content.encode()).hexdigest(),
            )
            for row in bad
        ]
        extract.rows = self._without_known(table, expected, watermark, has_repeats)
        self._measure(extract, expected)
        return extract

    def _attach(self) -> None:
        try:
            scheme = urlsplit(self._url).scheme.split("+")[0].lower()
            if scheme in _SERVERS:
                self._attach_server(scheme)
            else:
                path = Path(self._url.removeprefix("duckdb://")).expanduser()
                if not path.is_file():
                    raise self._unavailable("there is no such database file")
                self.con.execute(f"attach {literal(path)} as source_db (read_only, type duckdb)")
        except (duckdb.Error, ValueError, ImportError) as error:
            raise self._unavailable(self._told(error)) from None

    def _attach_server(self, scheme: str) -> None:
        import duckdb_extensions

        kind, extension = _SERVERS[scheme]
        duckdb_extensions.import_extension(extension, con=self.con)
        if kind == "mysql":
            self.con.execute("set mysql_tinyint1_as_boolean = false")
            self.con.execute("set mysql_session_time_zone = '+00:00'")
        parts = urlsplit(self._url)
        login = {
            "host": parts.hostname,
            "port": parts.port,
            "database": parts.path.lstrip("/"),
            "user": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
        }
        given = ", ".join(f"{name} {literal(value)}" for name, value in login.items() if value)
        # a secret, so that no error message repeats the password
        self.con.execute(f"create secret source_login (type {kind}, {given})")
        self.con.execute(f"attach '' as source_db (type {kind}, read_only, secret source_login)")

    def _list_tables(self) -> dict[str, str]:
        """Lower-case name → qualified name; of a name in several schemas, the usual schema's."""
        rows = self._ask(
            "select table_schema, table_name from information_schema.tables "
            "where table_catalog = 'source_db' and table_schema not in "
            "('information_schema', 'pg_catalog', 'mysql', 'performance_schema', 'sys') "
            "order by table_schema not in ('main', 'public'), table_schema, table_name"
        )
        tables: dict[str, str] = {}
        for schema, name in rows:
            tables.setdefault(name.lower(), f"source_db.{quoted(schema)}.{quoted(name)}")
        return tables

    def _columns(self, relation: str) -> dict[str, str]:
        """Lower-case name → name of the columns of a table; names with `_` in front are ours."""
        names = [row[0] for row in self._ask(f"describe select * from {relation}")]
        return {name.lower(): name for name in names if not name.startswith("_")}

    def _latest_modification(self) -> date:
        """The last day on which anything changed: the date of what has none of its own."""
        days = [UNDATED]
        for table, expected in LAYOUTS[self.source_system].items():
            found = self._tables.get(table)
            if found and expected.modified in (columns := self._columns(found)):
                modified = quoted(columns[expected.modified])
                ((last,),) = self._ask(
                    f"select max(try_cast({modified} as timestamp)) from {found}"
                )
                if last:
                    days.append(last.date())
        return max(days)

    def _watermark(self, table: str, expected: Layout) -> datetime | None:
        if not expected.modified:
            return None
        scan = self.lake.scan(self.source_system, table)
        ((last,),) = self.con.execute(f"select max({expected.modified}) from {scan}").fetchall()
        return last

    def _read(
        self,
        table: str,
        found: str,
        columns: dict[str, str],
        expected: Layout,
        watermark: datetime | None,
    ) -> bool:
        """Copy the rows that may be new to temp table `table`; True if keys repeat in the source.

        All rows of a repeated key are read whatever their age, in an order that does not depend on
        the source's: which of them is the first must be the same in every load.
        """
        key = columns[expected.key[0]]
        self._ask(
            f"create or replace temp table {table}_repeated as select {quoted(key)} as repeated "
            f"from {found} where {quoted(key)} is not null group by 1 having count(*) > 1"
        )
        ((repeats,),) = self._ask(f"select count(*) from {table}_repeated")
        order = condition = ""
        if repeats:
            order = "order by " + ", ".join(
                quoted(columns[name])
                for name in (expected.modified, *sorted(columns))
                if name is not None
            )
        arrival = f"date '{self.latest}'"
        if expected.modified:
            modified = quoted(columns[expected.modified])
            arrival = f"try_cast({modified} as date)"
            if watermark:
                kind = self._ask(f"describe select {modified} from {found}")[0][1]
                value = modified if kind == "TIMESTAMP" else f"try_cast({modified} as timestamp)"
                condition = f"where {value} >= timestamp '{watermark}' or {value} is null"
                if repeats:
                    condition += f" or {quoted(key)} in (from {table}_repeated)"
        # '/' separates interchange and segment in a position
        position = f"replace(coalesce(cast({quoted(key)} as varchar), ''), '/', '%2F')"
        names = ", ".join(f"{quoted(name)} as {quoted(to)}" for to, name in columns.items())
        self._ask(
            f"create or replace temp table {table} as select {names}, {literal(table)} as _file, "
            f"row_number() over ({order}) as _row, {position} as _position, "
            f"{arrival} as _arrival_date from {found} {condition}"
        )
        return bool(repeats)

    def _without_known(
        self, table: str, expected: Layout, watermark: datetime | None, has_repeats: bool
    ) -> str:
        """The checked rows that the lake does not hold yet, as a relation."""
        scan = self.lake.scan(self.source_system, table)
        key = expected.key[0]
        if not expected.modified:
            # a value that came back is news again: compare with the last version only
            known = (
                f"select * from {scan} qualify row_number() over "
                f"(partition by {key} order by _arrival_date desc, _loaded_at desc) = 1"
            )
        elif watermark:
            known = (
                f"select * from {scan} where _arrival_date >= date '{watermark:%Y-%m-%d}' "
                f"and {expected.modified} >= timestamp '{watermark}'"
            )
            if has_repeats:
                repeated = f"(select cast(repeated as varchar) from {table}_repeated)"
                known = f"select * from {scan} where {expected.modified} >= " + (
                    f"timestamp '{watermark}' or {key} in {repeated}"
                )
        else:
            return f"{table}_good"
        same = " and ".join(
            f"new.{quoted(c.name)} is not distinct from known.{quoted(c.name)}"
            for c in expected.columns
        )
        self.con.execute(
            f"create or replace temp table {table}_new as select * from {table}_good as new "
            f"where not exists (select 1 from ({known}) as known where {same})"
        )
        return f"{table}_new"

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
        self, extract: _Extract, problem: str, found: Sequence[str], rule: str = MISSING
    ) -> None:
        """Quarantine a whole table; its rows stay in the database until it is mended."""
        content = json.dumps({"table": extract.table, "found": list(found)}).encode()
        extract.is_usable = False
        extract.items = [
            tabular.whole(
                self.source_system,
                extract.table,
                rule,
                f"{problem} in {redact(self._url)}; found: {', '.join(found)}. The table was not "
                "loaded, the others were. Mend it in the database, then load again",
                content,
                self.latest,
                hashlib.sha256(content).hexdigest(),
                level="table",
            )
        ]

    def _ask(self, sql: str) -> list[tuple]:
        """Run SQL that reads the source."""
        try:
            return self.con.execute(sql).fetchall()
        except duckdb.Error as error:
            raise self._unavailable(self._told(error)) from None

    def _unavailable(self, problem: str) -> SourceUnavailable:
        try:
            where = redact(self._url)
        except ValueError:  # not even a URL: show nothing of it
            where = "its URL"
        return SourceUnavailable(
            f"the database of {self.source_system} cannot be read ({problem})",
            where,
            f"Check that it runs and that RCM_{self.source_system.upper()}_URL is right; "
            "the other sources go on",
        )

    def _told(self, error: Exception) -> str:
        """The first line of an error, without the password."""
        text = (str(error) or type(error).__name__).splitlines()[0]
        try:
            password = urlsplit(self._url).password
        except ValueError:
            return "it is not a URL"
        for secret in {password, unquote(password)} if password else ():
            text = text.replace(secret, "***")
        return text


def _land(
    lake: Lake,
    source_system: str,
    con: duckdb.DuckDBPyConnection,
    extracts: Sequence[_Extract],
    latest: date,
    summary: LoadSummary,
) -> None:
    """Write what is new as one batch; nothing new leaves no trace."""
    # a row or table that is still broken is not held twice
    known = lake.quarantine_ids(source_system) if any(e.items for e in extracts) else set()
    received = []
    for extract in extracts:
        if not extract.is_usable:
            summary.files_quarantined += 1
            summary.messages += [
                f"{source_system} {extract.table}: {item.reason} ({item.rule_id})"
                for item in extract.items
                if item.quarantine_id in known
            ]
        extract.items = [item for item in extract.items if item.quarantine_id not in known]
        is_news = bool(extract.row_count or extract.items)
        if is_news:
            received.append(_account(extract, source_system, latest))
        summary.files_loaded += extract.is_usable and is_news
        summary.files_skipped += extract.is_usable and not is_news
        summary.rows[extract.table] = extract.row_count
        summary.dollar_amounts |= extract.dollars
    summary.byte_count = sum(file.byte_count for file in received)
    items = [item for extract in extracts for item in extract.items]
    tabular.note_quarantine(summary, items)
    with lake.batch(source_system, [file.content_sha256 for file in received]) as batch:
        for extract in extracts:
            if extract.rows and extract.row_count:
                tabular.land(con, extract.rows, batch, source_system, extract.table, source_system)
        write_platform_rows(batch, received, items)


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
