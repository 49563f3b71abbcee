"""The kinds of what becomes of a claim, as the columns of the history number them."""

#: Why a claim is sent, in the order of `Submissions.kind`.
SUBMISSION_KINDS = (
    "first", "corrected", "replacement", "void", "secondary", "interim", "last interim",
)  # fmt: skip
FIRST, CORRECTED, REPLACEMENT, VOID, SECONDARY, INTERIM, LAST_INTERIM = range(7)

#: Why a payer speaks of a claim, in the order of `Remits.kind`.
REMIT_KINDS = (
    "first decision",  # of the primary payer
    "second decision",  # after a replacement or an appeal, on the lines that were denied
    "secondary decision",  # of the secondary payer
    "reversal",  # takes an earlier decision back, all amounts negated
    "correction",  # the decision that follows a reversal
    "repetition",  # the same decision paid again (planted)
    "stranger",  # a claim that this hospital never sent (planted): resembles `claim`
    "interim decision",  # of the primary payer on an interim bill that is not the first (planted)
)
(
    FIRST_DECISION,
    SECOND_DECISION,
    SECONDARY_DECISION,
    REVERSAL,
    CORRECTION,
    REPETITION,
    STRANGER,
    INTERIM_DECISION,
) = range(8)

#: Adjustments of a remittance line, in the order of the columns of `RemitLines.adjustments`.
(
    CONTRACTUAL,
    SEQUESTER,
    DEDUCTIBLE,
    COINSURANCE,
    COPAY,
    DENIAL,
    PRIOR_PAYER,
    DISPENSING,  # the part of the contract's reduction that a pharmacy's payer gives apart
    INCENTIVE,  # below zero: added to the payment
    PENALTY,
    PACKAGED,  # the whole charge of a line that another line of the stay pays for
    CAPITATED,  # the whole charge, which a payment by the month covers
) = range(12)
ADJUSTMENT_COUNT = 12
#: What a contract or the law takes off, or adds.
BY_CONTRACT = (CONTRACTUAL, SEQUESTER, DISPENSING, INCENTIVE, PENALTY, PACKAGED, CAPITATED)

#: Reason codes of the adjustments; the denial's own is in denial_mix.csv.
REASONS = ("45", "253", "1", "2", "3", "", "23", "91", "144", "237", "97", "24")
#: The remark that goes with an incentive or a penalty.
QUALITY_REMARK = "N807"
#: The reason for a reduction by contract of a payer that gives the dispensing fee apart.
INGREDIENT_COST = "90"

#: PLB codes, in the order of `ProviderAdjustments.code`.
PROVIDER_ADJUSTMENT_CODES = ("L6", "WO", "FB", "CT")
INTEREST, RECOVERY, FORWARD_BALANCE, CAPITATION = range(4)

#: Kinds of rows in the hospitals' transactions beside 'Charge', in the order of their codes.
#: A refund is a payment below zero; a charge correction is a charge below zero.
TRANSACTION_KINDS = (
    "Patient Payment",
    "Denial Write-off",
    "Admin Write-off",
    "Small Balance",
    "Bad Debt",
    "Charity",
    "Refund",
    "Prompt Pay Discount",
    "Charge Correction",
)
(
    PATIENT_PAYMENT,
    DENIAL_WRITE_OFF,
    ADMIN_WRITE_OFF,
    SMALL_BALANCE,
    BAD_DEBT,
    CHARITY,
    REFUND,
    PROMPT_PAY_DISCOUNT,
    CHARGE_CORRECTION,
) = range(9)
