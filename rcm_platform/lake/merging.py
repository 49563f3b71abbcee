"""The files of a month made one, so that a lake reads as fast after years as it did at first.

Merged are the files of a table's month that is over (something of a later month has arrived), and
of any folder that has many. The rows stay as they were, the earliest batch's first.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from rcm_platform.lake import changes, layout
from rcm_platform.lake.layout import DECLARED, MERGED, LakeError

MANY_FILES = 8
"""A folder that still fills keeps as many before they are merged."""

_ROW_GROUP = 122_880


@dataclass(frozen=True)
class Merging:
    """What was made of the files of some tables."""

    tables: int = 0
    files_before: int = 0
    files_after: int = 0
    bytes_before: int = 0
    bytes_after: int = 0

    def __add__(self, other: Merging) -> Merging:
        return Merging(
            self.tables + other.tables,
            self.files_before + other.files_before,
            self.files_after + other.files_after,
            self.bytes_before + other.bytes_before,
            self.bytes_after + other.bytes_after,
        )


def compact(root: Path) -> Merging:
    """Merge what is to be merged. The caller is the only writer; readers may go on.

    Raises LakeError where a file cannot be read or there is no room; what was not merged then is as
    it was, and merged the next time.
    """
    found = {table: layout.folders(table) for table in layout.tables(root)}
    months = (name for folders in found.values() for name in folders if layout.is_month(name))
    last = max(months, default="")
    chosen = [
        (table, folder, [f"{folder}/{name}" for name in names])
        for table, folders in found.items()
        for folder, names in folders.items()
        if folder != DECLARED
        and len(names) > (1 if layout.is_month(folder) and folder < last else MANY_FILES)
    ]
    done = Merging(tables=len({table for table, *_ in chosen}))
    if chosen:
        with connection(root) as con:
            for table, folder, files in chosen:
                done += merge(con, root, table, folder, files)
    return done


def connection(root: Path) -> duckdb.DuckDBPyConnection:
    """What merges rows as a stream: a month may be larger than the memory. Several threads would
    each keep a part of it until its turn has come."""
    return duckdb.connect(config={"threads": 1, "temp_directory": str(root / "_spill")})


def merge(
    con: duckdb.DuckDBPyConnection,
    root: Path,
    table: Path,
    folder: str,
    files: Sequence[str],
    *,
    is_old: bool = False,
) -> Merging:
    """Make files of a table (`folder/name`) one in a folder of it; `is_old`: the day of their rows
    is the name of their folder."""
    paths = [table / file for file in sorted(files, key=lambda file: _order(root, Path(file)))]
    for path in paths:
        if not (layout.batch_of(path.name) or layout.is_merged(path.name)):
            raise layout.foreign_file(path)
    before = sum(path.stat().st_size for path in paths)
    rows = sum(layout.footer(path).num_rows for path in paths)
    names = "\n".join(sorted(files))
    change = f"{MERGED}{hashlib.sha256(names.encode()).hexdigest()[:20]}"
    staged = root / changes.STAGING / change / "0"
    shutil.rmtree(staged.parent, ignore_errors=True)
    try:
        staged.parent.mkdir(parents=True)
        con.execute(_copy(paths, staged, is_old))
        if layout.footer(staged).num_rows != rows:
            raise LakeError(f"{table / folder} was not merged: the number of rows would change.")
        after = staged.stat().st_size
        target = table.relative_to(root) / folder / f"{change}.parquet"
        old = [path.relative_to(root).as_posix() for path in paths]
        changes.replace(root, change, target.as_posix(), old)
    except (duckdb.Error, OSError) as problem:
        if not changes.is_recorded(root, change):
            shutil.rmtree(staged.parent, ignore_errors=True)
        raise LakeError(
            f"The files of {table / folder} could not be merged and are as they were: "
            f"{str(problem).splitlines()[0]}. Where the disk is full, free space; where a file is "
            "damaged, put it back from a backup (`rcm restore`). The next run, or `rcm compact`, "
            "merges them."
        ) from problem
    return Merging(0, len(paths), 1, before, after)


def _copy(paths: Sequence[Path], staged: Path, is_old: bool) -> str:
    days = "true, hive_types = {'_arrival_date': DATE}" if is_old else "false"
    files = f"[{', '.join(_quoted(path) for path in paths)}]"
    rows = f"read_parquet({files}, union_by_name = true, hive_partitioning = {days})"
    return f"copy (from {rows}) to {_quoted(staged)} (format parquet, row_group_size {_ROW_GROUP})"


def _order(root: Path, file: Path) -> tuple[str, str, str, int]:
    """Merged files first, then batches as they were loaded, each by day and number."""
    batch_id, number = layout.batch_of(file.name) or ("", 0)
    loaded_at = _loaded_at(changes.batch_record(root, batch_id)) if batch_id else ""
    return loaded_at, batch_id, file.parent.name, number


@cache
def _loaded_at(record: Path) -> str:
    return str(json.loads(record.read_text())["loaded_at"])


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
