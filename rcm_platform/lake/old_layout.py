"""A lake that has a folder for each day of a table becomes one with a folder for each month.

An earlier version wrote `<table>/_arrival_date=YYYY-MM-DD/<batch_id>[-n].parquet`. Whole or not at
all for each month of a table; what a kill interrupts goes on the next time. Readers of a table are
refused until it is done.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rcm_platform.lake import layout
from rcm_platform.lake.layout import ARRIVAL, DECLARED, OLD_FOLDER, SCHEMA, LakeError
from rcm_platform.lake.merging import Merging, merge

_SCHEMA_FOLDER = f"{OLD_FOLDER}0001-01-01"


def migrate(root: Path) -> Merging:
    """Bring every table that is in the old layout into the present one; nothing when none is.

    Raises LakeError as `compact` does. The caller is the only writer.
    """
    done = Merging()
    for table in layout.tables(root):
        days = {
            name: files
            for name, files in layout.folders(table).items()
            if name.startswith(OLD_FOLDER)
        }
        if days:
            done += _migrate(root, table, days)
    return done


def _migrate(root: Path, table: Path, days: dict[str, list[str]]) -> Merging:
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
            merged = merge(root, table, folder, files, is_old=True)
            found += Merging(0, len(files), 1, merged.bytes_before, merged.bytes_after)
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
