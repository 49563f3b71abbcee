"""`rcm compare` and `rcm persons`: what the sources hold, looked at again."""

from __future__ import annotations

from typing import Annotated

import typer

from rcm_platform.cli.console import progress_bar, stop
from rcm_platform.settings import get_settings


def compare(
    hospital: Annotated[str, typer.Argument(help="Its source system, such as hospital_a.")],
    accept_deletes: Annotated[
        bool,
        typer.Option("--accept-deletes", help="Record deletes also when most of a table is gone."),
    ] = False,
) -> None:
    """Compare a hospital's whole database with the lake, and land what a nightly load cannot see.

    That is what changed without a new modification date, what was added behind the latest one, and
    what was deleted. It counts from the latest arrival date.
    """
    from rcm_platform.ingest import lake_access, load
    from rcm_platform.sources.base import SourceUnavailable

    settings = get_settings()
    try:
        with progress_bar() as progress, lake_access.writing(settings) as lake:
            found = load.compare_source(
                settings, lake, hospital, progress, accept_deletes=accept_deletes
            )
    except (KeyError, SourceUnavailable) as problem:
        stop(str(problem.args[0]))
    for table, differences in found.differences.items():
        rows = found.summary.rows.get(table, 0)
        typer.echo(f"{table}: {differences}; {rows:,} rows landed")
    told = {f"{hospital} {table}: {d}" for table, d in found.differences.items()}
    for message in found.summary.messages:
        if message not in told:
            typer.echo(message)
    if any(found.differences.values()):
        typer.echo("`rcm run` carries it to the marts.")
