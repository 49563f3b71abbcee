"""A real browser on a real server of the platform, and what it asked for elsewhere."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PAGE_MILLISECONDS = 60_000

IN_A_BROWSER = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium (Debian package chromium)")


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
def browser(port: int, *options: str) -> Iterator[Visit]:
    """A browser, with options of Chromium, that visits the server at this port."""
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", *options],
        )
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        visit = Visit(page, f"http://127.0.0.1:{port}")
        yield visit
        chromium.close()
