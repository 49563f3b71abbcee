"""The authenticated door: the Dagster webserver behind dagster-authkit, with its gaps closed.

    python -m rcm_platform.door ...    what `dagster-authkit ...` takes: a webserver's options, or
                                       a command on users

authkit looks for mutations only in the body of a POST, while Dagster also runs what the URL says.
Here GraphQL is taken from nowhere else, and under a viewer, or nobody known, Dagster itself reads
only.
"""

from __future__ import annotations

import importlib
import logging.handlers
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from rcm_platform import web


def main() -> None:
    keep_audit_log(Path(os.environ["RCM_AUDIT_LOG"]))
    _close_gaps()
    web.use(DoorWebserver)
    importlib.import_module("dagster_authkit.cli.main").main()


def keep_audit_log(path: Path) -> None:
    """Also write to this file what authkit says of who did what; only its owner reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    handler = logging.handlers.WatchedFileHandler(path)  # what rotates logs may move it away
    handler.setFormatter(logging.Formatter("%(message)s"))
    importlib.import_module("dagster_authkit.utils.audit").audit_logger.addHandler(handler)


class DoorWebserver(web.Webserver):
    """One that knows who asks. authkit patches Dagster's own, which it builds on."""

    hosts = ("*",)  # by any name, such as that of a reverse proxy: only a login opens it

    def build_middleware(self) -> list[Middleware]:
        return [*super().build_middleware(), Middleware(OnlyPostedGraphql)]

    def _make_request_context(self, conn: Any) -> Any:
        context = super()._make_request_context(conn)
        context._read_only = context.read_only or not _may_write(conn.scope)
        return context

    def admits(self, request: Request) -> bool:
        allowed = super().admits(request)
        _note(request, allowed, None if allowed else "REQUIRES_LAUNCHER")
        return allowed


def _close_gaps() -> None:
    module: Callable[[str], Any] = importlib.import_module
    # the summary shows the password in the URL of the users' database
    module("dagster_authkit.cli.main").print_config_summary = lambda _: None
    module("dagster_authkit.auth.backends.sql").connect = users_database
    for place, name in (
        ("api.routes", "render_login_page"),
        ("core.middleware", "render_403_page"),
        ("core.patch", "render_user_menu_injection"),
    ):
        page = module(f"dagster_authkit.{place}")
        setattr(page, name, _without_foreign_fonts(getattr(page, name)))


def users_database(url: str) -> Any:
    """A connection to the users that comes back after the server went away.

    authkit's own stays broken until the webserver starts again, and nobody can come in meanwhile.
    """
    from peewee import InterfaceError, OperationalError, PostgresqlDatabase
    from playhouse.db_url import connect, register_database
    from playhouse.shortcuts import ReconnectMixin

    class Returning(ReconnectMixin, PostgresqlDatabase):
        reconnect_errors = (
            (OperationalError, "server closed the connection"),
            (OperationalError, "terminating connection"),
            (InterfaceError, "connection already closed"),
        )

    register_database(Returning, "postgres", "postgresql")
    return connect(url, unquote_password=True, unquote_user=True)


def _may_write(scope: Any) -> bool:
    from dagster_authkit.auth.backends.base import Role

    user = _user(scope)
    return user is not None and user.can(Role.LAUNCHER)


def _user(scope: Any) -> Any:
    """Who authkit let in; nobody for a web socket, which it lets in without saying whom."""
    return getattr(scope.get("state"), "user", None)


def _note(request: Request, allowed: bool, reason: str | None) -> None:
    """Write to the audit log who asked for what."""
    from dagster_authkit.utils.audit import log_access_control

    user = _user(request.scope)
    log_access_control(
        user.username if user else "unknown", request.method, request.url.path, allowed,
        [user.role.name] if user else [], reason,
    )  # fmt: skip


def _without_foreign_fonts(page: Callable[..., str]) -> Callable[..., str]:
    """authkit's pages fetch a font from elsewhere; no page of the platform does."""

    def clean(*args: Any, **kwargs: Any) -> str:
        html = page(*args, **kwargs)
        return re.sub(r"<link[^>]*https?://[^>]*>|@import url\('https?://[^']*'\);", "", html)

    return clean


class OnlyPostedGraphql:
    """Lets GraphQL pass only where authkit has looked at it: in the JSON body of a POST."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].rstrip("/") == "/graphql":
            request = Request(scope)
            kind = request.headers.get("content-type", "")
            # the page where people write queries; Dagster runs nothing for it
            is_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
            if not is_page and not (request.method == "POST" and "application/json" in kind):
                _note(request, False, "ONLY_POSTED_JSON")
                refusal = PlainTextResponse("GraphQL is taken as JSON by POST only.", 405)
                return await refusal(scope, receive, send)
        return await self.app(scope, receive, send)


if __name__ == "__main__":
    main()
