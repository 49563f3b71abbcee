"""The place that a ledger entry names, as it was received: a segment of an X12 file, a row of a CSV
file or of a hospital's table."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb

from rcm_platform.ingest import feeds, lake_access
from rcm_platform.settings import Settings
from rcm_platform.sources.x12.splitter import split
from rcm_platform.sources.x12.wrapping import unwrapped

AROUND = 3
"""Segments shown before and after the one that is meant."""

VISIT_TABLES = (
    "encounters", "procedures", "appointments", "eligibility_checks", "authorizations",
)  # fmt: skip
VISIT_COLUMN = "encounterid"
"""The tables of a hospital's database that say what was prepared and done for a visit, and their
column of it."""


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


class Archive:
    """Looks places up in the folders of the sources and in the lake."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folders = {
            source: Path(where)
            for source, where in feeds.locations(settings).items()
            if source in feeds.WATCHED
        }
        self._feeds = feeds.feeds(settings)
        self._received: set[tuple[str, str, str]] = set()

    def find(self, source_system: str, file: str, position: str) -> Evidence:
        """What the source said at a place: `file` is a file below a folder of sources, or a table
        of the hospital `source_system`; `position` is its row, or interchange/segment.

        A file is shown only while it is the one that was received, byte for byte.
        """
        if file in self._feeds.get(source_system, _NO_FEED).tables:
            lines = _record(self._settings, source_system, file, position)
        else:
            present = self._present(file)
            received = [path for source, path in present if self._is_as_received(source, file)]
            if not received:
                changed = "The file has changed since it was received."
                gone = "The file is no longer where it was received."
                return Evidence(file, position, note=changed if present else gone)
            read = _segments if "/" in position else _row
            lines = read(received[0], position)
        note = "" if lines else "There is nothing at this place any more."
        return Evidence(file, position, lines, note)

    def of_visit(self, hospital: str, visit_id: str) -> list[Evidence]:
        """What a hospital's database said of a visit: its own row, its procedures, and how it was
        prepared."""
        lake = lake_access.open_lake(self._settings)
        known = self._feeds.get(hospital, _NO_FEED).tables
        found = []
        for table in [name for name in VISIT_TABLES if name in known and lake.has(hospital, name)]:
            with lake.reading(), duckdb.connect() as con:
                rows = con.execute(
                    f"select * from {lake.scan(hospital, table)} where {VISIT_COLUMN} = ? "
                    "qualify row_number() over ("
                    "partition by _source_position order by _arrival_date desc) = 1 "
                    "order by _source_position",
                    [visit_id],
                )
                names = [name for name, *_ in rows.description or []]
                at = names.index("_source_position")
                found += [Evidence(table, row[at], _named(names, row)) for row in rows.fetchall()]
        return found

    def _present(self, file: str) -> list[tuple[str, Path]]:
        """The files of this name, each with the source whose folder it is in."""
        if Path(file).is_absolute() or ".." in Path(file).parts:
            return []
        paths = {source: folder / file for source, folder in self._folders.items()}
        return [(source, path) for source, path in paths.items() if path.is_file()]

    def _is_as_received(self, source: str, file: str) -> bool:
        with (self._folders[source] / file).open("rb") as content:
            one = (source, file, hashlib.file_digest(content, "sha256").hexdigest())
        if one not in self._received:
            # it may have come since these were read
            self._received = _received_files(self._settings)
        return one in self._received


_NO_FEED = feeds.Feed("", "", {}, ())


def _received_files(settings: Settings) -> set[tuple[str, str, str]]:
    """(source system, file, SHA-256 of its content) of everything that was ever received."""
    lake = lake_access.open_lake(settings)
    if not lake.has("platform", "received_files"):
        return set()
    with lake.reading(), duckdb.connect() as con:
        return set(
            con.execute(
                "select source_system, source_file, content_sha256 "
                f"from {lake.scan('platform', 'received_files')}"
            ).fetchall()
        )


def _segments(file: Path, position: str) -> tuple[Line, ...]:
    data = unwrapped(file.read_bytes())
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
    lake = lake_access.open_lake(settings)
    with lake.reading(), duckdb.connect() as con:
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
