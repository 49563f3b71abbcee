"""Hashes of a world's content: files by their bytes, tables by their rows in any order."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import duckdb

FILES = ("clearinghouse", "treasury", "operations", "claims_csv")


def content_hashes(folder: Path) -> dict[str, str]:
    """Hash of each part of the world in `folder`: folders of files, tables of databases, truths."""
    content = {}
    for part in FILES:
        digest = hashlib.sha256()
        for path in sorted((folder / part).rglob("*.*")):
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        content[part] = digest.hexdigest()
    with duckdb.connect() as connection:
        for path in sorted(folder.glob("*.duckdb")):
            connection.execute(f"attach '{_quoted(path)}' as source (read_only)")
            tables = connection.execute(
                "select table_name from duckdb_tables() where database_name = 'source' order by all"
            ).fetchall()
            for (table,) in tables:
                content[f"{path.stem}.{table}"] = _rows_hash(connection, f"source.{table}")
            connection.execute("detach source")
        for path in sorted((folder / "truth").rglob("*.parquet")):
            name = path.relative_to(folder).with_suffix("").as_posix()
            content[name] = _rows_hash(connection, f"'{_quoted(path)}'")
    return content


def digest_of(content: dict[str, str]) -> str:
    """One hash of all hashes."""
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _rows_hash(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Order-free: the count of rows and the sum of their md5 numbers."""
    query = f"select count(*), sum(md5_number_lower(t::varchar)::hugeint) from {table} as t"
    count, total = connection.execute(query).fetchall()[0]
    return f"{count}:{total or 0}"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
