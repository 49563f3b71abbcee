"""A mart is held against the truth row by row, whatever the order and types of the rows."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from rcm_platform.proof.truth import TruthCheck, TruthResult, compare, compare_all, remove_spill

DAY = date(2025, 12, 31)
ROWS = "(values ('a', 1.00, date '2025-01-01'), ('b', null, null), ('b', null, null)) t(k, x, d)"


def result(mart: str, truth: str) -> TruthResult:
    with duckdb.connect() as con:
        return compare(con, Path(), DAY, TruthCheck("t", "", "mart", mart, truth))


@pytest.mark.parametrize(
    ("truth", "only_in_mart", "only_in_truth"),
    [
        (f"select k, x, d from {ROWS} order by k desc", 0, 0),
        (f"select k, cast(x as decimal(38, 4)), cast(d as date) from {ROWS}", 0, 0),
        (f"select k, x + 0.01, d from {ROWS}", 1, 1),
        (f"select distinct k, x, d from {ROWS}", 1, 0),
        (f"select k, x, d from {ROWS} union all select k, x, d from {ROWS}", 0, 3),
        (f"select k, x, d from {ROWS} where k = 'c'", 3, 0),
        (f"select d::varchar, x, k::varchar from {ROWS}", 3, 3),
        # the same number of rows, one pair for another
        (f"select if(k = 'b', 'c', k), x, d from {ROWS}", 2, 2),
    ],
)
def test_each_row_that_only_one_side_has_is_counted(
    truth: str, only_in_mart: int, only_in_truth: int
) -> None:
    found = result(f"select k, x, d::varchar from {ROWS}", truth.replace(", d ", ", d::varchar "))
    assert (found.only_in_mart, found.only_in_truth) == (only_in_mart, only_in_truth)
    assert found.mart_rows == 3


def test_checks_come_in_their_order_and_each_says_its_own(tmp_path: Path) -> None:
    checks = [
        TruthCheck(str(n), "", "mart", f"select {n} as n", f"select {n - n % 3} as n")
        for n in range(20)
    ]
    warehouse = tmp_path / "warehouse.duckdb"
    duckdb.connect(str(warehouse)).close()
    found = list(compare_all(warehouse, "1GB", tmp_path, DAY, checks))
    assert [each.name for each in found] == [check.name for check in checks]
    assert [each.passed for each in found] == [n % 3 == 0 for n in range(20)]


def test_disk_that_a_killed_comparison_took_is_given_back(tmp_path: Path) -> None:
    """What does not fit into memory is written beside the warehouse, and only there."""
    warehouse = tmp_path / "warehouse.duckdb"
    duckdb.connect(str(warehouse)).close()
    more_than_memory = "select hash(a.i) as h from range(3_000_000) a(i) order by h"
    check = TruthCheck("t", "", "mart", more_than_memory, more_than_memory)
    comparing = compare_all(warehouse, "100MB", tmp_path, DAY, [check])
    beside = set(tmp_path.iterdir())
    assert next(comparing).passed
    (spill,) = set(tmp_path.iterdir()) - beside
    assert spill.is_dir()

    remove_spill(warehouse)  # as the next run does where this one was killed
    assert set(tmp_path.iterdir()) == {warehouse}
