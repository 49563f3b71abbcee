"""A database of somebody else's, attached to a DuckDB session to be read and never written.

Every question is asked again a few times when the server is away; then it is SourceUnavailable.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import duckdb

from rcm_platform.settings import redact
from rcm_platform.sources.base import SourceUnavailable
from rcm_platform.sources.database_url import ENCODE, Kind, NotReadableUrl, parse
from rcm_platform.sources.duckdb_errors import without_values
from rcm_platform.sources.silent_server import cut_off_when_silent, is_silent
from rcm_platform.sources.tabular import OLDEST, literal, quoted

RETRY_WAITS = (1.0, 3.0, 9.0)
"""Seconds before each further attempt: a restart of a server, or a short loss of the network."""

LOCK_SECONDS = 60
"""How long a table is waited for that another session keeps locked; it is held then, as T8."""

_EXTENSIONS: dict[Kind, str] = {"mysql": "mysql_scanner", "postgres": "postgres_scanner"}
"""Type of an attached server → the DuckDB extension that reads it."""

_SYSTEM_SCHEMAS = "('information_schema', 'pg_catalog', 'mysql', 'performance_schema', 'sys')"

# what another attempt cannot mend, in the words of MySQL, MariaDB and PostgreSQL
_LASTING = (
    "access denied",
    "authentication failed",
    "unknown database",
    "does not exist",
    "doesn't exist",
    "no pg_hba.conf entry",
    "permission denied",
    "command denied",
    "references invalid",
    "lock timeout",
    "lock wait timeout",
    "maximum statement execution time exceeded",
)

_READABLE_SCHEMAS = """
    select nspname::text from pg_namespace as schemas
    where has_schema_privilege(oid, 'usage') and exists (
        select 1 from pg_class where relnamespace = schemas.oid
            and relkind in ('r', 'p', 'v', 'm', 'f') and has_table_privilege(oid, 'select'))
"""
"""Schemas of PostgreSQL in which the login may read at least one table."""

_NAME_ONE: dict[Kind, str] = {
    "mysql": "mysql://…@host/database",
    "postgres": "postgresql://…@host/database?search_path=schema",
    "duckdb": "duckdb:///folder/file.duckdb?search_path=schema",
}

# indexes of one column that let no value occur twice
_UNIQUE_INDEXES = {
    "mysql": """
        select index_name from information_schema.statistics
        where table_schema = {schema} and table_name = {table}
        group by index_name
        having max(non_unique) = 0 and count(*) = 1 and max(column_name) = {column}
    """,
    "postgres": """
        select indexrelid::bigint from pg_index
        join pg_class on pg_class.oid = indrelid
        join pg_namespace on pg_namespace.oid = relnamespace
        join pg_attribute on attrelid = indrelid and attnum = indkey[0]
        where nspname = {schema} and relname = {table} and attname = {column}
            and indisunique and indisvalid and indnkeyatts = 1 and indpred is null
    """,
}

# a materialized view stands in no information_schema
_NUMERIC_COLUMNS = """
    select attname::text, atttypid <> 'numeric'::regtype
        or atttypmod < 0 or ((atttypmod - 4) >> 16) & 65535 > 38
    from pg_attribute
    join pg_class on pg_class.oid = attrelid
    join pg_namespace on pg_namespace.oid = relnamespace
    where nspname = {schema} and relname = {table}
        and atttypid in ('numeric'::regtype, 'numeric[]'::regtype)
        and attnum > 0 and not attisdropped
"""
"""Numeric columns of a table in PostgreSQL, and whether they hold more than DuckDB can: more
digits, or a list of such numbers."""

_OWN_COLUMNS = """
    select column_name, case
        when data_type in ('date', 'datetime') then 'date'
        when data_type = 'decimal' and numeric_precision > 38 then 'wide'
        when character_set_name is not null or data_type = 'json' then 'text'
    end
    from information_schema.columns
    where table_schema = {schema} and table_name = {table}
    order by ordinal_position
"""
"""Columns of a table in MySQL: which are dates, hold more digits than DuckDB can, or are text."""

_LOCKED = re.compile("(?i)lock (wait )?timeout|maximum statement execution time exceeded")
_NO_CALENDAR = re.compile("Date out of range|Timestamp out of range")

_LOST = re.compile(
    "(?i)connection|gone away|server has closed|broken pipe|socket|unexpected eof|ssl syscall"
)
"""What is said where the connection failed, and not the question."""

_NAMES_SHOWN = 12

_log = logging.getLogger(__name__)


class NotAnswered(SourceUnavailable):
    """A question about a table that the database refuses, while it answers others; `reason` is its
    own."""

    def __init__(self, told: SourceUnavailable, reason: str) -> None:
        super().__init__(told.what, told.where, told.what_to_do)
        self.reason = reason

    @property
    def is_of_no_calendar(self) -> bool:
        """Whether a date is none that a calendar has, such as 2025-02-30."""
        return bool(_NO_CALENDAR.search(self.reason))


class _Refused(Exception):  # noqa: N818 (as SourceUnavailable)
    """What the server will not do, in its own words, however often it is asked."""


class AttachedDatabase:
    """The database behind a URL, as `source_db` of a DuckDB session.

    `url` is the path of a DuckDB file, `mysql://user:password@host/database` or `postgresql://…`;
    `timezone` is that of its clocks; `wanted` are the tables that are looked for, by lower-case
    names. They are those of one place:
    the database of the URL (MySQL), the search path of the URL or of the login (PostgreSQL), the
    main schema (DuckDB); failing that, of the only other schema that has any.

    Every method raises SourceUnavailable when the database cannot be opened or stops answering,
    NotAnswered when it refuses the question alone.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        source_system: str,
        url: str,
        wanted: Collection[str] = (),
        timezone: str = "UTC",
    ) -> None:
        self.timezone = timezone
        self.con, self.source_system, self._url = con, source_system, url
        self._is_attached = False
        try:
            self._parsed = parse(url)
        except NotReadableUrl as problem:
            raise self._unavailable(str(problem)) from None
        self._kind = self._parsed.kind
        self._tables = self._find_tables({name.lower() for name in wanted})
        self._refusals = {name: self._refusal(name) for name in sorted(wanted)}
        self._numerics: dict[str, tuple[list[str], list[str]]] = {}
        self._moments: dict[str, list[str]] = {}
        self._kinds: dict[str, dict[str, str | None]] = {}
        self._with_dates_as_text: set[str] = set()

    @property
    def where(self) -> str:
        """The URL without its password."""
        return redact(self._url)

    @property
    def tables(self) -> list[str]:
        """Lower-case names of the tables."""
        return sorted(self._tables)

    def relation(self, table: str) -> str:
        """A table as DuckDB names it. Raises KeyError when there is none."""
        schema, name = self._tables[table]
        return f"source_db.{quoted(schema)}.{quoted(name)}"

    def refusal(self, table: str) -> str | None:
        """Why the server lets nobody read a wanted table, in its own words; None when it does."""
        return self._refusals.get(table)

    def columns(self, table: str) -> dict[str, tuple[str, str]]:
        """Lower-case name → (name, type) of a table's columns: the DuckDB type of `rows`, or
        NUMERIC where the server has exact numbers of any size, which come as text.

        Names with `_` in front are left out: they are the lake's own.
        """
        described = self.ask(f"describe {self._with_moments(table, self._readable(table))}")
        exact = [*self._numeric_columns(table)[0], *self._of_kind(table, "wide")]
        return {
            name.lower(): (name, "NUMERIC" if name in exact else kind)
            for name, kind, *_ in described
            if name[:1] != "_"
        }

    def rows(self, table: str, condition: str = "true") -> str:
        """A relation of the rows of a table that fulfil a condition.

        Numbers of PostgreSQL that DuckDB has no type for (any number of digits, NaN) are text.
        """
        exact, others = self._numeric_columns(table)
        own = self._own_relation(table)
        if not exact and others:
            is_nan = " or ".join(f"{self._own_quotes(name)} = 'NaN'" for name in others)
            found = self._let(
                "select * from {}", f"select 1 from {own} where ({is_nan}) and {condition} limit 1"
            )
            exact = others if found else []
        if not exact:
            return f"({self._with_moments(table, self._readable(table))} where {condition})"
        return self._asking(f"select {self._texts(table)} from {own} where {condition}")

    def read_dates_as_text(self, table: str) -> bool:
        """From now on read the dates of a table as the server writes them, since one of them is
        none; whether that is another way than before."""
        if self._kind != "mysql" or table in self._with_dates_as_text:
            return False
        self._with_dates_as_text.add(table)
        return True

    def _readable(self, table: str) -> str:
        """The relation of a table whose values can be read."""
        if not self._of_kind(table, "wide") and table not in self._with_dates_as_text:
            return self.relation(table)
        return self._asking(f"select {self._texts(table)} from {self._own_relation(table)}")

    def _of_kind(self, table: str, kind: str) -> list[str]:
        """The columns of a table in MySQL of one of the kinds of _OWN_COLUMNS."""
        return [name for name, found in self._kinds_of(table).items() if found == kind]

    def _kinds_of(self, table: str) -> dict[str, str | None]:
        if self._kind != "mysql":
            return {}
        if table not in self._kinds:
            schema, name = self._tables[table]
            question = _OWN_COLUMNS.format(schema=literal(schema), table=literal(name))
            self._kinds[table] = dict(self._let("select * from {}", question))
        return self._kinds[table]

    def check_lock(self, table: str) -> None:
        """Ask for a table that is about to be read. Raises NotAnswered where another session keeps
        it locked for longer than LOCK_SECONDS."""
        if self._kind != "duckdb":
            self.ask(f"select * from {self._asking(self._first_of(self._own_relation(table)))}")

    def _first_of(self, relation: str) -> str:
        """A question about a table alone, which waits for a lock no longer than it may: each of
        MariaDB and MySQL takes the words of the other for a comment, and PostgreSQL was told."""
        if self._kind != "mysql":
            return f"select * from {relation} limit 0"
        return (
            f"/*M! set statement lock_wait_timeout = {LOCK_SECONDS} for */ "
            f"select /*+ max_execution_time({LOCK_SECONDS * 1000}) */ * from {relation} limit 0"
        )

    def moment(self, told: datetime) -> str:
        """SQL of a moment that the hospital's clocks tell, to be compared in a condition of `rows`
        with a column that bears a time zone."""
        if self._kind != "mysql":
            return f"timestamptz '{told} {self.timezone}'"
        in_utc = told.replace(tzinfo=ZoneInfo(self.timezone)).astimezone(UTC)
        return f"timestamp '{in_utc.replace(tzinfo=None)}'"

    def _with_moments(self, table: str, relation: str) -> str:
        """A query of a relation with a table's columns, in which moments bear their time zone."""
        told = ", ".join(
            f"timezone('UTC', {quoted(name)}) as {quoted(name)}"
            for name in self._moment_columns(table)
        )
        return f"select * replace ({told}) from {relation}" if told else f"from {relation}"

    def _moment_columns(self, table: str) -> list[str]:
        """The TIMESTAMP columns of a table in MySQL: moments, which the session tells in UTC, and
        which DuckDB takes for times without a zone."""
        if self._kind != "mysql":
            return []
        if table not in self._moments:
            schema, name = self._tables[table]
            rows = self._let(
                "select * from {}",
                "select column_name from information_schema.columns "
                f"where table_schema = {literal(schema)} and table_name = {literal(name)} "
                "and data_type = 'timestamp'",
            )
            self._moments[table] = [column for (column,) in rows]
        return self._moments[table]

    def _texts(self, table: str) -> str:
        """The columns of a table in the server's own words; as text where an answer in those words
        would be told otherwise: numbers, and text of MySQL that is compared by its bytes."""
        if self._kind == "mysql":
            names = list(self._kinds_of(table))
        elif any(self._numeric_columns(table)):
            names = [n for n, *_ in self.ask(f"describe select * from {self.relation(table)}")]
        else:
            return "*"
        return ", ".join(f"{self._text(table, n)} as {self._own_quotes(n)}" for n in names)

    def _text(self, table: str, column: str) -> str:
        """A column in the server's own words."""
        own, (exact, others) = self._own_quotes(column), self._numeric_columns(table)
        if column in (*exact, *others):
            return f"{own}::text"
        kind = self._kinds_of(table).get(column)
        if kind == "date" and table in self._with_dates_as_text:
            # none, where it is of no day, such as 2025-00-00
            return f"case when cast({own} as char) not like '%-00%' then cast({own} as char) end"
        return f"cast({own} as char)" if kind in ("text", "wide") else own

    def _numeric_columns(self, table: str) -> tuple[list[str], list[str]]:
        """The numeric columns of a table in PostgreSQL: those that DuckDB has no exact type for,
        and the others."""
        if self._kind != "postgres":
            return [], []
        if table not in self._numerics:
            schema, name = self._tables[table]
            question = _NUMERIC_COLUMNS.format(schema=literal(schema), table=literal(name))
            rows = self._let("select * from {}", question)
            self._numerics[table] = (
                [name for name, is_long in rows if is_long],
                [name for name, is_long in rows if not is_long],
            )
        return self._numerics[table]

    def latest(self, table: str, column: str, kind: str, until: date) -> datetime | None:
        """The latest value of a date column until the end of a day, found by the server."""
        edge = f"'{min(until, date(2099, 12, 31)):%Y-%m-%d} 23:59:59.999999'"
        if not kind.startswith(("DATE", "TIMESTAMP")):
            return self.ask(
                "select max(moment) from (select "
                f"try_cast(cast({quoted(column)} as varchar) as timestamp) as moment "
                f"from {self._readable(table)}) where moment <= timestamp {edge}"
            )[0][0]
        name = self._own_quotes(column)
        found = "timezone('UTC', found)" if column in self._moment_columns(table) else "found"
        return self._let(
            f"select cast(max({found}) as timestamp) from {{}} as t(found)",
            f"select max({name}) from {self._own_relation(table)} where {name} <= {edge}",
        )[0][0]

    def repeated_keys(self, table: str, key: str, at_most: int) -> list[str]:
        """Values of a key that occur more than once, as text; the server looks for them.

        Where it guards the key itself, with a unique index, there are none.
        """
        if self._is_guarded(table, key):
            return []
        name, text = self._own_quotes(key), self._text(table, key)
        rows = self._let(
            "select cast(key as varchar) from {} as t(key) order by 1",
            f"select {text} from {self._own_relation(table)} where {name} is not null "
            f"group by {name} having count(*) > 1 limit {at_most}",
        )
        return [value for (value,) in rows]

    def undated_rows(self, table: str, column: str) -> str:
        """A relation of the rows of a table in which a date column names no day: NULL, or a filler
        such as 0000-00-00.

        The server looks for them: DuckDB hands it comparisons with a value, but not with NULL.
        """
        name = self._own_quotes(column)
        found = self._asking(
            f"select {self._texts(table)} from {self._own_relation(table)} "
            f"where {name} is null or {name} < '{OLDEST}'"
        )
        return f"({self._with_moments(table, found)})"

    def ask(self, sql: str) -> list[tuple]:
        """Run SQL that reads the source; again, from the start, when the server went away."""
        try:
            return self._answer(sql)
        except _Refused as problem:
            said = str(problem)
            if self._is_attached:
                raise NotAnswered(self._unavailable(said), said) from None
            # a character that is not encoded makes another password of it
            hint = f"; {ENCODE}" if re.search("(?i)access denied|authentication", said) else ""
            raise self._unavailable(said + hint) from None

    def _answer(self, sql: str) -> list[tuple]:
        """As `ask`; raises _Refused where another attempt would fail in the same way."""
        for wait in (*RETRY_WAITS, None):
            try:
                with cut_off_when_silent(self._kind, self._parsed.login):
                    if not self._is_attached:
                        self._attach()
                    return self.con.execute(sql).fetchall()
            except (duckdb.Error, ImportError, ValueError, TimeoutError) as error:
                told = self._told(error)
                if self._is_lasting(error):
                    if _LOCKED.search(told):
                        told = (
                            "another session keeps it locked, and it was waited for "
                            f"{LOCK_SECONDS} s: {told}"
                        )
                    raise _Refused(told) from None
                if wait is None:
                    if not _LOST.search(str(error)) and self._answers_others():
                        raise _Refused(told) from None
                    tries = len(RETRY_WAITS) + 1
                    raise self._unavailable(f"{told}; it was tried {tries} times") from None
                _log.warning(
                    "the database of %s does not answer (%s): again in %g s",
                    self.source_system, told, wait,
                )  # fmt: skip
            self._detach()
            time.sleep(wait)
        raise AssertionError("every attempt returns or raises")

    def _answers_others(self) -> bool:
        """Whether the fault lies in what was asked: a table that is locked, a view that fails."""
        if not self._is_attached:
            return False
        try:
            self.con.execute(f"select * from {self._asking('select 1')}").fetchall()
        except duckdb.Error:
            return False
        return True

    def _is_guarded(self, table: str, column: str) -> bool:
        if self._kind == "duckdb":
            return False
        schema, name = self._tables[table]
        question = _UNIQUE_INDEXES[self._kind].format(
            schema=literal(schema), table=literal(name), column=literal(column)
        )
        return bool(self._let("select * from {}", question))

    def _let(self, sql: str, question: str) -> list[tuple]:
        """Ask a question in the server's own words, inside SQL of ours where `{}` stands."""
        return self.ask(sql.format(self._asking(question)))

    def _asking(self, question: str) -> str:
        """A question in the server's own words, as a relation."""
        if self._kind == "duckdb":
            return f"({question})"
        return f"{self._kind}_query('source_db', {literal(question)})"

    def _own_quotes(self, name: str) -> str:
        return "`" + name.replace("`", "``") + "`" if self._kind == "mysql" else quoted(name)

    def _own_relation(self, table: str) -> str:
        schema, name = self._tables[table]
        if self._kind == "duckdb":
            return self.relation(table)
        return f"{self._own_quotes(schema)}.{self._own_quotes(name)}"

    def _attach(self) -> None:
        import duckdb_extensions

        # moments with a time zone are told in the hospital's, which is not that of this machine
        duckdb_extensions.import_extension("icu", con=self.con)
        self.con.execute(f"set TimeZone = {literal(self.timezone)}")
        if path := self._parsed.path:
            if not path.is_file():
                raise self._unavailable("there is no such database file")
            self.con.execute(f"attach {literal(path)} as source_db (read_only, type duckdb)")
        else:
            self._attach_server()
        self._is_attached = True

    def _attach_server(self) -> None:
        import duckdb_extensions

        login, options = dict(self._parsed.login), dict(self._parsed.options)
        if is_silent(self._kind, login):
            raise TimeoutError("the server takes connections and then says nothing")
        duckdb_extensions.import_extension(_EXTENSIONS[self._kind], con=self.con)
        if self._kind == "mysql":
            self.con.execute("set mysql_tinyint1_as_boolean = false")
            self.con.execute("set mysql_session_time_zone = '+00:00'")
            # 2025-00-00 is no date, as 0000-00-00 is none: unknown, not a failure of the table
            self.con.execute("set mysql_incomplete_dates_as_nulls = true")
            # a large table takes longer than the five minutes after which a query is given up
            self.con.execute("set mysql_query_timeout_enabled = false")
            # packing a million rows takes MySQL three times as long as sending them as they are
            options["compression"] = "disabled"
        else:
            # what the URL says comes behind, and counts
            wait = f"-clock_timeout={LOCK_SECONDS}s"
            options["options"] = f"{wait} {options.get('options', '')}".strip()
            # lists of lists that are not alike are no table's fault
            self.con.execute("set pg_array_as_varchar = true")
        given = ", ".join(f"{name} {literal(value)}" for name, value in login.items())
        # a secret, so that no error message repeats the password
        self.con.execute(f"create or replace secret source_login (type {self._kind}, {given})")
        told = " ".join(
            f"{name}={_driver_text(value, self._kind)}" for name, value in options.items()
        )
        self.con.execute(
            f"attach {literal(told)} as source_db (type {self._kind}, read_only, "
            "secret source_login)"
        )

    def _detach(self) -> None:
        try:
            self.con.execute("detach database if exists source_db")
        except duckdb.Error as error:
            _log.debug("detach: %s", self._told(error))
        self._is_attached = False

    def _find_tables(self, wanted: Collection[str]) -> dict[str, tuple[str, str]]:
        """Lower-case name → (schema, name) of the tables of the place that is meant."""
        found: dict[str, dict[str, tuple[str, str]]] = {}
        for schema, name in self._listed():
            known = found.setdefault(schema, {})
            if name.lower() in known and name.lower() in wanted:
                both = " and ".join(sorted((name, known[name.lower()][1])))
                raise self._unavailable(
                    f"{schema} has the tables {both}, which differ in capitals only; "
                    "give the login the right to one of them"
                )
            known[name.lower()] = (schema, name)
        usual = self._search_path()
        tables: dict[str, tuple[str, str]] = {}
        for schema in usual:
            tables = found.get(schema, {}) | tables
        if set(tables) & set(wanted) or self._parsed.names_a_schema:
            return tables
        others = sorted(s for s in found if s not in usual and set(found[s]) & set(wanted))
        if len(others) > 1:
            raise self._unavailable(
                f"{len(others)} schemas hold the tables: {_some(others)}. Name one in the URL: "
                + _NAME_ONE[self._kind]
            )
        return found[others[0]] if others else tables

    def _listed(self) -> list[tuple]:
        """(schema, name) of every table that the login may see."""
        if self._kind == "mysql":  # DuckDB leaves out a view that does not compile any more
            return self._let(
                "select * from {}",
                "select table_schema, table_name "
                f"from information_schema.tables where table_schema not in {_SYSTEM_SCHEMAS} "
                "order by 1, 2",
            )
        readable = "true"
        if self._kind == "postgres":  # it shows everybody what there is, readable or not
            readable = f"table_schema in (from {self._asking(_READABLE_SCHEMAS)})"
        return self.ask(
            "select table_schema, table_name from information_schema.tables "
            f"where table_catalog = 'source_db' and table_schema not in {_SYSTEM_SCHEMAS} "
            f"and {readable} order by 1, 2"
        )

    def _search_path(self) -> list[str]:
        """The schemas in which a table is looked for, the first first."""
        if self._kind == "postgres":
            return [
                schema
                for (schema,) in self._let(
                    "select * from {}", "select unnest(current_schemas(false))::text"
                )
            ]
        return list(self._parsed.schemas or ("main",) * (self._kind == "duckdb"))

    def _refusal(self, table: str) -> str | None:
        if self._kind == "duckdb":
            return None
        if table in self._tables:
            relation = self._own_relation(table)
        elif self._tables:  # MySQL shows nobody a table that he may not read
            schema, _ = next(iter(self._tables.values()))
            relation = f"{self._own_quotes(schema)}.{self._own_quotes(table)}"
        else:
            return None
        question = self._asking(self._first_of(relation))
        try:
            self._answer(f"select * from {question}")
        except _Refused as problem:
            user = self._parsed.login.get("user", "the login")
            if "denied" in (said := str(problem)):
                return f"{said}: grant select on it to {user}"
            return said if table in self._tables else None
        return None

    def _is_lasting(self, error: Exception) -> bool:
        """Whether another attempt would fail in the same way."""
        lasting = (duckdb.ProgrammingError, duckdb.DataError, duckdb.PermissionException)
        text = str(error).lower()
        is_ours = not isinstance(error, (duckdb.Error, TimeoutError)) or isinstance(error, lasting)
        return is_ours or any(words in text for words in _LASTING)

    def _unavailable(self, problem: str) -> SourceUnavailable:
        return SourceUnavailable(
            f"the database of {self.source_system} cannot be read ({problem})",
            self.where,
            f"Check that it runs and that RCM_{self.source_system.upper()}_URL is right; "
            "the other sources go on",
        )

    def _told(self, error: Exception) -> str:
        """An error with the reason of the server, on one line, without values and password."""
        told = without_values(error) or type(error).__name__
        text = " ".join(told.split("\nLINE ")[0].split())
        text = re.sub('query ".*"', "a query", text)
        # the login is a secret of the session, and no message repeats that; what was asked of the
        # driver beside it is ours
        return re.sub(r' (with parameters|at) "[^"]*"(?=:)', "", text)


def _some(names: Sequence[str]) -> str:
    """Names in a sentence; of very many, how many more there are."""
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _driver_text(value: str, kind: Kind) -> str:
    """An option as the driver reads it: that of MySQL knows no quotes."""
    if kind == "mysql":
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
