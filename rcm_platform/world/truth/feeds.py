"""The other feeds as facts of the truth: people, front end, work, treasury and lists.

Column names are the sources' own in small letters with underscores. Tables whose rows are updated
in place come twice: as of the world's last day, and as `final_…`, when everything has happened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rcm_platform.world.feeds import databases, documentation, files, front_end, staff
from rcm_platform.world.feeds.claims_csv import billing_exports
from rcm_platform.world.feeds.front_end import NEVER
from rcm_platform.world.happened.patient_versions import versions
from rcm_platform.world.model import World
from rcm_platform.world.support.columns import dates, take

_IN_PLACE: dict[str, Callable[..., pa.Table]] = {
    "encounter_status": documentation.encounter_status,
    "appointments": front_end.appointments,
    "authorizations": front_end.authorizations,
}
_APPEND_ONLY: dict[str, Callable[..., pa.Table]] = {
    "diagnoses": documentation.diagnoses,
    "eligibility_checks": front_end.eligibility_checks,
    "work_log": staff.work_log,
}


def feeds(world: World) -> Iterator[tuple[str, pa.Table]]:
    """(name, table) of every such fact, with `arrival_date`."""
    yield "persons", _persons(world)
    yield "patient_versions", _patient_versions(world)
    for name, rows in _IN_PLACE.items():
        yield name, _of_hospitals(world, rows, world.through_day)
        yield f"final_{name}", _of_hospitals(world, rows, NEVER)
    for name, rows in _APPEND_ONLY.items():
        yield name, _of_hospitals(world, rows, NEVER)
    yield "staff", _staff(world)
    for name, shown in _lists(world):
        always = pa.repeat(dates(np.array([world.start_day]))[0], len(shown))
        yield name, shown.append_column("arrival_date", always)
    yield "bank_deposits", files.deposits(world)
    yield "gl_postings", files.gl_postings(world)
    yield "facility_costs", files.facility_costs(world)
    yield "clinician_targets", files.clinician_targets(world)
    yield "payer_contracts", files.payer_contracts(world)
    yield "fee_schedules", files.fee_schedules(world)
    yield "billing_exports", _held(_plain(billing_exports(world)))


def _held(exports: pa.Table) -> pa.Table:
    """`held_by` in place of `is_renamed`: a file that cannot be read waits in quarantine."""
    fault = pc.if_else(exports["is_renamed"], "renamed_column", pa.scalar(None, pa.string()))
    return exports.drop_columns(["is_renamed"]).append_column("held_by", fault)


def _persons(world: World) -> pa.Table:
    """Grain: patient record: the person whose it is, and the household (the same for twins)."""
    people = world.care.patients
    return pa.table(
        {
            "source_system": take(world.hospitals.source_systems, people.hospital),
            "patient_id": people.ids(),
            "person_id": _hex(people.person),
            "household_id": _hex(people.household),
            "arrival_date": dates(people.registered_day),
        }
    )


def _patient_versions(world: World) -> pa.Table:
    """Grain: state of a patient record."""
    people, towns = world.care.patients, world.parameters.towns
    found = versions(world.parameters, world.draws, people, world.start_day, world.through_day)
    return pa.table(
        {
            "source_system": take(world.hospitals.source_systems, people.hospital[found.record]),
            "patient_id": people.ids(found.record),
            "version_number": found.number,
            "first_name": take(people.first_names, found.record),
            "last_name": found.last_names,
            "phone": found.phones,
            "street": found.streets,
            "town": take(towns.text("town"), found.town),
            "arrival_date": dates(found.from_day),
        }
    )


def _of_hospitals(world: World, rows: Callable[..., pa.Table], through_day: int) -> pa.Table:
    parts = []
    for hospital, system in enumerate(world.hospitals.source_systems):
        shown = _plain(rows(world, hospital, through_day))
        parts.append(shown.add_column(0, "source_system", pa.repeat(system, len(shown))))
    whole = pa.concat_tables(parts)
    arrival = whole["modified_date"].cast(pa.date32())
    return whole.drop_columns("modified_date").append_column("arrival_date", arrival)


def _lists(world: World) -> Iterator[tuple[str, pa.Table]]:
    """What no source dates: who works where, who pays."""
    for name, of_hospital in (
        ("departments", lambda _: databases.departments(world)),
        ("providers", lambda hospital: databases.providers(world, hospital)),
    ):
        parts = []
        for hospital, system in enumerate(world.hospitals.source_systems):
            shown = _plain(of_hospital(hospital))
            parts.append(shown.add_column(0, "source_system", pa.repeat(system, len(shown))))
        yield name, pa.concat_tables(parts)
    yield "facilities", files.facilities(world)
    yield "payers", files.payers(world)


def _staff(world: World) -> pa.Table:
    parts = []
    for hospital, system in enumerate(world.hospitals.source_systems):
        shown = _plain(staff.staff(world, hospital))
        parts.append(shown.add_column(0, "source_system", pa.repeat(system, len(shown))))
    whole = pa.concat_tables(parts)
    return whole.append_column("arrival_date", whole["hired_date"])


def _plain(rows: pa.Table) -> pa.Table:
    """Under names in small letters: EncounterID → encounter_id."""
    return rows.rename_columns(
        [re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", n).lower()
         for n in rows.column_names]
    )  # fmt: skip


def _hex(keys: np.ndarray) -> pa.Array:
    return pc.binary_join_element_wise(
        pa.scalar("person-"), pa.array(keys, pa.uint64()).cast(pa.string()), ""
    )
