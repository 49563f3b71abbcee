"""The same graph with the models on Spark: every table, and what readers see."""

from __future__ import annotations

import re

import pytest
from pandas.testing import assert_frame_equal

from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import RunCli

pytest.importorskip("pyspark", reason="`make spark` installs it")

pytestmark = pytest.mark.prove

ON_SPARK = {"world_size": "tiny", "spark_master": "local[2]"}


def test_every_table_equals_that_of_duckdb(copied: Settings, rcm: RunCli) -> None:
    done = rcm("parity", home=copied.home, **ON_SPARK)
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"(\d+) of (\d+) tables are equal", done.stdout)
    assert found and found[1] == found[2]


def test_a_run_on_two_executors_is_proven_and_publishes_the_same(
    copied: Settings, rcm: RunCli
) -> None:
    before = versions.rows(copied.published_dir, "operations", "mart_kpi_monthly", 10**6)
    executors = {"spark_master": "local-cluster[2,1,2048]", "target": "spark"}
    done = rcm("run", "--again", home=copied.home, **ON_SPARK | executors)
    assert done.returncode == 0, done.stdout + done.stderr
    after = versions.rows(copied.published_dir, "operations", "mart_kpi_monthly", 10**6)
    key = ["kpi_value_key"]
    expected = before.sort_values(key, ignore_index=True)
    assert_frame_equal(after.sort_values(key, ignore_index=True), expected)
