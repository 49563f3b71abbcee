"""Hospital databases: what is new lands once, what is wrong is held, the rest goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from rcm_platform.lake import Lake
from rcm_platform.sources import attached, tabular
from rcm_platform.sources.base import LoadSummary, SourceUnavailable
from rcm_platform.sources.database import compare_hospital, load_hospital
from rcm_platform_tests.support.small_hospitals import KNOWN, change, create_hospital


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return create_hospital(tmp_path / "hospital_a.duckdb")


def load(lake: Lake, url: str, source_system: str = "hospital_a") -> LoadSummary:
    return load_hospital(lake, KNOWN[source_system], url)


def query(lake: Lake, table: str, columns: str, source: str = "hospital_a") -> list[tuple]:
    with duckdb.connect() as con:
        return con.execute(
            f"select {columns} from {lake.scan(source, table)} order by all"
        ).fetchall()


def held(lake: Lake) -> list[tuple]:
    """(table, position, level, rule, dollars) of each quarantined item."""
    columns = "source_file, source_position, level, rule_id, dollar_amount"
    return query(lake, "quarantine", columns, "platform")


class TestLanding:
    def test_types_names_and_provenance(self, lake: Lake, url: str) -> None:
        summary = load(lake, url)
        assert summary.rows == {
            "patients": 2,
            "patient_history": 0,
            "providers": 1,
            "departments": 1,
            "encounters": 1,
            "procedures": 1,
            "transactions": 2,
            "encounter_status": 1,
            "diagnoses": 1,
            "appointments": 2,
            "eligibility_checks": 1,
            "authorizations": 1,
            "staff": 1,
            "work_log": 1,
        }
        assert query(
            lake,
            "transactions",
            "transactionid, amount, paidamount, paiddate, modifieddate, _source_system, "
            "_source_file, _source_position, _arrival_date",
        ) == [
            (
                "T1", Decimal("150.00"), None, None, datetime(2025, 3, 2),
                "hospital_a", "transactions", "T1", date(2025, 3, 2),
            ),
            (
                "T2", None, Decimal("20.00"), date(2025, 3, 3), datetime(2025, 3, 3, 17),
                "hospital_a", "transactions", "T2", date(2025, 3, 3),
            ),
        ]  # fmt: skip
        assert query(lake, "procedures", "units, workrvu") == [(1, Decimal("1.30"))]
        assert summary.dollar_amounts == {
            "charges": Decimal("150.00"),
            "payments": Decimal("20.00"),
        }

    def test_hospital_b_keeps_its_own_names(self, lake: Lake, tmp_path: Path) -> None:
        url = create_hospital(tmp_path / "hospital_b.duckdb", is_b=True)
        assert load(lake, url, "hospital_b").rows["patients"] == 2
        assert query(lake, "patients", "id, f_name, updated_date", "hospital_b")[0] == (
            "P1",
            "Ada",
            datetime(2025, 3, 1, 8),
        )

    def test_undated_tables_arrive_on_the_last_day_of_the_database(
        self, lake: Lake, url: str
    ) -> None:
        load(lake, url)
        assert query(lake, "providers", "npi, _arrival_date") == [("1234567893", date(2025, 3, 3))]
        assert query(lake, "staff", "role, _arrival_date") == [("Coder", date(2025, 3, 3))]

    def test_a_visit_has_its_documentation_and_the_work_on_it(self, lake: Lake, url: str) -> None:
        load(lake, url)
        assert query(lake, "encounter_status", "documentationstatus, codeddate") == [
            ("Signed", date(2025, 3, 2))
        ]
        assert query(lake, "appointments", "status, encounterid, _arrival_date") == [
            ("Completed", "E1", date(2025, 3, 1)),
            ("No Show", None, date(2025, 3, 1)),
        ]
        assert query(lake, "work_log", "minutes, claimid") == [(12, None)]
        change(
            url,
            "update encounter_status set DocumentationStatus = 'Queried', "
            "ModifiedDate = '2025-03-09 07:00'",
        )
        assert load(lake, url).rows["encounter_status"] == 1
        assert query(lake, "encounter_status", "documentationstatus, _arrival_date") == [
            ("Queried", date(2025, 3, 9)),
            ("Signed", date(2025, 3, 2)),
        ]

    def test_a_correction_is_a_charge_and_a_refund_a_payment(self, lake: Lake, url: str) -> None:
        change(
            url,
            """insert into transactions select * replace ('T3' as TransactionID,
            -50.00 as Amount, ' charge correction' as AmountType) from transactions
            where TransactionID = 'T1';
            insert into transactions select * replace ('T4' as TransactionID,
            -5.00 as PaidAmount, 'REFUND' as AmountType) from transactions
            where TransactionID = 'T2';
            insert into transactions select * replace ('T5' as TransactionID,
            7.00 as Amount, 'Prompt Pay Discount' as AmountType) from transactions
            where TransactionID = 'T1'""",
        )
        assert load(lake, url).dollar_amounts == {
            "charges": Decimal("100.00"),
            "payments": Decimal("15.00"),
            "other amounts": Decimal("7.00"),
        }

    def test_bytes_are_accounted_for(self, lake: Lake, url: str) -> None:
        change(url, "insert into departments values (null, 'Nowhere')")
        load(lake, url)
        files = query(
            lake,
            "received_files",
            "source_file, status, row_count, byte_count - loaded_byte_count"
            " - quarantined_byte_count, quarantined_byte_count > 0",
            "platform",
        )
        assert len(files) == 13
        assert [file for file in files if file[1] != "loaded"] == [
            ("departments", "partial", 1, 0, True)
        ]
        assert ("encounters", "loaded", 1, 0, False) in files

    def test_a_column_of_the_hospitals_own_is_kept_as_text(self, lake: Lake, url: str) -> None:
        change(url, "alter table departments add column Floor integer default 3")
        load(lake, url)
        assert query(lake, "departments", "deptid, floor") == [("DEP1", "3")]

    def test_values_in_text_columns_become_the_expected_types(self, lake: Lake, url: str) -> None:
        change(
            url,
            """alter table transactions alter PaidAmount type varchar;
            alter table transactions alter ServiceDate type varchar;
            update transactions set PaidAmount = '' where TransactionID = 'T1'""",
        )
        load(lake, url)
        assert query(lake, "transactions", "paidamount, servicedate") == [
            (Decimal("20.00"), date(2025, 3, 1)),
            (None, date(2025, 3, 1)),
        ]

    def test_a_database_of_other_types_lands_in_ours(self, lake: Lake, url: str) -> None:
        change(
            url,
            """alter table transactions alter PaidAmount type double;
            alter table transactions alter VisitDate type timestamp;
            alter table transactions alter ModifiedDate type timestamptz;
            alter table procedures alter Units type decimal(5, 1);
            alter table departments alter DeptID type integer using 17""",
        )
        assert load(lake, url).quarantined_count == 0
        assert query(lake, "transactions", "paidamount, visitdate, modifieddate")[0] == (
            Decimal("20.00"),
            date(2025, 3, 1),
            datetime(2025, 3, 3, 17),
        )
        assert query(lake, "departments", "deptid") == [("17",)]
        assert sum(load(lake, url).rows.values()) == 0

    def test_columns_that_look_like_ours_are_left_out(self, lake: Lake, url: str) -> None:
        change(url, "alter table departments add column _row integer")
        change(url, "alter table departments add column reason varchar default 'x'")
        change(url, "insert into departments values (null, 'Nowhere', 1, 'y')")
        summary = load(lake, url)
        assert (summary.rows["departments"], summary.quarantined_count) == (1, 1)

    def test_amounts_of_binary_fractions_are_rounded_to_the_cent_and_counted(
        self, lake: Lake, url: str
    ) -> None:
        amounts = ("988.3699951171875", "0.30000000000000004", "131071.9921875", "20.5",
                   "262144.015625", "12.345", "'inf'", "'nan'", "1e15")  # fmt: skip
        change(url, "alter table transactions alter Amount type double")
        for number, amount in enumerate(amounts):
            change(
                url,
                f"insert into transactions select * replace ('A{number}' as TransactionID, "
                f"{amount}::double as Amount) from transactions where TransactionID = 'T1'",
            )
        summary = load(lake, url)
        assert query(lake, "transactions", "transactionid, amount")[:5] == [
            ("A0", Decimal("988.37")),
            ("A1", Decimal("0.30")),
            ("A2", Decimal("131071.99")),
            ("A3", Decimal("20.50")),
            ("T1", Decimal("150.00")),
        ]
        assert summary.quarantined_count == 5
        assert "3 values of amount are binary fractions beside the cent" in " ".join(
            summary.messages
        )

    @pytest.mark.parametrize("kind", ["double", "float", "decimal(18, 2)", "decimal(12, 0)"])
    def test_ids_that_are_numbers_have_no_fraction(self, kind: str, lake: Lake, url: str) -> None:
        change(
            url,
            f"""alter table transactions alter TransactionID type {kind}
                using substr(TransactionID, 2)::{kind};
            alter table transactions alter EncounterID type {kind} using 9001;
            alter table transactions alter ICDCode type double using 250.1""",
        )
        load(lake, url)
        columns = "transactionid, encounterid, icdcode, _source_position"
        assert query(lake, "transactions", columns) == [
            ("1", "9001", "250.1", "1"),
            ("2", "9001", "250.1", "2"),
        ]
        assert sum(load(lake, url).rows.values()) == 0

    def test_ids_are_the_same_when_their_type_changes(self, lake: Lake, url: str) -> None:
        """A program that took a number for an amount writes 1001.0."""
        for kind in ("integer", "double", "varchar", "decimal(20, 4)"):
            digits = "regexp_replace(TransactionID, '[^0-9].*', '')::integer::{kind}"
            using = digits.replace("TransactionID", "ltrim(TransactionID::varchar, 'T')")
            change(
                url,
                f"alter table transactions alter TransactionID type {kind} "
                f"using {using.format(kind=kind)}"
                + ("; update transactions set TransactionID = TransactionID || '.0'"
                   if kind == "varchar" else ""),
            )  # fmt: skip
            load(lake, url)
        assert query(lake, "transactions", "transactionid") == [("1",), ("2",)]
        assert held(lake) == []

    @pytest.mark.parametrize(("kind", "limit"), [("double", 9007199254740992), ("float", 16777216)])
    def test_ids_that_their_type_cannot_tell_apart_refuse_the_table(
        self, kind: str, limit: int, lake: Lake, url: str
    ) -> None:
        change(url, f"alter table transactions alter ClaimID type {kind} using {limit - 1}")
        assert load(lake, url).rows["transactions"] == 2
        change(url, f"update transactions set ClaimID = {limit}")
        summary = load(lake, url)
        assert (summary.rows["transactions"], summary.rows["patients"]) == (0, 0)
        assert held(lake) == [("transactions", None, "table", "T5", None)]
        assert "claimid holds numbers that its type cannot tell apart" in " ".join(summary.messages)

    def test_amounts_as_people_write_them(self, lake: Lake, url: str) -> None:
        change(
            url,
            """alter table transactions alter Amount type varchar;
            update transactions set Amount = '$1,150.00' where TransactionID = 'T1';
            insert into transactions select * replace ('T3' as TransactionID,
                '(50.00)' as Amount, 'Charge Correction' as AmountType) from transactions
            where TransactionID = 'T1'""",
        )
        assert load(lake, url).dollar_amounts["charges"] == Decimal("1100.00")

    def test_names_that_sql_uses_itself(self, lake: Lake, url: str) -> None:
        own = {"transactionid": "primary", "amount": "order", "amounttype": "kind of amount",
               "paidamount": "group", "modifieddate": "desc"}  # fmt: skip
        for usual, name in own.items():
            change(url, f'alter table transactions rename {usual} to "{name.title()}"')
        hospital = replace(KNOWN["hospital_a"], columns={"transactions": own})
        assert load_hospital(lake, hospital, url).dollar_amounts == {
            "charges": Decimal("150.00"),
            "payments": Decimal("20.00"),
        }
        assert load_hospital(lake, hospital, url).rows["transactions"] == 0
        change(url, """update transactions set "Order" = 160.00, "Desc" = '2025-03-09'
                    where "Primary" = 'T1'""")  # fmt: skip
        assert compare_hospital(lake, hospital, url).summary.rows["transactions"] == 1

    def test_a_moment_as_text_keeps_the_day_of_its_place(self, lake: Lake, url: str) -> None:
        change(url, "alter table transactions alter ServiceDate type varchar")
        days = {}
        for text in ("2025-03-01T22:00:00-05:00", "2025-03-01 22:00:00.5 -0500", "2025-03-01",
                     "2025-03-01 02:00:00+10", "2025-03-01T02:00Z"):  # fmt: skip
            change(url, f"update transactions set ServiceDate = '{text}', "
                        "ModifiedDate = ModifiedDate + interval 1 minute")  # fmt: skip
            load(lake, url)
            days[text] = {day for (day,) in query(lake, "transactions", "servicedate")}
        assert set.union(*days.values()) == {date(2025, 3, 1)}


class TestDatedAhead:
    DAY = date(2025, 3, 20)

    def load(self, lake: Lake, url: str) -> LoadSummary:
        return load_hospital(lake, KNOWN["hospital_a"], url, not_after=self.DAY)

    def test_a_row_dated_ahead_waits_and_hides_nothing(self, lake: Lake, url: str) -> None:
        change(
            url,
            "insert into transactions select * replace ('T9' as TransactionID, "
            "20.00 as Amount, timestamp '2031-01-01' as ModifiedDate) from transactions "
            "where TransactionID = 'T1'",
        )
        first = self.load(lake, url)
        assert first.quarantined_amount == Decimal("20.00")
        assert held(lake) == [("transactions", "T9", "row", "E13", Decimal("20.00"))]
        assert lake.latest_arrival_date() == date(2025, 3, 3)
        change(
            url,
            "update transactions set Amount = 160.00, ModifiedDate = '2025-03-05 10:00' "
            "where TransactionID = 'T1'; insert into transactions select * replace "
            "('T3' as TransactionID, 75.00 as Amount) from transactions "
            "where TransactionID = 'T1'",
        )
        assert self.load(lake, url).rows["transactions"] == 2
        assert self.load(lake, url).rows["transactions"] == 0
        assert len(held(lake)) == 1
        assert lake.latest_arrival_date() == date(2025, 3, 5)
        change(url, "update transactions set ModifiedDate = '2025-03-06' "
                    "where TransactionID = 'T9'")  # fmt: skip
        assert self.load(lake, url).rows["transactions"] == 1

    def test_what_was_loaded_with_such_a_date_hides_nothing_either(
        self, lake: Lake, url: str
    ) -> None:
        change(url, "update transactions set ModifiedDate = '2031-01-01' "
                    "where TransactionID = 'T2'")  # fmt: skip
        load(lake, url)
        change(url, "update transactions set Amount = 1.00, ModifiedDate = '2025-03-05' "
                    "where TransactionID = 'T1'")  # fmt: skip
        assert self.load(lake, url).rows["transactions"] == 1


class TestIncrement:
    def test_a_second_load_adds_nothing(self, lake: Lake, url: str) -> None:
        load(lake, url)
        before = sorted(p for p in lake.root.rglob("*.parquet"))
        summary = load(lake, url)
        assert sum(summary.rows.values()) == 0
        assert (summary.files_loaded, summary.files_skipped) == (0, 13)
        assert sorted(p for p in lake.root.rglob("*.parquet")) == before

    def test_a_later_row_of_the_same_moment_is_not_missed(self, lake: Lake, url: str) -> None:
        load(lake, url)
        change(
            url,
            "insert into patients select * replace ('P3' as PatientID) from patients "
            "where PatientID = 'P2'",
        )
        assert load(lake, url).rows["patients"] == 1

    def test_a_changed_row_is_a_new_version(self, lake: Lake, url: str) -> None:
        load(lake, url)
        change(
            url,
            "update patients set Address = '9 Z St', ModifiedDate = '2025-04-01' "
            "where PatientID = 'P1'",
        )
        assert load(lake, url).rows["patients"] == 1
        assert query(lake, "patients", "patientid, address, _arrival_date") == [
            ("P1", "1 A St", date(2025, 3, 1)),
            ("P1", "9 Z St", date(2025, 4, 1)),
            ("P2", "2 B St", date(2025, 3, 2)),
        ]

    def test_an_undated_row_that_changes_back_is_news_each_time(self, lake: Lake, url: str) -> None:
        for name in ("Cardiology", "Heart centre", "Cardiology", "Cardiology"):
            change(url, f"update departments set Name = '{name}'")
            load(lake, url)
        assert len(query(lake, "departments", "name")) == 3

    def test_many_small_loads_equal_one_large(self, tmp_path: Path, url: str) -> None:
        increments = [
            "insert into departments values ('DEP2', 'Oncology')",
            "insert into encounters select * replace ('E2' as EncounterID, "
            "timestamp '2025-03-04' as ModifiedDate) from encounters",
            "insert into transactions select * replace (TransactionID || 'x' as TransactionID, "
            "timestamp '2025-03-05' as ModifiedDate) from transactions",
        ]
        bit_by_bit, at_once = Lake(tmp_path / "many"), Lake(tmp_path / "one")
        load(bit_by_bit, url)
        for sql in increments:
            change(url, sql)
            load(bit_by_bit, url)
        load(at_once, url)
        for table in ("encounters", "transactions", "departments", "patients"):
            columns = "* exclude (_batch_id, _loaded_at, _arrival_date)"
            assert query(bit_by_bit, table, columns) == query(at_once, table, columns)


class TestQuarantine:
    def test_a_missing_table_is_held_and_the_rest_loaded(self, lake: Lake, url: str) -> None:
        change(url, "alter table encounters rename to visits")
        summary = load(lake, url)
        assert summary.rows["encounters"] == 0
        assert summary.rows["transactions"] == 2
        assert held(lake) == [("encounters", None, "table", "T2", None)]
        message = " ".join(summary.messages)
        assert "there is no table encounters" in message
        assert "visits" in message
        assert "then load again" in message

    def test_a_renamed_column_is_held_until_it_is_mended(self, lake: Lake, url: str) -> None:
        change(url, "alter table patients rename LastName to Surname")
        first = load(lake, url)
        assert "there is no column lastname" in " ".join(first.messages)
        assert "surname" in " ".join(first.messages)
        again = load(lake, url)
        assert again.messages == first.messages
        assert again.quarantined_count == 0
        assert len(held(lake)) == 1
        change(url, "alter table patients rename Surname to LastName")
        mended = load(lake, url)
        assert mended.rows["patients"] == 2
        assert not any("lastname" in message for message in mended.messages)

    def test_a_view_that_fails_keeps_the_others(
        self, lake: Lake, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(attached, "RETRY_WAITS", (0.01,))
        change(
            url,
            "alter table encounters rename to visits; create view encounters as "
            "select * replace (FirstName::date as EncounterDate) from visits "
            "inner join (select PatientID, FirstName from patients) using (PatientID)",
        )
        summary = load(lake, url)
        assert (summary.rows["encounters"], summary.rows["transactions"]) == (0, 2)
        assert held(lake) == [("encounters", None, "table", "T8", None)]
        assert "Ada" not in " ".join(summary.messages)
        assert "mend the view, or read one that casts" in " ".join(summary.messages)

    def test_what_not_every_hospital_keeps_may_be_absent(self, lake: Lake, url: str) -> None:
        for table in ("procedures", "work_log", "staff"):
            change(url, f"drop table {table}")
        summary = load(lake, url)
        assert summary.files_quarantined == 0
        assert held(lake) == []
        (message,) = summary.messages
        assert "no such table as patient_history, procedures, staff, work_log" in message
        assert summary.rows["procedures"] == 0

    def test_an_optional_table_without_its_columns_is_held(self, lake: Lake, url: str) -> None:
        change(url, "alter table work_log drop column Minutes")
        summary = load(lake, url)
        assert held(lake) == [("work_log", None, "table", "T2", None)]
        assert "there is no column minutes" in " ".join(summary.messages)

    def test_a_blank_key_is_held(self, lake: Lake, url: str) -> None:
        change(
            url,
            "insert into transactions select * replace (' ' as TransactionID) from transactions "
            "where TransactionID = 'T1'",
        )
        summary = load(lake, url)
        assert summary.rows["transactions"] == 2
        assert summary.quarantined_amount == Decimal("150.00")
        assert [row[2:] for row in held(lake)] == [("row", "T4", Decimal("150.00"))]

    def test_a_repeated_row_is_held_and_never_counted_twice(self, lake: Lake, url: str) -> None:
        change(url, "insert into transactions from transactions where TransactionID = 'T1'")
        change(url, "insert into transactions from transactions where TransactionID = 'T1' limit 1")
        summary = load(lake, url)
        assert summary.dollar_amounts["charges"] == Decimal("150.00")
        assert held(lake) == [
            ("transactions", "T1#2", "row", "T4", Decimal("150.00")),
            ("transactions", "T1#3", "row", "T4", Decimal("150.00")),
        ]
        assert sum(load(lake, url).rows.values()) == 0
        assert len(held(lake)) == 2

    @pytest.mark.parametrize("is_incremental", [True, False])
    def test_of_a_repeated_key_the_first_version_stays_in_any_order_of_loads(
        self, is_incremental: bool, lake: Lake, url: str
    ) -> None:
        if is_incremental:
            load(lake, url)
        change(
            url,
            "insert into transactions select * replace (999.00 as Amount, "
            "timestamp '2025-05-01' as ModifiedDate) from transactions where TransactionID = 'T1'",
        )
        load(lake, url)
        assert query(lake, "transactions", "transactionid, amount") == [
            ("T1", Decimal("150.00")),
            ("T2", None),
        ]
        assert held(lake) == [("transactions", "T1#2", "row", "T4", Decimal("999.00"))]

    def test_a_value_of_the_wrong_type_is_held_with_its_content(self, lake: Lake, url: str) -> None:
        change(
            url,
            """alter table transactions alter Amount type varchar;
            update transactions set Amount = '1,50.00' where TransactionID = 'T1'""",
        )
        summary = load(lake, url)
        assert summary.rows["transactions"] == 1
        ((content, reason),) = query(lake, "quarantine", "content, reason", "platform")
        assert json.loads(content)["amount"] == "1,50.00"
        assert reason == "amount is not an amount in dollars and cents"

    def test_a_row_without_a_modification_date_is_held_once(self, lake: Lake, url: str) -> None:
        change(url, "update encounters set ModifiedDate = null")
        load(lake, url)
        load(lake, url)
        assert [row[:4] for row in held(lake)] == [("encounters", "E1", "row", "T3")]

    def test_columns_of_types_that_cannot_be_meant_hold_their_rows(
        self, lake: Lake, url: str
    ) -> None:
        change(
            url,
            """alter table transactions alter PaidDate type bigint using 20250303;
            alter table transactions alter Amount type boolean using true;
            alter table encounters alter ModifiedDate type bigint using 1740823200;
            alter table procedures alter Units type bigint using 9999999999;
            alter table patients alter DOB type double using 19801210""",
        )
        summary = load(lake, url)
        wrong = ("transactions", "encounters", "procedures", "patients")
        assert [summary.rows[table] for table in wrong] == [0, 0, 0, 0]
        assert {row[3] for row in held(lake)} == {"T3"}
        assert summary.rows["providers"] == 1
        load(lake, url)

    @pytest.mark.parametrize("kind", ["timestamp", "varchar"])
    @pytest.mark.parametrize("day", ["null", "'1753-01-01'", "'0044-03-15 (BC)'"])
    def test_one_that_comes_later_is_held_too_and_dates_nothing(
        self, kind: str, day: str, lake: Lake, url: str
    ) -> None:
        change(url, f"alter table transactions alter ModifiedDate type {kind}")
        load(lake, url)
        change(
            url,
            f"insert into transactions select * replace ('T9' as TransactionID, 20.00 as Amount, "
            f"{day} as ModifiedDate) from transactions where TransactionID = 'T1'",
        )
        load(lake, url)
        assert held(lake) == [("transactions", "T9", "row", "T3", Decimal("20.00"))]
        days = query(lake, "quarantine", "arrival_date", "platform")
        assert days == [(date(2025, 3, 3),)]
        load(lake, url)
        assert len(held(lake)) == 1

    def test_a_table_of_broken_rows_is_held_whole(
        self, lake: Lake, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("rcm_platform.sources.database.MAX_BAD_ROWS", 1)
        monkeypatch.setattr(tabular, "MAX_BAD_ROWS", 1)
        change(url, "update patients set ModifiedDate = null")
        summary = load(lake, url)
        assert summary.rows["patients"] == 0
        assert [row[:4] for row in held(lake)] == [("patients", None, "table", "T3")]

    def test_no_message_names_a_person(self, lake: Lake, url: str) -> None:
        change(
            url,
            """alter table patients alter DOB type varchar;
            update patients set DOB = 'Ada Byron'""",
        )
        summary = load(lake, url)
        assert summary.quarantined_count == 2
        assert "Ada" not in " ".join(summary.messages)

    def test_a_slash_in_a_key_does_not_look_like_a_segment(self, lake: Lake, url: str) -> None:
        change(url, "update patients set PatientID = '12/x' where PatientID = 'P1'")
        load(lake, url)
        assert query(lake, "patients", "_source_position")[0] == ("12%2Fx",)


class TestUnavailable:
    def test_a_missing_file(self, lake: Lake, tmp_path: Path) -> None:
        with pytest.raises(SourceUnavailable, match="no such database file") as caught:
            load(lake, str(tmp_path / "nowhere.duckdb"))
        assert "nowhere.duckdb" in str(caught.value)
        assert "RCM_HOSPITAL_A_URL" in str(caught.value)

    def test_a_file_that_is_no_database(self, lake: Lake, tmp_path: Path) -> None:
        path = tmp_path / "notes.duckdb"
        path.write_text("not a database")
        with pytest.raises(SourceUnavailable, match="cannot be read"):
            load(lake, str(path))

    @pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+pymysql", "postgresql"])
    def test_a_server_that_does_not_answer_keeps_the_password(
        self, scheme: str, lake: Lake
    ) -> None:
        with pytest.raises(SourceUnavailable) as caught:
            load(lake, f"{scheme}://reader:s3cr%2Ft@127.0.0.1:1/hospital")
        said = "".join([str(caught.value), repr(caught.value), str(caught.value.__dict__)])
        assert "s3cr" not in said
        assert "reader:***@127.0.0.1:1" in said

    @pytest.mark.parametrize(
        "url",
        [
            "mysql://reader:secret@host:port/hospital",
            "mysql://reader:secret@[host/hospital",
            "oracle://reader:secret@host/hospital",
        ],
    )
    def test_a_url_that_is_none(self, url: str, lake: Lake) -> None:
        with pytest.raises(SourceUnavailable) as caught:
            load(lake, url)
        assert "secret" not in str(caught.value)

    def test_nothing_is_left_in_the_lake(self, lake: Lake, tmp_path: Path) -> None:
        with pytest.raises(SourceUnavailable):
            load(lake, str(tmp_path / "nowhere.duckdb"))
        assert {p.name for p in lake.root.rglob("*") if p.is_file()} == {"schema.parquet"}
