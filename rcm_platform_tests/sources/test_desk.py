"""The entries of the desk as a source: each lands once, and what is malformed is set aside."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from rcm_platform.desk import store
from rcm_platform.desk.store import Store
from rcm_platform.lake import Batch, Lake
from rcm_platform.lake.looking import FoundNew, LakeToLook
from rcm_platform.settings import Settings
from rcm_platform.sources import desk as source
from rcm_platform.sources.base import SourceUnavailable, declare

DAY, FOLLOW_UP = date(2025, 12, 31), date(2026, 4, 1)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake")
    declare(lake, "desk", source.TABLES)
    return lake


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "desk.db")
        return
    url = request.getfixturevalue("postgres_url")
    yield url
    with sa.create_engine(url.replace("postgresql:", "postgresql+psycopg2:")).begin() as con:
        con.exec_driver_sql(
            f"drop table if exists desk_entries, desk_decisions, {store.VERSION_TABLE}"
        )


def opened(where: str) -> Store:
    url = where if "://" in where else None
    return Store.open(Settings(home=Path(where).parent, desk_url=url, _env_file=None))


def add(desk: Store, note: str = "Ref 7", day: date = DAY) -> None:
    desk.add(
        claim_key="k1",
        source_system="hospital_a",
        claim_id="C1",
        action="called",
        outcome="in_process",
        note=note,
        follow_up_date=FOLLOW_UP,
        made_by="ada",
        effective_date=day,
    )


def landed(lake: Lake) -> list[tuple[object, ...]]:
    return lake.query(
        "select sequence, note, made_by, follow_up_date, effective_date, _arrival_date, "
        f"_source_position from {lake.scan('desk', 'entries')} order by sequence"
    )


def test_no_store_yet_is_a_source_without_rows(lake: Lake, tmp_path: Path) -> None:
    summary = source.load_desk(lake, str(tmp_path / "desk.db"))
    assert summary.rows == {"entries": 0}
    assert lake.batch_ids() == []
    assert not (tmp_path / "desk.db").exists()


def test_each_entry_lands_once_as_it_was_made(lake: Lake, where: str) -> None:
    desk = opened(where)
    assert source.load_desk(lake, where).rows == {"entries": 0}
    add(desk, "first, with é and <b>\nline two")
    assert source.load_desk(lake, where).rows == {"entries": 1}
    add(desk, "second", date(2025, 12, 30))
    with pytest.raises(FoundNew):
        source.load_desk(LakeToLook(lake.root), where)
    assert source.load_desk(lake, where).rows == {"entries": 1}
    assert source.load_desk(lake, where).rows == {"entries": 0}
    source.load_desk(LakeToLook(lake.root), where)
    assert landed(lake) == [
        (1, "first, with é and <b>\nline two", "ada", FOLLOW_UP, DAY, DAY, "1"),
        (2, "second", "ada", FOLLOW_UP, date(2025, 12, 30), date(2025, 12, 30), "2"),
    ]
    [(loaded, received, status)] = lake.query(
        "select sum(loaded_byte_count), sum(byte_count), any_value(status) "
        f"from {lake.scan('platform', 'received_files')} where source_system = 'desk'"
    )
    assert loaded == received > 0
    assert status == "loaded"


def test_an_entry_does_not_move_the_day_of_the_figures(lake: Lake, tmp_path: Path) -> None:
    desk = opened(str(tmp_path / "desk.db"))
    add(desk, "of the last day")
    source.load_desk(lake, str(tmp_path / "desk.db"))
    add(desk, "of a day that no file has brought", date(2026, 3, 1))
    source.load_desk(lake, str(tmp_path / "desk.db"))
    assert lake.latest_arrival_date() == DAY


def test_what_is_malformed_is_held_once_and_the_others_land(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "desk.db"
    desk = opened(str(file))
    add(desk), add(desk), add(desk)
    with sqlite3.connect(file) as con:
        con.execute("update desk_entries set made_at = 'yesterday' where sequence = 1")
        con.execute("update desk_entries set entry_id = ' ' where sequence = 2")
    summary = source.load_desk(lake, str(file))
    assert (summary.rows, summary.quarantined_count) == ({"entries": 1}, 2)
    assert not any("yesterday" in message for message in summary.messages)
    assert source.load_desk(lake, str(file)).quarantined_count == 0
    held = lake.query(
        f"select source_position, rule_id from {lake.scan('platform', 'quarantine')} order by 1"
    )
    assert held == [("1", "T3"), ("2", "T4")]
    with sqlite3.connect(file) as con:
        con.execute("update desk_entries set made_at = '2025-12-31 10:00:00' where sequence = 1")
    assert source.load_desk(lake, str(file)).rows == {"entries": 1}
    assert [row[0] for row in landed(lake)] == [1, 3]


def test_a_store_that_lost_entries_is_said_and_they_stay_loaded(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "desk.db"
    desk = opened(str(file))
    add(desk), add(desk)
    source.load_desk(lake, str(file))
    with sqlite3.connect(file) as con:
        con.execute("delete from desk_entries where sequence = 1")
    [message] = source.load_desk(lake, str(file)).messages
    assert message.startswith("desk: 1 entries that were loaded before are no longer in the store")
    assert len(landed(lake)) == 2


def test_a_store_that_does_not_answer_is_said_without_its_password(lake: Lake) -> None:
    with pytest.raises(SourceUnavailable, match="the entries of the desk cannot be read") as told:
        source.load_desk(lake, "postgresql://ada:secret@127.0.0.1:1/desk")
    assert "secret" not in str(told.value)


def test_a_file_that_is_no_store_is_said(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "desk.db").write_text("not a database, and longer than its header " * 20)
    with pytest.raises(SourceUnavailable, match="DatabaseError"):
        source.load_desk(lake, str(tmp_path / "desk.db"))


def test_a_load_that_is_cut_off_loses_nothing(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "desk.db"
    add(opened(str(file)))

    def cut_off(self: Batch) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Batch, "commit", cut_off)
        source.load_desk(lake, str(file))
    lake.recover()
    assert landed(lake) == []
    add(opened(str(file)), "meanwhile")
    assert source.load_desk(lake, str(file)).rows == {"entries": 2}
