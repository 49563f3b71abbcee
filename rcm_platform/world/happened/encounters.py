"""What happened at the bedside: visits, the procedures done, the claims that bill them.

A visit is keyed by (hospital, service day, ordinal in the day). The number of visits depends only
on size and weekday, so every number counted from the start day is final on its own day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rcm_platform.world.happened.people import Patients, Providers, department_weights, patients
from rcm_platform.world.support.dates import weekday
from rcm_platform.world.support.faults import FaultRates
from rcm_platform.world.support.parameters import WEEKDAYS, Parameters, Table
from rcm_platform.world.support.rng import Draws, Flags, Ints, Keys


@dataclass(frozen=True)
class Encounters:
    """Rows are visits, hospital after hospital, by day. `number` runs from 1 in each hospital."""

    key: Keys
    hospital: Ints
    number: Ints
    day: Ints
    end_day: Ints  # discharge: the day itself, later for inpatients
    coded_day: Ints  # charges and procedures are posted
    patient: Ints  # row of Patients
    provider: Ints  # row of Providers
    primary: Ints  # row of procedures.csv
    diagnosis: Ints  # row of diagnoses.csv
    diagnosis_2: Ints  # -1 when there is none
    diagnosis_3: Ints  # -1 when there is none

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
    modifiers_row: Ints  # row of modifiers.csv of the one that changes the payment, -1 none
    units: Ints
    work_rvu: Ints  # hundredths, per unit, after modifiers
    charge: Ints
    medicare_allowed: Ints


@dataclass(frozen=True)
class Claims:
    """Rows are claims (or self-pay accounts), by visit; lines of a claim are neighbours."""

    key: Keys
    encounter: Ints
    part: Ints  # 1, 2 for the second (at the facility the clinician's), 3 for a late charge
    hospital: Ints
    payer: Ints
    secondary_payer: Ints  # -1 when there is none
    is_institutional: Flags  # an 837I; the others are 837P
    is_late_charge: Flags
    coded_day: Ints  # its charges are posted
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
    rates: FaultRates,
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

    people = patients(parameters, draws, existing, new_days, start_day, rates)
    encounters, line_count, profile = draw_encounters(
        parameters,
        draws,
        providers,
        people,
        np.concatenate(key),
        np.concatenate(hospital),
        np.concatenate(number),
        np.concatenate(day),
        people.first_row[np.concatenate(hospital)] + np.concatenate(patient_number) - 1,
    )
    lines, claims = _lines_and_claims(
        parameters, draws, rates, encounters, people, line_count, profile
    )
    return Care(people, encounters, lines, claims)


def draw_encounters(
    parameters: Parameters,
    draws: Draws,
    providers: Providers,
    people: Patients,
    key: Keys,
    hospital: Ints,
    number: Ints,
    day: Ints,
    patient: Ints,
) -> tuple[Encounters, Ints, Ints]:
    """The visits of these keys, their count of lines, and their profile (kind of practice)."""
    specialties = parameters.specialties
    # a year of 365.25 days; the birthday itself may be a day off
    age = np.maximum(day - people.born_day[patient], 0) * 100 // 36_525
    department = np.zeros(len(key), dtype=np.int64)
    for index, weight in enumerate(department_weights(parameters)):
        here = np.flatnonzero(hospital == index)
        department[here] = _pick_by_age(
            draws, "department", specialties, np.arange(len(specialties)), weight,
            age[here], key[here],
        )  # fmt: skip
    provider = providers.first_row[hospital, department] + draws.below(
        "provider", providers.count[hospital, department], key
    )
    profiles = sorted(set(parameters.procedures.text("profile")))
    of_specialty = np.array([profiles.index(p) for p in specialties.text("profile")])
    profile = of_specialty[department]

    procedures = parameters.procedures
    weights = procedures.ints("weight")
    roles = procedures.text("role")
    extra_count = draws.pick("extra lines", parameters.lines.ints("weight"), key)
    extra_count = parameters.lines.ints("extra_lines", 0, 8)[extra_count]
    primary, diagnosis, second, third = (np.zeros(len(key), dtype=np.int64) for _ in range(4))
    for index, name in enumerate(profiles):
        here = np.flatnonzero(profile == index)
        own = np.array([p == name for p in procedures.text("profile")])
        rows = np.flatnonzero(own & (np.array(roles) == "primary"))
        primary[here] = _pick_by_age(
            draws, "primary procedure", procedures, rows, weights[rows], age[here], key[here]
        )
        extras = own & (np.array(roles) == "extra")
        extra_count[here] = np.minimum(extra_count[here], extras.sum())
        codes = np.flatnonzero([p == name for p in parameters.diagnoses.text("profile")])
        code_weights = parameters.diagnoses.ints("weight")[codes]
        place = draws.pick("diagnosis", code_weights, key[here])
        diagnosis[here] = codes[place]
        # the neighbours of the principal one, so that no code comes twice
        second[here] = codes[(place + 1) % len(codes)]
        third[here] = codes[(place + 2) % len(codes)]
        more = draws.below("more diagnoses", 100, key[here])
        second[here[(more < 45) | (len(codes) < 2)]] = -1
        third[here[(more < 75) | (len(codes) < 3)]] = -1
    is_inpatient = np.array(procedures.text("visit_type"))[primary] == "Inpatient"
    stay = draws.quantile("length of stay", parameters.lags["length_of_stay"], key)
    end_day = day + np.where(is_inpatient, stay, 0)
    encounters = Encounters(
        key=key,
        hospital=hospital,
        number=number,
        day=day,
        end_day=end_day,
        coded_day=end_day + draws.quantile("coded", parameters.lags["service_to_coded"], key),
        patient=patient,
        provider=provider,
        primary=primary,
        diagnosis=diagnosis,
        diagnosis_2=second,
        diagnosis_3=third,
    )
    has_room = facility_services(parameters)[primary] >= 0
    return encounters, 1 + has_room + extra_count, profile


def facility_services(parameters: Parameters) -> Ints:
    """Per row of procedures.csv: the row of what the facility itself provides with it, -1 nothing.

    That is the room: of a stay, an operation, an emergency visit. The facility bills it with all
    that is no work of the clinician, whose work is billed on a claim of its own.
    """
    rows = parameters.procedures.rows
    rooms = {
        (row["profile"], row["visit_type"]): number
        for number, row in enumerate(rows)
        if row["role"] == "room"
    }
    return np.array([rooms.get((row["profile"], row["visit_type"]), -1) for row in rows])


def _pick_by_age(
    draws: Draws, stream: str, table: Table, rows: Ints, weights: Ints, age: Ints, key: Keys
) -> Ints:
    """One of `rows` per visit by weight, of those whose ages in `table` include the patient's."""
    low, high = (table.ints(name, 0, 120)[rows] for name in ("min_age", "max_age"))
    band = np.searchsorted(np.unique(np.append(low, high + 1)), age, side="right")
    found = np.zeros(len(key), dtype=np.int64)
    for each in np.unique(band).tolist():
        here = np.flatnonzero(band == each)
        fits = np.flatnonzero((low <= age[here[0]]) & (age[here[0]] <= high))
        found[here] = rows[fits][draws.pick(stream, weights[fits], key[here])]
    return found


def payer_of_visit(
    parameters: Parameters, draws: Draws, encounters: Encounters, people: Patients
) -> Ints:
    """Per visit: the payer of the patient, or Medicaid where cover is found after the visit."""
    payers, registered = parameters.payers, people.payer[encounters.patient]
    medicaid = payers.classes.index("Medicaid")
    is_found = (registered == payers.self_pay) & draws.chance(
        "cover found", parameters.behaviour["cover_found"], encounters.key
    )
    found: Ints = np.where(is_found, medicaid, registered)
    return found


def _lines_and_claims(
    parameters: Parameters,
    draws: Draws,
    rates: FaultRates,
    encounters: Encounters,
    people: Patients,
    line_count: Ints,
    profile: Ints,
) -> tuple[Lines, Claims]:
    procedures = parameters.procedures
    room = facility_services(parameters)[encounters.primary]
    has_room = room >= 0
    split = rates.planted("two_claims", draws, encounters.key) & ~has_room
    line_count = np.where(split, np.maximum(line_count, 2), line_count)
    is_late = rates.planted("late_charge", draws, encounters.key) & ~split
    line_count = np.where(is_late, np.maximum(line_count, 3), line_count)

    encounter = np.repeat(np.arange(len(line_count)), line_count)
    first_line = np.cumsum(line_count) - line_count
    number = np.arange(len(encounter)) - first_line[encounter] + 1
    # At the facility the first line is the room, the second the work of the clinician.
    is_room = has_room[encounter] & (number == 1)
    is_extra = number > 1 + has_room[encounter]

    profiles = sorted(set(procedures.text("profile")))

    def rows_by_profile(role: str) -> tuple[Ints, Ints]:
        found = [
            np.flatnonzero(
                [row["profile"] == name and row["role"] == role for row in procedures.rows]
            )
            for name in profiles
        ]
        counts = np.array([len(rows) for rows in found])
        table = np.zeros((len(profiles), max(counts.max(), 1)), dtype=np.int64)
        for index, rows in enumerate(found):
            table[index, : len(rows)] = rows
        return table, counts

    extras, extras_count = rows_by_profile("extra")
    kind = profile[encounter]
    # A random start and then neighbours: extra lines of one visit are different codes.
    offset = draws.below("extra procedure", extras_count[kind], encounters.key[encounter])
    extra = extras[kind, (offset + number) % extras_count[kind]]
    procedure = np.where(is_extra, extra, encounters.primary[encounter])
    procedure = np.where(is_room, room[encounter], procedure)

    key = encounters.key[encounter]
    units = 1 + draws.below("units", procedures.ints("max_units", 1, 99)[procedure], key, number)
    days = np.maximum(encounters.end_day - encounters.day, 1)
    units = np.where(is_room, days[encounter], units)
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
    modifiers_row = np.full(len(encounter), -1, dtype=np.int64)
    for row, code in enumerate(parameters.modifiers.text("modifier")):
        modifiers_row[own_modifier == code] = row
    work_percent = np.append(parameters.modifiers.ints("work_rvu_percent", 0, 300), 100)
    fee_percent = np.append(parameters.modifiers.ints("payment_percent", 1, 300), 100)
    work = (work * work_percent[modifiers_row] + 50) // 100
    fee = fee * fee_percent[modifiers_row] // 100
    price = parameters.facilities.ints("price_permille", 1, 10_000)[encounters.hospital[encounter]]
    # A chargemaster price is a whole dollar amount.
    charge = procedures.cents("charge")[procedure] * price // 100_000 * 100 * units

    # Of two claims for an office visit the last line goes on the second, or the last two of four.
    second = split[encounter] & (number > np.maximum(line_count[encounter] // 2, 1))
    late = is_late[encounter] & (number == line_count[encounter])
    is_own = has_room[encounter] & (work > 0)
    part = np.where(late, 3, 1 + (second | is_own).astype(np.int64))
    # lines of a claim are neighbours
    order = np.lexsort((part, encounter))
    part, is_own, procedure, units = part[order], is_own[order], procedure[order], units[order]
    work, fee, charge = work[order], fee[order], charge[order]
    modifiers_row, own_modifier = modifiers_row[order], own_modifier[order]
    has_distinct = has_distinct[order]
    is_start = np.diff(encounter * 4 + part, prepend=-1) != 0
    starts = np.flatnonzero(is_start)
    claim = np.cumsum(is_start) - 1
    claim_encounter, claim_part = encounter[starts], part[starts]
    patient = encounters.patient[claim_encounter]
    claim_key = draws.bits("claim", encounters.key[claim_encounter], claim_part)
    is_facility = np.array(
        [
            parameters.claim_form[name] == "I" if name else False
            for name in procedures.text("visit_type")
        ]
    )[encounters.primary[claim_encounter]]
    claims = Claims(
        key=claim_key,
        encounter=claim_encounter,
        part=claim_part,
        hospital=encounters.hospital[claim_encounter],
        payer=payer_of_visit(parameters, draws, encounters, people)[claim_encounter],
        secondary_payer=people.secondary_payer[patient],
        # the clinician's work at the facility is billed as a professional's
        is_institutional=is_facility & ~is_own[starts],
        is_late_charge=claim_part == 3,
        coded_day=encounters.coded_day[claim_encounter]
        + np.where(
            claim_part == 3,
            draws.quantile("late charge", parameters.lags["late_charge"], claim_key),
            0,
        ),
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
        modifiers_row=modifiers_row,
        units=units,
        work_rvu=work,
        charge=charge,
        medicare_allowed=np.maximum(fee, 1),
    )
    return lines, claims
