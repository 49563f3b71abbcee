"""What later loads brought of what is held: the same bytes, or what replaces them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime

import duckdb

from rcm_platform.ingest.feeds import FILE_SOURCES, X12_SOURCES
from rcm_platform.ingest.quarantine.decisions import decision_on, write_down
from rcm_platform.ingest.quarantine.items import Item, contents, items
from rcm_platform.ingest.quarantine.replaced import came_again
from rcm_platform.lake import Lake
from rcm_platform.sources.base import Decision

_EMPTY = "T1"


def settle(lake: Lake, as_of: date) -> list[Item]:
    """Write down which open items a later load has loaded or replaced, from `as_of` on. The caller
    holds the lock.

    The same bytes in raw: loaded. The same claims of an X12 file, a later file of a table under the
    same name, a later load of a database table that could not be read, or a later version of the
    same database row in raw: corrected.
    """
    waiting = items(lake, only_open=True)
    if not waiting:
        return []
    settled: dict[str, tuple[Item, Decision, str]] = {}
    for item in _loaded_since(lake, waiting):
        settled[item.quarantine_id] = (item, "loaded", "the same bytes were accepted later")
    for item, why in _corrected_since(lake, waiting):
        settled.setdefault(item.quarantine_id, (item, "corrected", why))
    decisions = [decision_on(item, d, why, "platform", as_of) for item, d, why in settled.values()]
    if decisions:
        write_down(lake, [item for item, _, _ in settled.values()], decisions)
    return [item for item, _, _ in settled.values()]


def _loaded_since(lake: Lake, waiting: Sequence[Item]) -> list[Item]:
    """Held interchanges and tables whose very bytes are in raw."""
    return [*_interchanges_loaded(lake, waiting), *_tables_loaded(lake, waiting)]


def _tables_loaded(lake: Lake, waiting: Sequence[Item]) -> list[Item]:
    """Tables that were held whole, for the name of their file, and were loaded later."""
    held = [
        i
        for i in waiting
        if i.level == "file"
        and i.source_system in FILE_SOURCES
        and i.source_system not in X12_SOURCES
    ]
    if not held:
        return []
    loaded = lake.received_hashes(only_loaded=True)
    return [i for i in held if i.content_sha256 in loaded]


def _interchanges_loaded(lake: Lake, waiting: Sequence[Item]) -> list[Item]:
    """Held interchanges whose very bytes are in raw."""
    held = [
        i for i in waiting if i.source_system in X12_SOURCES and i.level in ("interchange", "file")
    ]
    if not held:
        return []
    with duckdb.connect() as con:
        rows = con.execute(
            f"select distinct interchange_sha256 from {lake.scan('x12', 'interchanges')}"
        ).fetchall()
    loaded = {sha for (sha,) in rows}
    bytes_of = contents(lake, held)
    return [i for i in held if hashlib.sha256(bytes_of[i.quarantine_id]).hexdigest() in loaded]


def _corrected_since(lake: Lake, waiting: Sequence[Item]) -> Iterator[tuple[Item, str]]:
    x12 = [i for i in waiting if i.source_system in X12_SOURCES]
    named = [i for i in waiting if i.source_system in FILE_SOURCES and i not in x12]
    # nothing is lost of an empty file
    named += [i for i in x12 if i.rule_id == _EMPTY]
    tables = [i for i in waiting if i.source_system not in FILE_SOURCES and i.level == "table"]
    yield from _by_name(lake, named, "a later file of the same name was loaded")
    yield from _by_name(lake, tables, "the table was loaded later")
    for item in came_again(lake, x12, contents(lake, x12)):
        yield item, "the same claims were loaded from another file"
    yield from _by_row(
        lake, [i for i in waiting if i.source_system not in FILE_SOURCES and i.level == "row"]
    )


def _by_name(lake: Lake, waiting: Sequence[Item], why: str) -> Iterator[tuple[Item, str]]:
    """A file of the same name and other content, or the table itself, was loaded later."""
    if not waiting:
        return
    with duckdb.connect() as con:
        rows = con.execute(
            f"""select source_system, source_file, content_sha256, max(_loaded_at)
            from {lake.scan("platform", "received_files")}
            where status in ('loaded', 'partial') group by all"""
        ).fetchall()
    later: dict[tuple[str, str], list[tuple[str, datetime]]] = defaultdict(list)
    for source, file, sha, loaded_at in rows:
        later[source, file].append((sha, loaded_at))
    for item in waiting:
        if any(
            sha != item.content_sha256 and loaded_at > item.loaded_at
            for sha, loaded_at in later[item.source_system, item.source_file]
        ):
            yield item, why


def _by_row(lake: Lake, waiting: Sequence[Item]) -> Iterator[tuple[Item, str]]:
    """A later version of the same database row was loaded."""
    tables = {(i.source_system, i.source_file) for i in waiting}
    latest: dict[tuple[str, str, str], datetime] = {}
    with duckdb.connect() as con:
        for source, table in sorted(tables):
            if not lake.has(source, table):
                continue
            positions = sorted(
                {
                    i.source_position
                    for i in waiting
                    if (i.source_system, i.source_file) == (source, table) and i.source_position
                }
            )
            rows = con.execute(
                f"""select _source_position, max(_loaded_at) from {lake.scan(source, table)}
                where _source_position in (select unnest(?)) group by all""",
                [positions],
            ).fetchall()
            latest |= {(source, table, position): at for position, at in rows}
    for item in waiting:
        at = latest.get((item.source_system, item.source_file, item.source_position or ""))
        if at is not None and at > item.loaded_at:
            yield item, "a later version of the row was loaded"
