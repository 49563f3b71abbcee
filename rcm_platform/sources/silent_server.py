"""A database server that takes connections and then says nothing, as one does whose machine is
frozen or whose disk is full. No driver ends such a wait; these functions do."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

GREETING_SECONDS = 15.0
"""How long a server may take to greet: a living one does so before it asks who is there."""

LOOK_SECONDS = 120.0
"""How often a server is looked at while a question takes its time. A server shuts out whoever
greets it too often and says no more (MySQL: a hundred times in a row)."""

_PORTS = {"mysql": 3306, "postgres": 5432}
_ASKS_FOR_ENCRYPTION = bytes((0, 0, 0, 8, 4, 210, 22, 47))
"""What a client of PostgreSQL says first; MySQL speaks first itself."""


def is_silent(kind: str, login: Mapping[str, str | int]) -> bool:
    """Whether the server neither greets nor refuses. One that is not there is not silent."""
    if not (place := _place(kind, login)):
        return False
    try:
        with socket.create_connection(place, GREETING_SECONDS) as connection:
            if kind == "postgres":
                connection.sendall(_ASKS_FOR_ENCRYPTION)
            connection.recv(1)
    except TimeoutError:
        return True
    except OSError:
        return False
    return False


@contextmanager
def cut_off_when_silent(kind: str, login: Mapping[str, str | int]) -> Iterator[None]:
    """End the connections of this process to a server that falls silent while a question waits."""
    if not _place(kind, login):
        yield
        return
    is_answered = Event()

    def look() -> None:
        while not is_answered.wait(LOOK_SECONDS):
            if is_silent(kind, login) and not is_answered.is_set():
                _cut_off(kind, login)

    Thread(target=look, daemon=True).start()
    try:
        yield
    finally:
        is_answered.set()


def _place(kind: str, login: Mapping[str, str | int]) -> tuple[str, int] | None:
    """Host and port; None where no network is between."""
    host = str(login.get("host", ""))
    if kind not in _PORTS or not host or host.startswith("/"):
        return None
    return host, int(login.get("port", _PORTS[kind]))


def _cut_off(kind: str, login: Mapping[str, str | int]) -> None:
    if not (place := _place(kind, login)):
        return
    ends = {found[4][:2] for found in socket.getaddrinfo(*place, type=socket.SOCK_STREAM)}
    for descriptor in list(Path("/dev/fd").iterdir()):
        try:
            copy = os.dup(int(descriptor.name))
        except OSError:
            continue
        try:
            connection = socket.socket(fileno=copy)
        except OSError:  # a file
            os.close(copy)
            continue
        with connection:
            try:
                if connection.getpeername()[:2] in ends:
                    connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
