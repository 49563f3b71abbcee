"""Cross-site request forgery protection: what another web site may make a browser do here.

That is to follow a link to a page, and nothing else. A browser says where a request comes from
(`Sec-Fetch-Site`, `Origin`); a program on this machine says neither, and passes. What changes
something is a POST of JSON, which a form, an image or a script of another site cannot send unasked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse

Report = Callable[[HTTPConnection, str], None]
"""Is told of a refused request, and why."""

READING = ("GET", "HEAD", "OPTIONS")
GRAPHQL = "/graphql"


class Refusal(NamedTuple):
    """Why a request may not pass: for programs, for the audit log and for people."""

    status: int
    reason: str
    words: str


OF_ANOTHER_SITE = Refusal(
    403,
    "CROSS_SITE",
    "This was asked for by a page of another site. If that page is ours, set RCM_UI_URL to the "
    "address that people open.",
)
GRAPHQL_NOT_POSTED = Refusal(405, "ONLY_POSTED_JSON", "GraphQL is taken as JSON by POST only.")
NOT_JSON = Refusal(
    415,
    "ONLY_POSTED_JSON",
    "What changes something is taken as JSON only: send `Content-Type: application/json`.",
)

RESPONSE_HEADERS: Mapping[str, str] = {
    # no page of another site shows ours in a frame, or uses what we answer as an image or a script
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # addresses name claims
}
# no page of ours asks anything of another machine
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self' data: blob:",
        "script-src 'self' 'unsafe-inline' blob:",
        "style-src 'self' 'unsafe-inline'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
        "form-action 'self'",
    )
)
YEAR_SECONDS = 365 * 24 * 60 * 60


def comes_from_elsewhere(connection: HTTPConnection, ui_url: str | None) -> bool:
    """Whether a browser says that a page of another origin asks.

    `ui_url` is an address of ours beside the one in `Host`, which a reverse proxy may change.
    """
    headers = connection.headers
    # browsers leave it out where the address is neither HTTPS nor this machine; of a web socket,
    # which has another scheme than its page, not all say the same
    if connection.scope["type"] == "http" and (site := headers.get("sec-fetch-site")):
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    ours = {headers.get("host"), urlsplit(ui_url or "").netloc} - {None, ""}
    return origin is not None and origin.partition("://")[2] not in ours


class CsrfProtection:
    """Refuses what another site asks for, and GraphQL that is not JSON by POST.

    Only the paths `forms` take anything else by POST. With `hsts`, a browser that came by HTTPS is
    told to come by nothing else.
    """

    def __init__(
        self,
        app: Any,
        *,
        ui_url: str | None,
        forms: tuple[str, ...] = (),
        hsts: bool = False,
        report: Report | None = None,
    ) -> None:
        self.app, self._ui_url, self._forms = app, ui_url, forms
        self._hsts, self._report = hsts, report

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        connection = HTTPConnection(scope)

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                self._harden(scope, MutableHeaders(scope=message))
            await send(message)

        if refusal := self._refusal(connection):
            if self._report:
                self._report(connection, refusal.reason)
            if scope["type"] == "websocket":
                return await send({"type": "websocket.close", "code": 1008})  # answers with 403
            response = PlainTextResponse(refusal.words, refusal.status)
            return await response(scope, receive, send_with_headers)
        return await self.app(scope, receive, send_with_headers)

    def _refusal(self, connection: HTTPConnection) -> Refusal | None:
        """Why the request may not pass."""
        scope, headers = connection.scope, connection.headers
        method = scope.get("method", "GET")  # a web socket has none
        if comes_from_elsewhere(connection, self._ui_url) and not _is_link(scope, headers):
            return OF_ANOTHER_SITE
        path = scope["path"].rstrip("/")
        if scope["type"] == "http" and path == GRAPHQL and method != "POST":
            # the page where people write queries; Dagster runs nothing for it
            is_page = method == "GET" and "text/html" in headers.get("accept", "")
            return None if is_page else GRAPHQL_NOT_POSTED
        if method not in READING and path not in self._forms and not _is_json(headers):
            return NOT_JSON
        return None

    def _harden(self, scope: Any, headers: MutableHeaders) -> None:
        for name, value in RESPONSE_HEADERS.items():
            headers[name] = value
        headers.append("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        if self._hsts and scope["scheme"] == "https":
            headers["Strict-Transport-Security"] = f"max-age={YEAR_SECONDS}"


def _is_link(scope: Any, headers: Headers) -> bool:
    """Whether someone followed a link: a whole page is asked for, to be read."""
    return (
        scope["type"] == "http"
        and scope["method"] in ("GET", "HEAD")
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )


def _is_json(headers: Headers) -> bool:
    # the type itself: a parameter may say "application/json" of a text/plain that forms can send
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
