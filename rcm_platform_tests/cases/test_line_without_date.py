"""A remittance line without a date of its own is of the date of its claim, else of the payment."""

from __future__ import annotations

from datetime import date

import pytest

from rcm_platform_tests.cases.conftest import Marts, dollars


@pytest.mark.parametrize(
    ("claim_id", "day", "money"),
    [
        (
            "DATE-1",
            date(2025, 3, 1),
            dollars(charge=100, paid=80, contractual=15, patient=5, open=5),
        ),
        ("DATE-2", date(2025, 3, 10), dollars(charge=100, paid=80, patient=20, open=20)),
    ],
)
def test_a_line_without_a_date_has_that_of_its_claim_or_payment(
    marts: Marts, claim_id: str, day: date, money: dict[str, object]
) -> None:
    assert marts.claim(claim_id) == money
    found = marts.con.execute(
        """
        select service_date, claim_start_date, claim_end_date, claim_line_start_date
        from marts.fct_claims inner join marts.mart_tuva_medical_claim using (claim_id)
        where claim_id = ?
        """,
        [claim_id],
    ).fetchall()
    assert found == [(day, day, day, day)]
