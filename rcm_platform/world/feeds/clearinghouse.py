"""The clearinghouse's files of a large world, written by several processes at once.

Each process draws the world anew, which is cheaper than sending it, and writes its part of the
files: `python -m rcm_platform.world.feeds.clearinghouse` with its orders as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

from rcm_platform.world.feeds.x12 import write_clearinghouse

_WHOLE = 1000


def write_in_processes(
    world: dict[str, Any],
    folder: Path,
    windows: list[tuple[int, int]],
    processes: int,
    progress: Callable[[int, int, str], None],
) -> None:
    """Write the files that arrive in the `windows` of days; `world` are the arguments of World.

    `progress` is told (done, total, ""). Raises RuntimeError with what a process said when it
    failed; the others are stopped.
    """
    orders = {"world": world, "folder": str(folder), "windows": windows}
    workers = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                __name__,
                json.dumps({**orders, "part": (part, processes)}, default=str),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for part in range(processes)
    ]
    done = [0] * processes

    def follow(part: int) -> None:
        worker = workers[part]
        assert worker.stdout and worker.stderr
        for line in worker.stdout:
            done[part] = int(line)
            progress(sum(done), _WHOLE * processes, "")
        said = worker.stderr.read()
        if worker.wait():
            raise RuntimeError(f"a process that writes X12 files failed:\n{said[-3000:]}")

    with ThreadPoolExecutor(processes) as threads:
        try:
            for outcome in [threads.submit(follow, part) for part in range(processes)]:
                outcome.result()
        finally:
            for worker in workers:
                worker.kill()


def main(text: str) -> None:
    """Do the part of the work that the orders in `text` name; print how much is done."""
    from rcm_platform.world.model import World

    orders, parent = json.loads(text), os.getppid()
    given = orders["world"]
    for name in ("start", "through"):
        given[name] = date.fromisoformat(given[name])
    world, windows = World(**given), orders["windows"]
    said = 0
    for number, (first, last) in enumerate(windows):

        def progress(done: int, total: int, _: str, number: int = number) -> None:
            nonlocal said
            if os.getppid() != parent:
                sys.exit("nobody waits for these files any more")
            share = _WHOLE * (number + done / total) // len(windows)
            if share > said:
                said = int(share)
                print(said, flush=True)

        part, of = orders["part"]
        write_clearinghouse(world, Path(orders["folder"]), first, last, (part, of), progress)


if __name__ == "__main__":
    main(sys.argv[1])
