"""The hospitals' databases are coherent where those of the reference system were not."""

from __future__ import annotations

import pytest
from tiny_world import THROUGH, Query

SYSTEMS = ("hospital_a", "hospital_b")
PATIENT_ID = {"hospital_a": "PatientID", "hospital_b": "ID"}


def passes_luhn(npi: str) -> bool:
    digits = [int(d) for d in "80840" + npi]
    doubled = [d * 2 - 9 * (d > 4) for d in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize(
    ("child", "column", "parent", "key"),
    [
        ("providers", "DeptID", "departments", "DeptID"),
        ("encounters", "PatientID", "patients", None),
        ("encounters", "ProviderID", "providers", "ProviderID"),
        ("encounters", "DepartmentID", "departments", "DeptID"),
        ("procedures", "EncounterID", "encounters", "EncounterID"),
        ("transactions", "EncounterID", "encounters", "EncounterID"),
        ("transactions", "PatientID", "patients", None),
        ("transactions", "ProviderID", "providers", "ProviderID"),
        ("transactions", "DeptID", "departments", "DeptID"),
    ],
)
def test_foreign_keys_hold(
    system: str, child: str, column: str, parent: str, key: str | None, query: Query
) -> None:
    key = key or PATIENT_ID[system]
    orphans = query(
        f"select count(*) from {system}.{child} "
        f"where {column} is null or {column} not in (select {key} from {system}.{parent})"
    )
    assert orphans == [(0,)]


@pytest.mark.parametrize("system", SYSTEMS)
def test_keys_are_unique(system: str, query: Query) -> None:
    keys = {
        "patients": PATIENT_ID[system], "providers": "ProviderID", "departments": "DeptID",
        "encounters": "EncounterID", "procedures": "ProcedureID", "transactions": "TransactionID",
    }  # fmt: skip
    for table, key in keys.items():
        [(rows, distinct)] = query(f"select count(*), count(distinct {key}) from {system}.{table}")
        assert rows == distinct > 0, table


def test_staff_counts_and_npis(query: Query) -> None:
    assert query("select count(*) from hospital_a.providers") == [(25,)]
    assert query("select count(*) from hospital_b.providers") == [(30,)]
    npis = [npi for system in SYSTEMS for (npi,) in query(f"select NPI from {system}.providers")]
    assert len(set(npis)) == 55
    assert all(passes_luhn(npi) and len(npi) == 10 for npi in npis)
    for system in SYSTEMS:
        assert query(f"select count(*) from {system}.departments") == [(20,)]


def test_patient_numbers_collide_and_mean_different_people(query: Query) -> None:
    [(shared, same_person)] = query(
        "select count(*), count(*) filter (where a.SSN = b.SSN) "
        "from hospital_a.patients as a join hospital_b.patients as b on a.PatientID = b.ID"
    )
    assert shared > 100
    assert same_person == 0


def test_some_people_are_patients_of_both_hospitals(query: Query) -> None:
    [(both,)] = query(
        "select count(*) from hospital_a.patients as a join hospital_b.patients as b "
        "on a.SSN = b.SSN and a.DOB = b.DOB and upper(a.LastName) = b.L_Name"
    )
    [(existing,)] = query(
        "select count(*) from hospital_b.patients where Updated_Date < '2024-10-01'"
    )
    assert 0.05 < both / existing < 0.25


def test_code_sets_differ(query: Query) -> None:
    a = query("select distinct Gender from hospital_a.patients order by 1")
    b = query("select distinct Gender from hospital_b.patients order by 1")
    assert a == [("Female",), ("Male",)]
    assert b == [("F",), ("M",)]


@pytest.mark.parametrize("system", SYSTEMS)
def test_time_runs_forward(system: str, query: Query) -> None:
    registered = "ModifiedDate" if system == "hospital_a" else "Updated_Date"
    [(bad,)] = query(
        f"""select count(*) from {system}.encounters as e
        join {system}.patients as p on p.{PATIENT_ID[system]} = e.PatientID
        where p.{registered} > e.InsertedDate or p.DOB >= e.EncounterDate
           or e.InsertedDate::date < e.EncounterDate"""
    )
    assert bad == 0
    [(bad,)] = query(
        f"""select count(*) from {system}.transactions as t
        join {system}.encounters as e using (EncounterID)
        where t.ServiceDate <> e.EncounterDate or t.PaidDate < t.ServiceDate
           or t.InsertDate::date < t.PaidDate or t.InsertDate < e.InsertedDate
           or t.PatientID <> e.PatientID or t.ProviderID <> e.ProviderID"""
    )
    assert bad == 0
    [(latest,)] = query(f"select max(ModifiedDate)::date from {system}.transactions")
    assert latest <= THROUGH


@pytest.mark.parametrize("system", SYSTEMS)
def test_amounts_stand_in_the_column_of_their_type(system: str, query: Query) -> None:
    [(bad,)] = query(
        f"""select count(*) from {system}.transactions where case AmountType
            when 'Patient Payment'
                then not (PaidAmount > 0 and Amount is null and PaidDate is not null)
            else not (Amount > 0 and PaidAmount is null and PaidDate is null) end"""
    )
    assert bad == 0
    found = {name for (name,) in query(f"select distinct AmountType from {system}.transactions")}
    assert found <= {
        "Charge", "Patient Payment", "Denial Write-off", "Admin Write-off", "Small Balance",
        "Bad Debt", "Charity",
    }  # fmt: skip
    assert {"Charge", "Patient Payment", "Denial Write-off", "Bad Debt"} <= found


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_procedure_line_has_its_charge(system: str, query: Query) -> None:
    [(lines, charges, matched)] = query(
        f"""select (select count(*) from {system}.procedures),
            (select count(*) from {system}.transactions where AmountType = 'Charge'),
            (select count(*) from {system}.procedures as p join {system}.transactions as t
                on substr(p.ProcedureID, 3) = substr(t.TransactionID, 2)
                and p.EncounterID = t.EncounterID and p.ProcedureCode = t.ProcedureCode
                and p.ModifiedDate = t.ModifiedDate)"""
    )
    assert lines == charges == matched


def test_some_visits_have_two_claims(query: Query) -> None:
    [(visits, two)] = query(
        """select count(*), count(*) filter (where claims = 2) from (
            select EncounterID, count(distinct ClaimID) as claims from hospital_a.transactions
            group by all)"""
    )
    assert 0.02 < two / visits < 0.12
