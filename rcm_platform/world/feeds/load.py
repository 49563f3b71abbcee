"""Copy a hospital's database of a world into MySQL, MariaDB or PostgreSQL, as a hospital has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import duckdb

Progress = Callable[[int, int, str], None] | None


class LoadError(RuntimeError):
    """The database could not be loaded; the message says why, and never a password."""


@dataclass(frozen=True)
class _Server:
    """How a kind of server wants things said."""

    kind: str  # DuckDB's name for it
    extension: str
    quote: str
    types: dict[str, str]  # by the type in DuckDB, without its parameters

    def name(self, text: str) -> str:
        # PostgreSQL folds names that are not quoted; so nobody has to quote them there
        own = text if self.kind == "mysql" else text.lower()
        return f"{self.quote}{own}{self.quote}"

    def type_of(self, duckdb_type: str) -> str:
        base, bracket, parameters = duckdb_type.partition("(")
        return self.types[base] + bracket + parameters

    def swap(self, new: str, name: str, *, is_there: bool) -> list[str]:
        """Statements that put a loaded table in the place of the one that is there, at once."""
        if self.kind == "postgres":
            # one message to the server, so one transaction
            return [f"drop table if exists {name}; alter table {new} rename to {name}"]
        if not is_there:
            return [f"rename table {new} to {name}"]
        old = self.name(_OLD)
        return [f"rename table {name} to {old}, {new} to {name}", f"drop table {old}"]


_MYSQL = _Server(
    "mysql",
    "mysql_scanner",
    "`",
    {
        "VARCHAR": "varchar(255)",
        "INTEGER": "integer",
        "DATE": "date",
        "TIMESTAMP": "datetime(6)",
        "DECIMAL": "decimal",
    },
)
_POSTGRES = _Server(
    "postgres",
    "postgres_scanner",
    '"',
    {
        "VARCHAR": "text",
        "INTEGER": "integer",
        "DATE": "date",
        "TIMESTAMP": "timestamp",
        "DECIMAL": "numeric",
    },
)
_SERVERS = {"mysql": _MYSQL, "mariadb": _MYSQL, "postgresql": _POSTGRES, "postgres": _POSTGRES}
_SCHEMA = {"mysql": "database()", "postgres": "current_schema()"}
_FORGET = {"mysql": "mysql_clear_cache", "postgres": "pg_clear_cache"}
#: Tables that only stand there while another is being loaded.
_NEW, _OLD = "rcm_world_loading", "rcm_world_replaced"


def load(
    folder: Path,
    source_system: str,
    url: str,
    progress: Progress = None,
    shown: str = "its URL",
) -> dict[str, int]:
    """Copy `<source_system>.duckdb` of the world in `folder` to the database that `url` names.

    `url` is `mysql://user:password@host:port/database`, `mariadb://…` or `postgresql://…`; special
    characters of the password are percent-encoded. Tables of the same names are replaced, each
    whole or not at all; other tables stay. The first column of each table is its primary key.
    Returns the rows of each table. Raises LoadError, which calls the database as `shown` says.
    """
    path = folder / f"{source_system}.duckdb"
    if not path.is_file():
        raise LoadError(f"there is no {path.name} in {folder}: build the world first")
    try:
        scheme = urlsplit(url).scheme.split("+")[0].lower()
        server = _SERVERS.get(scheme)
        if server is None:
            raise LoadError(
                f"{scheme or 'nothing'}:// is no kind of database that can be loaded; "
                f"known are {', '.join(f'{name}://' for name in _SERVERS)}"
            )
        with duckdb.connect() as connection:
            connection.execute(f"attach {_literal(path)} as world (read_only)")
            _attach(connection, server, url)
            return _copy(connection, server, progress)
    except (duckdb.Error, ValueError, ImportError) as error:
        raise LoadError(
            f"{path.name} could not be loaded into {shown}: {_told(error, url)}"
        ) from None


def _attach(connection: duckdb.DuckDBPyConnection, server: _Server, url: str) -> None:
    import duckdb_extensions

    duckdb_extensions.import_extension(server.extension, con=connection)
    parts = urlsplit(url)
    login = {
        "host": parts.hostname,
        "port": parts.port,
        "database": parts.path.lstrip("/"),
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
    }
    given = ", ".join(f"{name} {_literal(value)}" for name, value in login.items() if value)
    # a secret, so that no error message repeats the password
    connection.execute(f"create secret login (type {server.kind}, {given})")
    connection.execute(f"attach '' as target (type {server.kind}, secret login)")


def _copy(
    connection: duckdb.DuckDBPyConnection, server: _Server, progress: Progress
) -> dict[str, int]:
    def tell(statement: str) -> None:
        """Run a statement in the server's own words."""
        connection.execute(f"call {server.kind}_execute('target', {_literal(statement)})")

    there = {
        name.lower()
        for (name,) in connection.execute(
            f"from {server.kind}_query('target', 'select table_name from "
            f"information_schema.tables where table_schema = {_SCHEMA[server.kind]}')"
        ).fetchall()
    }

    tables = [
        name
        for (name,) in connection.execute(
            "select table_name from duckdb_tables() where database_name = 'world' order by 1"
        ).fetchall()
    ]
    counts: dict[str, int] = {}
    new = server.name(_NEW)
    for done, table in enumerate(tables):
        if progress:
            progress(done, len(tables), table)
        columns = [
            (column, kind)
            for column, kind, *_ in connection.execute(f"describe world.{table}").fetchall()
        ]
        defined = ", ".join(f"{server.name(c)} {server.type_of(kind)}" for c, kind in columns)
        tell(f"drop table if exists {new}")
        tell(f"drop table if exists {server.name(_OLD)}")
        tell(f"create table {new} ({defined}, primary key ({server.name(columns[0][0])}))")
        connection.execute(f"call {_FORGET[server.kind]}()")  # the tables known until now
        connection.execute(f"insert into target.{_NEW} select * from world.{table}")
        loaded, expected = (
            connection.execute(f"select count(*) from {name}").fetchall()[0][0]
            for name in (f"target.{_NEW}", f"world.{table}")
        )
        if loaded != expected:
            raise ValueError(f"{table} has {loaded} rows instead of {expected}")
        for statement in server.swap(new, server.name(table), is_there=table in there):
            tell(statement)
        counts[table] = expected
    if progress:
        progress(len(tables), len(tables), "loaded")
    return counts


def _literal(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _told(error: Exception, url: str) -> str:
    """An error with the reason of the server, on one line and without the password."""
    text = " ".join((str(error) or type(error).__name__).split())
    try:
        password = urlsplit(url).password
    except ValueError:
        return "it is not a URL"
    for secret in {password, unquote(password)} if password else ():
        text = text.replace(secret, "***")
    return text
