"""Whatever happens to a file on its way, reading it never fails and no byte is lost."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from x12_samples import (
    accepted,
    acknowledged,
    functional,
    group,
    institutional,
    interchange,
    is_conserved,
    refused,
    remit,
    remit_claim,
    remit_file,
    submitted,
    transaction,
)

from rcm_platform.sources import x12

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
    "277": acknowledged(),
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


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(mutated(), rearranged(), rearranged()))
def test_no_byte_is_lost_and_what_is_loaded_balances(data: bytes) -> None:
    reading = x12.parse(data, accept_test=True)
    assert is_conserved(reading, data)
    adjusted: dict[tuple[object, ...], Decimal] = {}
    key = ("interchange_sha256", "transaction_no", "claim_no")
    for row in reading.tables["remit_adjustments"].to_pylist():
        claim = tuple(row[name] for name in key)
        adjusted[claim] = adjusted.get(claim, Decimal(0)) + row["amount"]
    for row in reading.tables["remit_claims"].to_pylist():
        claim = tuple(row[name] for name in key)
        assert row["charge_amount"] - adjusted.get(claim, Decimal(0)) == row["paid_amount"]


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_at_all_are_held_whole(data: bytes) -> None:
    assert is_conserved(x12.parse(data), data)
