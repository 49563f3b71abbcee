"""Interest within a claim (AMT*I): read apart where it is exactly what is paid too much."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rcm_platform.sources import x12
from rcm_platform_tests.support.x12_samples import is_conserved, remit_claim, remit_file, rules


def with_interest(stated: str, paid: str = "123.45", line_paid: str = "140") -> bytes:
    """A claim of 120.00 that is paid with 3.45 on top."""
    claim = remit_claim(paid=paid)
    claim.insert(4, f"AMT*I*{stated}")
    data = remit_file(claim).replace(b"BPR*I*120", b"BPR*I*" + paid.encode())
    return data.replace(b"*200*140*", b"*200*" + line_paid.encode() + b"*")


@pytest.mark.parametrize("line_paid", ["140", "143.45"], ids=["of the claim", "in its line too"])
def test_interest_that_is_exactly_what_is_over_loads_apart(line_paid: str) -> None:
    reading = x12.parse(data := with_interest("3.45", line_paid=line_paid))
    assert is_conserved(reading, data)
    assert rules(reading) == []
    [claim] = reading.tables["remit_claims"].to_pylist()
    assert (claim["paid_amount"], claim["interest_amount"]) == (Decimal("123.45"), Decimal("3.45"))
    [note] = reading.tables["diagnostics"].to_pylist()
    assert (note["kind"], note["claim_no"]) == ("InterestInClaim", 1)


@pytest.mark.parametrize("stated", ["3.44", "-3.45", "0", "1"])
def test_other_interest_explains_nothing(stated: str) -> None:
    reading = x12.parse(data := with_interest(stated))
    assert is_conserved(reading, data)
    assert rules(reading) == [("claim", "B2")]


def test_interest_that_is_only_stated_is_not_in_the_payment() -> None:
    reading = x12.parse(with_interest("3.45", paid="120"))
    assert rules(reading) == []
    assert reading.tables["remit_claims"]["interest_amount"].to_pylist() == [None]


def test_a_line_that_is_off_otherwise_is_held() -> None:
    reading = x12.parse(with_interest("3.45", line_paid="142"))
    assert rules(reading) == [("claim", "B2")]
    assert "B1" in reading.quarantine[0].reason
