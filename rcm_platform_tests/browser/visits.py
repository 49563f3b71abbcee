"""A real browser on a real server of the platform, and what it asked for elsewhere."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from rcm_platform_tests import servers

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PAGE_MILLISECONDS = 60_000

IN_A_BROWSER = [
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
def serving(home: Path, *command: str, asks: str = "/server_info") -> Iterator[str]:
    """Run a server of the platform until it answers; everything it started ends with it."""
    port = servers.free_port()
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
                urllib.request.urlopen(base + asks, timeout=5)
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
