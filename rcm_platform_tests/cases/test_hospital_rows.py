"""Rows of hospitals that point to nothing, or leave something out: all are published, what nobody
knows says so, and what hangs on it is listed in dollars."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import duckdb
import pytest

from rcm_platform_tests.conftest import Built


@pytest.fixture
def con(hospitals_and_bank: Built) -> Iterator[duckdb.DuckDBPyConnection]:
    with hospitals_and_bank.warehouse() as con:
        yield con


@pytest.mark.parametrize(
    ("rule", "findings"),
    [
        ("N1", {("hospital_a", "E3", Decimal("40.00")), ("hospital_a", "E4", Decimal("50.00"))}),
        ("N2", {("hospital_a", "X2", Decimal("40.00")), ("hospital_a", "X3", Decimal("50.00"))}),
        ("N3", {("hospital_a", "D9", Decimal("30.00"))}),
        (
            "N4",
            {
                ("hospital_a", "X5", Decimal("100.00")),
                ("hospital_b", "T1", Decimal("150.00")),
                ("hospital_b", "T2", Decimal("20.00")),
            },
        ),
        ("N5", {("hospital_a", "PR2", None), ("hospital_b", "PR1", None)}),
        ("N7", {("hospital_a", "DEP9", None)}),
        ("N8", {("hospital_a", "E7", Decimal("8.00")), ("hospital_a", "X9", Decimal("8.00"))}),
    ],
)
def test_what_points_to_nothing_is_listed(
    con: duckdb.DuckDBPyConnection, rule: str, findings: set[tuple[str, str, Decimal | None]]
) -> None:
    found = con.execute(
        "select source_system, record_id, finding_amount from marts.mart_data_exceptions "
        "where rule_id = ? and is_open",
        [rule],
    ).fetchall()
    assert set(found) == findings


def test_a_patient_of_whom_there_is_no_record_is_listed_without_a_number(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = con.execute(
        """
        select found.source_system, patient_id, finding_amount, detail
        from marts.mart_data_exceptions as found
        inner join marts.dim_patient on record_id = patient_key
        where rule_id = 'N6' and is_open
        """
    ).fetchall()
    assert found == [
        (
            "hospital_a", "P77", Decimal("60.00"),
            "visits and transactions that name it: 2, such as visit E5",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(("rule", "amount"), [("T7", Decimal("90.00")), ("E13", Decimal("20.00"))])
def test_a_journal_row_that_cannot_count_is_listed_with_its_dollars(
    con: duckdb.DuckDBPyConnection, rule: str, amount: Decimal
) -> None:
    """One of a kind that nobody listed, and one that was modified in a year to come."""
    found = con.execute(
        "select finding_amount from marts.mart_data_exceptions "
        "where rule_id = ? and source_system = 'hospital_a' and is_open",
        [rule],
    ).fetchall()
    assert found == [(amount,)]
    of_claim = con.execute(
        "select charge_amount, patient_paid_amount from marts.fct_claims "
        "where source_system = 'hospital_a' and claim_id = 'C1'"
    ).fetchall()
    assert of_claim == [(Decimal("150.00"), Decimal("20.00"))]


def test_what_is_held_with_a_file_that_tells_no_day_has_no_age(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = con.execute(
        "select rule_id, found_date, age_days, age_bucket, is_open "
        "from marts.mart_data_exceptions where source_file = 'march.csv'"
    ).fetchall()
    assert found == [("T1", None, None, "unknown", True)]


def test_a_clinician_on_no_list_is_a_row_that_says_so(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute(
        """
        select provider_name, is_inferred, encounter_id from marts.fct_encounters
        inner join marts.dim_provider using (provider_key) where provider_id = 'D9'
        """
    ).fetchall()
    assert found == [("Not on the list: D9", True, "E2")]


def test_a_visit_without_a_date_is_shown_without_one(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute(
        "select encounter_id, encounter_date, charge_amount from marts.fct_encounters "
        "where encounter_id in ('E3', 'E4') order by all"
    ).fetchall()
    assert found == [("E3", None, Decimal("40.00")), ("E4", None, Decimal("50.00"))]


def test_money_without_a_date_counts_on_the_day_of_its_posting(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = con.execute(
        "select claim_id, service_date, charge_amount from marts.fct_claims "
        "where claim_id in ('C3', 'C4') order by all"
    ).fetchall()
    posted = date(2025, 3, 2)
    assert found == [("C3", posted, Decimal("40.00")), ("C4", posted, Decimal("50.00"))]


def test_a_deleted_visit_leaves_its_money_in_the_ledger_without_a_visit(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert not con.execute(
        "select 1 from marts.fct_encounters where source_system = 'hospital_b'"
    ).fetchall()
    found = con.execute(
        "select encounter_key, charge_amount, open_amount from marts.fct_claims "
        "where source_system = 'hospital_b' and claim_id = 'C1'"
    ).fetchall()
    assert found == [(None, Decimal("150.00"), Decimal("130.00"))]


def test_charges_without_a_claim_and_a_visit_stay_apart(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute(
        "select claim_id, charge_amount from marts.fct_claims "
        "where source_system = 'hospital_a' and claim_id like 'unbilled%'"
    ).fetchall()
    assert found == [("unbilled transaction X6", Decimal("7.00"))]


def test_who_logged_work_and_is_on_no_list_is_a_row_too(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute(
        "select staff_name, work_minutes from marts.mart_staff_operations "
        "where staff_name like 'Not on the list%' order by all"
    ).fetchall()
    assert ("Not on the list: S9", 12) in found


def test_what_is_said_of_a_failed_check_names_the_record_and_what_to_do(
    hospitals_and_bank: Built,
) -> None:
    said = " ".join(hospitals_and_bank.output.split())
    assert "ledger posting G1, file gl_postings_20250331.csv at 1. Next: map the new value" in said
    assert "invocation_id" not in said
    assert "Got " not in said
