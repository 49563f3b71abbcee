"""`rcm trace`, `rcm kpis` and `rcm snapshots`: what is behind a number, and how it grew."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rcm_platform.cli.console import out, print_table, stop
from rcm_platform.publish.audiences import OPERATIONS
from rcm_platform.settings import get_settings

if TYPE_CHECKING:
    from rcm_platform.explain.trace import Trace


def trace_number(
    kpis: Annotated[list[str], typer.Argument(help="A KPI of the registry; two with --compare.")],
    month: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m"], help="Month (default: the last mature one)."),
    ] = None,
    facility: Annotated[str | None, typer.Option(help="Id or name of a facility.")] = None,
    payer: Annotated[
        str | None, typer.Option(help="Id or name of a payer; `none`: of no payer.")
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Why two KPIs differ, claim by claim.")
    ] = False,
    claims: Annotated[int, typer.Option(help="How many claims to follow into the ledger.")] = 3,
    html: Annotated[
        Path | None,
        typer.Option(help="Write it as a page, with what the files say. It names patients."),
    ] = None,
) -> None:
    """Explain a number: its claims, their ledger entries, and the file and place of each.

    `rcm ui` has the same as pages for all numbers, at /trace.
    """
    from rcm_platform.explain import trace, variance
    from rcm_platform.publish import versions
    from rcm_platform.web import trace_pages

    if len(kpis) != (2 if compare else 1):
        stop("Name one KPI, or two with --compare.")
    if html and compare:
        stop("A page explains one number: leave out --compare or --html.")
    when, scope = month.date() if month else None, trace.Scope(facility, payer)
    try:
        with versions.open_published(get_settings().published_dir, OPERATIONS) as con:
            if compare:
                one, two, groups = trace.compare(con, kpis[0], kpis[1], when, scope)
                for found in (one, two):
                    _print_cell(found)
                print_table(
                    "Why they differ",
                    ["claims that …", "claims", *kpis, "example"],
                    [
                        [
                            group.reason,
                            f"{group.claims:,}",
                            f"{group.first[0]:,} of {group.first[1]:,}",
                            f"{group.second[0]:,} of {group.second[1]:,}",
                            group.example,
                        ]
                        for group in groups
                    ],
                )
                is_whole = one.is_whole and two.is_whole
            else:
                found = trace.trace(con, kpis[0], when, scope)
                _print_cell(found)
                if scope == trace.Scope() and (
                    why := variance.of(con, kpis[0], found.cell.figure.month)
                ):
                    out.print(f"  {why.text(trace.unit(con, kpis[0]))}", highlight=False)
                of_claims = [part for part in found.parts if part.claim_key][:claims]
                followed = [trace.claim(con, str(part.claim_key)) for part in of_claims]
                is_whole = found.is_whole and all(behind.is_whole for behind in followed)
                if html:
                    where = ", ".join(name for name in (facility, payer) if name)
                    page = trace_pages.Pages(get_settings()).file(con, found, followed, where)
                    html.touch(mode=0o600)
                    html.write_text(page)
                    out.print(f"Written: {html}", highlight=False)
                    of_claims = []
                for part, behind in zip(of_claims, followed, strict=False):
                    added = f"{part.numerator:,}" + (
                        "" if part.denominator is None else f" of {part.denominator:,}"
                    )
                    print_table(
                        f"{behind.claim_id} adds {added}: open {_known(behind.open_amount)}, "
                        f"paid {_known(behind.paid_amount)}",
                        ["event", "date", "file", "position", "A/R", "cash", "memo"],
                        [
                            [
                                entry.event_type,
                                str(entry.event_date),
                                entry.source_file,
                                entry.source_position,
                                f"{entry.ar_amount:,}",
                                f"{entry.cash_amount:,}",
                                f"{entry.memo_amount:,}",
                            ]
                            for entry in behind.entries
                        ],
                        text=4,
                    )
    except (FileNotFoundError, trace.UnknownNumber) as problem:
        stop(str(problem.args[0]))
    if not is_whole:
        stop("The parts do not sum to the number.")


def _print_cell(found: Trace) -> None:
    cell, figure = found.cell, found.cell.figure
    value = "none" if figure.value is None else f"{figure.value:,.4f}"
    if figure.not_for:
        value = f"does not apply ({figure.not_for})"
    if not figure.is_mature:
        value += ", a young month: still moves"
    of_claims = [part for part in found.parts if part.claim_key]
    out.print(f"{cell.label} ({cell.kpi}), {figure.month:%B %Y}: {value}")
    out.print(f"  {figure.numerator:,} {cell.means[0]}")
    if figure.denominator is not None:
        out.print(f"  of {figure.denominator:,} {cell.means[1]}")
    whole = "which sum to it exactly" if found.is_whole else "WHICH DO NOT SUM TO IT"
    other = len(found.parts) - len(of_claims)
    out.print(f"  {len(of_claims):,} claims, {other:,} parts of no claim, {whole}")


def kpis(
    page: Annotated[
        Path | None, typer.Option(help="Write it there, instead of printing it.")
    ] = None,
) -> None:
    """Print each KPI with its definition, its value and the market range, as a page of markdown.

    Of the synthetic world it says why a value lies outside, and fails where a headline does and
    nobody says why (world_reason of the seed kpi_registry).
    """
    from rcm_platform.explain import kpi_page
    from rcm_platform.publish import versions

    settings = get_settings()
    try:
        with versions.open_published(settings.published_dir, OPERATIONS) as con:
            text = kpi_page.page(con, is_world=settings.world)
            found = kpi_page.standings(con, is_world=settings.world)
    except FileNotFoundError as problem:
        stop(str(problem))
    if page:
        page.write_text(text)
    else:
        typer.echo(text, nl=False)
    unexplained = [one.label for one in found if one.is_unexplained]
    if settings.world and unexplained:
        stop(
            f"Outside the market, and nobody says why: {', '.join(unexplained)}. Give a reason as "
            "world_reason in rcm_dbt/seeds/kpi_registry.csv, or mend the world."
        )


def snapshots(
    kpi: Annotated[str | None, typer.Argument(help="A KPI of the registry.")] = None,
    month: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m"], help="Which month of it (default: that of the last day)."),
    ] = None,
) -> None:
    """How a KPI of a month looked on earlier days; without a KPI the days that there are.

    The days are back-filled from the Dagster UI: job kpi_snapshots, partitions.
    """
    from rcm_platform.warehouse import kpi_snapshots

    try:
        known = kpi_snapshots.days(get_settings())
    except kpi_snapshots.NoSnapshot as problem:
        stop(str(problem))
    if kpi is None:
        typer.echo("\n".join(map(str, known)))
        return
    asked = month.date() if month else known[-1].replace(day=1)
    for day, value in kpi_snapshots.history(get_settings(), kpi, asked):
        typer.echo(f"{kpi} of {asked:%Y-%m} as of {day}: {'none' if value is None else value}")


def _known(amount: Decimal | None) -> str:
    return "unknown" if amount is None else f"{amount:,}"
