"""Remittances as a person would enter them from paper."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from rcm_platform.desk.paper.remittance import (
    Adjustment,
    Answer,
    BilledClaim,
    Payee,
    Payer,
    Remittance,
)

AS_OF = date(2025, 12, 31)
REASONS = frozenset(("1", "2", "3", "29", "45", "50", "197", "253"))
PAYEE = Payee("Lakeshore General Hospital", "1234567893", "123456789", "x12_folder")


def claim(number: str = "A-17", **changed: Any) -> BilledClaim:
    """A claim of the figures."""
    given: dict[str, Any] = {
        "claim_key": f"key of {number}",
        "source_system": "hospital_a",
        "claim_id": number,
        "charge_amount": Decimal("100.00"),
        "service_date": date(2025, 11, 3),
        "patient_last_name": "O'Núñez*Lee",
        "patient_first_name": "Ann",
        "payer_key": "payer",
        "payee": PAYEE,
    }
    return BilledClaim(**given | changed)


def answer(
    number: str = "A-17",
    paid: str = "80.00",
    adjustments: tuple[tuple[str, str, str], ...] = (("CO", "45", "15.00"), ("PR", "2", "5.00")),
    **changed: Any,
) -> Answer:
    """What a payer decided: $100 charged, $15 off by contract, $5 the patient's, $80 paid."""
    given: dict[str, Any] = {
        "claim": claim(number),
        "status_code": "1",
        "charge_amount": Decimal("100.00"),
        "paid_amount": Decimal(paid),
        "adjustments": tuple(
            Adjustment(group, reason, Decimal(amount)) for group, reason, amount in adjustments
        ),
        "payer_claim_number": "ICN 7",
    }
    return Answer(**given | changed)


def remittance(*answers: Answer, **changed: Any) -> Remittance:
    """A check for one claim, or for these."""
    answers = answers or (answer(),)
    given: dict[str, Any] = {
        "payer": Payer("P01", "Beacon Mutual"),
        "check_number": "0012345",
        "method": "CHK",
        "payment_date": date(2025, 12, 29),
        "amount": sum((one.paid_amount for one in answers), Decimal(0)),
        "answers": answers,
        "entered_by": "ada",
        "entered_at": datetime(2026, 1, 2, 9, 30, 15, tzinfo=UTC),
        "arrival_date": AS_OF,
    }
    return Remittance(**given | changed)
