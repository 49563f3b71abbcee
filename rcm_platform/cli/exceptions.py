"""`rcm exceptions`: what breaks a rule, and what people decide about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from rcm_platform.cli.console import day, deciding, print_table, stop
from rcm_platform.settings import get_settings
from rcm_platform.web.access import machine_login

if TYPE_CHECKING:
    from rcm_platform.explain.exceptions import DataException
    from rcm_platform.sources.base import ExceptionDecision

exceptions_app = typer.Typer(
    no_args_is_help=True, help="What breaks a rule, in dollars, and what is decided about it."
)

Id = Annotated[str, typer.Argument(help="The id, or how it begins.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the decision.")]
By = Annotated[str | None, typer.Option(help="Who decides (default: your login).")]

CARRIED = "`rcm run` carries it to the figures."


@exceptions_app.command("list")
def exceptions_list(
    rule: Annotated[str | None, typer.Option(help="Only of this rule, such as R3.")] = None,
    source: Annotated[
        str | None, typer.Option(help="Only of this source, such as clearinghouse.")
    ] = None,
    since: Annotated[datetime | None, day("Only what was found on this day or later.")] = None,
    only_open: Annotated[
        bool, typer.Option("--open/--all", help="What is open, or also what is settled or decided.")
    ] = True,
    limit: Annotated[int, typer.Option(help="How many, the most dollars first.")] = 25,
) -> None:
    """List the exceptions in the figures that readers see: the most dollars first, then by rule.

    Open is what was neither settled by a later record nor waived, closed or released by someone.
    """
    from rcm_platform.explain import exceptions
    from rcm_platform.operate.exceptions import published

    with _told(), published(get_settings()) as con:
        found = exceptions.exceptions(
            con, rule=rule, source=source, since=since and since.date(), only_open=only_open
        )
    if not found:
        typer.echo("Nothing is open." if only_open else "There is no exception.")
        return
    print_table(
        "Exceptions",
        ["id", "rule", "source", "record", "status", "found", "days", "dollars"],
        [
            [
                one.short_id,
                one.rule_id,
                one.source_system,
                one.record_type,
                one.status,
                str(one.found_date or "unknown"),
                "" if one.age_days is None else f"{one.age_days:,}",
                _dollars(one),
            ]
            for one in found[:limit]
        ],
        text=6,
    )
    if len(found) > limit:
        typer.echo(f"{limit:,} of {len(found):,} are shown: --limit shows more.\n")
    by_rule: dict[str, list[DataException]] = {}
    for one in found:
        by_rule.setdefault(one.rule_id, []).append(one)
    totals = {
        rule_id: sum((one.finding_amount or Decimal(0) for one in some), Decimal(0))
        for rule_id, some in by_rule.items()
    }
    print_table(
        "By rule",
        ["rule", "exceptions", "dollars", "what it says"],
        [
            [rule_id, f"{len(some):,}", f"{totals[rule_id]:,.2f}", some[0].rule_description]
            for rule_id, some in sorted(by_rule.items(), key=lambda of: -abs(totals[of[0]]))
        ],
        has_remark=True,
    )
    typer.echo("Two rules may be about the same dollars. `rcm exceptions show ID` says what to do.")


@exceptions_app.command("show")
def exceptions_show(exception_id: Id) -> None:
    """Show one exception: the rule, the record and its place, what was decided, what can be done.

    It may name a claim or a visit.
    """
    from rcm_platform.explain import exceptions
    from rcm_platform.operate.exceptions import history, published

    with _told(), published(get_settings()) as con:
        one = exceptions.find(con, exception_id)
    made = history(get_settings(), one)
    place = (one.source_system, one.source_file, one.source_position)
    for label, text in (
        ("id", one.finding_key),
        ("status", one.status),
        ("rule", f"{one.rule_id}: {one.rule_description}"),
        ("record", f"{one.record_type} {one.record_id or 'without a number'}"),
        ("place", " ".join(part for part in place if part)),
        ("detail", one.detail or "none"),
        ("dollars", _dollars(one) or "unknown"),
        ("found", _found(one)),
        *(("decided", _in_words(decision)) for decision in made),
        ("to do", one.next_step if one.is_open else "Nothing."),
        ("here", _commands(one, made)),
    ):
        typer.echo(f"{label:8} {text}")


@exceptions_app.command("waive")
def exceptions_waive(
    exception_id: Id,
    until: Annotated[datetime, day("The last day on which it is accepted.")],
    reason: Reason,
    by: By = None,
) -> None:
    """Accept an exception until a day: it is open no more, and from the next day on it is again."""
    from rcm_platform.operate import exceptions

    with _told(), deciding() as (settings, as_of):
        exceptions.waive(settings, as_of, exception_id, reason, by or machine_login(), until.date())
    typer.echo(f"Waived until {until.date()}. {CARRIED}")


@exceptions_app.command("close")
def exceptions_close(exception_id: Id, reason: Reason, by: By = None) -> None:
    """Settle an exception for good. Its dollars stay where they are; it is open no more."""
    from rcm_platform.operate import exceptions

    with _told(), deciding() as (settings, as_of):
        exceptions.close(settings, as_of, exception_id, reason, by or machine_login())
    typer.echo(f"Closed. {CARRIED}")


@exceptions_app.command("reopen")
def exceptions_reopen(exception_id: Id, reason: Reason, by: By = None) -> None:
    """Take back what was decided about an exception: it is open again."""
    from rcm_platform.operate import exceptions

    with _told(), deciding() as (settings, as_of):
        exceptions.reopen(settings, as_of, exception_id, reason, by or machine_login())
    typer.echo(f"Open again. {CARRIED}")


@exceptions_app.command("release")
def exceptions_release(exception_id: Id, reason: Reason, by: By = None) -> None:
    """Let in what a rule holds, where that is safe; what must add up is refused, with what to do.

    Safe are a file marked as test (E9), an unlisted sender (E11), numbers that are used twice in a
    file (E5), an acknowledgement whose totals are off (K7), and a debit that the hospital draws
    itself (B11). Of any other rule it says why not.
    """
    from rcm_platform.operate import exceptions

    with _told(), deciding() as (settings, as_of):
        exceptions.release(settings, as_of, exception_id, reason, by or machine_login())
    typer.echo(f"Released. {CARRIED}")


@exceptions_app.command("match")
def exceptions_match(
    deposit: Annotated[
        str, typer.Argument(help="The deposit's number, or the id of its exception.")
    ],
    payments: Annotated[
        list[str],
        typer.Argument(help="Of each payment in it: its trace number, or its exception's id."),
    ],
    reason: Reason,
    by: By = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take such a match back.")] = False,
) -> None:
    """Say by hand which payments a bank deposit holds, one or several.

    What then still differs (a fee, a payment on paper) stays open with its dollars.
    """
    from rcm_platform.operate import exceptions

    with _told(), deciding() as (settings, as_of):
        made = exceptions.match(
            settings, as_of, deposit, payments, reason, by or machine_login(), undo=undo
        )
    count = len(made.payment_amounts)
    typer.echo(
        f"The deposit of ${made.deposit_amount:,.2f} {'no longer holds' if undo else 'holds'} "
        f"{'1 payment' if count == 1 else f'{count:,} payments'}. {CARRIED}"
    )
    if made.difference and not undo:
        typer.echo(f"They differ by ${made.difference:,.2f}, which stays open.")


@contextmanager
def _told() -> Iterator[None]:
    """What may not be is said in a sentence."""
    from rcm_platform.explain.exceptions import UnknownException

    try:
        yield
    except (UnknownException, ValueError, FileNotFoundError) as problem:
        stop(str(problem.args[0]))


def _found(one: DataException) -> str:
    if one.age_days is None:
        return "on a day that its file does not tell"
    return f"{one.found_date}, {one.age_days:,} days before the day of the figures"


def _dollars(one: DataException) -> str:
    return "" if one.finding_amount is None else f"{one.finding_amount:,.2f}"


def _in_words(decision: ExceptionDecision) -> str:
    until = f" until {decision.until_date}" if decision.until_date else ""
    return (
        f"{decision.decision}{until} by {decision.decided_by} on "
        f"{decision.decided_at:%Y-%m-%d %H:%M} UTC: {decision.reason}"
    )


def _commands(one: DataException, made: Sequence[ExceptionDecision]) -> str:
    """What can be decided about it at the command line."""
    from rcm_platform.operate.exceptions import possible

    words = {
        "match": "match {} TRACE",
        "unmatch": "match {} TRACE --undo",
        "waive": "waive {} --until DAY",
    }
    can = [words.get(what, f"{what} {{}}").format(one.short_id) for what in possible(one, made)]
    if not can:
        return "nothing: a later record settled it"
    each = ", each" if len(can) > 1 else ""
    return f"`rcm exceptions {'`, `'.join(can)}`{each} with --reason"
