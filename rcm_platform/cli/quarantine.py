"""`rcm quarantine`: what could not be loaded, and why."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from rcm_platform.cli.console import day, deciding, stop
from rcm_platform.settings import get_settings
from rcm_platform.web.access import machine_login

if TYPE_CHECKING:
    from rcm_platform.ingest.quarantine.replay import ReplaySummary

quarantine_app = typer.Typer(no_args_is_help=True, help="What could not be loaded, and why.")


@quarantine_app.command("list")
def quarantine_list(
    rule: Annotated[str | None, typer.Option(help="Only what this rule holds, such as B2.")] = None,
    source: Annotated[
        str | None, typer.Option(help="Only this source, such as clearinghouse.")
    ] = None,
    since: Annotated[datetime | None, day("Only what arrived on this day or later.")] = None,
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
    from rcm_platform.sources import rules

    lake = lake_access.open_lake(get_settings())
    try:
        item = items.find(lake, quarantine_id)
    except KeyError as problem:
        stop(str(problem.args[0]))
    rule = rules.rules(get_settings().project_dir).get(item.rule_id)
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
        with deciding() as (settings, as_of):
            summary = replay.release(settings, as_of, quarantine_id, reason, by or machine_login())
    except (KeyError, ValueError) as problem:
        stop(str(problem.args[0]))
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
        with deciding() as (settings, as_of):
            item = decisions.close(settings, as_of, quarantine_id, reason, by or machine_login())
    except (KeyError, ValueError) as problem:
        stop(str(problem.args[0]))
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
        stop("Say what to replay: an id, --rule RULE or --all.")
    try:
        with deciding() as (settings, as_of):
            summary = replay.replay(
                settings, as_of, quarantine_id=quarantine_id, rule=rule, by=by or machine_login()
            )
    except (KeyError, ValueError) as problem:
        stop(str(problem.args[0]))
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
