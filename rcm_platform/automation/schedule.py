"""When the graph runs by itself."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from rcm_platform.automation.jobs import nightly_job
from rcm_platform.ingest import synthetic
from rcm_platform.operate.run_tags import AS_OF_TAG
from rcm_platform.settings import Settings


def nightly_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """Each night, for the day before: what arrived until midnight in the settings' time zone.

    A night of the synthetic world is the day after its last one: the calendar is not its own.
    """

    @dg.schedule(
        job=nightly_job,
        name="nightly_schedule",
        cron_schedule=settings.nightly_cron,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=(
            "Runs the nightly job as of the day before its tick; with the synthetic world, as of "
            "the day after its last one, or of your own latest data if that is later."
        ),
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        local = context.scheduled_execution_time.astimezone(ZoneInfo(settings.timezone))
        night = local.date() - timedelta(days=1)
        day = synthetic.next_world_day(settings, night) or night
        return dg.RunRequest(run_key=night.isoformat(), tags={AS_OF_TAG: day.isoformat()})

    return tick
