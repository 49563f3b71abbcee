"""The two hospitals' operational databases, each a DuckDB file with its own schema.

A database shows the rows that had been entered by the world's last day. Nothing is updated in
place: transactions are append-only, and a patient is registered before the first visit.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rcm_platform.world.claims import PATIENT_PAYMENT, TRANSACTION_KINDS
from rcm_platform.world.columns import dates, decimal_9_2, money, nulls, take, timestamps
from rcm_platform.world.model import World
from rcm_platform.world.rng import Ints, Keys

_PATIENTS_A = """
    PatientID varchar, FirstName varchar, LastName varchar, MiddleName varchar, SSN varchar,
    PhoneNumber varchar, Gender varchar, DOB date, Address varchar, ModifiedDate timestamp"""
_PATIENTS_B = """
    ID varchar, F_Name varchar, L_Name varchar, M_Name varchar, SSN varchar,
    PhoneNumber varchar, Gender varchar, DOB date, Address varchar, Updated_Date timestamp"""
_TABLES = {
    "departments": "DeptID varchar, Name varchar",
    "providers": """
        ProviderID varchar, FirstName varchar, LastName varchar, Specialization varchar,
        DeptID varchar, NPI varchar""",
    "encounters": """
        EncounterID varchar, PatientID varchar, EncounterDate date, EncounterType varchar,
        ProviderID varchar, DepartmentID varchar, ProcedureCode varchar, InsertedDate timestamp,
        ModifiedDate timestamp""",
    "procedures": """
        ProcedureID varchar, EncounterID varchar, ProcedureCode varchar, Modifiers varchar,
        Units integer, WorkRVU decimal(9, 2), ModifiedDate timestamp""",
    "transactions": """
        TransactionID varchar, EncounterID varchar, PatientID varchar, ProviderID varchar,
        DeptID varchar, VisitDate date, ServiceDate date, PaidDate date, VisitType varchar,
        Amount decimal(18, 2), AmountType varchar, PaidAmount decimal(18, 2), ClaimID varchar,
        PayorID varchar, ProcedureCode varchar, ICDCode varchar, LineOfBusiness varchar,
        MedicaidID varchar, MedicareID varchar, InsertDate timestamp, ModifiedDate timestamp""",
}


def write_database(world: World, hospital: int, path: Path) -> None:
    """Write the database of one hospital to a new file."""
    tables = {
        "patients": _patients(world, hospital),
        "departments": _departments(world),
        "providers": _providers(world, hospital),
        "encounters": _encounters(world, hospital),
        "procedures": _procedures(world, hospital),
        "transactions": _transactions(world, hospital),
    }
    ddl = {"patients": _PATIENTS_A if hospital == 0 else _PATIENTS_B, **_TABLES}
    with duckdb.connect(str(path)) as connection:
        for name, rows in tables.items():
            connection.execute(f"create table {name} ({ddl[name]})")
            connection.register("incoming", rows)
            connection.execute(f"insert into {name} select * from incoming")
            connection.unregister("incoming")


def department_ids(world: World) -> list[str]:
    return [f"DEPT{row + 1:03d}" for row in range(len(world.parameters.specialties))]


def _seconds(world: World, stream: str, *keys: Ints | Keys) -> Ints:
    return world.draws.below(f"time of {stream}", 36_000, *keys)


def _patients(world: World, hospital: int) -> pa.Table:
    people = world.care.patients
    rows = np.flatnonzero(
        (people.hospital == hospital) & (people.registered_day <= world.through_day)
    )
    towns = world.parameters.towns.rows
    addresses = [
        f"{people.streets[row]}, {town['town']}, {town['state']} {town['zip']}"
        for row in rows.tolist()
        for town in [towns[people.town[row]]]
    ]

    def named(values: list[str]) -> pa.Array:
        # Hospital B types names in capitals.
        return take(values if hospital == 0 else [v.upper() for v in values], rows)

    genders = ["Male", "Female"] if hospital == 0 else ["M", "F"]
    day = people.registered_day[rows]
    # Registration is before the visit's own entry, which is after opening.
    seconds = -1 - _seconds(world, "registration", people.hospital[rows], people.number[rows]) // 10
    return pa.table(
        [
            take(world.patient_ids, rows),
            named(people.first_names),
            named(people.last_names),
            named(people.middle_initials),
            take(people.social_security_numbers, rows),
            take(people.phones, rows),
            take(genders, people.is_female[rows]),
            dates(people.birth_day[rows]),
            pa.array(addresses, pa.string()),
            timestamps(day, seconds),
        ],
        names=[f"column_{i}" for i in range(10)],  # named by the hospital's own table
    )


def _departments(world: World) -> pa.Table:
    return pa.table(
        {"DeptID": department_ids(world), "Name": world.parameters.specialties.text("department")}
    )


def _providers(world: World, hospital: int) -> pa.Table:
    staff = world.providers
    rows = np.flatnonzero(staff.hospital == hospital)
    department = staff.department[rows]
    return pa.table(
        {
            "ProviderID": take(world.provider_ids, rows),
            "FirstName": take(staff.first_names, rows),
            "LastName": take(staff.last_names, rows),
            "Specialization": take(world.parameters.specialties.text("specialty"), department),
            "DeptID": take(department_ids(world), department),
            "NPI": take(staff.npis, rows),
        }
    )


def _encounters(world: World, hospital: int) -> pa.Table:
    visits, procedures = world.care.encounters, world.parameters.procedures
    rows = np.flatnonzero((visits.hospital == hospital) & (visits.day <= world.through_day))
    entered = timestamps(visits.day[rows], _seconds(world, "visit", visits.key[rows]))
    provider = visits.provider[rows]
    return pa.table(
        {
            "EncounterID": take(world.encounter_ids, rows),
            "PatientID": take(world.patient_ids, visits.patient[rows]),
            "EncounterDate": dates(visits.day[rows]),
            "EncounterType": take(procedures.text("visit_type"), visits.primary[rows]),
            "ProviderID": take(world.provider_ids, provider),
            "DepartmentID": take(department_ids(world), world.providers.department[provider]),
            "ProcedureCode": take(procedures.text("code"), visits.primary[rows]),
            "InsertedDate": entered,
            "ModifiedDate": entered,
        }
    )


def _line_rows(world: World, hospital: int) -> Ints:
    visits, lines = world.care.encounters, world.care.lines
    shown = (visits.hospital == hospital) & (visits.coded_day <= world.through_day)
    return np.flatnonzero(shown[lines.encounter])


def _coded_at(world: World, encounter: Ints) -> pa.Array:
    visits = world.care.encounters
    # Evening hours, so that charges posted on the day of the visit still follow its entry.
    seconds = 36_000 + _seconds(world, "coding", visits.key[encounter]) // 5
    return timestamps(visits.coded_day[encounter], seconds)


def _procedures(world: World, hospital: int) -> pa.Table:
    lines = world.care.lines
    rows = _line_rows(world, hospital)
    modifiers = take(lines.modifiers, rows)
    return pa.table(
        {
            "ProcedureID": [f"PR{text[1:]}" for text in take(world.charge_ids, rows).to_pylist()],
            "EncounterID": take(world.encounter_ids, lines.encounter[rows]),
            "ProcedureCode": take(world.parameters.procedures.text("code"), lines.procedure[rows]),
            "Modifiers": pc.replace_with_mask(
                modifiers, pc.equal(modifiers, ""), pa.scalar(None, pa.string())
            ),
            "Units": pa.array(lines.units[rows].astype(np.int32)),
            "WorkRVU": decimal_9_2(lines.work_rvu[rows]),
            "ModifiedDate": _coded_at(world, lines.encounter[rows]),
        }
    )


def _transactions(world: World, hospital: int) -> pa.Table:
    visits, lines, claims = world.care.encounters, world.care.lines, world.care.claims
    posted = world.story.transactions
    charges = _line_rows(world, hospital)
    others = np.flatnonzero(
        (claims.hospital[posted.claim] == hospital) & (posted.insert_day <= world.through_day)
    )
    claim = np.concatenate([lines.claim[charges], posted.claim[others]])
    encounter = claims.encounter[claim]
    provider, patient = visits.provider[encounter], visits.patient[encounter]
    payer, diagnosis = claims.payer[claim], visits.diagnosis[encounter]
    is_payment = posted.kind[others] == PATIENT_PAYMENT
    n_charges = len(charges)

    def two(first: pa.Array, second: pa.Array) -> pa.Array:
        return pa.concat_arrays([first, second])

    def masked(values: pa.Array, keep: np.ndarray) -> pa.Array:
        return pc.if_else(pa.array(keep), values, pa.scalar(None, values.type))

    amount, paid = money(posted.amount[others]), dates(posted.paid_day[others])
    entered = timestamps(
        posted.insert_day[others],
        36_000 + _seconds(world, "posting", claims.key[posted.claim[others]]) // 5,
    )
    procedures, payers = world.parameters.procedures, world.parameters.payers
    codes = [
        f"{c[:3]}.{c[3:]}" if len(c) > 3 else c for c in world.parameters.diagnoses.text("icd10")
    ]
    members = take(world.care.patients.member_ids, patient)
    classes = np.array(payers.classes)[payer]
    entered_at = two(_coded_at(world, lines.encounter[charges]), entered)
    return pa.table(
        {
            "TransactionID": two(take(world.charge_ids, charges), take(world.posting_ids, others)),
            "EncounterID": take(world.encounter_ids, encounter),
            "PatientID": take(world.patient_ids, patient),
            "ProviderID": take(world.provider_ids, provider),
            "DeptID": take(department_ids(world), world.providers.department[provider]),
            "VisitDate": dates(visits.day[encounter]),
            "ServiceDate": dates(visits.day[encounter]),
            "PaidDate": two(nulls(n_charges, pa.date32()), masked(paid, is_payment)),
            "VisitType": take(procedures.text("visit_type"), visits.primary[encounter]),
            "Amount": two(money(lines.charge[charges]), masked(amount, ~is_payment)),
            "AmountType": two(
                take(["Charge"], np.zeros_like(charges)),
                take(list(TRANSACTION_KINDS), posted.kind[others]),
            ),
            "PaidAmount": two(nulls(n_charges, pa.decimal128(18, 2)), masked(amount, is_payment)),
            "ClaimID": take(world.claim_ids, claim),
            "PayorID": take(payers.ids, payer),
            "ProcedureCode": take(
                procedures.text("code"),
                np.concatenate([lines.procedure[charges], visits.primary[encounter[n_charges:]]]),
            ),
            "ICDCode": take(codes, diagnosis),
            "LineOfBusiness": take(payers.classes, payer),
            "MedicaidID": masked(members, classes == "Medicaid"),
            "MedicareID": masked(
                members, (classes == "Medicare") | (classes == "Medicare Advantage")
            ),
            "InsertDate": entered_at,
            "ModifiedDate": entered_at,
        }
    )
