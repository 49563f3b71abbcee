"""Who is told of a failed run, a failed check, what was held and stale figures."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import dagster as dg
from filelock import Timeout

from rcm_platform.assets import published
from rcm_platform.assets.checks.arrivals import HELD_CHECK, QUARANTINE
from rcm_platform.automation import alerts
from rcm_platform.automation.alerts import Alert
from rcm_platform.automation.jobs import LANDING_JOB, nightly_job
from rcm_platform.ingest import lake_access
from rcm_platform.ingest.quarantine import items, last_load
from rcm_platform.operate import old_runs, run_report, unchanged
from rcm_platform.operate.run_tags import AS_OF_TAG, HEADLESS_TAG
from rcm_platform.publish import versions
from rcm_platform.publish.audiences import AUDIENCES
from rcm_platform.settings import Settings
from rcm_platform.sources import rules


def alert_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """Who is told of a failed run, a failed check, what was held and stale figures: the log, and
    everyone that the settings name."""
    return [
        failure_sensor(settings),
        failed_check_sensor(settings),
        held_sensor(settings),
        stale_sensor(settings),
    ]


def failure_sensor(settings: Settings) -> dg.SensorDefinition:
    """A run failed."""

    @dg.run_failure_sensor(
        name="alert_on_failure",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=60,
        description="Tells of each run that failed: which, why, where to look.",
    )
    def on_failure(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        as_of = run.tags.get(AS_OF_TAG, "the latest arrival date")
        checks = _failed_checks(context.instance, run.run_id)
        why = f"failed checks: {', '.join(checks)}" if checks else context.failure_event.message
        version = versions.current(settings.published_dir)
        record = context.instance.get_run_record_by_id(run.run_id)
        assert record is not None
        # a run of something else holds nothing back, and another one may have published since
        if _publishes(run) and (
            version is None
            or version.published_at(settings.published_dir) < record.create_timestamp
        ):
            versions.hold(settings.published_dir, as_of, [f"run {run.run_id}", str(why)])
        title = f"Run of {run.job_name} failed"
        text = f"As of {as_of}: {why} What is published did not change."
        _tell(context.log, settings, "run_failed", title, text, f"/runs/{run.run_id}")
        _report(context.instance, settings, run)

    return on_failure


def failed_check_sensor(settings: Settings) -> dg.SensorDefinition:
    """A check failed in a run that went on."""

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="alert_on_failed_check",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=60,
        description="Tells of checks that failed in a run that published all the same.",
    )
    def on_failed_check(context: dg.RunStatusSensorContext) -> None:
        run = context.dagster_run
        if checks := _failed_checks(context.instance, run.run_id):
            title = f"{len(checks)} checks failed in a run of {run.job_name}"
            text = f"They warn and do not block: {', '.join(checks)}."
            _tell(context.log, settings, "check_failed", title, text, f"/runs/{run.run_id}")
        _report(context.instance, settings, run)

    return on_failed_check


def held_sensor(settings: Settings) -> dg.SensorDefinition:
    """A load held something."""

    @dg.sensor(
        name="alert_on_held_files",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=60,
        description="Tells, once for each load, what it held: rule, file, dollars, what to do.",
    )
    def on_held(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        load = last_load.last_load(settings)
        if context.cursor == load.name or not load.batches:
            return dg.SkipReason("No load since everyone was told.")
        context.update_cursor(load.name)
        new = last_load.newly_held(settings, lake_access.open_lake(settings))
        if not new:
            return dg.SkipReason("The last load held nothing.")
        title = f"{items.how_much(new)} {'is' if len(new) == 1 else 'are'} held"
        text = "\n".join(items.in_words(new, rules.rules(settings.project_dir)))
        _tell(context.log, settings, "held", title, text, f"/assets/{'/'.join(QUARANTINE.path)}")
        return dg.SkipReason("Everyone was told what the last load held.")

    return on_held


def stale_sensor(settings: Settings) -> dg.SensorDefinition:
    """What readers see is old."""

    @dg.sensor(
        name="alert_on_stale_figures",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=300,
        description="Tells, once, when what is published is older than RCM_STALE_HOURS.",
    )
    def on_stale(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        version = versions.current(settings.published_dir)
        if version is None:
            return dg.SkipReason("Nothing is published yet.")
        age = datetime.now(UTC) - versions.proven_at(settings.published_dir, version)
        hours = age.total_seconds() / 3600
        if age < timedelta(hours=settings.stale_hours):
            return dg.SkipReason(f"{version.version} is {hours:.1f} h old.")
        if context.cursor != version.version:
            context.update_cursor(version.version)
            held = versions.held(settings.published_dir)
            why = f": {held}." if held else ": no run has published since."
            title = f"Published figures are of {version.as_of}"
            text = f"{version.version} is {hours:.0f} hours old{why}"
            _tell(context.log, settings, "stale", title, text, "/overview/activity/timeline")
        return dg.SkipReason(f"{version.version} is stale, and everyone was told.")

    return on_stale


def _publishes(run: dg.DagsterRun) -> bool:
    """Whether the run was to end with a version for readers."""
    if run.asset_selection:
        return any(published.key(name) in run.asset_selection for name in AUDIENCES)
    return run.job_name in (nightly_job.name, LANDING_JOB)


def _report(instance: dg.DagsterInstance, settings: Settings, run: dg.DagsterRun) -> None:
    """Write what a run did as its last event, and what the whole of it was made of, and remove the
    logs of old runs after a night; `rcm run` has done so itself."""
    if HEADLESS_TAG not in run.tags:
        logged = (entry.dagster_event for entry in instance.all_logs(run.run_id))
        events = [event for event in logged if event]
        report = run_report.read(settings, events, run.is_success)
        run_report.record(instance, run, report)
        if run.job_name == nightly_job.name and not run.asset_selection:
            # where another run has begun since, that one says what stands
            with suppress(Timeout), lake_access.single_writer(settings).acquire(timeout=0):
                unchanged.note(settings, report)
            old_runs.remove(instance)


def _failed_checks(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """The checks that failed in a run, as asset: check. What was held is told by itself."""
    events = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [
        entry.dagster_event.asset_check_evaluation_data for entry in events if entry.dagster_event
    ]
    return [
        f"{c.asset_key.to_user_string()}: {c.check_name}"
        for c in found
        if not c.passed and c.check_name != HELD_CHECK
    ]


def _tell(
    log: logging.Logger, settings: Settings, kind: alerts.Kind, title: str, text: str, path: str
) -> None:
    """Write it to the log, and send it to everyone that the settings name; `path` is in the UI."""
    alert = Alert(kind, title, text, alerts.link(settings, path))
    log.error(f"{alert.title.upper()}: {alert.text} See {alert.link}")
    for sink, outcome in alerts.send(settings, alert).items():
        (log.info if outcome == "sent" else log.error)(f"alert by {sink}: {outcome}")
