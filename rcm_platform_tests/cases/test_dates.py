"""Dates that cannot be true: none, and found."""

from __future__ import annotations

import pytest

from rcm_platform_tests.cases.conftest import Marts, dollars


@pytest.mark.parametrize("number", ["DT-2", "DT-3", "DT-4", "DT-5"])
def test_a_date_that_cannot_be_true_keeps_no_dollar_from_its_month(
    marts: Marts, number: str
) -> None:
    """A payment of 2099, services of 2099 and 1899, and a service without a day."""
    assert marts.claim(number) == dollars(charge=100, paid=60, contractual=40)
    years = marts.con.execute(
        """select distinct year(event_date) from marts.fct_ledger_entries
        inner join marts.fct_claims using (claim_key) where claim_id = ?""",
        [number],
    ).fetchall()
    assert years == [(2025,)]


def test_a_date_that_cannot_be_true_is_found(marts: Marts) -> None:
    found = marts.con.execute(
        "select record_id from marts.mart_data_exceptions where rule_id = 'C15' "
        "and source_file like 'false_dates/%' order by 1"
    ).fetchall()
    assert found == [("DT-2",), ("DT-3",), ("DT-5",)]
    [(first,)] = marts.con.execute("select min(year(date_day)) from marts.dim_date").fetchall()
    assert first > 2000
