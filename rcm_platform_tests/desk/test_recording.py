"""What a person writes down on a claim's page: shown at once, never lost, never altered."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import streamlit as st

from rcm_platform.desk import viewer
from rcm_platform.desk.store import Store
from rcm_platform.desk.viewer import Viewer
from rcm_platform.publish.versions import open_published
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import LAST_DAY, Built
from rcm_platform_tests.support.desk_pages import DeskPage

PENDING = "pending until the next run"


@pytest.fixture(autouse=True)
def settings(built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The figures of the finished run, with a store of the test's own."""
    (tmp_path / "published").symlink_to(built.settings.published_dir)
    monkeypatch.setenv("RCM_HOME", str(tmp_path))
    yield Settings()
    st.cache_resource.clear()


@pytest.fixture
def claim(built: Built) -> str:
    """The key of an open claim."""
    with open_published(built.settings.published_dir, "operations") as con:
        [(key,)] = con.execute(
            "select min(claim_key) from mart_claim_priority_queue where claim_status = 'denied'"
        ).fetchall()
    return str(key)


def draft(page: DeskPage, name: str) -> str:
    """The key of a field of the form that is on the page."""
    kinds = ("selectbox", "text_area", "date_input", "button")
    keys = [one.key for kind in kinds for one in getattr(page.app, kind) if one.key]
    return next(key for key in keys if key.startswith(f"{name}_") and len(key) > len(name) + 30)


def write(page: DeskPage, action: str, note: str = "", outcome: str | None = None) -> None:
    page.app.selectbox(key=draft(page, "action")).set_value(action)
    page.run()
    if outcome:
        page.app.selectbox(key=draft(page, "outcome")).set_value(outcome)
    page.app.text_area(key=draft(page, "note")).set_value(note)
    page.app.button(key=draft(page, "save")).click()
    page.run()


def test_an_entry_is_shown_at_once_as_pending(settings: Settings, claim: str) -> None:
    page = DeskPage("claim", id=claim)
    assert "Nobody has written anything down" in page.text
    page.app.date_input(key=draft(page, "follow_up")).set_value(LAST_DAY + timedelta(days=9))
    write(page, "called", "She asks for records.", "records_asked")
    assert "Stored." in page.text
    for said in ("Called the payer", "Records are asked for", "She asks for records.", PENDING,
                 "again on 9 Jan 2026"):  # fmt: skip
        assert said in page.text
    [entry] = Store.open(settings).of_claim(claim)
    assert (entry.action, entry.outcome, entry.made_by) == (
        "called", "records_asked", viewer.LOCAL.name,
    )  # fmt: skip
    assert entry.effective_date == LAST_DAY
    # the form begins anew: the same again is another entry
    write(page, "called", "Again.")
    assert [entry.note for entry in Store.open(settings).of_claim(claim)] == [
        "She asks for records.", "Again.",
    ]  # fmt: skip


def test_markup_in_a_note_is_text(claim: str) -> None:
    page = DeskPage("claim", id=claim)
    write(page, "note", "<script>alert(1)</script> **bold** $5 and $6")
    assert "&lt;script&gt;" in page.markup
    assert "<script>alert" not in page.markup
    assert "**bold** $5 and $6" in page.text


def test_a_note_of_100_kb_is_refused_with_the_reason(settings: Settings, claim: str) -> None:
    page = DeskPage("claim", id=claim)
    write(page, "note", "x" * 100_000)
    assert "has 100,000 characters and may have 4,000" in page.text
    assert len(page.app.text_area(key=draft(page, "note")).value) == 100_000
    assert Store.open(settings).of_claim(claim) == []


def test_what_cannot_be_stored_stays_in_the_form(settings: Settings, claim: str) -> None:
    page = DeskPage("claim", id=claim)
    write(page, "follow_up_set", "For Monday")
    assert "The follow-up date is missing" in page.text
    assert page.app.text_area(key=draft(page, "note")).value == "For Monday"
    assert Store.open(settings).of_claim(claim) == []


def test_two_people_on_one_claim_lose_nothing(
    settings: Settings, claim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = Viewer("ada")
    monkeypatch.setattr(viewer, "read", lambda *_: looks)
    ada = DeskPage("claim", id=claim)
    looks = Viewer("bea")
    bea = DeskPage("claim", id=claim)
    write(bea, "called", "Bea was first.")
    looks = Viewer("ada")
    ada.app.selectbox(key=draft(ada, "action")).set_value("note")
    ada.app.text_area(key=draft(ada, "note")).set_value("Ada was second.")
    ada.app.button(key=draft(ada, "save")).click()
    ada.run()
    assert "bea made an entry on this claim" in ada.text
    assert "Bea was first." in ada.text
    assert ada.app.text_area(key=draft(ada, "note")).value == "Ada was second."
    # having seen it, she saves again
    ada.app.button(key=draft(ada, "save")).click()
    ada.run()
    assert [(e.made_by, e.note) for e in Store.open(settings).of_claim(claim)] == [
        ("bea", "Bea was first."), ("ada", "Ada was second."),
    ]  # fmt: skip


def test_a_locked_store_says_so_and_loses_nothing(
    settings: Settings, claim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rcm_platform.desk.store._WAIT_SECONDS", 0)
    page = DeskPage("claim", id=claim)
    write(page, "note", "Before")
    lock = sqlite3.connect(settings.desk_path)
    lock.execute("begin immediate")
    write(page, "note", "Meanwhile")
    assert "locked by another process" in page.text
    assert page.app.text_area(key=draft(page, "note")).value == "Meanwhile"
    lock.rollback()
    page.app.button(key=draft(page, "save")).click()
    page.run()
    assert [entry.note for entry in Store.open(settings).of_claim(claim)] == ["Before", "Meanwhile"]


def test_a_store_that_is_gone_is_said_and_the_claim_is_shown(
    settings: Settings, claim: str
) -> None:
    page = DeskPage("claim", id=claim)
    write(page, "note", "Kept")
    settings.desk_path.rename(settings.desk_path.with_name("away"))
    page.run()
    assert "is gone" in page.text
    assert page.tiles["Open"]
    write(page, "note", "Not kept")
    assert page.app.text_area(key=draft(page, "note")).value == "Not kept"
    settings.desk_path.with_name("away").rename(settings.desk_path)
    page.run()
    assert "Kept" in page.text
