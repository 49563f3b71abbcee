"""The life of claims: money adds up at every step, and each course ends as it should."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from rcm_platform.world.happened import contracts
from rcm_platform.world.happened.kinds import (
    CAPITATION,
    CHARGE_CORRECTION,
    CONTRACTUAL,
    CORRECTION,
    DENIAL,
    FIRST_DECISION,
    FORWARD_BALANCE,
    INCENTIVE,
    INTEREST,
    PACKAGED,
    PATIENT_PAYMENT,
    PENALTY,
    PRIOR_PAYER,
    RECOVERY,
    REFUND,
    REPLACEMENT,
    REVERSAL,
    SECOND_DECISION,
    SECONDARY,
    SECONDARY_DECISION,
    VOID,
)
from rcm_platform.world.model import World


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=5, size="small", start=date(2025, 1, 1), through=date(2025, 12, 31))


def payment_of_remit(world: World) -> np.ndarray:
    return np.repeat(np.arange(len(world.payments.amount)), world.payments.remit_count)


def test_every_remittance_line_balances(world: World) -> None:
    lines = world.history.remit_lines
    assert (lines.charge - lines.adjustments.sum(axis=1) == lines.paid).all()


def test_remittances_are_the_sum_of_their_lines(world: World) -> None:
    remits, lines = world.history.remits, world.history.remit_lines
    for name in ("charge", "paid", "allowed"):
        total = np.bincount(lines.remit, weights=getattr(lines, name), minlength=len(remits.claim))
        assert (total.astype(np.int64) == getattr(remits, name)).all(), name


def test_payments_are_claims_less_provider_adjustments(world: World) -> None:
    pays, remits, plb = world.payments, world.history.remits, world.history.provider_adjustments
    total = np.zeros_like(pays.amount)
    np.add.at(total, payment_of_remit(world), remits.paid)
    np.subtract.at(total, plb.payment, plb.amount)
    assert (total == pays.amount).all()
    assert (pays.amount >= 0).all()
    assert set(plb.code.tolist()) == {INTEREST, RECOVERY, FORWARD_BALANCE, CAPITATION}
    assert (plb.amount[plb.code == INTEREST] < 0).all()
    assert (plb.amount[plb.code == RECOVERY] > 0).all()


def test_a_forward_balance_comes_back_in_the_next_payment(world: World) -> None:
    """What lifts one payment to zero lowers the next: over time they net to zero."""
    pays, plb = world.payments, world.history.provider_adjustments
    open_balance: dict[tuple[int, int], int] = {}
    seen = 0
    for row in np.flatnonzero(plb.code == FORWARD_BALANCE).tolist():
        payment = int(plb.payment[row])
        key = int(pays.hospital[payment]), int(pays.payer[payment])
        open_balance[key] = open_balance.get(key, 0) + int(plb.amount[row])
        assert open_balance[key] <= 0
        seen += 1
    assert seen > 10
    last = {
        (int(h), int(p)): int(a)
        for h, p, a in zip(pays.hospital, pays.payer, pays.amount, strict=True)
    }
    # only a payer whose very last payment was below zero still owes us a lower one
    assert all(balance == 0 or last[key] == 0 for key, balance in open_balance.items())


def test_a_reversal_takes_back_exactly_what_was_decided(world: World) -> None:
    remits = world.history.remits
    first = {int(remits.claim[r]): r for r in np.flatnonzero(remits.kind == FIRST_DECISION)}
    rows = np.flatnonzero(remits.kind == REVERSAL)
    assert len(rows) > 50
    for row in rows.tolist():
        original = first[int(remits.claim[row])]
        for name in ("charge", "paid", "patient_share", "allowed"):
            values = getattr(remits, name)
            assert values[row] == -values[original], name
        assert remits.payment_day[row] > remits.payment_day[original]
        assert remits.payer[row] == remits.payer[original]


def test_a_correction_stands_in_the_remittance_of_its_reversal(world: World) -> None:
    remits, payment = world.history.remits, payment_of_remit(world)
    rows = np.flatnonzero(remits.kind == CORRECTION)
    assert len(rows) > 50
    for row in rows.tolist():
        before = row - 1
        assert remits.kind[before] == REVERSAL
        assert remits.claim[before] == remits.claim[row]
        assert payment[before] == payment[row]
        assert remits.paid[row] != -remits.paid[before]
        assert remits.patient_share[row] == -remits.patient_share[before]


def test_a_disputed_underpayment_ends_at_the_contract(world: World) -> None:
    remits = world.history.remits
    first = {int(remits.claim[r]): r for r in np.flatnonzero(remits.kind == FIRST_DECISION)}
    corrected = np.flatnonzero(remits.kind == CORRECTION)
    raised = [r for r in corrected if remits.paid[r] > remits.paid[first[int(remits.claim[r])]]]
    assert len(raised) > 20
    for row in raised:
        assert remits.allowed[first[int(remits.claim[row])]] < remits.expected[row]
        assert remits.allowed[row] == remits.expected[row]


def test_the_secondary_payer_takes_no_more_than_the_first_one_left(world: World) -> None:
    remits, lines = world.history.remits, world.history.remit_lines
    claims = world.care.claims
    rows = np.flatnonzero(remits.kind == SECONDARY_DECISION)
    assert len(rows) > 1000
    assert (remits.payer[rows] == claims.secondary_payer[remits.claim[rows]]).all()
    assert (remits.payer[rows] != claims.payer[remits.claim[rows]]).all()
    second = remits.kind[lines.remit] == SECONDARY_DECISION
    left = lines.charge[second] - lines.adjustments[second][:, PRIOR_PAYER]
    assert (left >= 0).all()
    assert (lines.paid[second] <= left).all()
    sent = world.history.submissions
    asked = set(sent.claim[sent.kind == SECONDARY].tolist())
    forwarded = set(remits.claim[remits.is_forwarded].tolist())
    decided = set(remits.claim[rows].tolist())
    assert decided == asked | forwarded
    assert not asked & forwarded


def test_denied_lines_are_paid_nothing(world: World) -> None:
    lines = world.history.remit_lines
    denied = lines.adjustments[:, DENIAL] != 0
    assert denied.sum() > 1000
    assert (lines.paid[denied] == 0).all()
    assert (lines.adjustments[denied][:, DENIAL] == lines.charge[denied]).all()


def test_voided_claims_have_no_charge_left(world: World) -> None:
    sent, posted, claims = world.history.submissions, world.history.transactions, world.care.claims
    voided = sent.claim[sent.kind == VOID]
    assert len(voided) > 5
    corrections = dict(zip(posted.claim.tolist(), posted.amount.tolist(), strict=True))
    for claim in voided.tolist():
        rows = np.flatnonzero((posted.claim == claim) & (posted.amount < 0))
        assert posted.amount[rows].sum() == -claims.charge[claim]
    assert corrections


def test_refunds_return_a_double_payment(world: World) -> None:
    posted = world.history.transactions
    rows = np.flatnonzero(posted.kind == REFUND)
    assert len(rows) > 10
    for row in rows.tolist():
        paid = (posted.claim == posted.claim[row]) & (posted.kind == PATIENT_PAYMENT)
        twice = posted.amount[paid & (posted.amount == -posted.amount[row])]
        assert len(twice) >= 2
        assert posted.amount[row] < 0


def test_sequences_of_postings_are_unique_in_their_claim(world: World) -> None:
    posted = world.history.transactions
    assert len(np.unique(posted.claim * 100 + posted.sequence)) == len(posted.claim)
    assert ((posted.sequence >= 0) & (posted.sequence < 100)).all()


def test_contract_methods_give_what_their_terms_say(world: World) -> None:
    terms, care = world.contracts, world.care
    expected = contracts.expected_allowed(world.parameters, terms, care)
    category = contracts.service_category(world.parameters, care)
    claims, lines = care.claims, care.lines
    method = terms.method[claims.payer, category]
    rate = terms.rate[claims.payer, category]
    total = np.add.reduceat(expected, claims.first_line)
    days = care.encounters.end_day - care.encounters.day
    whole = np.where(
        method == contracts.PER_DIEM, rate * np.maximum(days[claims.encounter], 1), rate
    )
    bundled = np.flatnonzero(np.isin(method, (contracts.CASE_RATE, contracts.PER_DIEM)))
    assert {contracts.CASE_RATE, contracts.PER_DIEM} == set(method[bundled].tolist())
    # a line is never allowed less than a cent nor more than its charge
    difference = total[bundled] - np.minimum(whole[bundled], claims.charge[bundled])
    assert (np.abs(difference) <= claims.line_count[bundled]).all()
    percent = np.flatnonzero((method == contracts.PERCENT)[lines.claim])
    simple = lines.medicare_allowed[percent] * rate[lines.claim[percent]] // 1000
    assert (expected[percent] == np.clip(simple, 1, lines.charge[percent])).all()


def test_a_clinician_is_rewarded_or_fined_and_never_both(world: World) -> None:
    lines, care = world.history.remit_lines, world.care
    added, cut = lines.adjustments[:, INCENTIVE], lines.adjustments[:, PENALTY]
    moved = np.flatnonzero(added | cut)
    claim = care.lines.claim[lines.line[moved]]
    payers = world.parameters.payers.table
    assert (payers.permille("quality_permille")[care.claims.payer[claim]] > 0).all()
    assert not care.claims.is_institutional[claim].any()
    provider = care.encounters.provider[care.claims.encounter[claim]]
    sign = np.sign(lines.charge[moved])
    rewarded = set(provider[sign * added[moved] < 0].tolist())
    fined = set(provider[sign * cut[moved] > 0].tolist())
    assert rewarded
    assert fined
    assert not rewarded & fined


def test_a_packaged_stay_is_paid_on_its_first_line_as_the_contract_says(world: World) -> None:
    remits, lines = world.history.remits, world.history.remit_lines
    first = remits.kind[lines.remit] == FIRST_DECISION
    nothing = (lines.allowed == 0) & (lines.adjustments[:, DENIAL] == 0)
    is_capitated = world.parameters.payers.is_capitated[remits.payer[lines.remit]]
    packaged = np.flatnonzero(first & nothing & ~is_capitated)
    assert len(packaged) > 10
    reasons = lines.adjustments[packaged][:, (CONTRACTUAL, PACKAGED)]
    assert (reasons.sum(axis=1) == lines.charge[packaged]).all()
    assert (reasons > 0).any(axis=0).all()  # either way of saying it
    whole = np.unique(lines.remit[packaged])
    assert (lines.allowed[remits.first_line[whole]] == remits.allowed[whole]).all()
    assert (remits.allowed[whole] <= remits.expected[whole]).all()


def test_a_capitated_plan_pays_by_the_month_and_nothing_for_claims(world: World) -> None:
    remits, plb = world.history.remits, world.history.provider_adjustments
    pays, is_capitated = world.payments, world.parameters.payers.is_capitated
    of_plan = is_capitated[remits.payer]
    assert of_plan.sum() > 20
    assert not remits.paid[of_plan].any()
    assert not remits.patient_share[of_plan].any()
    by_month = plb.code == CAPITATION
    assert is_capitated[pays.payer[plb.payment[by_month]]].all()
    first_of = [
        pays.payment_day[plb.payment[by_month & (pays.hospital[plb.payment] == where)]].min()
        for where in (0, 1)
    ]
    hospital = world.care.claims.hospital[remits.claim[of_plan]]
    assert (np.array(first_of)[hospital] <= remits.payment_day[of_plan]).all()


def test_a_second_payer_repeats_the_first_one_only_when_that_was_heard_of(world: World) -> None:
    remits = world.history.remits
    repeats = np.flatnonzero(remits.repeats_first_payer)
    assert len(repeats) > 50
    assert (remits.kind[repeats] == SECONDARY_DECISION).all()
    decided = {FIRST_DECISION, SECOND_DECISION}
    known: dict[int, int] = {}
    for claim, kind, day in zip(
        remits.claim.tolist(), remits.kind.tolist(), remits.era_day.tolist(), strict=True
    ):
        if kind in decided:
            known[claim] = max(known.get(claim, day), day)
    assert all(
        known[claim] <= day
        for claim, day in zip(
            remits.claim[repeats].tolist(), remits.payment_day[repeats].tolist(), strict=True
        )
    )


def test_a_replacement_without_a_line_takes_it_off_the_charge(world: World) -> None:
    sent, remits, claims = world.history.submissions, world.history.remits, world.care.claims
    posted = world.history.transactions
    is_whole = world.history.interim.count[sent.claim] == 1
    shorter = np.flatnonzero(is_whole & (sent.charge < claims.charge[sent.claim]))
    assert len(shorter) > 20
    assert (sent.kind[shorter] == REPLACEMENT).all()
    assert (sent.line_count[shorter] == claims.line_count[sent.claim[shorter]] - 1).all()
    stated = dict(zip(sent.claim[shorter].tolist(), sent.charge[shorter].tolist(), strict=True))
    corrected = np.flatnonzero(
        (remits.kind == CORRECTION) & np.isin(remits.claim, sent.claim[shorter])
    )
    assert len(corrected) == len(shorter)
    off = posted.kind == CHARGE_CORRECTION
    taken = dict(zip(posted.claim[off].tolist(), posted.amount[off].tolist(), strict=True))
    for claim, charge in zip(
        remits.claim[corrected].tolist(), remits.charge[corrected].tolist(), strict=True
    ):
        assert charge == stated[claim] == claims.charge[claim] + taken[claim]
