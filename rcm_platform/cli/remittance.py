"""`rcm desk remittance`: enter what a payer decided on paper."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from rcm_platform.cli.console import day, stop
from rcm_platform.cli.desk import desk_app
from rcm_platform.settings import get_settings
from rcm_platform.web.access import machine_login

if TYPE_CHECKING:
    from rcm_platform.desk.paper.figures import Rows
    from rcm_platform.desk.paper.remittance import Adjustment, Answer, BilledClaim, Payer
    from rcm_platform.desk.query import Query, Row
    from rcm_platform.settings import Settings


@desk_app.command("remittance")
def desk_remittance(
    claims: Annotated[
        list[str],
        typer.Argument(
            help="A claim each, in quotes: its number or key, what is paid, and each adjustment as "
            'GROUP-REASON=DOLLARS, as in "A17 80.00 CO-45=15.00 PR-2=5.00". Also charge=DOLLARS, '
            "where it is not that of the figures, status=CODE (1, the first payer's decision, "
            "where none is given), and number=TEXT, the payer's own number of it."
        ),
    ],
    check: Annotated[str, typer.Option(help="Number of the check or transfer.")],
    paid_on: Annotated[datetime, day("Its date.")],
    amount: Annotated[str, typer.Option(help="Its dollars.")],
    transfer: Annotated[bool, typer.Option("--transfer", help="It was paid by EFT.")] = False,
    payer: Annotated[
        str | None, typer.Option(help="Name of the payer, where it is not that of the first claim.")
    ] = None,
    note: Annotated[
        str | None, typer.Option(help="Where the paper is: lockbox batch, number of the image.")
    ] = None,
    another: Annotated[
        bool,
        typer.Option("--another", help="It is another payment of that number, or another part."),
    ] = False,
    source: Annotated[
        str | None, typer.Option(help="Source system of the claims, where several have a number.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who enters it (default: your login).")] = None,
) -> None:
    """Enter a remittance that came on paper; the next run posts it like any other.

    It must balance. The same command again stores nothing more.
    """
    _quietly()
    from rcm_platform.desk.paper.enter import enter
    from rcm_platform.desk.paper.folder import EnteredBefore, FolderUnavailable
    from rcm_platform.desk.paper.remittance import CHECK, TRANSFER, Remittance, amount_of
    from rcm_platform.desk.store import Store, StoreUnavailable
    from rcm_platform.publish import versions

    settings = get_settings()
    try:
        with _figures(settings) as rows:
            payer_key, who = _payer(settings, rows, payer, claims[0], source)
            answers = tuple(_answer(settings, rows, text, source, payer_key) for text in claims)
            present = versions.current(settings.published_dir)
            assert present  # whose file is open
            one = Remittance(
                payer=who,
                check_number=check.strip(),
                method=TRANSFER if transfer else CHECK,
                payment_date=paid_on.date(),
                amount=amount_of(amount, "The check"),
                answers=answers,
                entered_by=by or machine_login(),
                entered_at=datetime.now(UTC),
                arrival_date=date.fromisoformat(present.as_of),
            )
            # the same command is the same entry
            said = (one.entered_by, check, str(paid_on), amount, str(another), *claims)
            entry_id = "\n".join(said)
            kept = enter(
                settings, Store.open(settings), rows, payer_key, one, entry_id, note,
                is_another=another,
            )  # fmt: skip
    except (
        EnteredBefore, FolderUnavailable, StoreUnavailable, ValueError, LookupError,
        FileNotFoundError,
    ) as problem:  # fmt: skip
        stop(str(problem.args[0]))
    typer.echo(f"The remittance is stored in {kept.name}. `rcm run` posts it.")


@desk_app.command("take-back")
def desk_take_back(
    name: Annotated[
        str, typer.Argument(help="The file that `rcm desk remittance` named when it was entered.")
    ],
    why: Annotated[str, typer.Option(help="What was wrong; kept on each of its claims.")],
    by: Annotated[str | None, typer.Option(help="Who does it (default: your login).")] = None,
) -> None:
    """Take back a remittance that was entered wrongly; the next run posts the reversals.

    What was entered stays as it is. Enter it anew with --another.
    """
    _quietly()
    from rcm_platform.desk.paper.enter import take_back
    from rcm_platform.desk.paper.folder import FolderUnavailable, named
    from rcm_platform.desk.store import Store, StoreUnavailable
    from rcm_platform.publish import versions

    settings = get_settings()
    try:
        with _figures(settings) as rows:
            present = versions.current(settings.published_dir)
            assert present  # whose file is open
            back = take_back(
                settings, Store.open(settings), rows, named(settings, name),
                by or machine_login(), date.fromisoformat(present.as_of), why,
            )  # fmt: skip
    except (
        FolderUnavailable,
        StoreUnavailable,
        ValueError,
        LookupError,
        FileNotFoundError,
    ) as problem:
        stop(str(problem.args[0]))
    typer.echo(f"The reversals are stored in {back.name}. `rcm run` posts them.")


def _quietly() -> None:
    """Import what the desk reads figures with: outside of a page, Streamlit warns of its caches."""
    logging.disable(logging.WARNING)
    try:
        import rcm_platform.desk.query  # noqa: F401
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def _figures(settings: Settings) -> Iterator[Rows]:
    """How rows of the figures that readers see are read. Raises FileNotFoundError."""
    from rcm_platform.desk.query import statement
    from rcm_platform.publish import versions
    from rcm_platform.publish.audiences import OPERATIONS

    with versions.open_published(settings.published_dir, OPERATIONS) as con:
        schema: dict[str, dict[str, str]] = {}
        for table, column, kind in con.execute(
            "select table_name, column_name, data_type from information_schema.columns"
        ).fetchall():
            schema.setdefault(table, {})[column] = kind

        def rows(query: Query) -> Sequence[Row]:
            made = statement(query, schema)
            found = con.execute(made.sql, list(made.values))
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

        yield rows


def _claim(settings: Settings, rows: Rows, number: str, source: str | None) -> BilledClaim:
    """The only claim of a number or key. Raises LookupError."""
    from rcm_platform.desk.paper import figures

    found = [
        claim
        for claim in figures.claims_of(settings, rows, number)
        if source in (None, claim.source_system)
    ]
    if not found:
        raise LookupError(f"No claim of the figures has the number or key {number}.")
    if len(found) > 1:
        keys = ", ".join(f"{claim.claim_key} ({claim.source_system})" for claim in found)
        raise LookupError(f"Several claims have the number {number}: name one by its key, {keys}.")
    return found[0]


def _payer(
    settings: Settings, rows: Rows, name: str | None, first: str, source: str | None
) -> tuple[str, Payer]:
    """Key and payer of this name, or that of the first claim. Raises LookupError."""
    from rcm_platform.desk.paper import figures

    known = figures.payers(rows)
    if name is None:
        key = _claim(settings, rows, (first.split() or [""])[0], source).payer_key or ""
        found = [key] if key in known else []
    else:
        found = [key for key, one in known.items() if one.name.casefold() == name.casefold()]
    if len(found) != 1:
        which = "several payers" if found else "no payer"
        raise LookupError(
            f"There {'are' if found else 'is'} {which} of this name in the figures: "
            "name one with --payer as its page does."
        )
    return found[0], known[found[0]]


def _answer(
    settings: Settings, rows: Rows, text: str, source: str | None, payer_key: str
) -> Answer:
    """What is said of one claim. Raises ValueError, LookupError."""
    from rcm_platform.desk.paper import figures
    from rcm_platform.desk.paper.remittance import Answer, amount_of

    number, paid, *rest = [*text.split(), "", ""]
    claim = _claim(settings, rows, number, source)
    label, more = f"Claim {number}", dict[str, str]()
    adjustments: list[Adjustment] = []
    for word in filter(None, rest):
        name, is_given, value = word.partition("=")
        if not is_given:
            raise ValueError(f"{label}: {word} is not of the form GROUP-REASON=DOLLARS.")
        if name in ("charge", "status", "number"):
            more[name] = value
        else:
            adjustments.append(_adjustment(name, value, label))
    charge = more.get("charge")
    return Answer(
        claim=claim,
        status_code=more.get("status", "1"),
        charge_amount=amount_of(charge, f"{label}, the charge") if charge else claim.charge_amount,
        paid_amount=amount_of(paid, f"{label}, what is paid"),
        adjustments=tuple(adjustments),
        payer_claim_number=more.get("number") or figures.payer_claim_number(rows, claim, payer_key),
    )


def _adjustment(name: str, value: str, label: str) -> Adjustment:
    from rcm_platform.desk.paper.remittance import Adjustment, amount_of

    group, _, reason = name.partition("-")
    return Adjustment(group.upper(), reason.upper(), amount_of(value, f"{label}, an adjustment"))
