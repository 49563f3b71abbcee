"""The lake of an installation, to read or, one at a time, to write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from rcm_platform.settings import Settings

if TYPE_CHECKING:
    from rcm_platform.lake import Lake
    from rcm_platform.lake.merging import Merging


def open_lake(settings: Settings) -> Lake:
    """The lake, to read."""
    from rcm_platform.lake import Lake

    return Lake(settings.lake_dir)


@contextmanager
def writing(settings: Settings, say: Callable[[str], object] | None = None) -> Iterator[Lake]:
    """The lake, to write: every table declared and in the present layout, the leftovers of a killed
    run removed; `say` is told of a wait for another writer.

    Only the holder of the lock may clean up: another one's unfinished batch looks like a leftover.
    """
    from rcm_platform.sources.catalog import declare_all
    from rcm_platform.sources.hospitals import hospitals

    with single_writer(settings, say):
        lake, _ = _in_order(settings)
        declare_all(lake, hospitals(settings).values())
        yield lake


def compact(settings: Settings, say: Callable[[str], object] | None = None) -> Merging:
    """Bring the lake into the present layout and merge its small files; what that did.

    Raises LakeError; what was not merged then is as it was.
    """
    from rcm_platform.lake import merging

    with single_writer(settings, say):
        lake, migrated = _in_order(settings)
        return migrated + merging.compact(lake.root)


def _in_order(settings: Settings) -> tuple[Lake, Merging]:
    """The lake without what a killed run left, in the present layout, and what that took."""
    from rcm_platform.lake.old_layout import migrate

    lake = open_lake(settings)
    lake.recover()
    migrated = migrate(lake.root)
    lake.check()
    return lake, migrated


def row_counts(lake: Lake, feed: str, tables: Iterable[str]) -> dict[str, int]:
    """Rows of each raw table, all arrival dates together."""
    import duckdb

    with lake.reading(), duckdb.connect() as con:
        return {
            table: con.execute(f"select count(*) from {lake.scan(feed, table)}").fetchall()[0][0]
            for table in tables
        }


def last_date(settings: Settings, lake: Lake, day: date | None = None) -> date:
    """The date asked for by a run or by the settings, else the latest in raw."""
    return day or settings.as_of or lake.latest_arrival_date() or settings.world_through


def single_writer(settings: Settings, say: Callable[[str], object] | None = None) -> FileLock:
    """The lock beside the warehouse, held by whoever writes; the same process may take it again.

    Where another process holds it, `say` is told that there will be a wait.
    """
    settings.warehouse_path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.warehouse_path.with_suffix(".lock"), is_singleton=True)
    if say:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say(f"Another run is writing in {settings.home}: waiting for it to end.")
        else:
            lock.release()
    return lock
