"""`rcm published` and `rcm export`: what readers see."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rcm_platform.cli.console import stop
from rcm_platform.publish.audiences import OPERATIONS
from rcm_platform.settings import get_settings

published_app = typer.Typer(no_args_is_help=True, help="What readers see.")


class ExportFormat(StrEnum):
    """What `rcm export` writes."""

    csv = "csv"
    parquet = "parquet"


def export(
    mart: Annotated[str, typer.Argument(help="A published mart, such as fct_claims.")],
    file_format: Annotated[
        ExportFormat, typer.Option("--format", help="How it is written.")
    ] = ExportFormat.csv,
    folder: Annotated[Path, typer.Option("--out", help="Where it goes.")] = Path(),
    audience: Annotated[str, typer.Option(help="Who reads it.")] = OPERATIONS,
) -> None:
    """Write a published mart to a file, whole and exact; an earlier file of it is replaced."""
    from rcm_platform.publish import exports

    try:
        done = exports.export(
            get_settings().published_dir, mart, folder, exports.Format(file_format), audience
        )
    except (FileNotFoundError, LookupError, OSError) as problem:
        stop(str(problem))
    typer.echo(f"{done.path}: {done.rows:,} rows of {done.version}")


@published_app.command("path")
def published_path(
    audience: Annotated[str, typer.Argument(help="Who reads it.")] = OPERATIONS,
) -> None:
    """Print the file that is current for an audience."""
    from rcm_platform.publish import versions

    folder = get_settings().published_dir
    if (version := versions.current(folder)) is None:
        stop(f"Nothing is published in {folder} yet: run `rcm run` first.")
    path = version.path(folder, audience)
    if not path.exists():
        known = sorted(p.stem for p in path.parent.glob("*.duckdb"))
        stop(f"There is no audience '{audience}' in {path.parent}; there is: {', '.join(known)}.")
    if (held := versions.held(folder)) is not None:
        typer.echo(f"This is of {version.as_of}: {held}.", err=True)
    typer.echo(path)


@published_app.command("list")
def published_list() -> None:
    """List the versions on disk, the newest first."""
    from rcm_platform.publish import versions

    folder = get_settings().published_dir
    held = versions.held(folder)
    for version in versions.versions(folder):
        files = ", ".join(sorted(p.name for p in (folder / version.version).glob("*.duckdb")))
        current = " (current)" if version.is_current else ""
        typer.echo(
            f"{version.version}: as of {version.as_of}, written "
            f"{version.published_at(folder):%Y-%m-%d %H:%M} UTC, {files}{current}"
        )
        if version.is_current and held is not None:
            typer.echo(f"  held back since: {held}")


@published_app.command("rollback")
def published_rollback(
    version: Annotated[
        str | None,
        typer.Argument(help="A version that `rcm published list` names. Default: the one before."),
    ] = None,
) -> None:
    """Let readers see an earlier version again, until the next run publishes."""
    from rcm_platform.publish import versions

    try:
        now = versions.rollback(get_settings().published_dir, version)
    except LookupError as problem:
        stop(str(problem.args[0]))
    typer.echo(f"Readers see {now.version}, as of {now.as_of}.")


@published_app.command("show")
def published_show(
    table: Annotated[str, typer.Argument(help="A table of the published file.")],
    limit: Annotated[int, typer.Option(help="How many rows.")] = 20,
    audience: Annotated[str, typer.Option(help="Who reads it.")] = OPERATIONS,
) -> None:
    """Print the first rows of a published table."""
    from rcm_platform.publish import versions

    try:
        rows = versions.rows(get_settings().published_dir, audience, table, limit)
    except (FileNotFoundError, KeyError) as problem:
        stop(str(problem.args[0]))
    typer.echo(f"{table} has no rows." if rows.empty else rows.to_string(index=False))
