"""What was entered from paper is there whole, once, and for good."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from rcm_platform.desk.paper import folder
from rcm_platform.desk.paper.folder import (
    EnteredBefore,
    FolderUnavailable,
    keep,
    latest,
    take_back,
)
from rcm_platform.desk.paper.remittance import RemittanceRefused
from rcm_platform.ingest import arrivals, feeds, lake_access, load, received
from rcm_platform.operate.backup import backup, restore
from rcm_platform.settings import PAPER_REMITTANCES, Settings
from rcm_platform_tests.support.paper_remittances import AS_OF, PAYEE, answer, claim, remittance

NOW = datetime(2026, 1, 3, 8, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", world=False)


def files(settings: Settings) -> dict[str, bytes]:
    root = settings.paper_remittances_dir
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def test_the_same_entry_is_written_once(settings: Settings) -> None:
    first, is_new = keep(settings, remittance(), "one")
    assert is_new
    before = files(settings)
    assert list(before) == [first.name]
    assert first.name.startswith("x12_folder/paper_")
    assert keep(settings, remittance(), "one") == (first, False)
    assert files(settings) == before
    [path] = (settings.paper_remittances_dir / "x12_folder").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("number", ["0012345", "12345", "12 345", "12-345"])
def test_a_check_that_comes_again_is_told_and_not_written(settings: Settings, number: str) -> None:
    keep(settings, remittance(), "one")
    again = remittance(check_number=number, entered_by="bea")
    with pytest.raises(EnteredBefore, match=r"by ada on 2026-01-02 at 09:30 UTC: \$80.00 for 1 c"):
        keep(settings, again, "two")
    assert len(files(settings)) == 1
    # what was entered under the same number of an entry, and says something else, is not lost
    with pytest.raises(EnteredBefore):
        keep(settings, remittance(answer(paid="75", adjustments=(("CO", "45", "25"),))), "one")
    _, is_new = keep(settings, again, "two", is_another=True)
    assert is_new
    assert len(files(settings)) == 2


def test_what_was_wrong_is_taken_back_once_and_entered_anew(settings: Settings) -> None:
    kept, _ = keep(settings, remittance(), "one")
    before = files(settings)
    back = take_back(settings, kept, "bea", NOW, AS_OF)
    assert take_back(settings, kept, "cy", NOW, AS_OF) == back
    assert len(files(settings)) == 2
    assert before.items() <= files(settings).items()
    there = latest(settings, 10)
    assert folder.is_taken_back(kept, there)
    assert not folder.is_taken_back(back, there)
    with pytest.raises(RemittanceRefused, match="takes one back itself"):
        take_back(settings, back, "bea", NOW, AS_OF)
    # the check may be entered anew, and the old entry is not taken for it
    with pytest.raises(EnteredBefore):
        keep(settings, remittance(), "one")
    again, is_new = keep(settings, remittance(), "two")
    assert is_new
    assert not folder.is_taken_back(again, latest(settings, 10))
    with pytest.raises(EnteredBefore):
        keep(settings, remittance(), "three")
    assert folder.named(settings, again.name) == again
    with pytest.raises(LookupError):
        folder.named(settings, "../../desk.db")


def test_checks_of_others_may_have_the_number(settings: Settings) -> None:
    keep(settings, remittance(), "one")
    clinic = replace(PAYEE, npi="1999999992")
    for entry, one in {
        "two": remittance(check_number="99"),
        "three": remittance(payer=replace(remittance().payer, payer_id="P02")),
        "four": remittance(answer(claim=claim(payee=clinic))),
    }.items():
        assert keep(settings, one, entry)[1]
    assert {kept.name for kept in latest(settings, 10)} == set(files(settings))


def test_of_two_at_once_one_is_stored_and_the_other_told(settings: Settings) -> None:
    told: list[str] = []

    def enter(who: str) -> None:
        try:
            keep(settings, remittance(entered_by=who), who)
        except EnteredBefore as problem:
            told.append(str(problem))

    people = [threading.Thread(target=enter, args=(f"person {n}",)) for n in range(8)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert (len(files(settings)), len(told)) == (1, 7)


def test_a_kill_leaves_nothing_or_all(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder.os, "link", killed)
    with pytest.raises(FolderUnavailable, match="No space left on device"):
        keep(settings, remittance(), "one")
    assert files(settings) == {}
    monkeypatch.undo()
    assert keep(settings, remittance(), "one")[1]


def test_a_file_that_was_altered_is_said(settings: Settings) -> None:
    kept, _ = keep(settings, remittance(), "one")
    (settings.paper_remittances_dir / kept.name).write_text("gone wrong")
    with pytest.raises(FolderUnavailable, match="not as the desk wrote it"):
        keep(settings, remittance(), "two")
    assert latest(settings, 10) == []


def test_it_is_a_source_that_nobody_has_to_configure(settings: Settings) -> None:
    assert PAPER_REMITTANCES in feeds.locations(settings)
    assert feeds.of_users(settings) == {}
    assert feeds.feeds(settings)["x12"].origins == (
        "clearinghouse",
        "x12_folder",
        PAPER_REMITTANCES,
    )
    assert feeds.x12_admission(settings.model_copy(update={"x12_partners": "THEM"}),
                               PAPER_REMITTANCES) == (False, frozenset())  # fmt: skip
    with lake_access.writing(settings) as lake:
        # before the first one there is no folder, and nothing is wrong
        summary = load.load_source(settings, lake, PAPER_REMITTANCES)
        assert (summary.files_loaded, summary.messages) == (0, [])
        assert arrivals.look_at(settings, PAPER_REMITTANCES) is None
        assert not load.brings_something(settings, lake, PAPER_REMITTANCES)
        keep(settings, remittance(), "one")
        assert load.brings_something(settings, lake, PAPER_REMITTANCES)
        assert load.load_source(settings, lake, PAPER_REMITTANCES).files_loaded == 1
        assert load.load_source(settings, lake, PAPER_REMITTANCES).files_loaded == 0
        assert lake.latest_arrival_date() == AS_OF
        [found] = [one for one in received.deliveries(settings, lake, date(2026, 6, 1))
                   if one.source == PAPER_REMITTANCES]  # fmt: skip
        # people enter something when there is something: no silence is too long
        assert found.is_current


def test_a_folder_above_the_home_does_not_bring_it_twice(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", world=False, x12_dir=tmp_path)
    keep(settings, remittance(), "one")
    with lake_access.writing(settings) as lake:
        assert load.load_source(settings, lake, "x12_folder").files_loaded == 0
        assert load.load_source(settings, lake, PAPER_REMITTANCES).files_loaded == 1


def test_a_backup_holds_it(settings: Settings, tmp_path: Path) -> None:
    with lake_access.writing(settings):
        kept, _ = keep(settings, remittance(), "one")
    before = files(settings)
    backup(settings, tmp_path / "rcm.tar.zst")
    settings.home.rename(tmp_path / "lost")
    restore(settings, tmp_path / "rcm.tar.zst")
    assert files(settings) == before
    assert [one.name for one in latest(settings, 1)] == [kept.name]
