"""What a world costs: seconds, memory and files of each size, and whether time grows linearly."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

SIZES = ("small", "medium", "large")
_SAMPLE_SECONDS = 0.2


@dataclass(frozen=True)
class Generation:
    """One world written in a process of its own (and those that it starts)."""

    size: str
    claims: int
    files: int
    gigabytes: float
    seconds: float
    cpu_seconds: float
    peak_gigabytes: float  # resident memory of all its processes together


def measure(sizes: Sequence[str], out: Console) -> Table:
    """Write a world of each size and compare; seconds of wall time on this machine."""
    table = Table(
        "size", "claims", "files", "GB", "seconds", "CPU s", "peak GB", "ms per claim",
        title="Generator",
    )  # fmt: skip
    for size in sizes:
        out.print(f"a {size} world")
        it = generate(size)
        table.add_row(
            it.size,
            f"{it.claims:,}",
            f"{it.files:,}",
            f"{it.gigabytes:.2f}",
            f"{it.seconds:.1f}",
            f"{it.cpu_seconds:.1f}",
            f"{it.peak_gigabytes:.2f}",
            f"{1000 * it.seconds / it.claims:.3f}",
        )
    return table


def generate(size: str) -> Generation:
    """Write one world into an empty folder. Raises RuntimeError with what the command said."""
    with tempfile.TemporaryDirectory(prefix="rcm_bench_") as temporary:
        folder = Path(temporary) / "world"
        command = ["-m", "rcm_platform.cli", "world", "--size", size, "--folder", str(folder)]
        started = time.monotonic()
        process = psutil.Popen(
            [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        watch = _Watch(process)
        said, _ = process.communicate()
        seconds = time.monotonic() - started
        watch.stop()
        if process.returncode:
            raise RuntimeError(f"rcm world failed:\n{said[-3000:]}")
        manifest = json.loads((folder / "world.json").read_text())
        written = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
        return Generation(
            size=size,
            claims=manifest["counts"]["claims"],
            files=len(written),
            gigabytes=sum(written) / 1e9,
            seconds=seconds,
            cpu_seconds=watch.cpu_seconds,
            peak_gigabytes=watch.peak_bytes / 1e9,
        )


class _Watch:
    """Samples a process and its children until it is stopped."""

    def __init__(self, process: psutil.Popen) -> None:
        self.peak_bytes = 0
        self._cpu: dict[int, float] = {}
        self._process, self._stopped = process, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def cpu_seconds(self) -> float:
        """Of every process that was seen, as last seen."""
        return sum(self._cpu.values())

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(_SAMPLE_SECONDS):
            resident = 0
            try:
                for process in (self._process, *self._process.children(recursive=True)):
                    resident += process.memory_info().rss
                    times = process.cpu_times()
                    self._cpu[process.pid] = times.user + times.system
            except psutil.NoSuchProcess:
                continue
            self.peak_bytes = max(self.peak_bytes, resident)
