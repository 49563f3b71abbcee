"""PostgreSQL as the engine of the models: the lake is copied into it, and what it made out of it.

The server holds the schema `raw`, with a table for each source, and those that dbt makes. Once dbt
has ended, every table is copied into the warehouse file, so that checks, proof, trace and
publishing read the same as after a build in DuckDB.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb

from rcm_platform.settings import Settings
from rcm_platform.sources import database_url
from rcm_platform.sources.duckdb_errors import without_values
from rcm_platform.sources.tabular import literal
from rcm_platform.warehouse.engines.common import LAYERS, EngineUnavailable, Say

RAW = "raw"
"""The schema of the sources."""

_SERVER = "server"
"""The database of the server, within a session of DuckDB."""

_COLUMNS = """
    select
        table_schema, table_name, column_name,
        case
            when data_type = 'numeric' and numeric_precision is null then 'numeric'
        end
    from information_schema.columns
    where table_schema in ({layers})
    order by table_schema, table_name, ordinal_position
"""


def check(settings: Settings) -> None:
    """Raises EngineUnavailable where dbt's adapter is not installed, or the server named by
    RCM_POSTGRES_URL does not answer, or orders texts by the rules of a language."""
    url = _url(settings)
    if not find_spec("dbt.adapters.postgres"):
        raise EngineUnavailable(
            "RCM_TARGET=postgres needs dbt-postgres, which this environment lacks. "
            "Next: install rcm-platform with its extra `postgres`."
        )
    with _attached(url) as con:
        [(is_of_a_language, encoding)] = _asked(
            con,
            "select 'a' < 'B', pg_encoding_to_char(encoding) from pg_database "
            "where datname = current_database()",
        )
    if is_of_a_language or encoding != "UTF8":
        raise EngineUnavailable(
            "The database of RCM_POSTGRES_URL does not keep texts as UTF-8 in the order of their "
            "bytes, as the models need it. Next: `create database rcm template template0 encoding "
            "'UTF8' locale 'C'`, and name that one."
        )


def place(settings: Settings) -> str:
    """Server and database, without the login."""
    try:
        return " ".join(
            str(_url(settings).login.get(name)) for name in ("host", "port", "database")
        )
    except EngineUnavailable:  # what is to run there says so
        return "nowhere"


def environment(settings: Settings, _warehouse: Path) -> dict[str, str]:
    """What a dbt command with the target `postgres` finds in its environment besides the usual.

    Raises EngineUnavailable.
    """
    url = _url(settings)
    return {
        "RCM_POSTGRES_HOST": str(url.login.get("host", "localhost")),
        "RCM_POSTGRES_PORT": str(url.login.get("port", 5432)),
        "RCM_POSTGRES_USER": str(url.login.get("user", "")),
        "RCM_POSTGRES_DATABASE": str(url.login.get("database", "")),
        "RCM_POSTGRES_SSLMODE": _ssl_mode(url),
        # not by a name of dbt's secrets: those it hides wherever their letters stand, be it in the
        # name of a model, which what reads its lines would not know any more
        "RCM_POSTGRES_PASSWORD": str(url.login.get("password", "")),
    }


def prepare(settings: Settings, manifest: Path, say: Say) -> None:
    """Copy into the schema `raw` the sources of which the server does not hold what the lake does.

    Each table is replaced in a transaction of its own. Raises EngineUnavailable, also where the
    database is that of another installation.
    """
    check(settings)
    sources = json.loads(manifest.read_text())["sources"].values()
    with _attached(_url(settings)) as con:
        _tell(con, f"create schema if not exists {RAW}")
        _tell(
            con,
            f"create table if not exists {RAW}.loaded "
            "(table_name text primary key, made_of text not null)",
        )
        _claim(con, settings)
        held = dict(_asked(con, f"select table_name, made_of from {RAW}.loaded"))
        for source in sources:
            name = f"{source['source_name']}__{source['name']}"
            query = f"select * from {_location(source)}"
            made_of = _made_of(query)
            if held.get(name) != made_of:
                say(f"postgres: {name}")
                _load(con, name, query, made_of)


def gather(settings: Settings, warehouse: Path) -> int:
    """Make the warehouse file hold a copy of each table and view of the models; gives how many."""
    new = warehouse.with_name(".gathering.duckdb")
    new.parent.mkdir(parents=True, exist_ok=True)
    new.unlink(missing_ok=True)
    tables: dict[tuple[str, str], dict[str, str | None]] = {}
    with _attached(_url(settings), new) as con:
        layers = ", ".join(f"'{layer}'" for layer in LAYERS)
        for layer, table, column, kind in _asked(con, _COLUMNS.format(layers=layers)):
            tables.setdefault((layer, table), {})[column] = kind
        for layer in LAYERS:
            con.execute(f"create schema {layer}")
        for (layer, table), columns in tables.items():
            query = _exact(con, layer, table, columns)
            con.execute(
                f"""create table {layer}."{table}" as
                select * from postgres_query('{_SERVER}', {literal(query)})"""
            )
    new.replace(warehouse)
    return len(tables)


def _url(settings: Settings) -> database_url.DatabaseUrl:
    written = "postgresql://user:password@host:5432/rcm"
    if not settings.postgres_url:
        raise EngineUnavailable(
            "RCM_TARGET=postgres needs RCM_POSTGRES_URL, the database in which the models are "
            f"built. Next: set it, such as {written}."
        )
    try:
        url = database_url.parse(settings.postgres_url)
    except database_url.NotReadableUrl as problem:
        raise EngineUnavailable(
            f"RCM_POSTGRES_URL is refused: {problem}. Next: write it as {written}."
        ) from None
    if url.kind != "postgres" or not {"host", "database"} <= url.login.keys():
        raise EngineUnavailable(
            "RCM_POSTGRES_URL does not name the host and the database of a PostgreSQL. "
            f"Next: write it as {written}."
        )
    if others := url.options.keys() - {"sslmode"}:
        raise EngineUnavailable(
            f"RCM_POSTGRES_URL has options that are not used there: {', '.join(sorted(others))}. "
            "Next: leave them out; sslmode is used."
        )
    return url


def _ssl_mode(url: database_url.DatabaseUrl) -> str:
    return url.options.get("sslmode", "prefer")


def _claim(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Note whose the database is: two installations would write over each other's tables."""
    own = str(settings.data_dir)
    _tell(con, f"create table if not exists {RAW}.installation (data_dir text not null)")
    found = [data_dir for (data_dir,) in _asked(con, f"select data_dir from {RAW}.installation")]
    if not found:
        _tell(con, f"insert into {RAW}.installation values ({literal(own)})")
    elif found != [own]:
        raise EngineUnavailable(
            "The database of RCM_POSTGRES_URL holds the tables of another installation, that of "
            f"{', '.join(found)}. Next: name a database of its own; where that one has moved or is "
            "gone, `drop schema raw cascade`."
        )


@contextmanager
def _attached(
    url: database_url.DatabaseUrl, file: Path | str = ":memory:"
) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB on a file, with the database of the server beside it.

    Raises EngineUnavailable when the server does not let us in.
    """
    import duckdb_extensions

    with duckdb.connect(file) as con:
        con.execute("set timezone = 'UTC'")
        duckdb_extensions.import_extension("postgres_scanner", con=con)
        given = ", ".join(f"{name} {literal(value)}" for name, value in url.login.items())
        # a secret, so that no message repeats the password
        con.execute(f"create secret server_login (type postgres, {given})")
        told = f"connect_timeout=10 sslmode={_ssl_mode(url)}"
        try:
            con.execute(f"attach {literal(told)} as {_SERVER} (type postgres, secret server_login)")
        except duckdb.Error as problem:
            found = re.search(r"(FATAL:.*|connection to server.*|could not .*)", str(problem))
            reason = " ".join((found[1] if found else "it gives no reason").split())
            raise EngineUnavailable(
                f"The database of RCM_POSTGRES_URL does not let us in: {reason}. "
                "Next: see that the server runs, and that its user and database exist."
            ) from None
        try:
            yield con
        except duckdb.Error as problem:
            raise EngineUnavailable(
                "Copying to or from the database of RCM_POSTGRES_URL failed: "
                f"{without_values(problem)}. Next: see that its user owns the database, that it "
                "has room, and what its own log says."
            ) from None


def _asked(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query in the server's own words."""
    return con.execute(f"from postgres_query('{_SERVER}', {literal(query)})").fetchall()


def _tell(con: duckdb.DuckDBPyConnection, statement: str) -> None:
    """Run a statement in the server's own words."""
    con.execute(f"call postgres_execute('{_SERVER}', {literal(statement)})")


def _location(source: Mapping[str, Any]) -> str:
    """The rows of a source, in the words of DuckDB."""
    said = source["config"]["meta"].get("external_location") or source["meta"]["external_location"]
    return (
        str(said).replace("${name}", source["name"]).replace("${identifier}", source["identifier"])
    )


def _made_of(query: str) -> str:
    """A hash of the query and of the files that it reads: those of the lake never change under
    their names, the others are few, and read."""
    digest = hashlib.sha256(query.encode())
    for pattern in re.findall(r"read_parquet\('((?:[^']|'')*)'", query):
        path = Path(pattern.replace("''", "'"))
        anchor = Path(path.anchor)
        for file in sorted(anchor.glob(os.fspath(path.relative_to(anchor)))):
            digest.update(f"{file}\n".encode())
            if "*" not in pattern or file.parent.name == "declared":
                digest.update(file.read_bytes())
    return digest.hexdigest()


def _load(con: duckdb.DuckDBPyConnection, name: str, query: str, made_of: str) -> None:
    con.execute("begin")
    _tell(con, f'drop table if exists {RAW}."{name}" cascade')
    con.execute(f'create table {_SERVER}.{RAW}."{name}" as {query}')
    _tell(
        con,
        f"insert into {RAW}.loaded values ('{name}', '{made_of}') "
        "on conflict (table_name) do update set made_of = excluded.made_of",
    )
    con.execute("commit")
    _tell(con, f'analyze {RAW}."{name}"')


def _exact(
    con: duckdb.DuckDBPyConnection, layer: str, table: str, columns: Mapping[str, str | None]
) -> str:
    """A query of all rows in which a number without a width has one: the digits after the point
    that its values have. Without, DuckDB would take it for a binary fraction."""
    place = f'{layer}."{table}"'
    wide = [name for name, kind in columns.items() if kind]
    if not wide:
        return f"select * from {place}"
    digits = ", ".join(f'coalesce(max(scale("{name}")), 0) as "{name}"' for name in wide)
    [row] = _asked(con, f"select {digits} from {place}")
    scales = dict(zip(wide, row, strict=True))
    shown = ", ".join(
        f'"{name}"::numeric(38, {scales[name]}) as "{name}"' if name in scales else f'"{name}"'
        for name in columns
    )
    return f"select {shown} from {place}"
