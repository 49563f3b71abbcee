"""Pages of the desk as a browser gets them: by a web socket, without the browser."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets import Origin, Subprotocol
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

ANSWER_SECONDS = 60


class DeskTab:
    """One tab of a browser; `session` is the one that it had before it lost its connection."""

    def __init__(self, port: int, headers: Mapping[str, str] = {}, session: str = "") -> None:
        subprotocols = ["streamlit", "no token", *([session] if session else [])]
        self._socket = connect(
            f"ws://127.0.0.1:{port}/desk/_stcore/stream",
            origin=Origin(f"http://127.0.0.1:{port}"),
            additional_headers=headers,
            subprotocols=[Subprotocol(one.replace(" ", "-")) for one in subprotocols],
            max_size=None,
        )
        self.session = ""

    def __enter__(self) -> DeskTab:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def open(self, page: str = "", query: str = "") -> str:
        """All that a page sends, as text. Raises ConnectionClosed."""
        asked = BackMsg()
        asked.rerun_script.page_name = page
        asked.rerun_script.query_string = query
        self._socket.send(asked.SerializeToString())
        said: list[str] = []
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(self._socket.recv(ANSWER_SECONDS, decode=False))
            kind = answer.WhichOneof("type")
            if kind == "new_session":
                self.session = answer.new_session.initialize.session_id
            elif kind == "delta":
                said.append(str(answer.delta))
            elif (
                kind == "script_finished"
                and said
                # a page that leads to another one is made as that one
                and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
            ):
                # what a table holds is binary
                escaped = "\n".join(said).encode()
                return escaped.decode("unicode_escape").encode("latin-1").decode(errors="replace")

    def closed_with(self) -> int:
        """The code with which the other side closes it."""
        while True:
            try:
                self._socket.recv(ANSWER_SECONDS)
            except ConnectionClosed as closed:
                assert closed.rcvd
                return closed.rcvd.code


def title(text: str) -> str:
    """The title of a page."""
    found: Any = re.search(r"<h1>(.*?)</h1>", text)
    return str(found.group(1)) if found else ""
