"""`rcm bench`: measured against the bare work."""

from __future__ import annotations

import logging
from enum import StrEnum
from pathlib import Path
from typing import Annotated, get_args

import typer

from rcm_platform.cli.console import out, stop
from rcm_platform.settings import WorldSize, get_settings


class Benchmark(StrEnum):
    """What `rcm bench` measures."""

    STAGES = "stages"
    LOCATION = "location"
    LANDING = "landing"
    NIGHT = "night"
    UI = "ui"
    DESK = "desk"
    X12 = "x12"
    DATABASE = "database"
    PERSONS = "persons"
    WORLD = "world"
    GROWTH = "growth"
    LAKE = "lake"
    QUEUE = "queue"
    LISTS = "lists"
    DENIALS = "denials"
    DRIFT = "drift"
    FORECAST = "forecast"


def bench(
    what: Annotated[
        list[Benchmark] | None, typer.Argument(help="Which of them; all without a name.")
    ] = None,
    size: Annotated[
        WorldSize, typer.Option(help="World size of stages, landing and night.")
    ] = "small",
    worlds: Annotated[
        str, typer.Option(help="Sizes of which the generator is timed, joined by commas.")
    ] = "small,medium,large",
    sizes: Annotated[
        str, typer.Option(help="World sizes that growth compares, joined by commas.")
    ] = "small,medium",
    rounds: Annotated[
        int, typer.Option(min=1, help="Builds of growth at each size; the quickest counts.")
    ] = 1,
    homes: Annotated[
        Path | None,
        typer.Option(help="Folder where growth keeps its worlds, and finds those of last time."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            help="A home where `rcm run` has ended: landing adds the file there; ui, desk, "
            "queue, lists, denials, drift and forecast read it."
        ),
    ] = None,
) -> None:
    """Measure against the bare work and the budgets.

    stages: a whole run, beside a textbook set-up; one that finds nothing new; one of a few files of
    one's own. location: loading the graph. landing: a new 835, from arrival to the published marts.
    night: a run with a hundredth of new data. ui: what it costs while nobody looks, and how long
    its asset pages take. desk: any step on its pages in a browser, and ten viewers. x12: reading
    835 files. database: a million rows from a MariaDB, and an increment. persons: linking all
    patients. world: the generator at several sizes. growth: each model of dbt at several sizes.
    lake: the number of its files after years of nights, and reading them. queue, lists, denials and
    forecast: how good they were on past months, as published. drift: how often a payer is said to
    have changed, and when a change that the parameters of the world plant is found.
    """
    logging.disable(logging.WARNING)  # the desk's caches say at import that no page is open
    from rcm_platform.benchmarks import (
        database,
        desk,
        growth,
        judgement,
        lake,
        landing,
        location,
        night,
        persons,
        stages,
        ui,
        world,
        x12,
    )
    from rcm_platform.operate.pipeline import NotPublished
    from rcm_platform.publish import versions
    from rcm_platform.warehouse import project as dbt_project

    logging.disable(logging.NOTSET)
    settings = get_settings()
    if folder:
        settings = settings.model_copy(update={"home": folder.absolute()})
    published = settings.published_dir

    measures = {
        Benchmark.STAGES: lambda: stages.measure(size, out),
        Benchmark.LOCATION: lambda: location.measure(dbt_project.prepared_manifest(settings)),
        Benchmark.LANDING: lambda: landing.measure(size, out, folder and folder.absolute()),
        Benchmark.NIGHT: lambda: night.measure(size, out),
        Benchmark.UI: lambda: ui.measure(settings),
        Benchmark.DESK: lambda: desk.measure(settings, out),
        Benchmark.X12: lambda: x12.measure(out),
        Benchmark.DATABASE: lambda: database.measure(out),
        Benchmark.PERSONS: lambda: persons.measure(out),
        Benchmark.WORLD: lambda: world.measure(_world_sizes(worlds), out),
        Benchmark.GROWTH: lambda: growth.measure(_world_sizes(sizes), rounds, homes, out),
        Benchmark.LAKE: lambda: lake.measure(out),
        Benchmark.QUEUE: lambda: judgement.queue(published),
        Benchmark.LISTS: lambda: judgement.lists(published),
        Benchmark.DENIALS: lambda: judgement.denials(published),
        Benchmark.DRIFT: lambda: judgement.drift(published),
        Benchmark.FORECAST: lambda: judgement.forecast(published),
    }
    try:
        # what judges a published version is left out where there is none yet
        judging = {
            Benchmark.UI, Benchmark.DESK, Benchmark.QUEUE, Benchmark.LISTS, Benchmark.DENIALS,
            Benchmark.DRIFT, Benchmark.FORECAST,
        }  # fmt: skip
        every = [n for n in measures if n not in judging or versions.current(published)]
        for name in what or every:
            out.print(measures[name]())
    except (TimeoutError, RuntimeError, FileNotFoundError, NotPublished) as problem:
        stop(str(problem))


def _world_sizes(joined: str) -> list[str]:
    """The sizes of an option. Raises BadParameter for what is none."""
    sizes, known = joined.split(","), get_args(WorldSize)
    if unknown := [size for size in sizes if size not in known]:
        raise typer.BadParameter(
            f"{unknown[0]!r} is no size of a world: give some of {', '.join(known)}"
        )
    return sizes
