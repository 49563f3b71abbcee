"""What follows a build on Spark reads its tables by the warehouse file; what is missing is said."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from rcm_platform.operate.run import run_all
from rcm_platform.settings import Settings
from rcm_platform.warehouse import parity, project
from rcm_platform.warehouse.engines import EngineUnavailable, spark
from rcm_platform_tests.conftest import RunCli


def write(place: Path, query: str, *, is_whole: bool = True) -> None:
    """A folder of Parquet files as Spark leaves it."""
    place.mkdir(parents=True)
    with duckdb.connect() as con:
        con.execute("set timezone = 'America/New_York'")
        con.execute(f"copy ({query}) to '{place / 'part-00000.parquet'}'")
    if is_whole:
        (place / "_SUCCESS").touch()


def rows(warehouse: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as con:
        return con.execute(query).fetchall()


def test_the_last_whole_folder_of_a_table_is_what_readers_see(tmp_path: Path) -> None:
    warehouse = tmp_path / "rcm.duckdb"
    table = spark.folder(warehouse) / "tables" / "marts" / "fct_claims"
    write(table / "1", "select 1 as claim_count")
    write(table / "2", "select 2 as claim_count")
    write(table / "3", "select 3 as claim_count", is_whole=False)

    assert spark.gather(Settings(), warehouse) == 1

    assert rows(warehouse, "select * from marts.fct_claims") == [(2,)]
    assert [place.name for place in table.iterdir()] == ["2"]


def test_a_table_that_was_never_whole_is_not_there(tmp_path: Path) -> None:
    warehouse = tmp_path / "rcm.duckdb"
    write(spark.folder(warehouse) / "tables" / "marts" / "a" / "1", "select 1", is_whole=False)

    assert spark.gather(Settings(), warehouse) == 0

    assert rows(warehouse, "select * from duckdb_views() where schema_name = 'marts'") == []


def test_moments_are_those_of_utc_whatever_the_time_zone_of_a_reader(tmp_path: Path) -> None:
    warehouse = tmp_path / "rcm.duckdb"
    moment = "timestamptz '2025-03-01 05:00:00+00' as noted_at"
    write(spark.folder(warehouse) / "tables" / "staging" / "log" / "1", f"select {moment}")

    spark.gather(Settings(), warehouse)

    with duckdb.connect(str(warehouse), read_only=True) as con:
        con.execute("set timezone = 'Asia/Tokyo'")
        found = con.execute("select noted_at::varchar from staging.log").fetchall()
    assert found == [("2025-03-01 05:00:00",)]


def test_without_spark_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda name: None)
    with pytest.raises(EngineUnavailable, match=r"needs pyspark and .*make spark"):
        spark.check(Settings())


def test_without_java_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda name: object())
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(EngineUnavailable, match=r"Java 17.*openjdk-17-jre-headless"):
        spark.check(Settings())


def test_a_run_without_spark_ends_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda name: None)
    settings = Settings(home=tmp_path / "home", target="spark")
    with pytest.raises(EngineUnavailable):
        run_all(settings, Console(), lambda: pytest.fail("the graph was loaded"))
    assert not settings.home.exists()


def test_parity_asks_for_a_run_where_nothing_is_loaded(rcm: RunCli, tmp_path: Path) -> None:
    done = rcm("parity", home=tmp_path)
    assert done.returncode == 1
    assert "run `rcm run` first" in done.stderr + done.stdout
    assert not list(tmp_path.glob("parity"))


def test_what_builds_nothing_needs_no_spark(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda name: None)
    settings = Settings(home=tmp_path, target="spark")
    assert project.prepared_manifest(settings).exists()


def test_the_engine_of_the_settings_builds_and_is_part_of_what_a_build_follows_from() -> None:
    ours, theirs = Settings(), Settings(target="spark")
    assert project.build_command(ours)[-2:] == ["--target", "duckdb"]
    assert project.build_command(theirs)[-2:] == ["--target", "spark"]
    assert project.fingerprint(ours) != project.fingerprint(theirs)


def test_engines_are_compared_cell_by_cell_in_both_directions(tmp_path: Path) -> None:
    ours, others = tmp_path / "rcm.duckdb", tmp_path / "other" / "rcm.duckdb"
    with duckdb.connect(str(ours)) as con:
        con.execute("create schema marts")
        con.execute("create table marts.same as select 1::bigint as n, null::date as d")
        con.execute("create view marts.shown as select * from marts.same")
        con.execute("create table marts.cents as select 1 as id, 0.10::decimal(18,2) as amount")
        con.execute("create table marts.rounded as select 0.10::decimal(18,2) as amount")
        con.execute("create table marts.twice as select 1 as n from range(2)")
        con.execute("create table marts.renamed as select 1 as n")
        con.execute("create table marts.absent as select 1 as n")
    tables = spark.folder(others) / "tables" / "marts"
    write(tables / "same" / "1", "select 1::integer as n, null::date as d")
    write(tables / "shown" / "1", "select 1::integer as n, null::date as d")
    write(tables / "cents" / "1", "select 1 as id, 0.11::decimal(19,2) as amount")
    write(tables / "rounded" / "1", "select 0.104::decimal(19,3) as amount")
    write(tables / "twice" / "1", "select 1 as n")
    write(tables / "renamed" / "1", "select 1 as m")
    spark.gather(Settings(), others)

    found = {each.table: each for each in parity.compare(ours, others)}

    assert {name for name, each in found.items() if each.is_equal} == {"marts.same", "marts.shown"}
    cents, twice = found["marts.cents"], found["marts.twice"]
    assert (cents.only_duckdb, cents.only_other, cents.columns) == (1, 1, ("amount",))
    assert found["marts.rounded"].columns == ("amount",)
    assert (twice.only_duckdb, twice.only_other) == (1, 0)
    assert found["marts.renamed"].reason == "only one has the columns m, n"
    assert found["marts.absent"].reason == "it was not built"
