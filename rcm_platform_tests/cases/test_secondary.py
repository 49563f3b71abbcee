"""A payer that decides after another one books its own effect alone."""

from __future__ import annotations

from decimal import Decimal

from rcm_platform_tests.cases.conftest import Marts, dollars


def _repeated(marts: Marts, claim_id: str) -> list[Decimal]:
    """What findings say of the first payer's effect in the answers of a later one."""
    found = marts.con.execute(
        """select finding_amount from marts.mart_data_exceptions
        where rule_id = 'C13' and record_id = ? order by 1""",
        [claim_id],
    ).fetchall()
    return [amount for (amount,) in found]


def test_a_second_payer_that_repeats_the_whole_contract_books_its_own_effect(
    marts: Marts,
) -> None:
    right = dollars(charge=400, paid=290, contractual=110, patient=60)
    assert marts.claim("COB-BAD") == marts.claim("COB-GOOD") == right
    assert _repeated(marts, "COB-BAD") == [340]
    assert _repeated(marts, "COB-GOOD") == []


def test_a_second_payer_that_names_the_payment_and_repeats_the_contract(marts: Marts) -> None:
    assert marts.claim("COB-HALF") == dollars(charge=400, paid=290, contractual=110, patient=60)
    assert _repeated(marts, "COB-HALF") == [100]


def test_a_second_payer_denies_no_more_than_the_first_one_left(marts: Marts) -> None:
    assert marts.claim("COB-DENIES") == dollars(
        charge=400, paid=240, contractual=100, patient=60, denied=60, open=60
    )
    assert marts.is_denied("COB-DENIES")


def test_a_second_payer_that_was_billed_for_the_rest_is_believed(marts: Marts) -> None:
    assert marts.claim("COB-REST") == dollars(charge=400, paid=290, contractual=110, patient=60)
    assert _repeated(marts, "COB-REST") == []


def test_a_second_payer_takes_back_what_it_booked(marts: Marts) -> None:
    assert marts.claim("COB-TAKES-BACK") == dollars(
        charge=400, paid=300, contractual=100, patient=60
    )


def test_a_remittance_is_the_payment_and_all_that_was_booked_of_it(marts: Marts) -> None:
    unequal = marts.con.execute(
        """select claim_id, remit_number from marts.fct_remittances
        where charge_amount <> paid_amount + contractual_amount + denied_amount
            + patient_responsibility_amount + other_payer_amount + unsettled_amount"""
    ).fetchall()
    assert unequal == []
