"""The operations desk in a real browser: monitor, prioritize, investigate, write down."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import rcm_platform.desk
from rcm_platform.desk.store import Store
from rcm_platform.publish import versions
from rcm_platform.publish.versions import open_published
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support import servers
from rcm_platform_tests.support.published_copies import publish
from rcm_platform_tests.support.visits import IN_A_BROWSER, Visit, browser

pytestmark = IN_A_BROWSER

APP = Path(rcm_platform.desk.__file__).with_name("app.py")
START_SECONDS = 120


@contextmanager
def desk(home: Path, port: int | None = None) -> Iterator[int]:
    """The desk by itself, open as long as a test needs it; its port."""
    port = port or servers.free_port()
    server = subprocess.Popen(
        [
            sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port),
            "--server.address", "127.0.0.1",
        ],
        env={**os.environ, "RCM_HOME": str(home), "RCM_WORLD_SIZE": "tiny"},
        cwd=home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            assert server.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.3)
        yield port
    finally:
        server.terminate()
        server.wait(START_SECONDS)


def _answers(port: int) -> bool:
    with suppress(OSError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5).close()
        return True
    return False


@pytest.fixture(scope="module")
def home(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The figures of the finished run, with a store of their own."""
    home = tmp_path_factory.mktemp("desk")
    (home / "published").symlink_to(built.settings.published_dir)
    return home


@pytest.fixture(scope="module")
def visit(home: Path) -> Iterator[Visit]:
    with desk(home) as port, browser(port) as visit:
        yield visit


def choose(visit: Visit, title: str) -> None:
    """Go to a page by the list on the left."""
    visit.page.get_by_test_id("stSidebarNavItems").get_by_role("link", name=title).click()


def test_from_what_is_open_to_what_was_done(visit: Visit, home: Path, built: Built) -> None:
    page = visit.page
    # monitor
    visit.open("/")
    visit.sees("From charge to cash", "Where money waits", "✓ all explained")
    choose(visit, "Command Center")
    visit.sees("What comes first", "How old, and how urgent")
    assert page.url.endswith("/command-center")
    # prioritize
    choose(visit, "Worklists")
    page.get_by_text("All open claims", exact=True).click()
    visit.sees("Every open claim, by how pressing it is.")
    with open_published(built.settings.published_dir, "operations") as con:
        [(key, number)] = con.execute(
            "select claim_key, claim_id from mart_claim_priority_queue where queue_position = 1"
        ).fetchall()
    # investigate, in the same session: nothing is loaded anew
    page.evaluate("window.isSamePage = true")
    page.get_by_role("link", name=number).click()
    visit.sees(f"Claim {number}", "Next best action", "Why it is flagged", "Ledger")
    assert f"id={key}" in page.url
    assert page.evaluate("window.isSamePage")
    page.go_back()
    visit.sees("Every open claim, by how pressing it is.")
    page.go_forward()
    visit.sees(f"Claim {number}")
    assert f"id={key}" in page.url
    # write down
    page.get_by_role("textbox", name="Note").fill("Asked for the records again.")
    page.get_by_role("button", name="Save").click()
    visit.sees("Stored.", "Took the claim", "pending until the next run")
    [entry] = Store.open(Settings(home=home)).of_claim(key)
    assert (entry.action, entry.note) == ("taken", "Asked for the records again.")
    # a colleague who opens the link sees the same
    page.reload()
    visit.sees(f"Claim {number}", "Asked for the records again.", "pending until the next run")
    assert not visit.elsewhere


def test_a_link_with_filters_opens_the_same_view(visit: Visit) -> None:
    page = visit.page
    visit.open("/command-center?payer=Beacon+Mutual&priority=high&low=abc")
    visit.sees("Left out of the address. Open at least: not an amount in dollars.", "Beacon Mutual")
    shown = page.get_by_text("Outstanding", exact=True).locator("..").inner_text()
    # kept on another page, and back
    choose(visit, "Denials")
    visit.sees("What becomes of a denied dollar")
    page.wait_for_url("**/denials?payer=Beacon+Mutual&priority=high")
    choose(visit, "Command Center")
    visit.sees("What comes first")
    page.wait_for_url("**/command-center?payer=Beacon+Mutual&priority=high")
    assert page.get_by_text("Outstanding", exact=True).locator("..").inner_text() == shown
    assert not visit.elsewhere


@pytest.mark.parametrize("name", ["executive", "command-center", "worklists", "claim", "denials"])
def test_a_page_fits_a_telephone(visit: Visit, name: str) -> None:
    page = visit.page
    page.set_viewport_size({"width": 390, "height": 844})
    visit.open(f"/{name}")
    visit.sees("As of 31 Dec 2025")
    page.wait_for_timeout(1_000)
    wide = page.evaluate("document.querySelector('.stMain').scrollWidth")
    assert wide <= 390
    page.set_viewport_size({"width": 1440, "height": 900})


@contextmanager
def another(visit: Visit, port: int) -> Iterator[Visit]:
    """A page of the same browser, on another server."""
    browser = visit.page.context.browser
    assert browser
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    yield Visit(page, f"http://127.0.0.1:{port}")
    page.close()


def test_a_page_stays_open_through_a_publish_and_a_failed_night(
    visit: Visit, built: Built, tmp_path: Path
) -> None:
    home = Settings(home=tmp_path)
    publish(built, home, 1, "1.00")
    with desk(tmp_path) as port, another(visit, port) as visit:
        visit.open("/command-center")
        visit.sees("version 00001-2025-12-31", "What comes first")
        publish(built, home, 2, "2.00")
        choose(visit, "Denials")
        visit.sees("version 00002-2025-12-31", "What becomes of a denied dollar")
        assert visit.page.get_by_text("version 00001").count() == 0
        versions.hold(home.published_dir, "2026-01-01", ["charges are not conserved"])
        choose(visit, "Worklists")
        visit.sees("A later state is kept back: ", "charges are not conserved")
        visit.sees("version 00002-2025-12-31")


def test_what_was_typed_outlives_a_restart_of_the_server(
    visit: Visit, built: Built, tmp_path: Path
) -> None:
    (tmp_path / "published").symlink_to(built.settings.published_dir)
    with open_published(built.settings.published_dir, "operations") as con:
        [(key,)] = con.execute(
            "select claim_key from mart_claim_priority_queue where queue_position = 2"
        ).fetchall()
    port = servers.free_port()
    with another(visit, port) as visit:
        note = visit.page.get_by_role("textbox", name="Note")
        with desk(tmp_path, port):
            visit.open(f"/claim?id={key}")
            visit.sees("Nobody has written anything down")
            note.fill("Half of a sentence")
        with desk(tmp_path, port):
            visit.page.get_by_test_id("stStatusWidget").wait_for(state="hidden")
            visit.sees("Nobody has written anything down")
            assert note.input_value() == "Half of a sentence"
            note.fill("A whole sentence.")
            visit.page.get_by_role("button", name="Save").click()
            visit.sees("Stored.")
    [entry] = Store.open(Settings(home=tmp_path)).of_claim(key)
    assert entry.note == "A whole sentence."
