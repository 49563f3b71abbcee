"""How good the queue and the forecast were: what `rcm bench queue forecast` prints."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from rcm_platform.benchmarks import judgement
from rcm_platform.publish import versions
from rcm_platform.publish.versions import Relation

MARTS = ["mart_queue_backtest", "mart_forecast_accuracy"]


def published(folder: Path, backtest: str, accuracy: str) -> Path:
    warehouse = folder / "rcm.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create schema marts")
        con.execute(
            f"""create table marts.mart_queue_backtest as select * from (values {backtest}) as rows(
                candidate_set, budget, ranking, selected_claim_count, worked_claim_count,
                recovered_amount, selected_minutes)"""
        )
        con.execute(
            f"""create table marts.mart_forecast_accuracy as
            select * from (values {accuracy}) as rows(
                scope, horizon_days, forecast_amount, actual_amount, is_covered)"""
        )
    relations = {"operations": [Relation("marts", name) for name in MARTS]}
    versions.publish(warehouse, folder / "published", relations, date(2025, 12, 31))
    return folder / "published"


def columns(table: object) -> dict[str, list[str]]:
    return {c.header: list(c.cells) for c in table.columns}  # type: ignore[attr-defined]


def test_dollars_per_hour_are_sums_over_all_months_against_the_score(tmp_path: Path) -> None:
    folder = published(
        tmp_path,
        """('open', 'one week', 'expected value', 2, 2, 100.00, 60),
        ('open', 'one week', 'expected value', 1, 1, 200.00, 120),
        ('open', 'one week', 'priority score', 2, 1, 150.00, 120),
        ('new', 'one week', 'expected value', 1, 0, 0.00, 60),
        ('new', 'one week', 'priority score', 0, 0, 0.00, 0)""",
        "('total', 30, 1.00, 1.00, true)",
    )
    shown = columns(judgement.queue(folder))
    names = ("claims", "ranking", "$ per hour", "x score")
    rows = list(zip(*(shown[name] for name in names), strict=True))
    assert rows == [
        # nothing to compare with: no verdict
        ("new", "expected value", "0.00", ""),
        ("new", "priority score", "0.00", ""),
        ("open", "expected value", "100.00", "1.33 [green]kept[/]"),
        ("open", "priority score", "75.00", "1.00"),
    ]


def test_coverage_counts_only_forecasts_that_had_an_interval(tmp_path: Path) -> None:
    folder = published(
        tmp_path,
        "('open', 'one week', 'expected value', 1, 1, 1.00, 1)",
        """('total', 30, 100.00, 90.00, null), ('total', 30, 100.00, 90.00, true),
        ('total', 30, 100.00, 180.00, false)""",
    )
    shown = columns(judgement.forecast(folder))
    assert shown["forecasts"] == ["3"]
    assert shown["actual / forecast"] == ["120.0%"]
    assert (shown["with interval"], shown["covered"]) == (["2"], ["50.0%"])


def test_without_a_published_version_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="rcm run"):
        judgement.queue(tmp_path)
