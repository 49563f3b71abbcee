"""What people decide about exceptions: an append-only table of the lake.

A decision names the record that breaks a rule by what never changes of it (rule, source, type,
number, file and place). Nothing of it is altered later: who changes their mind adds a decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import duckdb

from rcm_platform.ingest import lake_access
from rcm_platform.ingest.quarantine.last_load import HANDWORK
from rcm_platform.lake import Lake
from rcm_platform.settings import Settings
from rcm_platform.sources.base import (
    EXCEPTION_DECISIONS_SCHEMA,
    ExceptionDecision,
    write_platform_rows,
)


def now() -> datetime:
    """The moment of a decision, in UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


def write_down(settings: Settings, decisions: Sequence[ExceptionDecision]) -> None:
    """Add decisions to the lake, in one batch. The caller holds the lock.

    Raises ValueError for a decision without a reason.
    """
    if not all(decision.reason.strip() for decision in decisions):
        raise ValueError("Say why, with --reason: the decision is kept for whoever asks later.")
    with lake_access.writing(settings) as lake:
        _write(lake, decisions)


def land(lake: Lake, found: Sequence[ExceptionDecision]) -> None:
    """Add the decisions that the lake does not hold."""
    if not found:
        return
    known = {
        identifier
        for (identifier,) in lake.query(
            f"select decision_id from {lake.scan('platform', 'exception_decisions')}"
        )
    }
    new = [decision for decision in found if decision.decision_id not in known]
    if new:
        _write(lake, new)


def _write(lake: Lake, decisions: Sequence[ExceptionDecision]) -> None:
    with lake.batch(HANDWORK, [d.decision_id for d in decisions]) as batch:
        write_platform_rows(batch, [], [], exception_decisions=decisions)


def decisions(lake: Lake, as_of: date = date.max) -> list[ExceptionDecision]:
    """All that was decided and counts by a day, the latest last."""
    if not lake.has("platform", "exception_decisions"):
        return []
    names = [name for name in EXCEPTION_DECISIONS_SCHEMA.names if name != "decision_id"]
    with duckdb.connect() as con:
        rows = con.execute(
            f"select {', '.join(names)} from {lake.scan('platform', 'exception_decisions')} "
            "where arrival_date <= ? order by decided_at, decision_id",
            [as_of],
        ).fetchall()
    return [ExceptionDecision(**dict(zip(names, row, strict=True))) for row in rows]
