"""What a look at one's own sources says before anything is loaded."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml

from rcm_platform.ingest import source_check
from rcm_platform.ingest.source_check import SourceCheck
from rcm_platform.settings import Settings
from rcm_platform.sources import attached, hospital_ddl, synthea
from rcm_platform.sources.hospitals import Hospital
from rcm_platform_tests.conftest import RunCli
from rcm_platform_tests.documents import hospital_layout

SECRET = "Quixote"
"""A name in the data that nothing may show."""


@pytest.fixture
def other_names(tmp_path: Path) -> Path:
    """A hospital whose patients have names of columns of their own, and no table of visits."""
    path = tmp_path / "other.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(f"""
            create table patients as select 1 as mrn, '{SECRET}' as given_name, 'Don' as
                family_name, '' as middle_name, '' as ssn, '' as phone, 'M' as sex,
                date '1960-01-01' as birth_date, '' as address, now()::timestamp as updated_at;
            create table departments as select 'D1' as deptid, 'Ward' as name;
            create table visits as select 1 as visitid;
        """)
    return path


def checked(path: Path) -> SourceCheck:
    return source_check.check_database(Hospital("hospital_c", "hospital C"), str(path))


def test_columns_of_other_names_are_suggested(other_names: Path) -> None:
    [patients] = [table for table in checked(other_names).tables if table.name == "patients"]
    assert patients.rows == 1
    assert patients.suggested == {
        "patientid": "mrn",
        "firstname": "given_name",
        "lastname": "family_name",
        "middlename": "middle_name",
        "phonenumber": "phone",
        "gender": "sex",
        "dob": "birth_date",
        "modifieddate": "updated_at",
    }
    assert not patients.is_loaded


def test_a_view_that_fails_is_named_beside_what_can_be_read(
    other_names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attached, "RETRY_WAITS", ())
    with duckdb.connect(str(other_names)) as con:
        con.execute("create table gone as select 1; create view providers as from gone")
        con.execute("drop table gone")
    found = checked(other_names)
    assert "providers cannot be read" in " ".join(found.steps)
    assert SECRET not in " ".join(found.steps)
    assert {table.name for table in found.tables if table.is_loaded} == {"departments"}


def test_the_tables_of_the_only_other_schema_are_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "c.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create schema emr; create table emr.departments as select 1 as deptid")
    found = {table.name: table for table in checked(path).tables}
    assert (found["departments"].rows, found["departments"].missing) == (1, ("name",))


def test_usual_names_of_columns_count_where_the_own_ones_are_absent(tmp_path: Path) -> None:
    path = tmp_path / "b.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create table departments as select 1 as deptid, 'Ward' as name")
    hospital = Hospital("hospital_c", "C", {"departments": {"deptid": "ward_no"}})
    [found] = [
        table
        for table in source_check.check_database(hospital, str(path)).tables
        if table.name == "departments"
    ]
    assert found.is_loaded


def test_what_is_absent_says_what_stays_empty(other_names: Path) -> None:
    found = checked(other_names)
    said = " ".join(found.steps)
    assert not found.is_good
    assert "encounters (visits may be it)" in said
    assert len(found.steps) <= source_check.STEPS
    assert {table.name for table in found.tables if table.is_loaded} == {"departments"}
    assert found.unread == ["visits"]


def test_a_scaffold_is_a_block_that_the_project_reads(other_names: Path, cli: RunCli) -> None:
    done = cli("sources", "scaffold", str(other_names), "--name", "hospital_c")
    assert done.returncode == 0, done.stderr
    block = yaml.safe_load(done.stdout.partition("\nRCM_")[0])["vars"]["hospitals"]["hospital_c"]
    assert block["columns"]["patients"]["patientid"] == "mrn"
    assert f"RCM_HOSPITAL_C_URL={other_names}" in done.stdout


def test_nothing_is_written_and_no_value_is_shown(
    other_names: Path, tmp_path: Path, rcm: RunCli
) -> None:
    home, folder = tmp_path / "home", tmp_path / "treasury"
    home.mkdir()
    folder.mkdir()
    (folder / "bank_deposits_20250102.csv").write_text(
        "deposit_id,deposit_date,hospital,payer_name,trace_number,amount\n"
        f"D1,2025-01-02,HOSP_A,{SECRET},T1,12.50\n"
        f"D2,2025-01-02,HOSP_A,{SECRET},T2,{SECRET}\n"
    )
    done = rcm(
        "sources", "check", "--columns",
        home=home, world="off", hospital_a_url=other_names, treasury_dir=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "birth_date date" in " ".join(done.stdout.split())
    assert "T3" in done.stdout, "the row whose amount is no number would be held"
    assert "RCM_X12_DIR" in done.stdout
    assert SECRET not in done.stdout
    assert list(home.iterdir()) == []


def test_what_would_be_held_is_said_before_what_is_only_odd(tmp_path: Path) -> None:
    tables = ["conditions", "patients", "payers", "procedures", "providers", "organizations"]
    for table in tables:
        names = [c.name for c in synthea.LAYOUTS[table].columns if c.required]
        (tmp_path / f"{table}.csv").write_text(",".join(names) + "\n")
    (tmp_path / "claims.csv").write_text("id,PATIENT_ID\n1,2\n")
    [found] = source_check.check(Settings(home=tmp_path / "h", world=False, synthea_dir=tmp_path))
    assert "claims.csv" in found.steps[0] and "T2" in found.steps[0]


def test_a_source_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, world=False, hospital_a_url=str(tmp_path / "gone.duckdb"))
    [found] = source_check.check(settings)
    assert "no such database file" in found.problem
    assert found.steps == [found.problem]


def test_the_layout_makes_a_database_that_can_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "made.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(hospital_ddl.ddl("mysql"))
    assert all(table.is_loaded for table in checked(path).tables)


def test_the_page_about_hospital_databases_is_up_to_date() -> None:
    page = hospital_layout.PAGE.read_text()
    new = hospital_layout.tables(Settings().project_dir)
    assert page == hospital_layout.updated(page, new), "run `make glossary`"
