"""What needs someone's work is found from the first page of the UI in at most two clicks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rcm_platform_tests.browser.visits import IN_A_BROWSER, Visit, browser
from rcm_platform_tests.conftest import RunCli
from rcm_platform_tests.doors import door
from rcm_platform_tests.test_quarantine_cli import REMIT

ALERT_SECONDS = 180

pytestmark = IN_A_BROWSER


@pytest.fixture
def home(tmp_path: Path, rcm: RunCli) -> Path:
    """Two runs: a file is held and a folder is missing; then bytes are lost, and a check blocks."""
    remits = tmp_path / "in"
    remits.mkdir()
    for number, (name, paid) in enumerate((("good.835", "140"), ("off.835", "139")), 1):
        text = REMIT.format(number=number, usage="P", paid=paid, date="250310")
        (remits / name).write_text(text)
    settings = given(tmp_path)
    done = rcm("run", home=tmp_path, **settings)
    assert done.returncode == 0, done.stdout + done.stderr

    received = tmp_path / "own" / "lake" / "platform" / "received_files"
    file = next(path for path in received.glob("*/*.parquet") if path.stem != "schema")
    with duckdb.connect() as con:
        con.execute(f"create table t as from read_parquet('{file}', hive_partitioning = false)")
        con.execute("update t set loaded_byte_count = loaded_byte_count - 1")
        con.execute(f"copy t to '{file}'")
    done = rcm("run", home=tmp_path, **settings)
    assert done.returncode == 1, done.stdout + done.stderr
    return tmp_path


def given(home: Path) -> dict[str, str]:
    return {"world": "off", "x12_dir": str(home / "in"), "treasury_dir": str(home / "treasury")}


@pytest.fixture
def visit(home: Path, hook: tuple[list[dict[str, Any]], str]) -> Iterator[Visit]:
    variables = {f"RCM_{name.upper()}": value for name, value in given(home).items()}
    variables |= {"RCM_ALERT_WEBHOOK_URL": hook[1]}
    with door(home, "ui", **variables) as port, browser(port) as found:
        yield found


def test_what_was_held_what_is_missing_and_what_blocked_are_two_clicks_away(
    visit: Visit, hook: tuple[list[dict[str, Any]], str]
) -> None:
    visit.open("/")
    visit.page.get_by_role("link", name="Runs", exact=True).first.click()
    # after one click: the file, its dollars, and the source that could not be read
    visit.sees("rcm/held: x12_folder off.835, $139.00", "rcm/not read: treasury")

    # after two: the check that blocked
    failed = visit.page.locator("tr", has_text="Failure").first
    failed.locator("a[href*='/runs/']").first.click()
    visit.sees("bytes_conserved")

    # the table of what is open, and the check that warns
    visit.open("/assets/raw/platform/quarantine")
    visit.sees("newest open items", "B3: The payment is not the sum", "rcm quarantine show")
    visit.open("/assets/raw/platform/quarantine?view=checks")
    visit.sees("nothing_newly_held", "off.835")
    # what is missing was never read, so it is not fresh
    visit.open("/assets/raw/platform/received_files?view=checks")
    visit.sees("sources_are_current")

    posts, _ = hook
    deadline = time.monotonic() + ALERT_SECONDS
    while not posts and time.monotonic() < deadline:
        time.sleep(1)
    (alert,) = [post["body"] for post in posts if post["body"]["kind"] == "held"]
    assert alert["link"] == f"{visit.base}/assets/raw/platform/quarantine"
    assert "off.835" in alert["text"]
