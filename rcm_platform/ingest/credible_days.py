"""The last day that what arrives may bear (rule E13)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from rcm_platform.ingest.feeds import from_world
from rcm_platform.ingest.synthetic import world_through
from rcm_platform.settings import Settings

_CLOCK_GRACE = timedelta(hours=36)


def last_credible_day(settings: Settings, source: str) -> date:
    """The last day that what arrives now from a source system may bear.

    What bears a later one has a wrong date, and would hide every later night: an as-of date never
    goes back. Hours of grace are for other time zones and other clocks. The synthetic world lives
    in days of its own, which may be ahead of ours: then its last day counts.
    """
    today = (datetime.now(UTC) + _CLOCK_GRACE).date()
    if source in from_world(settings):
        return max(today, world_through(settings))
    return max(today, settings.world_through) if settings.world else today
