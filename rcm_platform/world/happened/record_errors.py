"""What hospitals write down wrongly about their patients when they register them.

Rates: `parameters/identity.csv`. Keys of `wrong_…` are (person, hospital): each record has its own
errors, and each of these functions gives something else than what is right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rcm_platform.world.happened.identity import MISSPELLINGS, Pools, rates
from rcm_platform.world.support.rng import Draws, Flags, Ints, Keys

#: What a person is recognised by, in the order of the bits of `Errors.fields`.
IDENTIFYING_FIELDS = ("first name", "last name", "birth date", "SSN", "phone", "address")
FIRST_NAME, LAST_NAME, BIRTH_DATE, SSN, PHONE, ADDRESS = range(6)


@dataclass(frozen=True)
class Errors:
    """Rows are records: what they get wrong at registration."""

    fields: Ints  # bit i: of IDENTIFYING_FIELDS
    has_no_ssn: Flags
    has_no_middle_initial: Flags

    def of(self, field: int) -> Flags:
        return (self.fields >> field) % 2 == 1


def errors(draws: Draws, person: Keys, hospital: Ints) -> Errors:
    """Draw the errors of records.

    A person has so many wrong fields, and each stands in one of the two hospitals' records:
    the records of a person who has both differ in that many fields. A social security number is
    only wrong where both records have one.
    """
    known = rates()
    side = np.minimum(hospital, 1)
    absent = [draws.chance("ssn absent", known["ssn_absent"], person, of) for of in (0, 1)]
    names = ("one_difference", "two_differences", "three_differences")
    weights = np.array([1000, *(known[name] for name in names)])
    weights[0] -= weights[1:].sum()
    count = draws.pick("differences", weights, person)
    fields = np.zeros(len(person), dtype=np.int64)

    some = np.flatnonzero(count)
    order = np.stack(
        [
            draws.bits("order of fields", person[some], field) >> np.uint64(1)
            for field in range(len(IDENTIFYING_FIELDS))
        ],
        axis=1,
    )
    order[(absent[0] | absent[1])[some], SSN] = np.iinfo(np.uint64).max
    place = order.argsort(axis=1).argsort(axis=1)
    for field in range(len(IDENTIFYING_FIELDS)):
        here = draws.below("record with error", 2, person[some], field) == side[some]
        here &= place[:, field] < count[some]
        fields[some] |= here.astype(np.int64) << field
    return Errors(
        fields=fields,
        has_no_ssn=np.where(side == 0, absent[0], absent[1]),
        has_no_middle_initial=draws.chance(
            "no middle initial", known["middle_initial_absent"], person, side
        ),
    )


def wrong_first_name(draws: Draws, pools: Pools, right: Ints, *key: Ints | Keys) -> pa.Array:
    short = draws.chance("nickname", rates()["nickname"], *key) & pools.first.has_nickname[right]
    variant = draws.below("slip in first name", MISSPELLINGS, *key)
    return pc.if_else(
        pa.array(short), pools.first.nicknames(right), pools.first.misspelt(right, variant)
    )


def wrong_last_name(
    draws: Draws, pools: Pools, right: Ints, is_woman: Flags, *key: Ints | Keys
) -> pa.Array:
    other = is_woman & draws.chance("other last name", rates()["other_last_name"], *key)
    step = 1 + draws.below("which last name", pools.last.size - 1, *key)
    variant = draws.below("slip in last name", MISSPELLINGS, *key)
    return pc.if_else(
        pa.array(other),
        pools.last.right((right + step) % pools.last.size),
        pools.last.misspelt(right, variant),
    )


def wrong_birth_day(draws: Draws, right: Ints, *key: Ints | Keys) -> Ints:
    """Day and month in each other's place where that is a date, else the day is ten off."""
    days = right.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    years = months.astype("datetime64[Y]")
    month = (months - years).astype(np.int64)
    day = (days - months).astype(np.int64)  # both from 0
    swapped = (years.astype("datetime64[M]") + day).astype("datetime64[D]") + month
    is_swapped = draws.chance("day and month", rates()["day_month_swapped"], *key)
    is_swapped &= (day < 12) & (day != month)
    ten_off = right + np.where(day < 18, 10, -10)
    return np.where(is_swapped, swapped.astype(np.int64), ten_off)


def wrong_ssn(draws: Draws, right: Ints, *key: Ints | Keys) -> Ints:
    """Eight digits with two neighbours swapped, or one of them wrong."""
    power = 10 ** draws.below("place of slip", 7, *key)
    low, high = right // power % 10, right // (power * 10) % 10
    is_swapped = draws.chance("digits swapped", rates()["digits_swapped"], *key) & (low != high)
    other = (low + 1 + draws.below("wrong digit", 9, *key)) % 10
    return right + power * np.where(is_swapped, 9 * (low - high), other - low)


def wrong_phone(draws: Draws, right: Ints, *key: Ints | Keys) -> Ints:
    is_other = draws.chance("other phone", rates()["other_phone"], *key)
    other = (right + 1 + draws.below("which phone", 7_999_999, *key)) % 8_000_000
    power = 10 ** draws.below("place in phone", 4, *key)
    digit = right // power % 10
    slip = (digit + 1 + draws.below("digit of phone", 9, *key)) % 10
    return np.where(is_other, other, right + power * (slip - digit))


def wrong_home(
    draws: Draws, pools: Pools, right: tuple[Ints, Ints, Ints], *key: Ints | Keys
) -> tuple[Ints, Ints, Ints]:
    """Another home, or the right one with a slip in the house number."""
    house, street, town = right
    is_other = draws.chance("other home", rates()["other_address"], *key)
    step = 1 + draws.below("which street", pools.street.size - 1, *key)
    other_town = draws.pick("which town", pools.town_weights, *key)
    digit = (house + 1 + draws.below("digit of house", 9, *key)) % 10
    return (
        np.where(
            is_other, 100 + draws.below("which house", 9800, *key), house - house % 10 + digit
        ),
        np.where(is_other, (street + step) % pools.street.size, street),
        np.where(is_other, other_town, town),
    )
