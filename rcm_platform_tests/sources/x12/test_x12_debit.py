"""A payment that is marked as a debit (BPR03 = D): its claims tell which way its money goes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rcm_platform.sources import x12
from rcm_platform_tests.support.x12_samples import (
    group,
    interchange,
    is_conserved,
    remit,
    remit_claim,
    rules,
    transaction,
)


def debit(body: list[str], flag: str = "D") -> bytes:
    """A file of one payment with another flag than C."""
    sent = [f"{s[:6]}{s[6:].replace('*C*', f'*{flag}*', 1)}" if s[:3] == "BPR" else s for s in body]
    return interchange(group(transaction("835", sent)))


def taken_back(number: str = "ACCT1") -> list[str]:
    """A reversal of 120.00."""
    claim = remit_claim(number, "-200", "-120", "CAS*CO*45*-60", "CAS*PR*1*-20")
    claim = [s.replace("*-260**", "*-140**") for s in claim]
    return [s.replace(f"CLP*{number}*1*", f"CLP*{number}*22*") for s in claim]


def amounts(reading: x12.Reading) -> list[Decimal]:
    return reading.tables["remit_payments"]["payment_amount"].to_pylist()


@pytest.mark.parametrize("flag", ["D", "d", " D "])
def test_a_debit_of_what_its_claims_take_back_is_read_below_zero(flag: str) -> None:
    reading = x12.parse(data := debit(remit(taken_back(), paid="120"), flag))
    assert is_conserved(reading, data)
    assert rules(reading) == []
    assert amounts(reading) == [Decimal(-120)]
    notes = [str(rule)[:4] for rule in reading.tables["diagnostics"]["rule"].to_pylist()]
    assert notes.count("B12:") == 1
    [file] = reading.received
    assert file.dollar_amount == -120


def test_a_debit_of_provider_adjustments_alone_is_read_below_zero() -> None:
    plb = ["PLB*1234567893*20251231*WO:X*50"]
    reading = x12.parse(debit(remit(paid="50", plb=plb)[:-2] + plb))
    assert (rules(reading), amounts(reading)) == ([], [Decimal(-50)])


def test_a_debit_whose_claims_are_paid_is_held_with_its_dollars() -> None:
    reading = x12.parse(data := debit(remit(remit_claim(), remit_claim("ACCT2"))))
    assert is_conserved(reading, data)
    [item] = reading.quarantine
    assert (item.level, item.rule_id, item.dollar_amount) == ("transaction", "B11", Decimal(240))
    assert item.reason.startswith("BPR03 is D (a debit)")


def test_a_debit_is_held_where_a_claim_cannot_be_read() -> None:
    unreadable = [s.replace("*200*120*", "*200*x*") for s in remit_claim()]
    [item] = x12.parse(debit(remit(unreadable, taken_back("A2"), paid="120"))).quarantine
    assert (item.level, item.rule_id) == ("transaction", "B11")


@pytest.mark.parametrize(("body", "paid"), [
    (remit(taken_back(), paid="-120"), -120),
    (remit(remit_claim(), taken_back("A2"), paid="0"), 0),
])  # fmt: skip
def test_a_debit_with_its_sign_or_of_nothing_is_read_as_it_is(body: list[str], paid: int) -> None:
    reading = x12.parse(debit(body))
    assert (rules(reading), amounts(reading)) == ([], [Decimal(paid)])


def test_a_debit_that_is_not_its_claims_is_held_for_that() -> None:
    assert rules(x12.parse(debit(remit(taken_back(), paid="119")))) == [("transaction", "B3")]


def test_a_credit_of_what_is_taken_back_does_not_add_up() -> None:
    assert rules(x12.parse(debit(remit(taken_back(), paid="120"), "C"))) == [("transaction", "B3")]


def test_whoever_knows_that_the_hospital_draws_it_lets_it_in_as_a_payment() -> None:
    reading = x12.read([("f", debit(remit(remit_claim())))], waived="B11")
    assert (rules(reading), amounts(reading)) == ([], [Decimal(120)])
