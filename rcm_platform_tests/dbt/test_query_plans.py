"""No query of the warehouse compares each row of one growing table with each of another."""

from __future__ import annotations

import json
from collections.abc import Iterator

import duckdb
import pytest

from rcm_platform.warehouse.project import run_target
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support.query_plans import coarse_joins, slow_joins

# model, the tables that one side is made of alone, why the rows of a side stay few
ALLOWED = {
    ("int_denial__overturn_odds", "int_date__report_days"): "the days on which the queue is judged,"
    " two a month; categories of denial by classes of payer",
    ("int_denial__factor_odds", "int_date__days"): "the months of the calendar; traits of claims by"
    " payer",
    ("int_payer__identifiers", "int_payer__current stg_operations__payers"): "the payer list by the"
    " systems that name payers",
    ("int_payer__remit_payers", "stg_operations__payers"): "the payer list by the systems that pay",
    (
        "int_kpi__charge_capture",
        "int_date__days",
    ): "the months of the calendar; a wait stands at the end of each month that it spans",
    ("int_kpi__contributions", "int_date__days"): "the same, as it is a view of that",
    ("int_provider__targets", "int_date__days"): "the months of the calendar; facilities",
    ("int_queue__patient_odds", "int_date__report_days"): "the days on which the queue is judged;"
    " kinds of bills of each system",
    ("int_receivable__month_end", "int_date__days"): "the months of the calendar; a balance stands"
    " at each month's end until it changes",
    ("mart_ar_rollforward", "int_date__days"): "the months of the calendar; facilities by payers",
    ("mart_net_revenue", "int_date__days"): "the months of the calendar; facilities by payers",
    ("mart_quarantine_daily", "int_date__days"): "the days of the calendar; rules that held"
    " something, by source and level",
}

# model, the two relations, why one of them stays small
FEW = {
    ("int_queue__front_desk", "payers", "payment_odds"): "the payer list; classes of payers",
}


@pytest.fixture(scope="module")
def warehouse(built: Built) -> Iterator[duckdb.DuckDBPyConnection]:
    with built.warehouse() as con:
        yield con


def test_two_sides_that_grow_are_joined_by_keys(
    built: Built, warehouse: duckdb.DuckDBPyConnection
) -> None:
    manifest = json.loads((run_target(built.settings) / "manifest.json").read_text())
    queries = {
        node["name"]: node["compiled_code"]
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "test")
    }
    assert len(queries) > 400
    wrong, kept = [], set()
    for name, sql in queries.items():
        for join in slow_joins(warehouse, sql):
            sides = {(name, " ".join(side)) for side in (join.left, join.right)}
            kept |= sides & ALLOWED.keys()
            if not sides & ALLOWED.keys():
                wrong.append((name, join))
    assert not wrong
    assert kept == ALLOWED.keys(), "what no plan has any more is not allowed any more"


def test_two_sides_that_grow_are_never_joined_by_their_hospital_alone(built: Built) -> None:
    manifest = json.loads((run_target(built.settings) / "manifest.json").read_text())
    found = {
        (node["name"], *pair)
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node.get("compiled_code")
        for pair in coarse_joins(node["compiled_code"])
    }
    assert found == FEW.keys()


def test_counts_that_share_nothing_but_the_hospital_are_found() -> None:
    sql = """select * from claims as c
        inner join numbers as n on c.source_system = n.source_system and c.number = n.number
        inner join starts as s
            on c.source_system = s.source_system and left(c.number, 20) = s.start"""
    assert coarse_joins(sql) == [("n", "s")]
    assert coarse_joins(sql.replace("left(c.number, 20) = s.start", "n.number = s.start")) == []


@pytest.fixture
def small_warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("create schema seeds")
        con.execute("create table seeds.rules as select 1 as first_code, 9 as last_code")
        con.execute("create table claims (claim_id int, payer_id int, source varchar, day int)")
        con.execute("create table payers (payer_id int, source varchar, since int, until int)")
        yield con


@pytest.mark.parametrize(
    "condition",
    [
        "c.payer_id = p.payer_id and c.day >= p.since and (p.until is null or c.day < p.until)",
        "c.payer_id = p.payer_id and p.source in ('all', c.source)",
        "c.payer_id = p.payer_id and c.source = 'x12'",
        "c.day >= p.since and c.day < p.until",
        "true",
    ],
)
def test_a_condition_that_is_no_key_is_found(
    small_warehouse: duckdb.DuckDBPyConnection, condition: str
) -> None:
    sql = f"select * from claims as c left join payers as p on {condition}"
    [join] = slow_joins(small_warehouse, sql)
    assert {join.left, join.right} == {("claims",), ("payers",)}
    # nor does a common table expression hide it
    behind = f"""
        with known as materialized (select * from payers), joined as (
            select c.*, p.until from claims as c left join known as p on {condition}
        )
        select until, count(*) from joined group by until"""
    assert len(slow_joins(small_warehouse, behind)) == 1


@pytest.mark.parametrize(
    "sql",
    [
        """select * from claims as c left join payers as p
            on c.payer_id = p.payer_id and c.day >= p.since and c.day < coalesce(p.until, 9)""",
        "select * from claims as c left join seeds.rules as r on c.day between r.first_code and 9",
        "select * from claims cross join (select max(until) from payers)",
        "select * from claims where day > (select max(until) from payers)",
        "select * from claims cross join (values (1), (2))",
        "with r as materialized (select * from seeds.rules) select * from claims cross join r",
    ],
)
def test_keys_and_sides_that_do_not_grow_are_none(
    small_warehouse: duckdb.DuckDBPyConnection, sql: str
) -> None:
    assert slow_joins(small_warehouse, sql) == []
