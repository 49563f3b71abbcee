"""Dagster's event log with connections that stay open: nothing is lost, seen late or mixed up."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest

from rcm_platform.operate.event_storage import KEPT, EventLog, Runs, Schedules


@dg.asset
def counted() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"rows": 3})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "dagster.yaml").write_text(
        "telemetry: {enabled: false}\n"
        "storage:\n"
        "  custom:\n"
        "    module: rcm_platform.operate.event_storage\n"
        "    class: Storage\n"
        "    config: {base_dir: {env: DAGSTER_HOME}}\n"
    )
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.get() as found:
        yield found


def _rows(instance: dg.DagsterInstance) -> int:
    found = instance.get_latest_materialization_event(counted.key)
    assert found and found.asset_materialization
    return int(str(found.asset_materialization.metadata["rows"].value))


def test_what_one_process_writes_another_reads_at_once(instance: dg.DagsterInstance) -> None:
    assert isinstance(instance.event_log_storage, EventLog)
    assert dg.materialize([counted], instance=instance).success
    with dg.DagsterInstance.get() as other:  # storage of its own on the same files
        assert other.event_log_storage is not instance.event_log_storage
        assert _rows(other) == 3


def test_dagsters_own_storage_reads_the_same_files(
    instance: dg.DagsterInstance, home: Path
) -> None:
    done = dg.materialize([counted], instance=instance)
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.get() as plain:
        assert not isinstance(plain.event_log_storage, EventLog)
        assert _rows(plain) == 3
        assert plain.get_run_by_id(done.run_id)


def test_runs_are_seen_at_once_by_many_threads_and_other_processes(
    instance: dg.DagsterInstance, home: Path
) -> None:
    assert isinstance(instance.run_storage, Runs)
    assert isinstance(instance.schedule_storage, Schedules)
    done = dg.materialize([counted], instance=instance)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(instance.get_run_by_id, [done.run_id] * 40))
    assert all(run and run.is_success for run in found)
    with dg.DagsterInstance.get() as other:  # its files were looked at before in this process
        assert other.run_storage is not instance.run_storage
        assert other.get_runs_count() == 1


def test_more_runs_than_files_stay_open(instance: dg.DagsterInstance) -> None:
    runs = [dg.materialize([counted], instance=instance).run_id for _ in range(KEPT + 2)]
    storage = instance.event_log_storage
    assert isinstance(storage, EventLog)
    assert len(storage._engines) <= KEPT
    for run in runs:
        assert any(record.event_log_entry.run_id == run for record in _records(instance, run))


def _records(instance: dg.DagsterInstance, run: str) -> list[dg.EventLogRecord]:
    return list(instance.get_records_for_run(run).records)


def test_a_run_that_was_deleted_is_gone_and_the_others_stay(instance: dg.DagsterInstance) -> None:
    first, second = (dg.materialize([counted], instance=instance).run_id for _ in range(2))
    instance.delete_run(first)
    assert not _records(instance, first)
    assert _records(instance, second)
    assert dg.materialize([counted], instance=instance).success


def test_threads_write_side_by_side(instance: dg.DagsterInstance) -> None:
    def observe(number: int) -> None:
        instance.report_runless_asset_event(
            dg.AssetObservation("seen", metadata={"number": number})
        )

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(observe, range(64)))
    seen = instance.fetch_observations(dg.AssetKey("seen"), limit=100).records
    assert len(seen) == 64


def test_the_ui_sees_that_a_run_goes_on(instance: dg.DagsterInstance) -> None:
    """It follows the times of the run's file."""
    run = dg.materialize([counted], instance=instance)
    storage = instance.event_log_storage
    assert isinstance(storage, EventLog)
    path = Path(storage.path_for_shard(run.run_id))
    os.utime(path, (0, 0))
    found = instance.get_run_by_id(run.run_id)
    assert found
    instance.report_engine_event("later", found)
    assert path.stat().st_mtime > 0


def _write_until_killed(home: str, ready: str) -> None:
    os.environ["DAGSTER_HOME"] = home
    with dg.DagsterInstance.get() as instance:
        for number in range(9_000):
            instance.report_runless_asset_event(
                dg.AssetObservation("seen", metadata={"number": number})
            )
            Path(ready).write_text(str(number + 1))


def test_a_killed_process_loses_no_event(home: Path) -> None:
    ready = home / "ready"
    writer = multiprocessing.get_context("spawn").Process(
        target=_write_until_killed, args=(str(home), str(ready))
    )
    writer.start()
    # between two numbers the file is empty for a moment
    while not ready.exists() or int(ready.read_text() or 0) < 20:
        time.sleep(0.05)
        assert writer.is_alive()
    assert writer.pid
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    said = int(ready.read_text() or 0)
    with dg.DagsterInstance.get() as instance:
        assert len(instance.fetch_observations(dg.AssetKey("seen"), limit=10_000).records) >= said
        storage = instance.event_log_storage
        assert isinstance(storage, EventLog)
        with sqlite3.connect(storage.path_for_shard("index")) as con:
            assert con.execute("pragma integrity_check").fetchall() == [("ok",)]
