"""`rcm sources` and `rcm compare`: what the sources hold, before a load and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rcm_platform.cli.console import out, print_table, progress_bar, stop
from rcm_platform.settings import get_settings

if TYPE_CHECKING:
    from rcm_platform.ingest.source_check import SourceCheck, TableCheck

sources_app = typer.Typer(no_args_is_help=True, help="Your sources, before anything is loaded.")


@sources_app.command()
def check(
    columns: Annotated[
        bool, typer.Option("--columns", help="Also each column of a database, with its type.")
    ] = False,
) -> None:
    """Look at each configured source: what is there, what is missing, what stays empty without it.

    Nothing is written, and no value of a row is shown. Exit code 1 where a source cannot be read.
    """
    from rcm_platform.ingest import source_check

    settings = get_settings()
    with progress_bar() as progress:
        found = list(source_check.check(settings, progress))
    for source in found:
        _print_check(source, columns)
    if absent := source_check.unset(settings):
        print_table(
            "Not set",
            ["setting", "without it"],
            [[name, text] for name, text in absent.items()],
            text=2,
        )
    if not found:
        stop("No source is configured: set one of these, in .env or the environment.")
    if any(source.problem for source in found):
        raise typer.Exit(1)
    out.print("Next: `rcm run` loads them, and `rcm exceptions list` says what is open then.")


@sources_app.command()
def scaffold(
    url: Annotated[str, typer.Argument(help="mysql://…, postgresql://… or a DuckDB file.")],
    name: Annotated[
        str, typer.Option(help="The source system that it is to be, such as hospital_c.")
    ] = "hospital_c",
) -> None:
    """Print the configuration of a new hospital database: its block, with the likely own names of
    columns, and its setting. Nothing is written; check what is suggested before you take it.
    """
    from rcm_platform.ingest import source_check
    from rcm_platform.sources.hospitals import Hospital

    found = source_check.check_database(Hospital(name, name.replace("_", " ")), url)
    if found.problem:
        stop(found.problem)
    typer.echo(source_check.configuration(found))
    for step in found.steps:
        typer.echo(f"# {step}")


def _says(table: TableCheck, columns: bool) -> str:
    """What was found of a table's columns."""
    if table.refusal:
        return "cannot be read"
    if table.rows is None:
        return f"absent: {table.without or 'it is needed'}"
    said = [f"lacks {', '.join(table.missing)}"] if table.missing else []
    if columns and table.types:
        said.append(", ".join(f"{column} {kind}" for column, kind in table.types.items()))
    return "; it has ".join(said) or ("complete" if table.types else "")


@sources_app.command()
def layout(
    postgresql: Annotated[
        bool, typer.Option("--postgresql", help="For PostgreSQL (default: MySQL and MariaDB).")
    ] = False,
) -> None:
    """Print SQL that makes the tables of a hospital's database as they are read, empty."""
    from rcm_platform.sources import hospital_ddl

    typer.echo(hospital_ddl.ddl("postgresql" if postgresql else "mysql"))


def _print_check(source: SourceCheck, columns: bool) -> None:
    state = "[green]can be loaded[/]" if source.is_good else "[yellow]needs attention[/]"
    out.print(f"[bold]{source.source}[/] {source.where}: {state}", highlight=False)
    rows = [
        [table.name, "" if table.rows is None else f"{table.rows:,}", _says(table, columns)]
        for table in source.tables
    ]
    print_table("", ["table", "rows", "columns"], rows, has_remark=True)
    if source.unread:
        out.print(f"Not read: {', '.join(source.unread)}", highlight=False)
    for number, step in enumerate(source.steps, 1):
        out.print(f"  {number}. {step}", highlight=False)
    out.print()


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
