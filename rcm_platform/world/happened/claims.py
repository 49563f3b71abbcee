"""What became of each claim: submissions, acknowledgements, payer decisions.

Life of an insured claim: first 837 → 277CA (a rejection is corrected and sent again) → first 835,
which pays, or denies the claim or one of its lines → replacement claim (frequency 7) or appeal →
second 835 on the denied lines → write-off of what stays denied. A secondary payer then takes its
part of what the first one left to the patient. Some paid claims take another course: they were
underpaid, audited, voided, paid twice or partly taken back later.
What a payer leaves to the patient becomes a bill (`patient_money.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rcm_platform.world.happened import adjudication
from rcm_platform.world.happened.adjudication import Decision
from rcm_platform.world.happened.contracts import Contracts, expected_allowed
from rcm_platform.world.happened.denials import Denials, denials
from rcm_platform.world.happened.encounters import Care
from rcm_platform.world.happened.patient_money import Bill, transactions
from rcm_platform.world.happened.payments import Charges, payments
from rcm_platform.world.happened.story import (
    CONTRACTUAL,
    COPAY,
    CORRECTED,
    CORRECTION,
    DEACTIVATED,
    DEDUCTIBLE,
    DENIAL,
    FIRST,
    FIRST_DECISION,
    INTEREST,
    RECOVERY,
    REPETITION,
    REPLACEMENT,
    REVERSAL,
    SECOND_DECISION,
    SECONDARY,
    SECONDARY_DECISION,
    SEQUESTER,
    STRANGER,
    VOID,
    WHOLE_CHARGE,
    WITHOUT_REMARK,
    DenialWork,
    RemitLines,
    Remits,
    Story,
    StrayAcks,
    Submissions,
)
from rcm_platform.world.support.dates import business_day, weekday
from rcm_platform.world.support.faults import FaultRates
from rcm_platform.world.support.parameters import Parameters
from rcm_platform.world.support.rng import Draws, Flags, Ints

#: What happens to a claim that was not denied, beside the ordinary; the first that applies.
COURSES = (
    "plain", "recovered", "audited", "reversed", "voided", "repeated", "taken back",
    "patient contractual", "other payer", "late submission",
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
) = range(10)


@dataclass(frozen=True)
class _Course:
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
    later: Ints  # reversal or void is sent
    later_paid: Ints  # and shows in a remittance
    secondary_sent: Ints
    secondary_ack: Ints
    secondary_paid: Ints


class _Clock:
    """Days of one world: lags keyed by claim, and each payer's own payment days."""

    def __init__(self, parameters: Parameters, draws: Draws, care: Care) -> None:
        self._parameters, self._draws, self._claims = parameters, draws, care.claims
        self._pay_lags = parameters.payers.table.quantiles("pay_")
        self.remit_delay = parameters.payers.table.ints("remit_delay_days", 0, 30)

    def lag(self, name: str, stream: str = "") -> Ints:
        return self._draws.quantile(stream or name, self._parameters.lags[name], self._claims.key)

    def acknowledged(self, payer: Ints, sent: Ints) -> Ints:
        # A payer answers a hospital's batch as a whole, hence no claim in the key.
        lags = self._parameters.lags["ack"]
        hospital = self._claims.hospital
        return business_day(sent + self._draws.quantile("ack", lags, hospital, payer, sent))

    def pay_day(self, payer: Ints, day: Ints) -> Ints:
        return day + self._parameters.payers.payment_offsets[payer, weekday(day)]

    def decided(self, payer: Ints, after: Ints, not_before: Ints, stream: str) -> Ints:
        wait = self._draws.quantile(stream, self._pay_lags, self._claims.key, row=payer)
        return self.pay_day(payer, np.maximum(after + wait, not_before + 1))

    def arrives(self, payer: Ints, paid: Ints) -> Ints:
        """The 835 of a payment day."""
        return business_day(paid + self.remit_delay[payer])


def story(
    parameters: Parameters, draws: Draws, rates: FaultRates, care: Care, terms: Contracts
) -> Story:
    """Draw the life of every claim of `care`."""
    claims, lines = care.claims, care.lines
    insured = claims.payer != parameters.payers.self_pay
    denied = denials(parameters, draws, care, insured)
    clock = _Clock(parameters, draws, care)

    expected = expected_allowed(parameters, terms, care)
    underpaid = insured & draws.chance(
        "underpaid",
        parameters.payers.table.permille("underpaid_permille")[claims.payer],
        claims.key,
    )
    low, high = (parameters.behaviour[f"underpayment_{end}"] for end in ("low", "high"))
    cut = low + draws.below("underpayment", high - low + 1, claims.key)
    cut = np.where(underpaid, cut, 0)[lines.claim]
    allowed = np.maximum(expected * (1000 - cut) // 1000, 1)
    first = adjudication.accepted(parameters, draws, care, allowed)
    share = np.add.reduceat(first.patient_share, claims.first_line)
    paid = np.add.reduceat(first.paid, claims.first_line)

    course = _course(parameters, draws, rates, care, clock, denied, insured, underpaid, share, paid)
    submissions = _submissions(parameters, draws, rates, care, denied, course)
    remits, remit_lines = _remits(
        parameters, draws, rates, care, clock, denied, course, first, expected
    )
    adjustments = _provider_charges(parameters, draws, rates, care, clock, denied, course, paid)
    pays, provider_adjustments = payments(
        parameters, draws, rates, care, remits, adjustments, clock.arrives
    )
    work, write_off_day = _denial_work(parameters, draws, care, clock, denied, course)
    bills = _bills(parameters, draws, care, clock, denied, course, first)
    return Story(
        submissions=submissions,
        stray_acks=_stray_acks(draws, rates, care, submissions),
        remits=remits,
        remit_lines=remit_lines,
        payments=pays,
        provider_adjustments=provider_adjustments,
        transactions=transactions(
            parameters, draws, rates, care, denied, bills,
            copay_at_visit=_copay_at_visit(parameters, draws, care, denied, course, first),
            write_off_day=write_off_day,
            voided=(course.kind == VOIDED, course.later),
            misplaced=(course.kind == PATIENT_CONTRACTUAL, _contractual(care, first), clock.arrives(
                course.paying_payer, course.first_paid
            )),
        ),
        denial_work=work,
    )  # fmt: skip


def _contractual(care: Care, first: Decision) -> Ints:
    by_line = first.adjustments[:, CONTRACTUAL] + first.adjustments[:, SEQUESTER]
    return np.add.reduceat(by_line, care.claims.first_line)


def _course(
    parameters: Parameters,
    draws: Draws,
    rates: FaultRates,
    care: Care,
    clock: _Clock,
    denied: Denials,
    insured: Flags,
    underpaid: Flags,
    share: Ints,
    paid: Ints,
) -> _Course:
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
        ],
        [RECOVERED, AUDITED, REVERSED, VOIDED, REPEATED, TAKEN_BACK, PATIENT_CONTRACTUAL,
         OTHER_PAYER, LATE_SUBMISSION],
        PLAIN,
    )  # fmt: skip

    # another payer of the same kind of list: the next one, never self-pay
    others = np.array([row for row in range(len(payers.ids)) if row != payers.self_pay])
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
    later_paid = clock.pay_day(paying, np.where(kind == VOIDED, void_ack + 7, later))

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
    return _Course(
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


def _submissions(
    parameters: Parameters,
    draws: Draws,
    rates: FaultRates,
    care: Care,
    denied: Denials,
    course: _Course,
) -> Submissions:
    claims = care.claims
    accepted = 1 + course.rejected.astype(np.int64)
    nothing = np.zeros_like(accepted)
    no_reference = rates.planted("replacement_without_reference", draws, claims.key)
    is_voided = course.kind == VOIDED
    void_ack = _Clock(parameters, draws, care).acknowledged(claims.payer, course.later)
    parts: list[tuple[Flags, int, Ints, Ints, Ints, Ints]] = [
        (course.insured, FIRST, claims.payer, course.first_sent, course.first_ack, nothing),
        (course.rejected, CORRECTED, claims.payer, course.accepted_sent, course.accepted_ack,
         nothing),
        (denied.is_resubmitted, REPLACEMENT, claims.payer, course.second_sent, course.second_ack,
         np.where(no_reference, 0, accepted)),
        (is_voided, VOID, claims.payer, course.later, void_ack, accepted),
        (course.has_secondary & ~course.is_crossover, SECONDARY, claims.secondary_payer,
         course.secondary_sent, course.secondary_ack, nothing),
    ]  # fmt: skip
    rows = [np.flatnonzero(happens) for happens, *_ in parts]
    claim = np.concatenate(rows)
    kind = np.repeat([part[1] for part in parts], [len(r) for r in rows])
    payer, day, ack_day, replaced = (
        np.concatenate([column[r] for column, r in zip(columns, rows, strict=True)])
        for columns in list(zip(*parts, strict=True))[2:]
    )
    return Submissions(
        claim=claim,
        attempt=kind + 1,
        kind=kind,
        payer=payer,
        day=day,
        ack_day=ack_day,
        is_rejected=(kind == FIRST) & course.rejected[claim],
        rejection=draws.pick(
            "rejection", parameters.ack_rejections.ints("weight"), claims.key[claim]
        ),
        replaces_attempt=replaced,
        has_bad_npi=rates.planted("bad_npi", draws, claims.key[claim], kind),
    )


def _stray_acks(draws: Draws, rates: FaultRates, care: Care, submissions: Submissions) -> StrayAcks:
    rows = np.flatnonzero(
        (submissions.kind == FIRST)
        & rates.planted("stranger_ack", draws, care.claims.key[submissions.claim])
    )
    return StrayAcks(
        claim=submissions.claim[rows],
        payer=submissions.payer[rows],
        batch_day=submissions.day[rows],
        ack_day=submissions.ack_day[rows],
    )


class _Collector:
    """Collects remits of different kinds, then sorts them and their lines together."""

    def __init__(self, care: Care) -> None:
        self._claims = care.claims
        self._parts: list[dict[str, Ints]] = []
        self._lines: list[tuple[Ints, Ints, Decision]] = []
        self._count = 0

    def lines_of(self, claim: Ints) -> tuple[Ints, Ints]:
        """(place in `claim`, row of Lines) of every line of the given claims."""
        spans = self._claims.line_count[claim]
        place = np.repeat(np.arange(len(claim)), spans)
        within = np.arange(len(place)) - np.repeat(np.cumsum(spans) - spans, spans)
        return place, self._claims.first_line[claim][place] + within

    def add(
        self, kind: int, claim: Ints, payer: Ints, payment_day: Ints, place: Ints, line: Ints,
        decision: Decision, **columns: Ints | Flags,
    ) -> None:  # fmt: skip
        """Remits of one kind. `decision` has a row per `line`, `place` tells its remit."""
        part = {
            "claim": claim,
            "kind": np.full(len(claim), kind),
            "payer": payer,
            "payment_day": payment_day,
        }
        self._parts.append(part | {name: np.asarray(value) for name, value in columns.items()})
        self._lines.append((place + self._count, line, decision))
        self._count += len(claim)

    def column(self, name: str, missing: int = 0) -> Ints:
        return np.concatenate(
            [part.get(name, np.full(len(part["claim"]), missing)) for part in self._parts]
        )

    def sorted(self) -> tuple[Ints, Ints, Ints, Decision]:
        """(order of the remits, new remit of each line, line, decision), lines in that order."""
        claim, kind = self.column("claim"), self.column("kind")
        order = np.lexsort(
            (
                kind != REVERSAL,  # what is taken back comes before what replaces it
                claim,
                self.column("payment_day"),
                self.column("payer"),
                self._claims.hospital[claim],
            )
        )
        new_place = np.empty_like(order)
        new_place[order] = np.arange(len(order))
        remit = new_place[np.concatenate([remit for remit, _, _ in self._lines])]
        line = np.concatenate([line for _, line, _ in self._lines])
        line_order = np.argsort(remit, kind="stable")
        whole = Decision(
            *(
                np.concatenate([getattr(d, name) for _, _, d in self._lines])[line_order]
                for name in ("charge", "allowed", "paid", "adjustments")
            )
        )
        return order, remit[line_order], line[line_order], whole


def _remits(
    parameters: Parameters,
    draws: Draws,
    rates: FaultRates,
    care: Care,
    clock: _Clock,
    denied: Denials,
    course: _Course,
    first: Decision,
    expected: Ints,
) -> tuple[Remits, RemitLines]:
    claims = care.claims
    collector = _Collector(care)
    accepted_attempt = 1 + course.rejected.astype(np.int64)
    all_denied = denied.covers(np.arange(len(care.lines.claim)), care.lines.claim)

    def add(
        kind: int,
        happens: Flags,
        payer: Ints,
        paid_on: Ints,
        decide: Callable[[Ints], Decision],
        **columns: Ints | Flags,
    ) -> None:
        claim = np.flatnonzero(happens)
        place, line = collector.lines_of(claim)
        collector.add(
            kind, claim, payer[claim], paid_on[claim], place, line, decide(line),
            **{name: values[claim] for name, values in columns.items()},
        )  # fmt: skip

    forwarded_first = course.is_crossover & ~denied.is_denied
    add(
        FIRST_DECISION, course.insured, course.paying_payer, course.first_paid,
        lambda line: first.take(line).denied(all_denied[line]),
        answers_attempt=accepted_attempt, denial=denied.row, is_claim_level=denied.is_claim_level,
        is_forwarded=forwarded_first,
        is_patient_contractual=course.kind == PATIENT_CONTRACTUAL,
    )  # fmt: skip

    # the second decision is about the denied lines alone
    claim = np.flatnonzero(denied.is_worked)
    place, line = collector.lines_of(claim)
    place, line = place[all_denied[line]], line[all_denied[line]]
    lost = ~denied.is_won[claim]
    collector.add(
        SECOND_DECISION, claim, claims.payer[claim], course.second_paid[claim], place, line,
        first.take(line).denied(lost[place]),
        answers_attempt=np.where(denied.is_resubmitted, 3, accepted_attempt)[claim],
        denial=np.where(lost, denied.row[claim], -1),
        is_claim_level=denied.is_claim_level[claim] & lost,
        is_forwarded=(course.is_crossover & denied.is_denied)[claim],
    )  # fmt: skip

    pays_deductible = draws.chance(
        "secondary pays deductible", parameters.behaviour["secondary_pays_deductible"], claims.key
    )
    add(
        SECONDARY_DECISION, course.has_secondary, claims.secondary_payer, course.secondary_paid,
        lambda line: adjudication.secondary(
            first.take(line), pays_deductible[care.lines.claim[line]]
        ),
        answers_attempt=np.full_like(accepted_attempt, SECONDARY + 1),
    )  # fmt: skip

    kind, paying = course.kind, course.paying_payer
    is_corrected = (kind == RECOVERED) | (kind == AUDITED)
    add(
        REVERSAL, is_corrected | (kind == REVERSED) | (kind == VOIDED) | (kind == REPEATED),
        paying, course.later_paid, lambda line: first.take(line).negated(),
        answers_attempt=accepted_attempt,
    )  # fmt: skip
    less = 950 - draws.below("audit cut", 101, claims.key)

    def correct(line: Ints) -> Decision:
        claim = care.lines.claim[line]
        allowed = np.where(
            kind[claim] == RECOVERED, expected[line], first.allowed[line] * less[claim] // 1000
        )
        return adjudication.corrected(parameters, paying[claim], first.take(line), allowed)

    add(
        CORRECTION, is_corrected, paying, course.later_paid, correct,
        answers_attempt=accepted_attempt,
    )  # fmt: skip
    add(
        REPETITION, kind == REPEATED, paying, clock.pay_day(paying, course.first_paid + 1),
        first.take,
        answers_attempt=accepted_attempt,
    )  # fmt: skip
    stranger = course.insured & ~denied.is_denied
    stranger &= rates.planted("stranger_remit", draws, claims.key)
    add(
        STRANGER, stranger, paying, course.first_paid, first.take,
        answers_attempt=np.full_like(accepted_attempt, 9),
    )  # fmt: skip

    order, remit, line, decision = collector.sorted()

    def column(name: str, missing: int = 0) -> Ints:
        return collector.column(name, missing)[order]

    claim, remit_kind, denial = column("claim"), column("kind"), column("denial", -1)
    line_count = np.bincount(remit, minlength=len(order))
    first_line = np.cumsum(line_count) - line_count

    def total(values: Ints) -> Ints:
        return np.add.reduceat(values, first_line)

    misplaced = column("is_patient_contractual").astype(bool)
    to_patient = np.array(parameters.denials.text("group_code")) == "PR"
    share = decision.patient_share
    share = share + np.where(
        (denial >= 0)[remit] & to_patient[denial][remit], decision.adjustments[:, DENIAL], 0
    )
    contract = decision.adjustments[:, CONTRACTUAL] + decision.adjustments[:, SEQUESTER]
    share = share + np.where(misplaced[remit], contract, 0)

    key = (claims.key[claim], remit_kind)
    is_ours = remit_kind != STRANGER
    planted = rates.planted("unbalanced_claim", draws, *key) & is_ours & (remit_kind != REVERSAL)
    cents = np.where(draws.chance("large imbalance", 500, *key), 10_000, 1)
    by_contract = (denial >= 0) & ~to_patient[denial]
    odd = np.select(
        [
            by_contract & rates.planted("deactivated_reason", draws, *key),
            by_contract & rates.planted("whole_charge_contractual", draws, *key),
            by_contract & rates.planted("reason_without_remark", draws, *key),
        ],
        [DEACTIVATED, WHOLE_CHARGE, WITHOUT_REMARK],
        0,
    )
    is_denied_line = decision.adjustments[:, DENIAL] != 0
    remits = Remits(
        claim=claim,
        kind=remit_kind,
        payer=column("payer"),
        payment_day=column("payment_day"),
        era_day=clock.arrives(column("payer"), column("payment_day")),
        answers_attempt=column("answers_attempt"),
        is_forwarded=column("is_forwarded").astype(bool),
        denial=denial,
        is_claim_level=column("is_claim_level").astype(bool),
        is_patient_contractual=misplaced,
        odd_reason=odd,
        charge=total(decision.charge),
        paid=total(decision.paid),
        patient_share=total(share),
        allowed=total(decision.allowed),
        expected=total(np.where(is_denied_line, 0, expected[line])),
        first_line=first_line,
        line_count=line_count,
        unbalanced_by=np.where(planted, cents, 0),
    )
    return remits, RemitLines(
        remit=remit,
        line=line,
        charge=decision.charge,
        paid=decision.paid,
        allowed=decision.allowed,
        adjustments=decision.adjustments,
    )


def _provider_charges(
    parameters: Parameters,
    draws: Draws,
    rates: FaultRates,
    care: Care,
    clock: _Clock,
    denied: Denials,
    course: _Course,
    paid: Ints,
) -> Charges:
    """Interest on late payments and recoveries: what payers settle outside any claim."""
    claims, behaviour = care.claims, parameters.behaviour
    plain = course.insured & ~denied.is_denied
    days = course.first_paid - course.accepted_sent - behaviour["interest_after"]
    interest = paid * behaviour["interest_yearly"] * np.maximum(days, 0) // (1000 * 365)
    bears = np.flatnonzero(plain & (interest > 0))
    day = course.first_paid[bears]
    apart = business_day(day + 1)
    payer = course.paying_payer[bears]
    is_apart = rates.planted("provider_adjustment_only", draws, claims.key[bears])
    is_apart &= clock.pay_day(payer, apart) != apart

    taken = np.flatnonzero(course.kind == TAKEN_BACK)
    share = 200 + draws.below("takeback share", 801, claims.key[taken])
    taken_day = clock.pay_day(
        claims.payer[taken], course.first_paid[taken] + clock.lag("paid_to_takeback")[taken]
    )
    return Charges(
        claim=np.concatenate([bears, taken]),
        payer=np.concatenate([payer, claims.payer[taken]]),
        payment_day=np.concatenate([np.where(is_apart, apart, day), taken_day]),
        code=np.repeat([INTEREST, RECOVERY], [len(bears), len(taken)]),
        amount=np.concatenate([-interest[bears], np.maximum(paid[taken] * share // 1000, 1)]),
        is_apart=np.concatenate([is_apart, np.zeros(len(taken), dtype=bool)]),
    )


def _denial_work(
    parameters: Parameters,
    draws: Draws,
    care: Care,
    clock: _Clock,
    denied: Denials,
    course: _Course,
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


def _copay_at_visit(
    parameters: Parameters,
    draws: Draws,
    care: Care,
    denied: Denials,
    course: _Course,
    first: Decision,
) -> Ints:
    """Per claim, the copay collected at the visit: only where the first decision confirms it."""
    claims = care.claims
    lines = np.arange(len(care.lines.claim))
    confirmed = ~denied.covers(lines, care.lines.claim)
    copay = np.where(confirmed, first.adjustments[:, COPAY], 0)
    copay = np.add.reduceat(copay, claims.first_line)
    collected = (
        course.insured
        & ~course.has_secondary
        & draws.chance("copay at visit", parameters.behaviour["copay_at_visit"], claims.key)
    )
    return np.where(collected, copay, 0)


def _bills(
    parameters: Parameters,
    draws: Draws,
    care: Care,
    clock: _Clock,
    denied: Denials,
    course: _Course,
    first: Decision,
) -> list[Bill]:
    """What is billed to patients: shares after insurance, PR denials and self-pay accounts."""
    claims, lines = care.claims, care.lines
    is_denied_line = denied.covers(np.arange(len(lines.claim)), lines.claim)

    def by_claim(values: Ints) -> Ints:
        return np.add.reduceat(values, claims.first_line)

    share = by_claim(np.where(is_denied_line, 0, first.patient_share))
    won_share = by_claim(np.where(is_denied_line, first.patient_share, 0))
    moved = by_claim(np.where(is_denied_line, lines.charge, 0))
    copay = _copay_at_visit(parameters, draws, care, denied, course, first)
    first_era = clock.arrives(course.paying_payer, course.first_paid)

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
        Bill(1, "insured", np.where(alone & ~to_patient, share - copay, nothing), first_era),
        Bill(1, "denied", np.where(to_patient, share - copay + moved, nothing), first_era),
        Bill(2, "insured", np.where(alone & denied.is_won, won_share, nothing), second_era),
        Bill(3, "insured", np.where(course.has_secondary, left, nothing), secondary_era),
        Bill(1, "self_pay", np.where(course.insured, nothing, claims.charge), claims.coded_day),
    ]
