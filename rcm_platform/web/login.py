"""Signing in and out of `rcm serve`, and how often a wrong password may be tried.

These routes stand in the place of authkit's, which lead anywhere, show what an address says and
count by the name that is tried, so that anyone can shut anyone out. Users, passwords, sessions and
the audit log are authkit's.
"""

from __future__ import annotations

import hmac
import ipaddress
import math
import posixpath
import re
import secrets
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from dagster_authkit.api.health import track_login_attempt
from dagster_authkit.auth.security import SecurityHardening
from dagster_authkit.auth.session import sessions
from dagster_authkit.core.registry import get_backend
from dagster_authkit.utils import audit
from dagster_authkit.utils.config import config
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from rcm_platform.web.csrf_protection import comes_from_elsewhere
from rcm_platform.web.pages import template

PAGE = "/auth/login"
FORM = "/auth/process"
LOGOUT = "/auth/logout"

FORM_SECONDS = 60 * 60
KNOWN_SECONDS = 365 * 24 * 60 * 60
LONGEST_FORM = 10_000

FORM_COOKIE, KNOWN_COOKIE = "csrf_token", "known_browser"

# on this site, whatever a browser reads into it: `//host`, `/\host` and a tab lead elsewhere
PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


class FailedAttempts:
    """Wrong passwords of late, by whom they came from."""

    def __init__(
        self, limit: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._seconds, self._clock = limit, seconds, clock
        self._times: defaultdict[str, list[float]] = defaultdict(list)

    def wait(self, whom: str) -> float:
        """Seconds until another attempt is taken; 0 where one is now."""
        after = self._clock() - self._seconds
        for key, times in list(self._times.items()):
            self._times[key] = [at for at in times if at > after]
            if not self._times[key]:
                del self._times[key]
        times = self._times.get(whom, [])
        return times[-self._limit] - after if len(times) >= self._limit else 0

    def add(self, whom: str) -> None:
        """Count an attempt: before its password is looked at, so that many at once count too."""
        self._times[whom].append(self._clock())

    def take_back(self, whom: str) -> None:
        """Not count the last one. Those before it stay: a right password hides no guesses."""
        self._times[whom][-1:] = []


class Login:
    """The page, what it sends, and the way out."""

    def __init__(self, ui_url: str | None, other_way: str | None = None) -> None:
        """`other_way` is a page by which one signs in without a password."""
        self._ui_url, self._other_way = ui_url, other_way
        self._failed = FailedAttempts(
            config.RATE_LIMIT_MAX_ATTEMPTS, config.RATE_LIMIT_WINDOW_SECONDS
        )
        self._form_key = URLSafeTimedSerializer(config.SECRET_KEY, salt="login form")
        self._known_key = URLSafeTimedSerializer(config.SECRET_KEY, salt="known browser")
        self._template = template("login.html.jinja")

    def routes(self) -> list[Route]:
        """Sign in and out."""
        return [
            Route(PAGE, self.page, methods=["GET"]),
            Route(FORM, self.sign_in, methods=["POST"]),
            Route(LOGOUT, self.sign_out, methods=["GET"]),
        ]

    async def page(self, request: Request) -> Response:
        return self._page(request, request.query_params.get("next", "/"))

    async def sign_in(self, request: Request) -> Response:
        if int(request.headers.get("content-length", LONGEST_FORM + 1)) > LONGEST_FORM:
            return self._page(request, "/", "This form is too long.", 413)
        form = await request.form()
        name = SecurityHardening.sanitize_username(str(form.get("username", "")).strip())
        password, destination = str(form.get("password", "")), str(form.get("next", "/"))
        address = _address(request)

        def refuse(words: str, status: int, reason: str) -> Response:
            return self.refuse(request, name, destination, words, status, reason)

        if not self._is_our_form(request, str(form.get("csrf_token", ""))):
            return refuse("The form was too old, or not ours: sign in here.", 403, "INVALID_FORM")
        browser = self._known_browser(request, name)
        whom = f"browser {browser}" if browser else f"address {network(address)}"
        if config.RATE_LIMIT_ENABLED and (wait := self._failed.wait(whom)):
            audit.log_rate_limit_violation(name, address, config.RATE_LIMIT_MAX_ATTEMPTS)
            minutes = math.ceil(wait / 60)
            words = f"Too many wrong passwords from here. Try again in {minutes} " + (
                "minute." if minutes == 1 else "minutes."
            )
            refusal = refuse(words, 429, "RATE_LIMIT")
            refusal.headers["Retry-After"] = str(math.ceil(wait))
            return refusal
        self._failed.add(whom)
        try:
            backend = get_backend(config.AUTH_BACKEND, config.__dict__)
            user = await run_in_threadpool(backend.authenticate, name, password)
        except Exception:  # of any of authkit's backends
            self._failed.take_back(whom)
            return self.unreadable(request, name, destination)
        if user is None:
            return refuse("The name or the password is wrong.", 401, "INVALID_CREDENTIALS")

        self._failed.take_back(whom)
        response = self.admit(request, user, destination)
        known = self._known_key.dumps([name, browser or secrets.token_urlsafe()])
        cookie(response, KNOWN_COOKIE, known, KNOWN_SECONDS, "strict")
        return response

    @property
    def is_secure(self) -> bool:
        """Whether its cookies go by HTTPS alone."""
        return bool(config.SESSION_COOKIE_SECURE)

    async def user(self, name: str) -> Any:
        """One of `rcm users`, by exactly this name; None where there is none."""
        backend = get_backend(config.AUTH_BACKEND, config.__dict__)
        known = await run_in_threadpool(backend.list_users)
        return next((user for user in known if user.username == name), None)

    def admit(self, request: Request, user: Any, destination: str) -> Response:
        """Begin a session of someone who has shown who they are."""
        audit.log_login_attempt(user.username, True, _address(request))
        track_login_attempt(True)
        response = RedirectResponse(destination if is_path(destination) else "/", 302)
        cookie(
            response, config.SESSION_COOKIE_NAME, sessions.create(user.to_dict()),
            config.SESSION_MAX_AGE, config.SESSION_COOKIE_SAMESITE,
        )  # fmt: skip
        return response

    def refuse(
        self, request: Request, name: str, destination: str, words: str, status: int, reason: str
    ) -> Response:
        """The page again, with why not; `reason` is for the audit log."""
        audit.log_login_attempt(name, False, _address(request), reason)
        track_login_attempt(False)
        return self._page(request, destination, words, status)

    def unreadable(self, request: Request, name: str, destination: str) -> Response:
        """The page again, where the users' database does not answer."""
        words = "The users cannot be read now. Try again later, or tell who runs this."
        return self.refuse(request, name, destination, words, 503, "BACKEND_ERROR")

    async def sign_out(self, request: Request) -> Response:
        """End all sessions of who asks, unless another site made the browser ask."""
        if comes_from_elsewhere(request, self._ui_url):
            return RedirectResponse("/", 302)
        token = request.cookies.get(config.SESSION_COOKIE_NAME, "")
        if found := token and sessions.validate(token):
            sessions.revoke(token)  # until this process ends
            backend = get_backend(config.AUTH_BACKEND, config.__dict__)
            if hasattr(backend, "_bump_session_version"):
                backend._bump_session_version(found["username"])  # for good
            audit.log_logout(found["username"], request.client.host if request.client else None)
        response = RedirectResponse(PAGE, 302)
        response.delete_cookie(config.SESSION_COOKIE_NAME)
        return response

    def _page(
        self, request: Request, destination: str, problem: str = "", status: int = 200
    ) -> Response:
        """The form. What it says is ours: nothing of it is taken from the address."""
        given = request.cookies.get(FORM_COOKIE, "")
        token = given if self._is_signed(given) else self._form_key.dumps(secrets.token_urlsafe())
        html = self._template.render(
            action=FORM,
            token=token,
            destination=destination if is_path(destination) else "/",
            problem=problem,
            other_way=self._other_way,
        )
        response = HTMLResponse(html, status, {"Cache-Control": "no-store"})
        if token != given:  # several pages of one browser share one, or the first could not be sent
            cookie(response, FORM_COOKIE, token, FORM_SECONDS, "lax")
        return response

    def _is_our_form(self, request: Request, token: str) -> bool:
        """Whether this browser was given the form, and lately."""
        given = request.cookies.get(FORM_COOKIE, "")
        return hmac.compare_digest(token.encode(), given.encode()) and self._is_signed(given)

    def _is_signed(self, token: str) -> bool:
        with suppress(BadSignature):
            self._form_key.loads(token, max_age=FORM_SECONDS)
            return True
        return False

    def _known_browser(self, request: Request, name: str) -> str | None:
        """The browser's number, if this user signed in with it before.

        It has attempts of its own, which nobody else's guesses at the same address use up.
        """
        with suppress(BadSignature):
            known, number = self._known_key.loads(
                request.cookies.get(KNOWN_COOKIE, ""), max_age=KNOWN_SECONDS
            )
            return str(number) if known == name else None
        return None


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def is_path(destination: str) -> bool:
    """Whether this leads to a page of this site, and nowhere else."""
    # browsers remove dot segments, and the server decodes
    path = posixpath.normpath(unquote(re.split("[?#]", destination)[0]))
    return PATH.fullmatch(destination) is not None and not path.startswith("/auth/")


def network(address: str) -> str:
    """The address, or of an IPv6 one its network: a single machine has all addresses of one."""
    with suppress(ValueError):
        parsed = ipaddress.ip_address(address)
        if parsed.version == 6:
            if parsed.ipv4_mapped:  # as a proxy that listens on both writes it
                return str(parsed.ipv4_mapped)
            return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address


def cookie(response: Response, name: str, value: str, seconds: int, same_site: Any) -> None:
    """Set a cookie that no script reads and, by default, only HTTPS carries."""
    response.set_cookie(
        name, value, seconds, httponly=True, secure=config.SESSION_COOKIE_SECURE,
        samesite=same_site,
    )  # fmt: skip
