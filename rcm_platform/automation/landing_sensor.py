"""Starts a run of what arrived, when files are at rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dagster as dg

from rcm_platform.automation.jobs import LANDING_JOB, landing_job, landing_request
from rcm_platform.ingest import arrivals
from rcm_platform.settings import Settings

REST_SECONDS = 3.0
"""How long new files must not change before they are loaded; longer if they do."""
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


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

        # to open Dagster's storage costs more than to look: most ticks find nothing
        def is_under_way() -> bool:
            runs = dg.RunsFilter(job_name=LANDING_JOB, statuses=UNFINISHED)
            return bool(context.instance.get_runs(runs, limit=1))

        found = arrivals.arrivals(settings, context.cursor, is_under_way, REST_SECONDS)
        if found.touched:
            request = landing_request(settings, graph(), found.touched, found.run_key)
            return dg.SensorResult([request], cursor=found.cursor)
        reason = "No file that no load has seen."
        if found.waiting:
            what = ", ".join(found.waiting)
            reason = f"New files in {what}: waiting until they no longer change."
            if is_under_way():
                reason = f"New files in {what}: waiting for the landing run that is under way."
        return dg.SensorResult(skip_reason=reason, cursor=found.cursor)

    return arrived
