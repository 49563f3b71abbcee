"""The CSV folders: every byte is loaded, held or a duplicate."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rcm_platform.ingest.quarantine.settle import settle
from rcm_platform.lake import UNDATED, Lake
from rcm_platform.sources import files
from rcm_platform.sources.base import SourceUnavailable
from rcm_platform.sources.csv_folders import load_claims_csv, load_operations, load_treasury

HEADER = "deposit_id,deposit_date,hospital,payer_name,trace_number,amount\n"
ROW_1 = "B1,2025-03-03,HOSP_A,Payer One,TRN1,100.25\n"
ROW_2 = 'B2,2025-03-03,HOSP_B,"Payer, Two",TRN2,50.00\n'


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "files"
    path.mkdir()
    return path


def put(folder: Path, content: str | bytes, name: str = "bank_deposits_20250303.csv") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def query(lake: Lake, source: str, table: str, columns: str) -> list[tuple]:
    with duckdb.connect() as con:
        return con.execute(
            f"select {columns} from {lake.scan(source, table)} order by all"
        ).fetchall()


def deposits(lake: Lake) -> list[tuple]:
    return query(lake, "treasury", "bank_deposits", "deposit_id, amount, _source_position")


def held(lake: Lake) -> list[tuple]:
    return query(
        lake, "platform", "quarantine", "source_file, source_position, level, rule_id, content"
    )


def accounts(lake: Lake) -> list[tuple]:
    """(file, status, loaded, quarantined, duplicate) bytes; checks that they add up."""
    rows = query(
        lake,
        "platform",
        "received_files",
        "source_file, status, loaded_byte_count, quarantined_byte_count, duplicate_byte_count, "
        "byte_count, padding_byte_count",
    )
    assert all(row[5] == sum(row[2:5]) + row[6] for row in rows)
    return [row[:5] for row in rows]


class TestTreasury:
    def test_rows_land_as_text_on_the_date_in_the_name(self, lake: Lake, folder: Path) -> None:
        put(folder, HEADER + ROW_1 + ROW_2)
        summary = load_treasury(lake, folder)
        assert query(
            lake,
            "treasury",
            "bank_deposits",
            "deposit_id, payer_name, amount, _source_system, _source_file, _source_position, "
            "_arrival_date",
        ) == [
            ("B1", "Payer One", "100.25", "treasury", "bank_deposits_20250303.csv", "1",
             date(2025, 3, 3)),
            ("B2", "Payer, Two", "50.00", "treasury", "bank_deposits_20250303.csv", "2",
             date(2025, 3, 3)),
        ]  # fmt: skip
        assert summary.dollar_amounts == {"deposits": Decimal("150.25")}
        assert summary.files_loaded == 1
        assert summary.byte_count == len(HEADER + ROW_1 + ROW_2)

    def test_many_files_become_one_batch(self, lake: Lake, folder: Path) -> None:
        for day in range(1, 29):
            put(
                folder, HEADER + ROW_1.replace("B1", f"B{day}"), f"bank_deposits_202503{day:02}.csv"
            )
        assert load_treasury(lake, folder).rows == {"bank_deposits": 28}
        assert len(query(lake, "treasury", "bank_deposits", "distinct _arrival_date")) == 28
        assert len(query(lake, "treasury", "bank_deposits", "distinct _batch_id")) == 1

    def test_a_second_load_adds_nothing(self, lake: Lake, folder: Path) -> None:
        put(folder, HEADER + ROW_1 + "B9,never,HOSP_A,x,TRN9,1.00\n")
        load_treasury(lake, folder)
        before = sorted(lake.root.rglob("*"))
        summary = load_treasury(lake, folder)
        assert (summary.files_loaded, summary.files_skipped) == (0, 1)
        assert summary.quarantined_count == 0
        assert sorted(lake.root.rglob("*")) == before

    def test_the_same_content_under_another_name_is_a_duplicate_once(
        self, lake: Lake, folder: Path
    ) -> None:
        put(folder, HEADER + ROW_1)
        load_treasury(lake, folder)
        put(folder, HEADER + ROW_1, "bank_deposits_20250304.csv")
        for _ in range(2):
            assert load_treasury(lake, folder).rows == {}
        size = len(HEADER + ROW_1)
        assert accounts(lake) == [
            ("bank_deposits_20250303.csv", "loaded", size, 0, 0),
            ("bank_deposits_20250304.csv", "duplicate", 0, 0, size),
        ]
        assert len(deposits(lake)) == 1

    def test_two_equal_files_at_once_are_one(self, lake: Lake, folder: Path) -> None:
        put(folder, HEADER + ROW_1)
        put(folder, HEADER + ROW_1, "again/bank_deposits_20250303.csv")
        assert load_treasury(lake, folder).rows == {"bank_deposits": 1}
        assert [row[:2] for row in accounts(lake)] == [
            ("again/bank_deposits_20250303.csv", "loaded"),
            ("bank_deposits_20250303.csv", "duplicate"),
        ]

    def test_a_corrected_file_adds_its_rows(self, lake: Lake, folder: Path) -> None:
        put(folder, HEADER + ROW_1)
        load_treasury(lake, folder)
        put(folder, HEADER + ROW_1.replace("100.25", "100.52"))
        load_treasury(lake, folder)
        assert deposits(lake) == [("B1", "100.25", "1"), ("B1", "100.52", "1")]

    def test_windows_files_with_a_byte_order_mark(self, lake: Lake, folder: Path) -> None:
        put(folder, b"\xef\xbb\xbf" + (HEADER + ROW_1).replace("\n", "\r\n").encode())
        load_treasury(lake, folder)
        assert deposits(lake) == [("B1", "100.25", "1")]

    def test_columns_in_another_order_and_case_with_one_more(
        self, lake: Lake, folder: Path
    ) -> None:
        put(
            folder,
            "Amount,TRACE_NUMBER, Payer_Name,hospital,deposit_date,deposit_id,branch\n"
            "7.00,TRN1,x,HOSP_A,2025-03-03,B1,Main St\n",
        )
        load_treasury(lake, folder)
        assert query(lake, "treasury", "bank_deposits", "deposit_id, amount, branch") == [
            ("B1", "7.00", "Main St")
        ]

    def test_a_file_without_rows_is_fine(self, lake: Lake, folder: Path) -> None:
        put(folder, HEADER)
        put(folder, HEADER.strip(), "bank_deposits_20250304.csv")
        summary = load_treasury(lake, folder)
        assert (summary.files_loaded, summary.files_quarantined) == (2, 0)
        assert deposits(lake) == []

    def test_a_packed_file_is_read(self, lake: Lake, folder: Path) -> None:
        packed = gzip.compress((HEADER + ROW_1 + "B2,never,HOSP_A,x,TRN2,2.00\n").encode())
        put(folder, packed, "bank_deposits_20250303.CSV.GZ")
        summary = load_treasury(lake, folder)
        assert deposits(lake) == [("B1", "100.25", "1")]
        assert (summary.quarantined_count, summary.quarantined_amount) == (1, Decimal("2.00"))

    def test_a_folder_inside_that_is_hidden_is_left_alone(self, lake: Lake, folder: Path) -> None:
        put(folder, "x", ".trash/old.csv")
        assert load_treasury(lake, folder).files_quarantined == 0


class TestWhatBanksSend:
    """Layouts of banks' own: read exactly, or held with a reason that says what to do."""

    @pytest.mark.parametrize(
        ("amount", "landed"),
        [
            ('"1,234.50"', "1234.50"),
            ("$1234.50", "1234.50"),
            ("(45.10)", "-45.10"),
            ('"$(1,045.00)"', None),
            ("45.10-", "-45.10"),
            ("45.10 CR", None),
            ('"1.234,50"', None),
            ("1.234", None),
            ("", None),
        ],
    )
    def test_an_amount_is_exact_or_held(
        self, amount: str, landed: str | None, lake: Lake, folder: Path
    ) -> None:
        put(folder, HEADER + f"B1,2025-03-03,HOSP_A,x,TRN1,{amount}\n")
        summary = load_treasury(lake, folder)
        assert deposits(lake) == ([("B1", landed, "1")] if landed else [])
        assert [row[3] for row in held(lake)] == ([] if landed else ["T3"])
        assert all("amount is " in message for message in summary.messages)

    @pytest.mark.parametrize("day", ["03/04/2025", "13/04/2025", "4.3.2025", "20250304", "45719"])
    def test_a_day_in_another_order_is_never_guessed(
        self, day: str, lake: Lake, folder: Path
    ) -> None:
        put(folder, HEADER + f"B1,{day},HOSP_A,x,TRN1,5.00\n" + ROW_2)
        summary = load_treasury(lake, folder)
        assert deposits(lake) == [("B2", "50.00", "2")]
        assert "deposit_date is not a date (yyyy-mm-dd)" in summary.messages[0]
        assert summary.quarantined_amount == Decimal("5.00")

    @pytest.mark.parametrize(
        "totals",
        ["Total,,,,,150.25\n", "TOTAL,2025-03-03,,,,150.25\n", ",,,,,150.25\n", "2 deposits\n"],
    )
    def test_a_row_of_totals_is_no_deposit(self, totals: str, lake: Lake, folder: Path) -> None:
        put(folder, HEADER + ROW_1 + ROW_2 + totals)
        summary = load_treasury(lake, folder)
        assert summary.dollar_amounts == {"deposits": Decimal("150.25")}
        assert [row[1:4] for row in held(lake)] == [("3", "row", "T3")]

    def test_a_number_with_blanks_around_it_is_the_same(self, lake: Lake, folder: Path) -> None:
        put(folder, HEADER + ROW_1 + ROW_1.replace("B1", '"B1 "'))
        load_treasury(lake, folder)
        assert [row[1:4] for row in held(lake)] == [("2", "row", "T4")]

    def test_a_number_is_the_same_with_a_fraction_of_nothing(
        self, lake: Lake, folder: Path
    ) -> None:
        """Programs that take a number for an amount write 1001.0."""
        put(folder, HEADER + ROW_1.replace("B1", "1001.0") + ROW_2.replace("B2", "12.50"))
        put(folder, HEADER + ROW_1.replace("B1", "1001"), "bank_deposits_20250304.csv")
        load_treasury(lake, folder)
        rows = query(lake, "treasury", "bank_deposits", "deposit_id")
        assert rows == [("1001",), ("1001",), ("12.50",)]

    def test_debits_and_credits_of_their_own_are_told_as_columns(
        self, lake: Lake, folder: Path
    ) -> None:
        put(folder, HEADER.replace("amount", "debit,credit") + ROW_1.replace("100.25", ",100.25"))
        (message,) = load_treasury(lake, folder).messages
        assert "no column amount. It has: deposit_id, " in message
        assert "credits less debits" in message

    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("statement.bai", "01,BANK,HOSP,250303,0600,1,80,1,2/\n02,HOSP,BANK,1/\n", "BAI2"),
            ("bank_deposits_20250303.csv", "01,BANK,HOSP,250303,0600,1,,,2/\n", "BAI2"),
            ("march.qbo", "OFXHEADER:100\nDATA:OFXSGML\n", "OFX"),
            ("march.sta", ":20:STARTUMS\n:25:1/2\n", "MT940"),
            ("march.xml", "<?xml version='1.0'?><Document/>", "XML"),
            ("bank_deposits_20250303.xlsx", b"PK\x03\x04" + bytes(90), "a workbook"),
            ("remit.835", "ISA*00*          *00*", "RCM_X12_DIR"),
            ("bank_deposits_20250303.txt", HEADER + ROW_1, "Rename the file"),
            ("bank_deposits.csv", HEADER + ROW_1, "Name it bank_deposits_yyyymmdd.csv"),
        ],
    )
    def test_a_file_of_another_kind_is_held_and_said(
        self, name: str, content: str | bytes, said: str, lake: Lake, folder: Path
    ) -> None:
        put(folder, content, name)
        put(folder, HEADER + ROW_2, "bank_deposits_20250304.csv")
        summary = load_treasury(lake, folder)
        assert deposits(lake) == [("B2", "50.00", "1")]
        assert [row[:4] for row in held(lake)] == [(name, None, "file", "T1")]
        assert said in summary.messages[0]


class TestQuarantine:
    def test_bad_rows_are_held_with_their_bytes(self, lake: Lake, folder: Path) -> None:
        wrong_type = 'B3,2025-03-03,HOSP_A,"a\nb",TRN3,1.2.3\r\n'
        too_short = "B4,2025-03-03\n"
        no_key = ",2025-03-03,HOSP_A,x,TRN5,5.00\n"
        put(folder, HEADER + wrong_type + "\n" + ROW_1 + too_short + no_key + ROW_1 + ROW_2)
        summary = load_treasury(lake, folder)
        name = "bank_deposits_20250303.csv"
        assert held(lake) == [
            (name, "1", "row", "T3", wrong_type.encode()),
            (name, "3", "row", "T3", too_short.encode()),
            (name, "4", "row", "T4", no_key.encode()),
            (name, "5", "row", "T4", ROW_1.encode()),
        ]
        assert deposits(lake) == [("B1", "100.25", "2"), ("B2", "50.00", "6")]
        lost = len(wrong_type + too_short + no_key + ROW_1)
        total = len(HEADER + wrong_type + "\n" + ROW_1 + too_short + no_key + ROW_1 + ROW_2)
        assert accounts(lake) == [(name, "partial", total - lost, lost, 0)]
        assert summary.quarantined_amount == Decimal("105.25")

    @pytest.mark.parametrize(
        ("content", "rule", "said"),
        [
            (b"", "T1", "the file is empty"),
            (b"\x00\xff\xfe\x01garbage\x00", "T1", "no text at all"),
            ((HEADER + ROW_1).encode("utf-16"), "T1", "UTF-16"),
            ((HEADER + ROW_1).replace(",", ";"), "T1", "separated by semicolons"),
            ((HEADER + ROW_1).replace(",", "\t"), "T1", "separated by tabs"),
            (HEADER.encode() + b"B2,2025-03-03,Payer One,Se\xf1or\n", "T1", "Windows-1252"),
            (ROW_1 + ROW_2, "T2", "the header is missing"),
            ("Payer One,Payer One,,TRN1\n", "T2", "the header is missing"),
            ((HEADER + ROW_1).encode() + b"B2,2025-03-03,HOSP_A,Se\xf1or,TRN2,1.00\n", "T1", "UTF"),
            (HEADER.replace("amount", "total") + ROW_1, "T2", "no column amount"),
            (
                HEADER.replace("hospital", "amount") + ROW_1,
                "T2",
                "repeated or start with '_' (number 3, 6)",
            ),
            (HEADER.replace("payer_name", "_file") + ROW_1, "T2", "(number 4)"),
        ],
        ids=[
            "empty",
            "binary",
            "UTF-16",
            "semicolons",
            "tabs",
            "not UTF-8, and a row is torn",
            "no header",
            "no header but repeated values",
            "not UTF-8",
            "renamed column",
            "column twice",
            "reserved column",
        ],
    )
    def test_a_bad_file_is_held_and_the_others_go_on(
        self,
        content: str | bytes,
        rule: str,
        said: str,
        lake: Lake,
        folder: Path,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        name = "bank_deposits_20250302.csv"
        data = put(folder, content, name).read_bytes()
        put(folder, HEADER + ROW_2)
        summary = load_treasury(lake, folder)
        assert held(lake) == [(name, None, "file", rule, data)]
        assert said in summary.messages[0]
        # a message is logged, and a row may name a person
        assert "Payer One" not in summary.messages[0]
        assert capfd.readouterr() == ("", "")
        assert deposits(lake) == [("B2", "50.00", "1")]
        assert (summary.files_loaded, summary.files_quarantined) == (1, 1)
        assert accounts(lake)[0] == (name, "quarantined", 0, len(data), 0)

    @pytest.mark.parametrize(
        "name", ["bank_deposits_20251399.csv", "march.csv", "bank_deposits_2025.csv"]
    )
    def test_a_name_that_tells_nothing_is_held(self, name: str, lake: Lake, folder: Path) -> None:
        put(folder, HEADER + ROW_1, name)
        summary = load_treasury(lake, folder)
        assert [row[:4] for row in held(lake)] == [(name, None, "file", "T1")]
        assert "Rename the file" in summary.messages[0]
        assert deposits(lake) == []

    def test_a_file_that_is_dated_ahead_waits_and_hides_no_later_day(
        self, lake: Lake, folder: Path
    ) -> None:
        put(folder, HEADER + ROW_1, "bank_deposits_20990101.csv")
        put(folder, HEADER + ROW_2)
        load_treasury(lake, folder, not_after=date(2025, 3, 4))
        assert [row[:4] for row in held(lake)] == [
            ("bank_deposits_20990101.csv", None, "file", "E13")
        ]
        assert deposits(lake) == [("B2", "50.00", "1")]
        assert lake.latest_arrival_date() == date(2025, 3, 3)

    def test_a_file_that_was_held_for_its_name_is_loaded_under_another_one(
        self, lake: Lake, folder: Path
    ) -> None:
        wrong = put(folder, HEADER + ROW_1, "march.csv")
        load_treasury(lake, folder)
        wrong.rename(folder / "bank_deposits_20250303.csv")
        assert load_treasury(lake, folder).files_loaded == 1
        assert deposits(lake) == [("B1", "100.25", "1")]
        assert [item.source_file for item in settle(lake, date(2025, 3, 3))] == ["march.csv"]
        assert load_treasury(lake, folder).files_skipped == 1
        assert [status for _, status, *_ in accounts(lake)] == ["loaded", "quarantined"]

    def test_a_copy_under_a_name_that_tells_nothing_keeps_no_other_from_loading(
        self, lake: Lake, folder: Path
    ) -> None:
        put(folder, HEADER + ROW_1, "a.csv")
        put(folder, HEADER + ROW_1)
        load_treasury(lake, folder)
        assert deposits(lake) == [("B1", "100.25", "1")]

    def test_a_file_that_is_dated_ahead_is_loaded_once_its_day_has_come(
        self, lake: Lake, folder: Path
    ) -> None:
        put(folder, HEADER + ROW_1)
        for not_after in (date(2025, 3, 1), date(2025, 3, 2)):
            load_treasury(lake, folder, not_after=not_after)
            assert len(held(lake)) == 1
        load_treasury(lake, folder, not_after=date(2025, 3, 3))
        assert deposits(lake) == [("B1", "100.25", "1")]
        assert load_treasury(lake, folder, not_after=date(2025, 3, 4)).files_skipped == 1

    def test_a_large_file_is_held_in_pieces(
        self, lake: Lake, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(files, "_CONTENT_BYTES", 10)
        put(folder, b"a,b\n" + b"1,2\n" * 6)
        load_treasury(lake, folder)
        rows = query(lake, "platform", "quarantine", "byte_offset, byte_count, content")
        assert [row[:2] for row in rows] == [(0, 10), (10, 10), (20, 8)]
        assert b"".join(row[2] for row in rows) == b"a,b\n" + b"1,2\n" * 6

    def test_a_file_of_broken_rows_is_held_whole(
        self, lake: Lake, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(files, "MAX_BAD_ROWS", 2)
        put(folder, HEADER + ROW_1 * 5)
        load_treasury(lake, folder)
        assert deposits(lake) == []
        assert [row[:4] for row in held(lake)] == [
            ("bank_deposits_20250303.csv", None, "file", "T4")
        ]

    def test_what_is_for_people_is_left_alone(self, lake: Lake, folder: Path) -> None:
        put(folder, "for people", "README.txt")
        put(folder, HEADER, ".bank_deposits_20250303.csv")
        assert load_treasury(lake, folder).files_loaded == 0
        assert accounts(lake) == []

    def test_a_missing_folder(self, lake: Lake, tmp_path: Path) -> None:
        with pytest.raises(SourceUnavailable, match="nowhere") as caught:
            load_treasury(lake, tmp_path / "nowhere")
        assert caught.value.what_to_do


class TestOperations:
    def test_arrival_dates(self, lake: Lake, folder: Path) -> None:
        put(folder, "facility_id,facility_name,source_system,npi,tin\nF1,One,hospital_a,1,2\n",
            "facilities.csv")  # fmt: skip
        put(folder, "payer_id,payer_name,payer_class\nSELF,Self-pay,Self-pay\n", "payers.csv")
        for month in ("202511", "202512"):
            put(
                folder,
                f"facility_id,month,cost_amount\nF1,{month[:4]}-{month[4:]}-01,9.50\n",
                f"facility_costs_{month}.csv",
            )
        summary = load_operations(lake, folder)
        assert summary.rows == {"facilities": 1, "payers": 1, "facility_costs": 2}
        assert summary.dollar_amounts == {"costs": Decimal("19.00")}
        assert query(lake, "operations", "facilities", "facility_id, _arrival_date") == [
            ("F1", UNDATED)
        ]
        assert query(lake, "operations", "facility_costs", "month, _arrival_date") == [
            ("2025-11-01", date(2025, 12, 5)),
            ("2025-12-01", date(2026, 1, 5)),
        ]
        assert lake.latest_arrival_date() == date(2026, 1, 5)

    def test_lists_of_a_day_arrive_on_it(self, lake: Lake, folder: Path) -> None:
        put(folder, "facility_id,provider_id,year,fte,work_rvu_target\nF1,PROV1,2025,0.80,3840\n",
            "clinician_targets_20250102.csv")  # fmt: skip
        put(
            folder,
            "contract_id,payer_id,facility_id,service_category,method,rate,is_lesser_of,"
            "effective_date,end_date\n"
            "C1,P1,F1,Professional,percent of medicare,112.5,true,2024-01-01,2025-12-31\n"
            "C1,P1,F1,Inpatient,fee schedule,,false,2024-01-01,\n",
            "payer_contracts_20241001.csv",
        )
        put(
            folder,
            "schedule_id,procedure_code,fee_amount,effective_date,end_date\n"
            "MEDICARE,99213,89.00,2024-01-01,2024-12-31\n"
            "MEDICARE,99213,91.00,2025-01-01,\n"
            "MEDICARE,99213,92.00,2025-01-01,\n",
            "fee_schedules_20241001.csv",
        )
        summary = load_operations(lake, folder)
        assert summary.rows == {"clinician_targets": 1, "payer_contracts": 2, "fee_schedules": 2}
        assert query(lake, "operations", "clinician_targets", "fte, _arrival_date") == [
            ("0.80", date(2025, 1, 2))
        ]
        assert query(lake, "operations", "payer_contracts", "method, rate") == [
            ("fee schedule", None),
            ("percent of medicare", "112.5"),
        ]
        assert held(lake) == [
            ("fee_schedules_20241001.csv", "3", "row", "T4", b"MEDICARE,99213,92.00,2025-01-01,\n")
        ]

    def test_a_list_of_payers_need_not_tell_mergers(self, lake: Lake, folder: Path) -> None:
        put(folder, "payer_id,payer_name,payer_class\nP1,One,Commercial\n", "payers.csv")
        put(folder, "payer_id,payer_name,payer_class,merged_into\nP2,Two,Other,P1\nP1,,Blue,\n",
            "new/payers.csv")  # fmt: skip
        summary = load_operations(lake, folder)
        assert (summary.files_loaded, summary.quarantined_count) == (2, 0)
        assert summary.messages == ["operations payers.csv: no column merged_into: loaded as blank"]
        assert query(lake, "operations", "payers", "payer_id, merged_into") == [
            ("P1", None),
            ("P1", None),
            ("P2", "P1"),
        ]


POSTINGS = "gl_id,posting_date,accounting_period,hospital,account,trace_number,amount\n"


def test_postings_are_no_second_deposit(lake: Lake, folder: Path) -> None:
    put(folder, HEADER + ROW_1)
    put(
        folder,
        POSTINGS + "G1,2025-03-04,2025-03-01,HOSP_A,Cash - Payers,TRN1,100.25\n"
        "G2,2025-03-04,2025-03-01,HOSP_A,Cash - Patients,LBXA20250303,-7.5\n"
        "G3,2025-03-04,2025-03-01,HOSP_A,Cash - Payers,TRN1,12.345\n",
        "gl_postings_20250304.csv",
    )
    summary = load_treasury(lake, folder)
    assert summary.rows == {"bank_deposits": 1, "gl_postings": 2}
    assert summary.dollar_amounts == {"deposits": Decimal("100.25")}
    assert query(lake, "treasury", "gl_postings", "account, amount, _arrival_date") == [
        ("Cash - Patients", "-7.5", date(2025, 3, 4)),
        ("Cash - Payers", "100.25", date(2025, 3, 4)),
    ]
    assert [row[:4] for row in held(lake)] == [("gl_postings_20250304.csv", "3", "row", "T3")]


class TestClaimsExport:
    HEADER = (
        "ClaimID,TransactionID,PatientID,EncounterID,ProviderID,DeptID,ServiceDate,ClaimDate,"
        "PayorID,ClaimAmount,PaidAmount,ClaimStatus,PayorType,Deductible,Coinsurance,Copay,"
        "InsertDate,ModifiedDate\n"
    )
    ROW = (
        "C1,T1,P1,E1,D1,X1,2025-01-20,2025-01-25,PAY1,200.00,80.00,PAID,Commercial,0.00,20.00,,"
        "2025-01-25,2025-02-01\n"
    )

    def test_rows_belong_to_the_hospital_of_their_folder(self, lake: Lake, folder: Path) -> None:
        put(folder, self.HEADER + self.ROW, "hospital_a/claims_20250202.csv")
        put(
            folder,
            self.HEADER + self.ROW.replace("200.00", "300.00") + self.ROW.replace("C1", "C2"),
            "hospital_b/claims_20250202.csv",
        )
        summary = load_claims_csv(lake, folder)
        assert (summary.source_system, summary.rows) == ("claims_csv", {"claims": 3})
        assert summary.dollar_amounts == {"claimed": Decimal("700.00")}
        assert query(
            lake,
            "claims_csv",
            "claims",
            "_source_system, claimid, claimamount, claimstatus, copay, _source_file, _arrival_date",
        ) == [
            ("hospital_a", "C1", "200.00", "PAID", None, "hospital_a/claims_20250202.csv",
             date(2025, 2, 2)),
            ("hospital_b", "C1", "300.00", "PAID", None, "hospital_b/claims_20250202.csv",
             date(2025, 2, 2)),
            ("hospital_b", "C2", "200.00", "PAID", None, "hospital_b/claims_20250202.csv",
             date(2025, 2, 2)),
        ]  # fmt: skip
        assert {row[1] for row in accounts(lake)} == {"loaded"}
        systems = query(lake, "platform", "received_files", "distinct source_system")
        assert systems == [("claims_csv",)]
        again = load_claims_csv(lake, folder)
        assert (again.files_loaded, again.files_skipped, again.rows) == (0, 2, {})

    def test_a_file_of_no_hospital_is_held_and_the_others_go_on(
        self, lake: Lake, folder: Path
    ) -> None:
        data = put(folder, self.HEADER + self.ROW, "claims_20250202.csv").read_bytes()
        put(folder, self.HEADER + self.ROW.replace("C1", "C2"), "hospital_a/claims_20250202.csv")
        put(folder, "x\n", "hospital_a/invoices.csv")
        summary = load_claims_csv(lake, folder)
        assert (summary.files_loaded, summary.files_quarantined) == (1, 2)
        assert held(lake) == [
            ("claims_20250202.csv", None, "file", "T1", data),
            ("hospital_a/invoices.csv", None, "file", "T1", b"x\n"),
        ]
        assert any("named after the hospital's source system" in m for m in summary.messages)

    def test_a_missing_folder_names_its_setting(self, lake: Lake, tmp_path: Path) -> None:
        with pytest.raises(SourceUnavailable, match="RCM_CLAIMS_CSV_DIR"):
            load_claims_csv(lake, tmp_path / "nowhere")


FIELD = st.text(alphabet='ab1,." \n', max_size=5)
RECORD = st.lists(FIELD, min_size=1, max_size=8)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@example(records=[[" "]], ending="\n")
@example(records=[[" "], ["a"]], ending="\r\n")
@given(records=st.lists(RECORD, max_size=8), ending=st.sampled_from(["\n", "\r\n"]))
def test_every_row_is_loaded_or_held_byte_for_byte(
    records: list[list[str]], ending: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    base = tmp_path_factory.mktemp("rows")
    lines = []
    for record in records:
        text = io.StringIO()
        csv.writer(text, lineterminator=ending).writerow(record)
        lines.append(text.getvalue().encode())
    header = HEADER.replace("\n", ending).encode()
    lake, folder = Lake(base / "lake"), base / "files"
    put(folder, header + b"".join(lines))
    load_treasury(lake, folder)
    ((_, _, loaded, quarantined, _),) = accounts(lake)
    assert loaded + quarantined == len(header) + sum(map(len, lines))
    rows = {int(p): None for _, _, p in deposits(lake)}
    for _, position, level, _, content in held(lake):
        assert level == "row"
        rows[int(position)] = content
    real = [line for line in lines if line.strip(b"\r\n")]
    assert sorted(rows) == list(range(1, len(real) + 1))
    assert all(rows[n] in (None, line) for n, line in enumerate(real, start=1))
