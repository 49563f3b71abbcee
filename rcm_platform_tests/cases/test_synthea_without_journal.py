"""An export of Synthea that lacks `claims_transactions`: what its claims are worth is not known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from rcm_platform_tests.conftest import Built


@pytest.fixture
def con(hospitals_and_bank: Built) -> Iterator[duckdb.DuckDBPyConnection]:
    with hospitals_and_bank.warehouse() as con:
        yield con


def test_money_that_no_feed_tells_of_is_unknown_and_not_nothing(
    con: duckdb.DuckDBPyConnection,
) -> None:
    of_claim = con.execute(
        "select claim_id, charge_amount, open_amount, claim_status from marts.fct_claims "
        "where source_system = 'synthea'"
    ).fetchall()
    assert of_claim == [("sc1", None, None, "unknown")]
    of_visit = con.execute(
        "select claim_count, charge_amount, open_amount from marts.fct_encounters "
        "where source_system = 'synthea'"
    ).fetchall()
    assert of_visit == [(1, None, None)]


def test_a_condition_belongs_to_the_visit_at_which_it_was_found(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = con.execute(
        """
        select encounter_id, found.encounter_date, diagnosis_number, diagnosis_code, diagnosis_label
        from marts.fct_encounter_diagnoses as found
        inner join marts.dim_diagnosis using (diagnosis_code_key)
        left join marts.fct_encounters using (encounter_key)
        where found.source_system = 'synthea' order by all
        """
    ).fetchall()
    day = date(2025, 3, 2)
    assert found == [
        ("se1", day, 1, "44054006", "Diabetes mellitus"),
        ("se1", day, 2, "38341003", "Hypertension"),
        (None, None, 1, "195662009", "Acute viral pharyngitis"),
    ]
