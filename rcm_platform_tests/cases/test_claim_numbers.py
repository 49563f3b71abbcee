"""One number for several bills, and one bill under several numbers."""

from __future__ import annotations

import pytest

from rcm_platform_tests.cases.conftest import Marts, dollars


def test_interim_bills_of_a_stay_are_all_charged(marts: Marts) -> None:
    """The remittances give the day of admission for each of them."""
    assert marts.claim("ACCT-7001") == dollars(claims=3, charge=12000, paid=8400, contractual=3600)
    assert marts.rules("account_number_reused") == {"M14"}


def test_a_number_with_two_numbers_of_the_payer_is_two_claims(marts: Marts) -> None:
    assert marts.claim("ACCT-77") == dollars(claims=2, charge=800, paid=550, contractual=250)


@pytest.mark.parametrize(
    ("number", "case", "claims", "charge", "paid", "contractual"),
    [
        ("PATIENT ACCT NOT AVL", "one_number_for_many_claims", 2, 220, 110, 110),
        ("99990", "number_of_nobody", 3, 300, 180, 120),
    ],
)
def test_a_placeholder_is_known_by_its_patients(
    marts: Marts, number: str, case: str, claims: int, charge: int, paid: int, contractual: int
) -> None:
    assert marts.claim(number) == dollars(
        claims=claims, charge=charge, paid=paid, contractual=contractual
    )
    assert "M2" in marts.rules(case)


def test_visits_of_a_series_are_told_by_their_days(marts: Marts) -> None:
    """Two have one charge; the appeal of one comes under another number of the payer's."""
    assert marts.claim("SER-1") == dollars(
        claims=3, charge=320, paid=220, contractual=100, denied=100
    )
    [(appealed,)] = marts.con.execute(
        "select service_date::varchar from marts.fct_claims "
        "where claim_id = 'SER-1' and is_ever_denied"
    ).fetchall()
    assert appealed == "2025-03-10"
    assert {"M14", "M15"} <= marts.rules("series_of_visits")


def test_late_charges_add_to_the_stay(marts: Marts) -> None:
    assert marts.claim("LATE-1") == dollars(claims=2, charge=1200, paid=840, contractual=360)


@pytest.mark.parametrize(("number", "paid"), [("Case-1", 100), ("0000PAD-1", 90)])
def test_a_number_in_other_writing_is_the_same_number(marts: Marts, number: str, paid: int) -> None:
    assert marts.claim(number) == dollars(charge=150, paid=paid, contractual=150 - paid)
    assert "M15" in marts.rules("number_in_other_writing")


def test_money_for_a_bill_that_was_not_sent_is_not_put_on_another(marts: Marts) -> None:
    assert marts.claim("HALF-1") == dollars(claims=2, charge=630, paid=500, contractual=130)
    assert "M10" in marts.rules("bill_that_was_not_sent")


@pytest.mark.parametrize("number", ["SPLIT-1", "SPLIT-2"])
def test_the_parts_of_a_split_claim_are_one_decision(marts: Marts, number: str) -> None:
    """Also where the remittance alone is known, SPLIT-2."""
    assert marts.claim(number) == dollars(
        charge=600, paid=210, contractual=90, denied=300, open=300
    )
    denials = marts.con.execute(
        "select is_initial, is_final from marts.fct_denial_events where claim_id = ?", [number]
    ).fetchall()
    assert denials == [(True, True)]


def test_the_appeal_of_one_part_answers_that_part(marts: Marts) -> None:
    assert marts.claim("SPLIT-3") == dollars(charge=600, paid=450, contractual=150)
    assert marts.is_denied("SPLIT-3")


def test_a_second_delivery_is_told_by_its_claims(marts: Marts) -> None:
    """Two denials under a trace number that says nothing are two; of a denial that came again with
    another beside it, the delivery with both counts."""
    for number in ("D3-1", "D3-2", "AGN-1", "AGN-3"):
        assert marts.claim(number) == dollars(charge=150, denied=150, open=150)
    assert marts.claim("AGN-2") == dollars(charge=70, denied=70, open=70)
    assert marts.rules("two_denials_one_trace") <= {"M10"}
    held = marts.con.execute(
        "select source_file from marts.mart_data_exceptions where rule_id = 'D3' "
        "and source_file like 'denials_delivered_again/%'"
    ).fetchall()
    assert held == [("denials_delivered_again/one.835",)]


@pytest.mark.parametrize(
    ("number", "right"),
    [
        # denied, and replaced under a number of its own: the denial is answered
        ("CHG-1", {"charge": 450, "paid": 300, "contractual": 150, "denied": 500}),
        # paid, taken back under the old number and decided anew under the other
        ("CHG-2", {"charge": 300, "paid": 180, "contractual": 120}),
        # remittances alone
        ("CHG-3", {"charge": 500, "paid": 300, "contractual": 200, "denied": 500}),
        # voided after it was paid
        ("VCH-1", {}),
    ],
)
def test_a_claim_that_is_numbered_anew_stays_one_claim(
    marts: Marts, number: str, right: dict[str, float]
) -> None:
    assert marts.claim(number) == dollars(**right)
    for new_number in (f"{number}R", f"{number}V"):
        assert marts.claim(new_number) == {}
    assert not marts.rules("numbered_anew") & {"C12", "M15"}


@pytest.mark.parametrize(
    ("number", "charge", "paid"),
    [
        ("TRUNCATED-NUMBER-00001-A", 110, 76),
        # two that begin alike are told by their charges and days
        ("ACCOUNT-2025-0001-ALPHA", 100, 60),
        ("ACCOUNT-2025-0001-ALPINE", 130, 80),
    ],
)
def test_a_number_that_was_cut_off_after_20_characters(
    marts: Marts, number: str, charge: int, paid: int
) -> None:
    assert marts.claim(number) == dollars(charge=charge, paid=paid, contractual=charge - paid)
