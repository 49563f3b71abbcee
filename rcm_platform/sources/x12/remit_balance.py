"""Whether remittances add up: rules B1-B3, B11, B12 and P9 of the 835, and missing amounts (T3).

Amounts are whole cents in 64 bits: as exact as decimals, and whole columns are added at once. What
cannot be read (null) leaves whatever it is part of without a judgement other than T3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Cents = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

Finding = tuple[int, int | None, str, str]
"""(transaction, claim or None, rule, reason)."""


class _Amounts(NamedTuple):
    """A column of amounts: cents, 0 where it is null, and whether it is there."""

    cents: Cents
    is_there: Flags


def findings(tables: dict[str, pa.Table]) -> Iterator[Finding]:
    """What is wrong with the 835 transactions in the tables of one parse."""
    payments, claims = tables["remit_payments"], tables["remit_claims"]
    lines, adjustments = tables["remit_lines"], tables["remit_adjustments"]
    withheld = tables["remit_provider_adjustments"]
    claim_charge, claim_paid = _amounts(claims, "charge_amount"), _amounts(claims, "paid_amount")
    line_charge, line_paid = _amounts(lines, "charge_amount"), _amounts(lines, "paid_amount")
    adjusted, withheld_amount = _amounts(adjustments, "amount"), _amounts(withheld, "amount")
    announced = _amounts(payments, "payment_amount")

    of_claim, of_line = _rows(adjustments, "claim"), _rows(adjustments, "line", absent=-1)
    is_of_line = of_line >= 0
    line_adjusted = _sums(adjusted.cents[is_of_line], of_line[is_of_line], len(lines))
    claim_adjusted = _sums(adjusted.cents, of_claim, len(claims))
    claim_level = _sums(adjusted.cents[~is_of_line], of_claim[~is_of_line], len(claims))

    # B1: of each claim, the first line that is off
    line_claim = _rows(lines, "claim")
    interest = _amounts(claims, "interest_amount").cents
    too_much = line_paid.cents - (line_charge.cents - line_adjusted)
    is_line_off = (too_much != 0) & line_charge.is_there & line_paid.is_there
    # interest within a payment may stand in a line of it (P9)
    off_count = np.bincount(line_claim[is_line_off], minlength=len(claims))
    is_line_off &= (too_much != interest[line_claim]) | (off_count[line_claim] != 1)
    off_lines = np.flatnonzero(is_line_off)
    has_line_off = np.zeros(len(claims), dtype=bool)
    has_line_off[line_claim[off_lines]] = True

    # B2: where a line is off, the claim as a whole is off only if it is not the sum of its lines
    is_readable = claim_charge.is_there & claim_paid.is_there
    own_paid = claim_paid.cents - interest
    is_off = claim_charge.cents - claim_adjusted != own_paid
    lines_charge = _sums(line_charge.cents, line_claim, len(claims))
    lines_paid = _sums(line_paid.cents, line_claim, len(claims))
    is_sum_off = (lines_charge != claim_charge.cents) & claim_charge.is_there
    is_sum_off |= (lines_paid - claim_level != own_paid) & claim_paid.is_there
    transactions = _rows(claims, "transaction")

    for claim in np.flatnonzero(is_off & is_readable & ~has_line_off).tolist():
        reason = (
            f"CLP03 {_dollars(claim_charge.cents[claim])} - adjustments "
            f"{_dollars(claim_adjusted[claim])} is not CLP04 {_dollars(claim_paid.cents[claim])}"
        )
        yield int(transactions[claim]), claim, "B2", reason
    for claim in np.flatnonzero(is_sum_off & has_line_off).tolist():
        if is_readable[claim]:
            reason = (
                f"lines charge {_dollars(lines_charge[claim])} and pay "
                f"{_dollars(lines_paid[claim])}, the claim (CLP03, CLP04) "
                f"{_dollars(claim_charge.cents[claim])} and {_dollars(claim_paid.cents[claim])}"
            )
            yield int(transactions[claim]), claim, "B2", reason
    for line in off_lines[np.unique(line_claim[off_lines], return_index=True)[1]]:
        claim = int(line_claim[line])
        number = lines["line_no"][int(line)].as_py()
        reason = (
            f"line {number}: SVC02 {_dollars(line_charge.cents[line])} - adjustments "
            f"{_dollars(line_adjusted[line])} is not SVC03 {_dollars(line_paid.cents[line])}"
        )
        yield int(transactions[claim]), claim, "B1", reason

    # B3: a payment is its claims less what is withheld
    paid, taken, is_judged = _totals(tables)
    is_debit = _is_debit(payments)
    for row, transaction in enumerate(_rows(payments, "transaction").tolist()):
        balance = paid[transaction] - taken[transaction]
        if not announced.is_there[row]:
            yield transaction, None, "T3", "BPR02 is missing"
        elif is_judged[transaction] and announced.cents[row] != balance:
            reason = (
                f"BPR02 {_dollars(announced.cents[row])} is not the sum of CLP04 "
                f"{_dollars(paid[transaction])} less PLB {_dollars(taken[transaction])}"
            )
            yield transaction, None, "B3", reason
        elif is_debit[row] and announced.cents[row] > 0:
            reason = (
                f"BPR03 is D (a debit) of {_dollars(announced.cents[row])} that no claim takes "
                "back: whether the hospital draws it or the payer takes it is not told"
            )
            yield transaction, None, "B11", reason

    withheld_from = _rows(withheld, "transaction")
    for transaction in withheld_from[~withheld_amount.is_there].tolist():
        yield transaction, None, "T3", "PLB has a reason without a readable amount"
    for name, rows, is_there in (
        ("CLP03 or CLP04", np.arange(len(claims)), is_readable),
        ("SVC02 or SVC03", line_claim, line_charge.is_there & line_paid.is_there),
    ):
        for claim in rows[~is_there].tolist():
            reason = f"{name} is missing or not an amount"
            yield int(transactions[claim]), claim, "T3", reason
    # without these nobody knows what an amount means
    for claim in np.flatnonzero(_is_blank(claims, "claim_status_code")).tolist():
        yield int(transactions[claim]), claim, "T3", "CLP02 is missing"
    for claim in of_claim[_is_blank(adjustments, "group_code") & (adjusted.cents != 0)].tolist():
        yield int(transactions[claim]), claim, "T3", "CAS01 is missing"
    for claim in of_claim[~adjusted.is_there].tolist():
        reason = "CAS has a reason without a readable amount"
        yield int(transactions[claim]), claim, "T3", reason


def with_sign(tables: dict[str, pa.Table]) -> tuple[pa.Table, list[int]]:
    """The payments with the sign of their money, and the transactions in which it was turned (B12).

    A debit (BPR03 = D) whose claims add up to the same amount below zero is money that the payer
    takes: its amount is announced without a sign.
    """
    payments = tables["remit_payments"]
    amounts, transactions = _amounts(payments, "payment_amount"), _rows(payments, "transaction")
    paid, taken, is_judged = _totals(tables)
    is_taken = _is_debit(payments) & (amounts.cents > 0) & is_judged[transactions]
    is_taken &= amounts.cents == (taken - paid)[transactions]
    place = payments.column_names.index("payment_amount")
    amount = payments["payment_amount"]
    signed = pc.if_else(pa.array(is_taken), pc.negate(amount), amount)
    return payments.set_column(place, "payment_amount", signed), transactions[is_taken].tolist()


def with_interest(tables: dict[str, pa.Table]) -> tuple[pa.Table, list[int]]:
    """The claims with interest only where their payment holds it, and which those are (P9).

    It does where what is paid above the charge less the adjustments is exactly the interest that
    is stated. Anywhere else it is paid with the whole payment (PLB), or stated for information.
    """
    claims, adjustments = tables["remit_claims"], tables["remit_adjustments"]
    stated, paid = _amounts(claims, "interest_amount"), _amounts(claims, "paid_amount")
    adjusted = _sums(
        _amounts(adjustments, "amount").cents, _rows(adjustments, "claim"), len(claims)
    )
    too_much = paid.cents - (_amounts(claims, "charge_amount").cents - adjusted)
    is_within = stated.is_there & (stated.cents != 0) & (too_much == stated.cents)
    place = claims.column_names.index("interest_amount")
    kept = pc.if_else(pa.array(is_within), claims["interest_amount"], None)
    return claims.set_column(place, "interest_amount", kept), np.flatnonzero(is_within).tolist()


def left_by_payments(tables: dict[str, pa.Table], claims: Iterable[int]) -> dict[int, Decimal]:
    """What the payments of claims leave for those whose own amount (CLP04) cannot be read, by
    claim. Of several in one payment the first has what is left for all of them."""
    transactions = _rows(tables["remit_claims"], "transaction")
    paid = _amounts(tables["remit_claims"], "paid_amount")
    first: dict[int, int] = {}
    for claim in sorted(claims):
        if not paid.is_there[claim]:
            first.setdefault(int(transactions[claim]), claim)
    left = {}
    for transaction, claim in first.items():
        cents = -paid.cents[transactions == transaction].sum()
        for table, column in (
            ("remit_payments", "payment_amount"), ("remit_provider_adjustments", "amount"),
        ):  # fmt: skip
            is_its = _rows(tables[table], "transaction") == transaction
            cents += _amounts(tables[table], column).cents[is_its].sum()
        left[claim] = _dollars(cents)
    return left


def _amounts(table: pa.Table, column: str) -> _Amounts:
    """Cents of a column of decimal(18, 2): the lower half of its 128 bits holds all of them."""
    values = table[column].combine_chunks()
    is_there = values.is_valid().to_numpy(zero_copy_only=False)
    if not len(values):
        return _Amounts(np.empty(0, dtype=np.int64), is_there)
    words = np.frombuffer(values.buffers()[1], dtype="<i8")
    cents = words[2 * values.offset : 2 * (values.offset + len(values)) : 2]
    return _Amounts(np.where(is_there, cents, 0), is_there)


def _totals(tables: dict[str, pa.Table]) -> tuple[Cents, Cents, Flags]:
    """By transaction: what its claims pay, what is withheld from them, and whether both can be
    read."""
    claims, withheld = tables["remit_claims"], tables["remit_provider_adjustments"]
    paid, taken = _amounts(claims, "paid_amount"), _amounts(withheld, "amount")
    of_claim, of_withheld = _rows(claims, "transaction"), _rows(withheld, "transaction")
    count = 1 + max((int(rows.max()) for rows in _by_transaction(tables)), default=-1)
    is_judged = np.ones(count, dtype=bool)
    is_judged[of_claim[~paid.is_there]] = False
    is_judged[of_withheld[~taken.is_there]] = False
    return (
        _sums(paid.cents, of_claim, count),
        _sums(taken.cents, of_withheld, count),
        is_judged,
    )


def _is_debit(payments: pa.Table) -> Flags:
    code = pc.utf8_upper(pc.utf8_trim_whitespace(payments["credit_debit"].fill_null("")))
    is_debit: Flags = pc.equal(code.combine_chunks(), "D").to_numpy(zero_copy_only=False)
    return is_debit


def _is_blank(table: pa.Table, column: str) -> Flags:
    text = pc.utf8_trim_whitespace(table[column].fill_null("").combine_chunks())
    blank: Flags = pc.equal(text, "").to_numpy(zero_copy_only=False)
    return blank


def _rows(table: pa.Table, column: str, absent: int = 0) -> Rows:
    """A column of row numbers."""
    return table[column].fill_null(absent).to_numpy().astype(np.int64)


def _by_transaction(tables: dict[str, pa.Table]) -> Iterator[Rows]:
    for table in ("remit_payments", "remit_claims", "remit_provider_adjustments"):
        if len(tables[table]):
            yield _rows(tables[table], "transaction")


def _sums(cents: Cents, rows: Rows, count: int) -> Cents:
    """The sum of the cents of each of `count` rows."""
    sums = np.zeros(count, dtype=np.int64)
    np.add.at(sums, rows, cents)
    return sums


def _dollars(cents: np.int64) -> Decimal:
    return Decimal(int(cents)).scaleb(-2)
