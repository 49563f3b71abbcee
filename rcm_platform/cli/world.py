"""`rcm world`: the synthetic outside world and its hidden truth."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from rcm_platform.cli.console import day, first_and_last, print_table, progress_bar, stop
from rcm_platform.settings import WORLD_HOSPITALS, WorldSize, get_settings, redact

world_app = typer.Typer(help="The synthetic outside world and its hidden truth.")


@world_app.callback(invoke_without_command=True)
def world(
    context: typer.Context,
    size: Annotated[
        WorldSize | None, typer.Option(help="About 1,000, 20,000, 100,000 or 1,000,000 claims.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed is another world.")] = None,
    start: Annotated[datetime | None, day("First service date.")] = None,
    through: Annotated[datetime | None, day("Last arrival date.")] = None,
    faults: Annotated[
        str | None,
        typer.Option(help="Rates per million: `none`, or name=rate,... (see `rcm world faults`)."),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where it goes (default: world in RCM_HOME).")
    ] = None,
    days: Annotated[
        str | None,
        typer.Option(help="Only what arrives on these days, first..last, added to the folder."),
    ] = None,
) -> None:
    """Build the synthetic outside world: sources of any size, and the truth behind them.

    What is not given comes from the settings (RCM_WORLD_...).
    """
    if context.invoked_subcommand:
        return
    from rcm_platform.ingest import lake_access, synthetic
    from rcm_platform.world import generate

    settings = get_settings()
    if not settings.world:
        raise typer.BadParameter("RCM_WORLD is off: there is no world to build.")
    given = {
        "world_size": size,
        "world_seed": seed,
        "world_start": start and start.date(),
        "world_through": through and through.date(),
        "world_faults": faults,
    }
    settings = settings.model_copy(update={k: v for k, v in given.items() if v is not None})
    try:
        with progress_bar() as progress:
            if folder is None and days is None:
                with lake_access.single_writer(settings):
                    summary = synthetic.build_world(settings, progress=progress)
            else:
                summary = generate(
                    folder or settings.world_dir,
                    **synthetic.world_arguments(settings),
                    days=first_and_last(days) if days else None,
                    progress=progress,
                )
    except (ValueError, FileExistsError) as problem:
        stop(str(problem))
    typer.echo(summary)
    if summary.is_complete:
        typer.echo(f"content {summary.content_sha256}")


@world_app.command("faults")
def world_faults(
    folder: Annotated[
        Path | None, typer.Option(help="A world (default: that of RCM_HOME).")
    ] = None,
) -> None:
    """List what can be planted: its rule, the right action, its rate, and how often it is there."""
    from rcm_platform.world.report import fault_table

    print_table(
        *fault_table(folder or get_settings().world_dir, get_settings().world_faults), text=3
    )


@world_app.command("differences")
def world_differences(
    folder: Annotated[
        Path | None, typer.Option(help="A world (default: that of RCM_HOME).")
    ] = None,
) -> None:
    """What separates what happened from what could be known: later arrivals, and each fault."""
    from rcm_platform.world.report import difference_table

    try:
        print_table(*difference_table(folder or get_settings().world_dir), text=2)
    except FileNotFoundError as problem:
        stop(str(problem))


@world_app.command("calibration")
def world_calibration(
    folder: Annotated[
        Path | None, typer.Option(help="A world (default: that of RCM_HOME).")
    ] = None,
) -> None:
    """Print measured rates and lags of a world against the market's anchors."""
    from rcm_platform.world.calibration import calibration_table

    print_table(*calibration_table(folder or get_settings().world_dir), text=2)


@world_app.command("load")
def world_load(
    url: Annotated[str, typer.Argument(help="mysql://user:password@host/db or postgresql://…")],
    hospital: Annotated[
        str, typer.Option(help=f"One of {', '.join(WORLD_HOSPITALS)}.")
    ] = "hospital_a",
    folder: Annotated[
        Path | None, typer.Option(help="A world (default: that of RCM_HOME).")
    ] = None,
) -> None:
    """Load a hospital's database of the world into a MySQL, MariaDB or PostgreSQL server."""
    from rcm_platform.world.feeds.load import LoadError, load

    try:
        with progress_bar() as progress:
            counts = load(folder or get_settings().world_dir, hospital, url, progress, _shown(url))
    except (ValueError, FileNotFoundError, LoadError) as problem:
        stop(str(problem))
    for table, rows in counts.items():
        typer.echo(f"{table}: {rows:,} rows")


def _shown(url: str) -> str:
    try:
        return redact(url)
    except ValueError:  # not even a URL: show nothing of it
        return "its URL"
