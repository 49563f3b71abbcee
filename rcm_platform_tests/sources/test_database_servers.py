"""Hospital databases on real servers: the same content from each kind, and nothing lost or halved
when a server or a reader dies."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest

from rcm_platform.lake import Lake
from rcm_platform.sources import attached, tabular
from rcm_platform.sources.base import SourceUnavailable
from rcm_platform.sources.database import OVERLAP, compare_hospital, load_hospital
from rcm_platform.sources.hospital_tables import layouts_of
from rcm_platform.world.feeds.databases import write_database
from rcm_platform.world.feeds.load import load
from rcm_platform.world.model import World
from rcm_platform_tests.support.servers import (
    DATABASE,
    PASSWORD,
    USER,
    Proxy,
    Server,
    ask,
    kind_of,
    mariadb,
    tell,
)
from rcm_platform_tests.support.servers import attached as attached_to
from rcm_platform_tests.support.small_hospitals import HOSPITAL_B, KNOWN, change, create_hospital

SERVERS = ["mysql_url", "postgres_url"]
CONTENT = "* exclude (_loaded_at, _batch_id)"


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attached, "RETRY_WAITS", (0.1, 0.2))


@pytest.fixture(params=SERVERS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The small hospital on a server."""
    url: str = request.getfixturevalue(request.param)
    return on_server(url, tmp_path)


@pytest.fixture
def mysql(mysql_url: str, tmp_path: Path) -> str:
    return on_server(mysql_url, tmp_path)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def on_server(url: str, folder: Path, sql: str = "", system: str = "hospital_a") -> str:
    path = folder / f"{system}.duckdb"
    path.unlink(missing_ok=True)
    create_hospital(path)
    change(path, sql)
    copy_to_server(folder, system, url)
    return url


def copy_to_server(folder: Path, system: str, url: str) -> None:
    """A hospital alone: what another one left there is gone."""
    for table in layouts_of(KNOWN[system]):
        tell(url, f"drop table if exists {table}")
    load(folder, system, url)


def tables(system: str = "hospital_a") -> list[tuple[str, str]]:
    own = [(system, table) for table in [*layouts_of(KNOWN[system]), "deleted_rows"]]
    return [*own, ("platform", "quarantine"), ("platform", "received_files")]


def content(lake: Lake, system: str = "hospital_a", columns: str = CONTENT) -> dict[str, list]:
    """Everything in a lake but when it was loaded."""
    with duckdb.connect() as con:
        return {
            table: con.execute(
                f"select {columns} from {lake.scan(feed, table)} order by all"
            ).fetchall()
            for feed, table in tables(system)
            if lake.has(feed, table)
        }


def query(lake: Lake, table: str, columns: str, source: str = "hospital_a") -> list[tuple]:
    with duckdb.connect() as con:
        return con.execute(
            f"select {columns} from {lake.scan(source, table)} order by all"
        ).fetchall()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two databases of some thousand rows, in which a few rows do not say when they changed."""
    folder = tmp_path_factory.mktemp("world")
    world = World(seed=5, size="tiny", start=date(2025, 1, 1), through=date(2025, 3, 31))
    for hospital, system in enumerate(world.hospitals.source_systems):
        path = folder / f"{system}.duckdb"
        write_database(world, hospital, path, 0, world.through_day)
        change(path, "update encounters set ModifiedDate = null where hash(EncounterID) % 10 = 0")
    return folder


class TestSameContent:
    @pytest.mark.parametrize("system", ["hospital_a", "hospital_b"])
    @pytest.mark.parametrize("server", SERVERS)
    def test_a_server_gives_what_the_file_gives(
        self,
        server: str,
        system: str,
        world: Path,
        tmp_path: Path,
        request: pytest.FixtureRequest,
    ) -> None:
        url: str = request.getfixturevalue(server)
        copy_to_server(world, system, url)
        ours, theirs = Lake(tmp_path / "file"), Lake(tmp_path / "server")
        summary = load_hospital(ours, KNOWN[system], str(world / f"{system}.duckdb"))
        assert load_hospital(theirs, KNOWN[system], url).rows == summary.rows
        assert content(theirs, system) == content(ours, system)
        assert len(content(ours, system)["quarantine"]) > 1
        assert sum(load_hospital(theirs, KNOWN[system], url).rows.values()) == 0

    def test_nothing_can_be_written(self, mysql: str, lake: Lake) -> None:
        tell(mysql, f"create or replace table {DATABASE}.untouched (a integer)")
        load_hospital(lake, KNOWN["hospital_a"], mysql)
        with duckdb.connect() as con:
            source = attached.AttachedDatabase(con, "hospital_a", mysql)
            for statement in (
                "insert into source_db.hospital.untouched values (1)",
                "drop table source_db.hospital.untouched",
                "call mysql_execute('source_db', 'drop table untouched')",
            ):
                with pytest.raises(SourceUnavailable, match="read-only"):
                    source.ask(statement)
        assert ask(mysql, "select count(*) from target.hospital.untouched") == [(0,)]


class TestReferenceLayout:
    """Tables and columns of a pipeline of two hospitals in MySQL, as its own DDL has them."""

    DDL = (
        "create table patients (ID varchar(50), F_Name varchar(100), L_Name varchar(100), "
        "M_Name varchar(100), SSN varchar(50), PhoneNumber varchar(50), Gender varchar(50), "
        "DOB date, Address varchar(255), ModifiedDate date)",
        "create table providers (ProviderID varchar(50), FirstName varchar(50), "
        "LastName varchar(50), Specialization varchar(50), DeptID varchar(50), NPI bigint)",
        "create table departments (DeptID varchar(50), Name varchar(50))",
        "create table encounters (EncounterID varchar(50), PatientID varchar(50), "
        "EncounterDate date, EncounterType varchar(50), ProviderID varchar(50), "
        "DepartmentID varchar(50), ProcedureCode integer, InsertedDate date, ModifiedDate date)",
        "create table transactions (TransactionID varchar(50), EncounterID varchar(50), "
        "PatientID varchar(50), ProviderID varchar(50), DeptID varchar(50), VisitDate date, "
        "ServiceDate date, PaidDate date, VisitType varchar(50), Amount float8, "
        "AmountType varchar(50), PaidAmount float8, ClaimID varchar(50), PayorID varchar(50), "
        "ProcedureCode integer, ICDCode varchar(50), LineOfBusiness varchar(50), "
        "MedicaidID varchar(50), MedicareID varchar(50), InsertDate date, ModifiedDate date)",
    )
    ROWS = (
        "insert into patients values ('HOSP1-1', 'Ann', 'Lee', 'Q', '900-00-0001', '555', "
        "'Female', '1980-05-05', '1 Main St', '2024-01-02')",
        "insert into providers values ('PROV1', 'Bo', 'Ray', 'Surgery', 'DEP1', 1234567893)",
        "insert into departments values ('DEP1', 'Surgery')",
        "insert into encounters values ('ENC1', 'HOSP1-1', '2024-01-01', 'Inpatient', 'PROV1', "
        "'DEP1', 99213, '2024-01-01', '2024-01-02')",
        "insert into transactions values ('TRANS1', 'ENC1', 'HOSP1-1', 'PROV0456', 'DEP1', "
        "'2024-01-01', '2024-01-01', '2024-01-03', 'Routine', 402.3, 'Co-pay', 112.44, 'CL1', "
        "'PAY1', 99213, 'I10', 'Commercial', null, null, '2024-01-01', '2024-01-02')",
    )

    @pytest.mark.parametrize("modified", ["ModifiedDate", "Updated_Date"])
    def test_five_tables_are_enough(self, modified: str, mysql_url: str, lake: Lake) -> None:
        for table in layouts_of(KNOWN["hospital_b"]):
            tell(mysql_url, f"drop table if exists {table}")
        tell(mysql_url, *self.DDL, *self.ROWS)
        if modified != "ModifiedDate":
            tell(mysql_url, f"alter table patients change ModifiedDate {modified} date")
        summary = load_hospital(lake, KNOWN["hospital_b"], mysql_url)
        assert summary.quarantined_count == 0
        assert [summary.rows[t] for t in ("patients", "encounters", "transactions")] == [1, 1, 1]
        (message,) = summary.messages
        assert "encounter_status" in message and "work RVUs" in message
        assert query(
            lake, "transactions", "amount, paidamount, procedurecode, modifieddate", "hospital_b"
        ) == [(Decimal("402.30"), Decimal("112.44"), "99213", datetime(2024, 1, 2))]
        assert query(lake, "patients", "id, updated_date", "hospital_b") == [
            ("HOSP1-1", datetime(2024, 1, 2))
        ]
        assert sum(load_hospital(lake, KNOWN["hospital_b"], mysql_url).rows.values()) == 0


class TestIncrement:
    @pytest.fixture
    def read(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
        """Rows that each table's extract brought."""
        counts: dict[str, int] = {}
        check = tabular.check

        def counting(con: duckdb.DuckDBPyConnection, relation: str, *args, **more):
            counts[relation] = con.execute(f"select count(*) from {relation}").fetchall()[0][0]
            return check(con, relation, *args, **more)

        monkeypatch.setattr(tabular, "check", counting)
        return counts

    def test_only_what_changed_is_read(
        self, url: str, lake: Lake, read: dict[str, int], tmp_path: Path
    ) -> None:
        many = (
            "insert into patients select patients.* replace ('P' || i as PatientID, "
            "timestamp '2024-01-01' + to_hours(i::int) as ModifiedDate) "
            "from patients, range(1000, 3000) as r(i) where PatientID = 'P1'"
        )
        on_server(url, tmp_path, many)
        assert load_hospital(lake, KNOWN["hospital_a"], url).rows["patients"] == 2002
        tell(url, "update patients set address = '9 Z St', modifieddate = '2025-03-09 10:00:00' "
             "where patientid = 'P1500'")  # fmt: skip
        assert load_hospital(lake, KNOWN["hospital_a"], url).rows["patients"] == 1
        # P2 is of the last hours before
        assert read["patients"] == 2

    def test_what_commits_late_is_found_and_what_is_known_is_not_loaded_again(
        self, url: str, lake: Lake
    ) -> None:
        load_hospital(lake, KNOWN["hospital_a"], url)
        within = datetime(2025, 3, 2, 9) - OVERLAP
        row = "'P{}', 'Kim', 'Poe', null, null, null, null, null, null, '{}'"
        tell(url, f"insert into patients values ({row.format(8, within)})")
        assert load_hospital(lake, KNOWN["hospital_a"], url).rows["patients"] == 1
        assert sum(load_hospital(lake, KNOWN["hospital_a"], url).rows.values()) == 0
        tell(url, f"insert into patients values ({row.format(9, '2025-02-01 00:00:00')})")
        assert sum(load_hospital(lake, KNOWN["hospital_a"], url).rows.values()) == 0

    def test_a_change_within_the_overlap_wins_over_what_it_replaces(
        self, url: str, lake: Lake
    ) -> None:
        load_hospital(lake, KNOWN["hospital_a"], url)
        for address in ("3 C St", "2 B St"):
            tell(url, f"update patients set address = '{address}' where patientid = 'P2'")
            summary = load_hospital(lake, KNOWN["hospital_a"], url)
            assert summary.rows["patients"] == 1
            assert "1 changed without a new modification date" in " ".join(summary.messages)
        versions = query(
            lake, "patients", "coalesce(_noticed_at, modifieddate), address, _arrival_date"
        )
        assert [row[1:] for row in versions[-2:]] == [
            ("3 C St", date(2025, 3, 3)),
            ("2 B St", date(2025, 3, 3)),
        ]


class TestFullCompare:
    def test_it_finds_what_an_increment_cannot(self, url: str, lake: Lake) -> None:
        tell(url, "insert into departments values ('DEP2', 'Oncology')")
        load_hospital(lake, KNOWN["hospital_a"], url)
        tell(
            url,
            "update patients set address = '9 Z St' where patientid = 'P1'",
            "insert into patients values ('P0', 'Kim', 'Poe', null, null, null, null, null, null, "
            "'2024-01-01 00:00:00')",
            "delete from transactions where transactionid = 'T1'",
            "delete from departments where deptid = 'DEP2'",
        )
        assert sum(load_hospital(lake, KNOWN["hospital_a"], url).rows.values()) == 0
        found = compare_hospital(lake, KNOWN["hospital_a"], url)
        differences = {table: str(d) for table, d in found.differences.items() if d}
        assert differences == {
            "patients": "1 changed without a new modification date, "
            "1 added behind the latest modification",
            "transactions": "1 deleted",
            "departments": "1 deleted",
        }
        assert found.summary.rows["patients"] == 2
        noticed = date(2025, 3, 3)
        assert query(
            lake, "patients", "patientid, address, modifieddate, _noticed_at, _arrival_date"
        ) == [
            ("P0", None, datetime(2024, 1, 1), None, noticed),
            ("P1", "1 A St", datetime(2025, 3, 1, 8), None, date(2025, 3, 1)),
            ("P1", "9 Z St", datetime(2025, 3, 1, 8), datetime(2025, 3, 3), noticed),
            ("P2", "2 B St", datetime(2025, 3, 2, 9), None, date(2025, 3, 2)),
        ]
        events = "table_name, record_id, event, event_no, noticed_date"
        assert query(lake, "deleted_rows", f"{events}, _source_system, _source_position") == [
            ("departments", "DEP2", "deleted", 1, noticed, "hospital_a", "DEP2"),
            ("transactions", "T1", "deleted", 1, noticed, "hospital_a", "T1"),
        ]

        again = compare_hospital(lake, KNOWN["hospital_a"], url)
        assert not any(again.differences.values())
        assert sum(again.summary.rows.values()) == 0

        tell(
            url,
            "insert into departments values ('DEP2', 'Oncology')",
            "insert into transactions (transactionid, amount, modifieddate) "
            "values ('T1', 1.00, '2025-03-04 00:00:00')",
        )
        back = load_hospital(lake, KNOWN["hospital_a"], url)
        assert back.rows["transactions"] == 1
        assert query(lake, "deleted_rows", events)[1::2] == [
            ("departments", "DEP2", "returned", 2, date(2025, 3, 4)),
            ("transactions", "T1", "returned", 2, date(2025, 3, 4)),
        ]

    def test_an_emptied_table_is_no_delete_unless_one_says_so(self, mysql: str, lake: Lake) -> None:
        tell(
            mysql,
            *(f"insert into staff values ('X{n}', 'A', 'B', 'Coder', null)" for n in range(30)),
        )
        load_hospital(lake, KNOWN["hospital_a"], mysql)
        tell(mysql, "delete from staff")
        found = compare_hospital(lake, KNOWN["hospital_a"], mysql)
        assert not found.differences["staff"]
        said = " ".join(found.summary.messages)
        assert "31 of 31 records are not in the database any more" in said
        accepted = compare_hospital(lake, KNOWN["hospital_a"], mysql, accept_deletes=True)
        assert accepted.differences["staff"].deleted == 31

    def test_a_held_row_is_not_taken_for_a_deleted_one(self, mysql: str, lake: Lake) -> None:
        load_hospital(lake, KNOWN["hospital_a"], mysql)
        tell(mysql, "update encounters set modifieddate = null")
        found = compare_hospital(lake, KNOWN["hospital_a"], mysql)
        assert found.summary.quarantined_count == 1
        assert not any(found.differences.values())


class TestServerGoesAway:
    def test_it_is_tried_again_and_the_password_stays_here(
        self, url: str, lake: Lake, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        port = int(url.rsplit(":", 1)[1].split("/")[0])
        undisturbed = Lake(tmp_path / "undisturbed")
        load_hospital(undisturbed, KNOWN["hospital_a"], url)
        with caplog.at_level(logging.DEBUG), Proxy(port, [200, 3000]) as proxy:
            load_hospital(lake, KNOWN["hospital_a"], proxy.url(url))
        assert proxy.cuts == 2
        assert content(lake) == content(undisturbed)
        assert "again in 0.1 s" in caplog.text
        for secret in (PASSWORD, quote(PASSWORD, safe="")):
            assert secret not in caplog.text
            files = [path.read_bytes() for path in lake.root.rglob("*") if path.is_file()]
            assert not any(secret.encode() in file for file in files)

    def test_a_table_that_is_cut_off_is_never_taken_for_the_whole(
        self,
        url: str,
        lake: Lake,
        tmp_path: Path,
    ) -> None:
        many = (
            "insert into staff select 'S' || i, 'Kit', 'Moss', 'Coder', null "
            "from range(10, 20000) as r(i)"
        )
        on_server(url, tmp_path, many)
        undisturbed = Lake(tmp_path / "undisturbed")
        load_hospital(undisturbed, KNOWN["hospital_a"], url)
        port = int(url.rsplit(":", 1)[1].split("/")[0])
        # what MariaDB sends is compressed; what PostgreSQL sends begins with its catalog
        enough = 20_000 if url.startswith("mysql") else 200_000
        with (
            Proxy(port, [enough] * 99) as proxy,
            pytest.raises(SourceUnavailable, match="it was tried 3 times"),
        ):
            load_hospital(lake, KNOWN["hospital_a"], proxy.url(url))
        assert proxy.cuts >= 3
        assert not any(content(lake).values())
        load_hospital(lake, KNOWN["hospital_a"], url)
        assert content(lake) == content(undisturbed)

    def test_what_another_attempt_cannot_mend_is_said_at_once(
        self, url: str, lake: Lake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(attached, "RETRY_WAITS", (3600.0,))
        for wrong in (
            url.replace(quote(PASSWORD, safe=""), "an0ther%27secret"),
            url.replace(f"/{DATABASE}", "/nowhere"),
        ):
            with pytest.raises(SourceUnavailable) as caught:
                load_hospital(lake, KNOWN["hospital_a"], wrong)
            for secret in (PASSWORD, quote(PASSWORD, safe=""), "an0ther"):
                assert secret not in str(caught.value)
            assert f"{USER}:***@" in str(caught.value)


class TestKilled:
    @pytest.fixture
    def server(self) -> Iterator[Server]:
        with mariadb() as server:
            yield server

    def test_a_server_that_is_killed_in_the_middle_leaves_nothing_half(
        self, server: Server, world: Path, lake: Lake, tmp_path: Path
    ) -> None:
        copy_to_server(world, "hospital_a", server.url)
        undisturbed = Lake(tmp_path / "undisturbed")
        load_hospital(undisturbed, KNOWN["hospital_a"], server.url)

        def kill(_done: int, _total: int, table: str) -> None:
            if table == "transactions":
                server.kill()

        with pytest.raises(SourceUnavailable, match="cannot be read"):
            load_hospital(lake, KNOWN["hospital_a"], server.url, progress=kill)
        assert not any(content(lake).values())
        server.start()
        load_hospital(lake, KNOWN["hospital_a"], server.url)
        assert content(lake) == content(undisturbed)

        def restart(done: int, total: int, table: str) -> None:
            kill(done, total, table)
            if table == "transactions":
                server.start()

        (again := Lake(tmp_path / "again")).root.mkdir()
        load_hospital(again, KNOWN["hospital_a"], server.url, progress=restart)
        assert content(again) == content(undisturbed)

    @pytest.mark.parametrize("where", ["batch.Batch.add", "batch.Batch.commit"])
    def test_a_reader_that_is_killed_leaves_nothing_half(
        self, where: str, world: Path, lake: Lake, tmp_path: Path
    ) -> None:
        url = str(world / "hospital_a.duckdb")
        name = where.rsplit(".", 1)[1]
        script = f"""
import os, signal, sys
from pathlib import Path
from rcm_platform.lake import Batch, Lake
from rcm_platform.sources.database import load_hospital
from rcm_platform_tests.support.small_hospitals import KNOWN
calls, usual = [], Batch.{name}
def dying(*args, **more):
    calls.append(1)
    if len(calls) == {5 if name == "add" else 1}:
        args[0]._flush()
        os.kill(os.getpid(), signal.SIGKILL)
    return usual(*args, **more)
Batch.{name} = dying
load_hospital(Lake(Path(sys.argv[1])), KNOWN["hospital_a"], sys.argv[2])
"""
        done = subprocess.run([sys.executable, "-c", script, lake.root, url], check=False)
        assert done.returncode == -signal.SIGKILL
        assert not any(content(lake).values())
        assert lake.recover() > 0
        load_hospital(lake, KNOWN["hospital_a"], url)
        undisturbed = Lake(tmp_path / "undisturbed")
        load_hospital(undisturbed, KNOWN["hospital_a"], url)
        assert content(lake) == content(undisturbed)


class TestLocked:
    def test_a_table_that_is_locked_is_waited_for_and_keeps_the_others(
        self, url: str, lake: Lake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(attached, "LOCK_SECONDS", 1)
        lock = "lock table patients in access exclusive mode"
        if kind_of(url) == "mysql":
            lock = "lock tables patients write"
        with attached_to(url) as other:
            other.execute("begin")
            other.execute(f"call {kind_of(url)}_execute('target', '{lock}')")
            started = time.monotonic()
            summary = load_hospital(lake, KNOWN["hospital_a"], url)
            assert time.monotonic() - started < 30
            other.execute("rollback")
        assert (summary.rows["patients"], summary.rows["transactions"]) == (0, 2)
        [told] = [message for message in summary.messages if "patients" in message]
        assert "another session keeps it locked, and it was waited for 1 s" in told
        assert "end the session that locks it" in told
        assert load_hospital(lake, KNOWN["hospital_a"], url).rows["patients"] == 2

    def test_rows_that_are_locked_keep_the_other_tables(self, lake: Lake, tmp_path: Path) -> None:
        """Where the server lets no session read what another one changes."""
        options = ("--transaction-isolation=SERIALIZABLE", "--innodb-lock-wait-timeout=1")
        with mariadb(*options) as server:
            on_server(server.url, tmp_path)
            with attached_to(server.url) as other:
                other.execute("begin")
                change = "update patients set Gender = ''X''"
                other.execute(f"call mysql_execute('target', '{change}')")
                summary = load_hospital(lake, KNOWN["hospital_a"], server.url)
                other.execute("rollback")
            assert (summary.rows["patients"], summary.rows["transactions"]) == (0, 2)
            [told] = [message for message in summary.messages if "patients" in message]
            # the server breaks off, and the reader is not told why
            assert "end the session that locks it" in told
            assert told.endswith("(T8)")
            assert load_hospital(lake, KNOWN["hospital_a"], server.url).rows["patients"] == 2


class TestBadInput:
    """What a MySQL database of many years holds."""

    def test_a_key_without_a_constraint_that_occurs_twice(self, mysql: str, lake: Lake) -> None:
        tell(mysql, "alter table transactions drop primary key")
        load_hospital(lake, KNOWN["hospital_a"], mysql)
        tell(mysql, "insert into transactions (transactionid, amount, modifieddate) "
             "values ('T1', 999.00, '2025-05-01 00:00:00')")  # fmt: skip
        for _ in range(2):
            load_hospital(lake, KNOWN["hospital_a"], mysql)
        assert query(lake, "transactions", "transactionid, amount") == [
            ("T1", Decimal("150.00")),
            ("T2", None),
        ]
        held = query(lake, "quarantine", "source_position, rule_id, reason", "platform")
        assert held == [("T1#2", "T4", "the key (transactionid) repeats that of another row")]

    def test_text_where_a_date_or_an_amount_should_be(self, mysql: str, lake: Lake) -> None:
        tell(
            mysql,
            "alter table transactions modify Amount varchar(20), modify ServiceDate varchar(20)",
            "update transactions set Amount = 'waived' where TransactionID = 'T1'",
            "update transactions set ServiceDate = '03/01/2025' where TransactionID = 'T2'",
        )
        summary = load_hospital(lake, KNOWN["hospital_a"], mysql)
        assert summary.rows["transactions"] == 0
        reasons = query(lake, "quarantine", "source_position, rule_id, reason", "platform")
        assert reasons == [
            ("T1", "T3", "amount is not an amount in dollars and cents"),
            ("T2", "T3", "servicedate is not a date (yyyy-mm-dd)"),
        ]

    def test_dates_that_are_none(self, mysql: str, lake: Lake) -> None:
        tell(
            mysql,
            "set sql_mode = ''",
            "update transactions set ModifiedDate = '9999-12-31' where TransactionID = 'T1'",
            "update patients set DOB = '0000-00-00' where PatientID = 'P1'",
            "update patients set DOB = '1990-00-00' where PatientID = 'P2'",
            "update encounters set ModifiedDate = '0000-00-00 00:00:00'",
        )
        summary = load_hospital(lake, KNOWN["hospital_a"], mysql)
        assert query(lake, "patients", "patientid, dob") == [("P1", None), ("P2", None)]
        assert (summary.rows["encounters"], summary.rows["transactions"]) == (0, 1)
        held = query(
            lake, "quarantine", "source_file, source_position, rule_id, reason", "platform"
        )
        assert held == [
            ("encounters", "E1", "T3",
             "modifieddate is blank, so nobody knows when the row arrived"),
            ("transactions", "T1", "T3", "modifieddate is no date of this age"),
        ]  # fmt: skip
        tell(mysql, "update patients set address = 'new', ModifiedDate = '2025-03-09' "
             "where PatientID = 'P1'")  # fmt: skip
        assert load_hospital(lake, KNOWN["hospital_a"], mysql).rows["patients"] == 1

    @pytest.mark.parametrize("column", ["DOB", "ModifiedDate"])
    def test_a_day_that_no_calendar_has_holds_its_row_alone(
        self, column: str, mysql: str, lake: Lake
    ) -> None:
        tell(
            mysql,
            "set sql_mode = 'ALLOW_INVALID_DATES'",
            f"update patients set {column} = '2025-02-30' where PatientID = 'P1'",
            "update patients set Address = 'here' where PatientID = 'P2'",
        )
        summary = load_hospital(lake, KNOWN["hospital_a"], mysql)
        assert (summary.rows["patients"], summary.rows["transactions"]) == (1, 2)
        assert query(lake, "quarantine", "source_file, source_position, rule_id", "platform") == [
            ("patients", "P1", "T3")
        ]
        tell(mysql, f"update patients set {column} = '2025-03-09' where PatientID = 'P1'",
             "update patients set ModifiedDate = '2025-03-09' where PatientID = 'P1'")  # fmt: skip
        assert load_hospital(lake, KNOWN["hospital_a"], mysql).rows["patients"] == 1

    def test_a_row_of_no_day_that_comes_later_is_held_too(self, mysql: str, lake: Lake) -> None:
        load_hospital(lake, KNOWN["hospital_a"], mysql)
        tell(
            mysql,
            "set sql_mode = ''",
            "insert into transactions (transactionid, amount, amounttype, modifieddate) "
            "values ('T9', 20.00, 'Charge', '0000-00-00 00:00:00')",
        )
        summary = load_hospital(lake, KNOWN["hospital_a"], mysql)
        assert summary.quarantined_amount == Decimal("20.00")
        held = query(lake, "quarantine", "source_position, rule_id, arrival_date", "platform")
        assert held == [("T9", "T3", date(2025, 3, 3))]

    def test_moments_with_a_time_zone_are_told_in_utc_on_every_machine(
        self, url: str, lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if url.startswith("mysql"):
            tell(url, "alter table transactions modify ModifiedDate timestamp(6) null")
        else:
            tell(
                url,
                "alter table transactions alter modifieddate type timestamptz "
                "using modifieddate at time zone 'UTC'",
            )
        contents = []
        for zone in ("UTC", "America/New_York", "Asia/Kolkata"):
            script = (
                "import sys; from pathlib import Path; from rcm_platform.lake import Lake\n"
                "from rcm_platform.sources.database import load_hospital\n"
                "from rcm_platform_tests.support.small_hospitals import KNOWN\n"
                "for _ in range(2):\n"
                "    s = load_hospital(Lake(Path(sys.argv[1])), KNOWN['hospital_a'], sys.argv[2])\n"
                "assert not sum(s.rows.values()), s.rows"
            )
            where = Lake(tmp_path / zone.replace("/", "_"))
            monkeypatch.setenv("TZ", zone)
            subprocess.run([sys.executable, "-c", script, where.root, url], check=True)
            contents.append(content(where))
        assert contents[0] == contents[1] == contents[2]
        moments = query(where, "transactions", "modifieddate, _arrival_date")
        assert moments[1] == (datetime(2025, 3, 3, 17), date(2025, 3, 3))

    def test_a_moment_with_a_time_zone_keeps_the_day_of_the_hospital(
        self, url: str, lake: Lake
    ) -> None:
        hospital = replace(KNOWN["hospital_a"], timezone="America/New_York")
        if is_mysql := url.startswith("mysql"):
            tell(
                url,
                "set time_zone = '+00:00'",
                "alter table transactions modify ModifiedDate timestamp null, "
                "modify ServiceDate timestamp null",
            )
        for column in () if is_mysql else ("modifieddate", "servicedate"):
            tell(
                url,
                f"alter table transactions alter {column} type timestamptz "
                f"using {column} at time zone 'UTC'",
            )

        def modify(time: str) -> None:
            offset = "" if is_mysql else "+00"
            tell(
                url,
                f"set time{'_' * is_mysql or ' '}zone{' =' * is_mysql} '+00:00'",
                f"update transactions set servicedate = '2025-03-05 03:00:00{offset}', "
                f"modifieddate = '2025-03-05 {time}{offset}' where transactionid = 'T1'",
            )

        modify("03:30")
        assert load_hospital(lake, hospital, url).rows["transactions"] == 2
        days = query(lake, "transactions", "servicedate, modifieddate, _arrival_date")
        assert (date(2025, 3, 4), datetime(2025, 3, 4, 22, 30), date(2025, 3, 4)) in days
        modify("03:40")
        assert load_hospital(lake, hospital, url).rows["transactions"] == 1
        assert load_hospital(lake, hospital, url).rows["transactions"] == 0

    def test_the_hour_that_comes_twice_hides_nothing(self, mysql: str, lake: Lake) -> None:
        tell(mysql, "update transactions set ModifiedDate = '2025-11-02 01:59:00'")
        load_hospital(lake, KNOWN["hospital_a"], mysql)
        tell(mysql, "update transactions set Amount = 1.00, ModifiedDate = '2025-11-02 01:01:00' "
             "where TransactionID = 'T1'")  # fmt: skip
        assert load_hospital(lake, KNOWN["hospital_a"], mysql).rows["transactions"] == 1

    @pytest.mark.parametrize(
        ("statement", "words"),
        [
            ("alter table patients drop column LastName", "there is no column lastname"),
            ("alter table patients change LastName Surname varchar(50)", "surname"),
            ("rename table patients to people", "there is no table patients"),
        ],
    )
    def test_what_is_dropped_or_renamed_is_named(
        self, statement: str, words: str, mysql: str, lake: Lake
    ) -> None:
        tell(mysql, "drop table if exists people", statement)
        summary = load_hospital(lake, KNOWN["hospital_a"], mysql)
        assert (summary.rows["patients"], summary.rows["transactions"]) == (0, 2)
        assert any(words in message for message in summary.messages)
        assert not any(PASSWORD in message for message in summary.messages)
        found = compare_hospital(lake, KNOWN["hospital_a"], mysql)
        assert "patients" not in found.differences

    def test_orphans_land_as_they_are(self, mysql: str, lake: Lake) -> None:
        tell(mysql, "update transactions set PatientID = 'nobody', EncounterID = 'none'")
        load_hospital(lake, KNOWN["hospital_a"], mysql)
        assert query(lake, "transactions", "patientid, encounterid") == [("nobody", "none")] * 2


def test_hospital_b_keeps_its_own_names_on_a_server(
    mysql_url: str, lake: Lake, tmp_path: Path
) -> None:
    on_server(mysql_url, tmp_path, HOSPITAL_B, "hospital_b")
    load_hospital(lake, KNOWN["hospital_b"], mysql_url)
    assert query(lake, "patients", "id, f_name", "hospital_b") == [("P1", "Ada"), ("P2", "Alan")]
