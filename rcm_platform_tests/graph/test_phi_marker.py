"""A patient whom nobody could mistake goes through the whole platform: she stands in the data, and
in nothing that is said about it."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import dagster as dg
import duckdb
import pytest

from rcm_platform.automation.alert_sensors import alert_sensors
from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import RunCli
from rcm_platform_tests.support import x12_samples as x12
from rcm_platform_tests.support.small_hospitals import change, create_hospital

pytestmark = pytest.mark.prove

FIRST, LAST = "Zebulonia", "Quixworth"
MARKER = {
    "first name": FIRST,
    "last name": LAST,
    "SSN": "912-83-7465",
    "SSN, digits alone": "912837465",
    "phone": "555-0199-8837",
    "address": "4711 Marker Mews",
    "medical record number": "MRNZQ90417",
    "member number": "MEMZQ55213",
}
"""What tells who she is; no other data holds any of it."""

HOSPITAL = """
alter table patients alter DOB type varchar;
alter table transactions alter Amount type varchar;
insert into patients values
    ('MRNZQ90417{suffix}', 'Zebulonia', 'Quixworth', null, '912-83-7465', '555-0199-8837',
        'Female', '1931-11-23', '4711 Marker Mews', '2025-03-01 08:30'),
    -- a birth date that is a name, and a number that is used twice: both rows are held
    ('MRNZQ90417{suffix}X', 'Zebulonia', 'Quixworth', null, '912-83-7465', '555-0199-8837',
        'Female', 'Quixworth', '4711 Marker Mews', '2025-03-01 08:31'),
    ('MRNZQ90417{suffix}', 'Zebulonia', 'Quixworth', null, '912-83-7465', '555-0199-8837',
        'Female', '1931-11-23', '4711 Marker Mews', '2025-03-01 08:32');
insert into encounters values
    ('E7', 'MRNZQ90417{suffix}', '2025-03-01', 'Office', 'D1', 'DEP1', '99213',
        '2025-03-01 10:00', '2025-03-01 10:00');
insert into transactions values
    ('T7', 'E7', 'MRNZQ90417{suffix}', 'D1', 'DEP1', '2025-03-01', '2025-03-01', null, 'Office',
        '200.00', 'Charge', null, 'ACCT1', 'PAY1', '99213', 'I10', 'Commercial', null,
        'MEMZQ55213', '2025-03-02', '2025-03-02'),
    ('T8', 'E7', 'MRNZQ90417{suffix}', 'D1', 'DEP1', '2025-03-01', '2025-03-01', null, 'Office',
        'Quixworth', 'Charge', null, 'ACCT1', 'PAY1', '99213', 'I10', 'Commercial', null,
        null, '2025-03-02', '2025-03-02');
"""
EXPORT_HEADER = (
    "ClaimID,TransactionID,PatientID,EncounterID,ProviderID,DeptID,ServiceDate,ClaimDate,"
    "PayorID,ClaimAmount,PaidAmount,ClaimStatus,PayorType,Deductible,Coinsurance,Copay,"
    "InsertDate,ModifiedDate\n"
)
EXPORT_ROW = (
    "ACCT1,T7,MRNZQ90417,E7,D1,DEP1,2025-03-01,2025-03-02,PAY1,{amount},0.00,PENDING,Commercial,"
    "0.00,0.00,,2025-03-02,2025-03-02\n"
)


def about_her(body: Sequence[str]) -> list[str]:
    """The body of a transaction, whose patient is now the marked one."""
    found = []
    for segment in body:
        found.append(segment.replace("DOE*JANE****MI*M123", f"{LAST}*{FIRST}****MI*MEMZQ55213"))
        if segment.startswith("NM1*IL"):
            found += ["N3*4711 Marker Mews", "N4*SPRINGFIELD*IL*62701"]
        if segment.startswith("DMG"):
            found.append("REF*SY*912837465")
    return found


def remit_about_her(number: str, paid: str = "120", **fields: Any) -> list[str]:
    """A payment for one claim of hers, with a trace number of its own."""
    body = about_her(x12.remit(x12.remit_claim(number, **fields), paid=paid))
    return [segment.replace("TRACE1", f"TRACE{number}") for segment in body]


def x12_file(number: int, code: str, body: Sequence[str]) -> bytes:
    return x12.interchange(x12.group(x12.transaction(code, body), code=code), number=number)


def x12_files() -> dict[str, bytes]:
    """Sound files, and files that are wrong in what is said of her."""
    claim, answer = about_her(x12.submitted()), about_her(x12.acknowledged())
    remit = remit_about_her("ACCT1")
    return {
        "claim.837": x12_file(1, "837", claim),
        "answer.277": x12_file(2, "277", answer),
        "remit.835": x12_file(3, "835", remit),
        # held, each by another rule
        "unbalanced.835": x12_file(4, "835", remit_about_her("ACCT2", paid="150")),
        "unbalanced_claim.835": x12_file(
            5, "835", remit_about_her("ACCT3", claim_adjustments="CAS*PR*1*30")
        ),
        "amount.835": x12_file(6, "835", remit_about_her("ACCT4", paid=LAST)),
        "charge.837": x12_file(7, "837", [s.replace("*200*", f"*{LAST}*") for s in claim]),
        "level.837": x12_file(8, "837", [s.replace("HL*2*1", f"HL*{LAST}*1") for s in claim]),
        "no_level.837": x12_file(9, "837", [*claim, f"HL*3*2*{LAST}*0"]),
        "answer_amount.277": x12_file(10, "277", [s.replace("*200", f"*{LAST}") for s in answer]),
        "cut.835": x12_file(11, "835", remit_about_her("ACCT5"))[:-90],
        "nested.835": x12_file(12, "835", [*remit_about_her("ACCT6"), f"ST*{FIRST}*{LAST}"]),
        "stray.835": x12_file(13, "835", [*remit_about_her("ACCT7"), f"ZZZ*{FIRST}*{LAST}"]),
        "notes.txt": f"call {FIRST} {LAST}, 555-0199-8837, SSN 912-83-7465".encode(),
    }


def export_files() -> dict[str, bytes]:
    """Billing exports with bad rows, without a header, in another encoding."""
    row, odd = EXPORT_ROW.format(amount="200.00"), EXPORT_ROW.format(amount=LAST)
    return {
        "claims_20250302.csv": (EXPORT_HEADER + row + odd.replace("T7", "T8")).encode(),
        "claims_20250303.csv": (row + row.replace("T7", f"{FIRST} {LAST}")).encode(),
        "claims_20250304.csv": EXPORT_HEADER.encode() + b"\xe9 " + row.encode(),
        "claims_20250305.csv": (EXPORT_HEADER + f"{FIRST},{LAST},MRNZQ90417\n").encode(),
    }


def plant(folder: Path) -> dict[str, object]:
    """Sources that hold her, outside of RCM_HOME; the settings that name them."""
    folder.mkdir()
    urls: dict[str, object] = {}
    for name in ("a", "b"):
        database = folder / f"{name}.duckdb"
        urls[f"hospital_{name}_url"] = create_hospital(database, is_b=name == "b")
        change(database, HOSPITAL.format(suffix=name.upper()))
    for under, files in (("x12", x12_files()), ("exports/hospital_a", export_files())):
        (folder / under).mkdir(parents=True)
        for name, content in files.items():
            (folder / under / name).write_bytes(content)
    return {"x12_dir": folder / "x12", "claims_csv_dir": folder / "exports", **urls}


@dataclass(frozen=True)
class Ran:
    """One `rcm run` over her data."""

    settings: Settings
    exit_code: int
    output: str

    def places(self) -> dict[str, set[str]]:
        """File below RCM_HOME → what it tells of her, for those that tell anything."""
        files = [path for path in self.settings.home.rglob("*") if path.is_file()]
        assert len(files) > 100
        found = {str(path.relative_to(self.settings.home)): told(path) for path in files}
        return {file: marks for file, marks in found.items() if marks}

    def leaks(self) -> dict[str, set[str]]:
        """The same, of what may not name a patient, and of what the command said."""
        found = {f: marks for f, marks in self.places().items() if not may_name_patients(f)}
        if marks := marks_in(self.output):
            found["the output of the command"] = marks
        return found


def run(rcm: RunCli, home: Path, **settings: object) -> Ran:
    home.mkdir()
    done = rcm("run", home=home, world="off", **settings)
    return Ran(Settings(home=home, world=False), done.returncode, done.stdout + done.stderr)


def may_name_patients(file: str) -> bool:
    """The lake with what it holds back, the linkage, the warehouse, and what is published for those
    who work with patients."""
    parts = PurePath(file).parts
    return parts[0] == "own" and (
        parts[1] in ("lake", "persons", "warehouse")
        or (parts[1] == "published" and parts[3:4] in [("operations.duckdb",), ("exports",)])
    )


def marks_in(text: str) -> set[str]:
    lower = text.lower()
    return {what for what, mark in MARKER.items() if mark.lower() in lower}


def told(path: Path) -> set[str]:
    """What a file tells of her: its bytes, and what is packed in it."""
    marks = {m for text in packed(path) for m in marks_in(text)}
    return marks | marks_in(path.read_bytes().decode("latin-1"))


def packed(path: Path) -> Iterator[str]:
    """What the bytes of a file do not show, as text."""
    if path.suffix == ".gz":
        yield gzip.decompress(path.read_bytes()).decode("latin-1")
    elif path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as con:
            for schema, table in con.execute(
                "select schema_name, table_name from duckdb_tables()"
            ).fetchall():
                yield rows(con, f'"{schema}"."{table}"')
    elif path.suffix == ".parquet":
        with duckdb.connect() as con:
            yield rows(con, f"read_parquet('{path}')")
    elif path.read_bytes().startswith(b"SQLite format 3"):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as lite:
            for (table,) in lite.execute("select name from sqlite_master where type = 'table'"):
                yield str(lite.execute(f'select * from "{table}"').fetchall())


def rows(con: duckdb.DuckDBPyConnection, relation: str) -> str:
    return str(con.execute(f"select columns(*)::varchar from {relation}").fetchall())


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return plant(tmp_path_factory.mktemp("marked") / "sources")


@pytest.fixture(scope="module")
def ran(rcm: RunCli, sources: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return run(rcm, tmp_path_factory.mktemp("marked") / "home", **sources)


def test_she_is_in_the_data_from_raw_to_published(ran: Ran) -> None:
    """Else it would prove nothing that she is nowhere else."""
    assert ran.exit_code == 0, ran.output
    places = ran.places()
    everything = set(MARKER)
    in_lake = {file for file in places if file.startswith("own/lake/")}
    assert set.union(*(places[file] for file in in_lake)) == everything
    assert any("/_kept/" in file for file in in_lake)
    assert places["own/warehouse/rcm.duckdb"] == everything
    version = versions.current(ran.settings.published_dir)
    assert version
    folder = f"own/published/{version.version}"
    assert {"first name", "last name", "medical record number"} <= places[
        f"{folder}/operations.duckdb"
    ]
    assert any(file.startswith(f"{folder}/exports/") for file in places)
    assert any(file.startswith("own/persons/") for file in places)


def test_what_is_wrong_about_her_is_held(ran: Ran) -> None:
    with duckdb.connect() as con:
        held = con.execute(
            f"select rule_id, source_file, content::varchar "
            f"from '{ran.settings.lake_dir}/platform/quarantine/*/*.parquet'"
        ).fetchall()
    of_her = {(rule, file) for rule, file, content in held if marks_in(content)}
    assert {rule for rule, _ in of_her} >= {"B2", "B3", "E1", "E6", "E12", "T1", "T2", "T3", "T4"}
    wrong = set(x12_files()) - {"claim.837", "answer.277", "remit.835", "stray.835"}
    assert wrong <= {file for _, file in of_her}
    assert {"patients", "transactions"} <= {file for _, file in of_her}
    assert len([file for _, file in of_her if file.endswith(".csv")]) == len(export_files())


def test_she_is_nowhere_else(ran: Ran) -> None:
    """Not in Dagster's storage, dbt's folder, any log, the report or the screen; nor in what is
    published for those who may not know who a patient is."""
    assert ran.leaks() == {}


def alert(ran: Ran, hook: tuple[list[dict[str, Any]], str]) -> str:
    """What everyone is told of the failed run, as the sensor of the daemon does."""
    posts, url = hook
    settings = ran.settings.model_copy(update={"alert_webhook_url": url, "alert_slack_url": url})
    sensor = next(s for s in alert_sensors(settings) if s.name == "alert_on_failure")
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        (last,) = instance.get_runs()
        failure = instance.all_logs(last.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)[-1]
        assert failure.dagster_event
        context = dg.build_run_status_sensor_context(
            sensor_name=sensor.name,
            dagster_instance=instance,
            dagster_run=last,
            dagster_event=failure.dagster_event,
        ).for_run_failure()
        sensor(context)
    assert len(posts) == 2
    return str(posts)


def test_a_bank_that_lacks_her_money_does_not_name_her(
    rcm: RunCli, sources: dict[str, object], tmp_path: Path
) -> None:
    bank = tmp_path / "bank"
    bank.mkdir()
    # the bank has received something, but not the payment for her claim
    (bank / "bank_deposits_20250403.csv").write_text(
        "deposit_id,deposit_date,hospital,payer_name,trace_number,amount\n"
        "B1,2025-04-03,HOSP_A,Payer One,TRN1,100.25\n"
    )
    ran = run(rcm, tmp_path / "home", treasury_dir=bank, **sources)
    assert ran.exit_code == 0, ran.output
    with duckdb.connect(str(ran.settings.warehouse_path), read_only=True) as con:
        found = con.execute(
            "select distinct rule_id from marts.mart_data_exceptions where rule_id = 'R2'"
        ).fetchall()
    assert found == [("R2",)]
    assert ran.leaks() == {}


def test_a_failed_model_and_a_failed_test_do_not_name_her(
    rcm: RunCli,
    sources: dict[str, object],
    tmp_path: Path,
    hook: tuple[list[dict[str, Any]], str],
) -> None:
    project = tmp_path / "dbt"
    shutil.copytree(Settings().project_dir, project)
    models, tests = project / "models" / "intermediate" / "conformed", project / "tests"
    (models / "int_person__broken.sql").write_text(
        "select cast(patient_last_name as integer) as n from {{ ref('stg_x12__remit_claims') }}"
    )
    (tests / "nobody_is_female.sql").write_text(
        "select * from {{ ref('stg_hospital__patients') }} where lower(gender) = 'female'"
    )
    ran = run(rcm, tmp_path / "home", dbt_project_dir=project, **sources)
    assert ran.exit_code == 1, ran.output
    said = " ".join(ran.output.split())
    assert "to INT32 when casting from source column patient_last_name" in said
    assert "nobody_is_female" in said
    assert versions.current(ran.settings.published_dir) is None
    assert marks_in(alert(ran, hook)) == set()
    assert ran.leaks() == {}
    assert not [path for path in project.rglob("*") if path.is_file() and told(path)]
