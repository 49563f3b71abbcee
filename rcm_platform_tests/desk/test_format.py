"""Numbers and codes as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rcm_platform.desk import format as written


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1454321.99", "$1.45 M"), ("23400", "$23.4 K"), ("812.40", "$812"), ("0", "$0"),
        ("-1500", "-$1.50 K"), ("987654321", "$988 M"), ("2000000000", "$2.00 B"),
    ],
)  # fmt: skip
def test_a_tile_has_short_dollars(value: str, text: str) -> None:
    assert written.short_money(Decimal(value)) == text


def test_a_table_has_cents() -> None:
    assert written.money(Decimal("-1234.5")) == "-$1,234.50"
    assert written.money(None) == written.EMPTY


def test_codes_are_words() -> None:
    assert written.words("hospital_a") == "Hospital A"
    assert written.words("PAYER_PAYMENT") == "Payer payment"
    assert written.words("open") == "Not sent"
    assert written.words(None) == written.EMPTY
