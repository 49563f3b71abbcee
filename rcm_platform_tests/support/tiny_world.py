"""The parameters of the world that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

SEED, START, THROUGH = 20250101, date(2024, 10, 1), date(2025, 6, 30)

#: Each file as most senders write it, each claim one bill, and each payment one deposit: tests read
#: them plainly.
PLAIN = ",".join(
    f"{fault}=0"
    for fault in (
        "wrapped_lines",
        "unnumbered_deposit",
        "unlisted_posting",
        "misdated_payment",
        "misdated_file",
        "interim_bills",
        "missing_terminator",
        "latin1_letters",
        "continued_levels",
        "older_guide",
        "payer_by_name",
        "payee_by_tax_id",
        "interest_in_claim",
        "card_payment",
        "lockbox_deposit",
        "late_bank_feed",
    )
)

Query = Callable[[str], list[tuple]]
