"""What a build of some models must do, so that the warehouse never mixes states without a word."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock

from rcm_platform.ingest import lake_access
from rcm_platform.lake import Lake
from rcm_platform.settings import Settings
from rcm_platform.warehouse import build_state

DAY = date(2025, 3, 1)
HOSPITALS = ("hospital_a", "hospital_b")
SOURCE, READER = "source.rcm_dbt.x12.remit_claims", "raw_rows"


def manifest(**parents: tuple[str, ...]) -> dict[str, Any]:
    """Models by name, each with its parents."""
    ids = {name: f"model.rcm_dbt.{name}" for name in parents}
    return {
        "nodes": {
            ids[name]: {
                "unique_id": ids[name],
                "name": name,
                "alias": name,
                "schema": "marts",
                "resource_type": "model",
            }
            for name in parents
        },
        "parent_map": {ids[name]: [ids[p] for p in above] for name, above in parents.items()},
        "child_map": {
            SOURCE: [ids[name] for name, above in parents.items() if not above and name == READER],
            **{
                ids[name]: [ids[child] for child, above in parents.items() if name in above]
                for name in parents
            },
        },
        "sources": {SOURCE: raw_source("x12", "remit_claims")},
    }


def raw_source(feed: str, table: str) -> dict[str, Any]:
    return {"config": {"meta": {"dagster": {"asset_key": ["raw", feed, table]}}}}


CHAIN = manifest(raw_rows=(), ledger=("raw_rows",), report=("ledger",), other=())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(home=tmp_path, world=False)
    found.warehouse_path.parent.mkdir(parents=True)
    (found.lake_dir / "_batches").mkdir(parents=True)
    return found


def batch_of(settings: Settings, name: str, table: str) -> None:
    """A batch that a load has written."""
    rows = {table: 1, "platform/quarantine": 1}
    (settings.lake_dir / "_batches" / f"{name}.json").write_text(json.dumps({"rows": rows}))


def plan(settings: Settings, *chosen: str, loaded: tuple[str, ...] = ()) -> build_state.Plan:
    return build_state.plan(settings, Lake(settings.lake_dir), DAY, CHAIN, chosen, loaded)


def built(settings: Settings, *tables: str) -> None:
    """A warehouse that holds these tables, and all of the lake."""
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute("create schema if not exists marts")
        for table in tables:
            con.execute(f"create table marts.{table} (a integer)")
    build_state.build_ended(settings, Lake(settings.lake_dir), DAY)


def test_everything_is_built_whatever_was_there_before(settings: Settings) -> None:
    assert plan(settings, *("raw_rows", "ledger", "report", "other")) == build_state.Plan((), True)


def test_a_model_alone_is_built_from_what_is_there_and_the_warehouse_stays_whole(
    settings: Settings,
) -> None:
    built(settings, "raw_rows", "ledger", "report", "other")
    assert plan(settings, "ledger") == build_state.Plan((), is_whole=True)


def test_a_model_alone_after_a_load_leaves_a_mixed_warehouse(settings: Settings) -> None:
    built(settings, "raw_rows", "ledger", "report", "other")
    batch_of(settings, "b1", "x12/remit_claims")
    assert plan(settings, "report") == build_state.Plan((), is_whole=False)


def test_what_a_load_touches_is_enough_where_the_rest_is_built(settings: Settings) -> None:
    built(settings, "raw_rows", "ledger", "report", "other")
    batch_of(settings, "b1", "x12/remit_claims")
    chosen = ("raw_rows", "ledger", "report")
    assert plan(settings, *chosen, loaded=("x12",)) == build_state.Plan((), is_whole=True)
    # part of it is not: neither without what depends on it, nor without what reads it
    assert not plan(settings, "raw_rows", loaded=("x12",)).is_whole
    assert not plan(settings, "report", loaded=("x12",)).is_whole


def test_what_one_hospital_brings_touches_what_reads_the_tables_of_all(settings: Settings) -> None:
    built(settings, "raw_rows", "ledger", "report", "other")
    batch_of(settings, "b1", "hospital_b/patients")
    sources = {f"{SOURCE}_{feed}": raw_source(feed, "patients") for feed in HOSPITALS}
    read = dict.fromkeys(sources, CHAIN["child_map"][SOURCE])
    graph = {**CHAIN, "sources": sources, "child_map": CHAIN["child_map"] | read}

    def is_whole(*chosen: str) -> bool:
        lake = Lake(settings.lake_dir)
        return build_state.plan(settings, lake, DAY, graph, chosen, ("hospital_b",)).is_whole

    assert is_whole("raw_rows", "ledger", "report")
    assert not is_whole("ledger", "report")


def test_a_load_first_builds_the_rest_where_that_is_of_another_state(settings: Settings) -> None:
    batch_of(settings, "b1", "hospital_a/patients")
    chosen = ("raw_rows", "ledger", "report")
    assert plan(settings, *chosen, loaded=("x12",)) == build_state.Plan(("other",), is_whole=True)


def test_a_model_whose_parents_were_never_built_is_refused_in_a_sentence(
    settings: Settings,
) -> None:
    with pytest.raises(build_state.NotBuilt, match=r"never built: ledger\. Run the job `nightly`"):
        plan(settings, "report")
    # with all upstream it can be built
    assert not plan(settings, "raw_rows", "ledger", "report").is_whole


def test_tests_alone_build_nothing(settings: Settings) -> None:
    built(settings, "raw_rows", "ledger", "report", "other")
    assert plan(settings) == build_state.Plan((), is_whole=True)


def test_a_build_is_partial_only_where_the_rest_is_built(settings: Settings) -> None:
    lake, day = Lake(settings.lake_dir), DAY
    assert not build_state.is_built(settings, lake, day, ["x12"])
    build_state.build_ended(settings, lake, day)
    assert build_state.is_built(settings, lake, day, ["x12"])
    assert not build_state.is_built(settings, lake, date(2025, 3, 2), ["x12"])
    batch_of(settings, "b1", "x12/remit_claims")
    assert build_state.is_built(settings, lake, day, ["x12"])
    batch_of(settings, "b2", "hospital_a/patients")
    assert not build_state.is_built(settings, lake, day, ["x12"])
    build_state.build_ended(settings, lake, day)
    build_state.build_begins(settings)
    assert not build_state.is_built(settings, lake, day, ["x12"])


def test_who_waits_for_another_writer_is_told(settings: Settings) -> None:
    said: list[str] = []
    lake_access.single_writer(settings, said.append)
    assert said == []
    with FileLock(settings.warehouse_path.with_suffix(".lock")):
        lake_access.single_writer(settings, said.append)
    assert [words for words in said if "waiting for it to end" in words] == said != []
