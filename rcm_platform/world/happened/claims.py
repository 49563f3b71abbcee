"""What became of each claim: submissions, acknowledgements, payer decisions.

Life of an insured claim: first 837 → 277CA (a rejection is corrected and sent again) → first 835,
which pays, or denies the claim or one of its lines → replacement claim (frequency 7) or appeal →
second 835 on the denied lines → write-off of what stays denied. A secondary payer then takes its
part of what the first one left to the patient. Some paid claims take another course: they were
underpaid, audited, voided, paid twice or partly taken back later.
What a payer leaves to the patient becomes a bill (`patient_money.py`).
"""

from __future__ import annotations

import numpy as np

from rcm_platform.world.happened import adjudication
from rcm_platform.world.happened.adjudication import Decision
from rcm_platform.world.happened.contracts import Contracts, as_told, expected_allowed
from rcm_platform.world.happened.course import (
    IN_PARTS,
    PATIENT_CONTRACTUAL,
    SHORTENED,
    VOIDED,
    Clock,
    Course,
    course_of,
)
from rcm_platform.world.happened.denials import Denials, denials
from rcm_platform.world.happened.encounters import Care
from rcm_platform.world.happened.history import DenialWork, History
from rcm_platform.world.happened.interim import InterimBills, bill_counts, interim_bills
from rcm_platform.world.happened.kinds import BY_CONTRACT, COINSURANCE, COPAY, DEDUCTIBLE
from rcm_platform.world.happened.patient_money import Bill, transactions
from rcm_platform.world.happened.payments import payments
from rcm_platform.world.happened.remits import provider_charges, remits_of
from rcm_platform.world.happened.submissions import (
    last_line_charge,
    stray_acks,
    submissions_of,
)
from rcm_platform.world.support.dates import business_day
from rcm_platform.world.support.faults import FaultRates
from rcm_platform.world.support.parameters import Parameters
from rcm_platform.world.support.rng import Draws, Flags, Ints


def history(
    parameters: Parameters, draws: Draws, rates: FaultRates, care: Care, terms: Contracts
) -> History:
    """Draw the life of every claim of `care`."""
    claims, lines = care.claims, care.lines
    insured = claims.payer != parameters.payers.self_pay
    denied = denials(parameters, draws, care, insured)
    clock = Clock(parameters, draws, rates, care)

    expected = expected_allowed(parameters, terms, care)
    more = parameters.payer_changes.added("underpayment", claims.payer, claims.coded_day)
    often = parameters.payers.table.permille("underpaid_permille")[claims.payer] + more
    underpaid = insured & draws.chance("underpaid", np.minimum(often, 1000), claims.key)
    low, high = (parameters.behaviour[f"underpayment_{end}"] for end in ("low", "high"))
    cut = low + draws.below("underpayment", high - low + 1, claims.key)
    cut = np.where(underpaid, cut, 0)[lines.claim]
    allowed = np.maximum(expected * (1000 - cut) // 1000, 1)
    allowed, expected = (
        as_told(parameters, draws, care, amounts) for amounts in (allowed, expected)
    )
    first = adjudication.accepted(parameters, draws, care, allowed)
    share = np.add.reduceat(first.patient_share, claims.first_line)
    paid = np.add.reduceat(first.paid, claims.first_line)

    bill_count = bill_counts(parameters, care)
    is_by_line = np.minimum.reduceat(first.paid, claims.first_line) > 0
    course = course_of(
        parameters, draws, rates, care, clock, denied, insured, underpaid, share, paid,
        (bill_count > 1) & is_by_line,
    )  # fmt: skip
    bill_count = np.where(course.kind == IN_PARTS, bill_count, 1)
    interim = interim_bills(care, clock, course, bill_count)
    submissions = submissions_of(parameters, draws, rates, care, denied, course, interim)
    remits, remit_lines = remits_of(
        parameters, draws, rates, care, clock, denied, course, first, expected, interim
    )
    adjustments = provider_charges(parameters, draws, rates, care, clock, denied, course, paid)
    pays, provider_adjustments = payments(
        parameters, draws, rates, care, remits, adjustments, clock.arrives
    )
    work, write_off_day = _denial_work(parameters, draws, care, clock, denied, course)
    bills = _bills(parameters, draws, care, clock, denied, course, first, interim)
    return History(
        interim=interim,
        submissions=submissions,
        stray_acks=stray_acks(draws, rates, care, submissions),
        remits=remits,
        remit_lines=remit_lines,
        payments=pays,
        provider_adjustments=provider_adjustments,
        transactions=transactions(
            parameters, draws, rates, care, denied, bills,
            paid_at_visit=_paid_at_visit(parameters, draws, care, denied, course, first),
            write_off_day=write_off_day,
            corrected=(
                np.select(
                    [course.kind == VOIDED, course.kind == SHORTENED],
                    [claims.charge, last_line_charge(care)],
                    0,
                ),
                course.later,
            ),
            misplaced=(course.kind == PATIENT_CONTRACTUAL, _contractual(care, first), clock.arrives(
                course.paying_payer, course.first_paid
            )),
        ),
        denial_work=work,
    )  # fmt: skip


def _contractual(care: Care, first: Decision) -> Ints:
    by_line = first.adjustments[:, BY_CONTRACT].sum(axis=1)
    return np.add.reduceat(by_line, care.claims.first_line)


def _denial_work(
    parameters: Parameters,
    draws: Draws,
    care: Care,
    clock: Clock,
    denied: Denials,
    course: Course,
) -> tuple[DenialWork, Ints]:
    """What was done about each denial; and per claim the day of the write-off, 0 when none."""
    claims = care.claims
    first_era = clock.arrives(course.paying_payer, course.first_paid)
    second_era = clock.arrives(claims.payer, course.second_paid)
    last = np.where(denied.is_worked, second_era, first_era)
    waits = draws.quantile("write-off", parameters.lags["denial_to_write_off"], claims.key)
    stays = denied.is_denied & ~denied.is_won & ~denied.is_patient_share
    write_off_day = np.where(stays, business_day(last + waits), 0)
    row = np.flatnonzero(denied.is_denied)
    worked = denied.is_worked[row]
    action = np.select([denied.is_resubmitted[row], denied.is_appealed[row]], [1, 2], 0)
    return (
        DenialWork(
            claim=row,
            denial=denied.row[row],
            denied_day=first_era[row],
            action=action,
            action_day=np.where(worked, course.second_sent[row], 0),
            decided_day=np.where(worked, second_era[row], 0),
            is_won=denied.is_won[row],
            write_off_day=write_off_day[row],
        ),
        write_off_day,
    )


def _paid_at_visit(
    parameters: Parameters,
    draws: Draws,
    care: Care,
    denied: Denials,
    course: Course,
    first: Decision,
) -> Ints:
    """Per claim, what the patient pays at the visit: the copay, or a part of the estimated share.

    Only what the first decision confirms: nobody has to be paid back.
    """
    claims, behaviour = care.claims, parameters.behaviour
    is_confirmed = ~denied.covers(np.arange(len(care.lines.claim)), care.lines.claim)

    def confirmed(*kinds: int) -> Ints:
        cents = np.where(is_confirmed, first.adjustments[:, kinds].sum(axis=1), 0)
        return np.add.reduceat(cents, claims.first_line)

    def chance(name: str) -> Flags:
        return draws.chance(name.replace("_", " "), behaviour[name], claims.key)

    low, high = behaviour["estimate_low"], behaviour["estimate_high"]
    part = low + draws.below("part of estimate", high - low + 1, claims.key)
    paid = np.where(chance("copay_at_visit"), confirmed(COPAY), 0)
    estimate = confirmed(DEDUCTIBLE, COINSURANCE) * part // 1000
    paid = paid + np.where(chance("estimate_at_visit"), estimate, 0)
    return np.where(course.insured & ~course.has_secondary, paid, 0)


def _bills(
    parameters: Parameters,
    draws: Draws,
    care: Care,
    clock: Clock,
    denied: Denials,
    course: Course,
    first: Decision,
    interim: InterimBills,
) -> list[Bill]:
    """What is billed to patients: shares after insurance, PR denials and self-pay accounts."""
    claims, lines = care.claims, care.lines
    is_denied_line = denied.covers(np.arange(len(lines.claim)), lines.claim)

    def by_claim(values: Ints) -> Ints:
        return np.add.reduceat(values, claims.first_line)

    share = by_claim(np.where(is_denied_line, 0, first.patient_share))
    won_share = by_claim(np.where(is_denied_line, first.patient_share, 0))
    moved = by_claim(np.where(is_denied_line, lines.charge, 0))
    at_visit = _paid_at_visit(parameters, draws, care, denied, course, first)
    first_era = clock.arrives(course.paying_payer, interim.last_paid)

    alone = course.insured & ~course.has_secondary
    to_patient = denied.is_patient_share
    pays_deductible = draws.chance(
        "secondary pays deductible", parameters.behaviour["secondary_pays_deductible"], claims.key
    )
    left = np.where(pays_deductible, 0, by_claim(first.adjustments[:, DEDUCTIBLE]))
    secondary_era = clock.arrives(np.maximum(claims.secondary_payer, 0), course.secondary_paid)
    second_era = clock.arrives(claims.payer, course.second_paid)
    nothing = np.zeros_like(share)
    return [
        Bill(1, "insured", np.where(alone & ~to_patient, share - at_visit, nothing), first_era),
        Bill(1, "denied", np.where(to_patient, share - at_visit + moved, nothing), first_era),
        Bill(2, "insured", np.where(alone & denied.is_won, won_share, nothing), second_era),
        Bill(3, "insured", np.where(course.has_secondary, left, nothing), secondary_era),
        Bill(1, "self_pay", np.where(course.insured, nothing, claims.charge), claims.coded_day),
    ]
