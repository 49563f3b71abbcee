"""On real servers: whose tables are read, which may not be, and a server that says nothing."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from rcm_platform.lake import Lake
from rcm_platform.sources import attached, silent_server
from rcm_platform.sources.base import SourceUnavailable
from rcm_platform.sources.database import load_hospital
from rcm_platform.world.feeds.load import load as copy_to_server
from rcm_platform_tests.support.servers import DATABASE, mariadb, tell
from rcm_platform_tests.support.small_hospitals import KNOWN, change, create_hospital

HOSPITAL = KNOWN["hospital_a"]
TABLES = ("patients", "providers", "departments", "encounters", "transactions")


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attached, "RETRY_WAITS", (0.1,))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    create_hospital(tmp_path / "hospital_a.duckdb")
    return tmp_path


def login(url: str, user: str, database: str = DATABASE, password: str = "ro") -> str:
    """The URL of another login, whose short password stands in many words."""
    scheme, place = url.split("://")[0], url.rsplit("@", 1)[1].rsplit("/", 1)[0]
    return f"{scheme}://{user}:{password}@{place}/{database}"


def charges(url: str, folder: Path) -> Decimal:
    return load_hospital(Lake(folder), HOSPITAL, url).dollar_amounts["charges"]


class TestOfMySql:
    def test_each_url_reads_its_own_database(self, mysql_url: str, small: Path) -> None:
        copy_to_server(small, "hospital_a", mysql_url)
        both = ("a_first", "z_last")
        for name in both:
            tell(mysql_url, f"create or replace database {name}")
            for table in TABLES:
                tell(mysql_url, f"create table {name}.{table} as select * from {DATABASE}.{table}")
        tell(
            mysql_url,
            "update z_last.transactions set Amount = 777.00 where TransactionID = 'T1'",
            "create user if not exists two@'127.0.0.1' identified by 'ro'",
            *(f"grant select on {name}.* to two@'127.0.0.1'" for name in both),
        )
        assert charges(login(mysql_url, "two", "a_first"), small / "1") == Decimal("150.00")
        assert charges(login(mysql_url, "two", "z_last"), small / "2") == Decimal("777.00")
        with pytest.raises(SourceUnavailable, match=r"a_first, z_last\. Name one") as caught:
            load_hospital(Lake(small / "3"), HOSPITAL, login(mysql_url, "two", ""))
        assert "mysql://…@host/database" in str(caught.value)
        tell(mysql_url, "drop database a_first")
        assert charges(login(mysql_url, "two", ""), small / "4") == Decimal("777.00")

    def test_a_table_or_view_that_may_not_be_read_keeps_the_others(
        self, mysql_url: str, small: Path, lake: Lake
    ) -> None:
        copy_to_server(small, "hospital_a", mysql_url)
        tell(
            mysql_url,
            "create or replace database views",
            "create table views.base as select * from hospital.patients",
            "create view views.patients as select * from views.base",
            "drop table views.base",
            *(
                f"create view views.{table} as select * from {DATABASE}.{table}"
                for table in TABLES[1:]
            ),
            "create user if not exists ro@'127.0.0.1' identified by 'ro'",
            *(f"grant select on views.{table} to ro@'127.0.0.1'" for table in TABLES[:-1]),
        )
        summary = load_hospital(lake, HOSPITAL, login(mysql_url, "ro", "views"))
        assert (summary.rows["providers"], summary.rows["encounters"]) == (1, 1)
        held = {message.split(":")[0]: message for message in summary.messages}
        assert "references invalid table(s)" in held["hospital_a patients"]
        assert "grant select on it to ro" in held["hospital_a transactions"]
        assert "command denied" in held["hospital_a transactions"]


class TestOfPostgres:
    @pytest.fixture
    def url(self, postgres_url: str, small: Path) -> str:
        """The hospital in two schemas of a database, none of which is the usual one."""
        copy_to_server(small, "hospital_a", postgres_url)
        for schema in ("archive", "emr"):
            tell(postgres_url, f"drop schema if exists {schema} cascade; create schema {schema}")
            for table in TABLES:
                tell(postgres_url, f"create table {schema}.{table} as table public.{table}")
        tell(
            postgres_url,
            "update archive.transactions set amount = 1.00 where transactionid = 'T1'",
            "do $$ begin create role ro_p login password 'ro'; exception when others then end $$",
            "revoke all on all tables in schema public from ro_p",
            "revoke usage on schema public from public",
            "grant usage on schema emr, archive to ro_p",
            "grant select on all tables in schema emr, archive to ro_p",
            f"alter role ro_p in database {DATABASE} reset search_path",
        )
        return login(postgres_url, "ro_p")

    def test_several_schemas_are_listed_and_one_can_be_named(self, url: str, small: Path) -> None:
        with pytest.raises(SourceUnavailable, match=r"archive, emr\. Name one") as caught:
            load_hospital(Lake(small / "1"), HOSPITAL, url)
        assert "?search_path=schema" in str(caught.value)
        for named in ("search_path=emr", "options=-csearch_path%3Demr"):
            assert charges(f"{url}?{named}", small / named) == Decimal("150.00")
        assert charges(f"{url}?search_path=archive", small / "3") == Decimal("1.00")
        summary = load_hospital(Lake(small / "4"), HOSPITAL, f"{url}?search_path=typo")
        assert sum(summary.rows.values()) == 0
        assert "there is no table patients" in " ".join(summary.messages)

    def test_the_search_path_of_the_login_counts(
        self, url: str, postgres_url: str, small: Path
    ) -> None:
        tell(postgres_url, f"alter role ro_p in database {DATABASE} set search_path = emr, archive")
        assert charges(url, small / "1") == Decimal("150.00")
        tell(postgres_url, "drop schema archive cascade")
        tell(postgres_url, f"alter role ro_p in database {DATABASE} reset search_path")
        assert charges(url, small / "2") == Decimal("150.00")

    def test_a_table_that_is_not_granted_keeps_the_others(
        self, url: str, postgres_url: str, lake: Lake
    ) -> None:
        tell(postgres_url, "revoke select on emr.transactions from ro_p")
        summary = load_hospital(lake, HOSPITAL, f"{url}?search_path=emr")
        assert (summary.rows["patients"], summary.rows["transactions"]) == (2, 0)
        told = " ".join(summary.messages)
        assert "permission denied for table transactions: grant select on it to ro_p" in told

    def test_a_view_that_fails_keeps_the_others(
        self,
        url: str,
        postgres_url: str,
        lake: Lake,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        tell(
            postgres_url,
            "alter table emr.encounters rename to visits",
            "create view emr.encounters as select encounterid, patientid, encounterdate, "
            "encountertype, providerid, (select lastname::integer::text from emr.patients limit 1) "
            "as departmentid, procedurecode, inserteddate, modifieddate from emr.visits",
            "grant select on emr.encounters to ro_p",
        )
        summary = load_hospital(lake, HOSPITAL, f"{url}?search_path=emr")
        assert (summary.rows["encounters"], summary.rows["transactions"]) == (0, 2)
        (told,) = [message for message in summary.messages if "encounters" in message[:30]]
        assert told.endswith("(T8)") and "then load again" in told
        assert "invalid input syntax for type integer" in told
        assert "Byron" not in told + caplog.text

    def test_a_materialized_view_has_numbers_of_any_size_too(
        self, url: str, postgres_url: str, lake: Lake
    ) -> None:
        tell(
            postgres_url,
            "create table emr.journal as select t.*, 9007199254740993 as n "
            "from emr.transactions as t",
            "drop table emr.transactions",
            "create materialized view emr.transactions as select transactionid, encounterid, "
            "patientid, providerid, deptid, visitdate, servicedate, paiddate, visittype, "
            "amount::numeric as amount, amounttype, paidamount::numeric as paidamount, "
            "n::numeric as claimid, payorid, procedurecode, icdcode, lineofbusiness, medicaidid, "
            "medicareid, insertdate, modifieddate from emr.journal",
            "grant select on emr.transactions to ro_p",
        )
        assert load_hospital(lake, HOSPITAL, f"{url}?search_path=emr").rows["transactions"] == 2
        with duckdb.connect() as con:
            scan = lake.scan("hospital_a", "transactions")
            ids = con.execute(f"select distinct claimid from {scan}").fetchall()
        assert ids == [("9007199254740993",)]

    def test_of_very_many_schemas_some_are_named(
        self, url: str, postgres_url: str, lake: Lake
    ) -> None:
        names = [f"old_{number:02}" for number in range(38)]
        for name in names:
            tell(
                postgres_url,
                f"create schema {name}",
                f"create table {name}.patients as table public.patients",
                f"grant usage on schema {name} to ro_p",
                f"grant select on all tables in schema {name} to ro_p",
            )
        with pytest.raises(SourceUnavailable, match="40 schemas hold the tables: archive, emr,"):
            load_hospital(lake, HOSPITAL, url)
        tell(postgres_url, *(f"drop schema {name} cascade" for name in names))

    def test_lists_in_a_column_of_their_own_are_text(
        self, url: str, postgres_url: str, lake: Lake
    ) -> None:
        tell(
            postgres_url,
            "alter table emr.patients add column codes integer[]",
            "update emr.patients set codes = '{{1,2},{3,4}}' where patientid = 'P1'",
            "update emr.patients set codes = '{5}' where patientid = 'P2'",
        )
        assert load_hospital(lake, HOSPITAL, f"{url}?search_path=emr").rows["patients"] == 2

    def test_amounts_of_type_money(self, url: str, postgres_url: str, lake: Lake) -> None:
        tell(
            postgres_url,
            "set lc_monetary = 'C'",
            "alter table emr.transactions alter amount type money using (amount * -1000)::money",
        )
        summary = load_hospital(lake, HOSPITAL, f"{url}?search_path=emr")
        assert summary.dollar_amounts["charges"] == Decimal("-150000.00")

    def test_a_login_that_is_refused_is_told_how_a_password_is_written(
        self, url: str, lake: Lake
    ) -> None:
        with pytest.raises(SourceUnavailable, match="% %25") as caught:
            load_hospital(lake, HOSPITAL, url.replace(":ro@", ":50%ro@"))
        assert "50%" not in str(caught.value)

    def test_encryption_that_the_server_has_not_is_no_connection(
        self, url: str, lake: Lake
    ) -> None:
        with pytest.raises(SourceUnavailable, match="does not support SSL"):
            load_hospital(lake, HOSPITAL, f"{url}?sslmode=require")


def test_a_schema_of_a_duckdb_file_can_be_named(small: Path) -> None:
    path = small / "hospital_a.duckdb"
    for schema in ("emr", "archive"):
        change(path, f"create schema {schema}")
        for table in TABLES:
            change(path, f"create table {schema}.{table} as select * from main.{table}")
    change(path, "update emr.transactions set Amount = 9.00 where TransactionID = 'T1'")
    assert charges(str(path), small / "1") == Decimal("150.00")
    assert charges(f"duckdb://{path}?search_path=emr", small / "2") == Decimal("9.00")
    for table in TABLES:
        change(path, f"drop table main.{table}")
    for table in ("procedures", "encounter_status", "diagnoses", "appointments", "staff",
                  "eligibility_checks", "authorizations", "work_log"):  # fmt: skip
        change(path, f"drop table main.{table}")
    with pytest.raises(SourceUnavailable, match="archive, emr"):
        charges(str(path), small / "3")


class TestSilence:
    @pytest.mark.parametrize("scheme", ["mysql", "postgresql"])
    def test_a_server_that_takes_connections_and_says_nothing(
        self, scheme: str, lake: Lake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(silent_server, "GREETING_SECONDS", 0.3)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port, before = silent.getsockname()[1], time.monotonic()
            with pytest.raises(SourceUnavailable, match=r"says nothing; it was tried 2 times"):
                load_hospital(lake, HOSPITAL, f"{scheme}://u:p@127.0.0.1:{port}/h")
        assert time.monotonic() - before < 10

    def test_a_server_that_falls_silent_in_the_middle(
        self, small: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(silent_server, "GREETING_SECONDS", 0.5)
        monkeypatch.setattr(silent_server, "LOOK_SECONDS", 0.5)
        with mariadb() as server:
            assert server.process
            with duckdb.connect() as con:
                source = attached.AttachedDatabase(con, "hospital_a", server.url)
                stop = threading.Timer(1.0, os.kill, (server.process.pid, signal.SIGSTOP))
                stop.start()
                try:
                    with pytest.raises(SourceUnavailable, match="it was tried 2 times"):
                        source.ask("from mysql_query('source_db', 'select sleep(60)')")
                finally:
                    stop.join()
                    os.kill(server.process.pid, signal.SIGCONT)

    def test_a_long_question_to_a_living_server_is_left_alone(
        self, mysql_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(silent_server, "LOOK_SECONDS", 0.2)
        with duckdb.connect() as con:
            source = attached.AttachedDatabase(con, "hospital_a", mysql_url)
            assert source.ask("from mysql_query('source_db', 'select sleep(1.5)')") == [(0,)]


class TestNumbers:
    def test_numbers_of_any_size_and_nan(self, postgres_url: str, small: Path, lake: Lake) -> None:
        copy_to_server(small, "hospital_a", postgres_url)
        tell(
            postgres_url,
            "alter table transactions alter transactionid type numeric "
            "using substr(transactionid, 2)::numeric, "
            "alter encounterid type numeric(20, 2) using 7.00, alter amount type numeric",
            "insert into transactions select (t).* from "
            "(select jsonb_populate_record(x, jsonb_build_object('transactionid', id, "
            "'amount', a)) as t from transactions x, (values (9007199254740992, '10.00'), "
            "(9007199254740993, '12.00'), (3, 'NaN')) as v (id, a) where transactionid = 1) y",
        )
        summary = load_hospital(lake, HOSPITAL, postgres_url)
        with duckdb.connect() as con:
            rows = con.execute(
                "select transactionid, encounterid, amount from "
                f"{lake.scan('hospital_a', 'transactions')} order by 1"
            ).fetchall()
        assert rows == [
            ("1", "7", Decimal("150.00")),
            ("2", "7", None),
            ("9007199254740992", "7", Decimal("10.00")),
            ("9007199254740993", "7", Decimal("12.00")),
        ]
        assert "1 rows quarantined" in " ".join(summary.messages)
        assert sum(load_hospital(lake, HOSPITAL, postgres_url).rows.values()) == 0

    def test_nan_in_a_bounded_number_and_a_day_that_never_comes(
        self, postgres_url: str, small: Path, lake: Lake
    ) -> None:
        copy_to_server(small, "hospital_a", postgres_url)
        tell(
            postgres_url,
            "update transactions set amount = 'NaN' where transactionid = 'T1'",
            "update transactions set paiddate = 'infinity' where transactionid = 'T2'",
        )
        summary = load_hospital(lake, HOSPITAL, postgres_url)
        assert summary.quarantined_count == 1
        with duckdb.connect() as con:
            rows = con.execute(
                "select transactionid, paidamount, paiddate from "
                f"{lake.scan('hospital_a', 'transactions')}"
            ).fetchall()
        assert rows == [("T2", Decimal("20.00"), None)]

    def test_float_amounts(self, mysql_url: str, small: Path, lake: Lake) -> None:
        change(small / "hospital_a.duckdb",
               "insert into transactions select t.* replace ('F' || i as TransactionID) "
               "from transactions as t, range(4) r(i) where TransactionID = 'T1'")  # fmt: skip
        copy_to_server(small, "hospital_a", mysql_url)
        tell(mysql_url, "alter table transactions modify Amount float")
        for number, amount in enumerate(("16777218", "1234567.875", "99999.99", "0.125")):
            tell(mysql_url, f"update transactions set Amount = {amount} "
                            f"where TransactionID = 'F{number}'")  # fmt: skip
        summary = load_hospital(lake, HOSPITAL, mysql_url)
        with duckdb.connect() as con:
            rows = con.execute(
                "select transactionid, amount from "
                f"{lake.scan('hospital_a', 'transactions')} order by 1"
            ).fetchall()
        assert rows == [
            ("F0", Decimal("16777218.00")),
            ("F2", Decimal("99999.99")),
            ("T1", Decimal("150.00")),
            ("T2", None),
        ]
        assert summary.quarantined_count == 2
