"""What a page of another site may ask of the Dagster UI, and a program: the real webserver."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import dagster as dg
import pytest
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._daemon.asset_daemon import get_auto_materialize_paused

from rcm_platform.web.webserver import Webserver
from rcm_platform_tests.support.asgi import ask

Get = Callable[..., tuple[int, dict[str, str], str]]

FORGED = dg.AssetKey(["leadership", "scorecard"])
REPORT = f"/report_asset_materialization/{FORGED.to_user_string()}"
PAUSE = "mutation { setAutoMaterializePaused(paused: false) }"
OF_ANOTHER_PORT = {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}
OF_ANOTHER_SITE = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
LINK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
JSON = {"content-type": "application/json"}


@contextmanager
def server(instance: dg.DagsterInstance, *, read_only: bool = False) -> Iterator[Get]:
    with WorkspaceProcessContext(instance, None, read_only=read_only) as context:
        yield partial(ask, Webserver(context).create_asgi_app())


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.local_temp(str(home)) as found:
        patch.setenv("RCM_HOME", str(home))
        yield found


@pytest.fixture(scope="module")
def get(instance: dg.DagsterInstance) -> Iterator[Get]:
    """Ask the webserver of `rcm ui`."""
    with server(instance) as asked:
        yield asked


FOREIGN = {
    "another site, as its image": OF_ANOTHER_SITE | {"sec-fetch-dest": "image"},
    "another port": OF_ANOTHER_PORT,
    "another site, in a frame": LINK | {"sec-fetch-dest": "iframe"},
    "another site, as its form": LINK,
    "a site without a name": {"origin": "null"},
    "an older browser": {"origin": "http://elsewhere.example"},
    "another port, by an older browser": {"origin": "http://127.0.0.1:3001"},
    "ours, as the end of another name": {"origin": "http://elsewhere.example?127.0.0.1:3000"},
    "a word of tomorrow": {"sec-fetch-site": "cross-galaxy"},
}
WRITES = {
    "mutation": ("POST", "/graphql", json.dumps({"query": PAUSE})),
    "query": ("POST", "/graphql", json.dumps({"query": "{ version }"})),
    "materialization": ("POST", REPORT, "{}"),
    "observation": ("POST", REPORT.replace("materialization", "observation"), "{}"),
    "check": (
        "POST",
        REPORT.replace("materialization", "check"),
        json.dumps({"check_name": "x", "passed": True}),
    ),
    "method that nobody serves": ("PUT", "/", "{}"),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("origin", FOREIGN)
def test_another_site_can_change_nothing(
    get: Get, instance: dg.DagsterInstance, origin: str, write: str
) -> None:
    method, path, body = WRITES[write]
    status, _, text = get(path, method=method, body=body, **FOREIGN[origin], **JSON)
    assert status == 403
    assert text.startswith("This was asked for by a page of another site.")
    assert not _is_changed(instance)


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "text/plain; application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=application/json",
        "application/graphql",
        "application/jsonp",
    ],
)
@pytest.mark.parametrize("write", WRITES)
def test_what_a_form_can_send_changes_nothing(
    get: Get, instance: dg.DagsterInstance, write: str, kind: str
) -> None:
    method, path, body = WRITES[write]
    given = {"content-type": kind} if kind else {}
    assert get(path, method=method, body=body, **given)[0] == 415
    with_query = f"{path}?query={PAUSE}&asset_key=x&check_name=x&passed=true"
    assert get(with_query, method=method, **given)[0] == 415
    assert not _is_changed(instance)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE"])
@pytest.mark.parametrize("more", [{}, {"accept": "text/html"}, LINK | {"accept": "text/html"}])
def test_an_address_alone_changes_nothing(
    get: Get, instance: dg.DagsterInstance, method: str, more: dict[str, str]
) -> None:
    for path in ("/graphql", "/graphql/", REPORT):
        status, _, text = get(f"{path}?query={PAUSE}", method=method, **more)
        assert status in (403, 405, 415) or "<html" in text
    assert not _is_changed(instance)


@pytest.mark.parametrize(
    "path", ["/", "/trace/", "/docs/", "/server_info", "/vendor/graphiql/graphiql.min.js"]
)
def test_another_site_reads_nothing_and_shows_nothing_in_a_frame(get: Get, path: str) -> None:
    for origin in ("another site, as its image", "another port", "another site, in a frame"):
        assert get(path, **FOREIGN[origin])[0] == 403
    for more in ({}, LINK, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}):
        status, headers, _ = get(path, **more)
        assert status != 403
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "more", [{}, {"sec-fetch-site": "same-origin"}, {"origin": "http://127.0.0.1:3000"}]
)
def test_programs_and_our_own_pages_change_things(
    get: Get, instance: dg.DagsterInstance, more: dict[str, str]
) -> None:
    kind = {"content-type": "application/json; charset=utf-8"}
    status, _, text = get(
        "/graphql", method="POST", body=json.dumps({"query": PAUSE}), **more, **kind
    )
    assert (status, json.loads(text)["data"]) == (200, {"setAutoMaterializePaused": False})
    for write in ("materialization", "observation", "check"):
        method, path, body = WRITES[write]
        assert get(path, method=method, body=body, **more, **JSON)[0] == 200
    assert _is_changed(instance)


def test_behind_a_proxy_that_changes_the_host_our_own_address_counts(
    get: Get, monkeypatch: pytest.MonkeyPatch, instance: dg.DagsterInstance
) -> None:
    method, path, body = WRITES["query"]
    asked = {"method": method, "body": body, **JSON}
    assert get(path, origin="https://rcm.example.org", **asked)[0] == 403
    monkeypatch.setenv("RCM_UI_URL", "https://rcm.example.org")
    with server(instance) as asked_there:
        assert asked_there(path, origin="https://rcm.example.org", **asked)[0] == 200


def _is_changed(instance: dg.DagsterInstance) -> bool:
    return not get_auto_materialize_paused(instance) or instance.has_asset_key(FORGED)
