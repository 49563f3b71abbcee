"""Who is there: hospitals with their providers, and patients with their identity and coverage.

A person is a 64-bit key; names, birth date, address and payer are draws from that key, so a person
who is registered in both hospitals is the same person under two patient numbers. What the two
records write down differently is in `record_errors.py`, what changes later in
`patient_versions.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rcm_platform.world.happened import identity, record_errors
from rcm_platform.world.happened.identity import MARRIAGE, MOVE, PHONE_CHANGE, Pools
from rcm_platform.world.happened.record_errors import (
    ADDRESS,
    BIRTH_DATE,
    FIRST_NAME,
    LAST_NAME,
    PHONE,
    SSN,
    Errors,
)
from rcm_platform.world.support.columns import identifier, replaced, take
from rcm_platform.world.support.dates import to_date, to_day
from rcm_platform.world.support.faults import FaultRates
from rcm_platform.world.support.parameters import WEEKDAYS, Parameters, Table
from rcm_platform.world.support.rng import Draws, Flags, Ints, Keys


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
    groups: list[str]  # the name of its physicians, who bill by a number of their own, or ""
    group_npis: list[str]
    tins: list[str]
    table: Table


@dataclass(frozen=True)
class Providers:
    """Rows are providers, hospital after hospital, by department."""

    hospital: Ints
    number: Ints
    department: Ints  # row of specialties.csv
    fte: Ints  # hundredths of a full-time position
    first_names: list[str]
    last_names: list[str]
    npis: list[str]
    first_row: Ints  # per hospital
    count: Ints  # per hospital

    def ids(self) -> list[str]:
        return [f"PROV{number:04d}" for number in self.number.tolist()]


@dataclass(frozen=True)
class Patients:
    """Rows are patient records, hospital after hospital; `number` runs from 1 in each hospital.

    Attributes are those of the record at registration, with its errors; later ones are in
    `patient_versions.py`. Texts are Arrow string arrays; what is absent is an empty text.
    """

    hospital: Ints
    number: Ints
    person: Keys  # who it is: the same key in both hospitals
    household: Keys  # the same for twins: last name, birth date, address, phone
    registered_day: Ints
    payer: Ints
    secondary_payer: Ints  # row of payers.csv, -1 when there is none
    is_female: Ints
    birth_day: Ints
    first_names: pa.StringArray
    middle_initials: pa.StringArray
    last_names: pa.StringArray
    social_security_numbers: pa.StringArray
    phones: pa.StringArray
    streets: pa.StringArray
    town: Ints  # row of towns.csv
    member_ids: pa.StringArray
    secondary_member_ids: pa.StringArray
    maiden_name: Ints  # row of the last-name pool: the person's own, before any marriage
    born_day: Ints  # the person's own birth day
    errors: Errors  # what the record got wrong at registration
    is_colliding: Flags  # the patient id may be another person's in the first hospital
    first_row: Ints  # per hospital

    def ids(self, rows: Ints | None = None) -> pa.StringArray:
        """Of all or some rows: P and the number; Q in a later hospital where none collides."""
        chosen: Ints | slice = slice(None) if rows is None else rows
        number = (self.number[chosen], 7)
        colliding = self.is_colliding[chosen]
        if colliding.all():
            return identifier("P", number)
        return pc.if_else(pa.array(colliding), identifier("P", number), identifier("Q", number))


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
        groups=table.text("physician_group"),
        group_npis=[npi(190_000_000 + base + count + number) for number in range(count)],
        tins=[f"{31 + number}{1_000_000 + tin}" for number, tin in enumerate(tins.tolist())],
        table=table,
    )


def providers(parameters: Parameters, draws: Draws, size: str) -> Providers:
    """As many positions as the planned visits need: the same whatever the world's days."""
    positions = _planned_positions(parameters, size)
    counts = -(-positions // 100)
    hospital, department = (
        np.repeat(place.ravel(), counts.ravel()) for place in np.indices(counts.shape)
    )
    of_hospital = counts.sum(axis=1)
    number = np.concatenate([np.arange(1, n + 1) for n in of_hospital.tolist()])
    female = draws.chance("provider gender", 480, hospital, number)
    base = int(draws.below("provider npi", 10_000_000, 0)[0])
    pools = parameters.pools
    first = draws.below("provider first name", 1 << 31, hospital, number)
    last = draws.below("provider last name", len(pools["last"]), hospital, number)
    return Providers(
        hospital=hospital,
        number=number,
        department=department,
        fte=np.maximum(positions // np.maximum(counts, 1), 1)[hospital, department],
        first_names=_first_names(parameters, female, first),
        last_names=[pools["last"][i] for i in last.tolist()],
        npis=[npi(120_000_000 + base + 7 * row) for row in range(len(hospital))],
        first_row=(np.cumsum(counts) - counts.ravel()).reshape(counts.shape),
        count=counts,
    )


def _planned_positions(parameters: Parameters, size: str) -> Ints:
    """Hospitals x departments: hundredths of the full-time positions that the visits need."""
    specialties, procedures = parameters.specialties, parameters.procedures
    is_primary = np.array(procedures.text("role")) == "primary"
    weight = np.where(is_primary, procedures.ints("weight"), 0)
    work, profiles = procedures.cents("work_rvu"), np.array(procedures.text("profile"))
    # hundredths of a work value per visit
    per_visit = np.array(
        [
            int((weight * work)[profiles == name].sum()) // int(weight[profiles == name].sum())
            for name in specialties.text("profile")
        ]
    )
    volumes = parameters.sizes.where("size", size)
    yearly = 52 * np.stack([volumes.ints(name) for name in WEEKDAYS], axis=1).sum(axis=1)
    share = _department_shares(parameters)
    work_rvu = yearly[:, None] * share // 1_000_000 * per_visit
    # a part of a hundredth is one, so that every department has somebody
    return np.where(share > 0, -(-work_rvu // specialties.ints("work_rvu_per_fte", 1, 20_000)), 0)


def _department_shares(parameters: Parameters) -> Ints:
    """Hospitals x departments: visits per million, as old as the payers' people are."""
    table, specialties = parameters.payers.table, parameters.specialties
    weight = table.ints("volume_weight")
    of_age = np.zeros(121, dtype=np.int64)  # people of each age per million
    for payer, (low, high, draws) in enumerate(
        zip(
            table.ints("min_age", 0, 120).tolist(),
            table.ints("max_age", 0, 120).tolist(),
            table.ints("age_draws", 1, 2).tolist(),
            strict=True,
        )
    ):
        years = np.arange(high - low)
        odds = 2 * (high - low - years) - 1 if draws == 2 else np.ones_like(years)
        of_age[low:high] += odds * weight[payer] * 1_000_000 // (odds.sum() * weight.sum())
    ages = np.arange(121)
    low, high = (specialties.ints(name, 0, 120)[:, None] for name in ("min_age", "max_age"))
    open_to = department_weights(parameters)[:, :, None] * ((low <= ages) & (ages <= high))
    shares: Ints = (open_to * of_age // np.maximum(open_to.sum(axis=1), 1)[:, None]).sum(axis=2)
    return shares


def department_weights(parameters: Parameters) -> Ints:
    """Hospitals x departments: how often a visit is to it, of people of every age."""
    return np.stack(
        [
            parameters.specialties.ints(f"visits_{facility.lower()}", 0, 1000)
            for facility in parameters.facilities.text("facility_id")
        ]
    )


@dataclass(frozen=True)
class _Records:
    """Rows are records: who is behind each."""

    hospital: Ints
    number: Ints
    registered_day: Ints
    person: Keys
    household: Keys
    is_second_twin: Flags
    ssn_slot: Ints  # unique per household


def patients(
    parameters: Parameters,
    draws: Draws,
    existing: Ints,
    new_days: list[Ints],
    start_day: int,
    rates: FaultRates | None = None,
) -> Patients:
    """All patients: `existing` per hospital (registered the day before `start_day`), then the new.

    `new_days` holds per hospital the registration days of the new patients, in order of number.
    Without `rates` every patient id of the second hospital collides.
    """
    records = _records(parameters, draws, existing, new_days, start_day)
    person, household, hospital = records.person, records.household, records.hospital
    pools = Pools.of(parameters)

    payer = draws.pick("payer", parameters.payers.table.ints("volume_weight"), household)
    payer = _in_capitated_plan(parameters, draws, payer, household)
    secondary = _secondary_payers(parameters, draws, payer, person)
    table = parameters.payers.table
    low, high = table.ints("min_age", 0, 120)[payer], table.ints("max_age", 0, 120)[payer]
    age_days = draws.below("age", (high - low) * 365, household)
    # of a payer of the old there are fewer the older they are: the smaller of two draws
    other = draws.below("second age", (high - low) * 365, household)
    is_skewed = table.ints("age_draws", 1, 2)[payer] == 2
    age_days = low * 366 + np.where(is_skewed, np.minimum(age_days, other), age_days)
    born_day = to_day(to_date(start_day).replace(month=1, day=1)) - age_days
    is_female = draws.chance("gender", 520, person)
    first = _first_name_rows(draws, pools, records, is_female)
    maiden = draws.below("last name", pools.last.size, household)

    found = identity.changes(
        draws, person, household, is_female, born_day,
        start_day, int(records.registered_day.max(initial=start_day)),
    )  # fmt: skip
    before = found.before(records.registered_day)
    last = np.where(
        before[:, MARRIAGE] > 0, identity.married_name(draws, pools, person, maiden), maiden
    )
    phone = identity.phone_number(draws, household, before[:, PHONE_CHANGE])
    house, street, town = identity.home(draws, pools, household, before[:, MOVE])
    number = records.ssn_slot * 48_271_907 % 50_000_000 * 2 + records.is_second_twin

    # what the record gets wrong
    errors = record_errors.errors(draws, person, hospital)

    def wrong(field: int) -> tuple[Ints, tuple[Keys, Ints]]:
        rows = np.flatnonzero(errors.of(field))
        return rows, (person[rows], hospital[rows])

    rows, key = wrong(BIRTH_DATE)
    birth_day = born_day.copy()
    birth_day[rows] = record_errors.wrong_birth_day(draws, born_day[rows], *key)
    rows, key = wrong(SSN)
    number[rows] = record_errors.wrong_ssn(draws, number[rows], *key)
    rows, key = wrong(PHONE)
    phone[rows] = record_errors.wrong_phone(draws, phone[rows], *key)
    rows, key = wrong(ADDRESS)
    right_home = house[rows], street[rows], town[rows]
    house[rows], street[rows], town[rows] = record_errors.wrong_home(draws, pools, right_home, *key)
    rows, key = wrong(FIRST_NAME)
    first_names = replaced(
        pools.first.right(first),
        rows,
        record_errors.wrong_first_name(draws, pools, first[rows], *key),
    )
    rows, key = wrong(LAST_NAME)
    others = record_errors.wrong_last_name(draws, pools, last[rows], is_female[rows], *key)
    last_names = replaced(pools.last.right(last), rows, others)
    is_swapped = errors.of(FIRST_NAME) & errors.of(LAST_NAME)
    is_swapped &= draws.chance("names swapped", identity.rates()["names_swapped"], person, hospital)
    rows = np.flatnonzero(is_swapped)
    first_names = replaced(first_names, rows, pools.last.right(last[rows]))
    last_names = replaced(last_names, rows, pools.first.right(first[rows]))

    letters = [chr(65 + i) for i in range(26)]
    letter = draws.below("middle initial", 26, person)
    initials = take([*letters, ""], np.where(errors.has_no_middle_initial, 26, letter))
    ssns = replaced(
        identity.ssn_text(number),
        np.flatnonzero(errors.has_no_ssn),
        pa.array([""] * int(errors.has_no_ssn.sum()), pa.string()),
    )
    is_colliding = np.ones(len(person), dtype=bool)
    if rates is not None:
        planted = rates.planted("patient_id_collision", draws, hospital, records.number)
        is_colliding = planted | (hospital == 0)
    counts = np.bincount(hospital, minlength=len(new_days))
    return Patients(
        hospital=hospital,
        number=records.number,
        person=person,
        household=household,
        registered_day=records.registered_day,
        payer=payer,
        secondary_payer=secondary,
        is_female=is_female.astype(np.int64),
        birth_day=birth_day,
        first_names=first_names,
        middle_initials=initials,
        last_names=last_names,
        social_security_numbers=ssns,
        phones=identity.phone_text(phone),
        streets=identity.street_text(pools, house, street),
        town=town,
        member_ids=_member_ids(draws, "member", person),
        secondary_member_ids=replaced(
            _member_ids(draws, "secondary member", person),
            np.flatnonzero(secondary < 0),
            pa.array([""] * int((secondary < 0).sum()), pa.string()),
        ),
        maiden_name=maiden,
        born_day=born_day,
        errors=errors,
        is_colliding=is_colliding,
        first_row=(np.cumsum(counts) - counts).astype(np.int64),
    )


def _records(
    parameters: Parameters, draws: Draws, existing: Ints, new_days: list[Ints], start_day: int
) -> _Records:
    parts: list[tuple[Ints | Keys | Flags, ...]] = []
    for index, days in enumerate(new_days):
        own = np.arange(1, int(existing[index]) + len(days) + 1)
        origin, origin_number = np.full(len(own), index), own
        if index > 0:
            other = _counterparts(own, int(existing[index]), int(existing[0]))
            key = draws.bits("person", origin, own)
            shared = (other > 0) & ~_has_twin(draws, origin, own)
            shared &= draws.chance(
                "in both hospitals", parameters.behaviour["in_both_hospitals"], key
            )
            origin = np.where(shared, 0, origin)
            origin_number = np.where(shared, other, own)
        is_second = (origin_number % 2 == 0) & _has_twin(draws, origin, origin_number)
        head = origin_number - is_second
        parts.append(
            (
                np.full(len(own), index),
                own,
                np.concatenate(
                    [np.full(int(existing[index]), start_day - 1, dtype=np.int64), days]
                ),
                draws.bits("person", origin, origin_number),
                draws.bits("person", origin, head),
                is_second,
                2 * head + origin,
            )
        )
    return _Records(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _counterparts(own: Ints, existing: int, existing_first: int) -> Ints:
    """Per number of a later hospital the number in the first that may be the same person, else 0.

    Never the same number, and no number twice: the old patients are those of the first hospital in
    rotation, the new ones are its new ones with each two neighbours swapped.
    """
    rotated = (own + existing_first // 2) % existing_first + 1
    swapped = existing_first + ((own - existing - 1) ^ 1) + 1
    return np.where(own > existing, swapped, np.where(own <= existing_first, rotated, 0))


def _has_twin(draws: Draws, hospital: Ints, number: Ints) -> Flags:
    """Twins have neighbouring numbers: an odd one and the next."""
    return draws.chance("twins", identity.rates()["twin"], hospital, (number + 1) // 2)


def _first_name_rows(draws: Draws, pools: Pools, records: _Records, is_female: Flags) -> Ints:
    """Rows of the first-name pool; twins never have the same name."""
    draw = draws.below("first name", 1 << 31, records.person)
    row = pools.first_names(is_female, draw)
    second = np.flatnonzero(records.is_second_twin)
    head = records.household[second]
    others = pools.first_names(
        draws.chance("gender", 520, head), draws.below("first name", 1 << 31, head)
    )
    same = pc.equal(pools.first.right(row[second]), pools.first.right(others))
    second = second[same.to_numpy(zero_copy_only=False)]
    row[second] = pools.first_names(is_female[second], draw[second] + 1)
    return row


def _in_capitated_plan(parameters: Parameters, draws: Draws, payer: Ints, household: Keys) -> Ints:
    """The payers, where some of those who would pay for themselves are in a capitated plan."""
    plans = np.flatnonzero(parameters.payers.is_capitated)
    if not len(plans):
        return payer
    joins = (payer == parameters.payers.self_pay) & draws.chance(
        "capitated plan", parameters.behaviour["in_capitated_plan"], household
    )
    plan = plans[draws.below("which capitated plan", len(plans), household)]
    joined: Ints = np.where(joins, plan, payer)
    return joined


def _secondary_payers(parameters: Parameters, draws: Draws, payer: Ints, person: Keys) -> Ints:
    """Row of payers.csv per person, -1 for none; never the primary payer."""
    table = parameters.payers.table
    weights = table.ints("secondary_weight")
    has_one = draws.chance("secondary payer", table.permille("secondary_permille")[payer], person)
    secondary = np.full(len(payer), -1, dtype=np.int64)
    for primary in range(len(table)):
        others = np.where(np.arange(len(table)) == primary, 0, weights)
        rows = np.flatnonzero(has_one & (payer == primary))
        if others.sum():
            secondary[rows] = draws.pick("which secondary payer", others, person[rows])
    return secondary


def _member_ids(draws: Draws, stream: str, person: Keys) -> pa.Array:
    head = draws.below(f"{stream} number", 1 << 32, person)
    return identifier("M", (head, 10), (draws.below(f"{stream} tail", 100, person), 2))


def _first_names(parameters: Parameters, female: np.ndarray, draw: np.ndarray) -> list[str]:
    women, men = parameters.pools["female_first"], parameters.pools["male_first"]
    return [
        women[i % len(women)] if is_woman else men[i % len(men)]
        for is_woman, i in zip(female.tolist(), draw.tolist(), strict=True)
    ]
