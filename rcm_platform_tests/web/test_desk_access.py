"""Who sees what at the desk of `rcm serve`: roles, pages and organizations, on a real server."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from rcm_platform.desk import viewer as viewers
from rcm_platform.desk.screens import SCREENS
from rcm_platform.desk.store import Store
from rcm_platform.desk.viewer import Viewer
from rcm_platform.publish import versions
from rcm_platform.publish.audiences import LEADERSHIP, OPERATIONS
from rcm_platform.settings import Settings
from rcm_platform.web import desk
from rcm_platform_tests.conftest import Built, RunCli
from rcm_platform_tests.support.desk_sockets import DeskTab, title
from rcm_platform_tests.support.visits import IN_A_BROWSER, Visit, browser
from rcm_platform_tests.support.web_servers import serving
from rcm_platform_tests.web.test_access import KEY, PASSWORD, Visitor

pytestmark = pytest.mark.prove

NOT_SHOWN = "Not shown to you"

ROLES = {
    "lea": "--launcher",
    "eve": "--viewer",
    "bo": "--launcher",
    "cy": "--viewer",
    "gus": "--viewer",
}
LIMITED = ("bo", "cy")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, built: Built) -> Path:
    home = tmp_path_factory.mktemp("home")
    Settings(home=home).published_dir.symlink_to(built.settings.published_dir)
    return home


@pytest.fixture(scope="module")
def places(home: Path) -> list[tuple[str, str, str, str]]:
    """Facilities: id, name, the key of a claim and its number; the first is the one to see."""
    with versions.open_published(Settings(home=home).published_dir, OPERATIONS) as con:
        return con.execute(
            "select facility_id, facility_name, min(claim_key), min_by(claim_id, claim_key) "
            "from dim_facility join fct_claims using (facility_key) group by all order by 1 limit 2"
        ).fetchall()


@pytest.fixture(scope="module")
def users(
    home: Path, rcm: RunCli, places: list[tuple[str, str, str, str]]
) -> Iterator[dict[str, Visitor]]:
    """By name, signed in; bo and cy are limited to the first facility."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_AUTH_SECRET_KEY", KEY)
        for name, role in ROLES.items():
            done = rcm("users", "add-user", name, role, "--password", PASSWORD, home=home)
            assert done.returncode == 0, done.stderr
        for name in LIMITED:
            done = rcm("users", "limit", name, places[0][1], home=home)
            assert done.returncode == 0, done.stderr
            assert places[0][1] in done.stdout
        # the desk needs no graph: in the place of a code server, nobody answers
        with socket.create_server(("127.0.0.1", 0)) as code_server:
            threading.Thread(target=hang_up, args=(code_server,), daemon=True).start()
            where = f"127.0.0.1:{code_server.getsockname()[1]}"
            options = {"DAGSTER_AUTH_SECRET_KEY": KEY, "RCM_CODE_SERVER": where}
            with serving(home, "serve", "--only", "web", **options) as port:
                yield {name: Visitor(port).logged_in(name) for name in ROLES}


def hang_up(server: socket.socket) -> None:
    with suppress(OSError):  # it is closed at the end
        while True:
            server.accept()[0].close()


def _pages(visitor: Visitor, **more: str) -> DeskTab:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return DeskTab(visitor.port, {**visitor.headers, **named})


def _viewer(name: str) -> Viewer:
    audience = OPERATIONS if ROLES[name] == "--launcher" else LEADERSHIP
    return Viewer(name, audience, ("one",) if name in LIMITED else None)


@pytest.mark.parametrize("name", ["lea", "eve", "bo", "cy"])
def test_each_page_is_for_its_roles_and_organizations(
    users: dict[str, Visitor], places: list[tuple[str, str, str, str]], name: str
) -> None:
    (_, mine, *_), (_, others, *_) = places
    for screen in SCREENS:
        with _pages(users[name]) as pages:
            text = pages.open(screen.path)
        assert "could not be made" not in text, screen.name
        is_shown = title(text) != NOT_SHOWN
        assert is_shown == screen.is_for(_viewer(name)), screen.name
        if name in LIMITED and is_shown:
            assert others not in text, screen.name
            assert f"Organizations: {mine}" in text, screen.name


def test_a_claim_of_another_organization_is_like_none(
    users: dict[str, Visitor], places: list[tuple[str, str, str, str]], home: Path
) -> None:
    (_, _, mine, number), (_, _, others, _) = places
    with _pages(users["bo"]) as pages:
        assert number in title(pages.open("claim", f"id={mine}"))
    answers = []
    for key in (others, "nothing"):
        with _pages(users["bo"]) as pages:
            answers.append(title(pages.open("claim", f"id={key}")))
    assert answers[0] == answers[1]
    with _pages(users["eve"]) as pages:
        assert title(pages.open("claim", f"id={mine}")) == NOT_SHOWN
    looks = [(e["username"], e["resource"]) for e in _audit(home, "CLAIM_VIEWED")]
    assert looks == [("bo", mine)]


def test_nobody_looks_without_a_login(users: dict[str, Visitor]) -> None:
    anyone = Visitor(users["eve"].port)
    for path in ("/desk/", "/desk/worklists", "/desk/media/x.csv", "/desk/_stcore/health"):
        status, _, headers = anyone.ask("GET", path)
        assert (status, headers["Location"]) == (302, f"/auth/login?next={path}")
    with pytest.raises(InvalidStatus) as refused:
        _pages(anyone)
    assert refused.value.response.status_code == 403


def test_headers_of_a_visitor_make_nobody_else(
    users: dict[str, Visitor], places: list[tuple[str, str, str, str]]
) -> None:
    forged = {
        viewers.USER: "lea",
        viewers.AUDIENCE: OPERATIONS,
        viewers.ORGANIZATIONS: "[]",
        viewers.KEY: "x" * 43,
    }
    with DeskTab(users["eve"].port, {**users["eve"].headers, **forged}) as pages:
        assert title(pages.open("worklists")) == NOT_SHOWN
    # an empty list of organizations, or none, does not lift a limit
    more = {name: text for name, text in forged.items() if name != viewers.ORGANIZATIONS}
    with DeskTab(users["bo"].port, {**users["bo"].headers, **more}) as pages:
        assert places[1][1] not in pages.open("worklists")


def test_nobody_goes_on_with_the_session_of_another(users: dict[str, Visitor]) -> None:
    with _pages(users["lea"]) as pages:
        pages.open("worklists", "search=CLM")
        session = pages.session
    port = users["lea"].port
    with DeskTab(port, users["eve"].headers, session) as pages:
        assert title(pages.open("worklists")) == NOT_SHOWN
        assert pages.session != session
    with DeskTab(port, users["bo"].headers, session) as pages:
        pages.open("worklists")
        assert pages.session != session
    with DeskTab(port, users["lea"].headers, session) as pages:
        pages.open("worklists")
        assert pages.session == session


def test_who_is_limited_opens_nothing_that_shows_others(
    users: dict[str, Visitor], home: Path
) -> None:
    for path in ("/", "/trace/", "/assets/leadership/scorecard"):
        status, _, headers = users["bo"].ask("GET", path, Accept="text/html")
        assert (status, headers["Location"]) == (307, "/desk/")
    body = json.dumps({"query": "{ version }"})
    assert users["bo"].ask("POST", "/graphql", body, Content_Type="application/json")[0] == 403
    assert users["bo"].ask("GET", "/trace/claim/x")[0] == 403
    reasons = {e["reason"] for e in _audit(home, "ACCESS_CONTROL") if e["username"] == "bo"}
    assert "LIMITED_TO_ORGANIZATIONS" in reasons


@IN_A_BROWSER
def test_two_people_on_one_claim_lose_nothing(
    users: dict[str, Visitor], places: list[tuple[str, str, str, str]], home: Path
) -> None:
    (_, _, claim, number), *_ = places
    with browser(users["lea"].port) as lea:
        chromium = lea.page.context.browser
        assert chromium
        bo = Visit(chromium.new_context().new_page(), lea.base)
        for name, visit in (("lea", lea), ("bo", bo)):
            visit.open(f"/desk/claim?id={claim}")
            visit.page.locator("input[name=username]").fill(name)
            visit.page.locator("input[name=password]").fill(PASSWORD)
            visit.page.keyboard.press("Enter")
            visit.sees(f"Claim {number}", "Nobody has written anything down")
        for name, visit in (("lea", lea), ("bo", bo)):
            visit.page.get_by_role("textbox", name="Note").fill(f"What {name} wrote.")
        save = {"name": "Save", "exact": True}
        bo.page.get_by_role("button", **save).click()
        bo.sees("Stored.")
        # who comes second is told, reads the other's words, and keeps their own
        lea.page.get_by_role("button", **save).click()
        lea.sees("bo made an entry on this claim", "What bo wrote.")
        assert lea.page.get_by_role("textbox", name="Note").input_value() == "What lea wrote."
        lea.page.get_by_role("button", **save).click()
        lea.sees("Stored.")
    made = [
        (entry.made_by, entry.note) for entry in Store.open(Settings(home=home)).of_claim(claim)
    ]
    assert made == [("bo", "What bo wrote."), ("lea", "What lea wrote.")]


def test_a_page_is_closed_when_its_viewer_signs_out(users: dict[str, Visitor]) -> None:
    with _pages(users["gus"]) as pages:
        assert title(pages.open()) == "Executive"
        users["gus"].ask("GET", "/auth/logout")
        assert pages.closed_with() == desk.SIGNED_OUT
    with pytest.raises(InvalidStatus):
        _pages(users["gus"])


def test_a_page_is_closed_when_its_viewer_is_limited(
    users: dict[str, Visitor],
    home: Path,
    rcm: RunCli,
    places: list[tuple[str, str, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DAGSTER_AUTH_SECRET_KEY", KEY)
    with _pages(users["lea"]) as pages:
        assert places[1][1] in pages.open("command-center")
        assert rcm("users", "limit", "lea", places[0][0], home=home).returncode == 0
        assert pages.closed_with() == desk.SIGNED_OUT
    with _pages(users["lea"]) as pages:
        assert places[1][1] not in pages.open("command-center")
    assert rcm("users", "limit", "lea", "--all", home=home).returncode == 0


def _audit(home: Path, event: str) -> list[dict[str, Any]]:
    text = Settings(home=home).audit_log_path.read_text()
    return [one for line in text.splitlines() if (one := json.loads(line))["event_type"] == event]
