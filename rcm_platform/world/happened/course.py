"""What a payer makes of each claim, and the days of that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rcm_platform.world.happened.denials import Denials
from rcm_platform.world.happened.encounters import Care
from rcm_platform.world.support.dates import business_day, weekday
from rcm_platform.world.support.faults import FaultRates
from rcm_platform.world.support.parameters import Parameters
from rcm_platform.world.support.rng import Draws, Flags, Ints

#: What happens to a claim that was not denied, beside the ordinary; the first that applies.
COURSES = (
    "plain", "recovered", "audited", "reversed", "voided", "repeated", "taken back",
    "patient contractual", "other payer", "late submission", "shortened", "in parts",
)  # fmt: skip
(
    PLAIN,
    RECOVERED,
    AUDITED,
    REVERSED,
    VOIDED,
    REPEATED,
    TAKEN_BACK,
    PATIENT_CONTRACTUAL,
    OTHER_PAYER,
    LATE_SUBMISSION,
    SHORTENED,
    IN_PARTS,
) = range(12)


@dataclass(frozen=True)
class Course:
    """Per claim: what the payer makes of it, and the days of that."""

    insured: Flags
    kind: Ints  # of COURSES
    has_secondary: Flags  # a secondary payer decides
    is_crossover: Flags
    paying_payer: Ints  # of the first decision
    first_sent: Ints
    first_ack: Ints
    rejected: Flags
    accepted_sent: Ints
    accepted_ack: Ints
    first_paid: Ints
    second_sent: Ints
    second_ack: Ints
    second_paid: Ints
    later: Ints  # reversal, void or replacement is sent
    later_paid: Ints  # and shows in a remittance
    secondary_sent: Ints
    secondary_ack: Ints
    secondary_paid: Ints


FOUND_AGAIN_DAYS = 7
"""A claim file that the clearinghouse has lost goes on to the payers this much later."""


class Clock:
    """Days of one world: lags keyed by claim, and each payer's own payment days."""

    def __init__(self, parameters: Parameters, draws: Draws, rates: FaultRates, care: Care) -> None:
        self._parameters, self._draws, self._rates = parameters, draws, rates
        self._claims = care.claims
        self._pay_lags = parameters.payers.table.quantiles("pay_")
        self.remit_delay = parameters.payers.table.ints("remit_delay_days", 0, 30)

    def lag(self, name: str, stream: str = "") -> Ints:
        return self._draws.quantile(stream or name, self._parameters.lags[name], self._claims.key)

    def acknowledged(self, payer: Ints, sent: Ints) -> Ints:
        # A payer answers a hospital's batch as a whole, hence no claim in the key.
        lags = self._parameters.lags["ack"]
        hospital, form = self._claims.hospital, self._claims.is_institutional.astype(np.int64)
        lag = self._draws.quantile("ack", lags, hospital, payer, sent)
        is_lost = self._rates.planted("missing_999", self._draws, hospital, form, sent)
        return business_day(sent + lag + np.where(is_lost, FOUND_AGAIN_DAYS, 0))

    def pay_day(self, payer: Ints, day: Ints) -> Ints:
        return day + self._parameters.payers.payment_offsets[payer, weekday(day)]

    def decided(self, payer: Ints, after: Ints, not_before: Ints, stream: str) -> Ints:
        wait = self._draws.quantile(stream, self._pay_lags, self._claims.key, row=payer)
        wait = wait + self._parameters.payer_changes.added("delay", payer, after)
        return self.pay_day(payer, np.maximum(after + wait, not_before + 1))

    def arrives(self, payer: Ints, paid: Ints) -> Ints:
        """The 835 of a payment day."""
        return business_day(paid + self.remit_delay[payer])


def course_of(
    parameters: Parameters,
    draws: Draws,
    rates: FaultRates,
    care: Care,
    clock: Clock,
    denied: Denials,
    insured: Flags,
    underpaid: Flags,
    share: Ints,
    paid: Ints,
    may_be_in_parts: Flags,
) -> Course:
    """Draw what the payer makes of each claim, and the days of that."""
    claims, behaviour = care.claims, parameters.behaviour
    payer, payers = claims.payer, parameters.payers
    key = claims.key

    is_whole = denied.line < 0
    may_go_on = ~denied.is_denied | (denied.is_won & is_whole)
    has_secondary = insured & (claims.secondary_payer >= 0) & may_go_on & (share > 0)
    simple = insured & ~denied.is_denied & ~has_secondary & (paid > 0)

    def chance(name: str) -> Flags:
        return draws.chance(name, behaviour[name], key)

    sent = claims.coded_day + clock.lag("coded_to_submitted")
    deadline = care.encounters.day[claims.encounter]
    deadline = deadline + payers.table.ints("filing_limit_days")[payer]
    late = np.maximum(sent, deadline + clock.lag("late_filing_excess"))
    first_sent = business_day(np.where(denied.is_late_filing, late, sent))
    first_ack = clock.acknowledged(payer, first_sent)
    by_payer = draws.chance("rejected", payers.table.permille("ack_reject_permille")[payer], key)
    rejected = insured & rates.either("rejected_then_accepted", by_payer, draws, key)

    kind = np.select(
        [
            simple & underpaid & chance("underpayment_recovered"),
            simple & ~underpaid & chance("audit"),
            simple & rates.planted("reversal_without_correction", draws, key),
            simple & (share == 0) & chance("void"),
            simple & rates.planted("repeated_claim", draws, key),
            simple & ~underpaid & chance("takeback"),
            simple & rates.planted("patient_contractual", draws, key),
            simple & rates.planted("other_payer_paid", draws, key),
            simple & ~rejected & rates.planted("remit_before_submission", draws, key),
            simple & (share == 0) & (claims.line_count > 1) & chance("charged_too_much"),
            simple & ~rejected & may_be_in_parts & rates.planted("interim_bills", draws, key),
        ],
        [RECOVERED, AUDITED, REVERSED, VOIDED, REPEATED, TAKEN_BACK, PATIENT_CONTRACTUAL,
         OTHER_PAYER, LATE_SUBMISSION, SHORTENED, IN_PARTS],
        PLAIN,
    )  # fmt: skip

    # another payer of the same kind of list: the next one that pays for claims
    others = np.flatnonzero(~payers.is_capitated)
    others = others[others != payers.self_pay]
    neighbour = others[(np.searchsorted(others, payer) + 1) % len(others)]
    paying = np.where(kind == OTHER_PAYER, neighbour, payer)

    accepted_sent = np.where(
        rejected, business_day(first_ack + clock.lag("reject_to_resubmit")), first_sent
    )
    accepted_ack = clock.acknowledged(payer, accepted_sent)
    first_paid = clock.decided(payer, accepted_sent, accepted_ack, "first decision")
    first_paid = np.where(kind == OTHER_PAYER, clock.pay_day(paying, first_paid), first_paid)
    first_era = clock.arrives(paying, first_paid)

    # planted: the claim reaches the clearinghouse only after the payer has paid it
    tardy = business_day(first_era + 1 + draws.below("tardy submission", 9, key))
    accepted_sent = np.where(kind == LATE_SUBMISSION, tardy, accepted_sent)
    first_sent = np.where(kind == LATE_SUBMISSION, tardy, first_sent)
    tardy_ack = clock.acknowledged(payer, first_sent)
    first_ack = np.where(kind == LATE_SUBMISSION, tardy_ack, first_ack)
    accepted_ack = np.where(kind == LATE_SUBMISSION, tardy_ack, accepted_ack)

    second_sent = business_day(first_era + clock.lag("denial_to_resubmit"))
    second_ack = clock.acknowledged(payer, second_sent)
    appeal_sent = business_day(first_era + clock.lag("denial_to_appeal"))
    second_paid = np.where(
        denied.is_resubmitted,
        clock.decided(payer, second_sent, second_ack, "second decision"),
        clock.pay_day(payer, appeal_sent + clock.lag("appeal_to_decision")),
    )

    later = business_day(first_era + clock.lag("paid_to_reversal"))
    void_ack = clock.acknowledged(payer, later)
    is_sent_again = (kind == VOIDED) | (kind == SHORTENED)
    later_paid = clock.pay_day(paying, np.where(is_sent_again, void_ack + 7, later))

    other = np.maximum(claims.secondary_payer, 0)
    base_paid = np.where(denied.is_denied, second_paid, first_paid)
    base_era = clock.arrives(payer, base_paid)
    crosses = has_secondary & draws.chance(
        "crossover", payers.table.permille("crossover_permille")[payer], key
    )
    secondary_sent = business_day(base_era + clock.lag("remit_to_secondary"))
    secondary_ack = clock.acknowledged(other, secondary_sent)
    early = clock.pay_day(other, accepted_ack + 1)
    is_early = crosses & ~denied.is_denied & rates.planted("secondary_before_primary", draws, key)
    is_early &= clock.arrives(other, early) < base_era
    secondary_paid = np.select(
        [is_early, crosses],
        [early, clock.pay_day(other, base_paid + clock.lag("crossover_payment"))],
        clock.decided(other, secondary_sent, secondary_ack, "secondary decision"),
    )
    return Course(
        insured=insured,
        kind=kind,
        has_secondary=has_secondary,
        is_crossover=crosses,
        paying_payer=paying,
        first_sent=first_sent,
        first_ack=first_ack,
        rejected=rejected,
        accepted_sent=accepted_sent,
        accepted_ack=accepted_ack,
        first_paid=first_paid,
        second_sent=np.where(denied.is_resubmitted, second_sent, appeal_sent),
        second_ack=second_ack,
        second_paid=second_paid,
        later=later,
        later_paid=later_paid,
        secondary_sent=secondary_sent,
        secondary_ack=secondary_ack,
        secondary_paid=secondary_paid,
    )
