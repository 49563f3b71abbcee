"""Stays that are billed and decided in parts: interim bills."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from rcm_platform.world.feeds.x12 import Lookup
from rcm_platform.world.feeds.x12.lookup import frequencies
from rcm_platform.world.happened.kinds import FIRST, FIRST_DECISION, INTERIM_DECISION
from rcm_platform.world.model import World
from rcm_platform.world.support.dates import to_date
from rcm_platform.world.support.rng import Ints
from rcm_platform_tests.support.tiny_world import SEED, START, THROUGH


def build(faults: str) -> World:
    return World(seed=SEED, size="tiny", start=START, through=THROUGH, faults=faults)


@pytest.fixture(scope="module")
def in_parts() -> World:
    return build("none,interim_bills=1000000")


@pytest.fixture(scope="module")
def whole() -> World:
    return build("none")


@pytest.fixture(scope="module")
def billed_in_parts(in_parts: World) -> list[int]:
    claims: list[int] = np.flatnonzero(in_parts.history.interim.count > 1).tolist()
    assert len(claims) > 5
    return claims


def test_the_bills_of_a_stay_are_told_by_their_frequency_and_add_up(
    in_parts: World, billed_in_parts: list[int]
) -> None:
    sent, claims, lookup = in_parts.history.submissions, in_parts.care.claims, Lookup(in_parts)
    seen = set()
    for claim in billed_in_parts:
        rows = np.flatnonzero(sent.claim == claim)
        rows = rows[np.argsort(sent.day[rows])]
        told = frequencies(lookup, sent.claim[rows], sent.attempt[rows])
        seen.add("".join(told))
        assert sent.kind[rows[0]] == FIRST
        assert sent.charge[rows].sum() == claims.charge[claim]
        assert sent.line_count[rows].sum() == claims.line_count[claim]
        numbers = lookup.payer_claim_numbers(sent.claim[rows], sent.attempt[rows])
        assert len(set(numbers)) == len(rows)
    assert seen == {"24", "234"}


def test_the_bills_of_a_stay_cover_its_days(in_parts: World, billed_in_parts: list[int]) -> None:
    sent, care = in_parts.history.submissions, in_parts.care
    for claim in billed_in_parts:
        rows = np.flatnonzero(sent.claim == claim)
        rows = rows[np.argsort(sent.day[rows])]
        first, last = in_parts.history.interim.days(sent.claim[rows], sent.attempt[rows])
        visit = care.claims.encounter[claim]
        assert (first[0], last[-1]) == (care.encounters.day[visit], care.encounters.end_day[visit])
        assert (first <= last).all()
        for ends, begins in zip(last[:-1].tolist(), first[1:].tolist(), strict=True):
            assert to_date(ends) + timedelta(days=1) == to_date(begins)


def test_each_line_is_decided_once_and_as_in_a_world_without_parts(
    in_parts: World, whole: World
) -> None:
    def decided(world: World) -> tuple[Ints, Ints, Ints]:
        remits, lines = world.history.remits, world.history.remit_lines
        is_decision = np.isin(remits.kind, (FIRST_DECISION, INTERIM_DECISION))[lines.remit]
        rows = np.flatnonzero(is_decision)
        rows = rows[np.argsort(lines.line[rows])]
        return lines.line[rows], lines.paid[rows], lines.adjustments[rows]

    for one, other in zip(decided(in_parts), decided(whole), strict=True):
        assert (one == other).all()


def test_what_is_not_in_parts_is_as_it_would_be(in_parts: World, whole: World) -> None:
    is_whole = in_parts.history.interim.count == 1
    for name in ("day", "ack_day", "charge", "line_count"):
        one, other = (
            getattr(world.history.submissions, name)[
                is_whole[world.history.submissions.claim]
            ].tolist()
            for world in (in_parts, whole)
        )
        assert one == other


def test_a_patient_is_billed_once_all_parts_are_decided(
    in_parts: World, billed_in_parts: list[int]
) -> None:
    history = in_parts.history
    last = history.interim.last_paid
    posted, remits = history.transactions, history.remits
    for claim in billed_in_parts:
        assert last[claim] == remits.payment_day[remits.claim == claim].max()
        at_visit = posted.sequence[posted.claim == claim] < 10
        assert (posted.insert_day[posted.claim == claim][~at_visit] >= last[claim]).all()
