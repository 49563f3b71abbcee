"""The documentation as people search it, with a script and without."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support.visits import CHROMIUM, IN_A_BROWSER, browser, playwright

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
def port(built: Built) -> Iterator[int]:
    """The folder of the site, served as it is."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(built.settings.documentation_dir))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


def test_a_column_is_found_by_words_as_they_are_typed(port: int) -> None:
    with browser(port) as visit:
        visit.open("/")
        visit.page.get_by_role("link", name="Tables and columns").click()
        tables = visit.page.locator("tr[data-table]:visible")
        everything = tables.count()
        search = visit.page.get_by_label("Search tables and columns")
        search.wait_for()  # the script shows it
        search.press_sequentially("denied amount fct_claims")
        # of all marts, the claims and their lines have such a column
        assert 0 < tables.count() < everything / 10
        found = visit.page.locator("li:visible", has_text="denied_amount")
        assert "Dollars that payers denied" in found.first.inner_text()

        again = visit.page.url
        search.fill("nothing is called so")
        assert tables.count() == 0
        visit.page.goto(again)
        assert search.input_value() == "denied amount fct_claims"
        visit.page.locator("li:visible a", has_text="denied_amount").first.click()
        assert visit.page.url.endswith("marts.fct_claims.html#denied_amount")
        assert visit.elsewhere == set()


def test_without_a_script_all_tables_are_listed(port: int) -> None:
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = chromium.new_context(java_script_enabled=False).new_page()
        page.goto(f"http://127.0.0.1:{port}/columns/")
        assert page.locator("tr[data-table]:visible").count() > 200
        assert not page.get_by_label("Search tables and columns").is_visible()
        chromium.close()
