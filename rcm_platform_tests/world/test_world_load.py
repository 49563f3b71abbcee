"""A hospital's database goes into a real MariaDB and a real PostgreSQL, whole, and again."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest

from rcm_platform.world.feeds.databases import write_database
from rcm_platform.world.feeds.load import LoadError, load
from rcm_platform.world.model import World
from rcm_platform_tests.support.servers import DATABASE, PASSWORD, ask, attached, free_port, tell

START, THROUGH = date(2025, 1, 1), date(2025, 1, 20)


@pytest.fixture(params=["mysql_url", "postgres_url"])
def url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    world = World(seed=5, size="tiny", start=START, through=THROUGH)
    for hospital, system in enumerate(world.hospitals.source_systems):
        write_database(world, hospital, folder / f"{system}.duckdb", 0, world.through_day)
    return folder


def same_rows(url: str, world: Path, system: str, table: str) -> bool:
    with attached(url) as connection:
        connection.execute(f"attach '{world / system}.duckdb' as world (read_only)")
        one, other = (
            connection.execute(f"select * from {name} order by all").fetchall()
            for name in (f"world.{table}", f"target.{table}")
        )
        return one == other and len(one) > 0


@pytest.mark.parametrize("system", ["hospital_a", "hospital_b"])
def test_every_table_arrives_with_the_same_values(url: str, system: str, world: Path) -> None:
    heard: list[tuple[int, int, str]] = []
    counts = load(world, system, url, progress=lambda *step: heard.append(step))
    assert set(counts) >= {"patients", "transactions", "work_log", "appointments", "staff"}
    assert all(same_rows(url, world, system, table) for table in counts)
    assert [done for done, *_ in heard] == list(range(len(counts) + 1))


def test_again_is_the_same_and_leaves_other_tables_alone(url: str, world: Path) -> None:
    kind = "mysql" if url.startswith("mysql") else "postgres"
    tell(url, "drop table if exists notes", "create table notes (a integer)")
    first, second = (load(world, "hospital_a", url) for _ in range(2))
    assert first == second
    assert same_rows(url, world, "hospital_a", "transactions")
    schema = "'hospital'" if kind == "mysql" else "'public'"
    found = ask(
        url,
        "select lower(table_name) from duckdb_tables() where database_name = 'target' "
        f"and schema_name = {schema}",
    )
    tables = {name for (name,) in found}
    assert tables >= {*first, "notes"}
    assert not [name for name in tables if name.startswith("rcm_world")]


def test_types_and_keys_are_right(url: str, world: Path) -> None:
    load(world, "hospital_a", url)
    types = {name.lower(): kind for name, kind, *_ in ask(url, "describe target.transactions")}
    assert types["amount"] == "DECIMAL(18,2)"
    assert types["servicedate"] == "DATE"
    assert types["modifieddate"] == "TIMESTAMP"
    with attached(url) as connection, pytest.raises(duckdb.Error, match=r"(?i)duplicate"):
        connection.execute("insert into target.transactions from target.transactions limit 1")


def test_a_load_that_fails_leaves_what_was_there(url: str, world: Path, tmp_path: Path) -> None:
    load(world, "hospital_a", url)
    shutil.copy(world / "hospital_a.duckdb", tmp_path)
    with duckdb.connect(str(tmp_path / "hospital_a.duckdb")) as connection:
        connection.execute("insert into patients from patients limit 1")  # a key twice
    with pytest.raises(LoadError, match=r"hospital_a\.duckdb could not be loaded into"):
        load(tmp_path, "hospital_a", url)
    assert same_rows(url, world, "hospital_a", "patients")
    load(world, "hospital_a", url)


def test_no_error_says_the_password(url: str, world: Path) -> None:
    wrong = [
        url.replace(f"/{DATABASE}", "/nowhere"),
        url.replace(f":{url.rsplit(':', 1)[1].split('/')[0]}/", f":{free_port()}/"),
        url.replace(quote(PASSWORD, safe=""), "an0ther%27secret"),
    ]
    for attempt in wrong:
        with pytest.raises(LoadError) as caught:
            load(world, "hospital_a", attempt)
        for secret in (PASSWORD, quote(PASSWORD, safe=""), "an0ther"):
            assert secret not in str(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("system", "url", "message"),
    [
        ("hospital_c", "mysql://u:p@h/d", "no hospital_c.duckdb"),
        ("hospital_a", "oracle://u:secret@h/d", "oracle:// is no kind of database"),
        ("hospital_a", "mysql://u:secret@[h/d", "its URL: it is not a URL"),
        ("hospital_a", "", "nothing:// is no kind"),
    ],
)
def test_what_cannot_be_is_said(system: str, url: str, message: str, world: Path) -> None:
    with pytest.raises(LoadError, match=message) as caught:
        load(world, system, url)
    assert "secret" not in str(caught.value)
