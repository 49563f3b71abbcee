"""A day at the desk in a real browser: monitor, prioritize, investigate, explain, write down; and
the next day, when the list has changed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from rcm_platform.publish.versions import open_published
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import RunCli
from rcm_platform_tests.support.visits import IN_A_BROWSER, Visit, browser
from rcm_platform_tests.support.web_servers import serving

pytestmark = [IN_A_BROWSER, pytest.mark.prove]

LIST = "appeals and resubmissions"


def head_of_the_list(settings: Settings) -> list[tuple[Any, ...]]:
    with open_published(settings.published_dir, "operations") as con:
        return con.execute(
            "select claim_key, item_id from mart_worklists where worklist = ? "
            "and list_position <= 2 order by list_position",
            [LIST],
        ).fetchall()


def choose(visit: Visit, title: str) -> None:
    visit.page.get_by_test_id("stSidebarNavItems").get_by_role("link", name=title).click()


def open_list(visit: Visit) -> None:
    choose(visit, "Worklists")
    visit.page.get_by_test_id("stButtonGroup").get_by_text(LIST.capitalize()).click()


def test_what_is_done_today_changes_the_list_of_tomorrow(rcm: RunCli, tmp_path: Path) -> None:
    def run() -> None:
        done = rcm("run", home=tmp_path, world_size="small")
        assert done.returncode == 0, done.stdout + done.stderr

    run()
    settings = Settings(home=tmp_path)
    (key, number), (_, next_number) = head_of_the_list(settings)
    with serving(tmp_path, "ui", RCM_WORLD_SIZE="small") as port, browser(port) as visit:
        page = visit.page
        # monitor
        visit.open("/desk/")
        visit.sees("From charge to cash", "✓ all explained")
        choose(visit, "Command Center")
        visit.sees("What comes first", "How old, and how urgent")
        # prioritize
        open_list(visit)
        # investigate
        page.get_by_role("link", name=number).click()
        visit.sees(f"Claim {number}", "Next best action", "Why it is flagged")
        # explain
        with page.expect_popup() as opened:
            page.locator(f"a[href*='/trace/claim/{key}']").first.click()
        opened.value.get_by_text("CHARGE").first.wait_for()
        opened.value.close()
        # write down
        again = date(2025, 12, 31) + timedelta(days=20)
        page.get_by_test_id("stDateInput").get_by_role("spinbutton").first.click()
        page.keyboard.type(f"{again:%Y%m%d}")
        page.keyboard.press("Tab")
        page.get_by_role("textbox", name="Note").fill("They ask for three weeks.")
        page.get_by_role("button", name="Save").click()
        visit.sees("Stored.", "They ask for three weeks.", "pending until the next run")
        # the next run, while the page is open
        run()
        open_list(visit)
        page.get_by_role("link", name=next_number).wait_for()
        assert page.get_by_role("link", name=number).count() == 0
        visit.sees("Today's list", "1 that wait")
        assert not visit.elsewhere
    assert head_of_the_list(settings)[0][1] == next_number
