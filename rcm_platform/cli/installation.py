"""`rcm health`, `rcm compact`, `rcm backup` and `rcm restore`: what keeps an installation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rcm_platform.cli.console import stop
from rcm_platform.operate.health import Probe
from rcm_platform.settings import get_settings


def health(
    probes: Annotated[
        list[Probe] | None, typer.Argument(help="What to look at. Default: all but web.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port of `rcm serve`, for web.")] = 3000,
) -> None:
    """Say whether this installation is well; the exit code is 0 if so, else 1.

    home: it can be written. storage: Dagster's database answers. published: not older than
    RCM_STALE_HOURS. daemon: heard lately (by default asked only where one ever ran). web: `rcm
    serve` answers.
    """
    from rcm_platform.operate.health import results

    found = results(get_settings(), probes or (), port)
    for finding in found:
        typer.echo(f"{'✓' if finding.is_well else '✗'} {finding.probe:9} {finding.text}")
    raise typer.Exit(0 if all(finding.is_well for finding in found) else 1)


def compact() -> None:
    """Merge the small files of the lake; a run does so too, when its load has ended.

    A month that is over becomes one file for each table. A lake that an earlier version wrote is
    brought into the present layout. Readers may go on; a kill or a full disk loses nothing.
    """
    from rcm_platform.ingest import lake_access

    settings = get_settings()
    if not settings.lake_dir.exists():
        stop(f"There is no lake in {settings.home}.")
    done = lake_access.compact(settings, typer.echo)
    if not done.tables:
        typer.echo("Nothing to merge.")
        return
    typer.echo(
        f"tables: {done.tables:,}; files: {done.files_before:,} → {done.files_after:,}; "
        f"bytes: {done.bytes_before:,} → {done.bytes_after:,}"
    )


def backup(
    file: Annotated[Path, typer.Argument(help="The archive to write, such as rcm.tar.zst.")],
    with_warehouse: Annotated[
        bool, typer.Option("--with-warehouse", help="Also what `rcm run` can build again.")
    ] = False,
) -> None:
    """Write everything that cannot be made again into one archive, while no run writes.

    That is the lake with its quarantine and kept files, the linked persons, what is published,
    Dagster's history (unless it is in PostgreSQL), the users and the audit log.
    """
    from rcm_platform.operate import backup as archive

    settings = get_settings()
    try:
        count, size = archive.backup(settings, file, with_warehouse=with_warehouse)
    except (OSError, ValueError) as problem:
        stop(str(problem))
    typer.echo(f"{file}: {count:,} files, {size:,} bytes. It names patients: guard it.")
    if settings.dagster_postgres_url:
        typer.echo("Dagster's history is in PostgreSQL: `pg_dump` saves it (deploy/README.md).")


def restore(
    file: Annotated[Path, typer.Argument(help="An archive that `rcm backup` wrote.")],
    force: Annotated[
        bool, typer.Option("--force", help="Put it in the place of a home that is not empty.")
    ] = False,
) -> None:
    """Bring RCM_HOME back from an archive, once every byte of it was verified.

    Stop `rcm serve` before. `rcm run` builds the warehouse again.
    """
    from rcm_platform.operate import backup as archive

    settings = get_settings()
    try:
        count, before = archive.restore(settings, file, force=force)
    except (OSError, ValueError) as problem:
        stop(str(problem))
    typer.echo(f"{settings.home}: {count:,} files, as they were.")
    if before:
        typer.echo(
            f"What was there before is now in {before}: remove it when you no longer need it."
        )
