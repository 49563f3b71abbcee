"""The processes of `rcm serve` start where nothing else listens, and end with all they started."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

import pytest

from rcm_platform.web import processes
from rcm_platform_tests.conftest import RunCli


@pytest.mark.parametrize("options", [[], ["--read-only"]], ids=" ".join)
def test_a_second_ui_at_a_port_says_so_at_once(
    rcm: RunCli, tmp_path: Path, options: list[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as first:
        port = str(first.getsockname()[1])
        done = rcm("ui", "--port", port, *options, home=tmp_path)
    assert done.returncode == 1
    assert f"Nothing can listen on port {port}" in done.stderr
    assert "--port" in done.stderr


@pytest.mark.parametrize("deaf", ["", "trap '' TERM; "], ids=["that listens", "that is deaf"])
def test_a_process_ends_with_all_that_it_started(
    monkeypatch: pytest.MonkeyPatch, deaf: str
) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 1)
    command = f"({deaf}echo; sleep 100; sleep 100) & wait"
    process = subprocess.Popen(
        ["sh", "-c", command], start_new_session=True, stdout=subprocess.PIPE
    )
    assert process.stdout
    process.stdout.readline()
    assert processes._is_running(process.pid)
    processes._end(process)
    deadline = time.monotonic() + 10  # what is killed takes a moment to go
    while processes._is_running(process.pid):
        assert time.monotonic() < deadline
        time.sleep(0.1)
