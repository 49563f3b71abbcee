"""Types of MySQL and PostgreSQL that no table of ours has: each value is landed exactly, or held
with a reason, and never keeps a table from being read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import duckdb
import pytest

from rcm_platform.lake import Lake
from rcm_platform.sources import attached
from rcm_platform.sources.database import load_hospital
from rcm_platform.world.feeds.load import load as copy_to_server
from rcm_platform_tests.support.servers import tell
from rcm_platform_tests.support.small_hospitals import KNOWN, create_hospital

HOSPITAL = KNOWN["hospital_a"]
UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attached, "RETRY_WAITS", (0.1,))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def mysql(mysql_url: str, tmp_path: Path) -> str:
    return copied(mysql_url, tmp_path)


@pytest.fixture
def postgres(postgres_url: str, tmp_path: Path) -> str:
    return copied(postgres_url, tmp_path)


def copied(url: str, folder: Path) -> str:
    create_hospital(folder / "hospital_a.duckdb")
    copy_to_server(folder, "hospital_a", url)
    return url


def query(lake: Lake, table: str, columns: str, source: str = "hospital_a") -> list[tuple]:
    with duckdb.connect() as con:
        return con.execute(
            f"select {columns} from {lake.scan(source, table)} order by all"
        ).fetchall()


def held(lake: Lake) -> list[tuple]:
    return query(lake, "quarantine", "source_file, source_position, rule_id, reason", "platform")


def own_columns(
    url: str, lake: Lake, columns: dict[str, tuple[str, str, str | None]], *before: str
) -> dict[str, str | None]:
    """What is landed of columns of the hospital's own: name → (type, value, what is right)."""
    tell(
        url,
        *before,
        *(f"alter table patients add column {name} {kind}" for name, (kind, *_) in columns.items()),
        "update patients set "
        + ", ".join(f"{name} = {value}" for name, (_, value, _) in columns.items())
        + " where patientid = 'P1'",
    )
    summary = load_hospital(lake, HOSPITAL, url)
    assert (summary.rows["patients"], summary.quarantined_count) == (2, 0), summary.messages
    assert sum(load_hospital(lake, HOSPITAL, url).rows.values()) == 0
    (row,) = [row for row in query(lake, "patients", f"patientid, {', '.join(columns)}")
              if row[0] == "P1"]  # fmt: skip
    return dict(zip(columns, row[1:], strict=True))


class TestOfMySql:
    COLUMNS: ClassVar[dict[str, tuple[str, str, str | None]]] = {
        "own_enum": ("enum('A', 'B')", "'B'", "B"),
        "own_set": ("set('x', 'y')", "'y,x'", "x,y"),
        "own_json": ("json", """'{"a": 1}'""", '{"a": 1}'),
        "own_year": ("year", "1901", "1901"),
        "own_flag": ("tinyint(1)", "7", "7"),
        "own_bit": ("bit(1)", "b'1'", "true"),
        "own_long": ("bigint unsigned", "18446744073709551615", "18446744073709551615"),
        "own_wide": ("decimal(65, 30)", "1.5", "1.500000000000000000000000000000"),
        "own_whole": ("decimal(65, 0)", "9" * 50, "9" * 50),
        "own_time": ("time", "'-30:00:00'", "-30:00:00"),
        "own_moment": ("datetime", "'0000-00-00 00:00:00'", None),
        "own_stamp": ("timestamp null", "'0000-00-00 00:00:00'", None),
        "own_name": ("varchar(9) character set latin1", "'Mu\u00f1oz'", "Mu\u00f1oz"),
        "own_char": ("char(5)", "'a'", "a"),
    }

    def test_columns_of_the_hospitals_own_are_text(self, mysql: str, lake: Lake) -> None:
        landed = own_columns(mysql, lake, self.COLUMNS, "set sql_mode = ''")
        assert landed == {name: right for name, (*_, right) in self.COLUMNS.items()}

    def test_bytes_and_places_keep_no_table_from_being_read(self, mysql: str, lake: Lake) -> None:
        columns = {
            "own_bits": ("bit(12)", "b'101'", None),
            "own_blob": ("blob", "x'00ff'", None),
            "own_bytes": ("binary(2)", "x'00ff'", None),
            "own_place": ("geometry", "point(1, 2)", None),
        }
        assert all(own_columns(mysql, lake, columns).values())

    def test_amounts_numbers_and_kinds_of_any_width(self, mysql: str, lake: Lake) -> None:
        tell(
            mysql,
            "alter table transactions drop primary key",
            "update transactions set TransactionID = substr(TransactionID, 2)",
            "alter table transactions modify TransactionID bigint unsigned, "
            "modify Amount decimal(65, 30), modify PaidAmount decimal(20, 4), "
            "drop column ClaimID, add column ClaimID decimal(65, 0), "
            "modify AmountType enum('Charge', 'Patient Payment')",
            f"update transactions set ClaimID = {'9' * 20} where TransactionID = 1",
            f"update transactions set ClaimID = {'9' * 19}8 where TransactionID = 2",
            "update transactions set TransactionID = 18446744073709551615 where TransactionID = 2",
            "insert into transactions (TransactionID, Amount, AmountType, ModifiedDate) values "
            "(18446744073709551614, 12.345, 'Charge', '2025-03-03'), "
            "(7, 1234567890123.45, 'Charge', '2025-03-03')",
        )
        load_hospital(lake, HOSPITAL, mysql)
        rows = query(lake, "transactions", "transactionid, amount, paidamount, claimid, amounttype")
        assert rows == [
            ("1", Decimal("150.00"), None, "9" * 20, "Charge"),
            ("18446744073709551615", None, Decimal("20.00"), "9" * 19 + "8", "Patient Payment"),
            ("7", Decimal("1234567890123.45"), None, None, "Charge"),
        ]
        assert held(lake) == [
            ("transactions", "18446744073709551614", "T3",
             "amount is not an amount in dollars and cents"),
        ]  # fmt: skip
        assert sum(load_hospital(lake, HOSPITAL, mysql).rows.values()) == 0

    def test_text_that_is_compared_by_its_bytes_is_text(self, mysql: str, lake: Lake) -> None:
        """Collations of MySQL that tell capitals apart, and letters beyond ASCII in them."""
        tell(
            mysql,
            "alter table patients convert to character set utf8mb4 collate utf8mb4_bin",
            "alter table patients drop primary key",
            "update patients set PatientID = 'P\u00e9', FirstName = 'Jos\u00e9 \"x\"' "
            "where PatientID = 'P1'",
        )
        assert load_hospital(lake, HOSPITAL, mysql).rows["patients"] == 2
        tell(
            mysql,
            "insert into patients select * from patients where PatientID = 'P\u00e9'",
            "insert into patients (PatientID, FirstName) values ('P3', 'M\u00fc')",
            "update patients set LastName = 'Mu\u00f1oz', ModifiedDate = '2025-03-02 10:00:00' "
            "where PatientID = 'P2'",
        )
        assert load_hospital(lake, HOSPITAL, mysql).rows["patients"] == 1
        assert query(lake, "patients", "patientid, firstname, lastname") == [
            ("P2", "Alan", "Mu\u00f1oz"),
            ("P2", "Alan", "Reed"),
            ("P\u00e9", 'Jos\u00e9 "x"', "Byron"),
        ]
        assert [row[1:3] for row in held(lake)] == [("P3", "T3"), ("P\u00e9#2", "T4")]


class TestOfPostgres:
    COLUMNS: ClassVar[dict[str, tuple[str, str, str | None]]] = {
        "own_list": ("text[]", "'{a,b}'", "[a, b]"),
        "own_numbers": ("numeric[]", "'{1.50,NaN}'", "{1.50,NaN}"),
        "own_range": ("daterange", "'[2025-01-01,2025-02-01)'", "[2025-01-01,2025-02-01)"),
        "own_price": ("money", "'12.50'", "$12.50"),
        "own_nick": ("citext", "'Ada'", "Ada"),
        "own_doc": ("jsonb", """'{"a": 1}'""", '{"a": 1}'),
        "own_address": ("inet", "'10.0.0.1'", "10.0.0.1/32"),
        "own_id": ("uuid", f"'{UUID}'", UUID),
        "own_mood": ("mood", "'calm'", "calm"),
        "own_dollars": ("dollars", "'7.25'", "7.25"),
        "own_wide": ("numeric(60, 20)", "1.5", "1.50000000000000000000"),
        "own_flag": ("boolean", "true", "true"),
        "own_xml": ("xml", "'<a/>'", "<a/>"),
        "own_never": ("timestamptz", "'infinity'", "infinity"),
        "own_ever": ("date", "'-infinity'", "-infinity"),
    }
    BEFORE = (
        "create extension if not exists citext",
        "do $$ begin create type mood as enum ('calm', 'cross'); "
        "create domain dollars as numeric(12, 2); create domain amount_of as numeric; "
        "create type pair as (a integer, b text); "
        "exception when others then end $$",
    )

    def test_columns_of_the_hospitals_own_are_text(self, postgres: str, lake: Lake) -> None:
        landed = own_columns(postgres, lake, self.COLUMNS, *self.BEFORE)
        assert landed == {name: right for name, (*_, right) in self.COLUMNS.items()}

    def test_what_has_no_plain_text_keeps_no_table_from_being_read(
        self, postgres: str, lake: Lake
    ) -> None:
        columns = {
            "own_wait": ("interval", "'1 day 02:00'", None),
            "own_bits": ("bit(3)", "b'101'", None),
            "own_bytes": ("bytea", "'\\x00ff'", None),
            "own_place": ("point", "'(1,2)'", None),
            "own_pair": ("pair", "row(1, 'x')", None),
            "own_pairs": ("pair[]", "array[row(1, 'x')::pair]", None),
            "own_time": ("timetz", "'10:00+02'", None),
            "own_words": ("tsvector", "'a b'", None),
            "own_span": ("int8range", "'[1,5)'", None),
        }
        assert all(own_columns(postgres, lake, columns, *self.BEFORE).values())

    def test_keys_amounts_and_kinds_of_other_types(self, postgres: str, lake: Lake) -> None:
        tell(
            postgres,
            *self.BEFORE,
            "alter table encounters alter encounterid type citext",
            "alter table transactions alter transactionid type char(10), "
            "alter encounterid type citext, alter amount type dollars, "
            "alter paidamount type amount_of, alter amounttype type varchar(40), "
            "alter modifieddate type timestamptz using modifieddate at time zone 'UTC', "
            "alter servicedate type timestamptz using servicedate at time zone 'UTC'",
            "alter table patients alter patientid type uuid "
            f"using ('{UUID[:-1]}' || right(patientid, 1))::uuid",
            "update transactions set paidamount = 'NaN' where transactionid = 'T1'",
            "insert into transactions (transactionid, amount, amounttype, modifieddate) "
            "values ('T3', 5.00, 'Charge', 'infinity'), ('T4', 6.00, 'Charge', '2025-03-03')",
            "update transactions set servicedate = 'infinity' where transactionid = 'T4'",
        )
        load_hospital(lake, HOSPITAL, postgres)
        assert query(lake, "patients", "patientid") == [(f"{UUID[:-1]}1",), (f"{UUID[:-1]}2",)]
        rows = query(lake, "transactions", "trim(transactionid), amount, paidamount, servicedate")
        assert rows == [
            ("T2", None, Decimal("20.00"), date(2025, 3, 1)),
            ("T4", Decimal("6.00"), None, None),
        ]
        assert [(row[1].strip(), row[2]) for row in held(lake)] == [("T1", "T3"), ("T3", "T3")]
        assert sum(load_hospital(lake, HOSPITAL, postgres).rows.values()) == 0
