"""What landing X12 costs: CPU against a bare parse of the same bytes, memory, and both cores.

Every figure is taken in a process of its own, `python -m rcm_platform.benchmarks.x12 WHAT FILE…`,
which prints it as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path

from rich.console import Console
from rich.table import Table

from rcm_platform.benchmarks import own_process

RATIO_BUDGET = 1.6
SPEED_BUDGET = 15.0
"""Megabytes per CPU second."""
MEMORY_BUDGET = 600.0
"""Megabytes of anonymous memory, whatever the size of the file."""
CORES_BUDGET = 1.5

_HEADER = (
    "ISA*00*          *00*          *ZZ*BENCH          *ZZ*BENCH          *251231*0600*^*00501"
    "*{number:09}*0*P*:~\nGS*HP*BENCH*BENCH*20251231*0600*1*X*005010X221A1~\n"
)
_TRAILER = "GE*{count}*1~\nIEA*1*{number:09}~\n"
_SAMPLE_SECONDS = 0.01


@dataclass(frozen=True)
class Cost:
    """What one piece of work took: seconds of CPU (all threads) and of the wall, megabytes."""

    cpu_seconds: float
    seconds: float
    peak_megabytes: float


def measure(
    out: Console, megabytes: int = 50, large_megabytes: int = 500, rounds: int = 8
) -> Table:
    """Land an 835 of the synthetic world, and parse it bare, by turns; then a large one, and two.

    Of several rounds the best counts on both sides: others share the machine.
    """
    table = Table("X12", "measured", "budget", "", title="Landing 835 files")
    with tempfile.TemporaryDirectory(prefix="rcm_bench_") as temporary:
        folder = Path(temporary)
        out.print(f"835 files of {megabytes} and {large_megabytes} MB")
        transactions = _transactions()
        paths = [folder / "1.835", folder / "2.835"]
        sizes = [write_remit(p, transactions, megabytes, n) for n, p in enumerate(paths, start=1)]
        out.print(f"landing and a bare parse by turns, {rounds} times")
        pairs = [(run("bare", paths[0]), run("land", paths[0])) for _ in range(rounds)]
        bare, land = (min(cost.cpu_seconds for cost in side) for side in zip(*pairs, strict=True))
        _row(table, "CPU, landing / bare parse", land / bare, RATIO_BUDGET, "at most")
        _row(table, "MB per CPU second", sizes[0] / land, SPEED_BUDGET, "at least")
        out.print("two files in one load")
        both = [run("land", *paths) for _ in range(2)]
        cores = max(cost.cpu_seconds / cost.seconds for cost in both)
        _row(table, "two files at once, cores in use", cores, CORES_BUDGET, "at least")
        out.print(f"one file of {large_megabytes} MB")
        large = folder / "large.835"
        write_remit(large, transactions, large_megabytes, 3)
        peak = run("land", large).peak_megabytes
        _row(table, f"MB of memory, {large_megabytes} MB file", peak, MEMORY_BUDGET, "at most")
    return table


def _row(table: Table, name: str, measured: float, budget: float, sense: str) -> None:
    is_kept = measured <= budget if sense == "at most" else measured >= budget
    table.add_row(name, f"{measured:.2f}", f"{sense} {budget:g}", own_process.verdict(is_kept))


def _transactions() -> list[tuple[str, str]]:
    """The 835 transactions of a small world: what stands between ST and SE, and their segments."""
    from datetime import date

    from rcm_platform.world.feeds.x12 import clearinghouse_files
    from rcm_platform.world.model import World

    world = World(seed=1, size="small", start=date(2025, 1, 1), through=date(2025, 6, 30))
    found = []
    for file in clearinghouse_files(world):
        if file.kind == "835" and not file.layouts:
            text = file.render().decode()
            start = text.index("~", text.index("\nST*835*")) + 1
            end = text.index("\nSE*", start) + 1
            found.append((text[start:end], text[end:].split("*")[1]))
    return found


def write_remit(
    path: Path, transactions: list[tuple[str, str]], megabytes: float, number: int
) -> float:
    """Write one interchange of many 835 transactions, repeated under new numbers; its megabytes."""
    with path.open("w", newline="") as file:
        size = file.write(_HEADER.format(number=number))
        count = 0
        for body, segments in cycle(transactions):
            if size >= megabytes * 1e6:
                break
            count += 1
            size += file.write(f"ST*835*{count:09}~{body}SE*{segments}*{count:09}~\n")
        size += file.write(_TRAILER.format(number=number, count=count))
    return size / 1e6


def run(what: str, *paths: Path) -> Cost:
    """Do a piece of work in a new process. Raises RuntimeError with what it said."""
    return Cost(**own_process.run(__name__, what, *paths))


@contextmanager
def _measured(costs: list[Cost]) -> Iterator[None]:
    peak, is_done = [_anonymous_megabytes()], threading.Event()

    def watch() -> None:
        while not is_done.wait(_SAMPLE_SECONDS):
            peak[0] = max(peak[0], _anonymous_megabytes())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    before, started = os.times(), time.monotonic()
    yield
    after, seconds = os.times(), time.monotonic() - started
    is_done.set()
    watcher.join()
    cpu = after.user + after.system - before.user - before.system
    costs.append(Cost(cpu, seconds, peak[0]))


def _anonymous_megabytes() -> float:
    """Memory of this process that is no file's; 0 where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0.0
    values = [line.split()[1] for line in status.splitlines() if line.startswith("RssAnon")]
    return int(values[0]) * 1024 / 1e6 if values else 0.0


def main(what: str, *paths: str) -> None:
    """Parse files bare, or land them in an empty lake; print the cost."""
    from rcm_platform.lake import Lake
    from rcm_platform.sources import x12
    from rcm_platform.sources.x12 import adapter

    costs: list[Cost] = []
    with tempfile.TemporaryDirectory(prefix="rcm_bench_") as temporary:
        folder, lake = Path(temporary) / "in", Lake(Path(temporary) / "lake")
        folder.mkdir()
        for path in map(Path, paths):
            (folder / path.name).symlink_to(path)
        if what == "bare":
            with _measured(costs):
                for path in folder.iterdir():
                    adapter.parse_only("835", path.read_bytes())
        else:
            # what every load does, however small, is no cost of this file
            nothing = Path(temporary) / "nothing"
            nothing.mkdir()
            x12.load_folder(lake, nothing, "bench")
            with _measured(costs):
                summary = x12.load_folder(lake, folder, "bench")
            if summary.files_loaded != len(paths):
                raise RuntimeError("; ".join(summary.messages[:3]))
    print(json.dumps(asdict(costs[0])))


if __name__ == "__main__":
    main(*sys.argv[1:])
