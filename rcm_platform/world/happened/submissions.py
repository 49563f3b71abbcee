"""Each time a claim is sent, and the acknowledgements that nobody asked for."""

from __future__ import annotations

import numpy as np

from rcm_platform.world.happened.course import SHORTENED, VOIDED, Clock, Course
from rcm_platform.world.happened.denials import Denials
from rcm_platform.world.happened.encounters import Care
from rcm_platform.world.happened.history import StrayAcks, Submissions
from rcm_platform.world.happened.interim import MOST_BILLS, InterimBills
from rcm_platform.world.happened.kinds import (
    CORRECTED,
    FIRST,
    INTERIM,
    LAST_INTERIM,
    REPLACEMENT,
    SECONDARY,
    VOID,
)
from rcm_platform.world.support.faults import FaultRates
from rcm_platform.world.support.parameters import Parameters
from rcm_platform.world.support.rng import Draws, Flags, Ints


def submissions_of(
    parameters: Parameters,
    draws: Draws,
    rates: FaultRates,
    care: Care,
    denied: Denials,
    course: Course,
    interim: InterimBills,
) -> Submissions:
    """Each time that a claim is sent to a payer, with its acknowledgement."""
    claims = care.claims
    accepted = 1 + course.rejected.astype(np.int64)
    nothing = np.zeros_like(accepted)
    no_reference = rates.planted("replacement_without_reference", draws, claims.key)
    is_voided, is_shortened = course.kind == VOIDED, course.kind == SHORTENED
    void_ack = Clock(parameters, draws, rates, care).acknowledged(claims.payer, course.later)
    parts: list[tuple[Flags, int, Ints, Ints, Ints, Ints]] = [
        (course.insured, FIRST, claims.payer, course.first_sent, course.first_ack, nothing),
        (course.rejected, CORRECTED, claims.payer, course.accepted_sent, course.accepted_ack,
         nothing),
        (denied.is_resubmitted, REPLACEMENT, claims.payer, course.second_sent, course.second_ack,
         np.where(no_reference, 0, accepted)),
        (is_shortened, REPLACEMENT, claims.payer, course.later, void_ack,
         np.where(no_reference, 0, accepted)),
        (is_voided, VOID, claims.payer, course.later, void_ack, accepted),
        (course.has_secondary & ~course.is_crossover, SECONDARY, claims.secondary_payer,
         course.secondary_sent, course.secondary_ack, nothing),
    ]  # fmt: skip
    for number in range(1, MOST_BILLS):
        days = interim.sent[number], interim.acknowledged[number]
        is_billed, is_last = interim.is_billed(number), interim.count == number + 1
        parts.append((is_billed & ~is_last, INTERIM, claims.payer, *days, nothing))
        parts.append((is_billed & is_last, LAST_INTERIM, claims.payer, *days, nothing))
    rows = [np.flatnonzero(happens) for happens, *_ in parts]
    claim = np.concatenate(rows)
    kind = np.repeat([part[1] for part in parts], [len(r) for r in rows])
    payer, day, ack_day, replaced = (
        np.concatenate([column[r] for column, r in zip(columns, rows, strict=True)])
        for columns in list(zip(*parts, strict=True))[2:]
    )
    leaves_out = is_shortened[claim] & (kind == REPLACEMENT)
    from_line, line_count = interim.lines(claim, interim.number_of(claim, kind + 1))
    before = np.concatenate([[0], np.cumsum(care.lines.charge)])
    first = claims.first_line[claim] + from_line
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
        charge=before[first + line_count]
        - before[first]
        - np.where(leaves_out, last_line_charge(care)[claim], 0),
        from_line=from_line,
        line_count=line_count - leaves_out,
        has_bad_npi=rates.planted("bad_npi", draws, claims.key[claim], kind),
    )


def last_line_charge(care: Care) -> Ints:
    """Per claim: the charge of its last line."""
    claims = care.claims
    return care.lines.charge[claims.first_line + claims.line_count - 1]


def stray_acks(draws: Draws, rates: FaultRates, care: Care, submissions: Submissions) -> StrayAcks:
    """Acknowledgements of claims that were never sent (planted)."""
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
