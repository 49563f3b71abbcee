"""How claims, lines, batches and payments are named on the wire.

Pure functions of the numbers that the world counts with: of one entity, or of columns of numbers
(arrays or lists) to a list of texts. Both hospitals count from 1, so the same id means two things:
by design.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from rcm_platform.world.support.dates import compact
from rcm_platform.world.support.rng import Ints

Numbers: TypeAlias = Ints | Sequence[int]

#: The attempt under which a payer numbers a claim that this hospital never sent.
STRANGER_ATTEMPT = 9
#: 837P and 837I, in the order of `Claims.is_institutional`.
FORMS = ("P", "I")

_PAYER_FACTOR, _CLEARINGHOUSE_FACTOR = 48_271_907, 69_621_133
_NUMBERS = 10**11


def claim_id(number: int, part: int) -> str:
    """CLM01 of a part of encounter `number`: 13 characters, for payers that keep only 20."""
    return f"CLM{number:08d}{part:02d}"


def charge_id(number: int, line: int) -> str:
    """TransactionID of a charge = REF*6R of its line; `line` is its number in the encounter."""
    return f"T{number:08d}{line:03d}"


def as_stranger(identifier: str) -> str:
    """The id of a claim (CLX…) or line (X…) that this hospital never sent, like one of its own."""
    return f"CLX{identifier[3:]}" if identifier[0] == "C" else f"X{identifier[1:]}"


def authorization_number(number: int, part: int) -> str:
    """REF*G1: the payer's prior authorization of a claim."""
    return f"A{number:08d}{part:02d}"


def batch_reference(facility: str, form: str, day: int) -> str:
    """BHT03 of an 837 batch = 2200B TRN02 of its answers. `form` is one of FORMS."""
    return f"{facility}{form}{compact(day)}"


def trace_number(payer_code: str, facility: str, payment_day: int) -> str:
    """TRN02 of a payment, repeated by the bank."""
    return f"EFT{payer_code}{facility[-1]}{compact(payment_day)}"


def forward_balance_id(payer_code: str, payment_day: int) -> str:
    """PLB03-2 of a balance: the same in the payment that left it and in those that take it."""
    return f"FB{payer_code}{compact(payment_day)}"


def claim_ids(numbers: Numbers, parts: Numbers) -> list[str]:
    return list(map(claim_id, _plain(numbers), _plain(parts)))


def charge_ids(numbers: Numbers, lines: Numbers) -> list[str]:
    return list(map(charge_id, _plain(numbers), _plain(lines)))


def payer_claim_numbers(hospital: Ints, number: Ints, part: Ints, attempt: Ints) -> list[str]:
    """The payer's number for one submission of a claim: REF*1K = CLP07, later REF*F8."""
    scrambled = _scramble(_PAYER_FACTOR, hospital, number, part, attempt)
    return [f"{n:011d}" for n in scrambled.tolist()]


def clearinghouse_numbers(hospital: Ints, number: Ints, part: Ints, attempt: Ints) -> list[str]:
    """REF*D9: one per submission."""
    scrambled = _scramble(_CLEARINGHOUSE_FACTOR, hospital, number, part, attempt)
    return [f"CH{n:011d}" for n in scrambled.tolist()]


def _scramble(factor: int, hospital: Ints, number: Ints, part: Ints, attempt: Ints) -> Ints:
    """Hospital, encounter number (8 digits), part and attempt (one each) as 11 other digits.

    The factor is coprime to ten, so no two numbers meet.
    """
    plain = ((np.asarray(hospital, dtype=np.int64) * 10**8 + number) * 10 + part) * 10 + attempt
    scrambled: Ints = plain * factor % _NUMBERS
    return scrambled


def _plain(values: Numbers) -> list[int]:
    return values.tolist() if isinstance(values, np.ndarray) else list(values)
