"""A database of somebody else's, attached to a DuckDB session to be read and never written.

Every question is asked again a few times when the server is away; then it is SourceUnavailable.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import duckdb

from rcm_platform.settings import redact
from rcm_platform.sources.base import SourceUnavailable
from rcm_platform.sources.duckdb_errors import without_values
from rcm_platform.sources.tabular import literal, quoted

RETRY_WAITS = (1.0, 3.0, 9.0)
"""Seconds before each further attempt: a restart of a server, or a short loss of the network."""

_SERVERS = {
    "mysql": ("mysql", "mysql_scanner"),
    "mariadb": ("mysql", "mysql_scanner"),
    "postgresql": ("postgres", "postgres_scanner"),
    "postgres": ("postgres", "postgres_scanner"),
}
"""Scheme of a URL → (type of the attached database, DuckDB extension)."""

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
)

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

_log = logging.getLogger(__name__)


class AttachedDatabase:
    """The database behind a URL, as `source_db` of a DuckDB session.

    `url` is the path of a DuckDB file, `mysql://user:password@host/database` or `postgresql://…`.
    Every method raises SourceUnavailable when the database cannot be opened or stops answering.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, source_system: str, url: str) -> None:
        self.con, self.source_system, self._url = con, source_system, url
        self._is_attached = False
        try:
            scheme = urlsplit(url).scheme.split("+")[0].lower()
        except ValueError as error:
            raise self._unavailable(self._told(error)) from None
        self._kind, self._extension = _SERVERS.get(scheme, ("duckdb", ""))
        self._tables = self._list_tables()

    @property
    def where(self) -> str:
        """The URL without its password."""
        try:
            return redact(self._url)
        except ValueError:  # not even a URL: show nothing of it
            return "its URL"

    @property
    def tables(self) -> list[str]:
        """Lower-case names of the tables."""
        return sorted(self._tables)

    def relation(self, table: str) -> str:
        """A table as DuckDB names it. Raises KeyError when there is none."""
        schema, name = self._tables[table]
        return f"source_db.{quoted(schema)}.{quoted(name)}"

    def columns(self, table: str) -> dict[str, tuple[str, str]]:
        """Lower-case name → (name, DuckDB type) of a table's columns.

        Names with `_` in front are left out: they are the lake's own.
        """
        described = self.ask(f"describe select * from {self.relation(table)}")
        return {name.lower(): (name, kind) for name, kind, *_ in described if name[:1] != "_"}

    def latest(self, table: str, column: str, kind: str) -> datetime | None:
        """The latest value of a date column before the year 2100, found by the server."""
        if not kind.startswith(("DATE", "TIMESTAMP")):
            return self.ask(
                f"select max(moment) from (select try_cast({quoted(column)} as timestamp) as moment"
                f" from {self.relation(table)}) where moment < timestamp '2100-01-01'"
            )[0][0]
        name = self._own_quotes(column)
        return self._let(
            "select cast(max(found) as timestamp) from {} as t(found)",
            f"select max({name}) from {self._own_relation(table)} where {name} < '2100-01-01'",
        )[0][0]

    def repeated_keys(self, table: str, key: str, at_most: int) -> list[str]:
        """Values of a key that occur more than once, as text; the server looks for them.

        Where it guards the key itself, with a unique index, there are none.
        """
        if self._is_guarded(table, key):
            return []
        name = self._own_quotes(key)
        rows = self._let(
            "select cast(key as varchar) from {} as t(key) order by 1",
            f"select {name} from {self._own_relation(table)} where {name} is not null "
            f"group by {name} having count(*) > 1 limit {at_most}",
        )
        return [value for (value,) in rows]

    def blank_rows(self, table: str, column: str) -> str:
        """A relation of the rows of a table in which a column is NULL.

        The server looks for them: DuckDB hands it comparisons with a value, but not this one.
        """
        name = self._own_quotes(column)
        return self._asking(f"select * from {self._own_relation(table)} where {name} is null")

    def ask(self, sql: str) -> list[tuple]:
        """Run SQL that reads the source; again, from the start, when the server went away."""
        for wait in (*RETRY_WAITS, None):
            try:
                if not self._is_attached:
                    self._attach()
                return self.con.execute(sql).fetchall()
            except (duckdb.Error, ImportError, ValueError) as error:
                told = self._told(error)
                if self._is_lasting(error):
                    raise self._unavailable(told) from None
                if wait is None:
                    tries = len(RETRY_WAITS) + 1
                    raise self._unavailable(f"{told}; it was tried {tries} times") from None
                _log.warning(
                    "the database of %s does not answer (%s): again in %g s",
                    self.source_system, told, wait,
                )  # fmt: skip
            self._detach()
            time.sleep(wait)
        raise AssertionError("every attempt returns or raises")

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

        # moments with a time zone are told in one that does not depend on this machine
        duckdb_extensions.import_extension("icu", con=self.con)
        self.con.execute("set TimeZone = 'UTC'")
        if self._kind == "duckdb":
            path = Path(self._url.removeprefix("duckdb://")).expanduser()
            if not path.is_file():
                raise self._unavailable("there is no such database file")
            self.con.execute(f"attach {literal(path)} as source_db (read_only, type duckdb)")
        else:
            self._attach_server()
        self._is_attached = True

    def _attach_server(self) -> None:
        import duckdb_extensions

        duckdb_extensions.import_extension(self._extension, con=self.con)
        if self._kind == "mysql":
            self.con.execute("set mysql_tinyint1_as_boolean = false")
            self.con.execute("set mysql_session_time_zone = '+00:00'")
            # 2025-00-00 is no date, as 0000-00-00 is none: unknown, not a failure of the table
            self.con.execute("set mysql_incomplete_dates_as_nulls = true")
            # a large table takes longer than the five minutes after which a query is given up
            self.con.execute("set mysql_query_timeout_enabled = false")
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
        self.con.execute(f"create or replace secret source_login (type {self._kind}, {given})")
        # packing a million rows takes MySQL three times as long as sending them as they are
        options = "compression=disabled" if self._kind == "mysql" else ""
        self.con.execute(
            f"attach {literal(options)} as source_db "
            f"(type {self._kind}, read_only, secret source_login)"
        )

    def _detach(self) -> None:
        try:
            self.con.execute("detach database if exists source_db")
        except duckdb.Error as error:
            _log.debug("detach: %s", self._told(error))
        self._is_attached = False

    def _list_tables(self) -> dict[str, tuple[str, str]]:
        """Lower-case name → (schema, name); of a name in several schemas, the usual schema's."""
        rows = self.ask(
            "select table_schema, table_name from information_schema.tables "
            "where table_catalog = 'source_db' and table_schema not in "
            "('information_schema', 'pg_catalog', 'mysql', 'performance_schema', 'sys') "
            "order by table_schema not in ('main', 'public'), table_schema, table_name"
        )
        tables: dict[str, tuple[str, str]] = {}
        for schema, name in rows:
            tables.setdefault(name.lower(), (schema, name))
        return tables

    def _is_lasting(self, error: Exception) -> bool:
        """Whether another attempt would fail in the same way."""
        lasting = (duckdb.ProgrammingError, duckdb.DataError, duckdb.PermissionException)
        text = str(error).lower()
        is_ours = not isinstance(error, duckdb.Error) or isinstance(error, lasting)
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
        try:
            password = urlsplit(self._url).password
        except ValueError:
            return "it is not a URL"
        secrets: Sequence[str] = sorted({password, unquote(password)}) if password else ()
        for secret in secrets:
            text = text.replace(secret, "***")
        return text
