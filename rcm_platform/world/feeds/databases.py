"""The two hospitals' operational databases, each a DuckDB file with its own schema.

A database shows the rows that had been entered by the world's last day. Transactions, encounters,
procedures, diagnoses, coverage checks and the work log are append-only; patients, the status of
encounters, appointments and authorizations are updated in place, with ModifiedDate as the time of
their last change. So the rows of one day, by ModifiedDate, can be written by themselves, and the
days in any order. Departments, providers and staff have no date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rcm_platform.world.feeds import documentation, front_end, id_columns, staff
from rcm_platform.world.happened.kinds import PATIENT_PAYMENT, REFUND, TRANSACTION_KINDS
from rcm_platform.world.happened.patient_versions import Versions, versions
from rcm_platform.world.model import World
from rcm_platform.world.support.columns import (
    OPEN_SECONDS,
    dates,
    decimal_9_2,
    identifier,
    masked,
    money,
    nulls,
    take,
    timestamps,
)
from rcm_platform.world.support.dates import to_day
from rcm_platform.world.support.rng import Flags, Ints

_PATIENTS_A = """
    PatientID varchar, FirstName varchar, LastName varchar, MiddleName varchar, SSN varchar,
    PhoneNumber varchar, Gender varchar, DOB date, Address varchar, ModifiedDate timestamp"""
_PATIENTS_B = """
    ID varchar, F_Name varchar, L_Name varchar, M_Name varchar, SSN varchar,
    PhoneNumber varchar, Gender varchar, DOB date, Address varchar, Updated_Date timestamp"""
#: Hospital A keeps what its patient records were; hospital B overwrites them.
_HISTORY_A = f"HistoryID varchar, {_PATIENTS_A.strip()}"
_MODIFIED_B = "Updated_Date"
_TABLES = {
    "departments": "DeptID varchar, Name varchar",
    "providers": """
        ProviderID varchar, FirstName varchar, LastName varchar, Specialization varchar,
        DeptID varchar, NPI varchar""",
    "staff": """
        StaffID varchar, FirstName varchar, LastName varchar, Role varchar, HiredDate date""",
    "encounters": """
        EncounterID varchar, PatientID varchar, EncounterDate date, EncounterType varchar,
        ProviderID varchar, DepartmentID varchar, ProcedureCode varchar, InsertedDate timestamp,
        ModifiedDate timestamp""",
    "encounter_status": """
        EncounterID varchar, DischargeDate date, DocumentationStatus varchar, SignedDate date,
        CodedDate date, ModifiedDate timestamp""",
    "diagnoses": """
        DiagnosisID varchar, EncounterID varchar, ICDCode varchar, Sequence integer,
        ModifiedDate timestamp""",
    "procedures": """
        ProcedureID varchar, EncounterID varchar, ProcedureCode varchar, Modifiers varchar,
        Units integer, WorkRVU decimal(9, 2), ModifiedDate timestamp""",
    "appointments": """
        AppointmentID varchar, PatientID varchar, ProviderID varchar, DeptID varchar,
        BookedDate date, ScheduledDate date, VisitType varchar, Status varchar,
        EncounterID varchar, ModifiedDate timestamp""",
    "eligibility_checks": """
        CheckID varchar, PatientID varchar, EncounterID varchar, AppointmentID varchar,
        PayorID varchar, CheckDate date, Status varchar, ModifiedDate timestamp""",
    "authorizations": """
        AuthID varchar, PatientID varchar, EncounterID varchar, PayorID varchar,
        ProcedureCode varchar, RequestedDate date, DecisionDate date, Status varchar,
        AuthNumber varchar, ModifiedDate timestamp""",
    "transactions": """
        TransactionID varchar, EncounterID varchar, PatientID varchar, ProviderID varchar,
        DeptID varchar, VisitDate date, ServiceDate date, PaidDate date, VisitType varchar,
        Amount decimal(18, 2), AmountType varchar, PaidAmount decimal(18, 2), ClaimID varchar,
        PayorID varchar, ProcedureCode varchar, ICDCode varchar, LineOfBusiness varchar,
        MedicaidID varchar, MedicareID varchar, InsertDate timestamp, ModifiedDate timestamp""",
    "work_log": """
        WorkID varchar, StaffID varchar, WorkDate date, Activity varchar, EncounterID varchar,
        ClaimID varchar, Minutes integer, ModifiedDate timestamp""",
}
T = TypeVar("T")
#: Rows of one table that are in memory as text at a time.
_CHUNK = 200_000

#: What a planted row of the journal is about, and its cents.
UNLISTED_KIND, UNLISTED_FEE = "Statement Fee", 1200
#: The cents of a payment that is keyed with a modification date years ahead, which no world lives
#: to see.
MISDATED_PAYMENT = 2500
_YEARS_AHEAD = to_day(date(2098, 12, 31))


def write_database(world: World, hospital: int, path: Path, first_day: int, last_day: int) -> None:
    """Write what was last changed on first_day..last_day into the database of one hospital.

    Rows of these days that are there already are replaced; those of other days stay. All or
    nothing.
    """
    until = min(last_day, world.through_day)
    undated: dict[str, Callable[[], pa.Table]] = {
        "departments": partial(departments, world),
        "providers": partial(providers, world, hospital),
        "staff": partial(staff.staff, world, hospital),
    }
    whole: dict[str, Callable[..., pa.Table]] = {
        "encounter_status": documentation.encounter_status,
        "diagnoses": documentation.diagnoses,
        "appointments": front_end.appointments,
        "eligibility_checks": front_end.eligibility_checks,
        "authorizations": front_end.authorizations,
    }
    window = (world, hospital, first_day, until)

    def parts() -> Iterator[tuple[str, pa.Table]]:
        yield from ((name, make()) for name, make in undated.items())
        yield "patients", _patients(*window)
        if hospital == 0:
            yield "patient_history", _patient_history(*window)
        yield "encounters", _encounters(*window)
        for name, make in whole.items():
            yield name, make(world, hospital, world.through_day, first_day, until)
        yield from (("procedures", part) for part in _procedures(*window))
        yield from (("transactions", part) for part in _transactions(*window))
        yield from (("work_log", part) for part in staff.work_parts(*window))

    if hospital == 0:
        ddl = {"patients": _PATIENTS_A, "patient_history": _HISTORY_A, **_TABLES}
    else:
        ddl = {"patients": _PATIENTS_B, **_TABLES}
    with duckdb.connect(str(path)) as connection:
        connection.execute("begin")
        for name, columns in ddl.items():
            is_new = "or replace table" if name in undated else "table if not exists"
            connection.execute(f"create {is_new} {name} ({columns})")
            if name not in undated:
                modified = _MODIFIED_B if name == "patients" and hospital else "ModifiedDate"
                # its date of modification may be a wrong one
                modified = "InsertDate" if name == "transactions" else modified
                connection.execute(
                    f"delete from {name} where cast({modified} as date) - date '1970-01-01' "
                    f"between {first_day} and {last_day}"
                )
        for name, rows in _one_ahead(parts()):
            connection.register("incoming", rows)
            connection.execute(f"insert into {name} select * from incoming")
            connection.unregister("incoming")
        connection.execute("commit")


def _one_ahead(parts: Iterator[T]) -> Iterator[T]:
    """The same, each drawn by another thread while the one before is being used."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, parts, None)
        while (part := coming.result()) is not None:
            coming = thread.submit(next, parts, None)
            yield part


def _between(day: Ints, first_day: int, last_day: int) -> Flags:
    return (day >= first_day) & (day <= last_day)


def _chunks(rows: Ints) -> Iterator[Ints]:
    for start in range(0, len(rows), _CHUNK):
        yield rows[start : start + _CHUNK]


def _patients(world: World, hospital: int, first_day: int, last_day: int) -> pa.Table:
    """The last state of each patient."""
    history = _versions(world)
    rows = history.rows_at(world.through_day)
    rows = rows[_between(history.from_day[rows], first_day, last_day)]
    return _states(world, hospital, history, rows)


def _patient_history(world: World, hospital: int, first_day: int, last_day: int) -> pa.Table:
    """Every state of each patient, the last one too."""
    history = _versions(world)
    rows = np.flatnonzero(_between(history.from_day, first_day, last_day))
    rows = rows[world.care.patients.hospital[history.record[rows]] == hospital]
    ids = identifier(
        "H", (world.care.patients.number[history.record[rows]], 7), (history.number[rows], 3)
    )
    return _states(world, hospital, history, rows).add_column(0, "history_id", ids)


def _versions(world: World) -> Versions:
    people = world.care.patients
    return versions(world.parameters, world.draws, people, world.start_day, world.through_day)


def _states(world: World, hospital: int, history: Versions, rows: Ints) -> pa.Table:
    people, draws = world.care.patients, world.draws
    rows = rows[people.hospital[history.record[rows]] == hospital]
    record, day = history.record[rows], history.from_day[rows]
    towns = [f", {t['town']}, {t['state']} {t['zip']}" for t in world.parameters.towns.rows]

    def named(texts: pa.Array) -> pa.Array:
        # Hospital B types names in capitals.
        return texts if hospital == 0 else pc.utf8_upper(texts)

    def or_null(texts: pa.Array) -> pa.Array:
        return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)

    genders = ["Male", "Female"] if hospital == 0 else ["M", "F"]
    # Registration is before the visit's own entry, which is after opening.
    seconds = draws.below(
        "time of registration", OPEN_SECONDS, people.hospital[record], people.number[record]
    )
    seconds = np.where(history.number[rows] == 1, -1 - seconds // 10, seconds)
    return pa.table(
        [
            people.ids(record),
            named(take(people.first_names, record)),
            named(take(history.last_names, rows)),
            named(or_null(take(people.middle_initials, record))),
            or_null(take(people.social_security_numbers, record)),
            take(history.phones, rows),
            take(genders, people.is_female[record]),
            dates(people.birth_day[record]),
            pc.binary_join_element_wise(
                take(history.streets, rows), take(towns, history.town[rows]), ""
            ),
            timestamps(day, seconds),
        ],
        names=[f"column_{i}" for i in range(10)],  # named by the hospital's own table
    )


def departments(world: World) -> pa.Table:
    """Grain: department, the same list in each hospital."""
    specialties = world.parameters.specialties
    return pa.table(
        {
            "DeptID": id_columns.departments(np.arange(len(specialties))),
            "Name": specialties.text("department"),
        }
    )


def providers(world: World, hospital: int) -> pa.Table:
    """Grain: clinician of a hospital."""
    everyone = world.providers
    rows = np.flatnonzero(everyone.hospital == hospital)
    department = everyone.department[rows]
    return pa.table(
        {
            "ProviderID": id_columns.providers(world, rows),
            "FirstName": take(everyone.first_names, rows),
            "LastName": take(everyone.last_names, rows),
            "Specialization": take(world.parameters.specialties.text("specialty"), department),
            "DeptID": id_columns.departments(department),
            "NPI": take(everyone.npis, rows),
        }
    )


def _encounters(world: World, hospital: int, first_day: int, last_day: int) -> pa.Table:
    visits, procedures = world.care.encounters, world.parameters.procedures
    arrival = front_end.visit_arrival(world)
    rows = np.flatnonzero(
        (visits.hospital == hospital) & _between(arrival, first_day, last_day)
    )  # fmt: skip
    # Stamped in another time zone, an evening is the first hours of the next day.
    local = world.draws.below("time of visit", OPEN_SECONDS, visits.key[rows])
    is_shifted = world.shifted_encounters[rows]
    entered = timestamps(arrival[rows], np.where(is_shifted, -8 * 3600 + local // 2, local))
    provider = visits.provider[rows]
    return pa.table(
        {
            "EncounterID": id_columns.encounters(world, rows),
            "PatientID": id_columns.patients(world, visits.patient[rows]),
            "EncounterDate": dates(visits.day[rows]),
            "EncounterType": take(procedures.text("visit_type"), visits.primary[rows]),
            "ProviderID": id_columns.providers(world, provider),
            "DepartmentID": id_columns.departments(world.providers.department[provider]),
            "ProcedureCode": take(procedures.text("code"), visits.primary[rows]),
            "InsertedDate": entered,
            "ModifiedDate": entered,
        }
    )


def _coded_at(world: World, days: Ints, encounter: Ints) -> pa.Array:
    key = world.care.encounters.key[encounter]
    # Evening hours, so that charges posted on the day of the visit still follow its entry.
    seconds = world.draws.below("time of coding", OPEN_SECONDS, key)
    return timestamps(days, OPEN_SECONDS + seconds // 5)


def _procedures(world: World, hospital: int, first_day: int, last_day: int) -> Iterator[pa.Table]:
    """What was done, by line; known when the visit is coded, even where a charge is posted late."""
    lines, visits = world.care.lines, world.care.encounters
    shown = (visits.hospital == hospital) & _between(visits.coded_day, first_day, last_day)
    for rows in _chunks(np.flatnonzero(shown[lines.encounter])):
        encounter = lines.encounter[rows]
        modifiers = take([lines.modifiers[row] for row in rows.tolist()], np.arange(len(rows)))
        yield pa.table(
            {
                "ProcedureID": id_columns.charges(world, rows, prefix="PR"),
                "EncounterID": id_columns.encounters(world, encounter),
                "ProcedureCode": take(
                    world.parameters.procedures.text("code"), lines.procedure[rows]
                ),
                "Modifiers": pc.if_else(
                    pc.equal(modifiers, ""), pa.scalar(None, pa.string()), modifiers
                ),
                "Units": pa.array(lines.units[rows].astype(np.int32)),
                "WorkRVU": decimal_9_2(lines.work_rvu[rows]),
                "ModifiedDate": _coded_at(world, visits.coded_day[encounter], encounter),
            }
        )


def drifting_charges(world: World) -> Flags:
    """Planted, per line: the type of its charge is written in another casing."""
    lines = world.care.lines
    key = world.care.encounters.key[lines.encounter]
    return world.faults.planted("status_casing_drift", world.draws, key, lines.number)


def drifting_postings(world: World) -> Flags:
    """Planted, per row of Transactions: its type is written in another casing."""
    posted = world.history.transactions
    key = world.care.claims.key[posted.claim]
    return world.faults.planted("status_casing_drift", world.draws, key, 1000 + posted.sequence)


def unlisted_fees(world: World) -> Flags:
    """Planted, per claim: its journal has a row of a kind that no list has."""
    return world.faults.planted("unlisted_posting", world.draws, world.care.claims.key)


def misdated_payments(world: World) -> Flags:
    """Planted, per claim: a payment of its patient whose date of modification is years ahead."""
    return world.faults.planted("misdated_payment", world.draws, world.care.claims.key)


def _transactions(world: World, hospital: int, first_day: int, last_day: int) -> Iterator[pa.Table]:
    claims, lines, posted = world.care.claims, world.care.lines, world.history.transactions
    shown = (claims.hospital == hospital) & _between(claims.coded_day, first_day, last_day)
    drifts = drifting_charges(world)
    for rows in _chunks(np.flatnonzero(shown[lines.claim])):
        claim = lines.claim[rows]
        entered = _coded_at(world, claims.coded_day[claim], lines.encounter[rows])
        yield _journal(
            world,
            ids=id_columns.charges(world, rows),
            claim=claim,
            paid_date=nulls(len(rows), pa.date32()),
            amount=money(lines.charge[rows]),
            amount_type=_cased(["Charge"], np.zeros_like(rows), drifts[rows], lines.number[rows]),
            paid_amount=nulls(len(rows), pa.decimal128(18, 2)),
            procedure=lines.procedure[rows],
            entered=entered,
        )
    rows = np.flatnonzero(shown & unlisted_fees(world))
    yield _journal(
        world,
        ids=id_columns.fees(world, rows),
        claim=rows,
        paid_date=nulls(len(rows), pa.date32()),
        amount=money(np.full(len(rows), UNLISTED_FEE)),
        amount_type=take([UNLISTED_KIND], np.zeros_like(rows)),
        paid_amount=nulls(len(rows), pa.decimal128(18, 2)),
        procedure=world.care.encounters.primary[claims.encounter[rows]],
        entered=_coded_at(world, claims.coded_day[rows], claims.encounter[rows]),
    )
    rows = np.flatnonzero(shown & misdated_payments(world))
    yield _journal(
        world,
        ids=id_columns.misdated_payments(world, rows),
        claim=rows,
        paid_date=dates(claims.coded_day[rows]),
        amount=nulls(len(rows), pa.decimal128(18, 2)),
        amount_type=take(list(TRANSACTION_KINDS), np.full_like(rows, PATIENT_PAYMENT)),
        paid_amount=money(np.full(len(rows), MISDATED_PAYMENT)),
        procedure=world.care.encounters.primary[claims.encounter[rows]],
        entered=_coded_at(world, claims.coded_day[rows], claims.encounter[rows]),
        modified=_coded_at(world, np.full_like(rows, _YEARS_AHEAD), claims.encounter[rows]),
    )
    shown = (claims.hospital == hospital)[posted.claim]
    drifts = drifting_postings(world)
    for rows in _chunks(np.flatnonzero(shown & _between(posted.insert_day, first_day, last_day))):
        claim, kind, amount = posted.claim[rows], posted.kind[rows], money(posted.amount[rows])
        is_payment = (kind == PATIENT_PAYMENT) | (kind == REFUND)
        seconds = world.draws.below("time of posting", OPEN_SECONDS, claims.key[claim])
        yield _journal(
            world,
            ids=id_columns.postings(world, rows),
            claim=claim,
            paid_date=masked(dates(posted.paid_day[rows]), is_payment),
            amount=masked(amount, ~is_payment),
            amount_type=_cased(list(TRANSACTION_KINDS), kind, drifts[rows], posted.sequence[rows]),
            paid_amount=masked(amount, is_payment),
            procedure=world.care.encounters.primary[claims.encounter[claim]],
            entered=timestamps(posted.insert_day[rows], OPEN_SECONDS + seconds // 5),
        )


def _cased(names: list[str], row: Ints, drifts: Flags, place: Ints) -> pa.Array:
    """Names by row, some of them in capitals or in small letters."""
    casings = [*names, *(name.upper() for name in names), *(name.lower() for name in names)]
    return take(casings, row + len(names) * np.where(drifts, 1 + place % 2, 0))


def _journal(
    world: World,
    *,
    ids: pa.Array,
    claim: Ints,
    paid_date: pa.Array,
    amount: pa.Array,
    amount_type: pa.Array,
    paid_amount: pa.Array,
    procedure: Ints,
    entered: pa.Array,
    modified: pa.Array | None = None,
) -> pa.Table:
    """Rows of the transactions table about claims; `modified` where not when they were entered."""
    visits, claims, parameters = world.care.encounters, world.care.claims, world.parameters
    encounter, payer = claims.encounter[claim], claims.payer[claim]
    provider, patient = visits.provider[encounter], visits.patient[encounter]
    members = take(world.care.patients.member_ids, patient)
    classes = np.array(parameters.payers.classes)[payer]
    visit_day = dates(visits.day[encounter])
    return pa.table(
        {
            "TransactionID": ids,
            "EncounterID": id_columns.encounters(world, encounter),
            "PatientID": id_columns.patients(world, patient),
            "ProviderID": id_columns.providers(world, provider),
            "DeptID": id_columns.departments(world.providers.department[provider]),
            "VisitDate": visit_day,
            "ServiceDate": visit_day,
            "PaidDate": paid_date,
            "VisitType": take(parameters.procedures.text("visit_type"), visits.primary[encounter]),
            "Amount": amount,
            "AmountType": amount_type,
            "PaidAmount": paid_amount,
            "ClaimID": id_columns.claims(world, claim),
            "PayorID": id_columns.payers(world, payer),
            "ProcedureCode": take(parameters.procedures.text("code"), procedure),
            "ICDCode": take(documentation.dotted_codes(world), visits.diagnosis[encounter]),
            "LineOfBusiness": take(parameters.payers.classes, payer),
            "MedicaidID": masked(members, classes == "Medicaid"),
            "MedicareID": masked(
                members, (classes == "Medicare") | (classes == "Medicare Advantage")
            ),
            "InsertDate": entered,
            "ModifiedDate": entered if modified is None else modified,
        }
    )
