"""Leaders get no figure about so few people that they could be recognised."""

from __future__ import annotations

from typing import Any

import duckdb

from rcm_platform.publish import small_cells
from rcm_platform.publish.small_cells import smallest_cell
from rcm_platform.publish.versions import open_published
from rcm_platform.warehouse.column_lineage import read
from rcm_platform_tests.conftest import Built


def found(rows: str, people: dict[str, str] | None) -> list[str]:
    """The problems of one model for leaders with these rows of (people_count, amount)."""
    meta: dict[str, Any] = {"audience": ["leadership"], "people": people or {}}
    types = {"label": "string", "people_count": "bigint", "amount": "decimal(18,2)"}
    node = {
        "name": "m", "schema": "main", "alias": "m", "resource_type": "model",
        "config": {"meta": meta}, "columns": {n: {"data_type": t} for n, t in types.items()},
    }  # fmt: skip
    with duckdb.connect() as con:
        con.execute(f"create table m as select * from (values {rows}) as t (people_count, amount)")
        con.execute("alter table m add column label varchar")
        return small_cells.problems(con, {"nodes": {"m": node}}, 11)


def test_ten_people_are_too_few_and_eleven_are_not() -> None:
    counted = {"column": "people_count"}
    assert found("(11, 5.00)", counted) == []
    assert found("(10, 5.00), (11, 5.00)", counted) == ["m: 1 rows about fewer than 11 people"]


def test_a_row_that_counts_nobody_says_nothing() -> None:
    counted = {"column": "people_count"}
    assert found("(null, null::decimal(18, 2))", counted) == []
    assert found("(null, 5.00)", counted) == ["m: 1 rows about fewer than 11 people"]


def test_a_model_counts_its_people_or_says_why_it_is_about_nobody() -> None:
    assert found("(11, 5.00)", {"reason": "a list of codes"}) == []
    assert found("(11, 5.00)", None) == ["m does not say how many people its rows are about"]


def test_no_other_column_counts_one_to_ten() -> None:
    nobody = {"reason": "a list of codes"}
    assert found("(0, 5.00), (11, 5.00)", nobody) == []
    assert found("(1, 5.00), (10, 5.00)", nobody) == ["m.people_count: 2 rows count fewer than 11"]


def test_what_leaders_see_adds_up_to_what_there_is(built: Built) -> None:
    manifest, _ = read(built.settings.dbt_target_dir)
    with built.warehouse() as con:
        assert small_cells.problems(con, manifest, smallest_cell(built.settings.project_dir)) == []
    with open_published(built.settings.published_dir, "leadership") as con:
        merged, differences = con.execute(
            """
            select
                (select count(*) from mart_kpi_scorecard where is_other),
                (select count(*) from (
                    select kpi, sum(numerator) from mart_kpi_scorecard
                    where aggregation_level = 'total' group by kpi
                    except
                    select kpi, sum(numerator) from mart_kpi_scorecard
                    where aggregation_level <> 'total' group by kpi
                ))
            """
        ).fetchall()[0]
    assert merged > 0
    assert differences == 0


def test_files_physically_lack_what_their_readers_may_not_see(built: Built) -> None:
    with open_published(built.settings.published_dir, "analyst") as con:
        columns = dict(
            con.execute(
                "select table_name, list(column_name) from duckdb_columns() "
                "where not internal group by all"
            ).fetchall()
        )
    assert {"first_name", "ssn", "address", "patient_id"}.isdisjoint(columns["dim_patient"])
    assert "gender" in columns["dim_patient"]
    assert "claim_id" not in columns["fct_claims"]
    with open_published(built.settings.published_dir, "leadership") as con:
        tables = {name for (name,) in con.execute("show tables").fetchall()}
    assert not any(name.startswith("fct_") for name in tables)
