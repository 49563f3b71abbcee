"""When the graph runs by itself, and who hears of it when it could not."""

from __future__ import annotations

import logging
from datetime import timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from rcm_platform.assets.common import AS_OF_TAG
from rcm_platform.settings import Settings

nightly_job = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    description="Everything: receive, load, transform, prove, publish.",
    executor_def=dg.in_process_executor,
)


def nightly_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """Each night, for the day before: what arrived until midnight in the settings' time zone."""

    @dg.schedule(
        job=nightly_job,
        name="nightly_schedule",
        cron_schedule=settings.nightly_cron,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Runs the nightly job as of the day before its tick.",
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        local = context.scheduled_execution_time.astimezone(ZoneInfo(settings.timezone))
        day = (local.date() - timedelta(days=1)).isoformat()
        return dg.RunRequest(run_key=day, tags={AS_OF_TAG: day})

    return tick


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Writes one line to the log for each run that failed: which, why, where to look.",
)
def alert_on_failure(context: dg.RunFailureSensorContext) -> None:
    """Say that a run failed, in words that stand alone in a log."""
    run = context.dagster_run
    as_of = run.tags.get(AS_OF_TAG, "the latest arrival date")
    context.log.error(
        f"RUN FAILED: job {run.job_name}, run {run.run_id}, as of {as_of}: "
        f"{context.failure_event.message} What is published did not change. See /runs/{run.run_id}"
    )


@dg.logger
def progress_logger(init_context: dg.InitLoggerContext) -> logging.Logger:
    """The logger that `rcm run` listens to; its handler is attached there."""
    logger = logging.getLogger("rcm_platform.progress")
    logger.setLevel(logging.DEBUG)  # Dagster logs its own events at this level
    logger.propagate = False
    return logger
