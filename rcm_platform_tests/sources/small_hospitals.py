"""Hospital databases of a few rows, made by hand."""

from __future__ import annotations

from pathlib import Path

import duckdb

HOSPITAL_A = """
create table patients (PatientID varchar, FirstName varchar, LastName varchar, MiddleName varchar,
    SSN varchar, PhoneNumber varchar, Gender varchar, DOB date, Address varchar,
    ModifiedDate timestamp);
create table providers (ProviderID varchar, FirstName varchar, LastName varchar,
    Specialization varchar, DeptID varchar, NPI varchar);
create table departments (DeptID varchar, Name varchar);
create table encounters (EncounterID varchar, PatientID varchar, EncounterDate date,
    EncounterType varchar, ProviderID varchar, DepartmentID varchar, ProcedureCode varchar,
    InsertedDate timestamp, ModifiedDate timestamp);
create table procedures (ProcedureID varchar, EncounterID varchar, ProcedureCode varchar,
    Modifiers varchar, Units integer, WorkRVU decimal(9, 2), ModifiedDate timestamp);
create table transactions (TransactionID varchar, EncounterID varchar, PatientID varchar,
    ProviderID varchar, DeptID varchar, VisitDate date, ServiceDate date, PaidDate date,
    VisitType varchar, Amount decimal(18, 2), AmountType varchar, PaidAmount decimal(18, 2),
    ClaimID varchar, PayorID varchar, ProcedureCode varchar, ICDCode varchar,
    LineOfBusiness varchar, MedicaidID varchar, MedicareID varchar, InsertDate timestamp,
    ModifiedDate timestamp);
insert into patients values
    ('P1', 'Ada', 'Byron', null, '900-00-0001', null, 'Female', '1980-12-10', '1 A St',
        '2025-03-01 08:00'),
    ('P2', 'Alan', 'Reed', 'M', '900-00-0002', null, 'Male', '1990-06-23', '2 B St',
        '2025-03-02 09:00');
insert into providers values ('D1', 'Grace', 'Hale', 'Cardiology', 'DEP1', '1234567893');
insert into departments values ('DEP1', 'Cardiology');
insert into encounters values
    ('E1', 'P1', '2025-03-01', 'Office', 'D1', 'DEP1', '99213', '2025-03-01 10:00',
        '2025-03-01 10:00');
insert into procedures values ('PR1', 'E1', '99213', '25', 1, 1.30, '2025-03-01 10:30');
insert into transactions values
    ('T1', 'E1', 'P1', 'D1', 'DEP1', '2025-03-01', '2025-03-01', null, 'Office', 150.00, 'Charge',
        null, 'C1', 'PAY1', '99213', 'I10', 'Commercial', null, null, '2025-03-02', '2025-03-02'),
    ('T2', 'E1', 'P1', 'D1', 'DEP1', '2025-03-01', '2025-03-01', '2025-03-03', 'Office', null,
        'Patient Payment', 20.00, 'C1', 'PAY1', '99213', 'I10', 'Commercial', null, null,
        '2025-03-03', '2025-03-03 17:00');
"""

HOSPITAL_B = """
alter table patients rename PatientID to ID;
alter table patients rename FirstName to F_Name;
alter table patients rename LastName to L_Name;
alter table patients rename MiddleName to M_Name;
alter table patients rename ModifiedDate to Updated_Date;
"""


def create_hospital(path: Path, *, is_b: bool = False) -> str:
    """A database with two patients, one visit and two transactions; returns its URL."""
    change(path, HOSPITAL_A + (HOSPITAL_B if is_b else ""))
    return str(path)


def change(path: Path | str, sql: str) -> None:
    """What the hospital's own staff and software do to it."""
    with duckdb.connect(str(path)) as con:
        con.execute(sql)
