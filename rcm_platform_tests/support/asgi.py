"""A request to a webserver of the platform in this process, as any program may write it."""

from __future__ import annotations

import asyncio
from typing import Any


def ask(
    app: Any,
    path: str,
    host: str = "127.0.0.1:3000",
    method: str = "GET",
    body: str = "",
    **headers: str,
) -> tuple[int, dict[str, str], str]:
    """Status, headers and text of the answer. Headers are named with `_` or `-`."""
    named = {"host": host} | {name.replace("_", "-"): value for name, value in headers.items()}
    return asyncio.run(_ask(app, method, path, named, body))


async def _ask(
    app: Any, method: str, path: str, headers: dict[str, str], body: str
) -> tuple[int, dict[str, str], str]:
    sent: list[dict[str, Any]] = []

    asked = iter([{"type": "http.request", "body": body.encode(), "more_body": False}])

    async def receive() -> dict[str, Any]:
        # who asked stays until the answer is whole
        return next(asked, None) or await asyncio.Future()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    path, _, query = path.partition("?")
    scope = {
        "type": "http", "method": method, "path": path, "query_string": query.encode(),
        "root_path": "", "scheme": "http",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    await app(scope, receive, send)
    answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    text = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], answered, text.decode(errors="replace")
