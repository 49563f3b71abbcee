"""What orchestration costs: each stage of a fresh `rcm run` against the bare work."""

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

from rcm_platform import dbt_project, ingest, phi, publish
from rcm_platform.settings import Settings, WorldSize

STAGES = ("start-up", "world", "raw", "dbt", "checks", "publish", "scorecard", "other")


def measure(size: WorldSize, out: Console) -> Table:
    """Both ways from an empty folder, one after the other; seconds of wall time."""
    with tempfile.TemporaryDirectory(prefix="rcm_bench_") as folder:
        out.print(f"bare work, {size} world")
        bare = _bare(Settings(home=Path(folder) / "bare", world_size=size))
        out.print(f"rcm run, {size} world, then once more")
        home = Path(folder) / "run"
        first, second = (_run(home, size) for _ in range(2))
    table = Table("stage", "bare", "rcm run", "run again", title=f"Seconds, {size} world")
    for stage in STAGES:
        times = (timed.get(stage, 0.0) for timed in (bare, first, second))
        table.add_row(stage, *(f"{seconds:.1f}" for seconds in times))
    table.add_row("total", *(f"{sum(timed.values()):.1f}" for timed in (bare, first, second)))
    return table


def _bare(settings: Settings) -> dict[str, float]:
    times: dict[str, float] = {}

    @contextmanager
    def timed(stage: str) -> Iterator[None]:
        start = time.monotonic()
        yield
        times[stage] = time.monotonic() - start

    with timed("world"):
        ingest.build_world(settings)
    with timed("raw"), ingest.writing(settings) as lake:
        for source in ingest.locations(settings):
            ingest.load_source(settings, lake, source)
    as_of = ingest.as_of_date(settings, lake)
    with timed("dbt"):
        dbt_project.run_dbt(settings, as_of, "build", "--quiet")
    with timed("publish"):
        manifest = json.loads((settings.dbt_target_dir / "manifest.json").read_text())
        audiences = {name: publish.relations_for(manifest, name) for name in phi.ALLOWED}
        publish.publish(settings.warehouse_path, settings.published_dir, audiences, as_of)
    return times


def _run(home: Path, size: WorldSize) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "rcm_platform.cli", "run"],
        env={**os.environ, "RCM_HOME": str(home), "RCM_WORLD": "on", "RCM_WORLD_SIZE": size},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"rcm run failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    report = json.loads((home / "last_run.json").read_text())
    stages: dict[str, float] = report["stages"]
    return stages | {"other": report["total_seconds"] - sum(stages.values())}
