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
                measure, scope, horizon_days, forecast_amount, actual_amount, is_covered)"""
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
        "('cash', 'total', 30, 1.00, 1.00, true)",
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
        """('cash', 'total', 30, 100.00, 90.00, null), ('cash', 'total', 30, 100.00, 90.00, true),
        ('cash', 'total', 30, 100.00, 180.00, false)""",
    )
    shown = columns(judgement.forecast(folder))
    assert shown["forecasts"] == ["3"]
    assert shown["actual / forecast"] == ["120.0%"]
    assert (shown["with interval"], shown["covered"]) == (["2"], ["50.0%"])


def of_marts(folder: Path, **tables: str) -> Path:
    """A published version that holds only these marts, each with the rows of a query."""
    warehouse = folder / "rcm.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create schema marts")
        for name, rows in tables.items():
            con.execute(f"create table marts.{name} as {rows}")
    relations = {"operations": [Relation("marts", name) for name in tables]}
    versions.publish(warehouse, folder / "published", relations, date(2025, 12, 31))
    return folder / "published"


def test_each_list_is_set_against_largest_and_oldest_first(tmp_path: Path) -> None:
    folder = of_marts(
        tmp_path,
        mart_worklist_backtest="""select * from (values
            ('bills', 'list order', 3, 300.00, 60), ('bills', 'list order', 1, 100.00, 60),
            ('bills', 'largest first', 4, 320.00, 120), ('bills', 'oldest first', 4, 0.00, 120)
        ) as rows(worklist, ranking, selected_claim_count, recovered_amount, selected_minutes)""",
    )
    shown = columns(judgement.lists(folder))
    names = ("order", "$ per hour", "x largest", "x oldest")
    assert list(zip(*(shown[name] for name in names), strict=True)) == [
        ("oldest first", "0.00", "", ""),
        # nothing came in oldest first: nothing to compare with
        ("list order", "200.00", "1.25", ""),
        ("largest first", "160.00", "", ""),
    ]


def test_odds_of_a_denial_are_set_against_denials_of_their_band(tmp_path: Path) -> None:
    folder = of_marts(
        tmp_path,
        mart_denial_reliability="""select * from (values
            (6, '30 % and more', 10, 4.0, 5, 1.0), (1, 'under 5 %', 40, 1.0, 2, 4.0),
            (1, 'under 5 %', 60, 2.0, 1, 6.0)
        ) as rows(odds_band, odds_band_name, claim_count, expected_denied_count, denied_count,
            base_denied_count)""",
    )
    shown = columns(judgement.denials(folder))
    names = ("odds when sent", "claims", "expected share", "denied share", "by the share of all")
    assert list(zip(*(shown[name] for name in names), strict=True)) == [
        ("under 5 %", "100", "3.0%", "3.0%", "10.0"),
        ("30 % and more", "10", "40.0%", "50.0%", "1.0"),
    ]


def test_without_a_published_version_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="rcm run"):
        judgement.queue(tmp_path)


def test_a_planted_change_is_found_after_some_claims_and_no_false_alarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = {
        "measure": "denied", "payer_name": "Blue Plan", "from_date": "2025-07-01", "size": "100",
    }  # fmt: skip
    monkeypatch.setattr(judgement, "planted_changes", lambda: [planted])
    folder = of_marts(
        tmp_path,
        mart_payer_drift="""select * from (values
            ('b', 'Blue Plan', 'denied', date '2025-06-02', 90, true, false),
            ('b', 'Blue Plan', 'denied', date '2025-07-07', 20, true, false),
            ('b', 'Blue Plan', 'denied', date '2025-07-14', 30, true, true),
            ('b', 'Blue Plan', 'denied', date '2025-07-21', 40, true, false),
            ('g', 'Green Plan', 'denied', date '2025-07-07', 10, true, true),
            ('g', 'Green Plan', 'denied', date '2025-07-14', 10, true, false),
            ('n', 'New Plan', 'denied', date '2025-07-14', 10, false, false)
        ) as rows(payer_key, payer_name, measure, known_week, claim_count, is_watched, is_told)""",
    )
    shown = columns(judgement.drift(folder))
    names = ("payer", "alarms", "per payer-year", "found", "after claims")
    assert list(zip(*(shown[name] for name in names), strict=True)) == [
        ("1 unchanged", "1", "26.00", "", ""),
        ("Blue Plan +100", "", "", "2025-07-14", "50"),
    ]
