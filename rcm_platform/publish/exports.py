"""Published marts as files, for whoever takes them elsewhere: whole, and exact to the cent.

The same published version gives the same bytes each time. A file is written beside its place and
moved there, so that a reader finds the old one or the new one; only its owner may read it, as it
may name patients.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

import duckdb
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from rcm_platform.publish import versions
from rcm_platform.publish.audiences import OPERATIONS

EXPORTS = "exports"
"""The folder beside a version that holds them."""

_BATCH_ROWS = 100_000


class Format(StrEnum):
    """How a file is written."""

    CSV = "csv"
    PARQUET = "parquet"


class NotPublished(LookupError):  # noqa: N818 (reads as what happened)
    """There is no such mart, or no such audience; the message says which there are."""


@dataclass(frozen=True)
class Export:
    """A file, and the published version that it holds."""

    path: Path
    rows: int
    version: str


def export(
    published: Path,
    mart: str,
    folder: Path,
    file_format: Format = Format.CSV,
    audience: str = OPERATIONS,
    name: str | None = None,
) -> Export:
    """Write one published mart to `folder`/`name` (default: the mart's) with the format's ending.

    Raises FileNotFoundError when nothing was published yet, NotPublished for an unknown mart.
    """
    with _opened(published, audience) as con:
        marts = [table for (table,) in con.execute("show tables").fetchall()]
        if mart not in marts:
            raise NotPublished(
                f"There is no published mart '{mart}' for {audience}; there is: {', '.join(marts)}."
            )
        [(version,)] = con.execute("select version from published_version").fetchall()
        # every column takes part in the order, so that it does not depend on how the mart was built
        query = f'select * from "{mart}" order by all'
        if file_format is Format.CSV:
            # as text by DuckDB: what writes CSV must not round a decimal
            query = f"select columns(*)::varchar from ({query})"
        reader = con.execute(query).to_arrow_reader(_BATCH_ROWS)
        path = folder / f"{name or mart}.{file_format}"
        write = _WRITERS[file_format]
        return Export(path, _replaced(path, lambda file: write(file, reader)), version)


def for_manifest(manifest: Mapping[str, Any], audience: str) -> dict[str, str]:
    """File name → mart, of the models of an audience whose dbt meta says `export_as`."""
    found = {}
    for node in manifest["nodes"].values():
        meta = node["config"].get("meta", {})
        if "export_as" in meta and audience in meta.get("audience", []):
            found[str(meta["export_as"])] = str(node["alias"])
    return dict(sorted(found.items()))


def export_all(
    published: Path, manifest: Mapping[str, Any]
) -> tuple[versions.Version, list[Export]]:
    """Write the exports of the current version beside it, as Parquet; gives both.

    Raises FileNotFoundError when nothing was published yet.
    """
    if (version := versions.current(published)) is None:
        raise FileNotFoundError(f"Nothing is published in {published} yet.")
    folder = published / version.version / EXPORTS
    return version, [
        export(published, mart, folder, Format.PARQUET, OPERATIONS, name)
        for name, mart in for_manifest(manifest, OPERATIONS).items()
    ]


def _opened(published: Path, audience: str) -> duckdb.DuckDBPyConnection:
    version = versions.current(published)
    if version is not None and not (path := version.path(published, audience)).exists():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.duckdb")))
        raise NotPublished(f"There is no audience '{audience}'; there is: {known}.")
    return versions.open_published(published, audience)


def _write_csv(file: IO[bytes], reader: pa.RecordBatchReader) -> int:
    rows = 0
    with pa_csv.CSVWriter(file, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def _write_parquet(file: IO[bytes], reader: pa.RecordBatchReader) -> int:
    rows = 0
    with pq.ParquetWriter(file, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


_WRITERS: Mapping[Format, Callable[[IO[bytes], pa.RecordBatchReader], int]] = {
    Format.CSV: _write_csv,
    Format.PARQUET: _write_parquet,
}


def _replaced(path: Path, write: Callable[[IO[bytes]], int]) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            rows = write(file)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return rows
