"""What the hospital posts after the charges: patient payments, refunds and write-offs.

A bill ends in payments, bad debt, charity, a discount or a small balance. A bill that is paid twice
is a credit balance until it is refunded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rcm_platform.world.happened.denials import Denials
from rcm_platform.world.happened.encounters import Care
from rcm_platform.world.happened.history import Transactions
from rcm_platform.world.happened.kinds import (
    ADMIN_WRITE_OFF,
    BAD_DEBT,
    CHARGE_CORRECTION,
    CHARITY,
    DENIAL_WRITE_OFF,
    PATIENT_PAYMENT,
    PROMPT_PAY_DISCOUNT,
    REFUND,
    SMALL_BALANCE,
)
from rcm_platform.world.support.dates import business_day
from rcm_platform.world.support.faults import FaultRates
from rcm_platform.world.support.parameters import Parameters
from rcm_platform.world.support.rng import Draws, Flags, Ints

#: Place in the claim's sequence of each kind of posting that is not part of a bill.
_AT_VISIT, _WRITE_OFF, _CORRECTED, _MISPLACED = 0, 50, 60, 70


@dataclass(frozen=True)
class Bill:
    """One bill per claim: `number` tells the bills of a claim apart (1..4)."""

    number: int
    kind: str  # of patient_balance.csv
    amount: Ints  # cents, 0 where there is no bill
    known_day: Ints


class _Postings:
    """Collects transactions; amounts of zero vanish."""

    def __init__(self) -> None:
        self._parts: list[tuple[Ints, ...]] = []

    def add(
        self, claim: Ints, kind: int, amount: Ints, paid: Ints, insert: Ints, sequence: int
    ) -> None:
        keep = np.flatnonzero(amount)
        self._parts.append(
            (
                claim[keep],
                np.full(len(keep), kind),
                amount[keep],
                paid[keep],
                insert[keep],
                np.full(len(keep), sequence),
            )
        )

    def transactions(self) -> Transactions:
        columns = [np.concatenate(column) for column in zip(*self._parts, strict=True)]
        order = np.lexsort((columns[5], columns[0]))
        return Transactions(*(column[order] for column in columns))


def transactions(
    parameters: Parameters,
    draws: Draws,
    rates: FaultRates,
    care: Care,
    denied: Denials,
    bills: list[Bill],
    *,
    paid_at_visit: Ints,
    write_off_day: Ints,
    corrected: tuple[Ints, Ints],
    misplaced: tuple[Flags, Ints, Ints],
) -> Transactions:
    """Every posting of every claim.

    `write_off_day` is 0 where nothing denied is written off; `corrected` tells what is taken off
    the charge and when; `misplaced` which contract amounts came as the patient's, how much and
    since when.
    """
    claims, lines, postings = care.claims, care.lines, _Postings()
    every = np.arange(len(claims.key))

    # Payments at the visit are entered with the charges: no account has money before it has any.
    posted = claims.coded_day + draws.quantile(
        "visit posting", parameters.lags["posting"], claims.key
    )
    visit_day = care.encounters.day[claims.encounter]
    postings.add(every, PATIENT_PAYMENT, paid_at_visit, visit_day, posted, _AT_VISIT)
    for bill in bills:
        _settle(parameters, draws, rates, care, postings, bill)

    stays = denied.covers(np.arange(len(lines.claim)), lines.claim) & (
        write_off_day[lines.claim] > 0
    )
    lost = np.add.reduceat(np.where(stays, lines.charge, 0), claims.first_line)
    is_admin = np.array(parameters.denials.text("write_off_type")) == "Admin Write-off"
    is_admin = is_admin[denied.row]
    for kind, applies in ((ADMIN_WRITE_OFF, is_admin), (DENIAL_WRITE_OFF, ~is_admin)):
        amount = np.where(applies, lost, 0)
        postings.add(every, kind, amount, write_off_day, write_off_day, _WRITE_OFF + kind)

    amount, day = corrected
    postings.add(every, CHARGE_CORRECTION, -amount, day, day, _CORRECTED)
    is_misplaced, amount, since = misplaced
    # a contracted provider may not bill it: staff write it off by hand
    day = business_day(since + 14 + draws.below("misplaced contract amount", 30, claims.key))
    amount = np.where(is_misplaced, amount, 0)
    postings.add(every, ADMIN_WRITE_OFF, amount, day, day, _MISPLACED)
    return postings.transactions()


def _settle(
    parameters: Parameters,
    draws: Draws,
    rates: FaultRates,
    care: Care,
    postings: _Postings,
    bill: Bill,
) -> None:
    """Draw how each claim's bill ends."""
    behaviour, lags = parameters.behaviour, parameters.lags
    table = parameters.patient_balance.where("kind", bill.kind)
    outcomes = (
        "paid_in_full", "paid_in_two", "paid_in_part", "charity", "small_balance", "bad_debt",
    )  # fmt: skip
    claim = np.flatnonzero(bill.amount > 0)
    amount, known = bill.amount[claim], bill.known_day[claim]
    key = (care.claims.key[claim], bill.number)
    row = np.searchsorted(table.cents("up_to_dollars"), amount)
    ends = np.cumsum(np.stack([table.permille(name) for name in outcomes], axis=1), axis=1)[row]
    drawn = draws.below("bill outcome", ends[:, -1], *key)
    outcome = (drawn[:, None] >= ends).sum(axis=1)
    full, two, part, charity, small, bad = (outcome == code for code in range(6))

    # who has no insurance and pays at once gets a discount
    discount = amount * behaviour["prompt_pay_discount"] // 1000
    discount = np.where((full | two) & (bill.kind == "self_pay"), discount, 0)
    due = amount - discount
    low, high = behaviour["part_payment_low"], behaviour["part_payment_high"]
    permille = low + draws.below("part of bill", high - low + 1, *key)
    first = np.where(full, due, 0)
    first = np.where(two, np.maximum(due // 2, 1), first)
    first = np.where(part, np.maximum(due * permille // 1000, 1), first)
    second = np.where(two, due - first, 0)
    rest = np.where(part, due - first, 0)
    small_rest = part & (rest <= behaviour["small_balance_limit"] * 100)

    def later(after: Ints, name: str, stream: str = "") -> Ints:
        return after + draws.quantile(stream or name, lags[name], *key)

    base = bill.number * 10

    def pay(day: Ints, cents: Ints, place: int, kind: int = PATIENT_PAYMENT) -> None:
        inserted = later(day, "posting", f"posting {place}")
        postings.add(claim, kind, cents, day, inserted, base + place)

    first_day = later(known, "bill_to_payment")
    second_day = later(first_day, "between_payments")
    pay(first_day, first, 0)
    pay(second_day, second, 1)
    by_table = draws.chance("paid twice", table.permille("paid_twice_permille")[row], *key)
    twice = full & rates.either("credit_balance", by_table, draws, *key)
    again = later(first_day, "double_payment")
    pay(again, np.where(twice, due, 0), 2)
    refunded = twice & draws.chance("refund", behaviour["refund"], *key)
    refund_day = business_day(later(again, "credit_to_refund"))
    pay(refund_day, np.where(refunded, -due, 0), 7, REFUND)

    for place, kind, lag, cents in (
        (3, BAD_DEBT, "bill_to_bad_debt", np.where(bad, due, np.where(small_rest, 0, rest))),
        (4, CHARITY, "bill_to_charity", np.where(charity, due, 0)),
        (5, SMALL_BALANCE, "bill_to_small_balance", np.where(small, due, 0)),
        (6, SMALL_BALANCE, "bill_to_bad_debt", np.where(small_rest, rest, 0)),
    ):
        day = business_day(np.maximum(later(known, lag), first_day + 1))
        postings.add(claim, kind, cents, day, day, base + place)
    postings.add(claim, PROMPT_PAY_DISCOUNT, discount, first_day, first_day, base + 8)
