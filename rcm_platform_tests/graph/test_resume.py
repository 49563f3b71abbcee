"""Killed runs and later nights end where one undisturbed run would."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import Built, RunCli

pytestmark = pytest.mark.prove


def contents(
    database: Path, schema: str = "marts", **left_out: tuple[str, ...]
) -> dict[str, tuple[int, int]]:
    """Table → rows and a hash of their content, whatever their order. `left_out` names, by table,
    columns that are not part of the content."""
    with duckdb.connect(str(database), read_only=True) as con:
        tables = con.execute(
            "select table_name from duckdb_tables() where schema_name = ? order by 1", [schema]
        ).fetchall()
        found = {}
        for (table,) in tables:
            without = f"exclude ({', '.join(left_out[table])})" if table in left_out else ""
            # a sum, as two equal rows would vanish from a parity
            found[table] = con.execute(
                f"select count(*), sum(hash(t)::hugeint) "
                f"from (select * {without} from {schema}.{table}) as t"
            ).fetchall()[0]
        return found


def published(settings: Settings) -> dict[str, tuple[int, int]]:
    """The content of every published table, but for what names the version itself."""
    version = versions.current(settings.published_dir)
    assert version
    return contents(
        version.path(settings.published_dir, "operations"),
        schema="main",
        published_version=("version", "run_id"),
    )


def started(home: Path) -> subprocess.Popen[str]:
    """`rcm run` on a tiny world as a process group of its own, which can be killed whole."""
    settings = {"RCM_HOME": str(home), "RCM_WORLD_SIZE": "tiny", "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "rcm_platform.cli", "run"],
        env={**os.environ, **settings},
        cwd=home,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def kill(run: subprocess.Popen[str]) -> None:
    """Kill a run and everything that it has started, at once."""
    os.killpg(run.pid, signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL


@pytest.mark.parametrize("stage", ["world", "raw_x12", "raw_hospital_b", "warehouse", "published"])
def test_a_killed_run_resumes_to_the_same_marts(
    stage: str, built: Built, rcm: RunCli, tmp_path: Path
) -> None:
    run = started(tmp_path)
    assert run.stdout
    for line in run.stdout:
        if f"… {stage}" in line:
            # a moment into the step, so that it has begun to write
            time.sleep(2 if stage == "warehouse" else 0.2)
            break
    kill(run)

    done = rcm("run", home=tmp_path, world_size="tiny")
    assert done.returncode == 0, done.stdout + done.stderr
    assert contents(tmp_path / "warehouse" / "rcm.duckdb") == contents(
        built.settings.warehouse_path
    )


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_runs_that_are_killed_at_random_moments_end_in_the_same_published_tables(
    seed: int, built: Built, rcm: RunCli, tmp_path: Path
) -> None:
    """Whatever five kills in a row leave behind, the next run finishes it."""
    report = json.loads((built.settings.data_dir / "last_run.json").read_text())
    dice, kills = random.Random(seed), 0
    while kills < 5:
        run = started(tmp_path)
        try:
            # a run that goes on where others were killed takes less time: it may end before
            run.communicate(timeout=dice.uniform(0, report["total_seconds"]))
            assert run.returncode == 0
        except subprocess.TimeoutExpired:
            kill(run)
            kills += 1

    done = rcm("run", home=tmp_path, world_size="tiny")
    assert done.returncode == 0, done.stdout + done.stderr
    settings = Settings(home=tmp_path, world_size="tiny")
    assert published(settings) == published(built.settings)
    leftovers = [
        *settings.published_dir.glob(".*"),
        *settings.warehouse_path.parent.glob(".*"),
        *settings.lake_dir.glob("_staging/*"),
    ]
    assert leftovers == []


# A database shows a row as it is when it is read: of one that changed twice between two loads, only
# those who looked each night know the state between. Nothing else depends on how often they looked.
KEEP_STATES = ("dim_patient", "mart_data_quality", "mart_data_quality_scorecard")
# What each load brought, by its day: all of it on one day where it was loaded at once.
KEEP_LOADS = ("mart_received_files", "mart_quarantine_daily")
POINT_TO_STATES = {
    **dict.fromkeys(("fct_claims", "fct_encounters", "fct_transactions"), ("patient_version_key",)),
    "mart_data_exceptions": ("found_date", "resolved_date", "age_days", "age_bucket"),
}


def test_thirty_nights_equal_one_full_build(rcm: RunCli, tmp_path: Path) -> None:
    """What arrived since is added; nothing that was there changes."""
    nightly, rebuilt, at_once = (tmp_path / name for name in ("nightly", "rebuilt", "at_once"))
    first, nights = date(2025, 12, 31), 30
    last = first + timedelta(days=nights)

    def run(home: Path, through: date, *as_of: str) -> Path:
        home.mkdir(exist_ok=True)
        done = rcm("run", *as_of, home=home, world_size="tiny", world_through=through)
        assert done.returncode == 0, done.stdout + done.stderr
        return home / "warehouse" / "rcm.duckdb"

    run(nightly, first)
    for night in range(1, nights + 1):
        warehouse = run(nightly, first, "--as-of", str(first + timedelta(days=night)))

    for kept in ("lake", "world"):
        shutil.copytree(nightly / kept, rebuilt / kept)
    from_the_same_lake = run(rebuilt, first, "--as-of", str(last))
    assert contents(warehouse) == contents(from_the_same_lake)

    def stateless(marts: Path) -> dict[str, tuple[int, int]]:
        found = contents(marts, **POINT_TO_STATES)
        return {
            mart: content
            for mart, content in found.items()
            if mart not in (*KEEP_STATES, *KEEP_LOADS)
        }

    assert stateless(warehouse) == stateless(run(at_once, last))
