"""The hospitals' databases are coherent where those of the reference system were not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from rcm_platform.world.feeds.databases import drifting_charges, drifting_postings, write_database
from rcm_platform.world.happened.kinds import TRANSACTION_KINDS
from rcm_platform.world.model import World
from rcm_platform_tests.support.tiny_world import THROUGH, Query

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
        ("encounter_status", "EncounterID", "encounters", "EncounterID"),
        ("diagnoses", "EncounterID", "encounters", "EncounterID"),
        ("appointments", "PatientID", "patients", None),
        ("appointments", "ProviderID", "providers", "ProviderID"),
        ("appointments", "DeptID", "departments", "DeptID"),
        ("eligibility_checks", "PatientID", "patients", None),
        ("authorizations", "PatientID", "patients", None),
        ("authorizations", "EncounterID", "encounters", "EncounterID"),
        ("work_log", "StaffID", "staff", "StaffID"),
        ("work_log", "EncounterID", "encounters", "EncounterID"),
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
def test_what_may_be_absent_names_a_row_where_it_is_not(system: str, query: Query) -> None:
    for child, column, parent in (
        ("appointments", "EncounterID", "encounters"),
        ("eligibility_checks", "EncounterID", "encounters"),
        ("eligibility_checks", "AppointmentID", "appointments"),
        ("work_log", "ClaimID", "transactions"),
    ):
        orphans = query(
            f"select count(*) from {system}.{child} where {column} is not null "
            f"and {column} not in (select {column} from {system}.{parent})"
        )
        assert orphans == [(0,)], child


@pytest.mark.parametrize("system", SYSTEMS)
def test_keys_are_unique(system: str, query: Query) -> None:
    keys = {
        "patients": PATIENT_ID[system], "providers": "ProviderID", "departments": "DeptID",
        "encounters": "EncounterID", "procedures": "ProcedureID", "transactions": "TransactionID",
        "encounter_status": "EncounterID", "diagnoses": "DiagnosisID", "staff": "StaffID",
        "appointments": "AppointmentID", "eligibility_checks": "CheckID",
        "authorizations": "AuthID", "work_log": "WorkID",
    }  # fmt: skip
    for table, key in keys.items():
        [(rows, distinct)] = query(f"select count(*), count(distinct {key}) from {system}.{table}")
        assert rows == distinct > 0, table


def test_hospital_a_keeps_what_its_patient_records_were(query: Query) -> None:
    columns = "PatientID, FirstName, LastName, PhoneNumber, Address, ModifiedDate"
    [(states, records)] = query(
        "select count(*), count(distinct PatientID) from hospital_a.patient_history"
    )
    assert states > records == query("select count(*) from hospital_a.patients")[0][0]
    latest = f"""select {columns} from hospital_a.patient_history
        qualify row_number() over (partition by PatientID order by ModifiedDate desc) = 1"""
    assert query(f"{latest} except from (select {columns} from hospital_a.patients)") == []
    tables = query("select table_name from duckdb_tables() where database_name = 'hospital_b'")
    assert ("patients",) in tables
    assert ("patient_history",) not in tables


def test_staff_counts_and_npis(query: Query) -> None:
    assert query("select count(*) from hospital_a.providers") == [(20,)]
    assert query("select count(*) from hospital_b.providers") == [(21,)]
    npis = [npi for system in SYSTEMS for (npi,) in query(f"select NPI from {system}.providers")]
    assert len(set(npis)) == 41
    assert all(passes_luhn(npi) and len(npi) == 10 for npi in npis)
    for system in SYSTEMS:
        assert query(f"select count(*) from {system}.departments") == [(21,)]


def test_patient_numbers_collide_and_mean_different_people(query: Query) -> None:
    [(shared, same_person)] = query(
        "select count(*), count(*) filter (where a.SSN = b.SSN) "
        "from hospital_a.patients as a join hospital_b.patients as b on a.PatientID = b.ID"
    )
    assert shared > 100
    assert same_person == 0


def test_some_people_are_patients_of_both_hospitals(query: Query) -> None:
    [(both, alike)] = query(
        """select count(*), count(*) filter (where a.DOB = b.DOB and upper(a.LastName) = b.L_Name)
        from hospital_a.patients as a join hospital_b.patients as b on a.SSN = b.SSN"""
    )
    [(all_b,)] = query("select count(*) from hospital_b.patients")
    # fifteen per cent, less those without a number in one of the records or a wrong one
    assert 0.04 < both / all_b < 0.16
    assert 0.5 < alike / both <= 1


def test_code_sets_differ(query: Query) -> None:
    a = query("select distinct Gender from hospital_a.patients order by 1")
    b = query("select distinct Gender from hospital_b.patients order by 1")
    assert a == [("Female",), ("Male",)]
    assert b == [("F",), ("M",)]


@pytest.mark.parametrize("system", SYSTEMS)
def test_time_runs_forward(system: str, query: Query) -> None:
    [(bad,)] = query(
        f"""select count(*) from {system}.encounters as e
        join {system}.patients as p on p.{PATIENT_ID[system]} = e.PatientID
        where p.DOB >= e.EncounterDate or e.InsertedDate::date < e.EncounterDate"""
    )
    assert bad == 0
    [(bad,)] = query(
        f"""select count(*) from {system}.transactions as t
        join {system}.encounters as e using (EncounterID)
        where t.ServiceDate <> e.EncounterDate or t.PaidDate < t.ServiceDate
           or t.InsertDate::date < t.PaidDate
           or (t.InsertDate < e.InsertedDate and e.InsertedDate::date = e.EncounterDate)
           or t.PatientID <> e.PatientID or t.ProviderID <> e.ProviderID"""
    )
    assert bad == 0
    [(latest,)] = query(f"select max(ModifiedDate)::date from {system}.transactions")
    assert latest <= THROUGH


@pytest.mark.parametrize("system", SYSTEMS)
def test_amounts_stand_in_the_column_of_their_type(system: str, query: Query) -> None:
    [(bad,)] = query(
        f"""select count(*) from {system}.transactions where not case lower(AmountType)
            when 'patient payment'
                then PaidAmount > 0 and Amount is null and PaidDate is not null
            when 'refund' then PaidAmount < 0 and Amount is null and PaidDate is not null
            when 'charge correction' then Amount < 0 and PaidAmount is null and PaidDate is null
            else Amount > 0 and PaidAmount is null and PaidDate is null end"""
    )
    assert bad == 0
    found = {
        name for (name,) in query(f"select distinct lower(AmountType) from {system}.transactions")
    }
    assert found <= {name.lower() for name in ("Charge", *TRANSACTION_KINDS)}
    assert {"charge", "patient payment", "denial write-off", "bad debt"} <= found


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_procedure_line_has_its_charge(system: str, query: Query) -> None:
    [(lines, known, matched)] = query(
        f"""select (select count(*) from {system}.procedures),
            (select count(*) from {system}.transactions as t join {system}.procedures as p
                on substr(p.ProcedureID, 3) = substr(t.TransactionID, 2)
                where lower(AmountType) = 'charge'),
            (select count(*) from {system}.procedures as p join {system}.transactions as t
                on substr(p.ProcedureID, 3) = substr(t.TransactionID, 2)
                and p.EncounterID = t.EncounterID and p.ProcedureCode = t.ProcedureCode
                and p.ModifiedDate = t.ModifiedDate)"""
    )
    # a late charge is posted when its procedure has long been known
    assert 0.99 * lines < matched <= known <= lines
    [(charges,)] = query(
        f"select count(*) from {system}.transactions where lower(AmountType) = 'charge'"
    )
    assert charges == known


def test_some_office_visits_have_two_claims_and_stays_have_those_of_facility_and_clinician(
    query: Query,
) -> None:
    kinds = query(
        """select EncounterType, count(*), count(*) filter (where claims = 2) from (
            select EncounterID, count(distinct ClaimID) as claims from hospital_a.transactions
            group by all) inner join hospital_a.encounters using (EncounterID) group by all"""
    )
    share = {kind: two / visits for kind, visits, two in kinds}
    assert 0.01 < share["Office Visit"] < 0.12
    assert share["Inpatient"] > 0.9


def planted_world(faults: str) -> World:
    start, through = date(2025, 1, 1), date(2025, 3, 16)
    return World(seed=7, size="tiny", start=start, through=through, faults=faults)


def write(world: World, folder: Path, *windows: tuple[int, int]) -> None:
    for hospital, system in enumerate(world.hospitals.source_systems):
        for first, last in windows:
            write_database(world, hospital, folder / f"{system}.duckdb", first, last)


def test_days_can_be_written_in_any_order_and_again(tmp_path: Path) -> None:
    world = planted_world("")
    cut, last = world.start_day + 25, world.through_day
    for name, windows in (
        ("whole", [(0, last)]),
        ("days", [(cut + 11, last), (0, cut), (cut + 1, cut + 10), (cut + 1, cut + 10)]),
    ):
        (tmp_path / name).mkdir()
        write(world, tmp_path / name, *windows)
    with duckdb.connect() as connection:
        for system in SYSTEMS:
            for name in ("whole", "days"):
                path = tmp_path / name / f"{system}.duckdb"
                connection.execute(f"attach '{path}' as {name} (read_only)")
            tables = connection.execute(
                "select table_name from duckdb_tables() where database_name = 'whole'"
            ).fetchall()
            assert len(tables) == (14 if system == "hospital_a" else 13)
            for (table,) in tables:
                one, other = (
                    connection.execute(f"from {name}.{table} order by all").fetchall()
                    for name in ("whole", "days")
                )
                assert one == other, table
                assert one, table
            for name in ("whole", "days"):
                connection.execute(f"detach {name}")


def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = planted_world("")
    write(world, tmp_path, (0, world.start_day + 25))

    def die(*_: object) -> None:
        raise RuntimeError("no more work")

    with monkeypatch.context() as patch:
        patch.setattr("rcm_platform.world.feeds.staff.work_parts", die)
        with pytest.raises(RuntimeError, match="no more work"):
            write(world, tmp_path, (world.start_day + 26, world.through_day))
    with duckdb.connect(str(tmp_path / "hospital_a.duckdb")) as connection:
        found = connection.execute("select max(ModifiedDate)::date from transactions").fetchall()
    assert found[0][0] <= date(2025, 1, 26)


def test_types_drift_in_their_casing_where_planted(tmp_path: Path) -> None:
    world = planted_world("none,status_casing_drift=200000")
    write(world, tmp_path, (0, world.through_day))
    posted, lines = world.history.transactions, world.care.lines
    claims = world.care.claims
    shown = (
        drifting_charges(world) & (claims.coded_day[lines.claim] <= world.through_day),
        drifting_postings(world) & (posted.insert_day <= world.through_day),
    )
    seen = 0
    known = {"Charge", *TRANSACTION_KINDS}
    for system in SYSTEMS:
        with duckdb.connect(str(tmp_path / f"{system}.duckdb")) as connection:
            types = connection.execute("select AmountType from transactions").fetchall()
        odd = [name for (name,) in types if name not in known]
        assert {name.lower() for name in odd} <= {name.lower() for name in known}
        seen += len(odd)
    assert seen == sum(int(flags.sum()) for flags in shown) > 20


def test_evenings_of_the_second_hospital_are_stamped_with_the_next_day(tmp_path: Path) -> None:
    world = planted_world("none,timezone_day_shift=300000")
    write(world, tmp_path, (0, world.through_day))
    counts = []
    for system in SYSTEMS:
        with duckdb.connect(str(tmp_path / f"{system}.duckdb")) as connection:
            counts += connection.execute(
                "select count(*) filter (where ModifiedDate::date = EncounterDate + 1 "
                "and hour(ModifiedDate) < 8), count(*) filter (where ModifiedDate::date > "
                "EncounterDate) from encounters"
            ).fetchall()
    visits = world.care.encounters
    planted = world.shifted_encounters & (visits.day < world.through_day)
    assert counts == [(0, 0), (int(planted.sum()),) * 2]
    assert counts[1][0] > 10


def test_no_faults_are_there_when_none_are_wanted(tmp_path: Path) -> None:
    world = planted_world("none")
    write(world, tmp_path, (0, world.through_day))
    with duckdb.connect(str(tmp_path / "hospital_b.duckdb")) as connection:
        types = connection.execute("select distinct AmountType from transactions").fetchall()
        shifted = connection.execute(
            "select count(*) from encounters where ModifiedDate::date <> EncounterDate"
        ).fetchall()
    assert {name for (name,) in types} <= {"Charge", *TRANSACTION_KINDS}
    assert shifted == [(0,)]


def test_patient_ids_collide_only_where_planted(tmp_path: Path) -> None:
    world = planted_world("none")
    write(world, tmp_path, (0, world.through_day))
    with duckdb.connect(str(tmp_path / "hospital_b.duckdb")) as connection:
        ids = connection.execute("select distinct ID[1] from patients").fetchall()
    assert ids == [("Q",)]
