"""Denials and the work queue: what the reference systems got wrong, named after their defects, and
where odds come from. Defects that a single model shows are dbt unit tests of the same name.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rcm_platform.lake import Lake
from rcm_platform.warehouse.parsed_project import ParsedProject
from rcm_platform_tests.support.handmade import PROJECT, Warehouse

#: Reasons that are denials in any group.
DENIALS = [
    "16", "4", "11", "5", "6", "7", "8", "9", "10", "12", "146", "181", "182", "199", "97",
    "234", "236", "231", "18", "B13", "22", "109", "B11", "24", "26", "27", "200", "31", "32",
    "140", "177", "197", "198", "210", "284", "296", "39", "243", "288", "50", "55", "56",
    "167", "272", "150", "151", "152", "96", "204", "49", "119", "149", "242", "252", "163",
    "226", "251", "29", "286", "285", "B7", "185", "183", "184", "170", "171", "129", "193",
    "A1", "A8", "249", "233",
]  # fmt: skip


def _seed(name: str) -> list[dict[str, str]]:
    with (PROJECT / "seeds" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_score_is_made_in_one_model_and_nowhere_else(parsed: dict[str, Any]) -> None:
    [seed] = [key for key in parsed["nodes"] if key.endswith(".priority_rules")]
    readers = [key for key in parsed["child_map"][seed] if key.startswith("model.")]
    # a KPI of the reference system counts the claims above a threshold of the same seed
    names = {key.rsplit(".", 1)[1] for key in readers}
    assert names == {"int_queue__points", "int_kpi__reference"}
    package = Path(__file__).parents[2] / "rcm_platform"
    for path in package.rglob("*.py"):
        # verification works the score out again, from the truth
        if not {"truth", "world"} & set(path.parts):
            made = re.search(r"priority_score\s*=|outstanding_points|age_points", path.read_text())
            assert not made, path


def test_the_queue_flags_concentrations(parsed: dict[str, Any]) -> None:
    columns = parsed["nodes"]["model.rcm_dbt.mart_claim_priority_queue"]["columns"]
    assert {name for name in columns if name.endswith("_concentrated")} == {
        "is_payer_concentrated", "is_facility_concentrated", "is_provider_concentrated",
    }  # fmt: skip
    assert "payer_key" in columns


def test_each_denial_code_counts_and_means_what_it_says() -> None:
    codes = {row["reason_code"]: row for row in _seed("carc_codes")}
    assert [code for code in DENIALS if codes[code]["is_denial"] != "true"] == []
    assert codes["204"]["category"] == "Non-covered"
    assert codes["97"]["category"] == "Bundling"
    # families of codes, such as CO or PI alone, would match nothing
    assert all(re.fullmatch(r"[ABDPWY]?\d+", code) for code in codes)


def test_each_category_has_a_root_cause_and_something_to_do_about_it() -> None:
    categories = {row["category"] for row in _seed("denial_categories")}
    denials = {row["category"] for row in _seed("carc_codes") if row["is_denial"] == "true"}
    assert denials == categories
    actions = {row["action"] for row in _seed("work_actions")}
    assert {row["default_action"] for row in _seed("denial_categories")} <= actions


@pytest.fixture
def decided(tmp_path: Path, parsed_project: ParsedProject) -> Iterator[Warehouse]:
    """A warehouse with what the odds are made of, and dbt to make them."""
    lake = Lake(tmp_path / "lake")
    warehouse = Warehouse(lake, tmp_path / "rcm.duckdb", tmp_path, parsed_project)
    with duckdb.connect(str(warehouse.path)) as con:
        con.execute("create schema intermediate")
        con.execute(
            """create table intermediate.int_date__report_days as
            select date '2025-12-01' as report_month, date '2025-12-31' as report_date,
                true as is_current"""
        )
        # 100 decisions of each category: of Coding 80 are won, of Bundling 20
        con.execute(
            """create table intermediate.int_denial__outcomes as
            select category as denial_category, 'Blue' as payer_class,
                date '2025-06-01' + cast(number as integer) as decided_date,
                case when (number % 10 < 8) = (category = 'Coding') then 'overturned'
                    else 'upheld' end as decision,
                100.00::decimal(18, 2) as denied_amount,
                case when (number % 10 < 8) = (category = 'Coding') then 0.00 else 100.00
                    end::decimal(18, 2) as still_denied_amount,
                50.00::decimal(18, 2) as decision_paid_amount
            from range(100) as numbers(number), (values ('Coding'), ('Bundling')) as c(category)"""
        )
    yield warehouse


def make_odds(warehouse: Warehouse) -> None:
    models = ("--select", "work_settings", "int_denial__overturn_odds")
    warehouse.dbt("build", *models, "--exclude-resource-type", "test", "unit_test")


def odds(warehouse: Warehouse) -> dict[str, float]:
    make_odds(warehouse)
    return {
        category: float(value)
        for category, value in warehouse.query(
            "select denial_category, overturn_odds from intermediate.int_denial__overturn_odds"
        )
    }


def test_odds_follow_the_outcomes_and_know_nothing_else(decided: Warehouse) -> None:
    before = odds(decided)
    assert before["Coding"] == pytest.approx(0.8, abs=0.06)
    assert before["Bundling"] == pytest.approx(0.2, abs=0.06)

    with duckdb.connect(str(decided.path)) as con:
        con.execute(
            """update intermediate.int_denial__outcomes set
                decision = case decision when 'upheld' then 'overturned' else 'upheld' end,
                still_denied_amount = 100 - still_denied_amount"""
        )
    after = odds(decided)
    assert after["Coding"] == pytest.approx(0.2, abs=0.06)
    assert after["Bundling"] == pytest.approx(0.8, abs=0.06)


def test_a_handful_of_outcomes_decides_nothing(decided: Warehouse) -> None:
    with duckdb.connect(str(decided.path)) as con:
        con.execute(
            """insert into intermediate.int_denial__outcomes
            values ('Coding', 'Medicaid', date '2025-07-01', 'upheld', 100, 100, 0)"""
        )
    make_odds(decided)
    cell = decided.query(
        """select overturned_count, decided_count, overturn_odds, prior_odds
        from intermediate.int_denial__overturn_odds
        where denial_category = 'Coding' and payer_class = 'Medicaid'"""
    )
    [(won, count, estimate, prior)] = cell
    assert (won, count) == (0, 1)
    assert 0.8 * float(prior) < float(estimate) < float(prior)
