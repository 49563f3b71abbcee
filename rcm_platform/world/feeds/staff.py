"""Who works in the hospitals' revenue cycle, and their logged minutes.

Pools are as large as the planned visits need. Tasks and minutes: `parameters/staff.csv`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from rcm_platform.world.feeds import id_columns
from rcm_platform.world.feeds.front_end import BEFORE_EVERYTHING, NEVER, visit_arrival
from rcm_platform.world.happened.identity import Pools
from rcm_platform.world.happened.kinds import (
    INTERIM,
    INTERIM_DECISION,
    PATIENT_PAYMENT,
    STRANGER,
)
from rcm_platform.world.model import World
from rcm_platform.world.support.columns import dates, identifier, moments, take
from rcm_platform.world.support.parameters import FOLDER, WEEKDAYS, ParameterError, Table
from rcm_platform.world.support.rng import Ints, Keys

ROLES = ("Registrar", "Coder", "Biller", "Denial Specialist", "Payment Poster")
ACTIVITIES = ("Registration", "Coding", "Billing", "Denial Work", "Payment Posting")
REGISTRATION, CODING, BILLING, DENIAL_WORK, PAYMENT_POSTING = range(5)

_LONGEST_SERVICE = 4000


@cache
def _tasks() -> Table:
    """`staff.csv`, one row per role in the order of ROLES."""
    table = Table.read("staff.csv", FOLDER)
    if table.text("role") != list(ROLES) or table.text("activity") != list(ACTIVITIES):
        raise ParameterError(f"staff.csv: roles must be {', '.join(ROLES)}, in this order")
    return table


@cache
def _terms() -> dict[str, int]:
    table = Table.read("work.csv", FOLDER)
    return dict(zip(table.text("name"), table.ints("value", 1, 1000).tolist(), strict=True))


def check() -> None:
    """Read every value once. Raises ParameterError."""
    _tasks().quantiles()
    _tasks().ints("tasks_per_thousand_visits")
    _terms()


def pool_sizes(world: World, hospital: int) -> Ints:
    """How many people have each role."""
    volumes = world.parameters.sizes.where("size", world.size)
    weekly_visits = sum(int(volumes.ints(name)[hospital]) for name in WEEKDAYS)
    per_thousand = _tasks().ints("tasks_per_thousand_visits")
    minutes = weekly_visits * per_thousand * _tasks().quantiles()[:, 3]
    return np.maximum(-(-minutes // (1000 * 60 * _terms()["weekly_hours"])), 2)


def staff(world: World, hospital: int) -> pa.Table:
    """Grain: member of staff. The same whatever the world's last day."""
    sizes = pool_sizes(world, hospital)
    role = np.repeat(np.arange(len(ROLES)), sizes)
    number = np.arange(1, len(role) + 1)
    draws, pools = world.draws, Pools.of(world.parameters)
    is_woman = draws.chance("staff gender", 700, hospital, number)
    first = pools.first_names(is_woman, draws.below("staff first name", 1 << 31, hospital, number))
    last = draws.below("staff last name", pools.last.size, hospital, number)
    service = 30 + draws.below("staff service", _LONGEST_SERVICE, hospital, number)
    return pa.table(
        {
            "StaffID": identifier("S", (number, 4)),
            "FirstName": pools.first.right(first),
            "LastName": pools.last.right(last),
            "Role": take(list(ROLES), role),
            "HiredDate": dates(world.start_day - service),
        }
    )


@dataclass(frozen=True)
class _Work:
    """Tasks of one activity. `place` tells the tasks of a claim apart."""

    activity: int
    mark: str  # of their ids
    key: Keys
    encounter: Ints
    claim: Ints | None
    place: Ints
    day: Ints


def work_log(
    world: World,
    hospital: int,
    through_day: int,
    first_day: int = BEFORE_EVERYTHING,
    last_day: int = NEVER,
) -> pa.Table:
    """Grain: task that a member of staff did. Arrives on the day of the work."""
    return pa.concat_tables(work_parts(world, hospital, first_day, min(through_day, last_day)))


def work_parts(world: World, hospital: int, first_day: int, last_day: int) -> Iterator[pa.Table]:
    """The work log of first_day..last_day, one kind of task after the other."""
    sizes = pool_sizes(world, hospital)
    first = np.cumsum(sizes) - sizes
    for work in _work(world, hospital):
        rows = np.flatnonzero((work.day >= first_day) & (work.day <= last_day))
        yield _logged(world, hospital, work, rows, int(first[work.activity]))


def _logged(world: World, hospital: int, work: _Work, rows: Ints, first: int) -> pa.Table:
    draws, claims = world.draws, world.care.claims
    key = work.key[rows], work.place[rows]
    size = int(pool_sizes(world, hospital)[work.activity])
    who = first + 1 + draws.below(f"who {work.mark}", size, *key)
    quantiles = _tasks().quantiles()[[work.activity]]
    minutes = draws.quantile(f"minutes {work.mark}", quantiles, *key)
    number = world.care.encounters.number[work.encounter[rows]]
    if work.claim is None:
        ids = identifier(work.mark, (number, 8))
        claim_ids = pa.nulls(len(rows), pa.string())
    else:
        claim = work.claim[rows]
        ids = identifier(work.mark, (number, 8), (claims.part[claim], 2), (work.place[rows], 2))
        claim_ids = id_columns.claims(world, claim)
    return pa.table(
        {
            "WorkID": ids,
            "StaffID": identifier("S", (who, 4)),
            "WorkDate": dates(work.day[rows]),
            "Activity": take([ACTIVITIES[work.activity]], np.zeros_like(rows)),
            "EncounterID": id_columns.encounters(world, work.encounter[rows]),
            "ClaimID": claim_ids,
            "Minutes": pa.array(minutes.astype(np.int32)),
            "ModifiedDate": moments(draws, f"work {work.mark}", work.day[rows], *key),
        }
    )


def _work(world: World, hospital: int) -> list[_Work]:
    """All that is ever done in a hospital."""
    visits, claims, history = world.care.encounters, world.care.claims, world.history
    own = np.flatnonzero(visits.hospital == hospital)
    arrival = visit_arrival(world)[own]
    none = np.zeros_like(own)

    def of_claims(
        activity: int, mark: str, rows: Ints, claim: Ints, place: Ints, day: Ints
    ) -> _Work:
        rows = rows[claims.hospital[claim[rows]] == hospital]
        claim = claim[rows]
        return _Work(
            activity,
            mark,
            claims.key[claim],
            claims.encounter[claim],
            claim,
            place[rows],
            day[rows],
        )

    sent, remits, posted, denial = (
        history.submissions, history.remits, history.transactions, history.denial_work
    )  # fmt: skip
    # of a claim that is billed in parts, the last part has a decision of its own
    is_last_part = (remits.kind == INTERIM_DECISION) & (remits.answers_attempt > INTERIM + 1)
    decision = remits.kind + is_last_part
    by_hand = np.flatnonzero(
        (remits.kind != STRANGER)
        & world.draws.chance(
            "posted by hand", _terms()["remit_by_hand"], claims.key[remits.claim], decision
        )
    )
    worked = np.flatnonzero(denial.action > 0)
    paid = np.flatnonzero(posted.kind == PATIENT_PAYMENT)
    key, coded = visits.key[own], np.maximum(visits.coded_day[own], arrival)
    every, whole = np.arange(len(sent.claim)), np.zeros_like(denial.claim)
    return [
        _Work(REGISTRATION, "WR", key, own, None, none, arrival),
        _Work(CODING, "WC", key, own, None, none, coded),
        of_claims(BILLING, "WB", every, sent.claim, sent.attempt, sent.day),
        of_claims(DENIAL_WORK, "WD", worked, denial.claim, whole, denial.action_day),
        of_claims(PAYMENT_POSTING, "WP", by_hand, remits.claim, decision, remits.era_day),
        of_claims(PAYMENT_POSTING, "WQ", paid, posted.claim, posted.sequence, posted.insert_day),
    ]
