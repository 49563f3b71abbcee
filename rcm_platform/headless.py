"""One whole run in this process, without a server: what `rcm run` does, and what it reports."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from rcm_platform import ingest, landing, publish, quarantine
from rcm_platform.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

HEADLESS_TAG = "rcm/headless"

# the step of a blocking check fails with it; the check itself says more
CHECK_FAILED = "DagsterAssetCheckFailedError"

# Telemetry and the first-visit dialog off: no page asks for anything outside the machine.
# `granularity: run`: with `op`, a run that waits for the pool spins and ignores signals.
# The queue is looked at every second, since who drops a file waits.
DAGSTER_YAML = """\
telemetry: {enabled: false}
nux: {enabled: false}
concurrency:
  pools: {default_limit: 1, granularity: run}
  runs: {max_concurrent_runs: 4}
run_coordinator:
  module: dagster._core.run_coordinator
  class: QueuedRunCoordinator
  config: {dequeue_interval_seconds: 1}
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  max_runtime_seconds: 7200
  poll_interval_seconds: 20
  free_slots_after_run_end_seconds: 60
run_retries: {enabled: true, max_retries: 0}
retention:
  schedule: {purge_after_days: 30}
  sensor: {purge_after_days: {skipped: 1, failure: 14, success: 14}}
"""

# the URL holds a password, which stays in the environment
DAGSTER_YAML_POSTGRES = """\
storage:
  postgres:
    postgres_url: {env: DAGSTER_POSTGRES_URL}
"""

DAEMON_SILENT_SECONDS = 300
"""A daemon says every half minute that it is alive, unless a sensor keeps it."""


@dataclass
class RunReport:
    """What a run did. Seconds are wall time; table rows are text, ready to show."""

    succeeded: bool = False
    as_of: str = ""
    published: str = ""
    published_path: str = ""
    total_seconds: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)
    sources: list[list[str]] = field(default_factory=list)
    proof: list[list[str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def prepare_dagster_home(settings: Settings) -> None:
    """Write dagster.yaml, and point this process and its children to it."""
    text = DAGSTER_YAML
    if settings.dagster_postgres_url:
        if find_spec("dagster_postgres") is None:
            raise ModuleNotFoundError(
                "RCM_DAGSTER_POSTGRES_URL needs more: pip install 'rcm-platform[deploy]'"
            )
        # SQLAlchemy would take another driver than the one that dagster-postgres brings
        _, _, rest = settings.dagster_postgres_url.partition("://")
        os.environ["DAGSTER_POSTGRES_URL"] = f"postgresql+psycopg2://{rest}"
        text += DAGSTER_YAML_POSTGRES
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    new = settings.dagster_home / f".dagster.yaml.{os.getpid()}"
    new.write_text(text)
    new.replace(settings.dagster_home / "dagster.yaml")  # others may be reading it
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)


def silent_daemons(settings: Settings) -> list[str] | None:
    """The daemons that should be heard and are not; None when none ever ran in this home."""
    import dagster as dg

    prepare_dagster_home(settings)
    with dg.DagsterInstance.get() as instance:
        heard = instance.get_daemon_heartbeats()
        since = time.time() - DAEMON_SILENT_SECONDS
        if not heard:
            return None
        return sorted(
            name
            for name in instance.get_required_daemon_types()
            if name not in heard or heard[name].timestamp < since
        )


def run_all(settings: Settings, out: Console, as_of: date | None = None) -> RunReport:
    """Run every asset and check; waits for another writer of the same home to end."""
    started = time.monotonic()
    prepare_dagster_home(settings)
    lock = ingest.single_writer(settings)
    if not _try(lock):
        out.print(f"Another run is writing in {settings.home}; waiting for it to end.")
        lock.acquire()
    try:
        report = _run_locked(settings, out, as_of, started)
    finally:
        lock.release()
    report.total_seconds = time.monotonic() - started
    (settings.data_dir / "last_run.json").write_text(json.dumps(asdict(report), indent=2))
    return report


def _try(lock: Any) -> bool:
    from filelock import Timeout

    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True


def _run_locked(settings: Settings, out: Console, as_of: date | None, started: float) -> RunReport:
    import dagster as dg

    from rcm_platform.assets.common import AS_OF_TAG
    from rcm_platform.definitions import defs

    job = defs.resolve_job_def("nightly")
    report = RunReport(stages={"start-up": time.monotonic() - started})
    with dg.DagsterInstance.get() as instance, _listening(out):
        _close_killed_runs(instance)
        log = settings.data_dir / "last_run.log"
        # dbt speaks to stdout in hundreds of lines; they stand in a file, the steps on the screen
        with log.open("w") as file, contextlib.redirect_stdout(file):
            result = job.execute_in_process(
                instance=instance,
                raise_on_error=False,
                run_config={"loggers": {"progress": {"config": {}}}},
                tags={HEADLESS_TAG: "1"} | ({AS_OF_TAG: as_of.isoformat()} if as_of else {}),
            )
            for event in result.all_events:
                if event.is_step_failure:
                    file.write(event.step_failure_data.error_display_string)
    report.succeeded = result.success
    _add_events(report, result.all_events)
    if not result.success:
        day = as_of.isoformat() if as_of else "the latest arrival date"
        publish.hold(settings.published_dir, day, report.failures)
        report.failures.append(f"The full log is {log}")
    if not ingest.locations(settings):
        report.warnings.append("No source is configured: RCM_WORLD is off and no RCM_ path is set.")
    _add_sources(report, settings)
    _add_published(report, settings)
    return report


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


def stage_of(step: str) -> str:
    """The stage of a run that a step belongs to, as reports name it."""
    known = {"world": "world", "persons": "persons", "warehouse": "dbt"}
    for prefix, stage in (("raw_", "raw"), ("published", "publish"), ("leadership", "scorecard")):
        if step.startswith(prefix):
            return stage
    return known.get(step, "checks")


def _add_events(report: RunReport, events: Iterable[dg.DagsterEvent]) -> None:
    import dagster as dg

    for event in events:
        if event.is_step_success and event.step_key:
            stage = stage_of(event.step_key)
            seconds = event.step_success_data.duration_ms / 1000
            report.stages[stage] = report.stages.get(stage, 0.0) + seconds
        elif event.is_step_failure:
            error = event.step_failure_data.error
            if error is None or error.cls_name != CHECK_FAILED:
                report.failures.append(f"step {event.step_key}: {_why(error)}")
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            _add_check(report, event.asset_check_evaluation_data)


def _why(error: Any) -> str:
    """The innermost cause of a step's failure: the outer ones only say that the step failed."""
    while error and error.cause:
        error = error.cause
    message = str(error.message) if error else "failed"
    # dbt's own words, without the command line that led to them
    return message.rpartition("Errors parsed from dbt logs:")[2].strip()


def _add_check(report: RunReport, check: Any) -> None:
    if not check.passed and (problems := check.metadata.get("problems")):
        report.warnings.extend(problems.value.splitlines())
    elif not check.passed:
        said = "; ".join(
            f"{key}: {value.value}"
            for key, value in check.metadata.items()
            if isinstance(value.value, str | int | float) and not key.startswith("dagster")
        )
        blocks = check.blocking and check.severity.value == "ERROR"
        name = f"{check.asset_key.to_user_string()}: {check.check_name}"
        (report.failures if blocks else report.warnings).append(f"check {name} ({said})")
    if figures := check.metadata.get("figures"):
        report.proof.extend(_proof_rows(check.check_name, [r.data for r in figures.records]))
    elif (truth := check.metadata.get("rows in truth")) is not None:
        wrong = check.metadata["only in mart"].value + check.metadata["only in truth"].value
        name = check.check_name.removesuffix("_true")
        report.proof.append(
            ["truth", name, "rows", f"{truth.value:,}", f"{wrong:,}", "✓" if check.passed else "✗"]
        )
    elif (planted := check.metadata.get("faults planted")) is not None:
        wrong = sum(
            check.metadata[name].value for name in ("faults missed", "findings that are no fault")
        )
        mark = "✓" if check.passed else "✗"
        report.proof.append(
            ["truth", "planted faults", "findings", f"{planted.value:,}", f"{wrong:,}", mark]
        )


def _proof_rows(check_name: str, records: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    """One row per figure; many equal tables are one row, a broken one always its own."""
    subject = check_name.removesuffix("_conserved")
    tables = 0
    for record in records:
        scope, unit, *places = (str(value) for value in record.values())
        amounts = [amount for amount in places if amount]
        equal = len(set(amounts)) == 1
        if unit == "rows" and equal:
            tables += 1
            continue
        difference = "0" if equal else " ≠ ".join(amounts)
        yield [subject, scope, unit, amounts[0], difference, "✓" if equal else "✗"]
    if tables:
        yield [subject, "raw and staging", "tables", str(tables), "0", "✓"]


def _add_sources(report: RunReport, settings: Settings) -> None:
    if not settings.lake_dir.exists():
        return
    lake = ingest.open_lake(settings)
    held: dict[str, tuple[int, Decimal]] = {}
    for source, _, items, dollars in quarantine.open_totals(lake):
        before = held.get(source, (0, Decimal(0)))
        held[source] = (before[0] + items, before[1] + dollars)
    for of in landing.received(lake):
        amount = "" if of.dollar_amount is None else f"{of.dollar_amount:,.2f}"
        items, waiting = held.get(of.source, (0, Decimal(0)))
        figures = [f"{of.files:,}", f"{of.byte_count:,}", f"{of.row_count:,}", amount]
        report.sources.append([of.source, *figures, f"{items:,}", f"{waiting:,.2f}"])


def _add_published(report: RunReport, settings: Settings) -> None:
    if version := publish.current(settings.published_dir):
        report.published, report.as_of = version.version, version.as_of
        report.published_path = str(Path(version.path(settings.published_dir, "operations")))
