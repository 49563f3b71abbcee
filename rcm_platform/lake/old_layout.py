"""A lake that has a folder for each day of a table becomes one with a folder for each month.

An earlier version wrote `<table>/_arrival_date=YYYY-MM-DD/<batch_id>[-n].parquet`. Whole or not at
all for each month of a table; what a kill interrupts goes on the next time. Readers of a table are
refused until it is done.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from rcm_platform.lake import layout
from rcm_platform.lake.layout import ARRIVAL, DECLARED, OLD_FOLDER, SCHEMA, LakeError
from rcm_platform.lake.merging import Merging, connection, merge

_SCHEMA_FOLDER = f"{OLD_FOLDER}0001-01-01"


def migrate(root: Path) -> Merging:
    """Bring every table that is in the old layout into the present one; nothing when none is.

    Raises LakeError as `compact` does. The caller is the only writer.
    """
    old = {table: _days(table) for table in layout.tables(root)}
    done = Merging()
    if any(old.values()):
        with connection(root) as con:
            for table, days in old.items():
                if days:
                    done += _migrate(con, root, table, days)
    return done


def _days(table: Path) -> dict[str, list[str]]:
    folders = layout.folders(table).items()
    return {name: files for name, files in folders if name.startswith(OLD_FOLDER)}


def _migrate(
    con: duckdb.DuckDBPyConnection, root: Path, table: Path, days: dict[str, list[str]]
) -> Merging:
    months: dict[str, list[str]] = defaultdict(list)
    for name, files in days.items():
        if name == _SCHEMA_FOLDER:
            _declare(table, files)
        else:
            day = date.fromisoformat(name.removeprefix(OLD_FOLDER))
            months[layout.folder_of(day)] += [f"{name}/{file}" for file in files]
    found = Merging(tables=1)
    for folder, files in months.items():
        if files:
            found += merge(con, root, table, folder, files, is_old=True)
    for name in days:
        try:
            (table / name).rmdir()
        except OSError as problem:
            raise LakeError(
                f"{table / name} is a folder of the old layout and holds what is not of the lake: "
                "move it out, then `rcm compact`."
            ) from problem
    return found


def _declare(table: Path, files: list[str]) -> None:
    """The columns of the table, with the day of arrival that is now one of them."""
    folder = table / _SCHEMA_FOLDER
    if SCHEMA in files and not (table / DECLARED / SCHEMA).exists():
        schema = pq.read_schema(folder / SCHEMA)
        new = folder / "schema.tmp"
        pq.write_table(pa.schema([*schema, ARRIVAL]).empty_table(), new)
        (table / DECLARED).mkdir(exist_ok=True)
        new.replace(table / DECLARED / SCHEMA)
    for name in (SCHEMA, "schema.tmp"):
        (folder / name).unlink(missing_ok=True)
