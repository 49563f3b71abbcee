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
from pathlib import Path
from typing import Any

from rcm_platform.ingest import feeds
from rcm_platform.settings import Settings

PATIENCE = 6
"""Looks after which a folder that never rests is loaded, if only new files keep appearing."""

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


def look(folder: Path, leave_out: Path | None = None) -> FolderListing | None:
    """List a folder and the folders in it, without hidden ones and the folder `leave_out`; None
    when it is not there."""
    if not folder.is_dir():
        return None
    found = sorted(_files(str(folder), "", str(leave_out)))
    digest = hashlib.sha256()
    for name, size, changed in found:
        digest.update(f"{name}\0{size}\0{changed}\n".encode("utf-8", "surrogateescape"))
    since = time.time_ns() - _RECENT_SECONDS * 10**9
    recent = {name: (size, changed) for name, size, changed in found if changed >= since}
    return FolderListing(digest.hexdigest()[:20], len(found), recent)


def look_at(settings: Settings, source: str) -> FolderListing | None:
    """The folder of a source system; None for one that has none."""
    where = feeds.locations(settings).get(source)
    if not where or source not in feeds.WATCHED:
        return None
    return look(Path(where), feeds.own_folder_in(settings, Path(where)))


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


def _files(folder: str, prefix: str, leave_out: str) -> Iterator[tuple[str, int, int]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:  # it went away, or may not be read: the load will say so
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.path == leave_out:
            continue
        try:
            if entry.is_dir():
                yield from _files(entry.path, f"{prefix}{entry.name}/", leave_out)
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
