"""Columns are followed through the SQL that ran, and what is private with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rcm_platform.publish import phi
from rcm_platform.sources.hospitals import hospitals
from rcm_platform.warehouse.column_lineage import (
    ROWS,
    Lineage,
    Origin,
    column_lineage,
    described_sources,
    raw_table,
    read,
    roots,
    write,
)
from rcm_platform_tests.conftest import Built

PEOPLE = "source.p.raw.people"
VISITS = "source.p.raw.visits"


def project(**queries: str) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """A manifest with two raw tables and these models, each staging but for the last."""
    sources = {
        name: {
            "source_name": "hospital",
            "name": name.split(".")[-1],
            "relation_name": f"read('{name}')",
            "config": {
                "meta": {"dagster": {"asset_key": ["raw", "hospital", name.split(".")[-1]]}}
            },
        }
        for name in (PEOPLE, VISITS)
    }
    columns = {PEOPLE: ["id", "name", "born"], VISITS: ["person_id", "cost", "kind"]}
    nodes = {}
    for name, sql in queries.items():
        for source in (PEOPLE, VISITS):
            sql = sql.replace(source.split(".")[-1], f"read('{source}')")
        nodes[name] = {
            "name": name, "resource_type": "model", "database": "rcm", "schema": "main",
            "alias": name, "compiled_code": sql, "fqn": ["p", "marts"], "columns": {},
            "depends_on": {"nodes": [PEOPLE, VISITS, *nodes]}, "config": {"meta": {}},
        }  # fmt: skip
    return {"sources": sources, "nodes": nodes}, columns


def lineage_of(sql: str) -> dict[str, tuple[Origin, ...]]:
    manifest, columns = project(m=sql)
    return column_lineage(manifest, columns, ["m"])["m"]


@pytest.mark.parametrize(
    ("expression", "column", "keeps_value"),
    [
        ("name", "name", True),
        ("upper(trim(name))", "name", True),
        ("coalesce(name, 'nobody')", "name", True),
        ("max(name) over (partition by born)", "name", True),
        ("cast(born as date)", "born", True),
        ("case when born > 3 then name end", "name", True),
        ("md5(name)", "name", False),
        ("name = 'x'", "name", False),
        ("case when name = 'x' then 1 else 0 end", "name", False),
        ("length(name)", "name", False),
        ("count(distinct name)", "name", False),
        ("sum(born)", "born", False),
    ],
)
def test_a_value_is_kept_or_changed(expression: str, column: str, keeps_value: bool) -> None:
    found = lineage_of(f"select {expression} as x from people group by all")
    assert Origin(PEOPLE, column, keeps_value) in found["x"]


def test_a_condition_gives_no_value() -> None:
    found = lineage_of("select case when name = 'x' then born end as x from people")
    assert set(found["x"]) == {Origin(PEOPLE, "born", True), Origin(PEOPLE, "name", False)}


def test_what_only_sorts_a_window_is_left_out() -> None:
    found = lineage_of("select sum(born) over (partition by id order by name) as x from people")
    assert found["x"] == (Origin(PEOPLE, "born", False),)


def test_a_count_is_made_of_rows() -> None:
    found = lineage_of("with p as (select * from people) select count(*) as n from p")
    assert found["n"] == (Origin(PEOPLE, ROWS, False),)


def test_stars_unions_and_joins_are_followed() -> None:
    found = lineage_of(
        """with both_kinds as (
            select id, name from people union all select person_id, kind from visits
        ), joined as (
            select both_kinds.*, visits.cost from both_kinds
            left join visits on both_kinds.id = visits.person_id
        )
        select * from joined"""
    )
    assert found["name"] == (Origin(PEOPLE, "name", True), Origin(VISITS, "kind", True))
    assert found["cost"] == (Origin(VISITS, "cost", True),)
    assert "person_id" not in found


def test_a_chain_of_models_ends_at_raw_columns() -> None:
    manifest, columns = project(
        one="select id, name as called from people",
        two="select called, count(*) as n from rcm.main.one group by called",
    )
    columns |= {"one": ["id", "called"]}
    lineage = column_lineage(manifest, columns, ["one", "two"])
    assert roots(lineage, "two", "called") == [Origin(PEOPLE, "name", True)]
    assert roots(lineage, "two", "n") == [Origin(PEOPLE, ROWS, False)]


def test_what_cannot_be_read_is_left_out_and_kept_from_leaders() -> None:
    manifest, columns = project(broken="selec nothing fro people")
    manifest["nodes"]["broken"]["config"]["meta"]["audience"] = ["leadership", "operations"]
    lineage = column_lineage(manifest, columns, ["broken"])
    assert lineage == {}
    assert [leak.audience for leak in phi.leaks(manifest, lineage)] == ["leadership"]


def test_a_raw_column_is_described_where_its_value_is_kept(tmp_path: Path) -> None:
    manifest, columns = project(
        stg="select md5(id) as key, id as number, name as name, name as called from people"
    )
    manifest["nodes"]["stg"] |= {
        "fqn": ["p", "staging"],
        "columns": {c: {"description": f"The {c}."} for c in ("key", "number", "name", "called")},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    write(tmp_path, columns | {"stg": ["key", "number", "name", "called"]}, manifest)
    assert described_sources(tmp_path) == {
        ("hospital", "people"): {"id": "The number.", "name": "The name."}
    }


def test_another_night_and_another_home_read_no_query_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_again: list[str] = []

    def reads(*args: Any) -> Lineage:
        read_again.extend(args[2])
        return column_lineage(*args)

    monkeypatch.setattr("rcm_platform.warehouse.column_lineage.column_lineage", reads)
    folders = {name: tmp_path / name for name in ("home", "other", "shared")}
    for folder in folders.values():
        folder.mkdir()

    def night(home: str, day: str, files: str, column: str = "name") -> list[str]:
        query = f"select {column} from people where born < date '2025-01-{day}'"
        manifest, columns = project(m=query)
        source = manifest["sources"][PEOPLE]
        code = manifest["nodes"]["m"]["compiled_code"]
        manifest["nodes"]["m"]["compiled_code"] = code.replace(source["relation_name"], files)
        source["relation_name"] = files
        read_again.clear()
        write(folders[home], columns | {"m": [column]}, manifest, folders["shared"])
        return read_again

    assert night("home", "01", "read('a/people')") == ["m"]
    assert night("home", "02", "read('a/people')") == []
    assert night("other", "03", "read('b/people')") == []
    assert night("other", "03", "read('b/people')", column="id") == ["m"]


def test_before_the_first_build_nothing_is_said_of_raw_columns(tmp_path: Path) -> None:
    assert described_sources(tmp_path) == {}


def tagged(mart: str, audience: str, reason: str | None = None) -> list[phi.Leak]:
    return phi.leaks(*tagged_project(mart, audience, reason))


def tagged_project(
    mart: str, audience: str, reason: str | None = None
) -> tuple[dict[str, Any], Lineage]:
    manifest, columns = project(stg="select id, name, born from people", mart=mart)
    manifest["nodes"]["stg"] |= {
        "fqn": ["p", "staging"],
        "columns": {
            "name": {"config": {"meta": {"phi": "direct"}}},
            "born": {"config": {"meta": {"phi": "indirect"}}},
        },
    }
    manifest["nodes"]["mart"]["config"]["meta"]["audience"] = [audience]
    if reason:
        meta = {"phi": "none", "phi_reason": reason}
        manifest["nodes"]["mart"]["columns"]["x"] = {"config": {"meta": meta}}
    lineage = column_lineage(manifest, columns | {"stg": ["id", "name", "born"]}, ["stg", "mart"])
    return manifest, lineage


def test_a_name_under_another_name_is_found() -> None:
    (leak,) = tagged("select upper(name) as x from rcm.main.stg", "leadership")
    assert str(leak) == "leadership would see mart.x ← stg.name, which is direct"


def test_an_analyst_gets_a_model_without_the_names_in_it() -> None:
    mart = "select id, upper(name) as x, born from rcm.main.stg"
    assert not tagged(mart, "analyst")
    found = phi.relations(*tagged_project(mart, "analyst"))
    assert [relation.withheld for relation in found["analyst"]] == [("x",)]


def test_who_may_see_what() -> None:
    born = "select born as x from rcm.main.stg"
    assert tagged(born, "leadership")
    assert not tagged(born, "analyst")
    assert not tagged("select name as x from rcm.main.stg", "operations")
    assert not tagged("select count(name) as x from rcm.main.stg", "leadership")


def test_a_band_is_declassified_with_a_reason() -> None:
    assert not tagged("select born as x from rcm.main.stg", "leadership", "a band of many years")


def test_the_key_of_a_record_is_for_no_leader() -> None:
    """It is made by a hash, which hides a name and no number that can be counted through."""
    (leak,) = tagged("select md5(name) as claim_key from rcm.main.stg", "leadership")
    assert str(leak) == "leadership would see mart.claim_key, which is indirect"
    assert not tagged("select md5(name) as claim_key from rcm.main.stg", "analyst")


def test_the_project_gives_nobody_more_than_they_may_see(built: Built) -> None:
    assert phi.leaks(*read(built.settings.dbt_target_dir)) == []


def test_names_stay_direct_up_to_the_mart(built: Built) -> None:
    manifest, lineage = read(built.settings.dbt_target_dir)
    inherited = phi.inherited(manifest, lineage)
    assert inherited["model.rcm_dbt.dim_patient", "first_name"][0] == "direct"
    ends = roots(lineage, "model.rcm_dbt.mart_clinician_productivity", "work_rvu")
    raw = {
        (*raw_table(manifest, end.table), end.column)
        for end in ends
        if end.table in manifest["sources"]
    }
    assert raw >= {(hospital, "procedures", "workrvu") for hospital in hospitals(built.settings)}
