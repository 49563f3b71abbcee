"""What is said of data tests that failed: which records, how many, and what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rcm_platform.settings import Settings
from rcm_platform.warehouse import failed_tests
from rcm_platform.warehouse import project as dbt_project

ROWS = """
create schema marts;
create schema intermediate;
create table marts.payments as select * from (values
    ('k1', 'hospital_a', 'C1', 'Ada Byron', 'remits/a.835', '1/3'),
    ('k1', 'hospital_a', 'C2', 'Ada Byron', 'remits/a.835', '1/9')
) as t (payment_key, source_system, claim_id, patient_name, source_file, source_position);
create table intermediate.int_claim__headers as select * from (values
    ('c7', 'hospital_b', 'C7')
) as t (claim_key, source_system, claim_id);
"""


def said(
    home: Path, kind: str, sql: str, status: str = "fail", asked: str = "", **arguments: Any
) -> str:
    """The sentence on a failed test on `payments` whose query is `sql`; `asked` is how a PostgreSQL
    was asked instead."""
    settings = Settings(home=home, world=False, target="postgres" if asked else "duckdb")
    settings.warehouse_path.parent.mkdir(parents=True)
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute(ROWS)
        count = len(con.execute(sql).fetchall())
    model = {
        "name": "payments",
        "schema": "marts",
        "alias": "payments",
        "columns": {"payment_key": {}, "claim_id": {}},
    }
    test = {
        "name": f"{kind}_payments_x",
        "attached_node": "model.p.payments",
        "test_metadata": {"name": kind, "kwargs": arguments},
        "config": {},
    }
    result = {"unique_id": "test.p.t", "status": status, "failures": count}
    result["compiled_code"] = asked or sql
    target = dbt_project.run_target(settings)
    target.mkdir(parents=True)
    nodes = {"model.p.payments": model, "test.p.t": test}
    (target / "manifest.json").write_text(json.dumps({"nodes": nodes}))
    (target / "run_results.json").write_text(json.dumps({"results": [result]}))
    (found,) = failed_tests.read(settings)
    assert found.stops == (status == "fail")
    return found.sentence


def test_rows_that_were_grouped_are_looked_up(tmp_path: Path) -> None:
    sql = "select payment_key, count(*) as row_count from marts.payments group by 1"
    sentence = said(tmp_path, "unique_combination", sql, columns=["payment_key"])
    assert sentence.startswith(
        "payments: One row for each `payment_key`, any of which may be empty. Not so in 1 row, "
        "such as hospital_a, claim C1, file remits/a.835 at 1/3. Next: look for rows that come "
    )


def test_what_another_engine_was_asked_is_asked_of_the_file(tmp_path: Path) -> None:
    sql = "select payment_key, count(*) as row_count from marts.payments group by 1"
    asked = sql.replace("marts.payments", '"models"."marts"."payments"')
    sentence = said(tmp_path, "unique_combination", sql, asked=asked, columns=["payment_key"])
    assert "such as hospital_a, claim C1, file remits/a.835 at 1/3." in sentence


def test_a_contract_names_each_broken_rule_with_its_rows(tmp_path: Path) -> None:
    sql = """
    select 'key' as broken_rule, true as may_stop, payment_key from marts.payments group by all
    union all
    select 'filled:claim_id', false, payment_key from marts.payments
    """
    sentence = said(tmp_path, "contract", sql, key=["payment_key"], filled=["claim_id", "paid"])
    assert sentence.startswith(
        "payments: Never empty, as far as sources deliver it: `claim_id`. Not so in 2 rows, such "
        "as hospital_a, claim C1, file remits/a.835 at 1/3. Next: look at the model or source"
    )
    assert "One row for each `payment_key`, and none of it is empty. Not so in 1 row" in sentence
    assert "Ada" not in sentence


def test_each_row_is_named_and_no_other_value_of_it(tmp_path: Path) -> None:
    sentence = said(
        tmp_path,
        "date_order",
        "select * from marts.payments",
        status="warn",
        column_name="end_date",
        not_before="start_date",
    )
    assert "Not so in 2 rows, such as hospital_a, claim C1" in sentence
    assert "claim C2, file remits/a.835 at 1/9" in sentence
    assert "Ada" not in sentence


@pytest.mark.parametrize(
    ("kind", "sql", "words"),
    [
        ("sum_equals", "select 1.50 as this_total, 2.00 as that_total", "1.50 against 2.00"),
        (
            "sum_equals_by",
            "select 'c7' as claim_key, 3.25 as difference",
            "hospital_b, claim C7, 3.25 apart",
        ),
    ],
)
def test_sums_say_what_they_are(tmp_path: Path, kind: str, sql: str, words: str) -> None:
    sentence = said(
        tmp_path,
        kind,
        sql,
        expression="paid",
        compare_model="ref('ledger')",
        columns=["claim_key"],
    )
    assert f"such as {words}. Next: rows are lost" in sentence
