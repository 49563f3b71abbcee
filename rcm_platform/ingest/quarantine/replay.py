"""Read held bytes again with today's reader, specs and settings, and load what was missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from rcm_platform.ingest import lake_access
from rcm_platform.ingest.feeds import X12_SOURCES
from rcm_platform.ingest.quarantine.decisions import decision_on, open_item
from rcm_platform.ingest.quarantine.items import Item, items
from rcm_platform.ingest.quarantine.last_load import HANDWORK
from rcm_platform.ingest.quarantine.replay_csv import replay_held_csv
from rcm_platform.ingest.quarantine.replay_x12 import RawKeys, replay_held
from rcm_platform.ingest.quarantine.rules import MUST_HOLD, RELEASABLE
from rcm_platform.lake import Lake
from rcm_platform.settings import Settings
from rcm_platform.sources import csv_folders
from rcm_platform.sources.base import Decision, QuarantineItem, ReceivedFile, write_platform_rows
from rcm_platform.sources.x12 import replay as x12_replay

_WHAT_TO_DO = (
    "Send or ask for a corrected file, mend the reader and `rcm quarantine replay` it, or say that "
    "it stays out with `rcm quarantine close`."
)


@dataclass
class ReplaySummary:
    """What a replay did: items and bytes that left quarantine, rows loaded, and what stays."""

    loaded: list[Item] = field(default_factory=list)
    byte_count: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    held_anew: list[QuarantineItem] = field(default_factory=list)
    """Parts of an item that was loaded, which are held for reasons of their own."""
    problems: list[tuple[Item, str]] = field(default_factory=list)

    @property
    def row_count(self) -> int:
        return sum(self.rows.values())


def release(
    settings: Settings, as_of: date, quarantine_id: str, reason: str, by: str
) -> ReplaySummary:
    """Load an item although its rule holds it, where that is safe (`RELEASABLE`).

    It counts from `as_of` on.

    Raises KeyError for an unknown id; ValueError without a reason, when the item is not open, or
    when its rule is one of those that must hold.
    """
    with lake_access.writing(settings) as lake:
        item = open_item(lake, quarantine_id, reason)
        if item.rule_id not in RELEASABLE:
            why = MUST_HOLD.get(item.rule_id, "nobody has shown that its rows can be loaded safely")
            raise ValueError(f"Rule {item.rule_id} may not be waived: {why}. {_WHAT_TO_DO}")
        return _replay(settings, lake, [item], by, reason.strip(), as_of, is_release=True)


def replay(
    settings: Settings,
    as_of: date,
    *,
    quarantine_id: str | None = None,
    rule: str | None = None,
    by: str = "",
) -> ReplaySummary:
    """Read held bytes with today's reader, specs and settings; load exactly what was missing.

    One item, those of a rule, or (without either) all that are open; it counts as for `release`.
    Raises KeyError for an unknown id, ValueError when the item is not open.
    """
    with lake_access.writing(settings) as lake:
        if quarantine_id is None:
            wanted = items(lake, rule=rule, only_open=True)
        else:
            wanted = [open_item(lake, quarantine_id)]
        return _replay(settings, lake, wanted, by, "read again and found good", as_of)


def _replay(
    settings: Settings,
    lake: Lake,
    wanted: Sequence[Item],
    by: str,
    reason: str,
    as_of: date,
    is_release: bool = False,
) -> ReplaySummary:
    """Replay items in one batch, with what is decided and where their bytes are now."""
    summary = ReplaySummary()
    if not wanted:
        return summary
    known_ids = {item.quarantine_id for item in items(lake)}
    raw = RawKeys(lake, [i for i in wanted if i.source_system in X12_SOURCES])
    with lake.batch(HANDWORK, ["replay", *(i.quarantine_id for i in wanted)]) as batch:
        for held in _by_file(wanted):
            first = held[0]
            if first.source_system in X12_SOURCES:
                waived = first.rule_id if is_release else ""
                outcomes = replay_held(settings, lake, raw, batch, held, waived, summary.rows)
            elif first.source_system in csv_folders.LOADERS:
                outcomes = replay_held_csv(settings, lake, batch, held, summary.rows)
            else:
                advice = "it is read again from its source at each load: mend it there"
                outcomes = {i.quarantine_id: x12_replay.Outcome(problem=advice) for i in held}
            done = [(item, outcomes[item.quarantine_id]) for item in held]
            summary.problems += [(item, o.problem) for item, o in done if o.problem]
            moved = [(item, o) for item, o in done if not o.problem]
            if not moved:
                continue
            anew = [
                part
                for part in {p.quarantine_id: p for _, o in moved for p in o.held}.values()
                if part.quarantine_id not in known_ids
            ]
            decision: Decision = "released" if is_release else "loaded"
            decisions = [
                decision_on(item, decision, _reason_of(reason, o), by, as_of, o.loaded, o.rows)
                for item, o in moved
            ]
            write_platform_rows(batch, [_moved(moved)], anew, decisions)
            summary.loaded += [item for item, _ in moved]
            summary.byte_count += sum(o.loaded for _, o in moved)
            summary.held_anew += anew
    return summary


def _reason_of(reason: str, outcome: x12_replay.Outcome) -> str:
    if outcome.held:
        return f"{reason}; {len(outcome.held)} parts of it are held for reasons of their own"
    if outcome.duplicate and not outcome.loaded:
        return f"{reason}; raw had it already"
    return reason


def _by_file(wanted: Sequence[Item]) -> Iterator[list[Item]]:
    def file(item: Item) -> tuple[str, str, str]:
        return item.source_system, item.source_file, item.content_sha256

    for _, group in groupby(sorted(wanted, key=file), key=file):
        yield sorted(group, key=lambda item: item.byte_offset or 0)


def _moved(moved: Sequence[tuple[Item, x12_replay.Outcome]]) -> ReceivedFile:
    """The entry that takes bytes out of quarantine: to loaded, duplicate, padding."""
    first = moved[0][0]
    loaded, duplicate, padding, rows = (
        sum(getattr(outcome, name) for _, outcome in moved)
        for name in ("loaded", "duplicate", "padding", "rows")
    )
    return ReceivedFile(
        source_system=first.source_system,
        source_file=first.source_file,
        content_sha256=first.content_sha256,
        byte_count=0,
        loaded_byte_count=loaded,
        quarantined_byte_count=-(loaded + duplicate + padding),
        duplicate_byte_count=duplicate,
        padding_byte_count=padding,
        status="replayed",
        row_count=rows,
        dollar_amount=None,
        arrival_date=max(item.arrival_date for item, _ in moved),
    )
