"""The webserver with a login: Dagster's behind dagster-authkit, with its gaps closed.

    python -m rcm_platform.web.authenticated ...
        what `dagster-authkit ...` takes: the options of a webserver, or a command on users

authkit looks for mutations only in the body of a POST: GraphQL is taken from nowhere else
(csrf_protection.py). Under a viewer, or nobody known, Dagster itself reads only. Who signs in and
out passes login.py. Who is limited to organizations opens the desk alone.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from rcm_platform.desk import audit
from rcm_platform.desk.viewer import Viewer
from rcm_platform.operate.dagster_home import watch_code_server_less
from rcm_platform.publish.audiences import LEADERSHIP, OPERATIONS
from rcm_platform.settings import get_settings
from rcm_platform.web import access, desk, documentation, organizations, single_sign_on, webserver
from rcm_platform.web.access import SHORTEST_PASSWORD
from rcm_platform.web.csrf_protection import CsrfProtection

REPORTS = {"reportRunlessAssetEvents", "reportAssetCheckEvaluations"}
"""Mutations that say an asset or a check has a result which no run computed."""


def main() -> None:
    keep_audit_log(Path(os.environ["RCM_AUDIT_LOG"]))
    _close_gaps()
    webserver.use(AuthenticatedWebserver)
    watch_code_server_less()
    importlib.import_module("dagster_authkit.cli.main").main()


def keep_audit_log(path: Path) -> None:
    """Also write to this file what authkit says of who did what, with what people did at the desk;
    only its owner reads it."""
    handler = audit.log_file(path)
    importlib.import_module("dagster_authkit.utils.audit").audit_logger.addHandler(handler)
    audit.LOGGER.addHandler(handler)


class AuthenticatedWebserver(webserver.Webserver):
    """One that knows who asks. authkit patches Dagster's own, which it builds on."""

    hosts = ("*",)  # by any name, such as that of a reverse proxy: only a login opens it

    def protection(self) -> Middleware:
        from rcm_platform.web import login

        return Middleware(
            CsrfProtection,
            ui_url=get_settings().ui_url,
            forms=(login.FORM,),
            hsts=True,
            report=lambda asked, reason: _note(asked, asked.scope.get("method"), False, reason),
        )

    def build_middleware(self) -> list[Middleware]:
        # the last: behind authkit's, which knows who asks
        return [*super().build_middleware(), Middleware(DeskOnly)]

    def build_routes(self) -> list[BaseRoute]:
        # without those of authkit, which login.py replaces
        others = [r for r in super().build_routes() if getattr(r, "path", None) != "/auth"]
        return [*_login_routes(), *others]

    def desk_viewer(self, connection: HTTPConnection) -> Viewer | None:
        user = _user(connection.scope)
        if user is None:
            return None
        audience = OPERATIONS if _may_write(user) else LEADERSHIP
        return Viewer(user.username, audience, organizations.of(user.username))

    def _make_request_context(self, conn: Any) -> Any:
        context = super()._make_request_context(conn)
        context._read_only = context.read_only or not _may_write(_user(conn.scope))
        return context

    async def execute_graphql_subscription(
        self,
        websocket: Any,
        operation_id: str,
        query: str,
        variables: dict[str, Any] | None,
        operation_name: str | None,
    ) -> Any:
        if _user(websocket.scope) is None:  # signed out since it was opened
            return None, {"message": "Sign in again."}
        return await super().execute_graphql_subscription(
            websocket, operation_id, query, variables, operation_name
        )

    def _reads_only(self, request: Request) -> bool:
        reads_only = super()._reads_only(request)
        if reads_only:
            _note(request, request.method, False, "REQUIRES_LAUNCHER")
        return reads_only

    def admits(self, request: Request) -> bool:
        allowed = super().admits(request)
        _note(request, request.method, allowed, None if allowed else "REQUIRES_LAUNCHER")
        return allowed


def _login_routes() -> list[BaseRoute]:
    """Sign in and out, also by the organization's own login where there is one."""
    from dagster_authkit.utils.config import config

    from rcm_platform.web.login import Login

    settings = get_settings()
    provider = single_sign_on.provider(settings)
    login = Login(settings.ui_url, single_sign_on.PAGE if provider else None)
    others = (
        single_sign_on.routes(provider, login, settings.ui_url, config.SECRET_KEY)
        if provider
        else []
    )
    return [*login.routes(), *others]


class DeskOnly:
    """Keeps who is limited to organizations from pages that show others: all but the desk, the
    documentation and the login."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket") or _is_below(scope["path"], FOR_EVERYONE):
            return await self.app(scope, receive, send)
        user = await run_in_threadpool(_user, scope)
        if user is None or await run_in_threadpool(organizations.of, user.username) is None:
            return await self.app(scope, receive, send)
        connection = HTTPConnection(scope)
        _note(connection, scope.get("method"), False, "LIMITED_TO_ORGANIZATIONS")
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": desk.SIGNED_OUT})
        is_page = scope["method"] == "GET" and "text/html" in connection.headers.get("accept", "")
        response: Response = (
            RedirectResponse(f"{desk.PATH}/")
            if is_page
            else PlainTextResponse("You see some organizations, and this is of all.", 403)
        )
        return await response(scope, receive, send)


FOR_EVERYONE = (desk.PATH, documentation.PATH, "/auth")


def _is_below(path: str, places: Iterable[str]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def _close_gaps() -> None:
    module: Callable[[str], Any] = importlib.import_module
    # the summary shows the password in the URL of the users' database
    module("dagster_authkit.cli.main").print_config_summary = lambda _: None
    sql = module("dagster_authkit.auth.backends.sql")
    sql.connect = access.users_database
    for name in ("add_user", "change_password"):
        method = getattr(sql.PeeweeAuthBackend, name)
        setattr(sql.PeeweeAuthBackend, name, _with_a_long_password(method))
    # the headers of every answer are csrf_protection's; authkit's would keep one cookie of several
    middleware = module("dagster_authkit.core.middleware").DagsterAuthMiddleware
    middleware._inject_headers_send = staticmethod(lambda send: send)
    middleware._handle_http = _with_the_whole_address(middleware._handle_http)
    # the pages of the login by name, and nothing else that begins like them
    middleware.PUBLIC_PREFIXES = ()
    middleware.PUBLIC_PATHS |= {single_sign_on.PAGE, single_sign_on.ANSWER}
    # a changed role or password holds at once, not after ten seconds
    module("dagster_authkit.auth.session").CookieBackend._VERSION_CACHE_TTL = 0
    # only administrators may write down results that no run computed
    permissions = module("dagster_authkit.auth.backends.base").RolePermissions
    permissions.EDITOR_MUTATIONS -= REPORTS
    permissions.ADMIN_MUTATIONS |= REPORTS
    for place, name in (
        ("core.middleware", "render_403_page"),
        ("core.patch", "render_user_menu_injection"),
    ):
        page = module(f"dagster_authkit.{place}")
        setattr(page, name, _without_foreign_fonts(getattr(page, name)))


def _may_write(user: Any) -> bool:
    from dagster_authkit.auth.backends.base import Role

    return user is not None and user.can(Role.LAUNCHER)


def _user(scope: Any) -> Any:
    """Whom authkit let in; of a web socket, which it lets in without saying whom, by the cookie."""
    from dagster_authkit.auth.backends.base import AuthUser
    from dagster_authkit.auth.session import sessions
    from dagster_authkit.utils.config import config

    known = getattr(scope.get("state"), "user", None)
    if known is None and (token := HTTPConnection(scope).cookies.get(config.SESSION_COOKIE_NAME)):
        found = sessions.validate(token)
        known = AuthUser.from_dict(found) if found else None
    return known


def _note(asked: HTTPConnection, method: str | None, allowed: bool, reason: str | None) -> None:
    """Write to the audit log who asked for what."""
    from dagster_authkit.utils.audit import log_access_control

    user = _user(asked.scope)
    log_access_control(
        user.username if user else "unknown", method or "WEBSOCKET", asked.url.path, allowed,
        [user.role.name] if user else [], reason,
    )  # fmt: skip


def _with_a_long_password(change: Callable[..., bool]) -> Callable[..., bool]:
    """A change of a user that ends the command where the password is too short."""

    def checked(backend: Any, username: str, password: str, *args: Any, **kwargs: Any) -> bool:
        if len(password) < SHORTEST_PASSWORD:
            raise SystemExit(f"A password has {SHORTEST_PASSWORD} characters or more.")
        return change(backend, username, password, *args, **kwargs)

    return checked


def _with_the_whole_address(handle: Callable[..., Any]) -> Callable[..., Any]:
    """authkit remembers which path was asked for before the login; this also its parameters."""

    async def handled(self: Any, scope: Any, receive: Any, send: Any) -> None:
        from rcm_platform.web import login

        to_login = f"{login.PAGE}?next="
        url = HTTPConnection(scope).url
        asked = url.path + (f"?{url.query}" if url.query else "")

        async def kept(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("location", "").startswith(to_login):
                    headers["location"] = to_login + quote(asked, safe="/")
            await send(message)

        await handle(self, scope, receive, kept)

    return handled


def _without_foreign_fonts(page: Callable[..., str]) -> Callable[..., str]:
    """authkit's pages fetch a font from elsewhere; no page of the platform does."""

    def clean(*args: Any, **kwargs: Any) -> str:
        html = page(*args, **kwargs)
        return re.sub(r"<link[^>]*https?://[^>]*>|@import url\('https?://[^']*'\);", "", html)

    return clean


if __name__ == "__main__":
    main()
