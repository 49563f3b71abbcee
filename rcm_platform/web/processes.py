"""The processes of `rcm ui` and `rcm serve`: a code server, the daemon, and a webserver.

The code server loads the graph once and is where runs happen; the daemon and the webserver ask it,
by a socket that only this user can open, or by RCM_CODE_SERVER.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn

import psutil
import yaml

from rcm_platform.explain import links
from rcm_platform.operate.dagster_home import CODE
from rcm_platform.settings import Settings
from rcm_platform.web.access import access, python_module

LOOPBACK = ("127.0.0.1", "localhost", "::1")

START_SECONDS = 300
STOP_SECONDS = 30


class Part(StrEnum):
    """What runs; the daemon comes with the code server."""

    WEB = "web"
    DAEMON = "daemon"


def serve(
    settings: Settings,
    parts: Sequence[Part],
    host: str,
    port: int,
    say: Callable[[str], None],
    *,
    login: bool = True,
) -> int:
    """Run these parts until one of them ends or a signal comes; everything ends together.

    Without a login, everyone on this machine may do everything. Raises ValueError where the login
    would not hold, or the port is taken.
    """
    environment = access(settings) if Part.WEB in parts and login else {**os.environ}
    environment["RCM_HOME"] = str(settings.home)
    if Part.WEB in parts:
        _must_be_free(host, port)
        # links in alerts lead to where people open the UI
        environment["RCM_UI_URL"] = settings.ui_url or f"http://{_named(host)}:{port}"
    with tempfile.TemporaryDirectory(prefix="rcm_") as own, _until_told() as running:
        where = _code_server(settings, Path(own))
        workspace = Path(own) / "workspace.yaml"
        workspace.write_text(
            yaml.safe_dump({"load_from": [{"grpc_server": {**where, "location_name": CODE}}]})
        )

        def start(name: str, *command: str) -> None:
            running[name] = subprocess.Popen(
                [sys.executable, *command], env=environment, start_new_session=True
            )

        if Part.DAEMON in parts or settings.code_server is None:
            options = [f"--{name}={value}" for name, value in where.items()]
            # who edits code wants to reload it, which takes a process more
            server = ("api", "grpc") if login else ("code-server", "start")
            start("code", "-m", "dagster", *server, *options, "-m", CODE)
        say("Loading the graph ...")
        if not _answers(where, running):
            say(f"The graph was not there within {START_SECONDS} seconds: {where}")
            return 1
        if Part.DAEMON in parts:
            start("daemon", *python_module("operate.daemon")[1:], "run", "-w", str(workspace))
        if Part.WEB in parts:
            options = ["-w", str(workspace), "-h", host, "-p", str(port)]
            start(
                "web",
                *python_module("web.authenticated" if login else "web.webserver")[1:],
                *options,
            )
            with_login = ", with a login (users: `rcm users`)" if login else ""
            say(f"Dagster UI{with_login}: http://{host}:{port}")
            say(f"Operations desk: http://{host}:{port}{links.DESK_PATH}/")
            if host not in LOOPBACK:
                say("Passwords pass here in the clear: let only a reverse proxy with TLS reach it.")
        while True:
            for name, process in running.items():
                if (code := process.poll()) is not None:
                    say(f"'{name}' ended with {code}; everything stops.")
                    return code or 1
            time.sleep(0.5)


def read_only(settings: Settings, port: int, say: Callable[[str], None]) -> NoReturn:
    """Become the webserver for leaders: it runs alone, and starts and changes nothing.

    Raises ValueError where the port is taken.
    """
    _must_be_free("127.0.0.1", port)
    say(f"The scorecard: http://127.0.0.1:{port}{links.SCORECARD_PATH}")
    say(f"Operations desk, with figures only: http://127.0.0.1:{port}{links.DESK_PATH}/")
    options = ["--read-only", "-m", CODE, "-h", "127.0.0.1", "-p", str(port)]
    environment = {**os.environ, "RCM_HOME": str(settings.home)}
    os.execve(sys.executable, [*python_module("web.webserver"), *options], environment)


def _must_be_free(host: str, port: int) -> None:
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as problem:
        raise ValueError(
            f"Nothing can listen on port {port} of {host} ({problem.strerror}): end what does "
            "already, or choose another with --port."
        ) from None


def _named(host: str) -> str:
    """The host as it stands in a URL; one that stands for all addresses is this machine's name."""
    if host in ("0.0.0.0", "::"):
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


def _code_server(settings: Settings, own: Path) -> dict[str, Any]:
    if settings.code_server is None:
        return {"socket": str(own / "code")}
    host, _, port = settings.code_server.rpartition(":")
    return {"host": host, "port": int(port)}


def _answers(where: dict[str, Any], running: dict[str, subprocess.Popen[bytes]]) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and all(p.poll() is None for p in running.values()):
        with suppress(OSError):
            if "socket" in where:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(where["socket"])
            else:
                socket.create_connection((where["host"], where["port"]), timeout=5).close()
            return True
        time.sleep(0.3)
    return False


@contextmanager
def _until_told() -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Processes by name, the latest ended first, however the block ends."""
    running: dict[str, subprocess.Popen[bytes]] = {}
    told = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as it is after `nohup`
        told.append(signal.SIGHUP)  # the terminal was closed
    before = {number: signal.signal(number, lambda *_: sys.exit(0)) for number in told}
    try:
        yield running
    finally:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        for process in reversed(running.values()):
            _end(process)
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and all that it started, such as the runs below a code server."""
    deadline = time.monotonic() + STOP_SECONDS
    with suppress(ProcessLookupError):  # of a group of which nothing is left
        os.killpg(process.pid, signal.SIGTERM)
        while _is_running(process.pid) and time.monotonic() < deadline:
            time.sleep(0.2)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _is_running(group: int) -> bool:
    for process in psutil.process_iter(["status"]):
        with suppress(ProcessLookupError):
            if os.getpgid(process.pid) == group and process.info["status"] != "zombie":
                return True
    return False
