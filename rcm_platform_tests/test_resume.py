"""Killed runs and later nights end where one undisturbed run would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from rcm_platform_tests.conftest import Built, RunCli

pytestmark = pytest.mark.prove


def contents(warehouse: Path) -> dict[str, tuple[int, int]]:
    """Mart → rows and a hash of their content, whatever their order."""
    with duckdb.connect(str(warehouse), read_only=True) as con:
        marts = con.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts' order by 1"
        ).fetchall()
        return {
            mart: con.execute(
                f"select count(*), bit_xor(hash(t)) from marts.{mart} as t"
            ).fetchall()[0]
            for (mart,) in marts
        }


@pytest.mark.parametrize("stage", ["world", "raw_x12", "raw_hospital_b", "warehouse", "published"])
def test_a_killed_run_resumes_to_the_same_marts(
    stage: str, built: Built, rcm: RunCli, tmp_path: Path
) -> None:
    settings = {"RCM_HOME": str(tmp_path), "RCM_WORLD_SIZE": "tiny", "PYTHONUNBUFFERED": "1"}
    run = subprocess.Popen(
        [sys.executable, "-m", "rcm_platform.cli", "run"],
        env={**os.environ, **settings},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert run.stdout
    for line in run.stdout:
        if f"… {stage}" in line:
            # a moment into the step, so that it has begun to write
            time.sleep(2 if stage == "warehouse" else 0.2)
            break
    os.killpg(run.pid, signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL

    done = rcm("run", home=tmp_path, world_size="tiny")
    assert done.returncode == 0, done.stdout + done.stderr
    assert contents(tmp_path / "warehouse" / "rcm.duckdb") == contents(
        built.settings.warehouse_path
    )


def test_thirty_nights_equal_one_full_build(rcm: RunCli, tmp_path: Path) -> None:
    """What arrived since is added; nothing that was there changes."""
    nightly, at_once = tmp_path / "nightly", tmp_path / "at_once"
    first, nights = date(2025, 12, 31), 30
    last = first + timedelta(days=nights)

    def run(home: Path, through: date, *as_of: str) -> None:
        home.mkdir(exist_ok=True)
        done = rcm("run", *as_of, home=home, world_size="tiny", world_through=through)
        assert done.returncode == 0, done.stdout + done.stderr

    run(nightly, first)
    for night in range(1, nights + 1):
        run(nightly, first, "--as-of", str(first + timedelta(days=night)))
    run(at_once, last)
    assert contents(nightly / "warehouse" / "rcm.duckdb") == contents(
        at_once / "warehouse" / "rcm.duckdb"
    )
