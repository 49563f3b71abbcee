"""What senders write at the edge of their guides: it loads as it is meant, or is held as what it
is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rcm_platform.sources.x12.reader import Reading
from rcm_platform.sources.x12.reader import read as read_files
from rcm_platform_tests.support.x12_samples import (
    answers_file,
    group,
    interchange,
    provider,
    remit,
    remit_claim,
    rules,
    submitted,
    transaction,
)


def read(data: bytes) -> Reading:
    return read_files([("odd", data)])


def remittance(body: list[str]) -> Reading:
    return read(interchange(group(transaction("835", body))))


def with_plb(plb: str, paid: str) -> Reading:
    return remittance(remit(remit_claim(), paid=paid, plb=[f"PLB*1234567893*{plb}"]))


def column(reading: Reading, table: str, *names: str) -> list[Any]:
    rows = reading.tables[table].select(list(names)).to_pylist()
    return [row[names[0]] if len(names) == 1 else tuple(row.values()) for row in rows]


def test_a_segment_holds_up_to_six_adjustments_of_a_payment() -> None:
    reading = with_plb("20251231*WO:A*10*L6*-1*FB:B*2*J1*3*CS:C*4*72*2", "100")
    assert rules(reading) == []
    assert column(reading, "remit_provider_adjustments", "reason_code", "amount") == [
        (reason, Decimal(amount))
        for reason, amount in (
            ("WO", "10.00"), ("L6", "-1.00"), ("FB", "2.00"), ("J1", "3.00"), ("CS", "4.00"),
            ("72", "2.00"),
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("plb", "paid", "amounts"),
    [
        ("*WO:A*20", "100", ["20.00"]),  # without the year's end
        ("20251231*WO:A B:C*20", "100", ["20.00"]),  # a separator within the reference
        ("20251231*WO:A*-0.00", "120", ["0.00"]),
        ("20251231*WO:A*20*WO:A*-20", "120", ["20.00", "-20.00"]),
        ("20251231*:A*20", "100", ["20.00"]),  # a reference and no reason: C14 lists it
    ],
)
def test_an_adjustment_of_a_payment_loads_as_it_is_meant(
    plb: str, paid: str, amounts: list[str]
) -> None:
    reading = with_plb(plb, paid)
    assert rules(reading) == []
    assert column(reading, "remit_provider_adjustments", "amount") == [
        Decimal(amount) for amount in amounts
    ]


@pytest.mark.parametrize("amount", ["", "1,000", "2E1", "+20", "20.001"])
def test_an_adjustment_of_a_payment_that_is_no_amount_holds_it(amount: str) -> None:
    assert rules(with_plb(f"20251231*WO:A*{amount}", "100")) == [("transaction", "T3")]


def test_a_payment_without_a_number_is_a_payment() -> None:
    body = remit(remit_claim())
    for changed in (
        [segment for segment in body if not segment.startswith("TRN")],
        [segment.replace("TRN*1*TRACE1*", "TRN*1**") for segment in body],
    ):
        reading = remittance(changed)
        assert rules(reading) == []
        assert column(reading, "remit_payments", "trace_number", "payment_amount") == [
            (None, Decimal("120.00"))
        ]


def test_of_two_numbers_of_a_payment_the_first_counts_and_the_second_is_kept() -> None:
    body = remit(remit_claim())
    place = next(i for i, segment in enumerate(body) if segment.startswith("TRN"))
    body.insert(place + 1, body[place].replace("TRACE1", "TRACE2"))
    reading = remittance(body)
    assert rules(reading) == []
    assert column(reading, "remit_payments", "trace_number") == ["TRACE1"]
    assert "TRACE2" in column(reading, "unread_segments", "segment_text")[0]


def test_a_claim_that_is_paid_twice_in_a_payment_is_paid_twice() -> None:
    reading = remittance(remit(remit_claim("A"), remit_claim("A")))
    assert rules(reading) == []
    assert column(reading, "remit_claims", "claim_no", "paid_amount") == [
        (1, Decimal("120.00")),
        (2, Decimal("120.00")),
    ]


def test_a_batch_that_is_rejected_without_its_claims_has_its_totals() -> None:
    rejected = provider(answer=["STC*A3:21**U*500", "QTY*QC*2", "AMT*YY*500"])
    reading = read(answers_file(rejected, of="A3:21", action="U"))
    assert rules(reading) == []
    assert column(reading, "ack_batches", "level_code", "rejected_count", "rejected_amount") == [
        ("21", None, None),
        ("19", 2, Decimal("500.00")),
    ]


def test_a_claim_without_lines_does_not_add_up() -> None:
    reading = read(interchange(group(transaction("837", submitted("200", ())), code="837")))
    assert rules(reading) == [("claim", "P1")]
