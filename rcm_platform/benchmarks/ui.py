"""What the UI, its daemon and its code server cost while nobody looks, and how long asset pages
take in a browser (with Playwright and Chromium; without them only the first)."""

from __future__ import annotations

import os
import shutil
import time
from importlib.util import find_spec

import psutil
from rich.table import Table

from rcm_platform.benchmarks import landing, own_process
from rcm_platform.settings import Settings

SETTLE_SECONDS = 30
"""What starts asks more than what runs."""
IDLE_SECONDS = 90
IDLE_BUDGET = 5.0
"""Percent of one core, all processes together."""
PAGE_BUDGET = 3.0
"""Seconds until the metadata of an asset is on the screen."""

# page → what is on it once its metadata is there
PAGES = {"marts/fct_claims": "First rows", "leadership/scorecard": "Latest materialization"}


def measure(settings: Settings) -> Table:
    """Idle CPU by process, then the pages. Raises TimeoutError when the UI does not start."""
    table = Table("what", "found", "budget", title="The UI")
    with landing.daemon(settings) as process:
        shares = _idle_shares(process)
        for name, share in shares.items():
            table.add_row(f"idle, {name}", f"{share:.1f} % of a core")
        total = sum(shares.values())
        verdict = own_process.verdict(total <= IDLE_BUDGET)
        table.add_row("idle, together", f"{total:.1f} % of a core", f"{IDLE_BUDGET} {verdict}")
        port = process.cmdline()[-1]
        for page, seconds in _page_seconds(f"http://127.0.0.1:{port}").items():
            verdict = own_process.verdict(seconds <= PAGE_BUDGET)
            table.add_row(f"page {page}", f"{seconds:.1f} s", f"{PAGE_BUDGET} {verdict}")
    table.add_row("load of the machine", f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return table


def _idle_shares(process: psutil.Process) -> dict[str, float]:
    """Module → percent of a core that its process takes."""
    time.sleep(SETTLE_SECONDS)
    everyone = [process, *process.children(recursive=True)]
    before = {each: sum(each.cpu_times()[:2]) for each in everyone}
    started = time.monotonic()
    time.sleep(IDLE_SECONDS)
    taken = time.monotonic() - started
    shares: dict[str, float] = {}
    for each, seconds in before.items():
        words = each.cmdline()
        name = " ".join(words[2:4]) if words[1] == "-m" else " ".join(words[1:2])
        share = 100 * (sum(each.cpu_times()[:2]) - seconds) / taken
        shares[name] = shares.get(name, 0.0) + share
    return shares


def _page_seconds(base: str) -> dict[str, float]:
    """Page → seconds of its second visit, as of someone who has the UI open."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium or find_spec("playwright") is None:
        return {}
    from playwright.sync_api import sync_playwright

    found = {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(120_000)
        for _ in range(2):
            for asset, text in PAGES.items():
                started = time.monotonic()
                page.goto(f"{base}/assets/{asset}?view=overview")
                page.get_by_text(text).first.wait_for()
                found[asset] = time.monotonic() - started
        browser.close()
    return found
