"""What a hospital's database holds: its tables, columns and types, and what each table is good for.

The usual layout is here; where a hospital's differs, the config block of hospitals says so.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pyarrow as pa

from rcm_platform.sources.hospitals import Hospital
from rcm_platform.sources.tabular import Layout, layout, quoted

# for the figures of a load alone; what a kind means says the seed transaction_types
_CHARGES = ("charge", "charge correction")
# as a number, also where it is held because it is none
_PAID = "try_cast(paidamount as decimal(18, 2))"

BELONGS_TO = {"patient_history": {"patientid": "patients"}}
"""Table → a column of it → the table with whose record its rows go when that is deleted."""

USUAL = {
    "patients": layout(
        "patientid firstname lastname middlename ssn phonenumber gender dob:date address "
        "modifieddate:timestamp",
        "patientid",
        modified="modifieddate",
    ),
    # each state of a patient record, from its own moment on, where the hospital keeps them
    "patient_history": layout(
        "historyid patientid firstname lastname middlename ssn phonenumber gender dob:date address "
        "modifieddate:timestamp",
        "historyid",
        modified="modifieddate",
        optional=True,
    ),
    "providers": layout("providerid firstname lastname specialization deptid npi", "providerid"),
    "departments": layout("deptid name", "deptid"),
    "encounters": layout(
        "encounterid patientid encounterdate:date encountertype providerid departmentid "
        "procedurecode inserteddate:timestamp modifieddate:timestamp",
        "encounterid",
        modified="modifieddate",
    ),
    "procedures": layout(
        "procedureid encounterid procedurecode modifiers units:integer workrvu:quantity "
        "modifieddate:timestamp",
        "procedureid",
        modified="modifieddate",
        optional=True,
    ),
    "transactions": layout(
        "transactionid encounterid patientid providerid deptid visitdate:date servicedate:date "
        "paiddate:date visittype amount:money amounttype paidamount:money claimid payorid "
        "procedurecode icdcode lineofbusiness medicaidid medicareid insertdate:timestamp "
        "modifieddate:timestamp",
        "transactionid",
        dollars={
            "charges": ("amount", f"lower(trim(amounttype)) in {_CHARGES}"),
            "payments": ("paidamount", f"{_PAID} <> 0"),
            "other amounts": (
                "amount",
                f"lower(trim(coalesce(amounttype, ''))) not in {_CHARGES} "
                f"and coalesce({_PAID}, 0) = 0",
            ),
        },
        modified="modifieddate",
    ),
    # what not every hospital keeps in its database
    "encounter_status": layout(
        "encounterid dischargedate:date documentationstatus signeddate:date codeddate:date "
        "modifieddate:timestamp",
        "encounterid",
        modified="modifieddate",
        optional=True,
    ),
    "diagnoses": layout(
        "diagnosisid encounterid icdcode sequence:integer modifieddate:timestamp",
        "diagnosisid",
        modified="modifieddate",
        optional=True,
    ),
    "appointments": layout(
        "appointmentid patientid providerid deptid bookeddate:date scheduleddate:date visittype "
        "status encounterid modifieddate:timestamp",
        "appointmentid",
        modified="modifieddate",
        optional=True,
    ),
    "eligibility_checks": layout(
        "checkid patientid encounterid appointmentid payorid checkdate:date status "
        "modifieddate:timestamp",
        "checkid",
        modified="modifieddate",
        optional=True,
    ),
    "authorizations": layout(
        "authid patientid encounterid payorid procedurecode requesteddate:date decisiondate:date "
        "status authnumber modifieddate:timestamp",
        "authid",
        modified="modifieddate",
        optional=True,
    ),
    "staff": layout("staffid firstname lastname role hireddate:date", "staffid", optional=True),
    "work_log": layout(
        "workid staffid workdate:date activity encounterid claimid minutes:integer "
        "modifieddate:timestamp",
        "workid",
        modified="modifieddate",
        optional=True,
    ),
}
"""Table → its usual layout, by lower-case names.

A table may be absent if it is optional; of a table that is there, every column is needed."""

THINNER = {
    "patient_history": "of patient records, what they were before the first load is not known",
    "procedures": "mart_clinician_productivity and fct_encounters know no work RVUs",
    "encounter_status": "unbilled work and documentation delays cannot be told",
    "diagnoses": "visits have no diagnoses but those on their charges and claims",
    "appointments": "scheduling and no-shows cannot be told",
    "eligibility_checks": "denials cannot be followed to eligibility",
    "authorizations": "denials cannot be followed to authorization",
    "staff": "dim_staff has none of this hospital's staff",
    "work_log": "the work of staff cannot be told",
}
"""Optional table → what stays empty in the marts without it."""

NOTICED = pa.field("_noticed_at", pa.timestamp("us"))
"""Beside a row's own columns in raw: the moment from which a version counts that changed without a
new modification date, given by the load that noticed it; NULL: its modification date."""

DELETED_ROWS = pa.schema(
    [
        ("table_name", pa.string()),
        ("record_id", pa.string()),
        ("event", pa.string()),
        ("event_no", pa.int64()),
        ("noticed_date", pa.date32()),
    ]
)
"""Records that vanished from the database (event `deleted`), and that came back (`returned`).

Grain: one event of one record; `event_no` counts a record's events from 1, the last one holds.
"""


def layouts_of(hospital: Hospital) -> dict[str, Layout]:
    """Table → layout of one hospital. Raises ValueError when its config names what is not there."""
    where = f"vars.hospitals.{hospital.source_system}.columns in dbt_project.yml"
    if unknown := set(hospital.columns) - set(USUAL):
        raise ValueError(f"{where} names unknown tables: {', '.join(sorted(unknown))}")
    layouts = {}
    for table, usual in USUAL.items():
        own = dict(hospital.columns.get(table, {}))
        if unknown := set(own) - {c.name for c in usual.columns}:
            raise ValueError(f"{where}.{table} names unknown columns: {', '.join(sorted(unknown))}")
        layouts[table] = _renamed(usual, own) if own else usual
    return layouts


def _renamed(usual: Layout, own: dict[str, str]) -> Layout:
    """A layout under a hospital's own column names."""

    def name(column: str) -> str:
        return own.get(column, column)

    def in_sql(word: str) -> str:
        return quoted(own[word]) if word in own else word

    return replace(
        usual,
        columns=tuple(c._replace(name=name(c.name)) for c in usual.columns),
        key=tuple(map(name, usual.key)),
        dollars=tuple(
            (measure, name(column), re.sub(r"\w+", lambda word: in_sql(word[0]), condition))
            for measure, column, condition in usual.dollars
        ),
        modified=usual.modified and name(usual.modified),
        usual_names=tuple((mine, column) for column, mine in own.items()),
    )


def raw_tables(hospital: Hospital) -> dict[str, pa.Schema]:
    """Table → schema in raw, of one hospital."""
    tables = {
        name: known.schema(as_text=False).append(NOTICED)
        if known.modified
        else known.schema(as_text=False)
        for name, known in layouts_of(hospital).items()
    }
    return tables | {"deleted_rows": DELETED_ROWS}
