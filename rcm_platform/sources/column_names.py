"""Which column or table of somebody else's database is likely the one that we mean, by its name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from difflib import SequenceMatcher

LIKELY = 0.72
"""From this likeness on a name is suggested; found on the layouts of public hospital schemas."""

_SYNONYMS = {
    "patientid": ("id", "mrn", "patid", "personid"),
    "firstname": ("fname", "givenname", "first"),
    "lastname": ("lname", "surname", "familyname", "last"),
    "middlename": ("mname", "middle"),
    "dob": ("birthdate", "dateofbirth", "birthday"),
    "gender": ("sex",),
    "ssn": ("socialsecuritynumber", "socialsecurity"),
    "phonenumber": ("phone", "telephone", "mobile"),
    "modifieddate": ("updateddate", "updatedat", "lastmodified", "changedat", "lastupdated"),
    "inserteddate": ("createddate", "createdat", "insertdate"),
    "insertdate": ("createddate", "createdat", "inserteddate"),
    "providerid": ("clinicianid", "doctorid", "physicianid"),
    "deptid": ("departmentid", "dept"),
    "departmentid": ("deptid", "dept"),
    "specialization": ("specialty", "speciality"),
    "encounterid": ("visitid", "encid"),
    "encounterdate": ("visitdate", "admitdate", "startdate"),
    "procedurecode": ("cptcode", "cpt", "code"),
    "icdcode": ("diagnosiscode", "icd10", "dxcode"),
    "amount": ("chargeamount", "charge", "totalamount"),
    "paidamount": ("paid", "paymentamount"),
    "amounttype": ("transactiontype", "type"),
    "payorid": ("payerid", "insurerid"),
    "workrvu": ("wrvu", "rvu"),
    "units": ("quantity",),
    "patients": ("patient", "persons", "people", "demographics"),
    "providers": ("clinicians", "physicians", "doctors", "practitioners"),
    "encounters": ("visits", "visit", "admissions"),
    "transactions": ("billing", "charges", "journal"),
    "departments": ("units", "wards"),
}
"""Usual name → what other systems call it, without blanks and underscores."""


def plain(name: str) -> str:
    """A name as it is compared: letters and digits, in lower case."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def mapping(missing: Iterable[str], found: Collection[str]) -> dict[str, str]:
    """Usual name → the likely own one; no name is suggested twice."""
    wanted = list(missing)
    pairs = sorted(
        ((_likeness(usual, name), usual, name) for usual in wanted for name in found),
        key=lambda pair: (-pair[0], pair[1], pair[2]),
    )
    given: dict[str, str] = {}
    for likeness, usual, name in pairs:
        if likeness >= LIKELY and usual not in given and name not in given.values():
            given[usual] = name
    return {usual: given[usual] for usual in wanted if usual in given}


def _likeness(usual: str, name: str) -> float:
    """Between 0 and 1."""
    one, other = plain(usual), plain(name)
    if one == other:
        return 1.0
    synonyms = _SYNONYMS.get(one, ())
    if other in synonyms:
        return 0.95 - 0.01 * synonyms.index(other)
    return 0.9 * SequenceMatcher(None, one, other).ratio()
