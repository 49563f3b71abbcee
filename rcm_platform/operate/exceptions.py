"""What is done about exceptions: waive, close, release, reopen, match a deposit by hand.

The id is that of an exception in the version that readers see, or how it begins. A decision counts
from the day of the figures on; the next run carries it to them.

Where a decision is kept is for the caller to say: in the lake, whose lock the caller then holds, or
by `Store.decide` in the store of the desk, from where the next load takes it. What is held in
quarantine is decided on in the lake alone.

All raise UnknownException for an unknown id and ValueError, with what to do, for what may not be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb
from filelock import Timeout

from rcm_platform.explain import exceptions
from rcm_platform.explain.exceptions import DataException, UnknownException
from rcm_platform.ingest import exception_decisions, lake_access
from rcm_platform.ingest.quarantine import decisions as quarantine_decisions
from rcm_platform.ingest.quarantine import replay
from rcm_platform.ingest.quarantine.rules import RELEASABLE
from rcm_platform.publish import versions
from rcm_platform.publish.audiences import OPERATIONS
from rcm_platform.settings import Settings
from rcm_platform.sources.base import ExceptionDecision, ExceptionDecisionKind

Keep = Callable[[Settings, Sequence[ExceptionDecision]], None]
"""Where decisions are kept."""

_IN_THE_LAKE: Keep = exception_decisions.write_down
_WAIT_SECONDS = 2
_TREASURY = ("treasury", "bank_deposits")


class RunIsWriting(Exception):  # noqa: N818 (a state of the world, not a programming error)
    """A run holds the lake; nothing was decided."""


@contextmanager
def between_runs(settings: Settings) -> Iterator[None]:
    """Hold the lock of the lake, to decide on what quarantine holds. Raises RunIsWriting at once
    where a run holds it."""
    try:
        lock = lake_access.single_writer(settings).acquire(timeout=_WAIT_SECONDS)
    except Timeout:
        raise RunIsWriting(
            "A run is writing just now, and what quarantine holds is decided on between runs. "
            "Nothing was stored: save again when it has ended."
        ) from None
    with lock:
        yield


@dataclass(frozen=True)
class Match:
    """A deposit and the payments that someone found in it; dollars."""

    deposit_id: str
    deposit_amount: Decimal
    payment_amounts: Sequence[Decimal]

    @property
    def difference(self) -> Decimal:
        """What the bank received beyond the payments; below zero, less than them."""
        return self.deposit_amount - sum(self.payment_amounts, Decimal(0))


@contextmanager
def published(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The version that readers see. Raises FileNotFoundError before the first."""
    with versions.open_published(settings.published_dir, OPERATIONS) as con:
        yield con


def history(
    settings: Settings, one: DataException, kept: Sequence[ExceptionDecision] = ()
) -> list[ExceptionDecision]:
    """All that was ever decided about an exception, the latest last; `kept` are decisions that may
    not have reached the lake yet."""
    landed = exception_decisions.decisions(lake_access.open_lake(settings))
    by_id = {decision.decision_id: decision for decision in (*landed, *kept)}
    return sorted(
        (decision for decision in by_id.values() if _is_about(decision, one)),
        key=lambda decision: (decision.decided_at, decision.decision_id),
    )


def matched(made: Sequence[ExceptionDecision]) -> tuple[str, ...]:
    """Keys of the payments that a deposit is said to hold, after all that was decided about it; the
    latest last."""
    last = {one.remit_payment_key: one.decision for one in made if one.remit_payment_key}
    return tuple(key for key, decision in last.items() if key and decision == "matched")


def possible(one: DataException, made: Sequence[ExceptionDecision]) -> tuple[str, ...]:
    """What can be decided about an exception as it stands, after what was decided before: names of
    the functions here, and `unmatch`, which is `match` with `undo`."""
    can: tuple[str, ...] = ("waive", "close")
    if not one.is_open:
        can = ("reopen",) if one.decision else ()
    elif one.is_held:
        can = ("close", "release") if one.rule_id in RELEASABLE else ("close",)
    elif one.record_type == "deposit":
        can = ("match", *can)
    return (*can, "unmatch") if matched(made) else can


def waive(
    settings: Settings,
    as_of: date,
    exception_id: str,
    reason: str,
    by: str,
    until: date,
    keep: Keep = _IN_THE_LAKE,
) -> DataException:
    """Accept an exception until a day; from the next on it is open again."""
    if until < as_of:
        raise ValueError(f"A waiver until {until} would be over: the figures are as of {as_of}.")
    one = _find(settings, exception_id)
    if one.is_held:
        raise ValueError(
            "What is held is in no figure, so there is nothing to accept: close it, release it, "
            f"or have it corrected. See `rcm exceptions show {one.short_id}`."
        )
    _decide(settings, as_of, one, "waived", reason, by, keep, until)
    return one


def close(
    settings: Settings,
    as_of: date,
    exception_id: str,
    reason: str,
    by: str,
    keep: Keep = _IN_THE_LAKE,
) -> DataException:
    """Settle an exception for good; of a held item, decide that it stays out."""
    one = _find(settings, exception_id)
    if one.is_held:
        _of_quarantine(quarantine_decisions.close, settings, as_of, one, reason, by)
    else:
        _decide(settings, as_of, one, "closed", reason, by, keep)
    return one


def reopen(
    settings: Settings,
    as_of: date,
    exception_id: str,
    reason: str,
    by: str,
    keep: Keep = _IN_THE_LAKE,
) -> DataException:
    """Take back what was decided about an exception."""
    one = _find(settings, exception_id)
    if not history(settings, one):
        raise ValueError("Nothing was decided about it, or it is an item of quarantine.")
    _decide(settings, as_of, one, "reopened", reason, by, keep)
    return one


def release(
    settings: Settings, as_of: date, exception_id: str, reason: str, by: str
) -> DataException:
    """Let in what a rule holds, where that is safe."""
    one = _find(settings, exception_id)
    if one.is_held:
        _of_quarantine(replay.release, settings, as_of, one, reason, by)
    else:
        raise ValueError(
            f"Only an item of quarantine can be released, and rule {one.rule_id} keeps none. To "
            "accept the exception, waive or close it."
        )
    return one


def match(
    settings: Settings,
    as_of: date,
    deposit: str,
    payments: Sequence[str],
    reason: str,
    by: str,
    *,
    undo: bool = False,
    keep: Keep = _IN_THE_LAKE,
) -> Match:
    """Say which payments a bank deposit holds, or (`undo`) no longer holds.

    The deposit by its number or the id of its exception; a payment by its trace number, its key or
    the id of its exception.
    """
    with published(settings) as con:
        number = _number(con, deposit, "deposit")
        found = [_payment(con, _number(con, payment, "payment")) for payment in payments]
    amount = _deposit_amount(settings, number)
    moment = exception_decisions.now()
    keep(
        settings,
        [
            ExceptionDecision(
                decision="unmatched" if undo else "matched",
                rule_id="R3",
                source_system=_TREASURY[0],
                record_type="deposit",
                record_id=number,
                source_file=None,
                source_position=None,
                reason=reason,
                decided_by=by,
                decided_at=moment,
                arrival_date=as_of,
                remit_payment_key=key,
            )
            for key, _ in found
        ],
    )
    return Match(number, amount, [dollars for _, dollars in found])


def _find(settings: Settings, exception_id: str) -> DataException:
    with published(settings) as con:
        return exceptions.find(con, exception_id)


def _is_about(decision: ExceptionDecision, one: DataException) -> bool:
    """Whether a decision is about the record of an exception. A match is about a deposit, whichever
    rule the deposit breaks."""
    if decision.remit_payment_key:
        deposit = (decision.source_system, decision.record_type, decision.record_id)
        return deposit == (one.source_system, one.record_type, one.record_id)
    return _record(decision) == _record(one)


def _record(of: DataException | ExceptionDecision) -> tuple[str | None, ...]:
    """What a decision and an exception name alike."""
    return (
        of.rule_id, of.source_system, of.record_type, of.record_id, of.source_file,
        of.source_position,
    )  # fmt: skip


def _decide(
    settings: Settings,
    as_of: date,
    one: DataException,
    kind: ExceptionDecisionKind,
    reason: str,
    by: str,
    keep: Keep,
    until: date | None = None,
) -> None:
    decision = ExceptionDecision(
        decision=kind,
        rule_id=one.rule_id,
        source_system=one.source_system,
        record_type=one.record_type,
        record_id=one.record_id,
        source_file=one.source_file,
        source_position=one.source_position,
        reason=reason,
        decided_by=by,
        decided_at=exception_decisions.now(),
        arrival_date=as_of,
        until_date=until,
    )
    keep(settings, [decision])


def _of_quarantine(
    decide: object, settings: Settings, as_of: date, one: DataException, reason: str, by: str
) -> None:
    assert callable(decide)
    try:
        decide(settings, as_of, one.record_id, reason, by)
    except KeyError as problem:
        raise UnknownException(str(problem.args[0])) from None


def _number(con: duckdb.DuckDBPyConnection, wanted: str, record_type: str) -> str:
    """The number of the record that an exception is about, where `wanted` is the id of one."""
    try:
        one = exceptions.find(con, wanted)
    except UnknownException:
        return wanted
    return one.record_id or wanted if one.record_type == record_type else wanted


def _payment(con: duckdb.DuckDBPyConnection, wanted: str) -> tuple[str, Decimal]:
    found = exceptions.payments(con, wanted)
    if not found:
        raise UnknownException(
            f"No payment has the trace number {wanted!r}, and no exception this id."
        )
    if len(found) > 1:
        keys = ", ".join(key[: exceptions.SHORT] for key, _ in found)
        raise UnknownException(
            f"{len(found):,} payments have the trace number {wanted!r}: name one by its key, "
            f"{keys}."
        )
    return found[0]


def _deposit_amount(settings: Settings, deposit_id: str) -> Decimal:
    lake = lake_access.open_lake(settings)
    amounts = (
        lake.query(
            f"select amount from {lake.scan(*_TREASURY)} "
            "where ? in (trim(deposit_id), trim(hospital) || '/' || trim(deposit_id))",
            deposit_id,
        )
        if lake.has(*_TREASURY)
        else []
    )
    if not amounts:
        raise UnknownException(
            f"No deposit has the number {deposit_id!r}, and no exception this id."
        )
    return Decimal(amounts[0][0])
