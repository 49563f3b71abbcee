"""When the graph runs by itself, and who hears of it when it could not."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from rcm_platform import ingest, landing
from rcm_platform.assets.checks import CONSERVED, conservation_name, mart_key
from rcm_platform.assets.common import AS_OF_TAG, LANDING_JOB
from rcm_platform.assets.raw import PLATFORM, raw_key
from rcm_platform.settings import Settings

REST_SECONDS = 3.0
"""How long new files must not change before they are loaded; longer if they do."""
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]

nightly_job = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    description="Everything: receive, load, transform, prove, publish.",
    executor_def=dg.in_process_executor,
)


# the sources are only read, and what is true of the world is asked at night
landing_job = dg.define_asset_job(
    LANDING_JOB,
    selection=dg.AssetSelection.all() - dg.AssetSelection.groups("sources"),
    description=(
        "Files that arrived: load the feeds that they belong to, build what depends on them, prove "
        "it, publish. The landing sensor starts it with the assets that are touched."
    ),
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


def landing_request(
    settings: Settings, graph: Any, sources: Iterable[str], run_key: str | None = None
) -> dg.RunRequest:
    """Load the feeds of these source systems and build, prove and publish what they touch.

    `graph` is the asset graph of the definitions.
    """
    touched = set(sources)
    raw = [
        raw_key(feed.name, table)
        for feed in ingest.feeds(settings).values()
        if touched & set(feed.origins)
        for table in feed.tables
    ]
    raw += [raw_key("platform", table) for table in PLATFORM]
    keys = dg.AssetSelection.assets(*raw).downstream().materializable().resolve(graph)
    conserved = {
        dg.AssetCheckKey(mart_key(mart), conservation_name(subject))
        for subject, (mart, _) in CONSERVED.items()
    }
    checks = {
        key
        for key in graph.asset_check_keys
        if key.asset_key in keys and not key.name.endswith("_true")
    }
    return dg.RunRequest(
        run_key=run_key,
        asset_selection=sorted(keys),
        # one step proves all of them
        asset_check_keys=sorted(checks | conserved, key=str),
        tags={"rcm/arrived": ", ".join(sorted(touched))},
    )


def landing_sensor(settings: Settings, graph: Callable[[], Any]) -> dg.SensorDefinition:
    """Every few seconds: are there files that no load has seen, and are they at rest?

    `graph` gives the asset graph of the definitions, once they stand.
    """

    @dg.sensor(
        job=landing_job,
        name="landing_sensor",
        minimum_interval_seconds=settings.sensor_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Watches the folders of files (X12, treasury, operations, claims exports) and starts "
            "one landing run for what arrived, once it no longer changes."
        ),
    )
    def arrived(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        if not settings.warehouse_path.exists():
            return dg.SkipReason("Nothing was built yet: `rcm run` or the nightly run comes first.")
        under_way = context.instance.get_runs(
            dg.RunsFilter(job_name=LANDING_JOB, statuses=UNFINISHED), limit=1
        )
        found = landing.arrivals(
            settings, context.cursor, is_busy=bool(under_way), rest_seconds=REST_SECONDS
        )
        if found.touched:
            request = landing_request(settings, graph(), found.touched, found.run_key)
            return dg.SensorResult([request], cursor=found.cursor)
        reason = "No file that no load has seen."
        if found.waiting:
            what = ", ".join(found.waiting)
            reason = f"New files in {what}: waiting until they no longer change."
            if under_way:
                reason = f"New files in {what}: waiting for the landing run that is under way."
        return dg.SensorResult(skip_reason=reason, cursor=found.cursor)

    return arrived


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
