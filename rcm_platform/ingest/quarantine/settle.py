"""What later loads brought of what is held: the same bytes, or what replaces them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import cast

import duckdb

from rcm_platform.ingest.feeds import FILE_SOURCES, X12_SOURCES
from rcm_platform.ingest.quarantine.decisions import decision_on, write_down
from rcm_platform.ingest.quarantine.items import Item, contents, items
from rcm_platform.lake import Lake
from rcm_platform.sources.base import Decision


def settle(lake: Lake, as_of: date) -> list[Item]:
    """Write down which open items a later load has loaded or replaced, from `as_of` on. The caller
    holds the lock.

    The same bytes in raw: loaded. A later file of the same name, an 835 with the same payment
    trace, or a later version of the same database row in raw: corrected.
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
    yield from _by_name(lake, [i for i in waiting if i.source_system in FILE_SOURCES])
    yield from _by_trace(
        lake,
        [
            i
            for i in waiting
            if i.source_system in X12_SOURCES and i.level in ("interchange", "transaction")
        ],
    )
    yield from _by_row(
        lake, [i for i in waiting if i.source_system not in FILE_SOURCES and i.level == "row"]
    )


def _by_name(lake: Lake, waiting: Sequence[Item]) -> Iterator[tuple[Item, str]]:
    """A file of the same name and other content was loaded later."""
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
            yield item, "a later file of the same name was loaded"


def _by_trace(lake: Lake, waiting: Sequence[Item]) -> Iterator[tuple[Item, str]]:
    """Every payment that the item announces (TRN of an 835) is in raw, from another file."""
    if not waiting:
        return
    with duckdb.connect() as con:
        rows = con.execute(
            f"""select distinct _source_system, trace_number, originating_company_id
            from {lake.scan("x12", "remit_payments")} where trace_number is not null"""
        ).fetchall()
    loaded = set(rows)
    bytes_of = contents(lake, waiting)
    for item in waiting:
        traces = _traces(bytes_of[item.quarantine_id])
        if traces and all((item.source_system, *trace) in loaded for trace in traces):
            yield item, "the payment with the same trace number was loaded from another file"


def _traces(content: bytes) -> list[tuple[str, str]]:
    """(TRN02, TRN03) of each 835 in an item: the TRN that follows a BPR."""
    at, found = content.find(b"BPR"), list[tuple[str, str]]()
    while at >= 0 and at + 3 < len(content):
        separator = content[at + 3 : at + 4]
        trn = content.find(b"TRN" + separator, at)
        if trn < 0:
            break
        # the segment terminator stands right before TRN, but for line ends
        terminator = content[at:trn].rstrip(b"\r\n ")[-1:]
        elements = content[trn : content.find(terminator, trn)].split(separator)
        if len(elements) > 3:
            texts = (e.decode("utf-8", errors="replace").strip() for e in elements[2:4])
            found.append(cast(tuple[str, str], tuple(texts)))
        at = content.find(b"BPR" + separator, trn)
    return found


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
