"""One whole run in this process, without a server: what `rcm run` does."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

from rich.console import Console

from rcm_platform.ingest import lake_access
from rcm_platform.operate import run_report
from rcm_platform.operate.run_report import RunReport
from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform.web.processes import CODE

if TYPE_CHECKING:
    import dagster as dg
    from dagster._core.remote_origin import RemoteJobOrigin
from rcm_platform.operate.dagster_home import prepare_dagster_home

HEADLESS_TAG = "rcm/headless"


def run_all(settings: Settings, out: Console, as_of: date | None = None) -> RunReport:
    """Run every asset and check; waits for another writer of the same home to end."""
    started = time.monotonic()
    prepare_dagster_home(settings)
    with lake_access.single_writer(settings, out.print):
        report = _run_locked(settings, out, as_of, started)
    report.total_seconds = time.monotonic() - started
    (settings.data_dir / "last_run.json").write_text(json.dumps(asdict(report), indent=2))
    return report


def _run_locked(settings: Settings, out: Console, as_of: date | None, started: float) -> RunReport:
    import dagster as dg
    from dagster._core.definitions.job_base import InMemoryJob
    from dagster._core.execution.api import execute_run

    from rcm_platform.assets.common import AS_OF_TAG
    from rcm_platform.definitions import defs

    job = defs.resolve_job_def("nightly")
    start_up = time.monotonic() - started
    tags = {HEADLESS_TAG: "1"} | ({AS_OF_TAG: as_of.isoformat()} if as_of else {})
    with dg.DagsterInstance.get() as instance, _listening(out):
        _close_killed_runs(instance)
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
        if not result.success and not report.has_published:
            day = as_of.isoformat() if as_of else "the latest arrival date"
            versions.hold(settings.published_dir, day, report.failures)
        run_report.record(instance, run, report)
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


@contextlib.contextmanager
def _listening(out: Console) -> Iterator[None]:
    logger = logging.getLogger("rcm_platform.progress")
    handler = _ProgressHandler(out)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _ProgressHandler(logging.Handler):
    """Shows steps with their times, and what the assets say."""

    # what Dagster and dagster-dbt say of their own doings
    _noise = ("Dependencies for step", "dbt command", "dbt subsetted execution")

    def __init__(self, out: Console) -> None:
        super().__init__()
        self._out = out

    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", {})
        event = meta.get("dagster_event")
        text = meta.get("orig_message") or record.getMessage()
        if event is not None:
            self._show_event(event)
        elif record.levelno >= logging.INFO and not any(words in text for words in self._noise):
            style = "yellow" if record.levelno >= logging.WARNING else "dim"
            self._out.print(f"    {text}", style=style, markup=False, highlight=False)

    def _show_event(self, event: dg.DagsterEvent) -> None:
        if event.is_step_start:
            self._out.print(f"  … {event.step_key}", style="dim", highlight=False)
        elif event.is_step_success:
            seconds = event.step_success_data.duration_ms / 1000
            self._out.print(
                f"  [green]✓[/] {event.step_key} [dim]{seconds:.1f} s[/]", highlight=False
            )
        elif event.is_step_failure:
            self._out.print(f"  [red]✗ {event.step_key}[/]", highlight=False)
