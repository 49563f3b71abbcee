"""The Dagster UI as people see it: a real browser on a real server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from rcm_platform_tests.conftest import Built

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PAGE_MILLISECONDS = 60_000
BUILD_MILLISECONDS = 600_000

pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium (Debian package chromium)"),
    pytest.mark.xdist_group("browser"),
]


class Visit:
    """One browser page on one server, and the addresses elsewhere that it asked for."""

    def __init__(self, page: playwright.Page, base: str) -> None:
        self.page, self.base = page, base
        self.elsewhere: set[str] = set()
        page.set_default_timeout(PAGE_MILLISECONDS)
        page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        local = (self.base, self.base.replace("http", "ws"), "data:", "blob:")
        if not url.startswith(local):
            self.elsewhere.add(url)

    def open(self, path: str) -> None:
        self.page.goto(self.base + path)

    def sees(self, *texts: str) -> None:
        for text in texts:
            self.page.get_by_text(text).first.wait_for()


@contextmanager
def browser(base: str) -> Iterator[Visit]:
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        visit = Visit(chromium.new_page(viewport={"width": 1440, "height": 900}), base)
        yield visit
        chromium.close()


@contextmanager
def serving(home: Path, *command: str) -> Iterator[str]:
    """Run a server of the platform until it answers; everything it started ends with it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    log = home / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [*command, str(port)],
            env={
                **os.environ,
                "RCM_HOME": str(home),
                "RCM_WORLD_SIZE": "tiny",
                "DAGSTER_HOME": str(home / "dagster"),
            },
            cwd=home,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 180
        while True:
            with suppress(OSError):
                urllib.request.urlopen(f"{base}/server_info", timeout=5)
                break
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.5)
        yield base
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            server.wait(30)
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)


def test_a_leader_reads_the_scorecard_and_follows_it_upstream(built: Built) -> None:
    webserver = Path(sys.executable).parent / "dagster-webserver"
    command = [str(webserver), "-m", "rcm_platform.definitions", "-h", "127.0.0.1", "-p"]
    with serving(built.settings.home, *command) as base, browser(base) as visit:
        visit.open("/assets/leadership/scorecard")
        visit.sees("Start here", "explained", "Initial denial rate", "Collections per wRVU")
        assert visit.page.locator("img[alt^='trend of']").count() == 6

        visit.page.get_by_role("link", name="how these numbers are made").click()
        visit.sees("sources", "staging", "marts_clinical", "published", "leadership")

        visit.open("/assets/marts/mart_clinician_productivity")
        visit.sees("How clinician work turns into dollars", "work_rvu", "Freshness policy")
        visit.open("/assets/marts/fct_claims?view=checks")
        visit.sees("claims_true", "charges_conserved")
        visit.open("/automation")
        visit.sees("nightly")
        assert visit.elsewhere == set()


@pytest.mark.prove
def test_materialize_all_builds_everything_from_nothing(tmp_path: Path) -> None:
    rcm = Path(sys.executable).parent / "rcm"
    with serving(tmp_path, str(rcm), "ui", "--port") as base, browser(base) as visit:
        visit.open("/asset-groups")
        visit.page.get_by_role("button", name="Materialize all").click()
        finished = _wait_for_run(base)
        assert finished == "SUCCESS", (tmp_path / "server.log").read_text()[-5000:]
        visit.open("/assets/leadership/scorecard")
        visit.sees("100.00% of", "explained")
        assert visit.elsewhere == set()


def _wait_for_run(base: str) -> str:
    query = {"query": "{ runsOrError(limit: 1) { ... on Runs { results { status } } } }"}
    request = urllib.request.Request(
        f"{base}/graphql",
        data=json.dumps(query).encode(),
        headers={"Content-Type": "application/json"},
    )
    deadline = time.monotonic() + BUILD_MILLISECONDS / 1000
    status = "none started"
    while time.monotonic() < deadline and status not in ("SUCCESS", "FAILURE", "CANCELED"):
        time.sleep(3)
        with suppress(OSError):
            answer = json.load(urllib.request.urlopen(request, timeout=60))
            for run in answer["data"]["runsOrError"]["results"]:
                status = run["status"]
    return status
