"""`rcm health` says what is wrong, in words and by its exit code; Dagster in PostgreSQL."""

from __future__ import annotations

import os
import time
from pathlib import Path

import dagster as dg
import pytest

from rcm_platform.operate import dagster_home
from rcm_platform.operate.health import Probe, ProbeResult, results
from rcm_platform.publish.versions import POINTER
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import RunCli
from rcm_platform_tests.support import servers


def look(settings: Settings, what: Probe) -> ProbeResult:
    (found,) = results(settings, [what])
    return found


def publish(settings: Settings, hours_ago: float) -> None:
    folder = settings.published_dir / "00001-2025-12-31"
    folder.mkdir(parents=True)
    (settings.published_dir / POINTER).write_text(
        '{"version": "00001-2025-12-31", "as_of": "2025-12-31", "is_current": true}'
    )
    then = time.time() - hours_ago * 3600
    os.utime(folder, (then, then))


def test_figures_are_well_while_they_are_fresh(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, stale_hours=30)
    assert not look(settings, Probe.PUBLISHED).is_well
    publish(settings, hours_ago=29)
    assert look(settings, Probe.PUBLISHED).is_well
    late = look(settings.model_copy(update={"stale_hours": 28}), Probe.PUBLISHED)
    assert not late.is_well
    assert "29.0 hours old, older than RCM_STALE_HOURS (28)" in late.text


def test_a_home_that_is_not_there_is_not_well(tmp_path: Path) -> None:
    assert look(Settings(home=tmp_path), Probe.HOME).is_well
    missing = look(Settings(home=tmp_path / "none"), Probe.HOME)
    assert not missing.is_well
    assert "cannot be written" in missing.text


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql://rcm:secret@127.0.0.1:{servers.free_port()}/rcm"
    found = look(Settings(home=tmp_path, dagster_postgres_url=url), Probe.STORAGE)
    assert not found.is_well
    assert "does not answer" in found.text
    assert "secret" not in found.text


def test_nobody_answers_where_nothing_serves(tmp_path: Path) -> None:
    (found,) = results(Settings(home=tmp_path), [Probe.WEB], servers.free_port())
    assert not found.is_well


def test_a_daemon_is_missed_once_it_ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    settings = Settings(home=tmp_path)
    assert Probe.DAEMON not in [found.probe for found in results(settings)]
    assert not look(settings, Probe.DAEMON).is_well

    def heard(seconds_ago: float) -> None:
        with dg.DagsterInstance.get() as instance:
            for kind in instance.get_required_daemon_types():
                beat = DaemonHeartbeat(time.time() - seconds_ago, kind, "1", [])
                instance.add_daemon_heartbeat(beat)

    from dagster._daemon.types import DaemonHeartbeat

    heard(10)
    assert look(settings, Probe.DAEMON).is_well
    heard(dagster_home.DAEMON_SILENT_SECONDS + 10)
    silent = look(settings, Probe.DAEMON)
    assert not silent.is_well
    assert "SENSOR" in silent.text


def test_the_exit_code_is_that_of_the_worst(cli: RunCli, tmp_path: Path) -> None:
    publish(Settings(home=tmp_path), hours_ago=1)
    done = cli("health", home=tmp_path)
    assert (done.returncode, done.stdout.count("✓")) == (0, 3)
    done = cli("health", home=tmp_path, dagster_postgres_url="postgresql://127.0.0.1:1/none")
    assert done.returncode == 1
    assert "✗ storage" in done.stdout


def test_dagster_keeps_its_runs_in_postgresql(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "")
    settings = Settings(home=tmp_path, dagster_postgres_url=postgres_url)
    dagster_home.prepare_dagster_home(settings)
    for file in settings.dagster_home.rglob("*"):
        assert servers.PASSWORD not in file.read_text()
        assert postgres_url not in file.read_text()

    @dg.op
    def nothing() -> None: ...

    @dg.job
    def tiny() -> None:
        nothing()

    with dg.DagsterInstance.get() as instance:
        result = tiny.execute_in_process(instance=instance)
    with dg.DagsterInstance.get() as instance:
        assert instance.get_run_by_id(result.run_id).is_success
    stored = servers.ask(postgres_url, "select run_id, status from target.public.runs")
    assert (result.run_id, "SUCCESS") in stored
    assert not list(settings.dagster_home.rglob("*.db"))
    assert look(settings, Probe.STORAGE).is_well
