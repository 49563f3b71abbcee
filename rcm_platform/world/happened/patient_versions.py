"""The states of patient records over time: registration, then what the hospital hears of.

A record starts as the truth of its registration day with the errors of that record; a change that
the hospital is told about replaces that attribute by the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from rcm_platform.world.happened import identity
from rcm_platform.world.happened.identity import MARRIAGE, MOVE, PHONE_CHANGE, Pools
from rcm_platform.world.happened.people import Patients
from rcm_platform.world.support.columns import replaced, take
from rcm_platform.world.support.parameters import Parameters
from rcm_platform.world.support.rng import Draws, Ints


@dataclass(frozen=True)
class Versions:
    """Rows are states of patient records, by record and day; the first is that of registration."""

    record: Ints  # row of Patients
    number: Ints  # 1.. in the record
    from_day: Ints
    last_names: pa.StringArray
    phones: pa.StringArray
    streets: pa.StringArray
    town: Ints

    def rows_at(self, day: int) -> Ints:
        """The row in force on a day of each record registered by then, by record."""
        rows = np.flatnonzero(self.from_day <= day)
        return rows[np.diff(self.record[rows], append=-1) != 0]


def versions(
    parameters: Parameters, draws: Draws, people: Patients, start_day: int, through_day: int
) -> Versions:
    """The states of every record by `through_day`: registration, then each change it was told of.

    Changes of one day make one version. A later `through_day` only adds versions.
    """
    pools, household = Pools.of(parameters), people.household
    found = identity.changes(
        draws,
        people.person,
        household,
        people.is_female == 1,
        people.born_day,
        start_day,
        through_day,
    )
    before = found.before(people.registered_day)
    hears, heard_day = identity.told(draws, found, people.person, people.hospital)
    news = np.flatnonzero(
        hears & (found.day > people.registered_day[found.row]) & (heard_day <= through_day)
    )
    shown = np.flatnonzero(people.registered_day <= through_day)
    record = np.concatenate([shown, found.row[news]])
    from_day = np.concatenate([people.registered_day[shown], heard_day[news]])
    is_news = np.repeat([0, 1], [len(shown), len(news)])
    kind = np.concatenate([np.full(len(shown), -1), found.kind[news]])
    order = np.lexsort((kind, is_news, from_day, record))
    record, from_day = record[order], from_day[order]
    # Per kind, the number of the last change heard of: never fewer than at registration.
    counts = np.empty((len(record), len(identity.CHANGES)), dtype=np.int64)
    for column in range(len(identity.CHANGES)):
        heard = np.concatenate(
            [before[shown, column], np.where(found.kind[news] == column, found.number[news], 0)]
        )
        counts[:, column] = np.maximum.accumulate(record * 64 + heard[order]) % 64
    last_of_day = np.append((np.diff(record) != 0) | (np.diff(from_day) != 0), True)[: len(record)]
    record, from_day, counts = record[last_of_day], from_day[last_of_day], counts[last_of_day]
    changed = counts > before[record]

    def now(kind: int, texts: pa.Array, change: Callable[[Ints], pa.Array]) -> pa.Array:
        rows = np.flatnonzero(changed[:, kind])
        return replaced(take(texts, record), rows, change(rows))

    rows = np.flatnonzero(changed[:, MOVE])
    homes = identity.home(draws, pools, household[record[rows]], counts[rows, MOVE])
    town = people.town[record]
    town[rows] = homes[2]
    starts = np.flatnonzero(np.diff(record, prepend=-1))
    lengths = np.diff(starts, append=len(record))
    return Versions(
        record=record,
        number=np.arange(1, len(record) + 1) - np.repeat(starts, lengths),
        from_day=from_day,
        last_names=now(
            MARRIAGE,
            people.last_names,
            lambda rows: pools.last.right(
                identity.married_name(
                    draws, pools, people.person[record[rows]], people.maiden_name[record[rows]]
                )
            ),
        ),
        phones=now(
            PHONE_CHANGE,
            people.phones,
            lambda rows: identity.phone_text(
                identity.phone_number(draws, household[record[rows]], counts[rows, PHONE_CHANGE])
            ),
        ),
        streets=now(MOVE, people.streets, lambda _: identity.street_text(pools, *homes[:2])),
        town=town,
    )
