"""`rcm desk`: what people did about claims."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from rcm_platform.cli.console import day, print_table, stop
from rcm_platform.settings import get_settings
from rcm_platform.web.access import machine_login

if TYPE_CHECKING:
    from rcm_platform.desk.entries import Action, Entry
    from rcm_platform.settings import Settings

desk_app = typer.Typer(
    no_args_is_help=True, help="What people did about claims; the next run brings it to the lists."
)

Claim = Annotated[str, typer.Argument(help="The claim's number, or its key.")]
Source = Annotated[
    str | None, typer.Option(help="Its source system, where several have that number.")
]


@desk_app.command("record")
def desk_record(
    claim: Claim,
    action: Annotated[str, typer.Option(help="What was done; `rcm desk actions` lists them.")],
    outcome: Annotated[str | None, typer.Option(help="What came of it.")] = None,
    note: Annotated[str | None, typer.Option(help="What the next one should know.")] = None,
    follow_up: Annotated[
        datetime | None, day("When to look at it again; it leaves the lists until then.")
    ] = None,
    assign: Annotated[str | None, typer.Option(help="Who has it from then on.")] = None,
    source: Source = None,
    by: Annotated[str | None, typer.Option(help="Who did it (default: your login).")] = None,
) -> None:
    """Write down what was done about a claim of the figures that readers see.

    Nothing is ever altered: who errs makes another entry.
    """
    from rcm_platform.desk import entries
    from rcm_platform.desk.store import Store

    settings = get_settings()
    if action == entries.BY_REMITTANCE:
        stop("That is done with `rcm desk remittance`, which needs what the paper says.")
    with _told():
        claim_key, source_system, claim_id = _find(settings, claim, source)
        entry = Store.open(settings).add(
            claim_key=claim_key,
            source_system=source_system,
            claim_id=claim_id,
            action=action,
            outcome=outcome,
            note=note,
            follow_up_date=follow_up.date() if follow_up else None,
            assigned_to=assign,
            made_by=by or machine_login(),
        )
    typer.echo(f"Entry {entry.sequence} is stored. `rcm run` brings it to the lists.")


@desk_app.command("list")
def desk_list(
    claim: Annotated[str | None, typer.Option(help="Only of this claim: number or key.")] = None,
    source: Source = None,
    by: Annotated[str | None, typer.Option(help="Only what this person entered.")] = None,
    limit: Annotated[int, typer.Option(help="How many, the latest first.")] = 25,
) -> None:
    """List what people entered, the latest first, also what waits for the next run."""
    from rcm_platform.desk import entries
    from rcm_platform.desk.store import Store

    settings = get_settings()
    with _told():
        desk = Store.open(settings)
        if claim:
            found = desk.of_claim(_find(settings, claim, source)[0])[::-1]
            found = [entry for entry in found if by in (None, entry.made_by)][:limit]
        else:
            found = desk.recent(by, limit)
    if not found:
        typer.echo("There is no entry.")
        return
    known = entries.actions(settings.project_dir)
    print_table(
        "Entries",
        ["number", "claim", "when (UTC)", "who", "what", "follow-up", "note"],
        [
            [
                str(entry.sequence),
                f"{entry.source_system} {entry.claim_id}",
                f"{entry.made_at:%Y-%m-%d %H:%M}",
                entry.made_by,
                _in_words(entry, known.get(entry.action)),
                str(entry.follow_up_date or ""),
                entry.note or "",
            ]
            for entry in found
        ],
        text=7,
    )


@desk_app.command("actions")
def desk_actions() -> None:
    """List the actions that an entry may name, each with its outcomes."""
    from rcm_platform.desk import entries

    known = entries.by_hand(entries.actions(get_settings().project_dir))
    print_table(
        "Actions",
        ["action", "in words", "outcomes"],
        [[name, one.label, ", ".join(one.outcomes)] for name, one in known.items()],
        text=3,
    )


@desk_app.command("move")
def desk_move() -> None:
    """Bring what was entered in the file of RCM_HOME into the PostgreSQL of RCM_DESK_URL.

    All of it or nothing, and only what is not there yet: it may be repeated. The file stays, and is
    no longer read.
    """
    from rcm_platform.desk.store import Store

    settings = get_settings()
    if not settings.desk_url:
        stop("Set RCM_DESK_URL to the PostgreSQL that is to hold the entries.")
    if not settings.desk_path.exists():
        stop(f"There is nothing to bring: {settings.desk_path} does not exist.")
    with _told():
        file = Store.open(settings.model_copy(update={"desk_url": None}))
        entry_count, decision_count = Store.open(settings).take_over(file)
    typer.echo(
        f"Brought over: {entry_count:,} entr{'y' if entry_count == 1 else 'ies'}, "
        f"{decision_count:,} decision{'' if decision_count == 1 else 's'}. "
        f"{settings.desk_path} stays, and is no longer read."
    )


@contextmanager
def _told() -> Iterator[None]:
    """What may not be is said in a sentence."""
    from rcm_platform.desk.store import StoreUnavailable

    try:
        yield
    except (StoreUnavailable, ValueError, FileNotFoundError, LookupError) as problem:
        stop(str(problem.args[0]))


def _find(settings: Settings, claim: str, source: str | None) -> tuple[str, str, str]:
    """Key, source system and number of a claim of the figures that readers see.

    Raises LookupError where none or several have that number, FileNotFoundError where nothing is
    published.
    """
    from rcm_platform.publish import versions
    from rcm_platform.publish.audiences import OPERATIONS

    with versions.open_published(settings.published_dir, OPERATIONS) as con:
        found = con.execute(
            "select claim_key, source_system, claim_id from fct_claims "
            "where (claim_key = $claim or claim_id = $claim) "
            "and ($source is null or source_system = $source) order by source_system, claim_key",
            {"claim": claim, "source": source},
        ).fetchall()
    if not found:
        raise LookupError("No claim of the figures has this number or key.")
    if len(found) > 1:
        where = ", ".join(f"{key} ({system})" for key, system, _ in found)
        raise LookupError(f"{len(found):,} claims have this number: name one by its key, {where}.")
    key, system, number = found[0]
    return key, system, number


def _in_words(entry: Entry, action: Action | None) -> str:
    if action is None:
        return entry.action
    outcome = action.outcomes.get(entry.outcome or "", entry.outcome)
    return f"{action.label}: {outcome}" if outcome else action.label
