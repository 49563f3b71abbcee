"""The desk while versions come and go: nothing yet, a new one, one that is removed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import streamlit as st

from rcm_platform.desk import published
from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support.desk_pages import DeskPage


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A home of its own, in which nothing is published yet."""
    monkeypatch.setenv("RCM_HOME", str(tmp_path))
    monkeypatch.setenv("RCM_STALE_HOURS", "100000")
    yield Settings()
    # connections are kept for all pages of a process, also those to files that are gone by then
    st.cache_resource.clear()


def publish(built: Built, home: Settings, number: int, open_dollars: str) -> versions.Version:
    """The finished run as another version, in which each open claim has these dollars."""
    source = versions.current(built.settings.published_dir)
    assert source
    name = f"{number:05d}-2025-12-31"
    folder = home.published_dir / name
    shutil.copytree(built.settings.published_dir / source.version, folder)
    for file in folder.glob("*.duckdb"):
        file.chmod(0o644)
        with duckdb.connect(str(file)) as con:
            con.execute("update published_version set version = ?", [name])
            if file.stem == "operations":
                con.execute(
                    f"update mart_claim_priority_queue set outstanding_amount = {open_dollars}"
                )
    version = versions.Version(name, "2025-12-31")
    versions._point(home.published_dir, version)
    return version


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
