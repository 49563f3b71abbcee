"""The desk while versions come and go: nothing yet, a new one, one that is removed."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st

from rcm_platform.desk import published
from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support.desk_pages import DeskPage
from rcm_platform_tests.support.published_copies import prepare, publish

MANY_LOOKS = 12


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A home of its own, in which nothing is published yet."""
    monkeypatch.setenv("RCM_HOME", str(tmp_path))
    monkeypatch.setenv("RCM_STALE_HOURS", "100000")
    yield Settings()
    # connections are kept for all pages of a process, also those to files that are gone by then
    st.cache_resource.clear()


def test_nothing_published_says_what_to_do(home: Settings) -> None:
    page = DeskPage()
    assert page.title == "Nothing is published yet"
    assert "rcm run" in page.text
    assert str(home.home) not in page.text


def test_the_page_follows_a_new_version(built: Built, home: Settings) -> None:
    publish(built, home, 1, "1.00")
    page = DeskPage("command_center")
    [count] = page.text.split(" claims")[0].split()[-1:]
    assert page.tiles["Outstanding"] == f"${count}"
    publish(built, home, 2, "2.00")
    page.run()
    assert page.tiles["Outstanding"] == f"${int(count) * 2}"
    assert "version 00002-2025-12-31" in page.text
    assert "version 00001" not in page.text


def test_two_versions_are_never_mixed_in_a_page(built: Built, home: Settings) -> None:
    both = [prepare(built, home, number, f"{number}.00") for number in (1, 2)]
    versions._point(home.published_dir, both[0])
    page = DeskPage("command_center")
    [count] = page.text.split(" claims")[0].split()[-1:]
    ended = threading.Event()

    def switch() -> None:
        while not ended.is_set():
            for version in both:
                versions._point(home.published_dir, version)

    publishing = threading.Thread(target=switch)
    publishing.start()
    try:
        seen = set()
        for _ in range(MANY_LOOKS):
            page.run()
            [number] = set(re.findall(r"version 0000(\d)", page.text))
            assert page.tiles["Outstanding"] == f"${int(count.replace(',', '')) * int(number):,}"
            seen.add(number)
    finally:
        ended.set()
        publishing.join()
    assert seen == {"1", "2"}


def test_figures_that_no_run_renewed_say_how_old_they_are(
    built: Built, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(built, home, 1, "1.00")
    assert "hours old" not in DeskPage("command_center").text
    monkeypatch.setenv("RCM_STALE_HOURS", "1")
    monkeypatch.setattr(
        versions, "proven_at", lambda *_: datetime.now(UTC) - timedelta(hours=31, minutes=1)
    )
    assert "These figures are 31 hours old." in DeskPage("command_center").text


def test_a_version_that_goes_while_a_page_is_open(built: Built, home: Settings) -> None:
    version = publish(built, home, 1, "1.00")
    page = DeskPage("command_center")
    before = page.tiles
    shutil.rmtree(home.published_dir / version.version)
    assert page.run().title == "Nothing is published yet"
    publish(built, home, 2, "1.00")
    assert page.run().tiles == before


def test_a_version_that_is_gone_is_said(built: Built, home: Settings) -> None:
    version = publish(built, home, 1, "1.00")
    shown = published.Published(home.published_dir, version, "operations")
    shutil.rmtree(home.published_dir / version.version)
    with pytest.raises(published.VersionGone):
        shown.cursor()
    with pytest.raises(published.VersionGone):
        published.age(home, shown)


def test_what_keeps_a_newer_state_back_is_said(built: Built, home: Settings) -> None:
    publish(built, home, 1, "1.00")
    versions.hold(home.published_dir, "2026-01-01", ["charges are not conserved"])
    assert "charges are not conserved" in DeskPage("command_center").text
