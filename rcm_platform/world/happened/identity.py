"""Who people are: their names, homes and numbers, and how these change over the years.

Attributes are draws from the person's key (those that a household has in common: from its key) and
the number of the change, counted from the world's first day. Rates: `parameters/identity.csv`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rcm_platform.world.support.columns import identifier, take
from rcm_platform.world.support.parameters import FOLDER, Parameters, Table
from rcm_platform.world.support.rng import Draws, Flags, Ints, Keys

#: Kinds of change, in the order of the columns of `Changes.before`.
CHANGES = ("move", "phone_change", "marriage")
MOVE, PHONE_CHANGE, MARRIAGE = range(3)

_YEAR = 365
#: A change happens early enough in its year for the hospital to hear of it before the next one.
_LAST_DAY_OF_CHANGE, _TOLD_WITHIN = 275, 90
_MARRIAGE_AGE = (18 * _YEAR, 45 * _YEAR)


@cache
def rates() -> dict[str, int]:
    """`identity.csv` by name, per mille."""
    table = Table.read("identity.csv", FOLDER)
    return dict(zip(table.text("name"), table.permille("value").tolist(), strict=True))


@dataclass(frozen=True)
class Changes:
    """Rows are changes in people's lives, of the people given, by person and day."""

    row: Ints  # place of the person in the keys given
    kind: Ints  # of CHANGES
    year: Ints  # of the world, from 0: part of the key
    day: Ints
    number: Ints  # 1.. of the person's changes of this kind

    def before(self, day: Ints) -> Ints:
        """People x CHANGES: how many of each kind had happened by each person's `day`."""
        past = self.day <= day[self.row]
        counts = np.zeros((len(day), len(CHANGES)), dtype=np.int64)
        np.add.at(counts, (self.row[past], self.kind[past]), 1)
        return counts


def changes(
    draws: Draws,
    person: Keys,
    household: Keys,
    is_woman: Flags,
    birth_day: Ints,
    start_day: int,
    last_day: int,
) -> Changes:
    """What changes for people from the world's first day to `last_day`: at most one a year."""
    parts: list[tuple[Ints, Ints, Ints, Ints, Ints]] = []
    for kind, name in enumerate(CHANGES):
        key = person if kind == MARRIAGE else household
        count = np.zeros(len(person), dtype=np.int64)
        for year in range((last_day - start_day) // _YEAR + 1):
            row = np.flatnonzero(draws.chance(name, rates()[f"{name}_per_year"], key, year))
            first_day = start_day + year * _YEAR
            day = first_day + draws.below(f"day of {name}", _LAST_DAY_OF_CHANGE, key[row], year)
            if kind == MARRIAGE:
                age = day - birth_day[row]
                keep = is_woman[row] & (count[row] == 0)
                keep &= (age >= _MARRIAGE_AGE[0]) & (age < _MARRIAGE_AGE[1])
                row, day = row[keep], day[keep]
            row, day = row[day <= last_day], day[day <= last_day]
            count[row] += 1
            of_kind = np.full(len(row), kind)
            parts.append((row, of_kind, np.full(len(row), year), day, count[row]))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.lexsort((columns[1], columns[3], columns[0]))
    return Changes(*(column[order] for column in columns))


def told(draws: Draws, found: Changes, person: Keys, hospital: Ints) -> tuple[Flags, Ints]:
    """Per change of the records given: does the hospital hear of it, and on which day."""
    key = person[found.row], hospital[found.row], found.kind, found.year
    hears = draws.chance("told of change", rates()["told"], *key)
    return hears, found.day + draws.below("change told", _TOLD_WITHIN, *key)


# Names: the text of a pool's row numbers, right or wrong.

MISSPELLINGS = 6


def _misspelt(name: str, variant: int) -> str:
    """The name with one slip of the keyboard; never the name itself."""
    at = 1 + (variant * 7 + len(name)) % max(len(name) - 2, 1)
    slip = variant % 3
    if slip == 0 and len(name) > 3 and name[at] != name[at + 1 : at + 2] != "":
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    if slip == 1 and len(name) > 3:
        return name[:at] + name[at + 1 :]
    return name[:at] + name[at : at + 1] + name[at:]


class NamePool:
    """Names by row number, with the misspellings and the short form of each."""

    def __init__(self, names: Sequence[str], nicknames: dict[str, str] | None = None) -> None:
        self.size = len(names)
        self._names = pa.array(names, pa.string())
        self._wrong = pa.array(
            [_misspelt(name, variant) for name in names for variant in range(MISSPELLINGS)],
            pa.string(),
        )
        known = nicknames or {}
        self.has_nickname = np.array([name in known for name in names])
        self._nicknames = pa.array([known.get(name, name) for name in names], pa.string())

    def right(self, row: Ints) -> pa.Array:
        return take(self._names, row)

    def misspelt(self, row: Ints, variant: Ints) -> pa.Array:
        return take(self._wrong, row * MISSPELLINGS + variant % MISSPELLINGS)

    def nicknames(self, row: Ints) -> pa.Array:
        return take(self._nicknames, row)


@dataclass(frozen=True)
class Pools:
    """The name pools; the first names are the women's, then the men's."""

    first: NamePool
    last: NamePool
    street: NamePool
    women: int
    men: int
    town_weights: Ints

    @classmethod
    def of(cls, parameters: Parameters) -> Pools:
        table = Table.read("nicknames.csv", FOLDER)
        nicknames = dict(zip(table.text("name"), table.text("nickname"), strict=True))
        pools = parameters.pools
        return cls(
            first=NamePool([*pools["female_first"], *pools["male_first"]], nicknames),
            last=NamePool(pools["last"]),
            street=NamePool(pools["street"]),
            women=len(pools["female_first"]),
            men=len(pools["male_first"]),
            town_weights=parameters.towns.ints("weight"),
        )

    def first_names(self, is_woman: Flags, draw: Ints) -> Ints:
        """Row of `first` by a draw below 2**31."""
        return np.where(is_woman, draw % self.women, self.women + draw % self.men)


# True attributes: of a person or household, after so many changes.


def home(draws: Draws, pools: Pools, household: Keys, moves: Ints) -> tuple[Ints, Ints, Ints]:
    """(house number, row of the street pool, row of towns.csv) after so many moves."""
    return (
        100 + draws.below("house number", 9800, household, moves),
        draws.below("street", pools.street.size, household, moves),
        draws.pick("town", pools.town_weights, household, moves),
    )


def street_text(pools: Pools, house: Ints, street: Ints) -> pa.Array:
    return pc.binary_join_element_wise(
        pa.array(house, pa.int64()).cast(pa.string()), pools.street.right(street), " "
    )


def phone_number(draws: Draws, household: Keys, number: Ints) -> Ints:
    """Seven digits: area less 200, and the last four."""
    return draws.below("phone", 8_000_000, household, number)


def phone_text(number: Ints) -> pa.Array:
    # 555 is the exchange of numbers that no one has
    return identifier("", (200 + number // 10_000, 3), (number % 10_000, 4), joint="-555-")


def ssn_text(number: Ints) -> pa.Array:
    """From eight digits: numbers from 900 up are never issued."""
    parts = (900 + number // 1_000_000, 3), (number // 10_000 % 100, 2), (number % 10_000, 4)
    return identifier("", *parts, joint="-")


def married_name(draws: Draws, pools: Pools, person: Keys, maiden: Ints) -> Ints:
    """Row of the last-name pool, never the maiden name."""
    return (maiden + 1 + draws.below("married name", pools.last.size - 1, person)) % pools.last.size
