"""What orchestration costs: a fresh `rcm run` against the same work done bare, and against the
set-up that a project starts with."""

from __future__ import annotations

import json
import os
import shutil
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
BUDGET = 1.15
"""What `rcm run` may take, of the bare work and one start of the interpreter with its imports."""
SECONDS = {"rcm run": 120, "nothing new": 15, "own files": 45}
"""What a run of the default world may take on two quiet cores, one after which nothing is new, and
one of a handful of files of one's own."""
OWN_FILES = 11


def measure(size: WorldSize, out: Console) -> Table:
    """Each way from an empty folder, one after the other; seconds of wall time.

    `again` makes every table again, `nothing new` finds nothing to do, and `own files` is a home of
    its own with a handful of X12 files and no world.
    """
    with tempfile.TemporaryDirectory(prefix="rcm_bench_") as folder:
        # the first one parses the dbt project, which is counted as work of dbt
        imports = ("-c", "import rcm_platform.definitions")
        _, start = (_timed(*imports, home=Path(folder) / "start") for _ in range(2))
        out.print(f"bare work, {size} world")
        bare = _bare(Settings(home=Path(folder) / "bare", world_size=size))
        out.print(f"rcm run, {size} world, then once more")
        run = ("-m", "rcm_platform.cli", "run")
        home = Path(folder) / "run"
        first = seconds_by_stage(home, size, *run)
        again = seconds_by_stage(home, size, *run, "--again")
        nothing_new = {"start-up": _timed(*run, home=home, RCM_WORLD="on", RCM_WORLD_SIZE=size)}
        out.print(f"rcm run, {OWN_FILES} files of one's own")
        own_files = _own_files(Path(folder), home, *run)
        out.print(f"textbook set-up, {size} world")
        module = "rcm_platform.benchmarks.textbook"
        textbook = seconds_by_stage(Path(folder) / "textbook", size, "-m", module)
    bare["start-up"] = start

    columns = {
        "bare": bare,
        "rcm run": first,
        "again": again,
        "nothing new": nothing_new,
        "own files": own_files,
        "textbook": textbook,
    }
    table = Table("stage", *columns, title=f"Seconds, {size} world")
    for stage in STAGES:
        times = (timed.get(stage, 0.0) for timed in columns.values())
        table.add_row(stage, *(f"{seconds:.1f}" if seconds else "" for seconds in times))
    totals = {name: sum(timed.values()) for name, timed in columns.items()}
    table.add_row("total", *(f"{total:.1f}" for total in totals.values()))
    limits = SECONDS if size == "small" else {n: s for n, s in SECONDS.items() if n != "rcm run"}
    table.add_row(
        "limit",
        *(
            f"{limits[name]} {own_process.verdict(total <= limits[name])}" if name in limits else ""
            for name, total in totals.items()
        ),
    )
    ratio = totals["rcm run"] / totals["bare"]
    kept = own_process.verdict(ratio <= BUDGET)
    table.add_row("rcm run / bare", "", f"{ratio:.2f} (limit {BUDGET}) {kept}")
    return table


def _own_files(folder: Path, world: Path, *run: str) -> dict[str, float]:
    """A run on some X12 files of a world, as files of one's own."""
    files = sorted((world / "world" / "clearinghouse").rglob("*.edi"))
    chosen = folder / "x12"
    chosen.mkdir()
    for file in files[:: max(len(files) // OWN_FILES, 1)][:OWN_FILES]:
        shutil.copy(file, chosen)
    home = folder / "own"
    total = _timed(*run, home=home, RCM_WORLD="off", RCM_X12_DIR=str(chosen))
    stages: dict[str, float] = json.loads((home / "own" / "last_run.json").read_text())["stages"]
    return stages | {"other": total - sum(stages.values())}


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


def seconds_by_stage(
    home: Path, size: WorldSize, *command: str, **settings: str
) -> dict[str, float]:
    """The stages of a run, with what its process took besides as `other`."""
    total = _timed(*command, home=home, RCM_WORLD="on", RCM_WORLD_SIZE=size, **settings)
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
