"""The command line: `rcm run | ui | world | quarantine | published | bench`."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from rcm_platform.settings import WorldSize, get_settings

if TYPE_CHECKING:
    from rcm_platform.headless import RunReport

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="From encounter to cash: one asset graph from source systems to published marts.",
)
published_app = typer.Typer(no_args_is_help=True, help="What readers see.")
quarantine_app = typer.Typer(no_args_is_help=True, help="What could not be loaded, and why.")
app.add_typer(published_app, name="published")
app.add_typer(quarantine_app, name="quarantine")

# bound now: during a run, what dbt prints to stdout goes to a file
out = Console(file=sys.stdout)


@app.command()
def run(
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Report as of this date (default: latest arrival)."
        ),
    ] = None,
) -> None:
    """Run the whole graph: receive, load, transform, prove, publish."""
    from rcm_platform import headless

    settings = get_settings()
    report = headless.run_all(settings, out, as_of.date() if as_of else None)
    _print_report(report)
    raise typer.Exit(0 if report.succeeded else 1)


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port on the loopback address.")] = 3000,
) -> None:
    """Start the Dagster UI and its daemon (schedule, sensors, freshness) on loopback."""
    from rcm_platform import headless

    settings = get_settings()
    headless.prepare_dagster_home(settings)
    os.environ["RCM_HOME"] = str(settings.home)
    out.print(
        f"Dagster UI: http://127.0.0.1:{port} (about half a minute to start; Ctrl-C stops it)"
    )
    dagster = Path(sys.executable).parent / "dagster"
    module = ["-m", "rcm_platform.definitions"]
    os.execv(dagster, [str(dagster), "dev", *module, "-h", "127.0.0.1", "-p", str(port)])


@app.command()
def world() -> None:
    """Build the synthetic outside world only."""
    from rcm_platform import ingest

    settings = get_settings()
    if not settings.world:
        raise typer.BadParameter("RCM_WORLD is off: there is no world to build.")
    with ingest.single_writer(settings), out.status("world") as status:
        summary = ingest.build_world(
            settings, progress=lambda done, total, what: status.update(f"{what} {done}/{total}")
        )
    typer.echo(summary)


@app.command()
def bench(
    size: Annotated[WorldSize, typer.Option(help="World size.")] = "small",
) -> None:
    """Time each stage of a fresh run against the bare work, without Dagster."""
    from rcm_platform import benchmark

    out.print(benchmark.measure(size, out))


@published_app.command("path")
def published_path(
    audience: Annotated[str, typer.Argument(help="Who reads it.")] = "operations",
) -> None:
    """Print the file that is current for an audience."""
    from rcm_platform import publish

    folder = get_settings().published_dir
    if (version := publish.current(folder)) is None:
        _stop(f"Nothing is published in {folder} yet: run `rcm run` first.")
    path = version.path(folder, audience)
    if not path.exists():
        known = sorted(p.stem for p in path.parent.glob("*.duckdb"))
        _stop(f"There is no audience '{audience}' in {path.parent}; there is: {', '.join(known)}.")
    typer.echo(path)


@published_app.command("list")
def published_list() -> None:
    """List the versions on disk, the newest first."""
    from rcm_platform import publish

    folder = get_settings().published_dir
    for version in publish.versions(folder):
        files = ", ".join(sorted(p.name for p in (folder / version.version).glob("*.duckdb")))
        current = " (current)" if version.is_current else ""
        typer.echo(f"{version.version}: as of {version.as_of}, {files}{current}")


@published_app.command("show")
def published_show(
    table: Annotated[str, typer.Argument(help="A table of the published file.")],
    limit: Annotated[int, typer.Option(help="How many rows.")] = 20,
    audience: Annotated[str, typer.Option(help="Who reads it.")] = "operations",
) -> None:
    """Print the first rows of a published table."""
    from rcm_platform import publish

    try:
        rows = publish.rows(get_settings().published_dir, audience, table, limit)
    except (FileNotFoundError, KeyError) as problem:
        _stop(str(problem.args[0]))
    typer.echo(rows.to_string(index=False))


@quarantine_app.command("list")
def quarantine_list(
    limit: Annotated[int, typer.Option(help="How many items, the latest arrivals first.")] = 50,
) -> None:
    """List what could not be loaded: where it is, which rule it broke, its dollars."""
    from rcm_platform import headless

    items = headless.quarantined(get_settings(), limit)
    for arrived, source, file, position, level, rule, dollars, reason in items:
        amount = "" if dollars is None else f", ${dollars:,.2f}"
        typer.echo(f"{arrived} {source} {file} {position or ''}: {level}, rule {rule}{amount}")
        typer.echo(f"    {reason}")
    if not items:
        typer.echo("Nothing is in quarantine.")


def _print_report(report: RunReport) -> None:
    _print_table(
        "Sources",
        ["source", "files", "bytes", "rows", "dollars", "held", "held $"],
        report.sources,
    )
    _print_table(
        "Proof", ["proof", "scope", "unit", "amount", "unexplained", ""], report.proof, text=3
    )
    other = report.total_seconds - sum(report.stages.values())
    times = {**report.stages, "other": other, "total": report.total_seconds}
    _print_table("Time", ["stage", "seconds"], [[s, f"{t:.1f}"] for s, t in times.items()])
    for message in report.warnings:
        out.print(f"[yellow]warning[/] {message}")
    for message in report.failures:
        out.print(f"[red]failed[/] {message}")
    if report.succeeded:
        out.print(
            f"[green]Published[/]: readers see {report.published}, as of {report.as_of}\n"
            "Where to look next: `rcm ui` (or `make ui`), then "
            "http://127.0.0.1:3000/assets/leadership/scorecard\n"
            f"Read it: {report.published_path}"
        )
    else:
        out.print("[red]Nothing was published.[/] What was published before still stands.")


def _print_table(title: str, columns: list[str], rows: list[list[str]], text: int = 1) -> None:
    """The first `text` columns are words, the others figures."""
    if rows:
        table = Table(
            title=title, box=SIMPLE_HEAD, title_justify="left", pad_edge=False, padding=(0, 0)
        )
        for number, column in enumerate(columns):
            table.add_column(column, justify="left" if number < text else "right")
        for row in rows:
            table.add_row(*row)
        out.print(table)


def _stop(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
