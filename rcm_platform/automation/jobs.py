"""The jobs, the nightly schedule, and what a landing run makes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from rcm_platform.assets.checks.common import mart_key
from rcm_platform.assets.checks.conservation import CONSERVED, conservation_name
from rcm_platform.assets.common import NIGHTLY_CHECK
from rcm_platform.assets.raw import PLATFORM, raw_key
from rcm_platform.ingest import feeds, synthetic
from rcm_platform.operate.run_tags import ARRIVED_TAG, AS_OF_TAG
from rcm_platform.settings import Settings

LANDING_JOB = "landing"

nightly_job = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    description="Everything: receive, load, transform, prove, publish.",
    executor_def=dg.in_process_executor,
)

# the sources are only read; what is true of the world and the audit of the trace wait for night
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


def landing_request(
    settings: Settings, graph: Any, sources: Iterable[str], run_key: str | None = None
) -> dg.RunRequest:
    """Load the feeds of these source systems and build, prove and publish what they touch.

    `graph` is the asset graph of the definitions.
    """
    touched = set(sources)
    raw = [
        raw_key(feed.name, table)
        for feed in feeds.feeds(settings).values()
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
        if key.asset_key in keys and NIGHTLY_CHECK not in graph.get_check_spec(key).metadata
    }
    return dg.RunRequest(
        run_key=run_key,
        asset_selection=sorted(keys),
        # one step proves all of them
        asset_check_keys=sorted(checks | conserved, key=str),
        tags={ARRIVED_TAG: ", ".join(sorted(touched))},
    )
