"""Signing in by an OpenID Connect provider: a real one, and a real `rcm serve`, on loopback."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import oidc_provider_mock
import pytest

from rcm_platform.settings import Settings
from rcm_platform.web import access, single_sign_on
from rcm_platform_tests.conftest import RunCli
from rcm_platform_tests.support.web_servers import serving
from rcm_platform_tests.web.test_access import KEY, PASSWORD, Visitor, cookies_of, session_of
from rcm_platform_tests.web.test_desk_access import hang_up

CLAIM = "preferred_username"
CLIENT = {"RCM_OIDC_CLIENT_ID": "rcm", "RCM_OIDC_CLIENT_SECRET": "a secret"}


def person(sub: str, **claims: object) -> oidc_provider_mock.User:
    return oidc_provider_mock.User(sub=sub, claims=claims)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    people = (
        person("1", preferred_username="lea"),
        person("2", preferred_username="gone"),
        person("3", preferred_username="stranger"),
        person("4", preferred_username="LEA"),
        person("5"),
    )
    with oidc_provider_mock.run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def visitor(home: Path, rcm: RunCli, issuer: str) -> Iterator[Visitor]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_AUTH_SECRET_KEY", KEY)
        for command in (
            ("add-user", "lea", "--launcher", "--password", PASSWORD),
            ("add-user", "gone", "--viewer", "--password", PASSWORD),
            ("delete-user", "gone", "--yes"),
        ):
            done = rcm("users", *command, home=home)
            assert done.returncode == 0, done.stderr
        with socket.create_server(("127.0.0.1", 0)) as code_server:
            threading.Thread(target=hang_up, args=(code_server,), daemon=True).start()
            options = {
                "DAGSTER_AUTH_SECRET_KEY": KEY,
                "RCM_CODE_SERVER": f"127.0.0.1:{code_server.getsockname()[1]}",
                "RCM_OIDC_ISSUER": issuer,
                **CLIENT,
            }
            with serving(home, "serve", "--only", "web", **options) as port:
                yield Visitor(port)


def begins(visitor: Visitor, destination: str = "/desk/") -> tuple[str, str]:
    """Where the provider is asked, and the cookie that waits for its answer."""
    status, page, headers = visitor.ask("GET", f"/auth/sso?{urlencode({'next': destination})}")
    assert status == 302, page
    return headers["Location"], f"sso_state={cookies_of(headers)['sso_state']}"


def answered(asked: str, sub: str) -> str:
    """What the provider sends back for a person: path and query."""
    answer = httpx2.post(asked, data={"sub": sub})
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def test_the_page_leads_to_the_provider_and_on_to_what_was_asked_for(visitor: Visitor) -> None:
    status, page, _ = visitor.ask("GET", "/auth/login?next=/desk/%3Fpayer%3Dp1")
    assert status == 200
    (link,) = re.findall(r'href="(/auth/sso[^"]*)"', page)
    assert parse_qs(urlsplit(link).query) == {"next": ["/desk/?payer=p1"]}
    asked, state = begins(visitor, "/desk/?payer=p1")
    assert parse_qs(urlsplit(asked).query)["code_challenge_method"] == ["S256"]
    status, page, headers = visitor.ask("GET", answered(asked, "1"), Cookie=state)
    assert (status, headers["Location"]) == (302, "/desk/?payer=p1"), page
    assert Visitor(visitor.port, {"Cookie": f"dagster_session={session_of(headers)}"}).is_in()


def test_who_comes_in_has_the_role_that_is_kept_here(visitor: Visitor, home: Path) -> None:
    asked, state = begins(visitor)
    _, _, headers = visitor.ask("GET", answered(asked, "1"), Cookie=state)
    lea = Visitor(visitor.port, {"Cookie": f"dagster_session={session_of(headers)}"})
    assert lea.reports() == 403  # a launcher may not write down results
    assert "lea" in Settings(home=home).audit_log_path.read_text()


@pytest.mark.parametrize("sub", ["2", "3", "4", "5"])
def test_whom_only_the_provider_knows_stays_outside(visitor: Visitor, sub: str) -> None:
    asked, state = begins(visitor)
    status, page, headers = visitor.ask("GET", answered(asked, sub), Cookie=state)
    assert status == 403
    assert "this installation does not" in page
    assert "dagster_session" not in cookies_of(headers)


def test_an_answer_that_this_browser_did_not_wait_for_is_refused(visitor: Visitor) -> None:
    asked, state = begins(visitor)
    answer = answered(asked, "1")
    for cookie in ("", begins(visitor)[1]):
        status, page, headers = visitor.ask("GET", answer, Cookie=cookie)
        assert status == 403, page
        assert "Begin again" in page
        assert "dagster_session" not in cookies_of(headers)
    assert visitor.ask("GET", answer, Cookie=state)[0] == 302
    # a code is taken once
    assert visitor.ask("GET", answer, Cookie=state)[0] == 401


def test_a_refusal_of_the_provider_is_told(visitor: Visitor) -> None:
    asked, state = begins(visitor)
    given = parse_qs(urlsplit(asked).query)["state"][0]
    path = f"/auth/sso/answer?{urlencode({'error': 'access_denied', 'state': given})}"
    status, page, _ = visitor.ask("GET", path, Cookie=state)
    assert status == 401
    assert "did not let you in" in page


def test_nobody_is_led_to_another_site(visitor: Visitor) -> None:
    asked, state = begins(visitor, "//elsewhere.example/")
    _, _, headers = visitor.ask("GET", answered(asked, "1"), Cookie=state)
    assert headers["Location"] == "/"


def test_a_password_still_lets_in(visitor: Visitor) -> None:
    assert visitor.logged_in("lea").is_in()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"oidc_issuer": "https://login.example"}, "RCM_OIDC_CLIENT_ID and RCM_OIDC_CLIENT_SECRET"),
        ({"oidc_client_id": "rcm", "oidc_client_secret": "x"}, "RCM_OIDC_ISSUER must be set"),
        (
            {
                "oidc_issuer": "http://login.example",
                "oidc_client_id": "a",
                "oidc_client_secret": "b",
            },
            "must begin with https",
        ),
    ],
)
def test_half_a_configuration_is_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        single_sign_on.provider(Settings.model_validate(given))


@pytest.mark.parametrize(
    ("name", "value"),
    [("DAGSTER_AUTH_BACKEND", "ldap"), ("DAGSTER_AUTH_COOKIE_SAMESITE", "strict")],
)
def test_what_it_cannot_go_with_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str
) -> None:
    monkeypatch.setenv("DAGSTER_AUTH_SECRET_KEY", KEY)
    monkeypatch.setenv(name, value)
    settings = Settings.model_validate(
        {
            "home": tmp_path,
            "oidc_issuer": "https://login.example",
            "oidc_client_id": "rcm",
            "oidc_client_secret": "a secret",
        }
    )
    with pytest.raises(ValueError, match=f"{name}={value}"):
        access.access(settings)
