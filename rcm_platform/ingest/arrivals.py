"""What arrived in the folders of sources since they were last loaded.

Every load writes down what its folder held when it began, so whoever loads (the nightly run, a
hand-started one, a landing run), nothing is taken for new twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from rcm_platform.ingest import feeds
from rcm_platform.lake import UNDATED, Lake
from rcm_platform.settings import Settings

PATIENCE = 6
"""Looks after which a folder that never rests is loaded, if only new files keep appearing."""

KNOWN_GAPS = 30
PATIENT_GAPS = 2
"""A source has stopped when it is silent for more than so many times its longest gap of late."""

_FEWEST_GAPS = 3
_RECENT_SECONDS = 600


@dataclass(frozen=True)
class FolderListing:
    """What a folder holds: a hash of the name, size and change time of every file in it.

    `recent` are the files that changed lately: name → (bytes, nanoseconds of the last change).
    """

    fingerprint: str
    file_count: int
    recent: dict[str, tuple[int, int]]


@dataclass
class Arrivals:
    """What a look at all folders says. `cursor` is what the next look must be given."""

    cursor: str
    touched: dict[str, str] = field(default_factory=dict)
    """Source system → fingerprint of the files to load, all of them at rest."""
    waiting: list[str] = field(default_factory=list)
    """Source systems whose files are new or still change."""

    @property
    def run_key(self) -> str:
        """The same for the same files: nothing runs twice."""
        text = json.dumps(sorted(self.touched.items()))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Delivery:
    """What a source delivered up to a day: when last, and how long it was silent before, at most.

    Days; `usual_gap` is None while too little arrived to tell.
    """

    source: str
    latest: date | None
    silent_days: int | None
    usual_gap: int | None

    @property
    def is_current(self) -> bool:
        if self.silent_days is None or self.usual_gap is None:
            return True
        return self.silent_days <= PATIENT_GAPS * self.usual_gap

    def __str__(self) -> str:
        return (
            f"{self.source} has delivered nothing for {self.silent_days} days, since "
            f"{self.latest}; before, it was never silent for more than {self.usual_gap}. Ask who "
            "sends it, and whether it still comes to the place that the settings name."
        )


@dataclass(frozen=True)
class Received:
    """All files (or extracts) of a source; `dollar_amount` is None where they name none."""

    source: str
    files: int
    byte_count: int
    row_count: int
    dollar_amount: Decimal | None


@dataclass(frozen=True)
class ReceivedFile:
    """A file that was received, and what became of it."""

    source: str
    name: str
    status: str
    byte_count: int
    held_byte_count: int
    row_count: int
    dollar_amount: Decimal | None
    arrival_date: date


def received(lake: Lake) -> list[Received]:
    """What each source delivered so far."""
    rows = lake.query(
        f"""
        select source_system, count(*) filter (status <> 'replayed'), sum(byte_count),
            sum(row_count), sum(dollar_amount)
        from {lake.scan("platform", "received_files")}
        group by source_system order by source_system
        """
    )
    return [Received(*row) for row in rows]


def newest_files(lake: Lake, limit: int) -> list[ReceivedFile]:
    """The files that were loaded last, and of those what arrived last first."""
    rows = lake.query(
        f"""
        select source_system, source_file, status, byte_count, quarantined_byte_count, row_count,
            dollar_amount, arrival_date
        from {lake.scan("platform", "received_files")} where status <> 'replayed'
        order by _loaded_at desc, arrival_date desc, source_file limit {limit}
        """
    )
    return [ReceivedFile(*row) for row in rows]


def deliveries(settings: Settings, lake: Lake, as_of: date) -> list[Delivery]:
    """What each source of these settings delivered by a day; undated files say nothing of when."""
    sources = sorted(feeds.locations(settings))
    rows = lake.query(
        f"""
        with days as (
            select distinct source_system, arrival_date
            from {lake.scan("platform", "received_files")}
            where arrival_date > date '{UNDATED}' and arrival_date <= date '{as_of}'
        ), gaps as (
            select *,
                arrival_date - lag(arrival_date) over (
                    partition by source_system order by arrival_date
                ) as gap,
                row_number() over (
                    partition by source_system order by arrival_date desc
                ) as recency
            from days
        )
        select source_system, max(arrival_date), date '{as_of}' - max(arrival_date),
            case when count(gap) >= {_FEWEST_GAPS}
                then max(gap) filter (recency <= {KNOWN_GAPS}) end
        from gaps group by source_system
        """
    )
    found = {source: Delivery(source, *figures) for source, *figures in rows}
    return [found.get(source, Delivery(source, None, None, None)) for source in sources]


def look(folder: Path) -> FolderListing | None:
    """List a folder and the folders in it, without hidden ones; None when it is not there."""
    if not folder.is_dir():
        return None
    found = sorted(_files(str(folder), ""))
    digest = hashlib.sha256()
    for name, size, changed in found:
        digest.update(f"{name}\0{size}\0{changed}\n".encode("utf-8", "surrogateescape"))
    since = time.time_ns() - _RECENT_SECONDS * 10**9
    recent = {name: (size, changed) for name, size, changed in found if changed >= since}
    return FolderListing(digest.hexdigest()[:20], len(found), recent)


def look_at(settings: Settings, source: str) -> FolderListing | None:
    """The folder of a source system; None for one that has none."""
    where = feeds.locations(settings).get(source)
    return look(Path(where)) if where and source in feeds.WATCHED else None


def note_loaded(settings: Settings, source: str, seen: FolderListing | None) -> None:
    """Write down what a folder held when a load of it began that has ended well."""
    if seen is None:
        return
    path = _note(settings, source)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".tmp")
    new.write_text(json.dumps({"fingerprint": seen.fingerprint, "files": seen.file_count}))
    new.replace(path)


def arrivals(
    settings: Settings,
    cursor: str | None,
    is_busy: Callable[[], bool] = lambda: False,
    rest_seconds: float = 0,
) -> Arrivals:
    """Look at every watched folder; `cursor` is that of the look before, None at first.

    Files are at rest when two looks find the same names, sizes and change times: this one and the
    one before or, with `rest_seconds`, a second one after that time. While `is_busy`, nothing is
    handed out: what rests now is handed out at a later look. It is asked only where files are new.
    """
    before: dict[str, dict[str, Any]] = json.loads(cursor) if cursor else {}
    after: dict[str, dict[str, Any]] = {}
    touched: dict[str, str] = {}
    waiting: list[str] = []
    for source in feeds.WATCHED:
        now = look_at(settings, source)
        if now is None:
            continue
        state = before.get(source, {})
        if now.fingerprint == _loaded(settings, source):
            continue
        if now.fingerprint == state.get("requested"):
            after[source] = {"requested": now.fingerprint}
            continue
        waits = int(state.get("waits", 0)) + 1
        at_rest = now.fingerprint == state.get("seen")
        if rest_seconds and not at_rest and not is_busy():
            time.sleep(rest_seconds)
            at_rest = look_at(settings, source) == now
        recent = {name: tuple(place) for name, place in state.get("recent", {}).items()}
        grew = any(now.recent.get(name, place) != place for name, place in recent.items())
        if at_rest or (waits > PATIENCE and not grew):
            touched[source] = now.fingerprint
        else:
            waiting.append(source)
        after[source] = {
            "seen": now.fingerprint,
            "waits": waits,
            "recent": now.recent,
            "requested": state.get("requested"),
        }
    if touched and is_busy():
        waiting, touched = [*waiting, *touched], {}
    for source, fingerprint in touched.items():
        after[source] = {"requested": fingerprint}
    return Arrivals(json.dumps(after), touched, waiting)


def _files(folder: str, prefix: str) -> Iterator[tuple[str, int, int]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:  # it went away, or may not be read: the load will say so
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        try:
            if entry.is_dir():
                yield from _files(entry.path, f"{prefix}{entry.name}/")
            else:
                stat = entry.stat()
                yield f"{prefix}{entry.name}", stat.st_size, stat.st_mtime_ns
        except OSError:
            continue


def _note(settings: Settings, source: str) -> Path:
    return settings.data_dir / "landing" / f"{source}.json"


def _loaded(settings: Settings, source: str) -> str | None:
    path = _note(settings, source)
    return json.loads(path.read_text())["fingerprint"] if path.exists() else None
