"""Who is there: hospitals with their providers, and patients with their identity and coverage.

A person is a 64-bit key; names, birth date, address and payer are draws from that key, so a person
who is registered in both hospitals is the same person under two patient numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rcm_platform.world.dates import to_date, to_day
from rcm_platform.world.parameters import Parameters, Table
from rcm_platform.world.rng import Draws, Ints, Keys


def npi(nine_digits: int) -> str:
    """Nine digits and the check digit that makes 80840 + NPI pass the Luhn test."""
    total = 24  # what the prefix 80840 contributes
    for place, digit in enumerate(int(c) for c in reversed(f"{nine_digits:09d}")):
        doubled = digit * 2 if place % 2 == 0 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return f"{nine_digits:09d}{-total % 10}"


@dataclass(frozen=True)
class Hospitals:
    """One entry per facility, in the order of `facilities.csv`."""

    facility_ids: list[str]
    names: list[str]
    source_systems: list[str]
    npis: list[str]
    tins: list[str]
    table: Table


@dataclass(frozen=True)
class Providers:
    """Rows are providers, hospital after hospital."""

    hospital: Ints
    number: Ints
    department: Ints  # row of specialties.csv
    first_names: list[str]
    last_names: list[str]
    npis: list[str]
    first_row: Ints  # per hospital
    count: Ints  # per hospital

    def ids(self) -> list[str]:
        return [f"PROV{number:04d}" for number in self.number.tolist()]


@dataclass(frozen=True)
class Patients:
    """Rows are patients, hospital after hospital; `number` runs from 1 in each hospital."""

    hospital: Ints
    number: Ints
    person: Keys
    registered_day: Ints
    payer: Ints
    is_female: Ints
    birth_day: Ints
    first_names: list[str]
    middle_initials: list[str]
    last_names: list[str]
    social_security_numbers: list[str]
    phones: list[str]
    streets: list[str]
    town: Ints  # row of towns.csv
    member_ids: list[str]
    first_row: Ints  # per hospital

    def ids(self) -> list[str]:
        return [f"P{number:07d}" for number in self.number.tolist()]


def hospitals(parameters: Parameters, draws: Draws) -> Hospitals:
    table = parameters.facilities
    count = len(table)
    base = int(draws.below("facility npi", 1_000_000, 0)[0]) * 10
    tins = draws.below("facility tin", 9_000_000, np.arange(count))
    return Hospitals(
        facility_ids=table.text("facility_id"),
        names=table.text("facility_name"),
        source_systems=table.text("source_system"),
        npis=[npi(190_000_000 + base + number) for number in range(count)],
        tins=[f"{31 + number}{1_000_000 + tin}" for number, tin in enumerate(tins.tolist())],
        table=table,
    )


def providers(parameters: Parameters, draws: Draws) -> Providers:
    specialties = parameters.specialties
    department, counts = [], []
    for facility in parameters.facilities.text("facility_id"):
        per_department = specialties.ints(f"providers_{facility.lower()}", 0, 1000)
        department.append(np.repeat(np.arange(len(specialties)), per_department))
        counts.append(int(per_department.sum()))
    count = np.array(counts, dtype=np.int64)
    hospital = np.repeat(np.arange(len(counts)), count)
    number = np.concatenate([np.arange(1, n + 1) for n in counts])
    female = draws.chance("provider gender", 480, hospital, number)
    base = int(draws.below("provider npi", 10_000_000, 0)[0])
    pools = parameters.pools
    first = draws.below("provider first name", 1 << 31, hospital, number)
    last = draws.below("provider last name", len(pools["last"]), hospital, number)
    return Providers(
        hospital=hospital,
        number=number,
        department=np.concatenate(department),
        first_names=_first_names(parameters, female, first),
        last_names=[pools["last"][i] for i in last.tolist()],
        npis=[npi(120_000_000 + base + 7 * row) for row in range(len(hospital))],
        first_row=np.concatenate([[0], np.cumsum(count)[:-1]]),
        count=count,
    )


def patients(
    parameters: Parameters, draws: Draws, existing: Ints, new_days: list[Ints], start_day: int
) -> Patients:
    """All patients: `existing` per hospital (registered the day before `start_day`), then the new.

    `new_days` holds per hospital the registration days of the new patients, in order of number.
    """
    hospital, number, registered, person, home = [], [], [], [], []
    for index, days in enumerate(new_days):
        own = np.arange(1, int(existing[index]) + len(days) + 1)
        key = draws.bits("person", np.full(len(own), index), own)
        first_record = 2 * own + index
        if index > 0:
            # People of the first hospital under another number here; a rotation, so never twice.
            shared = draws.chance(
                "in both hospitals", parameters.behaviour["in_both_hospitals"], key
            )
            shared &= (own <= existing[index]) & (own <= existing[0])
            other = (own + existing[0] // 2) % existing[0] + 1
            key = np.where(shared, draws.bits("person", np.zeros(len(own)), other), key)
            first_record = np.where(shared, 2 * other, first_record)
        hospital.append(np.full(len(own), index))
        number.append(own)
        registered.append(
            np.concatenate([np.full(int(existing[index]), start_day - 1, dtype=np.int64), days])
        )
        person.append(key)
        home.append(first_record)
    persons = np.concatenate(person)

    payer = draws.pick("payer", parameters.payers.table.ints("volume_weight"), persons)
    low = parameters.payers.table.ints("min_age", 0, 120)[payer]
    high = parameters.payers.table.ints("max_age", 0, 120)[payer]
    age_days = low * 366 + draws.below("age", (high - low) * 365, persons)
    reference = to_day(to_date(start_day).replace(month=1, day=1))
    female = draws.chance("gender", 520, persons)
    pools = parameters.pools
    first = draws.below("first name", 1 << 31, persons).tolist()
    last = draws.below("last name", len(pools["last"]), persons).tolist()
    middle = draws.below("middle initial", 26, persons).tolist()
    street = draws.below("street", len(pools["street"]), persons).tolist()
    house = draws.below("house number", 9800, persons).tolist()
    phone = draws.below("phone", 10_000_000, persons).tolist()
    member = draws.below("member number", 1 << 32, persons).tolist()
    tail = draws.below("member tail", 100, persons).tolist()
    sizes = [len(own) for own in number]
    return Patients(
        hospital=np.concatenate(hospital),
        number=np.concatenate(number),
        person=persons,
        registered_day=np.concatenate(registered),
        payer=payer,
        is_female=female.astype(np.int64),
        birth_day=reference - age_days,
        first_names=_first_names(parameters, female, np.array(first)),
        middle_initials=[chr(65 + i) for i in middle],
        last_names=[pools["last"][i] for i in last],
        # Numbers from 900 up are never issued; the factor makes them unique but not consecutive.
        social_security_numbers=[
            f"9{s // 1_000_000:02d}-{s // 10_000 % 100:02d}-{s % 10_000:04d}"
            for s in (np.concatenate(home) * 48_271_907 % 100_000_000).tolist()
        ],
        phones=[f"{200 + p // 10_000 % 800}-555-{p % 10_000:04d}" for p in phone],
        streets=[f"{h + 100} {pools['street'][s]}" for h, s in zip(house, street, strict=True)],
        town=draws.pick("town", parameters.towns.ints("weight"), persons),
        member_ids=[f"M{m:010d}{t:02d}" for m, t in zip(member, tail, strict=True)],
        first_row=np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64),
    )


def _first_names(parameters: Parameters, female: np.ndarray, draw: np.ndarray) -> list[str]:
    women, men = parameters.pools["female_first"], parameters.pools["male_first"]
    return [
        women[i % len(women)] if is_woman else men[i % len(men)]
        for is_woman, i in zip(female.tolist(), draw.tolist(), strict=True)
    ]
