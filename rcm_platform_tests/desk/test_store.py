"""The store of what people did about claims, in an SQLite file and in a PostgreSQL."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from rcm_platform.desk import entries, store
from rcm_platform.desk.entries import Entry, EntryRefused
from rcm_platform.desk.store import ChangedSince, Store, StoreUnavailable
from rcm_platform.settings import Settings
from rcm_platform.sources.base import ExceptionDecision
from rcm_platform_tests.conftest import RunCli

DAY = date(2025, 12, 31)


def settings_of(home: Path, url: str | None = None) -> Settings:
    return Settings(home=home, desk_url=url, _env_file=None)


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    if request.param == "sqlite":
        yield settings_of(tmp_path)
        return
    url = request.getfixturevalue("postgres_url")
    yield settings_of(tmp_path, url)
    drop(url)


def drop(url: str) -> None:
    """Take the store out of a database again."""
    with sa.create_engine(url.replace("postgresql:", "postgresql+psycopg2:")).begin() as con:
        con.exec_driver_sql(
            f"drop table if exists desk_entries, desk_decisions, {store.VERSION_TABLE}"
        )


@pytest.fixture
def desk(settings: Settings) -> Iterator[Store]:
    opened = Store.open(settings)
    yield opened
    opened.close()


def add(desk: Store, **given: Any) -> Entry:
    entry = {
        "claim_key": "k1",
        "source_system": "hospital_a",
        "claim_id": "C1",
        "action": "called",
        "made_by": "ada",
        "effective_date": DAY,
    }
    return desk.add(**(entry | given))


def test_what_is_added_is_read_back_as_it_was(desk: Store) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    added = add(
        desk,
        outcome="in_process",
        note="Ref 7 <b>not bold</b>; drop table desk_entries; é\nsecond line",
        follow_up_date=date(2026, 1, 10),
        assigned_to="bob",
    )
    assert desk.of_claim("k1") == [added]
    assert added.sequence == 1
    assert before <= added.made_at <= datetime.now(UTC)
    assert added.note == "Ref 7 <b>not bold</b>; drop table desk_entries; é\nsecond line"
    assert (added.follow_up_date, added.assigned_to) == (date(2026, 1, 10), "bob")


def test_entries_are_found_by_claim_by_person_and_by_their_order(desk: Store) -> None:
    one, two = add(desk), add(desk, claim_key="k2", made_by="bob")
    three = add(desk, action="note", note="again")
    assert desk.of_claim("k1") == [one, three]
    assert desk.of_claim("other") == []
    assert desk.recent() == [three, two, one]
    assert desk.recent("ada", limit=1) == [three]
    assert desk.since(1) == [two, three]
    assert desk.since(1, limit=1) == [two]
    assert desk.since(3) == []


def test_who_takes_a_claim_has_it(desk: Store) -> None:
    assert add(desk, action="taken").assigned_to == "ada"
    assert add(desk, action="released").assigned_to is None


def test_an_entry_that_is_sent_twice_is_stored_once(desk: Store) -> None:
    first = add(desk, entry_id="e1", note="once")
    assert add(desk, entry_id="e1", note="once", seen=0) == first
    assert desk.since(0) == [first]
    with pytest.raises(EntryRefused, match="says something else"):
        add(desk, entry_id="e1", note="another")


def test_who_did_not_see_what_another_entered_is_told_and_nothing_is_stored(desk: Store) -> None:
    seen = add(desk).sequence
    other = add(desk, made_by="bob", action="appealed", outcome="first_level")
    add(desk, claim_key="k2", made_by="cy")
    with pytest.raises(ChangedSince, match=r"bob made an entry .* UTC: Appealed") as told:
        add(desk, seen=seen)
    assert told.value.since == (other,)
    assert desk.of_claim("k1")[-1] == other
    assert add(desk, seen=seen, even_if_changed=True).sequence == 4
    assert add(desk, made_by="bob", seen=4).sequence == 5
    # one's own are no surprise
    assert add(desk, made_by="bob", seen=4).sequence == 6


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"note": "x" * 100_000}, "note has 100,000 characters and may have 4,000"),
        ({"note": "a\0b"}, "no text"),
        ({"note": "a\ud800"}, "no text"),
        ({"action": "shouted"}, "Choose one of taken, "),
        ({"outcome": "charity"}, "“Called the payer” has no outcome"),
        ({"action": "taken", "outcome": "x"}, "leave it empty"),
        ({"action": "note", "note": "  "}, "note is empty"),
        ({"action": "follow_up_set"}, "follow-up date is missing"),
        ({"follow_up_date": date(2025, 12, 30)}, "before the day of the figures, 2025-12-31"),
        ({"claim_key": " "}, "key of the claim is missing"),
        ({"made_by": "a" * 201}, "201 characters"),
    ],
)
def test_what_cannot_be_an_entry_is_refused_in_a_sentence(
    tmp_path: Path, given: dict[str, Any], said: str
) -> None:
    desk = Store.open(settings_of(tmp_path))
    with pytest.raises(EntryRefused, match=said):
        add(desk, **given)
    assert desk.since(0) == []


def test_many_who_add_at_once_lose_nothing_and_leave_no_gap(settings: Settings) -> None:
    Store.open(settings)

    def work(name: str) -> None:
        own = Store.open(settings)
        for _ in range(5):
            add(own, made_by=name, claim_key=name)

    threads = [threading.Thread(target=work, args=(f"p{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = Store.open(settings).since(0)
    assert [entry.sequence for entry in kept] == list(range(1, 21))
    assert len({entry.entry_id for entry in kept}) == 20


def test_several_who_open_the_store_first_make_one(settings: Settings) -> None:
    problems: list[BaseException] = []

    def work() -> None:
        try:
            Store.open(settings)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert add(Store.open(settings)).sequence == 1


def test_the_table_is_what_the_migrations_make(settings: Settings, desk: Store) -> None:
    made = sa.MetaData()
    made.reflect(desk._engine)
    for known in (store.ENTRIES, store.DECISIONS):
        table = made.tables[known.name]
        assert [(c.name, c.nullable) for c in table.columns] == [
            (c.name, c.nullable) for c in known.columns
        ]
    names = sorted((store._MIGRATIONS / "versions").glob("0*.py"))
    assert names[-1].name.startswith(store.LATEST)


def test_a_locked_file_is_said_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_WAIT_SECONDS", 0.1)
    desk = Store.open(settings_of(tmp_path))
    kept = add(desk)
    other = sqlite3.connect(tmp_path / "desk.db", isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(StoreUnavailable, match="locked by another process"):
        add(desk)
    assert desk.of_claim("k1") == [kept]  # to read is possible all the while
    other.execute("rollback")
    assert add(desk).sequence == 2


def test_a_file_that_is_gone_is_said_and_not_made_anew(tmp_path: Path) -> None:
    desk = Store.open(settings_of(tmp_path))
    add(desk)
    (tmp_path / "desk.db").unlink()
    with pytest.raises(StoreUnavailable, match=r"is gone; nothing was stored"):
        add(desk)
    assert not (tmp_path / "desk.db").exists()


def test_what_is_no_store_is_said(tmp_path: Path) -> None:
    (tmp_path / "desk.db").write_text("not a database, and longer than its header " * 20)
    with pytest.raises(StoreUnavailable, match="it is no database"):
        Store.open(settings_of(tmp_path))


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    Store.open(settings_of(tmp_path))
    with sqlite3.connect(tmp_path / "desk.db") as con:
        con.execute(f"update {store.VERSION_TABLE} set version_num = '9999'")
    with pytest.raises(StoreUnavailable, match="newer version"):
        Store.open(settings_of(tmp_path))


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    Store.open(settings_of(tmp_path))
    assert (tmp_path / "desk.db").stat().st_mode & 0o077 == 0


def test_a_database_that_does_not_answer_is_said_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://ada:secret@127.0.0.1:1/desk"
    with pytest.raises(StoreUnavailable, match="nothing answers there") as told:
        Store.open(settings_of(tmp_path, url))
    assert "secret" not in str(told.value)


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ValueError, match="RCM_DESK_URL is not postgresql"):
        settings_of(Path(), "mysql://ada:secret@127.0.0.1/desk")


def test_every_outcome_is_of_an_action_that_there_is() -> None:
    known = entries.actions(Settings(_env_file=None).project_dir)
    assert {name for name, action in known.items() if action.outcomes} == {
        "called",
        "resubmitted",
        "appealed",
        "records_sent",
        "adjusted",
        "payment_promised",
        "remittance_entered",
    }
    assert all(
        action.effect in {"owner", "gives back", "touch", "none"} for action in known.values()
    )


def decision() -> ExceptionDecision:
    return ExceptionDecision(
        "waived", "B1", "hospital_a", "payment", "p1", None, None,
        "The bank says so.", "ada", datetime(2026, 1, 2, 3, 4, 5), DAY,
    )  # fmt: skip


def test_what_stood_in_the_file_goes_on_in_a_database(
    tmp_path: Path, postgres_url: str, cli: RunCli
) -> None:
    """With its numbers, persons and times; a second time brings what is new."""
    file = Store.open(settings_of(tmp_path))
    before = [add(file, note="é"), add(file, claim_key="k2", made_by="bob", action="appealed")]
    file.decide(settings_of(tmp_path), [decision()])
    where = {"home": tmp_path, "desk_url": postgres_url}
    try:
        told = cli("desk", "move", **where)
        assert told.stdout.startswith("Brought over: 2 entries, 1 decision."), told.stderr
        database = Store.open(settings_of(tmp_path, postgres_url))
        assert database.since(0) == before == file.since(0)
        assert database.decisions() == file.decisions()
        own = add(database, made_by="cy")
        late = add(file, note="after the move")
        assert "1 entry, 0 decisions" in cli("desk", "move", **where).stdout
        assert [entry.entry_id for entry in database.since(2)] == [own.entry_id, late.entry_id]
        assert "0 entries, 0 decisions" in cli("desk", "move", **where).stdout
        add(file, entry_id="same", note="one")
        add(database, entry_id="same", note="another")
        refused = cli("desk", "move", **where)
        assert (refused.returncode, "says something else" in refused.stderr) == (1, True)
        assert len(database.since(0)) == 5
        database.close()
    finally:
        drop(postgres_url)
    assert "Set RCM_DESK_URL" in cli("desk", "move", home=tmp_path).stderr
