"""Who may open which door, and what passes it: real servers on loopback."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import peewee
import pytest

from rcm_platform import door as door_module
from rcm_platform import serve
from rcm_platform.settings import Settings
from rcm_platform_tests import servers
from rcm_platform_tests.conftest import RunCli, publish_a_number
from rcm_platform_tests.doors import door

KEY = "a key of more than thirty-two characters"
PASSWORD = "p@ss'w/rd"
SCORECARD = "/assets/leadership/scorecard"
LAUNCH = """
mutation { launchRun(executionParams: {
  selector: {repositoryName: "__repository__", jobName: "nightly",
             repositoryLocationName: "rcm_platform.definitions",
             assetSelection: [{path: ["leadership", "scorecard"]}], assetCheckSelection: []}
  runConfigData: {}
}) { __typename } }
"""
LOADED = """
{ locationStatusesOrError { ... on WorkspaceLocationStatusEntries { entries { versionKey } } } }
"""
RELOAD = """
mutation { reloadRepositoryLocation(repositoryLocationName: "rcm_platform.definitions") {
  __typename
} }
"""

pytestmark = pytest.mark.xdist_group("access")


@dataclass
class Visitor:
    """Someone with a browser, and perhaps a session."""

    port: int
    headers: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, path: str, body: str | None = None, **headers: str
    ) -> tuple[int, str, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {**self.headers, **named})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text, answer.headers

    def graphql(self, query: str) -> dict[str, Any]:
        body = json.dumps({"query": query})
        status, text, _ = self.ask("POST", "/graphql", body, Content_Type="application/json")
        assert status == 200, text
        return json.loads(text)["data"]

    def launches(self) -> str:
        return self.graphql(LAUNCH)["launchRun"]["__typename"]

    def logged_in(self, name: str) -> Visitor:
        cookie = self.ask("GET", "/auth/login")[2]["Set-Cookie"].split(";")[0]
        form = {"username": name, "password": PASSWORD, "next": "/"}
        status, _, headers = self.ask(
            "POST",
            "/auth/process",
            urlencode({**form, "csrf_token": cookie.partition("=")[2]}),
            Content_Type="application/x-www-form-urlencoded",
            Cookie=cookie,
        )
        assert (status, headers["Location"]) == (302, "/")
        session = headers["Set-Cookie"]
        assert "HttpOnly" in session
        assert "Secure" in session
        return Visitor(self.port, {"Cookie": session.split(";")[0]})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    publish_a_number(Settings(home=home))
    return home


@pytest.fixture(scope="module")
def anyone(home: Path, rcm: RunCli) -> Iterator[Visitor]:
    """The authenticated door, with the users eve (viewer), lea (launcher) and admin."""
    environment = {"DAGSTER_AUTH_SECRET_KEY": KEY, "DAGSTER_AUTH_ADMIN_PASSWORD": PASSWORD}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_AUTH_SECRET_KEY", KEY)
        for name, role in (("eve", "--viewer"), ("lea", "--launcher")):
            added = rcm("users", "add-user", name, role, "--password", PASSWORD, home=home)
            assert added.returncode == 0, added.stderr
    with door(home, "serve", "--only", "web", **environment) as port:
        yield Visitor(port)


@pytest.fixture(scope="module")
def viewer(anyone: Visitor) -> Visitor:
    return anyone.logged_in("eve")


@pytest.mark.prove
def test_nobody_comes_in_without_a_login(anyone: Visitor) -> None:
    status, _, headers = anyone.ask("GET", SCORECARD)
    assert (status, headers["Location"]) == (302, f"/auth/login?next={SCORECARD}")
    body = json.dumps({"query": "{ version }"})
    assert anyone.ask("POST", "/graphql", body, Content_Type="application/json")[0] == 401
    for path in (
        "/server_info",
        "/download_debug/x",
        "/logs/x/y/z.out",
        "/trace/claim/x",
        "/docs/",
    ):
        status, _, headers = anyone.ask("GET", path)
        assert (status, headers["Location"]) == (302, f"/auth/login?next={path}")
    assert anyone.ask("GET", "/auth/metrics")[0] == 403
    assert anyone.ask("GET", "/auth/health")[0] == 200


@pytest.mark.prove
def test_a_viewer_reads_the_scorecard_and_can_start_nothing(viewer: Visitor, home: Path) -> None:
    status, page, _ = viewer.ask("GET", SCORECARD)
    assert status == 200
    assert "Dagster" in page
    found = viewer.graphql(
        '{ assetOrError(assetKey: {path: ["leadership", "scorecard"]}) '
        "{ __typename ... on Asset { definition { groupName } } } }"
    )
    assert found["assetOrError"]["definition"] == {"groupName": "leadership"}

    assert viewer.launches() == "PythonError"
    body = json.dumps({"metadata": {}})
    assert viewer.ask("POST", "/report_asset_materialization/world", body)[0] == 403
    # the buttons, too, know it
    allowed = viewer.graphql("{ permissions { permission value } }")["permissions"]
    assert not any(permission["value"] for permission in allowed)

    denied = [event for event in _audit(home) if event.get("status") == "DENIED"]
    assert {event["username"] for event in denied} == {"eve"}
    assert "REQUIRES_LAUNCHER" in {event["reason"] for event in denied}


@pytest.mark.parametrize(
    ("method", "body", "kind"),
    [
        ("GET", None, "application/json"),
        ("POST", json.dumps({"query": "{ version }"}), "text/plain"),
        ("POST", LAUNCH, "application/graphql"),
    ],
)
@pytest.mark.prove
def test_authkit_does_not_look_at_the_url_so_no_query_is_taken_from_it(
    anyone: Visitor, viewer: Visitor, method: str, body: str | None, kind: str
) -> None:
    path = "/graphql?" + urlencode({"query": LAUNCH})
    for visitor in (viewer, anyone.logged_in("admin")):
        status, text, _ = visitor.ask(method, path, body, Content_Type=kind)
        assert status in (400, 405), text
        assert "launchRun" not in text


@pytest.mark.prove
def test_launchers_and_admins_start_runs(anyone: Visitor) -> None:
    for name in ("lea", "admin"):
        assert anyone.logged_in(name).launches() == "LaunchRunSuccess"


@pytest.mark.prove
def test_claims_are_shown_to_launchers_only_and_each_look_is_written_down(
    anyone: Visitor, viewer: Visitor, home: Path
) -> None:
    path = "/trace/claim/x"
    status, page, _ = viewer.ask("GET", path)
    assert status == 403
    assert "launcher" in page
    assert SCORECARD in page
    launcher = anyone.logged_in("lea")
    status, page, _ = launcher.ask("GET", "/trace/", Host="rcm.example.org")
    assert status == 200
    assert "/trace/kpi/cash" in page
    assert launcher.ask("GET", path)[0] == 404  # there is none of this key
    looks = [(e["username"], e["status"]) for e in _audit(home) if e.get("resource") == path]
    assert looks == [("eve", "DENIED"), ("lea", "ALLOWED")]


@pytest.mark.prove
def test_a_launcher_cannot_wipe_assets(anyone: Visitor) -> None:
    wipe = 'mutation { wipeAssets(assetPartitionRanges: [{assetKey: {path: ["world"]}}]) '
    answer = anyone.logged_in("lea").graphql(wipe + "{ __typename } }")
    assert answer["wipeAssets"]["message"] == "Access Denied: EDITOR role required"


@pytest.mark.prove
def test_the_users_and_the_log_are_private_and_hold_no_password(
    viewer: Visitor, home: Path
) -> None:
    for name in ("users.db", "audit.log"):
        assert (home / name).stat().st_mode & 0o077 == 0
    written = [(home / name).read_bytes() for name in ("users.db", "audit.log", "serve.log")]
    assert not any(secret.encode() in text for secret in (PASSWORD, KEY) for text in written)
    logins = {event["username"] for event in _audit(home) if event["event_type"] == "LOGIN_ATTEMPT"}
    assert "eve" in logins


@pytest.mark.prove
def test_the_login_page_asks_nothing_of_other_machines(anyone: Visitor) -> None:
    page = anyone.ask("GET", "/auth/login")[1]
    assert "password" in page
    assert set(re.findall(r"https?://([^/\"']+)", page)) <= {"www.w3.org"}


@pytest.mark.prove
def test_the_leaders_door_is_read_only(home: Path, anyone: Visitor) -> None:
    with door(home, "ui", "--read-only") as port:
        leader = Visitor(port)
        assert leader.ask("GET", SCORECARD)[0] == 200
        assert leader.launches() == "UnauthorizedError"
        path = "/graphql?" + urlencode({"query": LAUNCH})
        assert "UnauthorizedError" in leader.ask("GET", path)[1]
        status, page, _ = leader.ask("GET", "/trace/")
        assert status == 200
        assert "/trace/kpi/cash" in page
        assert leader.ask("GET", "/trace/claim/c1")[0] == 403
    assert f"{port}{SCORECARD}" in (home / "ui.log").read_text()


@pytest.mark.prove
def test_the_engineers_door_shows_claims_and_reloads_code(home: Path) -> None:
    with door(home, "ui") as port:
        engineer = Visitor(port)
        assert engineer.ask("GET", "/trace/")[0] == 200
        assert engineer.ask("GET", "/trace/", Host="elsewhere.example")[0] == 400

        loaded = "locationStatusesOrError { ... on WorkspaceLocationStatusEntries "
        loaded = "{ " + loaded + "{ entries { versionKey } } } }"
        before = engineer.graphql(loaded)
        reload = (
            'mutation { reloadRepositoryLocation(repositoryLocationName: "%s") { __typename } }'
        )
        answer = engineer.graphql(reload % serve.CODE)
        assert answer["reloadRepositoryLocation"]["__typename"] == "WorkspaceLocationEntry"
        assert engineer.graphql(loaded) != before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "DAGSTER_AUTH_SECRET_KEY must be set"),
        ({"DAGSTER_AUTH_SECRET_KEY": "short"}, "32 characters"),
        ({"DAGSTER_AUTH_SECRET_KEY": KEY, "DAGSTER_AUTH_BACKEND": "dummy"}, "everyone knows"),
    ],
)
def test_without_authentication_there_is_no_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], message: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=message):
        serve.access(Settings(home=tmp_path))


def test_a_key_that_everyone_can_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(f"DAGSTER_AUTH_SECRET_KEY={KEY}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(Settings.model_config, "env_file", ".env")
    with pytest.raises(ValueError, match="chmod 600"):
        serve.access(Settings(home=tmp_path))
    (tmp_path / ".env").chmod(0o600)
    assert serve.access(Settings(home=tmp_path))["DAGSTER_AUTH_SECRET_KEY"] == KEY


def test_users_are_kept_where_dagster_keeps_its_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_AUTH_SECRET_KEY", KEY)
    monkeypatch.setenv("DAGSTER_AUTH_DATABASE_URL", "")  # a blank line of .env
    here = serve.access(Settings(home=tmp_path))
    assert here["DAGSTER_AUTH_DATABASE_URL"] == f"sqlite:///{tmp_path / 'users.db'}"
    url = "postgresql://rcm@db/rcm"
    there = serve.access(Settings(home=tmp_path, dagster_postgres_url=url))
    assert there["DAGSTER_AUTH_DATABASE_URL"] == url


def test_an_open_address_is_refused_without_a_key(rcm: RunCli, tmp_path: Path) -> None:
    done = rcm("serve", "--host", "0.0.0.0", home=tmp_path)
    assert done.returncode == 1
    assert "DAGSTER_AUTH_SECRET_KEY" in done.stderr


def test_only_commands_on_users_reach_authkit(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="add-user"):
        serve.users(Settings(home=tmp_path), ["--empty-workspace"])


def test_users_can_be_in_postgresql(
    rcm: RunCli, tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_AUTH_SECRET_KEY", KEY)
    add = ("users", "add-user", "eve", "--viewer", "--password", PASSWORD)
    done = rcm(*add, home=tmp_path, dagster_postgres_url=postgres_url)
    assert done.returncode == 0, done.stderr
    rows = servers.ask(postgres_url, "select username, role from target.public.users")
    assert ("eve", 10) in rows
    assert not (tmp_path / "users.db").exists()


def test_a_login_works_again_after_the_database_was_away(postgres_url: str) -> None:
    database = door_module.users_database(postgres_url)
    end = "select pg_terminate_backend(pg_backend_pid())"
    with pytest.raises(peewee.OperationalError):
        peewee.PostgresqlDatabase.execute_sql(database, end)
    assert database.execute_sql("select 1").fetchone() == (1,)


@pytest.mark.prove
def test_everything_starts_and_ends_together(tmp_path: Path, rcm: RunCli) -> None:
    with door(tmp_path, "serve", DAGSTER_AUTH_SECRET_KEY=KEY) as number:
        port = str(number)
        deadline = time.monotonic() + 120
        looks = ("home", "storage", "daemon", "web")
        while (done := rcm("health", *looks, "--port", port, home=tmp_path)).returncode:
            assert time.monotonic() < deadline, done.stdout
            time.sleep(2)
    assert rcm("health", "web", "--port", port, home=tmp_path).returncode == 1
    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    socket = re.search(r"/tmp/rcm_\w+/", (tmp_path / "serve.log").read_text())
    assert socket is None or socket.group() not in left


def _audit(home: Path) -> list[dict[str, Any]]:
    text = Settings(home=home).audit_log_path.read_text()
    return [json.loads(line) for line in text.splitlines()]
