"""The place that a ledger entry names, as it was received: a segment of an X12 file, a row of a CSV
file or of a hospital's table."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb

from rcm_platform import ingest
from rcm_platform.landing import WATCHED
from rcm_platform.settings import Settings
from rcm_platform.sources.x12.splitter import split

AROUND = 3
"""Segments shown before and after the one that is meant."""


@dataclass(frozen=True)
class Line:
    """One segment or value of the place; `is_meant` for the one that the entry was read from."""

    label: str
    text: str
    is_meant: bool = False


@dataclass(frozen=True)
class Evidence:
    """What stands at a place. Without lines, `note` says why there is nothing to show."""

    file: str
    position: str
    lines: tuple[Line, ...] = ()
    note: str = ""


def find(settings: Settings, source_system: str, file: str, position: str) -> Evidence:
    """What the source said at a place: `file` is a file below a folder of sources, or a table of
    the hospital `source_system`; `position` is its row, or interchange/segment."""
    received = _received(settings, file)
    if received is not None and "/" in position:
        lines = _segments(received.read_bytes(), position)
    elif received is not None:
        lines = _row(received, position)
    elif file in ingest.feeds(settings).get(source_system, _NO_FEED).tables:
        lines = _record(settings, source_system, file, position)
    else:
        return Evidence(file, position, note="The file is no longer where it was received.")
    note = "" if lines else "There is nothing at this place any more."
    return Evidence(file, position, lines, note)


_NO_FEED = ingest.Feed("", "", {}, ())


def _received(settings: Settings, file: str) -> Path | None:
    if Path(file).is_absolute() or ".." in Path(file).parts:
        return None
    where = ingest.locations(settings)
    for source in WATCHED:
        folder = Path(where[source]) if source in where else None
        if folder and (folder / file).is_file():
            return folder / file
    return None


def _segments(data: bytes, position: str) -> tuple[Line, ...]:
    interchange, _, segment = position.partition("/")
    number, wanted = int(interchange), int(segment)
    found = next((one for one in split(data).interchanges if one.number == number), None)
    if found is None:
        return ()
    whole = data[found.start : found.end].split(found.delimiters.segment)
    first = max(wanted - AROUND, 1)
    return tuple(
        Line(f"{number}/{at}", text.decode("utf-8", "replace").strip(), at == wanted)
        for at, text in enumerate(whole[first - 1 : wanted + AROUND], start=first)
        if text.strip()
    )


def _row(file: Path, position: str) -> tuple[Line, ...]:
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        rows = csv.reader(lines)
        names = next(rows, [])
        values = next(islice(rows, int(position) - 1, None), None)
    return _named(names, values)


def _record(settings: Settings, hospital: str, table: str, position: str) -> tuple[Line, ...]:
    lake = ingest.open_lake(settings)
    with duckdb.connect() as con:
        found = con.execute(
            f"select * from {lake.scan(hospital, table)} "
            "where _source_position = ? order by _arrival_date desc limit 1",
            [position],
        )
        names = [name for name, *_ in found.description or []]
        return _named(names, found.fetchone())


def _named(names: list[str], values: object) -> tuple[Line, ...]:
    if not isinstance(values, list | tuple):
        return ()
    return tuple(
        Line(name, str(value), is_meant=True)
        for name, value in zip(names, values, strict=False)
        if value not in (None, "") and not name.startswith("_")
    )
