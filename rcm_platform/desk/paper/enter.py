"""Enter a remittance on paper: the file that the next run reads, and an entry on each of its
claims that says who did it, when, and where the paper is.

The file is first: it is what counts, and it names who entered it. An entry that is missing since
the store did not answer is made when the same is saved again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal

from rcm_platform.desk.entries import BY_REMITTANCE, checked_text
from rcm_platform.desk.paper import figures, folder
from rcm_platform.desk.paper.figures import Rows
from rcm_platform.desk.paper.folder import Kept
from rcm_platform.desk.paper.remittance import (
    MOST_NOTE_CHARACTERS,
    BilledClaim,
    Remittance,
    RemittanceRefused,
    checked,
    checked_note,
)
from rcm_platform.desk.store import Store, StoreUnavailable
from rcm_platform.settings import Settings


class CameByFile(RemittanceRefused):
    """The figures have a payment of this number already, from a file; nothing was written."""


def enter(
    settings: Settings,
    store: Store,
    rows: Rows,
    payer_key: str,
    one: Remittance,
    entry_id: str,
    note: str | None = None,
    *,
    is_another: bool = False,
) -> Kept:
    """Check a remittance and store it: when this returns it is kept for good.

    With the same `entry_id` it may be repeated. Raises RemittanceRefused, CameByFile or
    EnteredBefore for what may not be, of which the last two give way to `is_another`;
    FolderUnavailable, StoreUnavailable.
    """
    note = checked_note(note)
    one = checked(one, figures.reasons(rows).keys())
    came = figures.came_by_file(rows, payer_key, one.check_number)
    # what was entered here before is told by its own name
    is_ours = came and (settings.paper_remittances_dir / came["source_file"]).exists()
    if came and not is_another and not is_ours:
        raise CameByFile(
            [
                f"A remittance of this payer and number came already, in {came['source_file']}: "
                f"${came['remitted_amount']:,.2f} of {came['payment_date']}. To enter it again "
                "would count it twice. If it is truly another payment of that number, or another "
                "part of it, say so and save it again."
            ]
        )
    kept, _ = folder.keep(settings, one, entry_id, is_another=is_another)
    with _said():
        for answer in one.answers:
            words = _words(one, answer.paid_amount, note)
            _add(store, answer.claim, entry_id, one.entered_by, one.arrival_date, words)
    return kept


def take_back(
    settings: Settings,
    store: Store,
    rows: Rows,
    kept: Kept,
    entered_by: str,
    arrival_date: date,
    reason: str,
) -> Kept:
    """Take back what was entered: by a remittance of reversals, which the next run posts, and an
    entry on each claim that says why. What was entered stays as it is.

    Raises RemittanceRefused, EntryRefused for want of a reason; FolderUnavailable,
    StoreUnavailable.
    """
    why = str(checked_text("reason", reason, True, MOST_NOTE_CHARACTERS))
    if figures.repeated_files(rows, [kept.name]):
        raise RemittanceRefused(
            ["It came as a file, too, and that is what counts: there is nothing to take back."]
        )
    claims = [_known(settings, rows, kept, number) for number in kept.written.claim_ids]
    back = folder.take_back(settings, kept, entered_by, datetime.now(UTC), arrival_date)
    entry_id = folder.reversal_of(kept)
    said = f"Check or EFT {kept.written.check_number} of {kept.written.payment_date}: {why}"
    with _said():
        for claim in claims:
            _add(store, claim, entry_id, entered_by, arrival_date, said, TAKEN_BACK)
    return back


TAKEN_BACK = "taken_back"
"""The outcome of such an entry, of the seed `desk_outcomes`."""


def _known(settings: Settings, rows: Rows, kept: Kept, number: str) -> BilledClaim:
    """The claim of a number on it, which the reader may see. Raises RemittanceRefused."""
    for claim in figures.claims_of(settings, rows, number):
        if claim.claim_id == number and claim.payee.identifier == kept.written.payee_identifier:
            return claim
    for claim in figures.claims_of(settings, rows, number):
        if claim.claim_id == number:  # another facility of the same hospital
            return claim
    raise RemittanceRefused(
        [f"Claim {number} is not in the figures, or of an organization that is not yours."]
    )


def _add(
    store: Store,
    claim: BilledClaim,
    entry_id: str,
    made_by: str,
    day: date,
    note: str,
    outcome: str | None = None,
) -> None:
    """The entry on one claim of what was entered; the same one twice is one."""
    store.add(
        claim_key=claim.claim_key,
        source_system=claim.source_system,
        claim_id=claim.claim_id,
        action=BY_REMITTANCE,
        outcome=outcome,
        note=note,
        made_by=made_by,
        effective_date=day,
        entry_id=uuid.uuid5(_ENTRIES, f"{entry_id}\n{claim.claim_key}").hex,
    )


@contextmanager
def _said() -> Iterator[None]:
    """The file is there by now, whatever the store says."""
    try:
        yield
    except StoreUnavailable as problem:
        raise StoreUnavailable(
            "The remittance is stored, and the next run posts it. What is missing is the entry on "
            "its claims with your note, as the desk's store does not answer now: save the same "
            "again later."
        ) from problem


_ENTRIES = uuid.UUID("5a1c6f0e-6d59-4d0b-9b0e-3a0f4a9a6b62")


def _words(one: Remittance, paid: Decimal, note: str | None) -> str:
    said = (
        f"{one.payer.name}, check or EFT {one.check_number} of {one.payment_date}: "
        f"${paid:,.2f} paid on this claim."
    )
    return f"{said} {note}" if note else said
