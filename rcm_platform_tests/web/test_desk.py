"""Whom the desk in the webserver takes a request to come from, and for how long: in the place of
Streamlit stands an application that says what reaches it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from rcm_platform.desk import viewer as viewers
from rcm_platform.desk.viewer import NotSignedIn, Viewer
from rcm_platform.publish.audiences import LEADERSHIP, OPERATIONS
from rcm_platform.web import desk
from rcm_platform_tests.support.asgi import ask

EVE = Viewer("eve", LEADERSHIP)
LEA = Viewer("lea", OPERATIONS, ("facility 1", "facility 2"))

FORGED = {
    viewers.USER: "admin",
    viewers.AUDIENCE: OPERATIONS,
    viewers.ORGANIZATIONS: "[]",
    viewers.KEY: "a guess",
}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(viewers.KEY_VARIABLE, "the key of this process")
    return "the key of this process"


async def _says_who(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the headers that reach it."""
    headers = [[name.decode(), value.decode()] for name, value in scope["headers"]]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(headers).encode()})


async def _echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers each message of a web socket with who sent it, until it is disconnected."""
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        name = viewers.read(headers, viewers.key()).name
        await send({"type": "websocket.send", "text": name})
    await send({"type": "websocket.send", "text": "too late"})


@pytest.mark.parametrize("viewer", [EVE, LEA], ids=lambda viewer: viewer.name)
def test_who_looks_is_said_by_the_webserver_alone(viewer: Viewer) -> None:
    forged = {name.lower(): text for name, text in FORGED.items()}
    app = desk.Desk(_says_who, lambda _: viewer)
    status, _, text = ask(app, "/desk/", origin="https://elsewhere.example", **forged)
    assert status == 200
    pairs = [(name, value) for name, value in json.loads(text)]
    headers = dict(pairs)
    assert len(headers) == len(pairs)
    assert viewers.read(headers, viewers.key()) == viewer
    assert "origin" not in headers


def test_a_forged_header_is_nobody() -> None:
    with pytest.raises(NotSignedIn):
        viewers.read(FORGED, viewers.key())
    with pytest.raises(NotSignedIn):
        viewers.read({name: text for name, text in FORGED.items() if name != viewers.KEY}, "x")


@pytest.mark.parametrize("viewer_of", [lambda _: None, lambda _: 1 / 0], ids=["nobody", "unclear"])
def test_nobody_is_let_in(viewer_of: Callable[[Any], Viewer | None]) -> None:
    app = desk.Desk(_says_who, viewer_of)
    assert ask(app, "/desk/")[0] == 403
    assert _socket(desk.Desk(_echo, viewer_of)) == [
        {"type": "websocket.close", "code": desk.SIGNED_OUT}
    ]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/desk/", 200),
        ("HEAD", "/desk/", 200),
        ("GET", "/desk/_stcore/health", 200),
        ("POST", "/desk/", 405),
        ("PUT", "/desk/_stcore/upload_file/a/b", 405),
        ("DELETE", "/desk/_stcore/upload_file/a/b", 405),
        ("GET", "/desk/_stcore/metrics", 404),
        ("GET", "/desk/_stcore/agent/openapi.json", 404),
        ("POST", "/desk/_stcore/agent/interact", 405),
    ],
)
def test_only_what_a_page_needs_is_passed_on(method: str, path: str, status: int) -> None:
    assert ask(desk.Desk(_says_who, lambda _: LEA), path, method=method)[0] == status


@pytest.mark.parametrize("after", [None, EVE, Viewer("lea", OPERATIONS, ("facility 1",))])
@pytest.mark.parametrize("is_quiet", [True, False])
def test_a_page_is_closed_when_its_viewer_may_see_something_else(
    monkeypatch: pytest.MonkeyPatch, after: Viewer | None, is_quiet: bool
) -> None:
    monkeypatch.setattr(desk, "LOOK_SECONDS", 0.01 if is_quiet else 60)
    known: list[Viewer | None] = [LEA]

    async def changes(say: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        await say({"type": "websocket.receive", "bytes": b"x"})
        known[0] = after
        if not is_quiet:
            await say({"type": "websocket.receive", "bytes": b"x"})

    sent = _socket(desk.Desk(_echo, lambda _: known[0]), changes)
    assert [message["type"] for message in sent] == [
        "websocket.accept", "websocket.send", "websocket.close",
    ]  # fmt: skip
    assert sent[1]["text"] == "lea"
    assert sent[2]["code"] == desk.SIGNED_OUT


def test_a_page_stays_open_while_its_viewer_may_see_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "LOOK_SECONDS", 0.01)

    async def stays(say: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        for _ in range(3):
            await say({"type": "websocket.receive", "bytes": b"x"})
            await asyncio.sleep(0.05)
        await say({"type": "websocket.disconnect"})

    sent = _socket(desk.Desk(_echo, lambda _: EVE), stays)
    assert [message.get("text") for message in sent[1:4]] == ["eve"] * 3


def test_streamlit_tells_nobody_and_shows_no_trace_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from streamlit import config

    monkeypatch.setenv("STREAMLIT_CLIENT_SHOW_ERROR_DETAILS", "full")
    monkeypatch.setenv("STREAMLIT_BROWSER_GATHER_USAGE_STATS", "true")
    monkeypatch.setenv("STREAMLIT_SERVER_ENABLE_AGENT_API", "true")
    try:
        desk.app(lambda _: EVE)
        assert config.get_option("client.showErrorDetails") == "none"
        assert config.get_option("browser.gatherUsageStats") is False
        assert config.get_option("server.enableAgentApi") is False
        # who goes on with a session after a lost connection is who began it
        trusted = config.get_option("server.trustedUserHeaders")
        assert set(trusted) == {viewers.USER, viewers.AUDIENCE, viewers.ORGANIZATIONS}
    finally:
        config.get_config_options(force_reparse=True)


def _socket(
    app: desk.Desk,
    visit: Callable[[Callable[[dict[str, Any]], Awaitable[None]]], Awaitable[None]] | None = None,
) -> list[dict[str, Any]]:
    """What a web socket is sent by a visit; each message is answered before the next."""

    async def run() -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []
        incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        answered = asyncio.Event()

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)
            if message["type"] != "websocket.accept":
                answered.set()

        async def say(message: dict[str, Any]) -> None:
            answered.clear()
            incoming.put_nowait(message)
            if message["type"] == "websocket.receive":
                await answered.wait()

        scope = {"type": "websocket", "path": "/desk/_stcore/stream", "headers": [], "scheme": "ws"}
        serving = asyncio.ensure_future(app(scope, incoming.get, send))
        if visit:
            await visit(say)
        await asyncio.wait_for(serving, 10)
        return sent

    return asyncio.run(run())
