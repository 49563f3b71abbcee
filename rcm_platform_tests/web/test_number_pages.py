"""The number pages in the Dagster webserver: who sees what, by which name, and where they lead."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from urllib.parse import quote

import dagster as dg
import duckdb
import pytest
from dagster._core.workspace.context import WorkspaceProcessContext

from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform.web.webserver import Webserver
from rcm_platform_tests.conftest import publish_a_number
from rcm_platform_tests.support.asgi import ask

Get = Callable[..., tuple[int, dict[str, str], str]]

FIRST = "00001-2025-06-15"
"""The published version of a test."""


@pytest.fixture(params=[False])
def get(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Get]:
    """Ask a webserver for a path; the parameter makes it one that only reads."""
    monkeypatch.setenv("RCM_HOME", str(tmp_path))
    with (
        dg.DagsterInstance.local_temp(str(tmp_path)) as instance,
        WorkspaceProcessContext(instance, None, read_only=request.param) as context,
    ):
        app = Webserver(context).create_asgi_app()
        yield partial(ask, app)


def test_its_links_stay_below_its_path_and_lead_back_to_the_scorecard(
    get: Get, tmp_path: Path
) -> None:
    publish_a_number(Settings(home=tmp_path))
    status, headers, _ = get("/trace")
    assert (status, headers["location"]) == (307, "/trace/")
    status, headers, page = get("/trace/")
    assert (status, headers["cache-control"]) == (200, "no-store")
    for link in (
        f"/trace/kpi/cash?month=2025-05&amp;version={FIRST}",
        "/trace/",
        "/assets/leadership/scorecard",
    ):
        assert f'href="{link}"' in page
    status, _, page = get("/trace/claim/unknown")
    assert status == 404
    assert "no claim with the key unknown" in page


def test_before_anything_is_published_a_page_says_so(get: Get) -> None:
    status, _, page = get("/trace/")
    assert status == 404
    assert "run `rcm run` first" in page


def test_a_page_from_elsewhere_cannot_read_them_under_its_own_name(
    get: Get, tmp_path: Path
) -> None:
    publish_a_number(Settings(home=tmp_path))
    assert get("/trace/", "localhost")[0] == 200
    status, _, text = get("/trace/", "elsewhere.example:3000")
    assert status == 400
    assert "Cash" not in text
    assert get("/graphql", "elsewhere.example:3000", accept="text/html")[0] == 400
    assert get("/server_info", "127.0.0.1:3000")[0] == 200


def links(page: str, below: str) -> list[str]:
    """Where the page leads below a path, in its order."""
    found = re.findall(r'href="([^"]*)"', page)
    return [html.unescape(one) for one in found if one.startswith(below)]


def test_every_claim_of_a_number_is_reached_page_by_page(get: Get, tmp_path: Path) -> None:
    publish_a_number(Settings(home=tmp_path))
    reached: list[str] = []
    path: str | None = "/trace/kpi/cash?month=2025-05"
    while path:
        status, _, page = get(path)
        assert status == 200
        reached += [link.partition("?")[0] for link in links(page, "/trace/claim/")]
        after = re.search(r'<a rel="next" href="([^"]*)">', page)
        path = html.unescape(after[1]) if after else None
    assert sorted(reached) == sorted(f"/trace/claim/c{n}" for n in range(1, 251))


def test_a_number_as_csv_is_whole_exact_and_runs_nothing_in_a_spreadsheet(
    get: Get, tmp_path: Path
) -> None:
    publish_a_number(Settings(home=tmp_path))
    _, _, page = get("/trace/kpi/cash?month=2025-05&payer=1")
    [path] = [link for link in links(page, "/trace/kpi/cash") if "format=csv" in link]
    status, headers, text = get(path)
    assert (status, headers["cache-control"]) == (200, "no-store")
    assert headers["content-disposition"] == f'attachment; filename="cash_2025-05_{FIRST}.csv"'
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 249  # one is of the other payer
    assert sum(Decimal(row["numerator"]) for row in rows) == Decimal("31374.00")
    assert rows[0]["id"] == "'=1+1"
    assert rows[0]["payer"] == "<b>One</b>"


def test_a_part_of_the_business_and_an_earlier_month_are_chosen_in_a_form(
    get: Get, tmp_path: Path
) -> None:
    publish_a_number(Settings(home=tmp_path))
    _, _, page = get("/trace/kpi/cash?month=2025-04&facility=HOSP&payer=2&version=")
    assert "April 2025 · Hospital, Two" in page
    assert "$1.00" in page
    assert "off target" in page
    assert "CO-29 Filed late" in page
    for chosen in ("2025-04", "HOSP", "2"):
        assert f'<option value="{chosen}" selected>' in page
    _, _, page = get("/trace/kpi/cash")
    assert "May 2025" in page  # the last month
    assert "$31,375.00" in page
    assert "Target at least $20,000.00: " in page
    assert "<b>One</b>" not in page


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("month=2031-01", "Cash has no value for January 2031; there are values from 2025-04"),
        ("month=2025-13", "is no month: write 2025-12"),
        ("month=<script>alert(1)</script>", "is no month"),
        (
            "facility=nowhere",
            "There is no facility &#39;nowhere&#39;; there is, for example: HOSP.",
        ),
        ("payer=<img src=x>", "There is no payer &#39;&lt;img src=x&gt;"),
        ("payer=none", "Cash has no value for May 2025 there"),
        ("page=4", "There is no page 4: what this number is made of fills 3 pages."),
        ("page=0", "is no page: they are numbered from 1"),
        ("page=" + "9" * 5000, "is no page"),
        ("page=-1", "is no page"),
        ("format=xlsx", "There is no format &#39;xlsx&#39;; there is: csv."),
        ("format=csv&month=2031-01", "Cash has no value for January 2031"),
    ],
)
def test_what_cannot_be_shown_is_said_in_a_page(
    get: Get, tmp_path: Path, asked: str, says: str
) -> None:
    publish_a_number(Settings(home=tmp_path))
    status, _, page = get(f"/trace/kpi/cash?{quote(asked, safe='=&')}")
    assert status == 404
    assert says in page
    assert "<script" not in page
    assert "<img" not in page


def test_a_version_that_is_rolled_back_while_a_page_is_open_is_said_on_the_next_click(
    get: Get, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    publish_a_number(settings)
    publish_a_number(settings, date(2025, 6, 16))
    _, _, opened = get("/trace/kpi/cash")
    assert "made from published version" not in opened
    versions.rollback(settings.published_dir)
    says = "The link to this page was made from published version 00002-2025-06-16."
    for below in ("/trace/kpi/", "/trace/claim/"):
        path = next(link for link in links(opened, below) if "format" not in link)
        status, _, page = get(path)
        assert status == 200
        assert says in page
        assert f"the figures here are of version {FIRST}, as of 2025-06-15" in page
    _, _, page = get("/trace/claim/gone?version=00002-2025-06-16")
    assert f"version {FIRST}, as of 2025-06-15, is published now" in page
    [path] = [link for link in links(opened, "/trace/kpi/cash") if "format=csv" in link]
    status, headers, _ = get(path)
    assert status == 303
    assert says in get(headers["location"])[2]


def test_a_version_that_is_gone_or_of_another_release_is_said_in_a_page(
    get: Get, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    publish_a_number(settings)
    version = versions.current(settings.published_dir)
    assert version
    file = version.path(settings.published_dir, "operations")
    file.chmod(0o600)
    with duckdb.connect(str(file)) as con:
        con.execute("drop table fct_denial_events")
    status, _, page = get("/trace/kpi/cash")
    assert status == 503
    assert "made by another release" in page
    file.unlink()
    status, _, page = get("/trace/kpi/cash")
    assert status == 503
    assert "rcm published rollback" in page


def test_who_may_see_claims_starts_at_the_pages_of_dagster(get: Get) -> None:
    status, _, page = get("/")
    assert status == 200
    assert "Dagster" in page


@pytest.mark.parametrize("get", [True], indirect=True)
class TestWhoMayOnlyRead:
    """Figures by facility and payer, no claim, and no link to any."""

    def test_the_first_page_is_the_scorecard(self, get: Get) -> None:
        status, headers, _ = get("/")
        assert (status, headers["location"]) == (307, "/assets/leadership/scorecard")

    def test_a_number_is_shown_without_claims(self, get: Get, tmp_path: Path) -> None:
        publish_a_number(Settings(home=tmp_path))
        status, _, page = get("/trace/")
        assert status == 200
        [path] = links(page, "/trace/kpi/")
        status, _, page = get(path)
        assert status == 200
        for text in ("$31,375.00", "on target", "dollars received", "Cash is counted once.", "May"):
            assert text in page
        assert "Other facilities and payers" in page
        assert "Two</td>" not in page
        assert "CLM" not in page
        for link in links(page, "/"):
            status, _, text = get(link)
            assert status in (200, 303, 307), link
            assert "claim/" not in text

    def test_a_part_of_the_business_says_that_it_lacks_what_stands_merged(
        self, get: Get, tmp_path: Path
    ) -> None:
        publish_a_number(Settings(home=tmp_path))
        says = "Not in it: what stands merged this month"
        _, _, page = get("/trace/kpi/cash?facility=HOSP")
        assert "$31,374.00" in page
        assert says in page
        assert says not in get("/trace/kpi/cash")[2]

    def test_its_csv_has_the_figures_of_the_page(self, get: Get, tmp_path: Path) -> None:
        publish_a_number(Settings(home=tmp_path))
        _, _, text = get("/trace/kpi/cash?month=2025-05&format=csv")
        assert list(csv.reader(io.StringIO(text)))[1:] == [
            ["Hospital", "<b>One</b>", "31374.00", "", "false"],
            ["", "", "1.00", "", "true"],
        ]

    @pytest.mark.parametrize("path", ["claim/c1", "visit/e", "entry/x"])
    def test_a_single_record_is_refused_and_where_it_is_shown_is_said(
        self, get: Get, tmp_path: Path, path: str
    ) -> None:
        publish_a_number(Settings(home=tmp_path))
        status, _, page = get(f"/trace/{path}")
        assert status == 403
        assert "CLM" not in page
        for words in (
            "name patients",
            "rcm ui</code>",
            "role launcher",
            "/assets/leadership/scorecard",
        ):
            assert words in page


def test_the_documentation_stands_beside_it(get: Get, tmp_path: Path) -> None:
    assert get("/docs/")[0] == 404
    folder = Settings(home=tmp_path).documentation_dir / "columns"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("Tables and columns")
    assert get("/docs")[1]["location"] == "/docs/"
    status, _, page = get("/docs/columns/")
    assert (status, page) == (200, "Tables and columns")
    assert get("/docs/columns/", "elsewhere.example:3000")[0] == 400
