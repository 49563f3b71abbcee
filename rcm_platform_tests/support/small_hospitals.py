"""Hospital databases of a few rows, made by hand."""

from __future__ import annotations

from pathlib import Path

import duckdb

from rcm_platform.settings import Settings
from rcm_platform.sources.hospitals import hospitals

KNOWN = hospitals(Settings())
"""The hospitals of the project, by source system."""

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
create table encounter_status (EncounterID varchar, DischargeDate date,
    DocumentationStatus varchar, SignedDate date, CodedDate date, ModifiedDate timestamp);
create table diagnoses (DiagnosisID varchar, EncounterID varchar, ICDCode varchar,
    Sequence integer, ModifiedDate timestamp);
create table appointments (AppointmentID varchar, PatientID varchar, ProviderID varchar,
    DeptID varchar, BookedDate date, ScheduledDate date, VisitType varchar, Status varchar,
    EncounterID varchar, ModifiedDate timestamp);
create table eligibility_checks (CheckID varchar, PatientID varchar, EncounterID varchar,
    AppointmentID varchar, PayorID varchar, CheckDate date, Status varchar,
    ModifiedDate timestamp);
create table authorizations (AuthID varchar, PatientID varchar, EncounterID varchar,
    PayorID varchar, ProcedureCode varchar, RequestedDate date, DecisionDate date,
    Status varchar, AuthNumber varchar, ModifiedDate timestamp);
create table staff (StaffID varchar, FirstName varchar, LastName varchar, Role varchar,
    HiredDate date);
create table work_log (WorkID varchar, StaffID varchar, WorkDate date, Activity varchar,
    EncounterID varchar, ClaimID varchar, Minutes integer, ModifiedDate timestamp);
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
insert into encounter_status values
    ('E1', '2025-03-01', 'Signed', '2025-03-01', '2025-03-02', '2025-03-02 07:00');
insert into diagnoses values ('DX1', 'E1', 'I10', 1, '2025-03-02 07:00');
insert into appointments values
    ('AP1', 'P1', 'D1', 'DEP1', '2025-02-20', '2025-03-01', 'Office', 'Completed', 'E1',
        '2025-03-01 10:00'),
    ('AP2', 'P2', 'D1', 'DEP1', '2025-02-21', '2025-03-01', 'Office', 'No Show', null,
        '2025-03-01 18:00');
insert into eligibility_checks values
    ('CK1', 'P1', 'E1', 'AP1', 'PAY1', '2025-02-28', 'Active', '2025-02-28 06:00');
insert into authorizations values
    ('AU1', 'P1', 'E1', 'PAY1', '99213', '2025-02-21', '2025-02-24', 'Approved', 'A-77',
        '2025-02-24 12:00');
insert into staff values ('S1', 'Kit', 'Moss', 'Coder', '2019-05-06');
insert into work_log values
    ('W1', 'S1', '2025-03-02', 'Coding', 'E1', null, 12, '2025-03-02 07:00');
"""

HOSPITAL_B = """
alter table patients rename PatientID to ID;
alter table patients rename FirstName to F_Name;
alter table patients rename LastName to L_Name;
alter table patients rename MiddleName to M_Name;
alter table patients rename ModifiedDate to Updated_Date;
"""


def create_hospital(path: Path, *, is_b: bool = False) -> str:
    """A database with two patients, one visit and what belongs to it; returns its URL."""
    change(path, HOSPITAL_A + (HOSPITAL_B if is_b else ""))
    return str(path)


def change(path: Path | str, sql: str) -> None:
    """What the hospital's own staff and software do to it."""
    with duckdb.connect(str(path)) as con:
        con.execute(sql)
