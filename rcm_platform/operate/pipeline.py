"""The pipeline without an orchestrator."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from rcm_platform.publish import versions
from rcm_platform.settings import Settings

if TYPE_CHECKING:
    from rcm_platform.lake import Lake
from rcm_platform.ingest.lake_access import last_date


def as_of_date(settings: Settings, lake: Lake, day: date | None = None) -> date:
    """The date that a run reports as of: the run's own, the settings', or the latest in raw, but
    never before what readers see: an earlier state would not replace it."""
    arrived = last_date(settings, lake, day)
    present = None if day or settings.as_of else versions.current(settings.published_dir)
    return max(arrived, date.fromisoformat(present.as_of)) if present else arrived
