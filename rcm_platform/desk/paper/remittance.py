"""What a remittance on paper says, and what must be true of it before it is written."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from rcm_platform.desk.entries import MOST_NAME_CHARACTERS, EntryRefused, checked_text

CHECK, TRANSFER = "CHK", "ACH"
METHODS = {CHECK: "Check", TRANSFER: "Electronic transfer (EFT)"}
"""How the payer paid, in words."""

GROUPS = {
    "CO": "by contract",
    "PR": "the patient's",
    "OA": "other",
    "PI": "the payer's own",
}
"""Groups of adjustments, in words."""

CONTRACTUAL, PATIENT = "CO", "PR"
REVERSAL = "22"
DECISIONS = ("1", "2", "3", "4", "19", "20", "21")
"""States of a claim that a notice on paper may give it; what takes back is written from what was
entered."""

MOST_CLAIMS, MOST_ADJUSTMENTS = 100, 30
MOST_NOTE_CHARACTERS = 1000
MOST_CHECK_CHARACTERS, MOST_PAYER_CLAIM_CHARACTERS = 50, 50
LARGEST = Decimal(10) ** 10
DAYS_AHEAD = 31
"""A payment that is dated later than so many days after the figures counts as dated falsely
(C15)."""

_FIRST_DAY = date(1900, 1, 1)
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./_#-]*")


class RemittanceRefused(EntryRefused):
    """What was entered cannot be written as it is; `problems` say why, one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Payer:
    """Who pays, by the number and name that files know."""

    payer_id: str
    name: str


@dataclass(frozen=True)
class Payee:
    """Who is paid; `stands_in_for` is the X12 source that would have brought a file of it."""

    name: str
    npi: str | None
    tin: str | None
    stands_in_for: str

    @property
    def identifier(self) -> str | None:
        """What names it in a file: the NPI, else the tax identifier."""
        return self.npi or self.tin


@dataclass(frozen=True)
class BilledClaim:
    """A claim of the figures that was billed, as the desk knows it."""

    claim_key: str
    source_system: str
    claim_id: str
    charge_amount: Decimal
    service_date: date | None
    patient_last_name: str | None
    patient_first_name: str | None
    payer_key: str | None
    payee: Payee
    answered_number: str | None = None
    """A payer's number of it in an earlier answer, where nothing but answers tells the claim."""


@dataclass(frozen=True)
class Adjustment:
    """What the payer does not pay of a claim: group, reason (CARC), dollars."""

    group_code: str
    reason_code: str
    amount: Decimal


@dataclass(frozen=True)
class Answer:
    """What the payer decided about one claim."""

    claim: BilledClaim
    status_code: str
    charge_amount: Decimal
    paid_amount: Decimal
    adjustments: tuple[Adjustment, ...] = ()
    payer_claim_number: str | None = None

    @property
    def adjusted_amount(self) -> Decimal:
        return sum((one.amount for one in self.adjustments), Decimal(0))

    @property
    def patient_amount(self) -> Decimal:
        """What is left to the patient: its adjustments, so that the two cannot differ (B4)."""
        of_patient = (one.amount for one in self.adjustments if one.group_code == PATIENT)
        return sum(of_patient, Decimal(0))

    @property
    def difference(self) -> Decimal:
        """Charge less adjustments, less what was paid: nothing, where the claim balances."""
        return self.charge_amount - self.adjusted_amount - self.paid_amount


@dataclass(frozen=True)
class Remittance:
    """One check or transfer, as the paper says, and who entered it when.

    `arrival_date` is the day of the figures before the person: from that day on it counts.
    `entered_at` is in UTC.
    """

    payer: Payer
    check_number: str
    method: str
    payment_date: date
    amount: Decimal
    answers: tuple[Answer, ...]
    entered_by: str
    entered_at: datetime
    arrival_date: date

    @property
    def payee(self) -> Payee:
        """Who is paid: the facility of the first claim."""
        return self.answers[0].claim.payee

    @property
    def paid_amount(self) -> Decimal:
        return sum((one.paid_amount for one in self.answers), Decimal(0))


def amount_of(text: str, label: str) -> Decimal:
    """An amount as a person types it, to the cent: 1,234.50 or $12. Raises RemittanceRefused."""
    plain = text.strip().replace("$", "").replace(",", "")
    try:
        amount = Decimal(plain) if len(plain) <= MOST_CHECK_CHARACTERS else Decimal("nan")
    except InvalidOperation:
        amount = Decimal("nan")
    if not plain:
        raise RemittanceRefused([f"{label}: no amount is given. Write 0 for none."])
    if not re.fullmatch(r"-?\d*\.?\d*", plain) or not amount.is_finite():
        raise RemittanceRefused([f"{label}: this is no amount in dollars, such as 1234.50."])
    if abs(amount) >= LARGEST:
        raise RemittanceRefused([f"{label}: more than ten digits. Look at the paper again."])
    exact = amount.quantize(Decimal("0.01"))
    if exact != amount:
        raise RemittanceRefused([f"{label}: more than two decimals. Dollars have cents alone."])
    return exact


def checked(remittance: Remittance, reasons: Collection[str]) -> Remittance:
    """The remittance with blanks around its numbers removed; `reasons` are the codes of the list.

    Raises RemittanceRefused with all that does not hold, in words that name no value of a record.
    """
    problems = [*_problems(remittance, reasons)]
    if problems:
        raise RemittanceRefused(problems)
    return remittance


def checked_note(note: str | None) -> str | None:
    """Where the paper is, as it is kept. Raises EntryRefused."""
    return checked_text("note", note, False, MOST_NOTE_CHARACTERS)


def _problems(one: Remittance, reasons: Collection[str]) -> Iterator[str]:
    yield from _number(one.check_number, "The check or EFT number", MOST_CHECK_CHARACTERS)
    if one.method not in METHODS:
        yield "Say whether it was paid by check or by transfer."
    latest = one.arrival_date + timedelta(days=DAYS_AHEAD)
    if not _FIRST_DAY <= one.payment_date <= latest:
        yield (
            f"The payment date cannot be true: it lies before 1900, or more than {DAYS_AHEAD} days "
            f"after the day of the figures, {one.arrival_date}. Look at the paper again."
        )
    if one.amount < 0:
        yield "The check is below zero. What a payer takes back is entered at what it paid before."
    try:
        checked_text("name of the person", one.entered_by, True, MOST_NAME_CHARACTERS)
    except EntryRefused as problem:
        yield str(problem)
    if not one.answers:
        yield "There is no claim. Add at least one."
        return
    if len(one.answers) > MOST_CLAIMS:
        yield f"More than {MOST_CLAIMS} claims: enter them as several parts of the check."
    yield from _of_payee(one)
    numbers = [answer.claim.claim_key for answer in one.answers]
    if len(set(numbers)) < len(numbers):
        yield "A claim stands twice on it. Enter what the payer decided about it as one."
    for answer in one.answers:
        for wrong in _of_claim(answer, reasons):
            yield f"Claim {answer.claim.claim_id}: {wrong}"
    if one.paid_amount != one.amount:
        difference = one.amount - one.paid_amount
        yield (
            f"The claims are paid {_dollars(one.paid_amount)} together and the check is "
            f"{_dollars(one.amount)}: {_dollars(abs(difference))} "
            f"{'is missing on the claims' if difference > 0 else 'is too much on the claims'}."
        )


def _of_payee(one: Remittance) -> Iterator[str]:
    first = one.answers[0].claim
    if not first.payee.identifier:
        yield (
            f"The facility of claim {first.claim_id} has neither an NPI nor a tax identifier, by "
            "which a remittance names it. Add one to facilities.csv, run `rcm run`, then enter it."
        )
    for answer in one.answers[1:]:
        claim = answer.claim
        # numbers of claims are told apart by hospital, or by practice where none is listed
        if (claim.source_system, claim.payee.stands_in_for) != (
            first.source_system,
            first.payee.stands_in_for,
        ) or (claim.source_system == claim.payee.stands_in_for and claim.payee != first.payee):
            yield (
                f"Claim {claim.claim_id} is of another organization than claim {first.claim_id}: "
                "enter the part of each organization as a check of its own."
            )


def _of_claim(answer: Answer, reasons: Collection[str]) -> Iterator[str]:
    if answer.status_code not in (*DECISIONS, REVERSAL):
        yield "its status is none that the list knows."
        return
    if answer.payer_claim_number:
        label = "the payer's number of it"
        yield from _number(answer.payer_claim_number, label, MOST_PAYER_CLAIM_CHARACTERS)
    if answer.status_code != REVERSAL:
        if answer.charge_amount <= 0:
            yield "the charge must be above zero."
        if answer.paid_amount < 0:
            yield "the payment is below zero."
    if len(answer.adjustments) > MOST_ADJUSTMENTS:
        yield f"it has more than {MOST_ADJUSTMENTS} adjustments."
    for one in answer.adjustments:
        if one.group_code not in GROUPS:
            yield f"an adjustment has no group: choose {', '.join(GROUPS)}."
        if one.reason_code not in reasons:
            yield "an adjustment has no reason of the list (CARC)."
        if one.amount == 0:
            yield "an adjustment is nothing: write its dollars, or leave it out."
        # the payer may pay more than was charged, and says so by a contract that adds (B8)
        if one.amount < 0 and one.group_code != CONTRACTUAL and answer.status_code != REVERSAL:
            yield "an adjustment is below zero; only one by contract (CO) may be."
    if answer.difference:
        yield (
            f"the charge {_dollars(answer.charge_amount)} less adjustments "
            f"{_dollars(answer.adjusted_amount)} leaves "
            f"{_dollars(answer.charge_amount - answer.adjusted_amount)}, and "
            f"{_dollars(answer.paid_amount)} is paid: {_dollars(abs(answer.difference))} "
            f"{'is not explained' if answer.difference > 0 else 'is explained twice'}."
        )


def _number(text: str, label: str, most: int) -> Iterator[str]:
    if not text.strip():
        yield f"{label} is missing."
    elif len(text) > most:
        yield f"{label} has {len(text):,} characters and may have {most}."
    elif not _NUMBER.fullmatch(text):
        yield f"{label} may have letters, digits, blanks and . / _ # - alone."


def _dollars(amount: Decimal) -> str:
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"
