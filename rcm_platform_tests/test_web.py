"""The trace pages in the Dagster webserver: who sees them, by which name, and where they lead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.workspace.context import WorkspaceProcessContext

from rcm_platform.settings import Settings
from rcm_platform.web import Webserver
from rcm_platform_tests.asgi import ask
from rcm_platform_tests.conftest import publish_a_number

Get = Callable[..., tuple[int, dict[str, str], str]]


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
    for link in ("/trace/kpi/cash?month=2025-05", "/trace/", "/assets/leadership/scorecard"):
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


@pytest.mark.parametrize("get", [True], indirect=True)
@pytest.mark.parametrize("path", ["/trace/", "/trace/kpi/cash", "/trace/claim/unknown"])
def test_who_may_only_read_is_told_who_sees_claims_and_where(
    get: Get, tmp_path: Path, path: str
) -> None:
    publish_a_number(Settings(home=tmp_path))
    status, _, page = get(path)
    assert status == 403
    assert "Cash" not in page
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
