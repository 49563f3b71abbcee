"""`rcm ui` and `rcm serve`, open for as long as a test needs them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rcm_platform_tests.support import servers

START_SECONDS = 300
STOP_SECONDS = 120


@contextmanager
def serving(home: Path, *command: str, **environment: str) -> Iterator[int]:
    """Run a command of `rcm` that serves; the port, once it answers. Told to end at the end.

    What it says is in the home, in a file of the command's name.
    """
    port = servers.free_port()
    log = home / f"{command[0]}.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "rcm_platform.cli", *command, "--port", str(port)],
            env={**os.environ, "RCM_HOME": str(home), "RCM_WORLD_SIZE": "tiny", **environment},
            cwd=home,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.5)
        yield port
    finally:
        server.terminate()
        server.wait(STOP_SECONDS)


def _answers(port: int) -> bool:
    with suppress(OSError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=60).close()
        return True
    return False
