"""Numbers and reasons in other writing, and numbers that say nothing."""

from __future__ import annotations

import pytest

from rcm_platform_tests.cases.conftest import Marts, dollars


@pytest.mark.parametrize("number", ["0", "UNKNOWN", "99999"])
def test_a_number_that_several_patients_share_is_told_by_days_and_patients(
    marts: Marts, number: str
) -> None:
    assert marts.claim(number) == dollars(claims=3, charge=333, paid=180, contractual=153)
    assert "M2" in marts.rules("numbers_of_several")


def test_a_reversal_with_zeros_in_front_takes_its_decision_back(marts: Marts) -> None:
    assert marts.claim("RP4411") == dollars(charge=200, paid=140, contractual=60)
    assert "V4" not in marts.rules("reversal_padded")


def test_a_bill_that_states_a_whole_stay_replaces_an_interim_bill(marts: Marts) -> None:
    assert marts.claim("IR-1") == dollars(charge=9000, paid=5500, contractual=3500)


def test_a_reason_is_known_in_any_writing(marts: Marts) -> None:
    assert marts.claim("RW-1") == dollars(charge=100, paid=80, contractual=20)
    assert marts.claim("RW-2") == dollars(charge=100, paid=80, contractual=20)
    assert marts.claim("RW-3") == dollars(charge=100, denied=100, open=100)
    assert "C11" not in marts.rules("reasons_written_otherwise")


def test_capitation_of_a_group_settles_the_claims_of_its_physicians(marts: Marts) -> None:
    assert marts.claim("CAPG-1") == dollars(charge=150, contractual=150)
    assert not marts.is_denied("CAPG-1")


def test_letters_of_windows_hold_no_claim(marts: Marts) -> None:
    for number in range(8):
        assert marts.claim(f"W1-{number:02}") == dollars(charge=200, paid=120, contractual=80)
    assert marts.rules("letters_of_windows") == {"E18"}
