"""The command line: `rcm run | world | trace | published | quarantine` and more.

The doors (`rcm ui | serve | users`), and what an installation needs, are in cli_serve.py.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from rcm_platform.cli import serve
from rcm_platform.settings import WORLD_HOSPITALS, WorldSize, get_settings

if TYPE_CHECKING:
    from rcm_platform.explain.trace import Trace
    from rcm_platform.ingest.quarantine.replay import ReplaySummary
    from rcm_platform.operate.run_report import RunReport

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="From encounter to cash: one asset graph from source systems to published marts.",
)
published_app = typer.Typer(no_args_is_help=True, help="What readers see.")
quarantine_app = typer.Typer(no_args_is_help=True, help="What could not be loaded, and why.")
world_app = typer.Typer(help="The synthetic outside world and its hidden truth.")
app.add_typer(world_app, name="world")
app.add_typer(published_app, name="published")
app.add_typer(quarantine_app, name="quarantine")
serve.register(app)

# bound now: during a run, what dbt prints to stdout goes to a file
out = Console(file=sys.stdout)


def _day(text: str) -> Any:
    return typer.Option(formats=["%Y-%m-%d"], help=text)


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
    from rcm_platform.operate import run as operate_run

    settings = get_settings()
    report = operate_run.run_all(settings, out, as_of.date() if as_of else None)
    _print_report(report)
    raise typer.Exit(0 if report.succeeded else 1)


@world_app.callback(invoke_without_command=True)
def world(
    context: typer.Context,
    size: Annotated[
        WorldSize | None, typer.Option(help="About 1,000, 20,000, 100,000 or 1,000,000 claims.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed is another world.")] = None,
    start: Annotated[datetime | None, _day("First service date.")] = None,
    through: Annotated[datetime | None, _day("Last arrival date.")] = None,
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
        with _progress() as progress:
            if folder is None and days is None:
                with lake_access.single_writer(settings):
                    summary = synthetic.build_world(settings, progress=progress)
            else:
                summary = generate(
                    folder or settings.world_dir,
                    **synthetic.world_arguments(settings),
                    days=_first_and_last(days) if days else None,
                    progress=progress,
                )
    except (ValueError, FileExistsError) as problem:
        _stop(str(problem))
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

    _print_table(
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
        _print_table(*difference_table(folder or get_settings().world_dir), text=2)
    except FileNotFoundError as problem:
        _stop(str(problem))


@world_app.command("calibration")
def world_calibration(
    folder: Annotated[
        Path | None, typer.Option(help="A world (default: that of RCM_HOME).")
    ] = None,
) -> None:
    """Print measured rates and lags of a world against the market's anchors."""
    from rcm_platform.world.calibration import calibration_table

    _print_table(*calibration_table(folder or get_settings().world_dir), text=2)


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
        with _progress() as progress:
            counts = load(folder or get_settings().world_dir, hospital, url, progress)
    except (ValueError, FileNotFoundError, LoadError) as problem:
        _stop(str(problem))
    for table, rows in counts.items():
        typer.echo(f"{table}: {rows:,} rows")


@app.command()
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
        with _progress() as progress, lake_access.writing(settings) as lake:
            found = load.compare_source(
                settings, lake, hospital, progress, accept_deletes=accept_deletes
            )
    except (KeyError, SourceUnavailable) as problem:
        _stop(str(problem.args[0]))
    for table, differences in found.differences.items():
        rows = found.summary.rows.get(table, 0)
        typer.echo(f"{table}: {differences}; {rows:,} rows landed")
    told = {f"{hospital} {table}: {d}" for table, d in found.differences.items()}
    for message in found.summary.messages:
        if message not in told:
            typer.echo(message)
    if any(found.differences.values()):
        typer.echo("`rcm run` carries it to the marts.")


@app.command()
def persons(
    worst: Annotated[int, typer.Option(help="How many errors of each kind to show.")] = 10,
) -> None:
    """Show how many persons stand behind the patient records and, in a synthetic world, how right
    that is: precision and recall against the truth, with the evidence of the worst errors."""
    from rcm_platform.ingest import lake_access
    from rcm_platform.operate import pipeline
    from rcm_platform.persons import store as linkage

    settings = get_settings()
    lake = lake_access.open_lake(settings)
    as_of = pipeline.as_of_date(settings, lake)
    try:
        found = linkage.link(settings, lake, as_of)
        typer.echo(
            f"{found.record_count:,} patient records of {found.person_count:,} persons as of "
            f"{as_of}; {found.linked_count:,} pairs linked, {found.review_count:,} for review"
        )
        if not settings.world:
            return
        truth = settings.world_dir / "truth"
        judged = linkage.judge(settings, lake, truth, as_of, worst)
    except (OSError, ValueError) as problem:
        _stop(str(problem))
    typer.echo(
        f"precision {judged.precision:.4%} ({judged.false_positives:,} wrong of "
        f"{judged.true_positives + judged.false_positives:,} linked pairs), recall "
        f"{judged.recall:.4%} ({judged.false_negatives:,} missed of "
        f"{judged.true_positives + judged.false_negatives:,})"
    )
    for title, cases in (
        ("Linked, but not one person", judged.worst_false_positives),
        ("One person, but not linked", judged.worst_false_negatives),
    ):
        if len(cases):
            rows = [linkage.evidence(case) for case in cases.to_pylist()]
            _print_table(title, ["records", "weight", "evidence"], rows, text=3)


class Benchmark(StrEnum):
    """What `rcm bench` measures."""

    STAGES = "stages"
    LOCATION = "location"
    LANDING = "landing"
    UI = "ui"
    X12 = "x12"
    DATABASE = "database"
    PERSONS = "persons"
    WORLD = "world"
    QUEUE = "queue"
    FORECAST = "forecast"


@app.command("trace")
def trace_number(
    kpis: Annotated[list[str], typer.Argument(help="A KPI of the registry; two with --compare.")],
    month: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m"], help="Month (default: the last complete one)."),
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
        _stop("Name one KPI, or two with --compare.")
    if html and compare:
        _stop("A page explains one number: leave out --compare or --html.")
    when, scope = month.date() if month else None, trace.Scope(facility, payer)
    try:
        with versions.open_published(get_settings().published_dir, "operations") as con:
            if compare:
                one, two, groups = trace.compare(con, kpis[0], kpis[1], when, scope)
                for found in (one, two):
                    _print_cell(found)
                _print_table(
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
                if scope == trace.Scope() and (why := variance.of(con, kpis[0], found.cell.month)):
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
                    _print_table(
                        f"{behind.claim_id} adds {added}: open {behind.open_amount:,}, "
                        f"paid {behind.paid_amount:,}",
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
        _stop(str(problem.args[0]))
    if not is_whole:
        _stop("The parts do not sum to the number.")


def _print_cell(found: Trace) -> None:
    cell = found.cell
    value = "none" if cell.value is None else f"{cell.value:,.4f}"
    of_claims = [part for part in found.parts if part.claim_key]
    out.print(f"{cell.label} ({cell.kpi}), {cell.month:%B %Y}: {value}")
    out.print(f"  {cell.numerator:,} {cell.means[0]}")
    if cell.denominator is not None:
        out.print(f"  of {cell.denominator:,} {cell.means[1]}")
    whole = "which sum to it exactly" if found.is_whole else "WHICH DO NOT SUM TO IT"
    other = len(found.parts) - len(of_claims)
    out.print(f"  {len(of_claims):,} claims, {other:,} parts of no claim, {whole}")


@app.command()
def bench(
    what: Annotated[
        list[Benchmark] | None, typer.Argument(help="Which of them; all without a name.")
    ] = None,
    size: Annotated[WorldSize, typer.Option(help="World size of stages and landing.")] = "small",
    worlds: Annotated[
        str, typer.Option(help="Sizes of which the generator is timed, joined by commas.")
    ] = "small,medium,large",
    folder: Annotated[
        Path | None,
        typer.Option(
            help="A home where `rcm run` has ended: landing adds the file there; ui, queue and "
            "forecast read it."
        ),
    ] = None,
) -> None:
    """Measure against the bare work and the budgets.

    stages: a whole run, beside a textbook set-up. location: loading the graph. landing: a new
    835, from arrival to the published marts. ui: what it costs while nobody looks, and how long its
    asset pages take. x12: reading 835 files. database: a million rows from a MariaDB, and an
    increment. persons: linking all patients. world: the generator at several sizes. queue and
    forecast: how good they were on past months, as published.
    """
    from rcm_platform.benchmarks import (
        database,
        judgement,
        landing,
        location,
        persons,
        stages,
        ui,
        world,
        x12,
    )
    from rcm_platform.publish import versions
    from rcm_platform.warehouse import project as dbt_project

    settings = get_settings()
    if folder:
        settings = settings.model_copy(update={"home": folder.absolute()})
    published = settings.published_dir

    measures = {
        Benchmark.STAGES: lambda: stages.measure(size, out),
        Benchmark.LOCATION: lambda: location.measure(dbt_project.prepared_manifest(settings)),
        Benchmark.LANDING: lambda: landing.measure(size, out, folder and folder.absolute()),
        Benchmark.UI: lambda: ui.measure(settings),
        Benchmark.X12: lambda: x12.measure(out),
        Benchmark.DATABASE: lambda: database.measure(out),
        Benchmark.PERSONS: lambda: persons.measure(out),
        Benchmark.WORLD: lambda: world.measure([name for name in worlds.split(",") if name], out),
        Benchmark.QUEUE: lambda: judgement.queue(published),
        Benchmark.FORECAST: lambda: judgement.forecast(published),
    }
    try:
        # what judges a published version is left out where there is none yet
        judging = {Benchmark.UI, Benchmark.QUEUE, Benchmark.FORECAST}
        every = [n for n in measures if n not in judging or versions.current(published)]
        for name in what or every:
            out.print(measures[name]())
    except (TimeoutError, RuntimeError, FileNotFoundError) as problem:
        _stop(str(problem))


@app.command()
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
    from rcm_platform.warehouse import kpi_snapshots as kept

    try:
        known = kept.days(get_settings())
    except kept.NoSnapshot as problem:
        _stop(str(problem))
    if kpi is None:
        typer.echo("\n".join(map(str, known)))
        return
    asked = month.date() if month else known[-1].replace(day=1)
    for day, value in kept.history(get_settings(), kpi, asked):
        typer.echo(f"{kpi} of {asked:%Y-%m} as of {day}: {'none' if value is None else value}")


class ExportFormat(StrEnum):
    """What `rcm export` writes."""

    csv = "csv"
    parquet = "parquet"


@app.command()
def export(
    mart: Annotated[str, typer.Argument(help="A published mart, such as fct_claims.")],
    file_format: Annotated[
        ExportFormat, typer.Option("--format", help="How it is written.")
    ] = ExportFormat.csv,
    folder: Annotated[Path, typer.Option("--out", help="Where it goes.")] = Path(),
    audience: Annotated[str, typer.Option(help="Who reads it.")] = "operations",
) -> None:
    """Write a published mart to a file, whole and exact; an earlier file of it is replaced."""
    from rcm_platform.publish import exports

    try:
        done = exports.export(
            get_settings().published_dir, mart, folder, exports.Format(file_format), audience
        )
    except (FileNotFoundError, LookupError, OSError) as problem:
        _stop(str(problem))
    typer.echo(f"{done.path}: {done.rows:,} rows of {done.version}")


@published_app.command("path")
def published_path(
    audience: Annotated[str, typer.Argument(help="Who reads it.")] = "operations",
) -> None:
    """Print the file that is current for an audience."""
    from rcm_platform.publish import versions

    folder = get_settings().published_dir
    if (version := versions.current(folder)) is None:
        _stop(f"Nothing is published in {folder} yet: run `rcm run` first.")
    path = version.path(folder, audience)
    if not path.exists():
        known = sorted(p.stem for p in path.parent.glob("*.duckdb"))
        _stop(f"There is no audience '{audience}' in {path.parent}; there is: {', '.join(known)}.")
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
        _stop(str(problem.args[0]))
    typer.echo(f"Readers see {now.version}, as of {now.as_of}.")


@published_app.command("show")
def published_show(
    table: Annotated[str, typer.Argument(help="A table of the published file.")],
    limit: Annotated[int, typer.Option(help="How many rows.")] = 20,
    audience: Annotated[str, typer.Option(help="Who reads it.")] = "operations",
) -> None:
    """Print the first rows of a published table."""
    from rcm_platform.publish import versions

    try:
        rows = versions.rows(get_settings().published_dir, audience, table, limit)
    except (FileNotFoundError, KeyError) as problem:
        _stop(str(problem.args[0]))
    typer.echo(rows.to_string(index=False))


@quarantine_app.command("list")
def quarantine_list(
    rule: Annotated[str | None, typer.Option(help="Only what this rule holds, such as B2.")] = None,
    source: Annotated[
        str | None, typer.Option(help="Only this source, such as clearinghouse.")
    ] = None,
    since: Annotated[datetime | None, _day("Only what arrived on this day or later.")] = None,
    only_open: Annotated[
        bool, typer.Option("--open/--all", help="What is open, or also what has left quarantine.")
    ] = True,
    limit: Annotated[int, typer.Option(help="How many items, the latest arrivals first.")] = 50,
) -> None:
    """List what could not be loaded: its id, where it is, which rule it broke, its dollars.

    Open is what was neither loaded since (by a replay, a release, or a corrected file) nor closed.
    """
    from rcm_platform.ingest import lake_access
    from rcm_platform.ingest.quarantine import items

    found = items.items(
        lake_access.open_lake(get_settings()),
        rule=rule,
        source=source,
        since=since and since.date(),
        only_open=only_open,
    )
    for item in found[:limit]:
        amount = "" if item.dollar_amount is None else f", ${item.dollar_amount:,.2f}"
        typer.echo(
            f"{item.quarantine_id} {item.arrival_date} {item.source_system} {item.source_file} "
            f"{item.source_position or ''}: {item.level}, rule {item.rule_id}{amount}, "
            f"{item.status}"
        )
        typer.echo(f"    {item.reason}")
    if not found:
        typer.echo("Nothing is in quarantine." if not only_open else "Nothing is open.")
        return
    held = [item for item in found if item.is_open]
    total, still = (sum(i.dollar_amount or 0 for i in some) for some in (found, held))
    typer.echo(f"{len(found):,} items, ${total:,.2f}; open: {len(held):,}, ${still:,.2f}")
    if len(found) > limit:
        typer.echo(f"The latest {limit:,} are shown: --limit shows more.")


@quarantine_app.command("show")
def quarantine_show(
    quarantine_id: Annotated[str, typer.Argument(help="The id, or how it begins.")],
    content: Annotated[
        bool, typer.Option("--content", help="Also the exact bytes, which may name people.")
    ] = False,
) -> None:
    """Show one item: the rule and what it means, the reason, the place, the dollars."""
    from rcm_platform.ingest import lake_access
    from rcm_platform.ingest.quarantine import items

    lake = lake_access.open_lake(get_settings())
    try:
        item = items.find(lake, quarantine_id)
    except KeyError as problem:
        _stop(str(problem.args[0]))
    rule = items.rules(get_settings().project_dir).get(item.rule_id)
    amount = "unknown" if item.dollar_amount is None else f"${item.dollar_amount:,.2f}"
    place = item.source_position or "the whole of it"
    start = "" if item.byte_offset is None else f", from byte {item.byte_offset:,}"
    decided = (
        f"{item.decision} by {item.decided_by} on {item.decided_at:%Y-%m-%d %H:%M} UTC: "
        f"{item.decision_reason}"
        if item.decision
        else "open"
    )
    for label, text in (
        ("id", item.quarantine_id),
        ("status", decided),
        ("rule", f"{item.rule_id}: {rule.description if rule else 'not in the rule table'}"),
        ("reason", item.reason),
        ("level", item.level),
        ("place", f"{item.source_system} {item.source_file}, {place}{start}"),
        ("bytes", f"{item.byte_count:,}"),
        ("dollars", amount),
        ("arrived", item.arrival_date),
    ):
        typer.echo(f"{label:8} {text}")
    if content:
        typer.echo(items.printable(items.contents(lake, [item])[item.quarantine_id]))


@quarantine_app.command("release")
def quarantine_release(
    quarantine_id: Annotated[str, typer.Argument(help="The id, or how it begins.")],
    reason: Annotated[str, typer.Option(help="Why; kept with the decision.")],
    by: Annotated[str | None, typer.Option(help="Who decides (default: your login).")] = None,
) -> None:
    """Load an item although its rule holds it, where its rows can be loaded safely.

    What must add up or is incomplete is refused, with what to do instead.
    """
    from rcm_platform.ingest.quarantine import replay

    try:
        summary = replay.release(
            get_settings(), quarantine_id, reason, by or _login(), _counts_from()
        )
    except (KeyError, ValueError) as problem:
        _stop(str(problem.args[0]))
    _print_replay(summary)


@quarantine_app.command("close")
def quarantine_close(
    quarantine_id: Annotated[str, typer.Argument(help="The id, or how it begins.")],
    reason: Annotated[str, typer.Option(help="Why; kept with the decision.")],
    by: Annotated[str | None, typer.Option(help="Who decides (default: your login).")] = None,
) -> None:
    """Decide that an item stays out, such as when its sender took it back.

    Its dollars stay counted as held.
    """
    from rcm_platform.ingest.quarantine import decisions

    try:
        item = decisions.close(
            get_settings(), quarantine_id, reason, by or _login(), _counts_from()
        )
    except (KeyError, ValueError) as problem:
        _stop(str(problem.args[0]))
    typer.echo(f"{item.quarantine_id} is closed.")


@quarantine_app.command("replay")
def quarantine_replay(
    quarantine_id: Annotated[str | None, typer.Argument(help="The id, or how it begins.")] = None,
    rule: Annotated[str | None, typer.Option(help="All open items of this rule.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All open items.")] = False,
    by: Annotated[str | None, typer.Option(help="Who asks for it (default: your login).")] = None,
) -> None:
    """Read held bytes again with today's readers and settings; load exactly what was missing."""
    from rcm_platform.ingest.quarantine import replay

    if sum((quarantine_id is not None, rule is not None, everything)) != 1:
        _stop("Say what to replay: an id, --rule RULE or --all.")
    try:
        summary = replay.replay(
            get_settings(),
            quarantine_id=quarantine_id,
            rule=rule,
            by=by or _login(),
            as_of=_counts_from(),
        )
    except (KeyError, ValueError) as problem:
        _stop(str(problem.args[0]))
    _print_replay(summary)


def _print_replay(summary: ReplaySummary) -> None:
    for item, problem in summary.problems:
        typer.echo(f"{item.quarantine_id} {item.source_file} {item.source_position or ''}: stays")
        typer.echo(f"    {problem}")
    for part in summary.held_anew:
        typer.echo(f"{part.quarantine_id} {part.source_file} {part.source_position or ''}: held")
        typer.echo(f"    a part of what was loaded ({part.rule_id}): {part.reason}")
    typer.echo(
        f"{len(summary.loaded):,} items left quarantine: {summary.row_count:,} rows of "
        f"{summary.byte_count:,} bytes loaded; {len(summary.problems):,} stay."
    )
    if summary.loaded:
        typer.echo("`rcm run` carries them to the marts.")


def _counts_from() -> date:
    """The day from which a decision counts: that of the figures as they are reported."""
    from rcm_platform.ingest import lake_access
    from rcm_platform.operate import pipeline

    settings = get_settings()
    return pipeline.as_of_date(settings, lake_access.open_lake(settings))


def _login() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for its user
        return "operator"


@contextmanager
def _progress() -> Iterator[Callable[[int, int, str], None]]:
    """A progress bar, as a function of (done, total, label)."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task("world", total=None)

        def tell(done: int, total: int, label: str) -> None:
            bar.update(task, completed=done, total=total, description=label)

        yield tell


def _first_and_last(text: str) -> tuple[date, date]:
    first, _, last = text.partition("..")
    try:
        return date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError:
        raise typer.BadParameter(
            f"days = {text!r} is not yyyy-mm-dd or yyyy-mm-dd..yyyy-mm-dd"
        ) from None


def _print_report(report: RunReport) -> None:
    from rcm_platform.explain import scorecard
    from rcm_platform.operate import run_report

    _print_table("Sources", run_report.SOURCE_COLUMNS, report.sources)
    _print_table("Proof", run_report.PROOF_COLUMNS, report.proof, text=3)
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
            f"http://127.0.0.1:3000{scorecard.PATH}\n"
            f"Read it: {report.published_path}"
        )
    else:
        out.print("[red]Nothing was published.[/] What was published before still stands.")


def _print_table(title: str, columns: Sequence[str], rows: list[list[str]], text: int = 1) -> None:
    """The first `text` columns are words, the others figures."""
    if rows:
        table = Table(
            title=title, box=SIMPLE_HEAD, title_justify="left", pad_edge=False, padding=(0, 0)
        )
        for number, column in enumerate(columns):
            table.add_column(
                column, justify="left" if number < text else "right", no_wrap=number == 0
            )
        for row in rows:
            table.add_row(*row)
        out.print(table)


def _stop(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
