"""How the time of dbt grows with the data: seconds of each model in worlds of several sizes, and
what a claim costs in the larger one against the smaller."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Column, Table

from rcm_platform.benchmarks import own_process
from rcm_platform.ingest.lake_access import open_lake
from rcm_platform.operate import pipeline
from rcm_platform.settings import Settings
from rcm_platform.warehouse import project as dbt_project

LIMIT = 1.3
SHORTEST = 1.0
"""Seconds below which the growth of a model says little: starting it is most of them."""

MODELS, TESTS, WHOLE = "all models", "all data tests", "dbt build"


@dataclass(frozen=True)
class Build:
    """Seconds of each model in a build of one world, and those of `MODELS`, `TESTS` and `WHOLE`."""

    size: str
    claims: int
    seconds: Mapping[str, float]

    def per_claim(self, name: str) -> float:
        """Seconds for each claim of the world."""
        return self.seconds[name] / self.claims


def measure(sizes: Sequence[str], rounds: int, homes: Path | None, out: Console) -> Table:
    """Build the warehouse of a world of each size `rounds` times, and compare the least times.

    The worlds and what is loaded of them are kept in `homes`, a folder for each size, and taken
    from there. Raises DbtError when a build fails.
    """
    builds: dict[str, list[Build]] = {size: [] for size in sizes}
    with tempfile.TemporaryDirectory(prefix="rcm_bench_") as temporary:
        folder = homes or Path(temporary)
        settings = {
            size: Settings.model_validate(
                {"home": folder / size, "world": True, "world_size": size}
            )
            for size in sizes
        }
        for size in sizes:
            out.print(f"loading a {size} world")
            pipeline.load_all(settings[size])
        for _ in range(rounds):
            for size in sizes:
                out.print(f"dbt, {size} world")
                builds[size].append(build(settings[size]))
    return compare([quickest(of_size) for of_size in builds.values()])


def build(settings: Settings) -> Build:
    """Build and test every model of what is loaded, in a warehouse of its own."""
    own = settings.dbt_target_dir / "growth"
    own.mkdir(parents=True, exist_ok=True)
    (own / "profiles.yml").write_text(_profiles(settings))
    warehouse = own / settings.warehouse_path.name
    warehouse.unlink(missing_ok=True)
    places = ["--profiles-dir", str(own), "--target-path", str(own), "--quiet"]
    lake = open_lake(settings)
    as_of = pipeline.as_of_date(settings, lake)
    with lake.reading_all():
        dbt_project.run_dbt(settings, as_of, "parse", *places, warehouse=warehouse)
        started = time.monotonic()
        command = [*dbt_project.BUILD, *places]
        dbt_project.run_dbt(settings, as_of, *command, warehouse=warehouse)
        whole = time.monotonic() - started
    warehouse.unlink()
    world = json.loads((settings.world_dir / "world.json").read_text())
    results = json.loads((own / "run_results.json").read_text())["results"]
    return Build(world["size"], world["counts"]["claims"], seconds_of(results) | {WHOLE: whole})


def _profiles(settings: Settings) -> str:
    """Those of the project, such that each model pays for itself: one runs at a time, and what it
    makes is written to the file at its end, which else happens at once for large tables and at the
    end of the build for small ones."""
    profiles = yaml.safe_load((settings.project_dir / "profiles.yml").read_text())
    target = profiles["rcm_dbt"]["outputs"]["duckdb"]
    target["threads"] = 1
    target["settings"]["checkpoint_threshold"] = "1KB"
    return yaml.safe_dump(profiles)


def seconds_of(results: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Seconds of each model, of all models and of all data tests, from the results of dbt."""
    models, tests = {}, 0.0
    for result in results:
        kind, _, name, *_ = result["unique_id"].split(".")
        if kind == "model":
            models[name] = result["execution_time"]
        if kind == "test":
            tests += result["execution_time"]
    return models | {MODELS: sum(models.values()), TESTS: tests}


def quickest(builds: Sequence[Build]) -> Build:
    """The least time of each model in several builds of one world."""
    first, *_ = builds
    least = {name: min(each.seconds[name] for each in builds) for name in first.seconds}
    return Build(first.size, first.claims, least)


def compare(builds: Sequence[Build]) -> Table:
    """What takes longest in the last build, and the time per claim of each build against the one
    before it."""
    *_, last = builds
    sums = [MODELS, TESTS, WHOLE]
    slowest_first = sorted(last.seconds.keys() - sums, key=lambda name: -last.seconds[name])
    models = [name for name in slowest_first if last.seconds[name] >= SHORTEST]
    steps = list(pairwise(builds))
    table = Table(
        Column("model", no_wrap=True),
        *(f"{each.size} ({each.claims:,})" for each in builds),
        *(f"{after.size} / {before.size}" for before, after in steps),
        f"limit {LIMIT}",
        title=f"dbt: seconds in each world (claims), and their ratio per claim; from {SHORTEST} s",
    )
    over = []
    for name in [*models, *sums]:
        ratios = [after.per_claim(name) / before.per_claim(name) for before, after in steps]
        is_kept = all(ratio <= LIMIT for ratio in ratios)
        table.add_row(
            name,
            *(f"{each.seconds[name]:.2f}" for each in builds),
            *(f"{ratio:.2f}" for ratio in ratios),
            own_process.verdict(is_kept) if steps else "",
            end_section=name in models[-1:],
        )
        over += [] if is_kept else [name]
    table.caption = f"over the limit: {', '.join(over) or 'none'}"
    return table
