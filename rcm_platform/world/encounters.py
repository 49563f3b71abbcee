"""What happened at the bedside: visits, the procedures done, the claims that bill them.

A visit is keyed by (hospital, service day, ordinal in the day). The number of visits depends only
on size and weekday, so every number counted from the start day is final on its own day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rcm_platform.world.dates import weekday
from rcm_platform.world.parameters import WEEKDAYS, Parameters
from rcm_platform.world.people import Patients, Providers, patients
from rcm_platform.world.rng import Draws, Ints, Keys


@dataclass(frozen=True)
class Encounters:
    """Rows are visits, hospital after hospital, by day. `number` runs from 1 in each hospital."""

    key: Keys
    hospital: Ints
    number: Ints
    day: Ints
    coded_day: Ints  # charges and procedures are posted
    patient: Ints  # row of Patients
    provider: Ints  # row of Providers
    primary: Ints  # row of procedures.csv
    diagnosis: Ints  # row of diagnoses.csv

    def ids(self) -> list[str]:
        return [f"E{number:08d}" for number in self.number.tolist()]


@dataclass(frozen=True)
class Lines:
    """Rows are procedure lines (= charges), by visit and line number. Money in cents."""

    encounter: Ints
    claim: Ints  # row of Claims
    number: Ints  # 1.. in the visit
    procedure: Ints  # row of procedures.csv
    modifiers: list[str]  # "25", "26 59" or ""
    units: Ints
    work_rvu: Ints  # hundredths, per unit, after modifiers
    charge: Ints
    medicare_allowed: Ints


@dataclass(frozen=True)
class Claims:
    """Rows are claims (or self-pay accounts), by visit; lines of a claim are neighbours."""

    key: Keys
    encounter: Ints
    part: Ints  # 1, or 2 for the second claim of a visit
    hospital: Ints
    payer: Ints
    charge: Ints
    first_line: Ints
    line_count: Ints


@dataclass(frozen=True)
class Care:
    """Everything clinical of one world."""

    patients: Patients
    encounters: Encounters
    lines: Lines
    claims: Claims


def care(
    parameters: Parameters,
    draws: Draws,
    providers: Providers,
    size: str,
    start_day: int,
    through_day: int,
) -> Care:
    """Draw all visits with service days start_day..through_day and what was done there."""
    volumes = parameters.sizes.where("size", size)
    per_weekday = np.stack([volumes.ints(name) for name in WEEKDAYS], axis=1)
    existing = volumes.ints("existing_patients", low=1)
    calendar = np.arange(start_day, through_day + 1)

    hospital, day, number, key, patient_number, new_days = [], [], [], [], [], []
    for index in range(len(volumes)):
        counts = per_weekday[index][weekday(calendar)]
        days = np.repeat(calendar, counts)
        firsts = np.repeat(np.cumsum(counts) - counts, counts)
        ordinal = np.arange(len(days)) - firsts
        own = np.full(len(days), index)
        keys = draws.bits("encounter", own, days, ordinal)
        is_new = draws.chance("new patient", parameters.behaviour["new_patient"], keys)
        newcomer = int(existing[index]) + np.cumsum(is_new)
        # Someone returns who was registered before today, so the choice never depends on later.
        known = int(existing[index]) + np.concatenate([[0], np.cumsum(is_new)])[firsts]
        returning = draws.below("which patient", known, keys) + 1
        hospital.append(own)
        day.append(days)
        number.append(np.arange(1, len(days) + 1))
        key.append(keys)
        patient_number.append(np.where(is_new, newcomer, returning))
        new_days.append(days[is_new])

    people = patients(parameters, draws, existing, new_days, start_day)
    encounters, line_count, profile = _encounters(
        parameters,
        draws,
        providers,
        np.concatenate(key),
        np.concatenate(hospital),
        np.concatenate(number),
        np.concatenate(day),
        people.first_row[np.concatenate(hospital)] + np.concatenate(patient_number) - 1,
    )
    lines, claims = _lines_and_claims(parameters, draws, encounters, people, line_count, profile)
    return Care(people, encounters, lines, claims)


def _encounters(
    parameters: Parameters,
    draws: Draws,
    providers: Providers,
    key: Keys,
    hospital: Ints,
    number: Ints,
    day: Ints,
    patient: Ints,
) -> tuple[Encounters, Ints, Ints]:
    """The visits, their count of lines, and their profile (kind of practice)."""
    provider = providers.first_row[hospital] + draws.below(
        "provider", providers.count[hospital], key
    )
    profiles = sorted(set(parameters.procedures.text("profile")))
    of_specialty = np.array([profiles.index(p) for p in parameters.specialties.text("profile")])
    profile = of_specialty[providers.department[provider]]

    procedures = parameters.procedures
    weights = procedures.ints("weight")
    roles = procedures.text("role")
    extra_count = draws.pick("extra lines", parameters.lines.ints("weight"), key)
    extra_count = parameters.lines.ints("extra_lines", 0, 8)[extra_count]
    primary = np.zeros(len(key), dtype=np.int64)
    diagnosis = np.zeros(len(key), dtype=np.int64)
    for index, name in enumerate(profiles):
        here = np.flatnonzero(profile == index)
        own = np.array([p == name for p in procedures.text("profile")])
        rows = np.flatnonzero(own & (np.array(roles) == "primary"))
        primary[here] = rows[draws.pick("primary procedure", weights[rows], key[here])]
        extra_count[here] = np.minimum(extra_count[here], (own.sum() - len(rows)))
        codes = np.flatnonzero([p == name for p in parameters.diagnoses.text("profile")])
        code_weights = parameters.diagnoses.ints("weight")[codes]
        diagnosis[here] = codes[draws.pick("diagnosis", code_weights, key[here])]
    encounters = Encounters(
        key=key,
        hospital=hospital,
        number=number,
        day=day,
        coded_day=day + draws.quantile("coded", parameters.lags["service_to_coded"], key),
        patient=patient,
        provider=provider,
        primary=primary,
        diagnosis=diagnosis,
    )
    return encounters, 1 + extra_count, profile


def _lines_and_claims(
    parameters: Parameters,
    draws: Draws,
    encounters: Encounters,
    people: Patients,
    line_count: Ints,
    profile: Ints,
) -> tuple[Lines, Claims]:
    procedures = parameters.procedures
    split = draws.chance("two claims", parameters.behaviour["two_claims"], encounters.key)
    line_count = np.where(split, np.maximum(line_count, 2), line_count)

    encounter = np.repeat(np.arange(len(line_count)), line_count)
    first_line = np.cumsum(line_count) - line_count
    number = np.arange(len(encounter)) - first_line[encounter] + 1
    is_extra = number > 1

    profiles = sorted(set(procedures.text("profile")))
    extras = [
        np.flatnonzero(
            [row["profile"] == name and row["role"] == "extra" for row in procedures.rows]
        )
        for name in profiles
    ]
    extras_count = np.array([len(rows) for rows in extras])
    extras_table = np.zeros((len(profiles), extras_count.max()), dtype=np.int64)
    for index, rows in enumerate(extras):
        extras_table[index, : len(rows)] = rows
    kind = profile[encounter]
    # A random start and then neighbours: extra lines of one visit are different codes.
    offset = draws.below("extra procedure", extras_count[kind], encounters.key[encounter])
    extra = extras_table[kind, (offset + number) % extras_count[kind]]
    procedure = np.where(is_extra, extra, encounters.primary[encounter])

    key = encounters.key[encounter]
    units = 1 + draws.below("units", procedures.ints("max_units", 1, 99)[procedure], key, number)
    has_own = draws.chance(
        "modifier", procedures.permille("modifier_permille")[procedure], key, number
    )
    # A separate-visit modifier only makes sense beside another service on the day.
    own_modifier = np.array(procedures.text("modifier"))[procedure]
    has_own &= (own_modifier != "25") | (line_count[encounter] > 1)
    has_distinct = (number > 2) & draws.chance("distinct service", 120, key, number)
    own_modifier = np.where(has_own, own_modifier, "")
    has_distinct &= own_modifier != "59"

    work = procedures.cents("work_rvu")[procedure]
    fee = procedures.cents("medicare_allowed")[procedure] * units
    for code, work_percent, fee_percent in zip(
        parameters.modifiers.text("modifier"),
        parameters.modifiers.ints("work_rvu_percent", 0, 300),
        parameters.modifiers.ints("payment_percent", 1, 300),
        strict=True,
    ):
        applies = own_modifier == code
        work = np.where(applies, (work * work_percent + 50) // 100, work)
        fee = np.where(applies, fee * fee_percent // 100, fee)
    price = parameters.facilities.ints("price_permille", 1, 10_000)[encounters.hospital[encounter]]
    # A chargemaster price is a whole dollar amount.
    charge = procedures.cents("charge")[procedure] * price // 100_000 * 100 * units

    # The last line goes on the second claim, or the last two of four.
    second = split[encounter] & (number > np.maximum(line_count[encounter] // 2, 1))
    part = 1 + second.astype(np.int64)
    is_start = np.diff(encounter * 2 + second, prepend=-1) != 0
    starts = np.flatnonzero(is_start)
    claim = np.cumsum(is_start) - 1
    claim_encounter = encounter[starts]
    claims = Claims(
        key=draws.bits("claim", encounters.key[claim_encounter], part[starts]),
        encounter=claim_encounter,
        part=part[starts],
        hospital=encounters.hospital[claim_encounter],
        payer=people.payer[encounters.patient[claim_encounter]],
        charge=np.add.reduceat(charge, starts),
        first_line=starts,
        line_count=np.diff(starts, append=len(encounter)),
    )
    texts = [
        f"{own} 59".strip() if distinct else own
        for own, distinct in zip(own_modifier.tolist(), has_distinct.tolist(), strict=True)
    ]
    lines = Lines(
        encounter=encounter,
        claim=claim,
        number=number,
        procedure=procedure,
        modifiers=texts,
        units=units,
        work_rvu=work,
        charge=charge,
        medicare_allowed=np.maximum(fee, 1),
    )
    return lines, claims
