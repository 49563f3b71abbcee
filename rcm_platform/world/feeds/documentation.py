"""After the visit: discharge, documentation and coding of encounters, and their diagnoses.

Every function gives one hospital's rows as they stand on `through_day`, those last changed on
first_day..last_day; the date of ModifiedDate is the day on which a row arrives in that state.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from rcm_platform.world.feeds import id_columns
from rcm_platform.world.feeds.front_end import BEFORE_EVERYTHING, NEVER, rates, visit_arrival
from rcm_platform.world.model import World
from rcm_platform.world.support.columns import dates, identifier, masked, moments, take

DOCUMENTATION_STATUSES = ("Open", "Queried", "Signed")
OPEN, QUERIED, SIGNED = range(3)


def encounter_status(
    world: World,
    hospital: int,
    through_day: int,
    first_day: int = BEFORE_EVERYTHING,
    last_day: int = NEVER,
) -> pa.Table:
    """Grain: encounter. Discharged, perhaps queried, signed, then coded, each on its day."""
    visits, draws = world.care.encounters, world.draws
    arrival = visit_arrival(world)
    rows = np.flatnonzero((visits.hospital == hospital) & (arrival <= through_day))
    key, arrival = visits.key[rows], arrival[rows]
    discharged, coded = visits.end_day[rows], visits.coded_day[rows]
    span = np.maximum(coded - discharged, 0)
    signed = discharged + draws.below("documentation signed", span + 1, key)
    queried = discharged + draws.below("documentation queried", signed - discharged + 1, key)
    is_queried = draws.chance("query", rates()["queried"], key) & (queried < signed)

    has_left, is_signed = discharged <= through_day, signed <= through_day
    was_queried, is_coded = is_queried & (queried <= through_day), coded <= through_day
    modified = arrival
    for happened, day in (
        (has_left, discharged),
        (was_queried, queried),
        (is_signed, signed),
        (is_coded, coded),
    ):
        modified = np.where(happened, np.maximum(modified, day), modified)
    status = np.select([is_signed, was_queried], [SIGNED, QUERIED], OPEN)
    shown = np.flatnonzero((modified >= first_day) & (modified <= last_day))
    modified = modified[shown]
    return pa.table(
        {
            "EncounterID": id_columns.encounters(world, rows[shown]),
            "DischargeDate": masked(dates(discharged[shown]), has_left[shown]),
            "DocumentationStatus": take(list(DOCUMENTATION_STATUSES), status[shown]),
            "SignedDate": masked(dates(signed[shown]), is_signed[shown]),
            "CodedDate": masked(dates(coded[shown]), is_coded[shown]),
            "ModifiedDate": moments(draws, "encounter status", modified, key[shown], modified),
        }
    )


def diagnoses(
    world: World,
    hospital: int,
    through_day: int,
    first_day: int = BEFORE_EVERYTHING,
    last_day: int = NEVER,
) -> pa.Table:
    """Grain: diagnosis of an encounter; Sequence 1 is the principal one. Arrives when coded."""
    visits = world.care.encounters
    modified = np.maximum(visits.coded_day, visit_arrival(world))
    until = min(through_day, last_day)
    rows = np.flatnonzero(
        (visits.hospital == hospital) & (modified >= first_day) & (modified <= until)
    )
    codes = np.stack([visits.diagnosis, visits.diagnosis_2, visits.diagnosis_3], axis=1)[rows]
    place, column = np.nonzero(codes >= 0)
    encounter = rows[place]
    return pa.table(
        {
            "DiagnosisID": identifier("DX", (visits.number[encounter], 8), (column + 1, 1)),
            "EncounterID": id_columns.encounters(world, encounter),
            "ICDCode": take(dotted_codes(world), codes[place, column]),
            "Sequence": pa.array((column + 1).astype(np.int32)),
            "ModifiedDate": moments(
                world.draws, "diagnosis", modified[encounter], visits.key[encounter]
            ),
        }
    )


def dotted_codes(world: World) -> list[str]:
    """ICD-10 codes as hospitals write them, by row of diagnoses.csv."""
    codes = world.parameters.diagnoses.text("icd10")
    return [f"{code[:3]}.{code[3:]}" if len(code) > 3 else code for code in codes]
