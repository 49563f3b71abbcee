"""Held CSV files and rows of them, read again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc

from rcm_platform.ingest.quarantine.items import Item
from rcm_platform.ingest.quarantine.originals import original
from rcm_platform.lake import Batch, Lake
from rcm_platform.settings import Settings
from rcm_platform.sources import csv_folders
from rcm_platform.sources.base import Level, QuarantineItem
from rcm_platform.sources.x12 import replay as x12_replay


class _Capture(Lake):
    """A lake that knows no content and keeps what is loaded into it in memory."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.added: list[tuple[str, str, date, pa.Table]] = []

    def received_hashes(self, *, only_loaded: bool = False) -> set[str]:
        return set()

    def received_names(self) -> set[tuple[str, str, str]]:
        return set()

    @contextmanager
    def batch(self, source: str, content_hashes: Iterable[str]) -> Iterator[Batch]:
        yield cast(Batch, _CapturedBatch(self.added))


class _CapturedBatch:
    def __init__(self, added: list[tuple[str, str, date, pa.Table]]) -> None:
        self._added = added

    def add(self, source: str, table: str, arrival_date: date, rows: pa.Table) -> None:
        self._added.append((source, table, arrival_date, rows))


def replay_held_csv(
    settings: Settings, lake: Lake, batch: Batch, held: Sequence[Item], counts: dict[str, int]
) -> dict[str, x12_replay.Outcome]:
    """Read a CSV file again; load it whole if it was held whole, else the rows that were held; what
    it adds to raw is added to the `counts` of rows by table."""
    first = held[0]
    data = original(settings, lake, held)
    if data is None:
        gone = "the file that it came from is gone: put it back where it was, then replay"
        return {item.quarantine_id: x12_replay.Outcome(problem=gone) for item in held}
    capture = _Capture(lake.root)
    with tempfile.TemporaryDirectory(prefix="rcm_replay_") as folder:
        path = Path(folder) / first.source_file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        csv_folders.LOADERS[first.source_system](capture, Path(folder))
    still = [
        row
        for source, table, _, rows in capture.added
        if (source, table) == ("platform", "quarantine")
        for row in rows.to_pylist()
    ]
    outcomes: dict[str, x12_replay.Outcome] = {}
    is_whole = first.level == "file"
    size = sum(item.byte_count for item in held)
    for item in held:
        outcome = outcomes[item.quarantine_id] = x12_replay.Outcome()
        same = [
            row
            for row in still
            if row["level"] == "file" or row["source_position"] == item.source_position
        ]
        if blocking := [row for row in same if row["level"] == item.level or not is_whole]:
            outcome.problem = f"still held ({blocking[0]['rule_id']}): {blocking[0]['reason']}"
        elif item.byte_offset is not None:
            outcome.loaded = item.byte_count
    if is_whole and all(not outcome.problem for outcome in outcomes.values()):
        outcome = outcomes[first.quarantine_id]
        outcome.held = [_as_item(row) for row in still]
        inside = sum(i.byte_count for i in outcome.held if i.byte_offset is not None)
        for item in held:
            outcomes[item.quarantine_id].loaded = 0
        outcome.loaded = size - inside
    wanted = {i.source_position for i in held if not outcomes[i.quarantine_id].problem}
    for source, table, day, rows in capture.added:
        if source == "platform" or not wanted:
            continue
        if not is_whole:
            rows = rows.filter(
                pc.is_in(rows["_source_position"], pa.array(sorted(map(str, wanted))))
            )
        batch.add(source, table, day, rows)
        counts[table] = counts.get(table, 0) + len(rows)
        for item in held:
            if is_whole:
                outcomes[first.quarantine_id].rows += len(rows)
                break
            outcomes[item.quarantine_id].rows += (
                rows["_source_position"].to_pylist().count(item.source_position)
            )
    return outcomes


def _as_item(row: Mapping[str, Any]) -> QuarantineItem:
    return QuarantineItem(
        source_system=row["source_system"],
        source_file=row["source_file"],
        source_position=row["source_position"],
        level=cast(Level, row["level"]),
        rule_id=row["rule_id"],
        reason=row["reason"],
        byte_offset=row["byte_offset"],
        byte_count=row["byte_count"],
        content=row["content"],
        dollar_amount=row["dollar_amount"],
        arrival_date=row["arrival_date"],
        content_sha256=row["content_sha256"],
    )
