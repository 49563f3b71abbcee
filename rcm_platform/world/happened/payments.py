"""Remittances grouped into payments, and what payers settle outside any claim (PLB).

A payment is what a payer sends a hospital on one day: the sum of its claims less its provider
adjustments. Where that is below zero nothing is paid, and the rest is carried to the next payment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rcm_platform.world.happened.encounters import Care
from rcm_platform.world.happened.history import Payments, ProviderAdjustments, Remits
from rcm_platform.world.happened.kinds import FORWARD_BALANCE
from rcm_platform.world.support.dates import business_day
from rcm_platform.world.support.faults import FaultRates
from rcm_platform.world.support.parameters import Parameters
from rcm_platform.world.support.rng import Draws, Flags, Ints


@dataclass(frozen=True)
class Charges:
    """Provider adjustments before they have a payment. Positive amounts lower it."""

    claim: Ints  # -1 when it is not about a single one
    hospital: Ints
    payer: Ints
    payment_day: Ints
    code: Ints
    amount: Ints
    is_apart: Flags  # in a payment of its own; the others wait for the next that has claims


def payments(
    parameters: Parameters,
    draws: Draws,
    rates: FaultRates,
    care: Care,
    remits: Remits,
    charges: Charges,
    arrives: Callable[[Ints, Ints], Ints],
) -> tuple[Payments, ProviderAdjustments]:
    """Group `remits` (in their order) and `charges` by hospital, payer and payment day."""
    hospital_of = care.claims.hospital

    def code(hospital: Ints, payer: Ints, day: Ints) -> Ints:
        return (hospital * 1000 + payer) * 100_000 + day

    of_remit = code(hospital_of[remits.claim], remits.payer, remits.payment_day)
    of_charge = code(charges.hospital, charges.payer, charges.payment_day)
    charges, of_charge = _with_claims(charges, of_charge, np.unique(of_remit))
    every = np.unique(np.concatenate([of_remit, of_charge]))
    count = len(every)
    hospital, payer, day = every // 100_000_000, every // 100_000 % 1000, every % 100_000

    remit_payment = np.searchsorted(every, of_remit)
    remit_count = np.bincount(remit_payment, minlength=count)
    total = np.zeros(count, dtype=np.int64)
    np.add.at(total, remit_payment, remits.paid)
    charge_payment = np.searchsorted(every, of_charge)
    np.subtract.at(total, charge_payment, charges.amount)

    forward, amount = _carry_forward(hospital, payer, day, total)
    payment = np.concatenate([charge_payment, forward[:, 0]])
    order = np.lexsort(
        (
            np.concatenate([charges.claim, np.full(len(forward), -1)]),
            np.concatenate([charges.code, np.full(len(forward), FORWARD_BALANCE)]),
            payment,
        )
    )
    adjustments = ProviderAdjustments(
        payment=payment[order],
        code=np.concatenate([charges.code, np.full(len(forward), FORWARD_BALANCE)])[order],
        claim=np.concatenate([charges.claim, np.full(len(forward), -1)])[order],
        about_day=np.concatenate([np.zeros_like(charges.claim), forward[:, 1]])[order],
        amount=np.concatenate([charges.amount, forward[:, 2]])[order],
    )
    adjustment_count = np.bincount(adjustments.payment, minlength=count)
    key = (hospital, payer, day)
    unbalanced = rates.planted("unbalanced_payment", draws, *key) & (remit_count > 0) & (amount > 0)
    cents = np.where(draws.chance("large payment imbalance", 500, *key), 10_000, 1)
    era_day = arrives(payer, day)
    is_duplicated = rates.planted("duplicate_file", draws, *key)
    return (
        Payments(
            hospital=hospital,
            payer=payer,
            payment_day=day,
            era_day=era_day,
            deposit_day=business_day(day + draws.below("deposit", 2, *key)),
            amount=amount,
            first_remit=np.cumsum(remit_count) - remit_count,
            remit_count=remit_count,
            first_adjustment=np.cumsum(adjustment_count) - adjustment_count,
            adjustment_count=adjustment_count,
            is_duplicated=is_duplicated,
            is_renumbered=rates.planted("renumbered_file", draws, *key)
            & ~is_duplicated
            & ~unbalanced,
            unbalanced_by=np.where(unbalanced, cents, 0),
        ),
        adjustments,
    )


def _with_claims(charges: Charges, of_charge: Ints, of_remits: Ints) -> tuple[Charges, Ints]:
    """Move each charge that is not apart to the next payment of claims of its payer and hospital.

    A charge after the last such payment never comes: nothing after it could be known either.
    """
    next_one = np.searchsorted(of_remits, of_charge)
    moved = of_remits[np.minimum(next_one, len(of_remits) - 1)]
    is_same_payer = (next_one < len(of_remits)) & (moved // 100_000 == of_charge // 100_000)
    keep = np.flatnonzero(charges.is_apart | is_same_payer)
    of_charge = np.where(charges.is_apart, of_charge, moved)[keep]
    return (
        Charges(
            claim=charges.claim[keep],
            hospital=charges.hospital[keep],
            payer=charges.payer[keep],
            payment_day=of_charge % 100_000,
            code=charges.code[keep],
            amount=charges.amount[keep],
            is_apart=charges.is_apart[keep],
        ),
        of_charge,
    )


def _carry_forward(hospital: Ints, payer: Ints, day: Ints, total: Ints) -> tuple[Ints, Ints]:
    """((payment, about day, amount) of each forward balance, what is really paid).

    A payment that would be below zero is lifted to zero, and the next one of the same payer and
    hospital is lowered by as much; `about day` is the payment day where the balance began.
    """
    rows: list[tuple[int, int, int]] = []
    paid = total.copy()
    if (total >= 0).all():
        return np.zeros((0, 3), dtype=np.int64), paid
    carried, since, owner = 0, 0, (-1, -1)
    for row, (where, who, when, amount) in enumerate(
        zip(hospital.tolist(), payer.tolist(), day.tolist(), total.tolist(), strict=True)
    ):
        if (where, who) != owner:
            carried, since, owner = 0, 0, (where, who)
        if carried:
            rows.append((row, since, carried))
        left = amount - carried
        if left < 0:
            since = since if carried else when
            rows.append((row, since, left))
            carried, paid[row] = -left, 0
        else:
            carried, paid[row] = 0, left
    return np.array(rows, dtype=np.int64).reshape(-1, 3), paid
