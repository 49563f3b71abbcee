"""One whole run in this process, without a server: what `rcm run` does."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

from rich.console import Console

from rcm_platform.ingest import lake_access
from rcm_platform.operate import disk, run_report, unchanged
from rcm_platform.operate.dagster_home import CODE, prepare_dagster_home
from rcm_platform.operate.run_report import RunReport
from rcm_platform.operate.run_tags import AS_OF_TAG, HEADLESS_TAG, WHOLE_BUILD_TAG
from rcm_platform.proof import truth
from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform.warehouse import engines

if TYPE_CHECKING:
    import dagster as dg
    from dagster._core.remote_origin import RemoteJobOrigin


def run_all(
    settings: Settings,
    out: Console,
    definitions: Callable[[], dg.Definitions],
    as_of: date | None = None,
    *,
    again: bool = False,
) -> RunReport:
    """Run every asset and check, where anything is new; waits for another writer of the same home
    to end.

    `definitions` loads the graph, which is counted as start-up. `again`: also where nothing is new,
    and every table is made again. Raises EngineUnavailable before anything else is done.
    """
    started = time.monotonic()
    if engine := engines.chosen(settings):
        engine.check(settings)
    with lake_access.single_writer(settings, out.print):
        if not again and (proven := unchanged.proven_report(settings, as_of)):
            proven.total_seconds = time.monotonic() - started
            return proven
        prepare_dagster_home(settings)
        tags = {HEADLESS_TAG: "1"} | ({WHOLE_BUILD_TAG: "1"} if again else {})
        report = _run_locked(settings, out, definitions, as_of, tags, started)
        unchanged.note(settings, report)
    report.total_seconds = time.monotonic() - started
    (settings.data_dir / "last_run.json").write_text(json.dumps(asdict(report), indent=2))
    return report


def _run_locked(
    settings: Settings,
    out: Console,
    definitions: Callable[[], dg.Definitions],
    as_of: date | None,
    tags: dict[str, str],
    started: float,
) -> RunReport:
    job = definitions().resolve_job_def("nightly")  # first: it imports Dagster while dbt reads

    import dagster as dg
    from dagster._core.definitions.job_base import InMemoryJob
    from dagster._core.execution.api import execute_run

    from rcm_platform.operate import old_runs
    from rcm_platform.operate.progress import listening

    start_up = time.monotonic() - started
    if as_of:
        tags |= {AS_OF_TAG: as_of.isoformat()}
    with dg.DagsterInstance.get() as instance, listening(out):
        _close_killed_runs(instance)
        truth.remove_spill(settings.warehouse_path)
        log = settings.data_dir / "last_run.log"
        # dbt speaks to stdout in hundreds of lines; they stand in a file, the steps on the screen
        with log.open("w") as file, contextlib.redirect_stdout(file):
            run = instance.create_run_for_job(
                job,
                run_config={"loggers": {"progress": {"config": {}}}},
                tags=tags,
                # with it the UI shows the run on the timeline and among those of its job
                remote_job_origin=_origin(job.name),
            )
            result = execute_run(InMemoryJob(job), run, instance)
            for event in result.all_events:
                if event.is_step_failure:
                    file.write(event.step_failure_data.error_display_string)
        report = run_report.read(settings, result.all_events, result.success)
        report.stages = {"start-up": start_up, **report.stages}
        if full := disk.why_full(settings, *report.failures):
            report.failures = [full]
        if not result.success and not report.has_published:
            day = as_of.isoformat() if as_of else "the latest arrival date"
            versions.hold(settings.published_dir, day, report.failures)
        run_report.record(instance, run, report)
        old_runs.remove(instance)
    if not result.success:
        report.failures.append(f"The full log is {log}")
    return report


def _origin(job: str) -> RemoteJobOrigin:
    """Where the UI, however it is started, finds this job."""
    from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
    from dagster._core.remote_origin import (
        RegisteredCodeLocationOrigin,
        RemoteJobOrigin,
        RemoteRepositoryOrigin,
    )

    location = RegisteredCodeLocationOrigin(CODE)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME), job)


def _close_killed_runs(instance: dg.DagsterInstance) -> None:
    """This process holds the only writer's lock: a headless run that still 'runs' was killed."""
    import dagster as dg

    unfinished = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
    for run in instance.get_runs(dg.RunsFilter(statuses=unfinished, tags={HEADLESS_TAG: "1"})):
        instance.report_run_failed(run, "The process of this run was killed.")
