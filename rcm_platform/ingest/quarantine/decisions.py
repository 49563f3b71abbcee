"""What is decided on held items, by people and by loads: an append-only table of the lake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from rcm_platform.ingest import lake_access
from rcm_platform.ingest.quarantine.items import LEFT, Item, find
from rcm_platform.ingest.quarantine.last_load import HANDWORK
from rcm_platform.lake import Lake
from rcm_platform.settings import Settings
from rcm_platform.sources.base import Decision, QuarantineDecision, write_platform_rows


def close(settings: Settings, as_of: date, quarantine_id: str, reason: str, by: str) -> Item:
    """Decide that an item stays out. Its dollars stay held; it is open no more.

    It counts from `as_of` on. Raises KeyError for an unknown id, ValueError without a reason or
    when it is not open.
    """
    with lake_access.writing(settings) as lake:
        item = open_item(lake, quarantine_id, reason)
        decision = decision_on(item, "closed", reason.strip(), by, as_of)
        write_down(lake, [item], [decision])
    return item


def open_item(lake: Lake, quarantine_id: str, reason: str | None = None) -> Item:
    """The item, to be decided on. Raises KeyError for an unknown id, ValueError with an empty
    `reason` or when it has left quarantine."""
    if reason is not None and not reason.strip():
        raise ValueError("Say why, with --reason: the decision is kept for whoever asks later.")
    item = find(lake, quarantine_id)
    if item.decision in LEFT:
        raise ValueError(
            f"{item.quarantine_id} is not open: it was {item.decision} by {item.decided_by} "
            f"({item.decision_reason})."
        )
    return item


def decision_on(
    item: Item,
    decision: Decision,
    reason: str,
    by: str,
    as_of: date,
    loaded_bytes: int = 0,
    rows: int = 0,
) -> QuarantineDecision:
    """A decision, with what it brought to raw; it counts from `as_of` on, or from the arrival."""
    return QuarantineDecision(
        quarantine_id=item.quarantine_id,
        decision=decision,
        reason=reason,
        decided_by=by or "operator",
        decided_at=datetime.now(UTC).replace(tzinfo=None),
        effective_date=max(as_of, item.arrival_date),
        loaded_byte_count=loaded_bytes,
        loaded_row_count=rows,
        source_system=item.source_system,
        source_file=item.source_file,
        rule_id=item.rule_id,
        arrival_date=item.arrival_date,
    )


def write_down(
    lake: Lake, concerned: Sequence[Item], decisions: Sequence[QuarantineDecision]
) -> None:
    """Add decisions on these items to the lake, in one batch."""
    identity = [d.decision_id for d in decisions]
    with lake.batch(HANDWORK, [*identity, *(i.quarantine_id for i in concerned)]) as batch:
        write_platform_rows(batch, [], [], decisions)
