"""Decisions that are taken back: those that were received, and those from before the feed."""

from __future__ import annotations

from decimal import Decimal

from rcm_platform_tests.cases.conftest import Marts, dollars


def _cash(marts: Marts, claim_id: str) -> Decimal:
    """All cash of the ledger that hangs on a claim."""
    [(cash,)] = marts.con.execute(
        """select sum(cash_amount) from marts.fct_ledger_entries
        inner join marts.fct_claims using (claim_key) where claim_id = ?""",
        [claim_id],
    ).fetchall()
    return cash


def _found(marts: Marts, rule: str, case: str) -> set[str]:
    found = marts.con.execute(
        """select record_id from marts.mart_data_exceptions
        where rule_id = ? and source_file like ? || '/%'""",
        [rule, case],
    ).fetchall()
    return {record for (record,) in found}


def test_a_reversal_that_is_listed_after_its_correction(marts: Marts) -> None:
    assert marts.claim("REV-1") == dollars(
        charge=200, paid=100, contractual=80, patient=20, open=20
    )


def test_a_reversal_of_a_claim_that_nobody_saw_charges_nothing(marts: Marts) -> None:
    assert marts.claim("REV-2") == dollars()
    assert _cash(marts, "REV-2") == -180
    assert _found(marts, "V4", "reversals") == {"REV-2"}
    assert not _found(marts, "V1", "reversals")


def test_a_decision_from_before_the_feed_is_taken_back_and_corrected(marts: Marts) -> None:
    assert marts.claim("COR-1") == dollars(charge=494, denied=494, open=494)
    assert _found(marts, "V4", "reversal_and_correction_alone") == {"COR-1"}
    assert not _found(marts, "V1", "reversal_and_correction_alone")
    assert marts.claim("UNSEEN-PAID") == dollars(
        charge=200, paid=100, contractual=80, patient=20, open=20
    )


def test_payments_balance_whatever_they_take_back(marts: Marts) -> None:
    statuses = marts.con.execute(
        """select trace_number, posting_status from marts.mart_cash_reconciliation
        where trace_number in ('TRNRE02', 'X3050', 'MEADOW7110') order by 1"""
    ).fetchall()
    assert statuses == [
        ("MEADOW7110", "matched"), ("TRNRE02", "matched"), ("X3050", "matched"),
    ]  # fmt: skip


def test_a_decision_that_arrives_later_is_the_one_that_was_taken_back(marts: Marts) -> None:
    assert marts.claim("SEEN-LATER") == dollars(charge=200, paid=110, contractual=90)
    assert _found(marts, "V4", "reversals_of_the_unseen") == {"UNSEEN-PAID"}


def test_a_payer_that_takes_money_back_by_a_later_payment_moves_cash_alone(marts: Marts) -> None:
    assert marts.claim("TAKEN-BY-PLB") == dollars(charge=200, paid=120, contractual=80)
    [(recovered,)] = marts.con.execute(
        """select sum(cash_amount) from marts.fct_ledger_entries
        where event_type = 'RECOUPMENT' and source_file like 'takeback_alone/%'"""
    ).fetchall()
    assert recovered == -120


def test_a_payer_that_decides_twice_and_takes_nothing_back_is_found(marts: Marts) -> None:
    assert marts.claim("TWICE-DECIDED") == dollars(charge=200, paid=230, contractual=170, open=-200)
    [(amount,)] = marts.con.execute(
        """select finding_amount from marts.mart_data_exceptions
        where rule_id = 'C12' and record_id = 'TWICE-DECIDED'"""
    ).fetchall()
    assert amount == 200
