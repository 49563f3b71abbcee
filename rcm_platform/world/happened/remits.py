"""What the payers decide and pay, remittance by remittance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta

import numpy as np

from rcm_platform.world.happened import adjudication
from rcm_platform.world.happened.adjudication import Decision
from rcm_platform.world.happened.course import (
    AUDITED,
    IN_PARTS,
    PATIENT_CONTRACTUAL,
    RECOVERED,
    REPEATED,
    REVERSED,
    SHORTENED,
    TAKEN_BACK,
    VOIDED,
    Clock,
    Course,
)
from rcm_platform.world.happened.denials import Denials
from rcm_platform.world.happened.encounters import Care
from rcm_platform.world.happened.history import (
    DEACTIVATED,
    WHOLE_CHARGE,
    WITHOUT_REMARK,
    RemitLines,
    Remits,
)
from rcm_platform.world.happened.interim import MOST_BILLS, InterimBills
from rcm_platform.world.happened.kinds import (
    BY_CONTRACT,
    CAPITATION,
    CORRECTION,
    DENIAL,
    FIRST_DECISION,
    INTEREST,
    INTERIM,
    INTERIM_DECISION,
    LAST_INTERIM,
    PRIOR_PAYER,
    RECOVERY,
    REPETITION,
    REPLACEMENT,
    REVERSAL,
    SECOND_DECISION,
    SECONDARY,
    SECONDARY_DECISION,
    STRANGER,
)
from rcm_platform.world.happened.payments import Charges
from rcm_platform.world.support.dates import business_day, to_date, to_day
from rcm_platform.world.support.faults import FaultRates
from rcm_platform.world.support.parameters import Parameters
from rcm_platform.world.support.rng import Draws, Flags, Ints


class _Collector:
    """Collects remits of different kinds, then sorts them and their lines together."""

    def __init__(self, care: Care) -> None:
        self._claims = care.claims
        self._parts: list[dict[str, Ints]] = []
        self._lines: list[tuple[Ints, Ints, Decision]] = []
        self._count = 0

    def lines_of(self, claim: Ints, part: tuple[Ints, Ints] | None = None) -> tuple[Ints, Ints]:
        """(place in `claim`, row of Lines) of every line of the given claims, or of the part of
        each that (first line within the claim, count of lines) tells."""
        first, spans = part or (np.zeros_like(claim), self._claims.line_count[claim])
        place = np.repeat(np.arange(len(claim)), spans)
        within = np.arange(len(place)) - np.repeat(np.cumsum(spans) - spans, spans)
        return place, (self._claims.first_line[claim] + first)[place] + within

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


def remits_of(
    parameters: Parameters,
    draws: Draws,
    rates: FaultRates,
    care: Care,
    clock: Clock,
    denied: Denials,
    course: Course,
    first: Decision,
    expected: Ints,
    interim: InterimBills,
) -> tuple[Remits, RemitLines]:
    """Every decision of a payer on a claim, and what it says of each line."""
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

    # of a stay that is billed in parts, on the first of them
    claim = np.flatnonzero(course.insured)
    place, line = collector.lines_of(claim, interim.lines(claim, np.zeros_like(claim)))
    collector.add(
        FIRST_DECISION, claim, course.paying_payer[claim], course.first_paid[claim], place, line,
        first.take(line).denied(all_denied[line]),
        answers_attempt=accepted_attempt[claim], denial=denied.row[claim],
        is_claim_level=denied.is_claim_level[claim],
        is_forwarded=(course.is_crossover & ~denied.is_denied)[claim],
        is_patient_contractual=(course.kind == PATIENT_CONTRACTUAL)[claim],
    )  # fmt: skip
    for number in range(1, MOST_BILLS):
        claim = np.flatnonzero(interim.is_billed(number))
        is_last = interim.count[claim] == number + 1
        place, line = collector.lines_of(claim, interim.lines(claim, np.full_like(claim, number)))
        collector.add(
            INTERIM_DECISION, claim, claims.payer[claim], interim.paid[number][claim], place, line,
            first.take(line), answers_attempt=np.where(is_last, LAST_INTERIM, INTERIM) + 1,
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
        REVERSAL,
        is_corrected | (kind == SHORTENED) | np.isin(kind, (REVERSED, VOIDED, REPEATED)),
        paying, course.later_paid, lambda line: first.take(line).negated(),
        answers_attempt=accepted_attempt,
    )  # fmt: skip
    less = 950 - draws.below("audit cut", 101, claims.key)
    quality = adjudication.quality(parameters, draws, care)

    def correct(line: Ints) -> Decision:
        claim = care.lines.claim[line]
        allowed = np.where(
            kind[claim] == RECOVERED, expected[line], first.allowed[line] * less[claim] // 1000
        )
        return adjudication.corrected(
            parameters, paying[claim], quality[claim], first.take(line), allowed
        )

    add(
        CORRECTION, is_corrected, paying, course.later_paid, correct,
        answers_attempt=accepted_attempt,
    )  # fmt: skip
    # a replacement without the last line is decided without it
    claim = np.flatnonzero(kind == SHORTENED)
    place, line = collector.lines_of(claim)
    stays = line < (claims.first_line + claims.line_count - 1)[claim][place]
    collector.add(
        CORRECTION, claim, paying[claim], course.later_paid[claim], place[stays], line[stays],
        first.take(line[stays]),
        answers_attempt=np.full(len(claim), REPLACEMENT + 1),
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
    contract = decision.adjustments[:, BY_CONTRACT].sum(axis=1)
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
    era_day = clock.arrives(column("payer"), column("payment_day"))
    remits = Remits(
        claim=claim,
        kind=remit_kind,
        payer=column("payer"),
        payment_day=column("payment_day"),
        era_day=era_day,
        answers_attempt=column("answers_attempt"),
        is_forwarded=column("is_forwarded").astype(bool),
        denial=denial,
        is_claim_level=column("is_claim_level").astype(bool),
        is_patient_contractual=misplaced,
        repeats_first_payer=_repeats_first_payer(
            draws,
            rates,
            care,
            denied,
            claim,
            remit_kind,
            column("payer"),
            column("payment_day"),
            era_day,
            total(decision.adjustments[:, PRIOR_PAYER]) != 0,
            planted,
        ),
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


def _repeats_first_payer(
    draws: Draws,
    rates: FaultRates,
    care: Care,
    denied: Denials,
    claim: Ints,
    kind: Ints,
    payer: Ints,
    payment_day: Ints,
    era_day: Ints,
    follows_effect: Flags,
    is_held: Flags,
) -> Flags:
    """Planted on decisions of a second payer, where the first one's was received before.

    Where the first one paid nothing and took nothing off there is nothing to repeat, and a payer
    that decides before the other one is heard of is believed.
    """
    claims = care.claims
    is_held = is_held | rates.planted(
        "unbalanced_payment", draws, claims.hospital[claim], payer, payment_day
    )
    decides = np.where(denied.is_denied, SECOND_DECISION, FIRST_DECISION)
    base = np.flatnonzero((kind == decides[claim]) & ~is_held)
    known_from = np.full(len(claims.key), np.iinfo(np.int64).max)
    known_from[claim[base]] = np.maximum(era_day, payment_day)[base]
    return (
        (kind == SECONDARY_DECISION)
        & follows_effect
        & (known_from[claim] <= payment_day)
        & rates.planted("repeated_contractual", draws, claims.key[claim])
    )


def provider_charges(
    parameters: Parameters,
    draws: Draws,
    rates: FaultRates,
    care: Care,
    clock: Clock,
    denied: Denials,
    course: Course,
    paid: Ints,
) -> Charges:
    """Interest, recoveries and capitation: what payers settle outside any claim."""
    claims, behaviour = care.claims, parameters.behaviour
    # a payer that owes interest for a part of a stay pays it with that part: left out
    plain = course.insured & ~denied.is_denied & (course.kind != IN_PARTS)
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
    of_claims = Charges(
        claim=np.concatenate([bears, taken]),
        hospital=claims.hospital[np.concatenate([bears, taken])],
        payer=np.concatenate([payer, claims.payer[taken]]),
        payment_day=np.concatenate([np.where(is_apart, apart, day), taken_day]),
        code=np.repeat([INTEREST, RECOVERY], [len(bears), len(taken)]),
        amount=np.concatenate([-interest[bears], np.maximum(paid[taken] * share // 1000, 1)]),
        is_apart=np.concatenate([is_apart, np.zeros(len(taken), dtype=bool)]),
    )
    by_month = _capitations(parameters, care, clock, int(course.first_paid.max(initial=0)))
    return Charges(
        *(
            np.concatenate([getattr(part, field.name) for part in (of_claims, by_month)])
            for field in fields(Charges)
        )
    )


#: Members of a capitated plan who never come.
_UNSEEN_MEMBERS = 10


def _capitations(parameters: Parameters, care: Care, clock: Clock, until: int) -> Charges:
    """What each capitated plan pays a hospital on its first payment day of every month."""
    people, dollars = care.patients, parameters.payers.table.cents("capitation_dollars")
    month = to_date(int(care.encounters.day.min(initial=until))).replace(day=1)
    first_days = []
    while to_day(month) <= until:
        first_days.append(to_day(month))
        month = (month + timedelta(days=31)).replace(day=1)
    plans = np.flatnonzero(parameters.payers.is_capitated)
    hospitals = np.unique(care.claims.hospital)
    hospital, payer, start = (
        column.ravel()
        for column in np.meshgrid(
            hospitals, plans, np.array(first_days, dtype=np.int64), indexing="ij"
        )
    )
    day = clock.pay_day(payer, start)
    members = np.array(
        [
            np.count_nonzero(
                (people.hospital == where) & (people.payer == plan) & (people.registered_day <= on)
            )
            for where, plan, on in zip(
                hospital.tolist(), payer.tolist(), start.tolist(), strict=True
            )
        ],
        dtype=np.int64,
    )
    return Charges(
        claim=np.full(len(day), -1),
        hospital=hospital,
        payer=payer,
        payment_day=day,
        code=np.full(len(day), CAPITATION),
        amount=-dollars[payer] * (members + _UNSEEN_MEMBERS),
        is_apart=np.ones(len(day), dtype=bool),
    )
