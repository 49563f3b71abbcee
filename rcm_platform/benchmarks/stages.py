"""What orchestration costs: a fresh `rcm run` against the same work done bare, and against the
set-up that a project starts with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from rcm_platform.benchmarks import own_process
from rcm_platform.explain import scorecard
from rcm_platform.operate import pipeline
from rcm_platform.publish import versions
from rcm_platform.publish.audiences import LEADERSHIP
from rcm_platform.settings import Settings, WorldSize

STAGES = (
    "start-up", "world", "raw", "persons", "dbt", "checks", "publish", "scorecard", "other",
)  # fmt: skip
BUDGET = 1.1


def measure(size: WorldSize, out: Console) -> Table:
    """Each way from an empty folder, one after the other; seconds of wall time.

    The budget: what `rcm run` takes is at most the bare work and one start of the interpreter with
    its imports, and a tenth of both.
    """
    with tempfile.TemporaryDirectory(prefix="rcm_bench_") as folder:
        # the first one parses the dbt project, which is counted as work of dbt
        imports = ("-c", "import rcm_platform.definitions")
        _, start = (_timed(*imports, home=Path(folder) / "start") for _ in range(2))
        out.print(f"bare work, {size} world")
        bare = _bare(Settings(home=Path(folder) / "bare", world_size=size))
        out.print(f"rcm run, {size} world, then once more")
        run = ("-m", "rcm_platform.cli", "run")
        first, second = (_run(Path(folder) / "run", size, *run) for _ in range(2))
        out.print(f"textbook set-up, {size} world")
        module = "rcm_platform.benchmarks.textbook"
        textbook = _run(Path(folder) / "textbook", size, "-m", module)
    bare["start-up"] = start

    columns = {"bare": bare, "rcm run": first, "run again": second, "textbook": textbook}
    table = Table("stage", *columns, title=f"Seconds, {size} world")
    for stage in STAGES:
        times = (timed.get(stage, 0.0) for timed in columns.values())
        table.add_row(stage, *(f"{seconds:.1f}" if seconds else "" for seconds in times))
    totals = [sum(timed.values()) for timed in columns.values()]
    table.add_row("total", *(f"{total:.1f}" for total in totals))
    ratio = totals[1] / totals[0]
    kept = own_process.verdict(ratio <= BUDGET)
    table.add_row("rcm run / bare", "", f"{ratio:.2f} (budget {BUDGET})", kept, "")
    return table


def _bare(settings: Settings) -> dict[str, float]:
    times: dict[str, float] = {}

    @contextmanager
    def timed(stage: str) -> Iterator[None]:
        start = time.monotonic()
        yield
        times[stage] = times.get(stage, 0.0) + time.monotonic() - start

    folder = settings.published_dir
    pipeline.run(settings, timed)
    with timed("scorecard"), versions.open_published(folder, LEADERSHIP) as con:
        scorecard.proof_line(con)
        scorecard.cash_line(con)
        scorecard.months_line(scorecard.headlines(con))
    return times


def _run(home: Path, size: WorldSize, *command: str) -> dict[str, float]:
    """The stages of a run, with what its process took besides as `other`."""
    total = _timed(*command, home=home, RCM_WORLD="on", RCM_WORLD_SIZE=size)
    stages: dict[str, float] = json.loads((home / "last_run.json").read_text())["stages"]
    return stages | {"other": total - sum(stages.values())}


def _timed(*command: str, home: Path, **settings: str) -> float:
    """Seconds that a new interpreter takes for a command; raises RuntimeError when it fails."""
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, *command],
        env={**os.environ, "RCM_HOME": str(home), **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - start
    if done.returncode:
        raise RuntimeError(
            f"{' '.join(command)} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        )
    return seconds
