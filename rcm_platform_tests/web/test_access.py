"""Who may open what, with a login and without: real servers on loopback."""

from __future__ import annotations

import html
import http.client
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import peewee
import pytest
from websockets import Origin, Subprotocol
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from rcm_platform.settings import Settings
from rcm_platform.warehouse.parsed_project import ParsedProject
from rcm_platform.web import access, processes
from rcm_platform_tests.conftest import RunCli, publish_a_number
from rcm_platform_tests.support import servers
from rcm_platform_tests.support.web_servers import serving

KEY = "a key of more than thirty-two characters"
PASSWORD = "p@ss'w/rd of many letters"
PROXY = "127.0.0.9"
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


@dataclass
class Visitor:
    """Someone with a browser, and perhaps a session."""

    port: int
    headers: dict[str, str] = field(default_factory=dict)
    address: str = "127.0.0.1"

    def ask(
        self, method: str, path: str, body: str | bytes | None = None, **headers: str
    ) -> tuple[int, str, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=120, source_address=(self.address, 0)
        )
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {**self.headers, **named})
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        connection.close()
        return answer.status, text, answer.headers

    def graphql(self, query: str) -> dict[str, Any]:
        body = json.dumps({"query": query})
        status, text, _ = self.ask("POST", "/graphql", body, Content_Type="application/json")
        assert status == 200, text
        return json.loads(text)["data"]

    def reports(self) -> int:
        body = json.dumps({"metadata": {"explained": 100}})
        path = "/report_asset_materialization/forged"
        return self.ask("POST", path, body, Content_Type="application/json")[0]

    def launches(self) -> str:
        return self.graphql(LAUNCH)["launchRun"]["__typename"]

    def signs_in(
        self,
        name: str,
        password: str = PASSWORD,
        cookies: str = "",
        more: dict[str, str] | None = None,
        **form: str,
    ) -> tuple[int, str, http.client.HTTPMessage]:
        """What the form answers; `form` are fields that differ from a usual one's."""
        token = cookies_of(self.ask("GET", "/auth/login", Cookie=cookies)[2])["csrf_token"]
        fields = {"username": name, "password": password, "next": "/", "csrf_token": token}
        return self.ask(
            "POST",
            "/auth/process",
            urlencode({**fields, **form}),
            Content_Type="application/x-www-form-urlencoded",
            Cookie=f"csrf_token={token}; {cookies}",
            **(more or {}),
        )

    def logged_in(self, name: str, password: str = PASSWORD) -> Visitor:
        status, page, headers = self.signs_in(name, password)
        assert (status, headers["Location"]) == (302, "/"), page
        for cookie in headers.get_all("Set-Cookie", []):
            assert "HttpOnly" in cookie
            assert "Secure" in cookie
        return Visitor(self.port, {"Cookie": f"dagster_session={session_of(headers)}"})

    def is_in(self) -> bool:
        return self.ask("GET", "/server_info")[0] == 200


def cookies_of(headers: http.client.HTTPMessage) -> dict[str, str]:
    found = [cookie.split(";")[0] for cookie in headers.get_all("Set-Cookie", [])]
    return dict(cookie.split("=", 1) for cookie in found)


def session_of(headers: http.client.HTTPMessage) -> str:
    return cookies_of(headers)["dagster_session"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, parsed_project: ParsedProject) -> Path:
    home = tmp_path_factory.mktemp("home")
    publish_a_number(Settings(home=home))
    return home


@pytest.fixture(scope="module")
def anyone(home: Path, rcm: RunCli) -> Iterator[Visitor]:
    """A webserver with a login, with eve and gus (viewers), lea (launcher), ed (editor), admin."""
    environment = {
        "DAGSTER_AUTH_SECRET_KEY": KEY,
        "DAGSTER_AUTH_ADMIN_PASSWORD": PASSWORD,
        "DAGSTER_AUTH_PROXY_TRUSTED_IPS": PROXY,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_AUTH_SECRET_KEY", KEY)
        for name, role in (
            ("eve", "--viewer"),
            ("lea", "--launcher"),
            ("ed", "--editor"),
            ("gus", "--viewer"),
        ):
            added = rcm("users", "add-user", name, role, "--password", PASSWORD, home=home)
            assert added.returncode == 0, added.stderr
    with serving(home, "serve", "--only", "web", **environment) as port:
        yield Visitor(port)


@pytest.fixture(scope="module")
def viewer(anyone: Visitor) -> Visitor:
    return anyone.logged_in("eve")


@pytest.fixture(scope="module")
def admin(anyone: Visitor) -> Visitor:
    return anyone.logged_in("admin")


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
        assert status in (405, 415), text
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
def test_the_webserver_for_leaders_is_read_only(home: Path, anyone: Visitor) -> None:
    with serving(home, "ui", "--read-only") as port:
        leader = Visitor(port)
        assert leader.ask("GET", SCORECARD)[0] == 200
        assert leader.launches() == "UnauthorizedError"
        path = "/graphql?" + urlencode({"query": LAUNCH})
        assert leader.ask("GET", path)[0] == 405
        assert leader.reports() == 401
        status, page, _ = leader.ask("GET", "/trace/")
        assert status == 200
        assert "/trace/kpi/cash" in page
        assert leader.ask("GET", "/trace/claim/c1")[0] == 403
    assert f"{port}{SCORECARD}" in (home / "ui.log").read_text()


@pytest.mark.prove
def test_the_ui_on_loopback_shows_claims_and_reloads_code(home: Path) -> None:
    with serving(home, "ui") as port:
        engineer = Visitor(port)
        assert engineer.ask("GET", "/trace/")[0] == 200
        assert engineer.ask("GET", "/trace/", Host="elsewhere.example")[0] == 400

        loaded = "locationStatusesOrError { ... on WorkspaceLocationStatusEntries "
        loaded = "{ " + loaded + "{ entries { versionKey } } } }"
        before = engineer.graphql(loaded)
        reload = (
            'mutation { reloadRepositoryLocation(repositoryLocationName: "%s") { __typename } }'
        )
        answer = engineer.graphql(reload % processes.CODE)
        assert answer["reloadRepositoryLocation"]["__typename"] == "WorkspaceLocationEntry"
        assert engineer.graphql(loaded) != before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "DAGSTER_AUTH_SECRET_KEY must be set"),
        ({"DAGSTER_AUTH_SECRET_KEY": "short"}, "32 characters"),
        ({"DAGSTER_AUTH_SECRET_KEY": KEY, "DAGSTER_AUTH_BACKEND": "dummy"}, "everyone knows"),
        ({"DAGSTER_AUTH_SECRET_KEY": KEY, "DAGSTER_AUTH_BACKEND": "proxy"}, "web sockets"),
    ],
)
def test_without_authentication_there_is_no_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], message: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=message):
        access.access(Settings(home=tmp_path))


def test_a_key_that_everyone_can_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(f"DAGSTER_AUTH_SECRET_KEY={KEY}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(Settings.model_config, "env_file", ".env")
    with pytest.raises(ValueError, match="chmod 600"):
        access.access(Settings(home=tmp_path))
    (tmp_path / ".env").chmod(0o600)
    assert access.access(Settings(home=tmp_path))["DAGSTER_AUTH_SECRET_KEY"] == KEY


def test_users_are_kept_where_dagster_keeps_its_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_AUTH_SECRET_KEY", KEY)
    monkeypatch.setenv("DAGSTER_AUTH_DATABASE_URL", "")  # a blank line of .env
    here = access.access(Settings(home=tmp_path))
    assert here["DAGSTER_AUTH_DATABASE_URL"] == f"sqlite:///{tmp_path / 'users.db'}"
    url = "postgresql://rcm@db/rcm"
    there = access.access(Settings(home=tmp_path, dagster_postgres_url=url))
    assert there["DAGSTER_AUTH_DATABASE_URL"] == url


def test_an_open_address_is_refused_without_a_key(rcm: RunCli, tmp_path: Path) -> None:
    done = rcm("serve", "--host", "0.0.0.0", home=tmp_path)
    assert done.returncode == 1
    assert "DAGSTER_AUTH_SECRET_KEY" in done.stderr


def test_only_commands_on_users_reach_authkit(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="add-user"):
        access.users(Settings(home=tmp_path), ["--empty-workspace"])


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
    database = access.users_database(postgres_url)
    end = "select pg_terminate_backend(pg_backend_pid())"
    with pytest.raises(peewee.OperationalError):
        peewee.PostgresqlDatabase.execute_sql(database, end)
    assert database.execute_sql("select 1").fetchone() == (1,)


@pytest.mark.prove
def test_everything_starts_and_ends_together(tmp_path: Path, rcm: RunCli) -> None:
    with serving(tmp_path, "serve", DAGSTER_AUTH_SECRET_KEY=KEY) as number:
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


# ------------------------------------------------------------------ roles


def _may(query: str) -> Callable[[Visitor], bool]:
    """Whether a mutation reaches Dagster, which then finds no such thing."""

    def asked(visitor: Visitor) -> bool:
        body = json.dumps({"query": f"mutation {{ {query} {{ __typename }} }}"})
        status, text, _ = visitor.ask("POST", "/graphql", body, Content_Type="application/json")
        assert status in (200, 500), text
        return "Access Denied" not in text and "UnauthorizedError" not in text

    return asked


def _all(*ways: Callable[[Visitor], bool]) -> Callable[[Visitor], bool]:
    def asked(visitor: Visitor) -> bool:
        found = {way(visitor) for way in ways}
        assert len(found) == 1
        return found.pop()

    return asked


def _sees_where_it_broke(visitor: Visitor) -> bool:
    query = '{ runsFeedOrError(limit: 5, cursor: "x", view: ROOTS) { __typename } }'
    body = json.dumps({"query": query})
    status, text, _ = visitor.ask("POST", "/graphql", body, Content_Type="application/json")
    assert status == 500
    return ".py" in text


NOWHERE = 'repositoryName: "x", repositoryLocationName: "x"'
MAY = {
    "read the scorecard, the graph, runs and checks": _all(
        lambda visitor: visitor.ask("GET", SCORECARD)[0] == 200,
        lambda visitor: "version" in visitor.graphql("{ version }"),
    ),
    "read the headlines by facility and payer (`/trace`)": lambda visitor: (
        visitor.ask("GET", "/trace/")[0] == 200
    ),
    "see claims": lambda visitor: visitor.ask("GET", "/trace/claim/x")[0] == 404,
    "see stack traces and what runs printed": _all(
        _sees_where_it_broke, lambda visitor: visitor.ask("GET", "/logs/x/y/out")[0] == 404
    ),
    "start runs": lambda visitor: visitor.launches() == "LaunchRunSuccess",
    "stop and delete runs": _all(_may('terminateRun(runId: "x")'), _may('deleteRun(runId: "x")')),
    "start and stop schedules and sensors": _all(
        _may(f'startSchedule(scheduleSelector: {{{NOWHERE}, scheduleName: "x"}})'),
        _may(f'startSensor(sensorSelector: {{{NOWHERE}, sensorName: "x"}})'),
        _may('stopSensor(id: "x")'),
    ),
    "back-fill partitions": _may("launchPartitionBackfill(backfillParams: {partitionNames: []})"),
    "wipe what is known of an asset": _may("wipeAssets(assetPartitionRanges: [])"),
    "report a materialization, an observation or a check that no run made": _all(
        lambda visitor: visitor.reports() == 200,
        _may(
            "reportRunlessAssetEvents(eventParams: {eventType: ASSET_MATERIALIZATION, "
            'assetKey: {path: ["forged"]}})'
        ),
    ),
    "reload or stop the code location": _all(
        _may('reloadRepositoryLocation(repositoryLocationName: "x")'),
        _may('shutdownRepositoryLocation(repositoryLocationName: "x")'),
    ),
}


@pytest.mark.prove
def test_each_role_may_what_the_readme_says(anyone: Visitor) -> None:
    text = (Path(__file__).parents[2] / "deploy/README.md").read_text()
    [table] = re.findall(r"^\| may \|(?:.*\n)+?\n", text, re.MULTILINE)
    head, _, *rows = [
        [cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines() if row
    ]
    said = {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}
    roles = {"viewer": "eve", "launcher": "lea", "editor": "ed", "admin": "admin"}
    found: dict[str, dict[str, str]] = {what: {} for what in MAY}
    for role, name in roles.items():
        visitor = anyone.logged_in(name)
        for what, may in MAY.items():
            found[what][role] = "yes" if may(visitor) else "no"
    assert found == said


# ------------------------------------------------------------------ signing in and out


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//elsewhere.example", "///elsewhere.example", "////elsewhere.example/",
        "/\\elsewhere.example", "/\\/elsewhere.example", "\\\\elsewhere.example",
        "/\t/elsewhere.example", "\t//elsewhere.example", "/\n/elsewhere.example",
        " //elsewhere.example", "https:elsewhere.example", "https:///elsewhere.example",
        "https://elsewhere.example", "javascript:alert(1)", "data:text/html,x",
        "elsewhere.example", "@elsewhere.example", "", "/auth/logout", "/x\r\nSet-Cookie: a=b",
        "/./auth/logout", "/x/../auth/logout", "/%61uth/logout",
    ],
)  # fmt: skip
@pytest.mark.prove
def test_a_login_leads_nowhere_else(anyone: Visitor, elsewhere: str) -> None:
    status, _, headers = anyone.signs_in("eve", next=elsewhere)
    assert (status, headers["Location"]) == (302, "/")
    page = anyone.ask("GET", "/auth/login?" + urlencode({"next": elsewhere}))[1]
    assert '<input type="hidden" name="next" value="/">' in page


@pytest.mark.parametrize(
    "encoded", ["/%2F%2Felsewhere.example", "/%5Celsewhere.example", "/%09/elsewhere.example"]
)
@pytest.mark.prove
def test_what_is_encoded_stays_a_path_of_ours(anyone: Visitor, encoded: str) -> None:
    headers = anyone.signs_in("eve", next=encoded)[2]
    assert headers["Location"] in ("/", encoded)


@pytest.mark.prove
def test_a_login_leads_to_the_page_that_was_asked_for(anyone: Visitor) -> None:
    path = "/trace/kpi/cash?month=2025-05&payer=Payer%20A"
    asked = anyone.ask("GET", path)[2]["Location"]
    assert asked == f"/auth/login?next={quote(path, safe='/')}"
    assert f'name="next" value="{html.escape(path)}"' in anyone.ask("GET", asked)[1]
    assert anyone.signs_in("eve", next=path)[2]["Location"] == path


@pytest.mark.prove
def test_the_first_page_is_the_scorecard_for_who_only_reads(anyone: Visitor) -> None:
    for name in ("lea", "ed", "admin"):
        status, page, _ = anyone.logged_in(name).ask("GET", "/")
        assert (status, "Dagster" in page) == (200, True), name
    status, _, headers = anyone.logged_in("eve").ask("GET", "/")
    assert (status, headers["Location"]) == (307, SCORECARD)


@pytest.mark.parametrize("token", ["", "x", "other"])
@pytest.mark.parametrize("with_cookie", [True, False])
@pytest.mark.prove
def test_a_login_needs_the_form_that_this_browser_was_given(
    anyone: Visitor, token: str, with_cookie: bool
) -> None:
    visitor = Visitor(anyone.port, address="127.0.1.1")
    tokens = [cookies_of(visitor.ask("GET", "/auth/login")[2])["csrf_token"] for _ in range(2)]
    fields = {"username": "eve", "password": PASSWORD, "csrf_token": tokens[0]}
    if with_cookie:
        fields["csrf_token"] = {"other": tokens[1]}.get(token, token)
    status, _, headers = visitor.ask(
        "POST", "/auth/process", urlencode(fields),
        Content_Type="application/x-www-form-urlencoded",
        Cookie=f"csrf_token={tokens[0]}" if with_cookie else f"csrf_token={token}",
    )  # fmt: skip
    assert status == 403
    assert "dagster_session" not in cookies_of(headers)


@pytest.mark.prove
def test_who_guesses_passwords_shuts_out_nobody_else(anyone: Visitor, home: Path) -> None:
    known = f"known_browser={cookies_of(anyone.signs_in('admin')[2])['known_browser']}"
    guesser = Visitor(anyone.port, address="127.0.1.2")
    for _ in range(5):
        assert guesser.signs_in("admin", "a wrong password")[0] == 401
    # neither the right password helps now, nor another name, nor a claim to come from elsewhere
    for name, more in (("admin", {}), ("eve", {}), ("admin", {"X-Forwarded-For": "192.0.2.1"})):
        status, page, headers = guesser.signs_in(name, more=more)
        assert status == 429
        assert "Too many wrong passwords from here. Try again in 5 minutes." in page
        assert 0 < int(headers["Retry-After"]) <= 300
    # the administrator comes in from elsewhere, and in a known browser also from there
    assert anyone.signs_in("admin")[0] == 302
    assert guesser.signs_in("admin", cookies=known)[0] == 302
    # which is known for that name only
    assert guesser.signs_in("eve", cookies=known)[0] == 429
    reasons = [event.get("reason") for event in _audit(home) if event.get("ip") == "127.0.1.2"]
    assert reasons.count("INVALID_CREDENTIALS") == 5


@pytest.mark.prove
def test_a_right_password_does_not_hide_the_guesses_before_it(anyone: Visitor) -> None:
    guesser = Visitor(anyone.port, address="127.0.1.3")
    for _ in range(4):
        guesser.signs_in("admin", "a wrong password")
    assert guesser.signs_in("eve")[0] == 302
    assert guesser.signs_in("admin", "a wrong password")[0] == 401
    assert guesser.signs_in("admin", "a wrong password")[0] == 429


@pytest.mark.prove
def test_only_the_proxy_says_where_a_visitor_comes_from_and_how(
    anyone: Visitor, home: Path
) -> None:
    claim = {"X-Forwarded-For": "192.0.2.7, 198.51.100.7", "X-Forwarded-Proto": "https"}
    for address, believed in (("127.0.1.4", False), (PROXY, True)):
        visitor = Visitor(anyone.port, address=address)
        _, _, headers = visitor.signs_in("eve", more=claim)
        assert ("Strict-Transport-Security" in headers) is believed
        last = [e for e in _audit(home) if e["event_type"] == "LOGIN_ATTEMPT"][-1]
        assert last["ip"] == ("198.51.100.7" if believed else address)


@pytest.mark.prove
def test_the_login_page_has_our_name_and_no_text_of_others(anyone: Visitor) -> None:
    foreign = "Call 555-0100 <script>alert(1)</script>"
    query = {"error": foreign, "next": "/" + foreign, "reason": foreign, "problem": foreign}
    status, page, headers = anyone.ask("GET", "/auth/login?" + urlencode(query))
    assert status == 200
    assert "555" not in page
    assert "<title>Sign in · rcm_platform</title>" in page
    assert "dagster" not in page.lower()
    assert not re.findall(r"https?://", page)
    assert headers["X-Frame-Options"] == "DENY"
    visitor = Visitor(anyone.port, address="127.0.1.5")
    status, page, _ = visitor.signs_in(foreign, foreign, next=f"/{foreign}")
    assert status == 401
    assert "555" not in page
    assert "The name or the password is wrong." in page


@pytest.mark.parametrize("name", ["' or 1=1 --", "admin'--", '" or ""="', "admin\x00", "*", ""])
@pytest.mark.prove
def test_no_name_lets_in(anyone: Visitor, name: str) -> None:
    visitor = Visitor(anyone.port, address="127.0.1.6")
    status, page, headers = visitor.signs_in(name, "' or '1'='1")
    assert status in (401, 429), page
    assert "dagster_session" not in cookies_of(headers)


@pytest.mark.prove
def test_a_form_without_end_is_not_read(anyone: Visitor) -> None:
    assert anyone.signs_in("eve", next="/" + "x" * 20_000)[0] == 413


@pytest.mark.prove
def test_a_session_is_new_at_each_login(anyone: Visitor) -> None:
    chosen = session_of(anyone.signs_in("gus")[2]) + "x"
    given = session_of(anyone.signs_in("gus", cookies=f"dagster_session={chosen}")[2])
    assert given != chosen
    assert Visitor(anyone.port, {"Cookie": f"dagster_session={given}"}).is_in()
    assert not Visitor(anyone.port, {"Cookie": f"dagster_session={chosen}"}).is_in()


@pytest.mark.prove
def test_who_signs_out_is_out_everywhere_and_only_by_our_own_page(anyone: Visitor) -> None:
    here, there = anyone.logged_in("gus"), anyone.logged_in("gus")
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    status, _, headers = here.ask("GET", "/auth/logout", **link, Sec_Fetch_Dest="document")
    assert (status, headers["Location"]) == (302, "/")
    assert here.is_in()
    status, _, headers = here.ask("GET", "/auth/logout")
    assert (status, headers["Location"]) == (302, "/auth/login")
    assert cookies_of(headers)["dagster_session"] in ("", '""')
    assert not here.is_in()
    assert not there.is_in()


@pytest.mark.prove
def test_a_changed_role_or_password_or_a_deleted_user_holds_at_once(
    anyone: Visitor, home: Path, rcm: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_AUTH_SECRET_KEY", KEY)
    visitor = anyone.logged_in("gus")
    changed = PASSWORD + " changed"
    for command, password, status in (
        (("change-role", "gus", "launcher"), PASSWORD, 404),
        (("change-password", "gus", "--password", changed), changed, 404),
        (("change-role", "gus", "viewer"), changed, 403),
    ):
        assert visitor.is_in()
        done = rcm("users", *command, home=home)
        assert done.returncode == 0, done.stderr
        assert not visitor.is_in()
        visitor = anyone.logged_in("gus", password)
        assert visitor.ask("GET", "/trace/claim/x")[0] == status
    assert rcm("users", "delete-user", "gus", "--yes", home=home).returncode == 0
    assert not visitor.is_in()


def test_a_short_password_is_refused(
    tmp_path: Path, rcm: RunCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_AUTH_SECRET_KEY", KEY)
    done = rcm("users", "add-user", "eve", "--viewer", "--password", "eleven char", home=tmp_path)
    assert done.returncode == 1
    assert "12 characters" in done.stdout + done.stderr
    assert "eleven char" not in done.stdout + done.stderr
    monkeypatch.setenv("DAGSTER_AUTH_ADMIN_PASSWORD", "eleven char")
    with pytest.raises(ValueError, match="DAGSTER_AUTH_ADMIN_PASSWORD must have 12"):
        access.access(Settings(home=tmp_path))


def test_no_proxy_speaks_for_everyone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_AUTH_SECRET_KEY", KEY)
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    assert access.access(Settings(home=tmp_path))["FORWARDED_ALLOW_IPS"] == ""
    monkeypatch.setenv("DAGSTER_AUTH_PROXY_TRUSTED_IPS", "10.0.0.1, 10.0.0.2")
    assert access.access(Settings(home=tmp_path))["FORWARDED_ALLOW_IPS"] == "10.0.0.1,10.0.0.2"
    monkeypatch.setenv("DAGSTER_AUTH_PROXY_TRUSTED_IPS", "*")
    with pytest.raises(ValueError, match="name the addresses"):
        access.access(Settings(home=tmp_path))


# ------------------------------------------------------------------ crafted requests

QUERY = json.dumps({"query": "{ version }"})
POSTED = {"Content-Type": "application/json"}
CRAFTED: list[tuple[str, str, dict[str, str], str | None]] = [
    ("GET", "//server_info", {}, None),
    ("GET", "/auth/../server_info", {}, None),
    ("GET", "/auth/%2e%2e/server_info", {}, None),
    ("GET", "/auth/..%2fserver_info", {}, None),
    ("GET", "/static/../server_info", {}, None),
    ("GET", "/static/..%2f..%2fserver_info", {}, None),
    ("GET", "/auth/login/../../trace/", {}, None),
    ("GET", "/trace/%2e%2e/auth/login", {}, None),
    ("GET", "/trace/?path=/auth/login", {}, None),
    ("GET", "/trace/;/auth/login", {}, None),
    ("GET", "http://elsewhere.example/trace/", {}, None),
    ("GET", "/trace/", {"Host": "127.0.0.1/auth/login?"}, None),
    ("GET", "/trace/", {"Host": "127.0.0.1/auth/"}, None),
    ("GET", "/trace/", {"X-Original-URL": "/auth/login", "X-Rewrite-URL": "/auth/login"}, None),
    ("GET", "/trace/", {"X-Forwarded-Prefix": "/auth", "X-Forwarded-Host": "x/auth/"}, None),
    ("GET", "/trace/", {"Remote-User": "admin", "Remote-Groups": "admin"}, None),
    ("GET", "/trace/", {"X-Forwarded-User": "admin", "X-Forwarded-For": "127.0.0.1"}, None),
    ("GET", "/trace/", {"Authorization": "Basic YWRtaW46YWRtaW4="}, None),
    ("GET", "/trace/", {"Dagster-Cloud-Api-Token": ""}, None),
    ("GET", "/trace/", {"Cookie": "dagster_session=admin"}, None),
    ("GET", "/trace/", {"Cookie": "dagster_session=eyJ1c2VybmFtZSI6ImFkbWluIn0.aaaaaa.bbbb"}, None),
    ("GET", "/trace/", {"Cookie": 'dagster_session="a; csrf_token=b"; dagster_session='}, None),
    ("HEAD", "/trace/", {}, None),
    ("OPTIONS", "/graphql", {"Access-Control-Request-Method": "POST"}, None),
    ("TRACE", "/trace/", {}, None),
    ("POST", "/trace/", POSTED, "{}"),
    ("POST", "/graphql", POSTED, QUERY),
    ("POST", "/graphql/", POSTED, QUERY),
    ("POST", "/%67raphql", POSTED, QUERY),
    ("POST", "/graphql;x", POSTED, QUERY),
    ("POST", "/graphql%00", POSTED, QUERY),
    ("POST", "/GRAPHQL", POSTED, QUERY),
    ("POST", "/auth/graphql", POSTED, QUERY),
    ("POST", "/auth/../graphql", POSTED, QUERY),
    ("POST", "/auth//process", POSTED, QUERY),
    ("POST", "/auth/process/../../graphql", POSTED, QUERY),
    ("POST", "/graphql", POSTED | {"Host": "127.0.0.1/auth/login?"}, QUERY),
    ("POST", "/graphql", POSTED | {"X-HTTP-Method-Override": "GET"}, QUERY),
    ("POST", "/graphql", POSTED, f"[{QUERY}, {QUERY}]"),
    ("POST", "/report_asset_materialization/x", POSTED, "{}"),
    ("POST", "/auth/report_asset_materialization/x", POSTED, "{}"),
    ("GET", "/auth/metrics?token=", {}, None),
    ("GET", "/logs/x/y/out", {}, None),
    ("GET", "/download_debug/x", {}, None),
    ("GET", "/docs/../trace/", {}, None),
]


@pytest.mark.parametrize(("method", "path", "headers", "body"), CRAFTED)
@pytest.mark.prove
def test_no_crafted_request_comes_in_without_a_login(
    anyone: Visitor, method: str, path: str, headers: dict[str, str], body: str | None
) -> None:
    status, text, answered = anyone.ask(method, path, body, **headers)
    assert 300 <= status < 500, text
    assert answered.get("Location", "/auth/").startswith(("/auth/", "/", "http://127.0.0.1"))
    assert "version" not in text
    assert "Cash" not in text


@pytest.mark.parametrize(
    "body",
    [
        LAUNCH.replace("mutation", "# a comment\nmutation"),
        LAUNCH.replace("mutation", "mutation Named") + " query Read { version }",
        "query Read { version } " + LAUNCH.replace("mutation", "mutation Named"),
        "mutation { ...f } fragment f on Mutation " + LAUNCH.partition("mutation")[2],
        "mutation { ... on Mutation " + LAUNCH.partition("mutation")[2] + "}",
        LAUNCH.replace("launchRun", "version: launchRun"),
        LAUNCH.replace("{ launchRun", "@include(if: true) { launchRun"),
        "subscription" + LAUNCH.partition("mutation")[2],
        [LAUNCH],
        [{"query": "{ version }"}, {"query": LAUNCH}],
        {"query": "{ version }", "operationName": "Read", "extensions": {"query": LAUNCH}},
        {"query": LAUNCH, "operationName": ["x"]},
        {"query": {"query": LAUNCH}},
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
@pytest.mark.prove
def test_a_viewer_starts_nothing_however_it_is_written(
    viewer: Visitor, body: Any, encoding: str
) -> None:
    count = "{ runsOrError { ... on Runs { count } } }"
    before = viewer.graphql(count)
    given = {"query": body, "operationName": "Named"} if "Named" in str(body) else {"query": body}
    sent = json.dumps(body if isinstance(body, dict | list) else given)
    kind = f"application/json; charset={encoding}"
    _, text, _ = viewer.ask("POST", "/graphql", sent.encode(encoding), Content_Type=kind)
    assert "LaunchRunSuccess" not in text
    assert ".py" not in text
    assert viewer.graphql(count) == before


@pytest.mark.parametrize(
    "path",
    [
        "/docs/..%2f..%2fusers.db", "/docs/%2e%2e/%2e%2e/users.db", "/docs/..%5c..%5cusers.db",
        "/docs//etc/passwd", "/_next/..%2f..%2f..%2f..%2fwebserver.py",
        "/logs/..%2f..%2fusers/db", "/logs/../../users/db", "/logs/%2e%2e/%2e%2e/%2e%2e/users/db",
        "/logs//etc/passwd", "/logs/..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd",
        "/notebook?repoLocName=rcm_platform.definitions&path=../../users.db",
        "/notebook?repoLocName=rcm_platform.definitions&path=/etc/passwd%00.ipynb",
        "/trace/claim/..%2f..%2f..%2fusers.db", "/trace/kpi/..%2fusers.db",
        "/download_debug/..%2f..",
    ],
)  # fmt: skip
@pytest.mark.prove
def test_no_path_leads_out_of_its_folder(admin: Visitor, path: str) -> None:
    _, text, _ = admin.ask("GET", path)
    for secret in ("SQLite format", "password_hash", "root:x:", "import gzip"):
        assert secret not in text


@pytest.mark.parametrize(
    "path",
    [
        "/trace/claim/{}", "/trace/kpi/cash?month={}", "/docs/{}",
        "/auth/login?next={}", "/auth/{}", "/logs/{}/out",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "x' or 1=1 --", "x'; drop table x --"]
)
@pytest.mark.prove
def test_an_address_is_neither_markup_nor_sql(admin: Visitor, path: str, text: str) -> None:
    asked = path.format(quote(text, safe=""))
    status, page, _ = admin.ask("GET", asked)
    assert status in (200, 404), page
    assert "<script>alert" not in page
    assert "Traceback" not in page


# ------------------------------------------------------------------ web sockets


@pytest.mark.prove
def test_a_web_socket_is_for_our_own_page_of_who_is_logged_in(
    anyone: Visitor, viewer: Visitor
) -> None:
    ours = f"http://127.0.0.1:{anyone.port}"
    for visitor, origin in ((anyone, ours), (viewer, "http://elsewhere.example"), (viewer, "null")):
        with pytest.raises(InvalidStatus) as refused, _socket(visitor, origin):
            pass
        assert refused.value.response.status_code == 403
    with _socket(viewer, ours) as socket:
        socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(socket.recv())["type"] == "connection_ack"


@pytest.mark.prove
def test_no_role_starts_anything_by_a_web_socket(anyone: Visitor) -> None:
    admin = anyone.logged_in("admin")
    count = "{ runsOrError { ... on Runs { count } } }"
    before = admin.graphql(count)
    with _socket(admin, f"http://127.0.0.1:{anyone.port}") as socket:
        start = {"type": "start", "id": "1", "payload": {"query": LAUNCH}}
        socket.send(json.dumps(start))
        assert json.loads(socket.recv())["type"] == "error"
    assert admin.graphql(count) == before


def _socket(visitor: Visitor, origin: str) -> ClientConnection:
    return connect(
        f"ws://127.0.0.1:{visitor.port}/graphql",
        origin=Origin(origin),
        additional_headers=visitor.headers,
        subprotocols=[Subprotocol("graphql-ws")],
    )


def _audit(home: Path) -> list[dict[str, Any]]:
    text = Settings(home=home).audit_log_path.read_text()
    return [json.loads(line) for line in text.splitlines()]
