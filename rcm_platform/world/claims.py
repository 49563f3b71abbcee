"""What became of each claim: submissions, acknowledgements, payer decisions, patient money.

Life of an insured claim: first 837 → 277CA (a rejection is corrected and sent again) → first 835,
which pays, or denies the claim or one of its lines → replacement claim (frequency 7) or appeal →
second 835 on the denied lines → write-off of what stays denied. What a remittance makes the
patient's share becomes a bill, and a bill ends in payments, bad debt, charity or a small balance.

Everything is drawn to its end, also beyond the last day of the world; the writers show what had
arrived by then. Days are integers, money is integer cents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rcm_platform.world.dates import business_day, weekday
from rcm_platform.world.encounters import Care
from rcm_platform.world.parameters import Parameters, Table
from rcm_platform.world.rng import Draws, Flags, Ints

#: Kinds of rows in the hospitals' transactions beside 'Charge', in the order of their codes.
TRANSACTION_KINDS = (
    "Patient Payment",
    "Denial Write-off",
    "Admin Write-off",
    "Small Balance",
    "Bad Debt",
    "Charity",
)
(
    PATIENT_PAYMENT,
    DENIAL_WRITE_OFF,
    ADMIN_WRITE_OFF,
    SMALL_BALANCE,
    BAD_DEBT,
    CHARITY,
) = range(6)

#: Adjustments of a remittance line, in the order of the columns of `RemitLines.adjustments`.
CONTRACTUAL, SEQUESTER, DEDUCTIBLE, COINSURANCE, COPAY, DENIAL = range(6)


@dataclass(frozen=True)
class Submissions:
    """Rows are claims in an 837 (and their answer in a 277CA)."""

    claim: Ints
    attempt: Ints  # 1 first, 2 after rejection, 3 replacement after denial
    day: Ints
    ack_day: Ints
    is_rejected: Flags
    rejection: Ints  # row of ack_rejections.csv, meaningful when rejected


@dataclass(frozen=True)
class Remits:
    """Rows are claims in an 835 (CLP loops), sorted by hospital, payer, payment day and claim."""

    claim: Ints
    decision: Ints  # 1 first, 2 after replacement or appeal
    payment_day: Ints
    era_day: Ints
    answers_attempt: Ints  # the submission whose payer claim number is echoed
    denial: Ints  # row of denial_mix.csv, -1 when nothing is denied
    is_claim_level: Flags  # one claim-level denial, no service lines
    charge: Ints
    paid: Ints
    patient_share: Ints
    allowed: Ints
    first_line: Ints
    line_count: Ints
    unbalanced_by: Ints  # cents planted on the first adjustment, 0 normally


@dataclass(frozen=True)
class RemitLines:
    """Rows are service lines of remits, in the order of Remits."""

    remit: Ints
    line: Ints  # row of Lines
    charge: Ints
    paid: Ints
    allowed: Ints
    adjustments: Ints  # rows x 6, columns CONTRACTUAL..DENIAL


@dataclass(frozen=True)
class Transactions:
    """Rows are what the hospital posts after the charges: patient payments and write-offs."""

    claim: Ints
    kind: Ints  # index of TRANSACTION_KINDS
    amount: Ints
    paid_day: Ints  # day of the payment; of the write-off
    insert_day: Ints
    sequence: Ints  # unique in the claim


@dataclass(frozen=True)
class Story:
    submissions: Submissions
    remits: Remits
    remit_lines: RemitLines
    transactions: Transactions


@dataclass(frozen=True)
class _Denials:
    """Per claim: what is denied at first, and how that ends."""

    row: Ints  # of denial_mix.csv, -1 when not denied
    line: Ints  # denied line when only one is, else -1
    is_claim_level: Flags
    is_patient_share: Flags
    is_resubmitted: Flags
    is_appealed: Flags
    is_won: Flags
    is_late_filing: Flags

    @property
    def is_worked(self) -> Flags:
        return self.is_resubmitted | self.is_appealed


def story(parameters: Parameters, draws: Draws, care: Care, size: str) -> Story:
    """Draw the life of every claim of `care`."""
    lags, claims = parameters.lags, care.claims
    payers = parameters.payers
    insured = claims.payer != payers.self_pay
    denials = _denials(parameters, draws, care, insured)

    def lag(name: str, stream: str = "") -> Ints:
        return draws.quantile(stream or name, lags[name], claims.key)

    coded = care.encounters.coded_day[claims.encounter]
    service = care.encounters.day[claims.encounter]
    sent = coded + lag("coded_to_submitted")
    deadline = service + payers.table.ints("filing_limit_days")[claims.payer]
    late = np.maximum(sent, deadline + lag("late_filing_excess"))
    first_sent = business_day(np.where(denials.is_late_filing, late, sent))

    def acknowledged(sent_day: Ints) -> Ints:
        # A payer answers a hospital's batch as a whole, hence no claim in the key.
        return business_day(
            sent_day + draws.quantile("ack", lags["ack"], claims.hospital, claims.payer, sent_day)
        )

    first_ack = acknowledged(first_sent)
    reject_rate = payers.table.permille("ack_reject_permille")[claims.payer]
    rejected = insured & draws.chance("rejected", reject_rate, claims.key)
    accepted_sent = np.where(
        rejected, business_day(first_ack + lag("reject_to_resubmit")), first_sent
    )
    accepted_ack = acknowledged(accepted_sent)

    pay_lags = payers.table.quantiles("pay_")
    remit_delay = payers.table.ints("remit_delay_days", 0, 30)[claims.payer]

    def decided(after: Ints, not_before: Ints, stream: str) -> Ints:
        wait = draws.quantile(stream, pay_lags, claims.key, row=claims.payer)
        return _payment_day(parameters, claims.payer, np.maximum(after + wait, not_before + 1))

    first_paid = decided(accepted_sent, accepted_ack, "first decision")
    first_era = business_day(first_paid + remit_delay)

    replaced_sent = business_day(first_era + lag("denial_to_resubmit"))
    replaced_ack = acknowledged(replaced_sent)
    appeal_wait = lag("denial_to_appeal") + lag("appeal_to_decision")
    second_paid = np.where(
        denials.is_resubmitted,
        decided(replaced_sent, replaced_ack, "second decision"),
        _payment_day(parameters, claims.payer, first_era + appeal_wait),
    )
    second_era = business_day(second_paid + remit_delay)

    rejection = draws.pick("rejection", parameters.ack_rejections.ints("weight"), claims.key)
    submissions = _submissions(
        (insured, first_sent, first_ack, rejected),
        (rejected, accepted_sent, accepted_ack, np.zeros_like(rejected)),
        (denials.is_resubmitted, replaced_sent, replaced_ack, np.zeros_like(rejected)),
        rejection=rejection,
    )
    remits, remit_lines = _remits(
        parameters,
        draws,
        care,
        denials,
        insured,
        size,
        paid_days=(first_paid, second_paid),
        era_days=(first_era, second_era),
        accepted_attempt=1 + rejected.astype(np.int64),
    )
    transactions = _transactions(parameters, draws, care, denials, insured, remits, remit_lines)
    return Story(submissions, remits, remit_lines, transactions)


def _payment_day(parameters: Parameters, payer: Ints, day: Ints) -> Ints:
    return day + parameters.payers.payment_offsets[payer, weekday(day)]


def _denials(parameters: Parameters, draws: Draws, care: Care, insured: Flags) -> _Denials:
    claims, mix, shape = care.claims, parameters.denials, parameters.denial_shape
    rate = parameters.payers.table.permille("denial_permille")[claims.payer]
    denied = insured & draws.chance("denied", rate, claims.key)
    row = draws.pick("denial reason", mix.ints("weight"), claims.key)
    one_line = denied & (claims.line_count > 1)
    one_line &= draws.chance("one line denied", shape["one_line_only"], claims.key)
    which = claims.first_line + draws.below("which line", claims.line_count, claims.key)
    claim_level = denied & ~one_line & draws.chance("claim level", shape["claim_level"], claims.key)
    group = np.array(mix.text("group_code"))[row]
    response = np.array(mix.text("response"))[row]
    patient_share = denied & (group == "PR")
    worked = denied & ~patient_share
    worked &= draws.chance("worked", mix.permille("worked_permille")[row], claims.key)
    won = worked & draws.chance("overturned", mix.permille("overturn_permille")[row], claims.key)
    return _Denials(
        row=np.where(denied, row, -1),
        line=np.where(one_line, which, -1),
        is_claim_level=claim_level,
        is_patient_share=patient_share,
        is_resubmitted=worked & (response == "resubmit"),
        is_appealed=worked & (response == "appeal"),
        is_won=won,
        is_late_filing=denied & (np.array(mix.text("category"))[row] == "Timely filing"),
    )


def _submissions(*attempts: tuple[Flags, Ints, Ints, Flags], rejection: Ints) -> Submissions:
    claim = [np.flatnonzero(happens) for happens, *_ in attempts]
    every = np.concatenate(claim)
    return Submissions(
        claim=every,
        attempt=np.repeat(np.arange(1, len(attempts) + 1), [len(rows) for rows in claim]),
        day=np.concatenate([a[1][rows] for a, rows in zip(attempts, claim, strict=True)]),
        ack_day=np.concatenate([a[2][rows] for a, rows in zip(attempts, claim, strict=True)]),
        is_rejected=np.concatenate([a[3][rows] for a, rows in zip(attempts, claim, strict=True)]),
        rejection=rejection[every],
    )


def _adjudicate(parameters: Parameters, draws: Draws, care: Care) -> tuple[Ints, Ints, Ints]:
    """Per line, as if the payer accepted it: allowed, paid, and the adjustments (DENIAL zero)."""
    claims, lines, payers = care.claims, care.lines, parameters.payers.table
    payer = claims.payer[lines.claim]
    ratio = payers.ints("allowed_vs_medicare_permille", 1, 10_000)[payer]
    # Always something above the contract rate: a CO-45 of zero would hide the contract.
    allowed = np.minimum(lines.medicare_allowed * ratio // 1000, lines.charge * 95 // 100)
    allowed = np.maximum(allowed, 1)

    before = np.cumsum(allowed) - allowed
    before -= before[claims.first_line[lines.claim]]
    has_deductible = draws.chance(
        "deductible", payers.permille("deductible_permille")[claims.payer], claims.key
    )
    left = payers.cents("deductible_dollars")[claims.payer]
    left = left * (10 + draws.below("deductible left", 91, claims.key)) // 100
    left = np.where(has_deductible, left, 0)[lines.claim]
    deductible = np.clip(left - before, 0, allowed)
    rest = allowed - deductible

    has_copay = ~has_deductible & draws.chance(
        "copay", payers.permille("copay_permille")[claims.payer], claims.key
    )
    copay = np.where(has_copay, payers.cents("copay_dollars")[claims.payer], 0)[lines.claim]
    copay = np.where(lines.number == 1, np.minimum(copay, rest), 0)
    rest = rest - copay
    coinsurance = rest * payers.permille("coinsurance_permille")[payer] // 1000
    coinsurance = np.where(has_copay[lines.claim], 0, coinsurance)
    rest = rest - coinsurance
    sequester = (rest * payers.permille("sequester_permille")[payer] + 500) // 1000

    adjustments = np.zeros((len(allowed), 6), dtype=np.int64)
    adjustments[:, CONTRACTUAL] = lines.charge - allowed
    adjustments[:, SEQUESTER] = sequester
    adjustments[:, DEDUCTIBLE] = deductible
    adjustments[:, COINSURANCE] = coinsurance
    adjustments[:, COPAY] = copay
    return allowed, rest - sequester, adjustments


def _remits(
    parameters: Parameters,
    draws: Draws,
    care: Care,
    denials: _Denials,
    insured: Flags,
    size: str,
    *,
    paid_days: tuple[Ints, Ints],
    era_days: tuple[Ints, Ints],
    accepted_attempt: Ints,
) -> tuple[Remits, RemitLines]:
    claims, lines = care.claims, care.lines
    allowed, paid, adjustments = _adjudicate(parameters, draws, care)
    all_lines = np.arange(len(lines.claim))
    is_denied_line = (denials.row[lines.claim] >= 0) & (
        (denials.line[lines.claim] < 0) | (denials.line[lines.claim] == all_lines)
    )

    first = np.flatnonzero(insured)
    second = np.flatnonzero(denials.is_worked)
    claim = np.concatenate([first, second])
    decision = np.repeat([1, 2], [len(first), len(second)])
    is_second = decision == 2
    payment_day = np.where(is_second, paid_days[1][claim], paid_days[0][claim])
    order = np.lexsort((claim, payment_day, claims.payer[claim], claims.hospital[claim]))
    claim, decision, is_second = claim[order], decision[order], is_second[order]
    still_denied = np.where(is_second, ~denials.is_won[claim], denials.row[claim] >= 0)

    # Expand to lines: the first decision is about all lines, the second about the denied ones.
    spans = claims.line_count[claim]
    remit = np.repeat(np.arange(len(claim)), spans)
    line = (
        claims.first_line[claim][remit] + np.arange(len(remit)) - (np.cumsum(spans) - spans)[remit]
    )
    covered = ~is_second[remit] | is_denied_line[line]
    remit, line = remit[covered], line[covered]
    denied = is_denied_line[line] & still_denied[remit]
    charge = lines.charge[line]
    line_adjustments = np.where(denied[:, None], 0, adjustments[line])
    line_adjustments[:, DENIAL] = np.where(denied, charge, 0)
    remit_lines = RemitLines(
        remit=remit,
        line=line,
        charge=charge,
        paid=np.where(denied, 0, paid[line]),
        allowed=np.where(denied, 0, allowed[line]),
        adjustments=line_adjustments,
    )
    line_count = np.bincount(remit, minlength=len(claim))
    first_line = np.cumsum(line_count) - line_count

    def total(values: Ints) -> Ints:
        return np.add.reduceat(values, first_line)

    share = line_adjustments[:, [DEDUCTIBLE, COINSURANCE, COPAY]].sum(axis=1)
    denied_to_patient = denied & denials.is_patient_share[claim[remit]]
    share = share + np.where(denied_to_patient, charge, 0)

    answers = np.where(is_second & denials.is_resubmitted[claim], 3, accepted_attempt[claim])
    rate = fault_rate(parameters.faults, "unbalanced_claim", size)
    planted = draws.below("unbalanced claim", 1_000_000, claims.key[claim], decision) < rate
    cents = np.where(draws.chance("large imbalance", 500, claims.key[claim], decision), 10_000, 1)
    return (
        Remits(
            claim=claim,
            decision=decision,
            payment_day=payment_day[order],
            era_day=np.where(is_second, era_days[1][claim], era_days[0][claim]),
            answers_attempt=answers,
            denial=np.where(still_denied, denials.row[claim], -1),
            is_claim_level=denials.is_claim_level[claim] & still_denied,
            charge=total(charge),
            paid=total(remit_lines.paid),
            patient_share=total(share),
            allowed=total(remit_lines.allowed),
            first_line=first_line,
            line_count=line_count,
            unbalanced_by=np.where(planted, cents, 0),
        ),
        remit_lines,
    )


def fault_rate(faults: Table, fault_type: str, size: str) -> int:
    rows = faults.where("fault_type", fault_type).where("size", size)
    return int(rows.ints("rate_per_million", 0, 1_000_000)[0])


class _Postings:
    """Collects transactions; amounts of zero vanish."""

    def __init__(self) -> None:
        self._parts: list[tuple[Ints, Ints, Ints, Ints, Ints, Ints]] = []

    def add(
        self, claim: Ints, kind: int, amount: Ints, paid: Ints, insert: Ints, sequence: Ints
    ) -> None:
        keep = np.flatnonzero(amount > 0)
        kinds = np.full(len(keep), kind)
        self._parts.append(
            (claim[keep], kinds, amount[keep], paid[keep], insert[keep], sequence[keep])
        )

    def transactions(self) -> Transactions:
        columns = [np.concatenate(column) for column in zip(*self._parts, strict=True)]
        order = np.lexsort((columns[5], columns[0]))
        return Transactions(*(column[order] for column in columns))


def _transactions(
    parameters: Parameters,
    draws: Draws,
    care: Care,
    denials: _Denials,
    insured: Flags,
    remits: Remits,
    remit_lines: RemitLines,
) -> Transactions:
    claims, postings = care.claims, _Postings()

    # Copays collected at the visit, where the first decision confirms them.
    copay = np.add.reduceat(remit_lines.adjustments[:, COPAY], remits.first_line)
    at_visit = (remits.decision == 1) & (copay > 0)
    at_visit &= draws.chance(
        "copay at visit", parameters.behaviour["copay_at_visit"], claims.key[remits.claim]
    )
    rows = np.flatnonzero(at_visit)
    who = remits.claim[rows]
    visit_day = care.encounters.day[claims.encounter[who]]
    # It is entered with the charges: no account has money before it has charges.
    coded = care.encounters.coded_day[claims.encounter[who]]
    posted = coded + draws.quantile("copay posting", parameters.lags["posting"], claims.key[who])
    postings.add(who, PATIENT_PAYMENT, copay[rows], visit_day, posted, np.zeros_like(who))

    # Bills: the patient's share of each remittance, and self-pay accounts.
    share = remits.patient_share - np.where(at_visit, copay, 0)
    billed = np.flatnonzero(share > 0)
    uninsured = np.flatnonzero(~insured)
    denied_share = denials.is_patient_share[remits.claim[billed]]
    claim = np.concatenate([remits.claim[billed], uninsured])
    _bills(
        parameters,
        draws,
        care,
        postings,
        claim=claim,
        decision=np.concatenate([remits.decision[billed], np.ones_like(uninsured)]),
        amount=np.concatenate([share[billed], claims.charge[uninsured]]),
        known=np.concatenate(
            [remits.era_day[billed], care.encounters.coded_day[claims.encounter[uninsured]]]
        ),
        kind=np.concatenate([denied_share.astype(np.int64), np.full(len(uninsured), 2)]),
    )

    # What stays denied is written off, by the reason's class, some time after the last answer.
    last = (denials.row[remits.claim] >= 0) & (
        (remits.decision == 2) | ~denials.is_worked[remits.claim]
    )
    lost = np.flatnonzero(last & (remits.denial >= 0) & ~denials.is_patient_share[remits.claim])
    who = remits.claim[lost]
    day = business_day(
        remits.era_day[lost]
        + draws.quantile("write-off", parameters.lags["denial_to_write_off"], claims.key[who])
    )
    amount = np.add.reduceat(remit_lines.adjustments[:, DENIAL], remits.first_line)[lost]
    is_admin = np.array(parameters.denials.text("write_off_type")) == "Admin Write-off"
    is_admin = is_admin[remits.denial[lost]]
    for kind, applies in ((ADMIN_WRITE_OFF, is_admin), (DENIAL_WRITE_OFF, ~is_admin)):
        postings.add(
            who, kind, np.where(applies, amount, 0), day, day, np.full(len(who), 30 + kind)
        )
    return postings.transactions()


def _bills(
    parameters: Parameters,
    draws: Draws,
    care: Care,
    postings: _Postings,
    *,
    claim: Ints,
    decision: Ints,
    amount: Ints,
    known: Ints,
    kind: Ints,
) -> None:
    """Draw how each bill ends. `kind`: 0 share after insurance, 1 PR denial, 2 self-pay."""
    table, behaviour, lags = parameters.patient_balance, parameters.behaviour, parameters.lags
    outcomes = (
        "paid_in_full", "paid_in_two", "paid_in_part", "charity", "small_balance", "bad_debt",
    )  # fmt: skip
    chances = np.stack([table.permille(name) for name in outcomes], axis=1)
    limits, kinds = table.cents("up_to_dollars"), np.array(table.text("kind"))
    row = np.zeros_like(claim)
    for code, name in enumerate(("insured", "denied", "self_pay")):
        here, bands = np.flatnonzero(kind == code), np.flatnonzero(kinds == name)
        row[here] = bands[np.searchsorted(limits[bands], amount[here])]
    key = (care.claims.key[claim], decision)
    ends = np.cumsum(chances, axis=1)[row]
    drawn = draws.below("bill outcome", ends[:, -1], *key)
    outcome = (drawn[:, None] >= ends).sum(axis=1)
    full, two, part, charity, small, bad = (outcome == code for code in range(6))

    low, high = behaviour["part_payment_low"], behaviour["part_payment_high"]
    permille = low + draws.below("part of bill", high - low + 1, *key)
    first = np.where(full, amount, 0)
    first = np.where(two, np.maximum(amount // 2, 1), first)
    first = np.where(part, np.maximum(amount * permille // 1000, 1), first)
    second = np.where(two, amount - first, 0)
    rest = np.where(part, amount - first, 0)
    small_rest = part & (rest <= behaviour["small_balance_limit"] * 100)

    def later(after: Ints, name: str, stream: str = "") -> Ints:
        return after + draws.quantile(stream or name, lags[name], *key)

    base = decision * 10

    def pay(day: Ints, cents: Ints, place: int) -> None:
        inserted = later(day, "posting", f"posting {place}")
        postings.add(claim, PATIENT_PAYMENT, cents, day, inserted, base + place)

    first_day = later(known, "bill_to_payment")
    second_day = later(first_day, "between_payments")
    pay(first_day, first, 0)
    pay(second_day, second, 1)
    twice = full & draws.chance("paid twice", table.permille("paid_twice_permille")[row], *key)
    pay(later(first_day, "double_payment"), np.where(twice, amount, 0), 2)

    for place, (kind_code, lag, cents) in enumerate(
        (
            (BAD_DEBT, "bill_to_bad_debt", np.where(bad, amount, np.where(small_rest, 0, rest))),
            (CHARITY, "bill_to_charity", np.where(charity, amount, 0)),
            (SMALL_BALANCE, "bill_to_small_balance", np.where(small, amount, 0)),
            (SMALL_BALANCE, "bill_to_bad_debt", np.where(small_rest, rest, 0)),
        ),
        start=3,
    ):
        day = business_day(np.maximum(later(known, lag), first_day + 1))
        postings.add(claim, kind_code, cents, day, day, base + place)
