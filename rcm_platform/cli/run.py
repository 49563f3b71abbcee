"""`rcm run`: the whole graph, and what it did."""

from __future__ import annotations

import textwrap
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from rcm_platform.cli.console import out, print_table
from rcm_platform.settings import get_settings

if TYPE_CHECKING:
    import dagster as dg

    from rcm_platform.operate.run_report import RunReport

SHOWN_RULES = 8


def run(
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Report as of this date (default: latest arrival)."
        ),
    ] = None,
    again: Annotated[
        bool,
        typer.Option("--again", help="Make all of it again, even where nothing is new."),
    ] = False,
) -> None:
    """Run the whole graph: receive, load, transform, prove, publish.

    Where neither the sources, the settings, the code nor the as-of date changed since the last run,
    nothing is done: what is published is still proven.
    """
    from rcm_platform.operate import run as operate_run

    settings = get_settings()
    report = operate_run.run_all(
        settings, out, _definitions, as_of.date() if as_of else None, again=again
    )
    if report.unchanged_since:
        _print_unchanged(report)
        return
    _print_report(report)
    raise typer.Exit(0 if report.succeeded else 1)


def _print_unchanged(report: RunReport) -> None:
    for message in report.warnings:
        out.print(f"[yellow]warning[/] {message}")
    out.print(
        f"[green]Nothing new[/] since the run of {report.unchanged_since}: readers see "
        f"{report.published}, as of {report.as_of}, and it is still proven "
        f"({report.checks_passed:,} checks passed, {report.checks_failed:,} did not).\n"
        f"Looked for {report.total_seconds:.1f} s. To run all the same: `rcm run --again`."
    )


def _print_exceptions(report: RunReport) -> None:
    from rcm_platform.operate import run_report

    rows = [
        [*figures, textwrap.shorten(says, width=60, placeholder=" …")]
        for *figures, says in report.exceptions[:SHOWN_RULES]
    ]
    print_table("Open exceptions", run_report.EXCEPTION_COLUMNS, rows, has_remark=True)
    if (more := len(report.exceptions) - SHOWN_RULES) > 0:
        out.print(f"and {more:,} more rules")
    if report.exceptions:
        out.print(
            "`rcm exceptions list` shows them. Two rules may be about the same dollars.",
            highlight=False,
        )


def _definitions() -> dg.Definitions:
    """The graph. Where dbt must read the project anew, it does so while Dagster is imported."""
    from rcm_platform.sources.hospitals import hospitals
    from rcm_platform.warehouse import project

    settings = get_settings()
    hospitals(settings)  # what is wrong with them is said before dbt has read the whole project
    with ThreadPoolExecutor(1) as beside:
        beside.submit(project.prepared_manifest, settings)
        from rcm_platform.definitions import defs
    return defs


def _print_report(report: RunReport) -> None:
    from rcm_platform.explain import links
    from rcm_platform.operate import run_report

    print_table("Sources", run_report.SOURCE_COLUMNS, report.sources)
    print_table("Proof", run_report.PROOF_COLUMNS, report.proof, text=3)
    _print_exceptions(report)
    other = report.total_seconds - sum(report.stages.values())
    times = {**report.stages, "other": other, "total": report.total_seconds}
    print_table("Time", ["stage", "seconds"], [[s, f"{t:.1f}"] for s, t in times.items()])
    for message in report.warnings:
        out.print(f"[yellow]warning[/] {message}")
    for message in report.failures:
        out.print(f"[red]failed[/] {message}")
    if report.succeeded:
        out.print(
            f"[green]Published[/]: readers see {report.published}, as of {report.as_of}\n"
            "Where to look next: `rcm ui` (or `make ui`), then "
            f"http://127.0.0.1:3000{links.SCORECARD_PATH}\n"
            f"Read it: {report.published_path}"
        )
    else:
        out.print("[red]Nothing was published.[/] What was published before still stands.")
