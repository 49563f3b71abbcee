"""Interim bills: a stay that is billed in parts (bill types ending in 2, 3 and 4).

Each part has its own lines and days, and the payer decides it by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rcm_platform.world.happened.course import Clock, Course
from rcm_platform.world.happened.encounters import Care
from rcm_platform.world.happened.kinds import FIRST, INTERIM, LAST_INTERIM
from rcm_platform.world.support.dates import business_day
from rcm_platform.world.support.parameters import Parameters
from rcm_platform.world.support.rng import Flags, Ints

MOST_BILLS = 3
#: Between two bills of one stay.
DAYS_BETWEEN = 7


def bill_counts(parameters: Parameters, care: Care) -> Ints:
    """Per claim, in how many bills it may be sent: each has a line and a day of its own."""
    claims, visits = care.claims, care.encounters
    is_stay = np.array(parameters.procedures.text("visit_type")) == "Inpatient"
    is_stay = is_stay[visits.primary][claims.encounter] & claims.is_institutional
    nights = (visits.end_day - visits.day)[claims.encounter]
    count = np.minimum(np.minimum(claims.line_count, nights), MOST_BILLS)
    return np.where(is_stay, np.maximum(count, 1), 1)


@dataclass(frozen=True)
class InterimBills:
    """Per claim: how many bills it is sent in. A claim that is sent whole has one."""

    care: Care
    count: Ints
    sent: tuple[Ints, ...]  # of each bill, by its number
    acknowledged: tuple[Ints, ...]
    paid: tuple[Ints, ...]

    @property
    def last_paid(self) -> Ints:
        """When the payer has decided all bills of a claim."""
        late = self.paid[0]
        for number in range(1, MOST_BILLS):
            late = np.where(self.is_billed(number), np.maximum(late, self.paid[number]), late)
        return late

    def is_billed(self, number: int) -> Flags:
        """Whether a claim has a bill of this number (from 0) besides others."""
        return (self.count > 1) & (number < self.count)

    def number_of(self, claim: Ints, attempt: Ints) -> Ints:
        """The number of the bill that an attempt (of Submissions) sends."""
        number = np.where(attempt == INTERIM + 1, 1, 0)
        return np.where(attempt == LAST_INTERIM + 1, self.count[claim] - 1, number)

    def lines(self, claim: Ints, number: Ints) -> tuple[Ints, Ints]:
        """(first line within the claim, count of lines) of bills, by claim and number."""
        rest = self.care.claims.line_count[claim] - number
        return number, np.where(number == self.count[claim] - 1, rest, 1)

    def days(self, claim: Ints, attempt: Ints) -> tuple[Ints, Ints]:
        """(first day, last day) of what attempts at claims are about."""
        visits, encounter = self.care.encounters, self.care.claims.encounter[claim]
        is_bill = np.isin(attempt, (FIRST + 1, INTERIM + 1, LAST_INTERIM + 1))
        count = np.where(is_bill, self.count[claim], 1)
        number = np.where(is_bill, self.number_of(claim, attempt), 0)
        day, end = visits.day[encounter], visits.end_day[encounter]
        nights = end - day
        next_day = day + (number + 1) * nights // count
        return day + number * nights // count, np.where(number == count - 1, end, next_day - 1)

    def line_days(self) -> Ints:
        """Per row of Lines: its day on the wire, the first one of its bill."""
        lines, claims = self.care.lines, self.care.claims
        place = np.arange(len(lines.claim)) - claims.first_line[lines.claim]
        last = self.count[lines.claim] - 1
        of_others = np.where(last, LAST_INTERIM + 1, 0)
        attempt = np.select([place == 0, place < last], [FIRST + 1, INTERIM + 1], of_others)
        return self.days(lines.claim, attempt)[0]


def interim_bills(care: Care, clock: Clock, course: Course, count: Ints) -> InterimBills:
    """The bills of each claim; `count` is 1 for those that are sent whole."""
    payer = care.claims.payer
    sent, acknowledged, paid = [course.first_sent], [course.first_ack], [course.first_paid]
    for number in range(1, MOST_BILLS):
        sent.append(business_day(course.first_sent + number * DAYS_BETWEEN))
        acknowledged.append(clock.acknowledged(payer, sent[-1]))
        stream = f"interim decision {number}"
        paid.append(clock.decided(payer, sent[-1], acknowledged[-1], stream))
    return InterimBills(care, count, tuple(sent), tuple(acknowledged), tuple(paid))
