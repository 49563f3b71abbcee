"""How quickly the operations desk answers in a real browser, what ten viewers ask of memory, and
the same list the plain way: the whole mart in a data frame."""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from rich.console import Console
from rich.table import Table

from rcm_platform.benchmarks import own_process
from rcm_platform.benchmarks.desk_list import QUEUE
from rcm_platform.desk import published, viewer
from rcm_platform.desk.query import ROW_COUNT, Query, Reader
from rcm_platform.desk.screens import SCREENS
from rcm_platform.publish.audiences import OPERATIONS
from rcm_platform.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STEP_MILLISECONDS = 500
"""What any filter, order or page of a list may take, 95 of 100 times."""
FIRST_PAGE_MILLISECONDS = 3000
VIEWERS = 10
MEMORY_MEGABYTES = 600
"""What the desk may take while that many look."""

ROUNDS = 5
APP = Path(viewer.__file__).with_name("app.py")
WAIT_SECONDS = 120

# a step is over when the page has stopped to change, and the time counts until its last change
_WATCH = """() => {
    window.lastChange = performance.now();
    new MutationObserver(() => { window.lastChange = performance.now(); }).observe(
        document,
        {subtree: true, childList: true, characterData: true, attributes: true});
}"""
_BEGIN = "() => { window.began = performance.now(); }"
_SETTLED = """quiet => {
    const app = document.querySelector('[data-testid=stApp]');
    return app && app.dataset.testScriptState === 'notRunning'
        && window.lastChange > (window.began || 0)
        && performance.now() - window.lastChange > quiet;
}"""
_TAKEN = "() => window.lastChange - (window.began || 0)"
QUIET_MILLISECONDS = 400


def measure(settings: Settings, out: Console) -> Table:
    """Steps in a browser, memory, and the plain way. Raises FileNotFoundError without Chromium or a
    published version, TimeoutError where the desk does not start."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium or find_spec("playwright") is None:
        raise FileNotFoundError("The desk is measured in a browser: install playwright, chromium.")
    reader = Reader(published.open_current(settings, OPERATIONS))
    claims = reader.count(Query("fct_claims"))
    table = Table("what", "found", "budget", title=f"The operations desk, {claims:,} claims")
    with _server(settings) as (process, base), _browser(chromium) as browser:
        for row in _steps(browser, base, out):
            table.add_row(*row)
        table.add_section()
        for row in _viewers(browser, base, process, out):
            table.add_row(*row)
    table.add_section()
    for row in _plain_way(settings.home, reader):
        table.add_row(*row)
    table.add_row("load of the machine", f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return table


@contextmanager
def _server(settings: Settings) -> Iterator[tuple[psutil.Process, str]]:
    """The desk by itself, and its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "RCM_HOME": str(settings.home)}
    environment.pop(viewer.KEY_VARIABLE, None)
    server = subprocess.Popen(
        [
            sys.executable, "-m", "streamlit", "run", str(APP),
            "--server.port", str(port), "--server.address", "127.0.0.1",
            "--server.headless", "true", "--server.fileWatcherType", "none",
            "--browser.gatherUsageStats", "false",
        ],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    base = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + WAIT_SECONDS
        while not _answers(base):
            if server.poll() is not None or time.monotonic() > deadline:
                raise TimeoutError("The desk did not start.")
            time.sleep(0.2)
        yield psutil.Process(server.pid), base
    finally:
        server.terminate()
        server.wait(WAIT_SECONDS)


def _answers(base: str) -> bool:
    with suppress(OSError):
        urllib.request.urlopen(f"{base}/_stcore/health", timeout=5).close()
        return True
    return False


@contextmanager
def _browser(chromium: str) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


def _opened(browser: Browser, address: str) -> tuple[Page, float]:
    """A page of a visitor of its own, and milliseconds until all of it is there."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(WAIT_SECONDS * 1000)
    page.add_init_script(f"({_WATCH})()")
    page.goto(address)
    return page, _settled(page)


def _settled(page: Page) -> float:
    page.wait_for_function(_SETTLED, arg=QUIET_MILLISECONDS, polling=50)
    return float(page.evaluate(_TAKEN))


def _steps(browser: Browser, base: str, out: Console) -> Iterator[tuple[str, str, str]]:
    """Rows of the table: each page when it is opened, then each kind of step on the lists.
    Raises TimeoutError."""
    from playwright.sync_api import Error

    address = f"{base}/{SCREENS[0].path}"
    page, _ = _opened(browser, address)  # what a server does once
    page.context.close()
    page, first = _opened(browser, address)
    yield _row("first page, warm", [first], FIRST_PAGE_MILLISECONDS)
    page.context.close()

    page, _ = _opened(browser, address)
    taken: dict[str, list[float]] = {}
    for number in range(ROUNDS):
        out.print(f"[dim]desk: round {number + 1} of {ROUNDS}[/dim]")
        for name, act in _walk(page, number):
            # what is under the pointer or in the way is no part of the step
            page.evaluate(_BEGIN)
            act()
            try:
                taken.setdefault(name, []).append(_settled(page))
            except Error as problem:
                raise TimeoutError(f"The desk did not answer: {name}.") from problem
    page.context.close()
    for name, milliseconds in taken.items():
        yield _row(name, milliseconds)
    for name, is_step in (("any page", False), ("any filter, order or page of a list", True)):
        kinds = [some for step, some in taken.items() if (": " in step) == is_step]
        yield _row(name, [*chain(*kinds)], STEP_MILLISECONDS if is_step else None)


def _walk(page: Page, number: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """Steps of someone at work, each of them with another choice in each round."""

    def menu(title: str) -> None:
        page.get_by_test_id("stSidebarNavItems").get_by_role("link", name=title).click()

    yield "open Command Center", lambda: menu("Command Center")
    only = page.locator("a.inside[title^='Only']")  # an organization, a payer or a clinician
    yield "Command Center: filter", only.nth(3 * number % only.count()).click
    yield "Command Center: clear filters", page.get_by_text("Clear filters").click
    yield "open Worklists", lambda: menu("Worklists")
    yield "Worklists: all claims", page.get_by_text("All open claims", exact=True).click
    page.get_by_role("combobox", name="Order").press("ArrowDown")
    orders = page.get_by_role("option")
    orders.first.wait_for()
    yield "Worklists: order", orders.nth((number + 1) % orders.count()).click

    yield "Worklists: page", page.get_by_role("button", name="Next page").click
    search = page.get_by_role("textbox", name="Claim number")
    search.fill(str(number))
    yield "Worklists: search", lambda: search.press("Enter")
    yield "open a claim", page.get_by_title("Open this claim").first.click
    for screen in SCREENS:
        if screen.path not in ("command-center", "worklists", "claim"):
            yield f"open {screen.title}", partial(menu, screen.title)
    yield "open Worklists", lambda: menu("Worklists")
    yield "Worklists: clear filters", page.get_by_text("Clear filters").click


def _viewers(
    browser: Browser, base: str, process: psutil.Process, out: Console
) -> Iterator[tuple[str, str, str]]:
    """Rows of the table: memory of the server before and while many look, each at another page."""
    out.print(f"[dim]desk: {VIEWERS} viewers[/dim]")
    pages = []
    for number in range(VIEWERS):
        path = SCREENS[number % len(SCREENS)].path
        page, _ = _opened(browser, f"{base}/{path}")
        pages.append(page)
    found = _megabytes(process)
    verdict = own_process.verdict(found <= MEMORY_MEGABYTES)
    yield f"memory, {VIEWERS} viewers", f"{found:,.0f} MB", f"{MEMORY_MEGABYTES} MB {verdict}"
    for page in pages:
        page.context.close()


def _plain_way(home: Path, reader: Reader) -> Iterator[tuple[str, str, str]]:
    """Rows of the table: the queue of the largest payer, by a data frame of the whole mart and by
    the queries of the desk; each in a process of its own, with the memory that it took for it."""
    module = "rcm_platform.benchmarks.desk_list"
    payers = Query(QUEUE, ("payer_name",), (ROW_COUNT,), order=(f"-{ROW_COUNT}",), limit=1)
    largest = reader.rows(payers)[0]["payer_name"]
    plain, ours = (own_process.run(module, way, home, largest) for way in ("plain", "desk"))
    if any(plain[what] != ours[what] for what in ("keys", "count", "amount")):
        raise RuntimeError("Two ways to read the queue of a payer differ: one is wrong.")
    for name, found in (("whole mart into pandas", plain), ("the desk's queries", ours)):
        yield name, f"{found['seconds'] * 1000:,.0f} ms, {found['megabytes']:,.0f} MB", ""
    yield "times as fast", f"{plain['seconds'] / ours['seconds']:.1f}", ""


def _row(name: str, taken: Sequence[float], budget: int | None = None) -> tuple[str, str, str]:
    middle, late = statistics.median(taken), _late(taken)
    found = f"{middle:,.0f} ms" if len(taken) == 1 else f"{middle:,.0f} ms, 95 of 100 {late:,.0f}"
    if budget is None:
        return name, found, ""
    return name, found, f"{budget:,} ms {own_process.verdict(late <= budget)}"


def _late(taken: Sequence[float]) -> float:
    """The 95th percentile."""
    if len(taken) == 1:
        return taken[0]
    return statistics.quantiles(taken, n=20, method="inclusive")[-1]


def _megabytes(process: psutil.Process) -> float:
    everyone = [process, *process.children(recursive=True)]
    return sum(each.memory_info().rss for each in everyone) / 2**20
