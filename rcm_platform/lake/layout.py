"""What a file of the lake is, by its folder and its name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

UNDATED = date(1, 1, 2)
"""Arrival date of undated reference data: visible as of any date."""

DECLARED = "declared"
UNDATED_FOLDER = "undated"
SCHEMA = "schema.parquet"
MERGED = "merged-"
OLD_FOLDER = "_arrival_date="
"""How the folders of a day began, when each day of a table had one."""

ARRIVAL = pa.field("_arrival_date", pa.date32())
PROVENANCE = pa.schema(
    [
        ("_source_system", pa.string()),
        ("_source_file", pa.string()),
        ("_source_position", pa.string()),
        ("_batch_id", pa.string()),
        ("_loaded_at", pa.timestamp("us")),
        ARRIVAL,
    ]
)

_MONTH = re.compile(r"\d{4}-\d\d")
_BATCH_FILE = re.compile(r"([0-9a-f]{20}(?:r\d+)?)(?:-(\d+))?\.parquet")
_MERGED_FILE = re.compile(MERGED + r"[0-9a-f]{20}\.parquet")


class LakeError(Exception):
    """The lake cannot be read or changed; the message names the file and what to do."""


def folder_of(day: date) -> str:
    """The name of the folder for the rows that arrived on a day."""
    return UNDATED_FOLDER if day == UNDATED else day.isoformat()[:7]


def is_month(folder: str) -> bool:
    """Whether a folder of this name holds rows of a month."""
    return bool(_MONTH.fullmatch(folder))


def batch_of(file: str) -> tuple[str, int] | None:
    """The batch that wrote the file of this name, and which of its files it is; None for others."""
    found = _BATCH_FILE.fullmatch(file)
    return (found[1], int(found[2] or 0)) if found else None


def is_merged(file: str) -> bool:
    """Whether a file of this name was made of several."""
    return bool(_MERGED_FILE.fullmatch(file))


def tables(root: Path) -> list[Path]:
    """The folder of each table."""
    return sorted(path for path in root.glob("[!_.]*/*") if path.is_dir())


def folders(table: Path) -> dict[str, list[str]]:
    """The names of the Parquet files in each folder of a table, as a reader's `*/*.parquet`."""
    # a listing of names alone: to look at each file takes long where there are many
    found = {}
    for name in _listing(table):
        files = [file for file in _listing(table / name) if file.endswith(".parquet")]
        if files or name.startswith(OLD_FOLDER):
            found[name] = files
    return found


def footer(file: Path) -> pq.FileMetaData:
    """What a file says of itself. Raises LakeError, with its name, where it is damaged."""
    try:
        return pq.read_metadata(file)
    except pa.ArrowInvalid as problem:
        raise LakeError(
            f"{file} is damaged ({problem}): put it back from a backup (`rcm restore`)."
        ) from problem


def _listing(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208
    except (FileNotFoundError, NotADirectoryError):
        return []


def check(table: Path) -> None:
    """See that a reader of the table reads what batches wrote, and nothing else.

    Raises LakeError for another file, and for a table in the old layout.
    """
    for folder, files in folders(table).items():
        if folder.startswith(OLD_FOLDER):
            raise LakeError(
                f"The lake {table.parents[1]} has a folder for each day, as an earlier version "
                "wrote it. `rcm compact` makes it readable again; so does the next run."
            )
        for file in foreign(folder, files):
            raise foreign_file(table / folder / file)


def foreign_file(path: Path) -> LakeError:
    """What to say of a file that no batch wrote."""
    return LakeError(
        f"{path} is of no batch: nothing that belongs to the lake has such a name. Move it out of "
        "the lake; until then the table is not read."
    )


def foreign(folder: str, files: list[str]) -> Iterator[str]:
    """Those of a folder's files that the lake did not write."""
    if folder == DECLARED:
        yield from (file for file in files if file != SCHEMA)
    elif folder == UNDATED_FOLDER or is_month(folder):
        yield from (file for file in files if not (batch_of(file) or is_merged(file)))
    else:
        yield from files
