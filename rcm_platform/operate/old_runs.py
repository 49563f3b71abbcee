"""The logs of past runs, of which only so many are kept: each is some ten megabytes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from collections.abc import Collection

KEPT_DAYS = 60
"""For so many days the log of a run is kept."""

_AT_ONCE = 20
"""No night removes more of them, so that the first one is not long."""


def remove(instance: dg.DagsterInstance, now: datetime | None = None) -> int:
    """Remove the logs of runs that are older than KEPT_DAYS; count them.

    A run that made an asset last is kept: the graph would show it as never made.
    """
    before = (now or datetime.now(UTC)) - timedelta(days=KEPT_DAYS)
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    old = instance.get_run_records(
        dg.RunsFilter(statuses=ended, created_before=before), ascending=True
    )
    if not old:
        return 0
    kept = _last_makers(instance)
    run_ids = (record.dagster_run.run_id for record in old)
    removed = [run_id for run_id in run_ids if run_id not in kept][:_AT_ONCE]
    for run_id in removed:
        instance.delete_run(run_id)
        _remove_file(instance, run_id)
    return len(removed)


def _last_makers(instance: dg.DagsterInstance) -> Collection[str]:
    """The runs that made an asset last."""
    keys = instance.all_asset_keys()
    return {
        record.asset_entry.last_run_id
        for record in instance.get_asset_records(list(keys))
        if record.asset_entry.last_run_id
    }


def _remove_file(instance: dg.DagsterInstance, run_id: str) -> None:
    """The file of a run in SQLite, which stays behind empty, but no smaller."""
    place = getattr(instance.event_log_storage, "path_for_shard", None)
    if place:
        for ending in ("", "-wal", "-shm"):
            Path(f"{place(run_id)}{ending}").unlink(missing_ok=True)
