"""PostgreSQL gets the sources as they are, and its tables come back as they are; what is missing is
said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from rcm_platform.operate.run import run_all
from rcm_platform.settings import Settings
from rcm_platform.warehouse import project
from rcm_platform.warehouse.engines import EngineUnavailable, postgres
from rcm_platform_tests.support import servers

ODD = r"""
    select * from (values
        (1, 'plain', 0.10::decimal(18, 2), '\x41\xFF'::blob, date '2025-02-28', true, 0.1::double),
        (2, '', -1.00, ''::blob, date '0001-01-01', false, 1e300),
        (3, '\N', 12345678901234.56, null, null, null, null),
        (4, 'it''s "said", in' || chr(10) || 'two lines \', 0, '\x00'::blob, null, null, -0.0),
        (5, null, null, null, date '9999-12-31', null, null)
    ) as odd(id, said, amount, content, day, is_so, part)
"""


@pytest.fixture
def settings(postgres_url: str, tmp_path: Path) -> Iterator[Settings]:
    """An installation with a database of its own for its models."""
    name = f"models_{tmp_path.name}".lower()
    with servers.database(postgres_url, name, "locale 'C'") as url:
        yield Settings(home=tmp_path / "home", target="postgres", postgres_url=url)


def manifest_of(folder: Path, pattern: str) -> Path:
    """A manifest with one source, over the Parquet files of a folder."""
    location = f"read_parquet('{folder}/{pattern}', union_by_name = true)"
    source = {
        "source_name": "x12",
        "name": "odd",
        "identifier": "odd",
        "config": {"meta": {"external_location": location}},
    }
    path = folder / "manifest.json"
    path.write_text(json.dumps({"sources": {"source.x12.odd": source}}))
    return path


def test_every_value_goes_there_and_comes_back(settings: Settings, tmp_path: Path) -> None:
    with duckdb.connect() as con:
        con.execute(f"copy ({ODD}) to '{tmp_path / 'odd.parquet'}'")
        expected = con.execute(f"{ODD} order by id").fetchall()
    said: list[str] = []
    postgres.prepare(settings, manifest_of(tmp_path, "odd.parquet"), said.append)
    assert said == ["postgres: x12__odd"]
    assert settings.postgres_url
    servers.tell(
        settings.postgres_url,
        "create schema marts",
        "create table marts.a as select * from raw.x12__odd",
        "create view marts.b as select sum(amount) as amount, count(*) as n from marts.a",
    )
    warehouse = settings.warehouse_path
    assert postgres.gather(settings, warehouse) == 2
    with duckdb.connect(str(warehouse), read_only=True) as own:
        assert own.execute("select * from marts.a order by id").fetchall() == expected
        total = [(Decimal("12345678901233.66"), 5)]
        assert own.execute("select * from marts.b").fetchall() == total
        types = own.execute("select typeof(amount), typeof(part) from marts.a limit 1").fetchall()
        assert types == [("DECIMAL(18,2)", "DOUBLE")]


def test_only_what_changed_is_copied(settings: Settings, tmp_path: Path) -> None:
    table = tmp_path / "odd"
    for name in ("first", "second"):
        (table / name).mkdir(parents=True)
    manifest = manifest_of(table, "*/*.parquet")
    said: list[str] = []

    def count() -> int:
        postgres.prepare(settings, manifest, said.append)
        assert settings.postgres_url
        [(rows,)] = servers.ask(settings.postgres_url, "select count(*) from target.raw.x12__odd")
        return int(rows)

    with duckdb.connect() as con:
        con.execute(f"copy (select 1 as id) to '{table / 'first' / 'a.parquet'}'")
        assert count() == 1
        assert count() == 1
        assert len(said) == 1
        # a later file may know a column more
        con.execute(f"copy (select 2 as id, 'x' as said) to '{table / 'second' / 'b.parquet'}'")
        assert count() == 2
        assert len(said) == 2


def test_a_database_belongs_to_one_installation(settings: Settings, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text('{"sources": {}}')
    postgres.prepare(settings, manifest, print)
    postgres.prepare(settings, manifest, print)
    other = settings.model_copy(update={"home": tmp_path / "other"})
    with pytest.raises(EngineUnavailable, match="of another installation"):
        postgres.prepare(other, manifest, print)


def test_what_fails_on_the_way_shows_no_value(settings: Settings) -> None:
    assert settings.postgres_url
    servers.tell(
        settings.postgres_url,
        "create schema marts",
        "create view marts.a as select cast(said as int) as n from (select 'Ann' as said) as rows",
    )
    with pytest.raises(EngineUnavailable, match="what its own log says") as failed:
        postgres.gather(settings, settings.warehouse_path)
    assert "Ann" not in str(failed.value)


def test_an_option_that_would_not_be_used_is_refused(tmp_path: Path) -> None:
    url = "postgresql://rcm@127.0.0.1:1/rcm?sslmode=require&sslrootcert=/ca.pem"
    with pytest.raises(EngineUnavailable, match="not used there: sslrootcert"):
        postgres.check(Settings(home=tmp_path, target="postgres", postgres_url=url))


def test_another_database_is_another_build() -> None:
    urls = ("postgresql://a@h/one", "postgresql://a@h/two", "postgresql://b:p@h/one", "nothing")
    found = [project.fingerprint(Settings(target="postgres", postgres_url=url)) for url in urls]
    assert found[0] == found[2]  # another login to the same
    assert len(set(found)) == 3


def test_without_an_address_the_message_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"RCM_POSTGRES_URL.*postgresql://"):
        postgres.check(Settings(home=tmp_path, target="postgres"))


@pytest.mark.parametrize("url", ["mysql+pymysql://u:hidden@h/d", "hidden", "postgresql://"])
def test_an_address_of_something_else_is_refused_without_showing_it(
    url: str, tmp_path: Path
) -> None:
    with pytest.raises(EngineUnavailable) as refused:
        postgres.check(Settings(home=tmp_path, target="postgres", postgres_url=url))
    assert "RCM_POSTGRES_URL" in str(refused.value)
    assert "hidden" not in str(refused.value)


def test_a_run_without_its_server_ends_before_anything_is_made(tmp_path: Path) -> None:
    url = "postgresql://rcm:hidden@127.0.0.1:1/rcm"
    settings = Settings(home=tmp_path / "home", target="postgres", postgres_url=url)
    with pytest.raises(EngineUnavailable, match="see that the server runs") as refused:
        run_all(settings, Console(), lambda: pytest.fail("the graph was loaded"))
    assert "hidden" not in str(refused.value)
    assert not settings.home.exists()


def test_a_database_that_orders_texts_by_a_language_is_refused(
    postgres_url: str, tmp_path: Path
) -> None:
    with (
        servers.database(
            postgres_url, "of_a_language", "locale_provider icu icu_locale 'en-US'"
        ) as url,
        pytest.raises(EngineUnavailable, match="order of their bytes"),
    ):
        postgres.check(Settings(home=tmp_path, target="postgres", postgres_url=url))
