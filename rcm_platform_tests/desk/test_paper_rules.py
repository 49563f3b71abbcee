"""What must be true of a remittance on paper is said in words before anything is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from rcm_platform.desk.entries import EntryRefused
from rcm_platform.desk.paper.remittance import (
    Answer,
    RemittanceRefused,
    amount_of,
    checked,
    checked_note,
)
from rcm_platform_tests.support.paper_remittances import (
    PAYEE,
    REASONS,
    answer,
    claim,
    remittance,
)


def problems(*answers: Answer, **changed: Any) -> str:
    with pytest.raises(RemittanceRefused) as refused:
        checked(remittance(*answers, **changed), REASONS)
    return "\n".join(refused.value.problems)


def test_what_balances_is_taken_as_it_is() -> None:
    for one in (
        remittance(),
        remittance(answer("A1"), answer("A2")),
        remittance(answer(paid="0", adjustments=(("CO", "50", "100"),), status_code="4")),
        # the payer pays more than was charged: its contract adds
        remittance(answer(paid="120", adjustments=(("CO", "45", "-20"),))),
    ):
        assert checked(one, REASONS) == one


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"paid": "70.00"}, "leaves $80.00, and $70.00 is paid: $10.00 is not explained"),
        ({"paid": "90.00"}, "$10.00 is explained twice"),
        ({"charge_amount": Decimal(0)}, "the charge must be above zero"),
        ({"paid": "-80.00"}, "the payment is below zero"),
        ({"adjustments": (("PR", "2", "-5"), ("CO", "45", "25"))}, "only one by contract"),
        ({"adjustments": (("CO", "45", "20"), ("CO", "1", "0"))}, "is nothing"),
        ({"adjustments": (("CO", "9999", "20"),)}, "no reason of the list"),
        ({"adjustments": (("XX", "45", "20"),)}, "no group"),
        ({"status_code": "77"}, "none that the list knows"),
        ({"payer_claim_number": "7*~"}, "may have letters, digits"),
        ({"payer_claim_number": "7" * 51}, "51 characters and may have 50"),
    ],
)
def test_a_claim_that_does_not_hold_is_said(changed: dict[str, Any], said: str) -> None:
    told = problems(answer(**changed))
    assert "Claim A-17: " in told
    assert said in told


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"amount": Decimal("90.00")}, "$10.00 is missing on the claims"),
        ({"amount": Decimal("50.00")}, "$30.00 is too much on the claims"),
        ({"amount": Decimal("-80.00")}, "The check is below zero"),
        ({"check_number": ""}, "number is missing"),
        ({"check_number": "12~IEA*1"}, "may have letters, digits"),
        ({"check_number": "1\n2"}, "may have letters, digits"),
        ({"check_number": "1" * 51}, "51 characters"),
        ({"payment_date": date(2026, 3, 1)}, "cannot be true"),
        ({"payment_date": date(1899, 12, 31)}, "cannot be true"),
        ({"method": "CASH"}, "by check or by transfer"),
        ({"entered_by": ""}, "is missing"),
    ],
)
def test_a_check_that_does_not_hold_is_said(changed: dict[str, Any], said: str) -> None:
    assert said in problems(**changed)


def test_all_that_does_not_hold_is_said_at_once() -> None:
    said = problems(answer("A1", paid="1"), answer("A2", paid="2"), check_number="")
    assert said.count("is not explained") == 2
    assert "number is missing" in said


def test_a_claim_stands_on_it_once() -> None:
    assert "stands twice" in problems(answer("A1"), answer("A1"))


def test_one_check_is_of_one_organization() -> None:
    other = answer("A2", claim=claim("A2", source_system="hospital_b"))
    assert "of another organization" in problems(answer("A1"), other)
    # a hospital's facilities share its numbers; practices that only files name do not
    clinic = replace(PAYEE, name="Clinic", npi="1999999992")
    checked(remittance(answer("A1"), answer("A2", claim=claim("A2", payee=clinic))), REASONS)
    own = {"source_system": "x12_folder"}
    practices = [answer("A1", claim=claim("A1", **own)),
                 answer("A2", claim=claim("A2", payee=clinic, **own))]  # fmt: skip
    assert "of another organization" in problems(*practices)


def test_a_facility_without_a_number_is_told_what_to_do() -> None:
    nameless = replace(PAYEE, npi=None, tin=None)
    assert "Add one to facilities.csv" in problems(answer(claim=claim(payee=nameless)))


@pytest.mark.parametrize(
    ("text", "amount"),
    [("80", "80"), ("$1,234.50", "1234.50"), (" .5 ", "0.5"), ("0.10", "0.1"), ("-3", "-3")],
)
def test_an_amount_is_read_as_people_type_it(text: str, amount: str) -> None:
    assert amount_of(text, "Paid") == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    ["", " ", "ten", "1.005", "1e5", "nan", "inf", "1.2.3", "1~2", "9" * 11, "9" * 100_000, "--1"],
)
def test_what_is_no_amount_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(RemittanceRefused, match=r"^Paid: ") as refused:
        amount_of(text, "Paid")
    assert len(str(refused.value)) < 200


def test_a_note_is_text_of_some_length() -> None:
    assert checked_note(" lockbox 4711 <b>*~ ") == "lockbox 4711 <b>*~"
    assert checked_note("") is None
    for note in ("x" * 100_000, "\x00"):
        with pytest.raises(EntryRefused):
            checked_note(note)
