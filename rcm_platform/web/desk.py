"""The operations desk in the webserver, at /desk: Streamlit's own application.

It has no port of its own, so that nobody can pass by the webserver. Who looks is said in headers
that are taken from every request and written anew, with a key that this process makes when it
starts and tells nobody (desk/viewer.py). A page stays connected for hours: at each message, and
every few seconds without one, it is looked whether its viewer still may see it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse

from rcm_platform.desk import viewer as said
from rcm_platform.desk.viewer import Viewer
from rcm_platform.explain import links

PATH = links.DESK_PATH
SCRIPT = Path(said.__file__).with_name("app.py")

LOOK_SECONDS = 5.0
"""How long a page may stay open after its viewer may no longer see it."""
SIGNED_OUT = 4001
"""Code of a web socket that is closed because of that, as by authkit where nobody is known."""

OPTIONS: Mapping[str, Any] = {
    # nothing is asked of another machine, and nothing is told to one
    "browser.gatherUsageStats": False,
    "client.allowedOrigins": [],  # pages of others that may speak to one of ours in a frame
    "client.showErrorLinks": False,
    "server.enableAgentApi": False,
    # of what went wrong, the page says that it did; the log has the rest
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "client.disableDataExport": True,  # it would pass by the audit log
    "global.developmentMode": False,
    "runner.magicEnabled": False,
    "server.address": "127.0.0.1",
    "server.enableCORS": True,
    "server.enableStaticServing": False,
    "server.enableXsrfProtection": True,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.maxUploadSize": 1,
    "server.runOnSave": False,
    "server.scriptHealthCheckEnabled": False,
    # a session that lost its connection goes on for the same viewer only
    "server.trustedUserHeaders": json.dumps(
        {said.USER: "name", said.AUDIENCE: "audience", said.ORGANIZATIONS: "organizations"}
    ),
}
"""Options of Streamlit, whatever its files and the environment say."""

# what a browser needs of Streamlit; counters, uploads and what drives the app by HTTP it does not
REFUSED = ("/_stcore/metrics", "/_stcore/agent", "/_stcore/upload_file", "/_stcore/script-health")

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Desk:
    """The desk for whom `viewer_of` names; it says None of who may not see it."""

    def __init__(self, app: App, viewer_of: Callable[[HTTPConnection], Viewer | None]) -> None:
        self._app, self._viewer_of = app, viewer_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        viewer = await self._viewer(scope)
        if scope["type"] == "websocket":
            if viewer is None:
                return await send({"type": "websocket.close", "code": SIGNED_OUT})
            return await self._while_admitted(viewer, scope, receive, send)
        if refusal := _refusal(scope, viewer):
            return await refusal(scope, receive, send)
        assert viewer
        return await self._app(_for_viewer(scope, viewer), receive, send)

    async def _while_admitted(
        self, viewer: Viewer, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Pass messages on until the viewer goes, or may see less or more than when it began."""
        incoming: asyncio.Future[Message] | None = None
        is_closed = False

        async def receive_admitted() -> Message:
            nonlocal incoming, is_closed
            while True:
                incoming = incoming or asyncio.ensure_future(receive())
                done, _ = await asyncio.wait({incoming}, timeout=LOOK_SECONDS)
                if await self._viewer(scope) != viewer:
                    if not is_closed:
                        is_closed = True
                        reason = "Signed out, or with other rights"
                        await send(
                            {"type": "websocket.close", "code": SIGNED_OUT, "reason": reason}
                        )
                    return {"type": "websocket.disconnect", "code": SIGNED_OUT}
                if done:
                    message, incoming = incoming.result(), None
                    return message

        async def send_admitted(message: Message) -> None:
            if not is_closed:
                await send(message)

        try:
            await self._app(_for_viewer(scope, viewer), receive_admitted, send_admitted)
        finally:
            if incoming:
                incoming.cancel()

    async def _viewer(self, scope: Scope) -> Viewer | None:
        try:
            return await run_in_threadpool(self._viewer_of, HTTPConnection(scope))
        except Exception:  # of any of the places where users and their rights stand
            logging.exception("Who looks at the desk cannot be told now")
            return None


def app(viewer_of: Callable[[HTTPConnection], Viewer | None]) -> Desk:
    """The desk as a web application, to be mounted at PATH."""
    from streamlit import config
    from streamlit.starlette import App as StreamlitApp

    os.environ[said.KEY_VARIABLE] = secrets.token_urlsafe(32)
    desk = StreamlitApp(SCRIPT)
    config.get_config_options(force_reparse=True, options_from_flags=dict(OPTIONS))
    return Desk(desk, viewer_of)


def _refusal(scope: Scope, viewer: Viewer | None) -> PlainTextResponse | None:
    """Why a request is not passed on."""
    if viewer is None:
        return PlainTextResponse("The desk is not open to you: sign in again.", 403)
    if scope["method"] not in ("GET", "HEAD"):
        return PlainTextResponse("Nothing is sent here but by the page itself.", 405)
    below = scope["path"].removeprefix(PATH)
    if below.startswith(REFUSED):
        return PlainTextResponse("There is nothing here.", 404)
    return None


def _for_viewer(scope: Scope, viewer: Viewer) -> Scope:
    """The request as from this viewer, whoever it says it is from.

    Where a reverse proxy changed `Host`, Streamlit would ask another machine for the addresses of
    this one, to compare them with `Origin`; that has been looked at before (csrf_protection.py).
    """
    written = {
        said.KEY: said.key() or "",
        said.USER: viewer.name.encode("ascii", "backslashreplace").decode(),
        said.AUDIENCE: viewer.audience,
    }
    if viewer.organizations is not None:
        written[said.ORGANIZATIONS] = json.dumps(viewer.organizations)
    headers = [(n, v) for n, v in scope["headers"] if n.lower().decode("latin-1") not in _STRIPPED]
    headers += [(name.lower().encode(), value.encode()) for name, value in written.items()]
    return {**scope, "headers": headers}


_STRIPPED = {
    name.lower() for name in (said.KEY, said.USER, said.AUDIENCE, said.ORGANIZATIONS, "origin")
}
"""Headers that are not passed on as they come."""
