"""Whatever happens to a file on its way, reading it never fails and no byte is lost."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rcm_platform.sources import x12
from rcm_platform.sources.base import QuarantineItem
from rcm_platform_tests.support.x12_samples import (
    accepted,
    acknowledged,
    answered,
    answers,
    functional,
    group,
    institutional,
    interchange,
    is_conserved,
    provider,
    refused,
    remit,
    remit_claim,
    remit_file,
    submitted,
    transaction,
)

PLB = ["PLB*1234567893*20251231*WO:X*20"]
SEEDS = [
    remit_file(remit_claim("A"), remit_claim("B")),
    interchange(
        group(transaction("835", remit(remit_claim(), paid="100", plb=PLB)), number=1),
        group(transaction("837", submitted()), code="837", number=2),
        group(transaction("277", acknowledged()), code="277", number=3),
        group(transaction("837I", institutional()), code="837I", number=4),
        group(transaction("999", functional(accepted(), refused())), code="999", number=5),
    ),
    remit_file(number=1).replace(b"~", b"~\r\n") + remit_file(number=2).replace(b"*", b"|"),
]
PIECES = [
    *(bytes([byte]) for byte in b"*~:^|\n\r \x00A0-.\xff"),
    b"~~",
    b"ISA*",
    b"GS*",
    b"ST*835*0001~",
    b"SE*1*0001~",
    b"GE*1*1~",
    b"IEA*1*000000001~",
    b"CLP*X*1*5*5~",
    b"CAS*CO*45*1~",
    b"HL*1**22*1~",
    b"CLM*X*9~",
    b"LX*1~",
    b"TRN*2*X~",
    b"HI*DR:291~",
    b"SBR*P~AMT*D*7~",
    b"AK1*HC*1~",
    b"AK2*837*9~",
    b"LQ*HE*N1~MOA***N2~",
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """One of our files with some pieces cut, inserted, doubled or overwritten."""
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 1, 3, 40, 400])))
        piece = draw(st.sampled_from([*PIECES, b"", data[start:end] * 2]))
        data = data[:start] + piece + data[end:]
    return data[: draw(st.sampled_from([len(data), len(data), len(data) // 2, len(data) - 3]))]


BODIES = {
    "835": remit(remit_claim("A"), remit_claim("B"), paid="220", plb=PLB),
    "837": submitted(),
    "837I": institutional(),
    "277": answers(
        provider(answered("A", "200"), answered("B", "100", "U", "A7"), answer=["QTY*QC*1"]),
        totals=["QTY*90*1", "AMT*YU*200", "AMT*YY*100"],
    ),
    "999": functional(accepted(), refused()),
}
SEGMENTS = [segment for body in BODIES.values() for segment in body]


@st.composite
def rearranged(draw: st.DrawFn) -> bytes:
    """One of our transactions with segments lost, moved or altered, in a right envelope."""
    code = draw(st.sampled_from(sorted(BODIES)))
    body = list(BODIES[code])
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(body) - 1))
        elements = body[at].split("*")
        element = draw(st.integers(0, len(elements) - 1))
        elements[element] = draw(st.sampled_from(["", "0", "-1", "1.005", "x", "é", "9" * 17]))
        new = draw(st.sampled_from(["*".join(elements), body[at], *SEGMENTS]))
        body[at : at + draw(st.integers(0, 2))] = draw(st.sampled_from([[], [new], [new, new]]))
        body = body or ["LX*1"]
    return interchange(group(transaction(code, body), code=code))


def announced(data: bytes) -> Decimal | None:
    """BPR02 of 835s and CLM02 of 837s by a plain reading; None where an amount cannot be read or a
    segment stands in no transaction of its set: then nobody can tell what the file announces."""
    total = Decimal(0)
    # whatever the first element of the header says: its separator stands around it
    heads = [found.start() for found in re.finditer(rb"(?s)ISA([*|])(?:(?!\1).){2,4}\1", data)]
    for start, end in pairwise(sorted({0, *heads, len(data)})):
        part = data[start:end]
        of_set, separator = b"", part[3:4] if start in heads else b"*"
        if start in heads and part.partition(b"~")[0].count(separator) != 16:
            return None  # no whole header: which separator stands behind it is anybody's guess
        for segment in part.split(b"~"):
            elements = segment.lstrip(b" \t\r\n\x00\x1a").split(separator)
            if elements[0] == b"ST":
                of_set = elements[1] if len(elements) > 1 else b""
            elif elements[0] == b"SE":
                of_set = b""
            elif elements[0] in (b"BPR", b"CLM"):
                amount = elements[2] if len(elements) > 2 else b""
                if not re.fullmatch(rb"-?\d{1,14}(\.\d{0,2})?", amount):
                    return None
                if of_set != {b"BPR": b"835", b"CLM": b"837"}[elements[0]]:
                    return None
                total += Decimal(amount.decode())
    return total


def is_of_payment(item: QuarantineItem) -> bool:
    """Whether a held piece is a claim of an 835: its dollars are announced by the payment."""
    return item.level == "claim" and not item.content.startswith((b"CLM", b"TRN"))


def check_conservation(data: bytes) -> None:
    """No byte and no dollar is lost, and what is loaded balances."""
    reading = x12.parse(data, accept_test=True)
    assert is_conserved(reading, data)
    adjusted: dict[tuple[object, ...], Decimal] = {}
    key = ("interchange_sha256", "transaction_no", "claim_no")
    for row in reading.tables["remit_adjustments"].to_pylist():
        claim = tuple(row[name] for name in key)
        adjusted[claim] = adjusted.get(claim, Decimal(0)) + row["amount"]
    claims = reading.tables["remit_claims"].to_pylist()
    for row in claims:
        claim = tuple(row[name] for name in key)
        assert row["charge_amount"] - adjusted.get(claim, Decimal(0)) == row["paid_amount"]

    # announced = loaded + held, where it can be read; a repeated interchange announces it again
    (file,) = reading.received
    dollars = file.dollar_amount or Decimal(0)
    total = announced(data)
    if total is not None and not file.duplicate_byte_count:
        held = [item for item in reading.quarantine if not is_of_payment(item)]
        # bytes outside of any interchange have no delimiters: their worth is read by this test
        worth = [
            item.dollar_amount
            if item.dollar_amount is not None
            else announced(b"ST*835~" + item.content) or announced(b"ST*837~" + item.content)
            for item in held
        ]
        assert dollars + sum((amount or Decimal(0) for amount in worth), Decimal(0)) == total

    # and what is loaded of payments is their claims, their provider adjustments, and held claims
    payments = sum(r["payment_amount"] for r in reading.tables["remit_payments"].to_pylist())
    held_claims = [item.dollar_amount for item in reading.quarantine if is_of_payment(item)]
    if None not in held_claims:
        withheld = reading.tables["remit_provider_adjustments"].to_pylist()
        assert payments == (
            sum(row["paid_amount"] for row in claims)
            - sum(row["amount"] for row in withheld)
            + sum(amount for amount in held_claims if amount is not None)
        )


FILES = st.one_of(mutated(), rearranged(), rearranged())


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FILES)
def test_no_byte_and_no_dollar_is_lost_and_what_is_loaded_balances(data: bytes) -> None:
    check_conservation(data)


@pytest.mark.prove
@settings(max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
@given(FILES)
def test_no_byte_and_no_dollar_is_lost_of_thousands_of_files(data: bytes) -> None:
    check_conservation(data)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_at_all_are_held_whole(data: bytes) -> None:
    assert is_conserved(x12.parse(data), data)
