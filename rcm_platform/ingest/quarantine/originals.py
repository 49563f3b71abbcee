"""The whole files that held items came from, kept for a replay."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from rcm_platform.ingest import feeds
from rcm_platform.ingest.quarantine.items import Item, contents, items
from rcm_platform.lake import Lake
from rcm_platform.settings import Settings
from rcm_platform.sources import csv_folders


def keep_originals(settings: Settings, lake: Lake) -> int:
    """Keep a copy of each file of which a part is open, as a replay needs the whole of it.

    Copies that nothing open needs any more are removed. Returns how many were added.
    """
    needed = {
        item.content_sha256: item
        for item in items(lake, only_open=True)
        if item.level in ("claim", "transaction", "row")
        and item.source_system in (*feeds.X12_SOURCES, *csv_folders.LOADERS)
    }
    for sha in lake.kept() - set(needed):
        lake.forget(sha)
    added = 0
    for sha in set(needed) - lake.kept():
        if (data := _in_folder(settings, needed[sha])) is not None:
            lake.keep(data)
            added += 1
    return added


def original(settings: Settings, lake: Lake, held: Sequence[Item]) -> bytes | None:
    """The whole file that items came from: kept, still in its folder, or held whole."""
    first = held[0]
    if (data := lake.kept_content(first.content_sha256)) is not None:
        return data
    if (data := _in_folder(settings, first)) is not None:
        return data
    whole = [item for item in held if item.level == "file"]
    bytes_of = contents(lake, whole or held)
    joined = b"".join(bytes_of[item.quarantine_id] for item in (whole or held))
    return joined if hashlib.sha256(joined).hexdigest() == first.content_sha256 else None


def _in_folder(settings: Settings, item: Item) -> bytes | None:
    """The file where it was received, if it is still the same."""
    where = feeds.locations(settings).get(item.source_system)
    if where is None:
        return None
    try:
        data = (Path(where) / item.source_file).read_bytes()
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == item.content_sha256 else None
