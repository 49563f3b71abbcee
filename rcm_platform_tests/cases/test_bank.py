"""What a bank shows of payments: other numbers, several at once, less a fee, too much, too late, or
nothing at all of a hospital. Cash is what the remittances say; each difference is listed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import duckdb
import pytest

from rcm_platform.explain import trace
from rcm_platform.publish import versions
from rcm_platform_tests.conftest import Built


@pytest.fixture
def con(hospitals_and_bank: Built) -> Iterator[duckdb.DuckDBPyConnection]:
    with hospitals_and_bank.warehouse() as con:
        yield con


def listed(con: duckdb.DuckDBPyConnection, *rules: str) -> set[tuple[str, str, Decimal]]:
    """(rule, record, dollars) of the open findings of rules."""
    return set(
        con.execute(
            "select rule_id, record_id, finding_amount from marts.mart_data_exceptions "
            "where is_open and list_contains(?, rule_id)",
            [list(rules)],
        ).fetchall()
    )


def test_a_bank_that_differs_does_not_keep_the_night_from_publishing(
    hospitals_and_bank: Built,
) -> None:
    assert hospitals_and_bank.exit_code == 0, hospitals_and_bank.output
    assert versions.current(hospitals_and_bank.settings.published_dir)


def test_each_difference_is_listed_with_its_dollars(con: duckdb.DuckDBPyConnection) -> None:
    assert listed(con, "R1", "R2", "R3", "R4", "R5") == {
        ("R1", "EFT7701", Decimal("-45.00")),  # more than the remittance explains
        ("R2", "CHK5501", Decimal("180.00")),
        ("R2", "CHK5502", Decimal("240.00")),
        ("R4", "D2", Decimal("420.00")),  # the lockbox that holds them
        ("R5", "VCC9901", Decimal("1.80")),
        ("R3", "D7", Decimal("75.00")),
        # without a number, and of two payments that are alike
        ("R2", "EFT8102", Decimal("60.00")),
        ("R2", "EFT8103", Decimal("60.00")),
        ("R3", "D11", Decimal("60.00")),
    }


def test_a_deposit_without_a_number_is_its_payment_where_no_other_can_be(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = con.execute(
        "select record_id, finding_amount, is_open from marts.mart_data_exceptions "
        "where rule_id = 'R6' order by all"
    ).fetchall()
    assert found == [("D10", Decimal("50.00"), False), ("D12", Decimal("70.00"), False)]


@pytest.mark.parametrize(
    ("claim", "status"),
    [
        ("BANK-A1", "matched"),  # leading zeros do not count
        ("BANK-A6", "matched"),  # one check number of two payers
        ("BANK-A7", "matched"),
        ("BANK-N1", "matched"),  # no number, but payer, amount and days
        ("BANK-N4", "matched"),  # nor a name
        ("BANK-A8", "not applicable"),  # before the feed begins
        ("BANK-B1", "not applicable"),  # a hospital that is not in the feed
    ],
)
def test_what_is_not_judged_or_matches_is_no_difference(
    con: duckdb.DuckDBPyConnection, claim: str, status: str
) -> None:
    found = con.execute(
        """
        select deposit_status from marts.mart_cash_reconciliation
        inner join marts.fct_remittances using (remit_payment_key)
        where claim_id = ?
        """,
        [claim],
    ).fetchall()
    assert found == [(status,)]


def test_cash_is_what_the_remittances_say(con: duckdb.DuckDBPyConnection) -> None:
    """And two deposits of a payer whose remittances are missing; no lockbox and no fee, and no
    deposit without a number, which may be one of two payments."""
    found = con.execute(
        "select collected_from, sum(collected_amount) from marts.fct_collections "
        "where collection_method <> 'hospital posting' group by all order by all"
    ).fetchall()
    assert found == [
        ("payer", Decimal("1051.00")),
        ("payer, outside any claim", Decimal("83.00")),
    ]


def test_a_facility_that_only_the_bank_or_the_costs_name_is_one(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = con.execute(
        "select facility_id from marts.dim_facility where facility_type = 'other facility' "
        "order by all"
    ).fetchall()
    assert found == [("ELSEWHERE",), ("NOWHERE",)]


def test_money_at_a_hospital_that_no_list_has_is_listed(con: duckdb.DuckDBPyConnection) -> None:
    """And two hospitals number their deposits each for themselves: both count."""
    assert listed(con, "R7") == {
        ("R7", "ELSEWHERE/D9", Decimal("5.00")),
        ("R7", "G1", Decimal("5.00")),
        ("R7", "G2", Decimal("9.00")),
    }
    found = con.execute(
        "select deposit_id, deposit_amount from intermediate.int_cash__deposits "
        "where deposit_id like '%D9' order by all"
    ).fetchall()
    assert found == [("ELSEWHERE/D9", Decimal("5.00")), ("HOSP_A/D9", Decimal("7.00"))]


def test_a_claim_that_only_an_old_export_knows_is_traced_to_its_row(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute(
        "set search_path = 'marts,intermediate,seeds'; "
        "create temp table published_version as select date '2025-03-31' as as_of"
    )
    found = trace.trace(con, "s4_collection_rate", date(2025, 2, 1), trace.Scope())
    assert found.is_whole
    [part] = found.parts
    assert (part.claim_key, part.numerator, part.denominator) == (None, 40, 250)
    assert part.row_key
    row = trace.source_row(con, part.row_key)
    assert (row.kind, row.quantity) == ("exported claim", Decimal("250.00"))
    assert row.source_file.endswith("claims_20250202.csv")


def test_a_date_of_2099_is_found_and_moves_no_money_out_of_its_month(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert listed(con, "F1") == {
        ("F1", "D13", Decimal("8.00")),
        ("F1", "G2", Decimal("9.00")),
        ("F1", "HOSP_A", Decimal("4.00")),  # the cost of a month counts in none
    }
    found = con.execute(
        "select collection_date, sum(collected_amount) from marts.fct_collections "
        "where collected_from = 'payer, outside any claim' group by all "
        "having sum(collected_amount) <> 0 order by all"
    ).fetchall()
    assert found == [(date(2025, 3, 20), Decimal("75.00")), (date(2025, 3, 31), Decimal("8.00"))]
    assert con.execute(
        "select max(year(activity_month)) from marts.mart_facility_margin"
    ).fetchall() == [(2025,)]


def test_what_the_bank_sends_otherwise_waits_and_is_said(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute(
        "select rule_id, source_file, finding_amount from marts.mart_data_exceptions "
        "where checked_at = 'reading' and source_system = 'treasury' order by all"
    ).fetchall()
    assert found == [
        ("T1", "statement.bai", None),
        ("T3", "bank_deposits_20250331.csv", Decimal("1341.20")),
    ]
