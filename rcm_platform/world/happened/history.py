"""What became of each claim, as columns: submissions, remittances, provider adjustments, postings.

Rows are drawn to their end, also beyond the last day of the world; the writers show what had
arrived by then. Days are integers (since 1970-01-01), money is integer cents.
"""

from __future__ import annotations

from dataclasses import dataclass

from rcm_platform.world.happened.interim import InterimBills
from rcm_platform.world.support.rng import Flags, Ints


@dataclass(frozen=True)
class Submissions:
    """Rows are claims in an 837 and their answers; (claim, attempt) is unique."""

    claim: Ints
    attempt: Ints  # 1 first, 2 corrected, 3 replacement, 4 void, 5 secondary, 6 and 7 interim
    kind: Ints  # of SUBMISSION_KINDS
    payer: Ints  # row of payers.csv: whom it is sent to
    day: Ints  # sent, and in the 837 of that day
    ack_day: Ints  # 277CA
    is_rejected: Flags
    rejection: Ints  # row of ack_rejections.csv, meaningful when rejected
    replaces_attempt: Ints  # whose payer claim number stands in REF*F8, 0 when none must or does
    charge: Ints  # what it states
    from_line: Ints  # of the claim's lines, from 0: the first one that it is about
    line_count: Ints  # how many of them
    has_bad_npi: Flags  # planted: the rendering NPI fails its check digit


@dataclass(frozen=True)
class StrayAcks:
    """Rows are 277CA answers about claims that this hospital never sent (planted)."""

    claim: Ints  # the claim that it resembles
    payer: Ints
    batch_day: Ints
    ack_day: Ints


@dataclass(frozen=True)
class Remits:
    """Rows are CLP loops of 835s, sorted by hospital, payer, payment day, kind order and claim."""

    claim: Ints
    kind: Ints  # of REMIT_KINDS
    payer: Ints  # who pays
    payment_day: Ints
    era_day: Ints  # the 835 arrives
    answers_attempt: Ints  # the submission whose payer claim number is echoed in CLP07
    is_forwarded: Flags  # the payer hands the claim on to the secondary payer (CLP02 19)
    denial: Ints  # row of denial_mix.csv, -1 when nothing is denied
    is_claim_level: Flags  # one claim-level denial, no service lines
    is_patient_contractual: Flags  # planted: the contract adjustment comes as PR-45
    repeats_first_payer: Flags  # planted: what the first payer did comes as a contract adjustment
    odd_reason: Ints  # planted on a denial: 0 none, else of ODD_REASONS
    charge: Ints
    paid: Ints
    patient_share: Ints  # CLP05, the sum of PR adjustments
    allowed: Ints
    expected: Ints  # what the contract says for the lines that were not denied
    first_line: Ints
    line_count: Ints
    unbalanced_by: Ints  # cents planted on the first adjustment, 0 normally


#: What a payer may put in the place of a denial's own reason (planted).
ODD_REASONS = ("", "deactivated", "whole charge", "without remark")
DEACTIVATED, WHOLE_CHARGE, WITHOUT_REMARK = 1, 2, 3
#: The reason code given for each of them; empty: the denial's own.
ODD_REASON_CODES = ("", "62", "45", "16")


@dataclass(frozen=True)
class RemitLines:
    """Rows are service lines of remits, in the order of Remits. A reversal's are negative."""

    remit: Ints
    line: Ints  # row of Lines
    charge: Ints
    paid: Ints
    allowed: Ints
    adjustments: Ints  # rows x ADJUSTMENT_COUNT


@dataclass(frozen=True)
class ProviderAdjustments:
    """Rows are PLB pairs, sorted by payment. Positive amounts lower the payment."""

    payment: Ints  # row of Payments
    code: Ints  # of PROVIDER_ADJUSTMENT_CODES
    claim: Ints  # what it is about, -1 when not a single claim
    about_day: Ints  # payment day that a forward balance comes from or goes to, else 0
    amount: Ints


@dataclass(frozen=True)
class Payments:
    """Rows are remittance payments (one 835 file each), by hospital, payer and payment day."""

    hospital: Ints
    payer: Ints
    payment_day: Ints
    era_day: Ints  # the file arrives
    deposit_day: Ints  # the money arrives
    amount: Ints  # BPR02, never below zero
    first_remit: Ints
    remit_count: Ints  # 0 in a payment of provider adjustments alone
    first_adjustment: Ints  # row of ProviderAdjustments
    adjustment_count: Ints
    is_duplicated: Flags  # planted: the file is delivered a second time, byte for byte
    is_renumbered: Flags  # planted: ... with a new control number
    unbalanced_by: Ints  # planted: cents by which BPR02 is not what the claims add up to


@dataclass(frozen=True)
class Transactions:
    """Rows are what the hospital posts after the charges, by claim and sequence."""

    claim: Ints
    kind: Ints  # of TRANSACTION_KINDS
    amount: Ints  # of REFUND and CHARGE_CORRECTION below zero
    paid_day: Ints  # day of the payment; of the write-off
    insert_day: Ints
    sequence: Ints  # unique in the claim, 0..99


@dataclass(frozen=True)
class DenialWork:
    """Rows are denied claims: what the hospital did about the denial, and how it ended."""

    claim: Ints
    denial: Ints  # row of denial_mix.csv
    denied_day: Ints  # the first 835 arrives
    action: Ints  # 0 none, 1 replacement claim, 2 appeal
    action_day: Ints  # 0 when none
    decided_day: Ints  # the second 835 arrives, 0 when none
    is_won: Flags
    write_off_day: Ints  # what stays denied is written off, 0 when nothing does


@dataclass(frozen=True)
class History:
    """The life of every claim of one world."""

    interim: InterimBills
    submissions: Submissions
    stray_acks: StrayAcks
    remits: Remits
    remit_lines: RemitLines
    payments: Payments
    provider_adjustments: ProviderAdjustments
    transactions: Transactions
    denial_work: DenialWork
