"""What each reason of an adjustment, and of a whole payment, does to a claim and to cash."""

from __future__ import annotations

from decimal import Decimal

from rcm_platform_tests.cases.conftest import Marts, dollars


def _cash(marts: Marts, case: str) -> dict[str, Decimal]:
    """The cash of the ledger that stands in the files of a case, by event type."""
    found = marts.con.execute(
        """select event_type, sum(cash_amount) from marts.fct_ledger_entries
        where source_file like ? || '/%' and cash_amount <> 0 group by event_type""",
        [case],
    ).fetchall()
    return dict(found)


def _details(marts: Marts, rule: str, case: str) -> list[tuple[str, str, Decimal]]:
    return marts.con.execute(
        """select record_id, detail, finding_amount from marts.mart_data_exceptions
        where rule_id = ? and source_file like ? || '/%' order by 1, 2""",
        [rule, case],
    ).fetchall()


def _denial_rate(marts: Marts, like: str) -> tuple[int, int]:
    [row] = marts.con.execute(
        """select count(*) filter (is_denied_on_first_remit), count(*) from marts.fct_claims
        where claim_id like ?""",
        [like],
    ).fetchall()
    return row


def test_a_pharmacy_pays_below_its_charge_by_contract(marts: Marts) -> None:
    assert marts.claim("RX-1") == dollars(charge=200, paid=100, contractual=90, patient=10, open=10)
    assert marts.claim("RX-2") == dollars(charge=150, paid=90, contractual=60)
    assert _denial_rate(marts, "RX-%") == (0, 2)


def test_incentives_and_penalties_are_no_denials(marts: Marts) -> None:
    assert marts.claim("MIPS-UP") == dollars(
        charge=200, paid="95.49", contractual="80.51", patient=24, open=24
    )
    assert marts.claim("MIPS-DOWN") == dollars(
        charge=200, paid="85.61", contractual="90.39", patient=24, open=24
    )
    assert _denial_rate(marts, "MIPS-%") == (0, 2)


def test_an_incentive_changes_what_is_paid_and_not_what_is_allowed(marts: Marts) -> None:
    found = marts.con.execute(
        """select claim_id, fct_remittances.allowed_amount from marts.fct_remittances
        where claim_id like 'MIPS-%' order by 1"""
    ).fetchall()
    assert found == [("MIPS-DOWN", Decimal("109.61")), ("MIPS-UP", Decimal("119.49"))]


def test_capitation_pays_for_the_claims_of_its_plan(marts: Marts) -> None:
    assert marts.claim("CAP-1") == dollars(charge=150, contractual=150)
    assert marts.claim("CAP-2") == dollars(charge=150, contractual=140, patient=10, open=10)
    assert not marts.is_denied("CAP-1") and not marts.is_denied("CAP-2")
    assert _cash(marts, "capitation") == {"CAPITATION": Decimal(5000)}
    assert marts.rules("capitation") <= {"D2", "M10"}


def test_capitation_may_come_in_a_payment_of_its_own(marts: Marts) -> None:
    assert marts.claim("CAP-APART") == dollars(charge=150, contractual=150)


def test_without_capitation_the_same_reason_is_a_denial(marts: Marts) -> None:
    assert marts.claim("CAP-ELSEWHERE") == dollars(charge=150, denied=150, open=150)
    assert marts.is_denied("CAP-ELSEWHERE")


def test_what_settles_whole_payments_has_a_name_and_an_unlisted_code_is_found(
    marts: Marts,
) -> None:
    assert _cash(marts, "capitation_apart") == {
        "CAPITATION": Decimal(900), "INTERIM_PAYMENT": Decimal(300), "INCENTIVE": Decimal(50),
        "RECOUPMENT": Decimal(-25), "UNAPPLIED_CASH": Decimal(7),
    }  # fmt: skip
    assert _details(marts, "C14", "capitation_apart") == [("MEADOW7104", "ZZ", Decimal(7))]


def test_rates_of_collection_leave_out_what_is_no_cash_of_claims(marts: Marts) -> None:
    [(cash,)] = marts.con.execute(
        """select coalesce(sum(cash_amount), 0) from intermediate.int_kpi__revenue
        inner join marts.dim_payer using (payer_key) where payer_name = 'MEADOW CARE NETWORK'"""
    ).fetchall()
    assert cash == 0
    collected = marts.con.execute(
        """select collected_from, sum(collected_amount) from marts.fct_collections
        inner join marts.dim_payer using (payer_key) where payer_name = 'MEADOW CARE NETWORK'
        group by 1 order by 1"""
    ).fetchall()
    assert collected == [
        ("payer, capitation", Decimal(900)), ("payer, outside any claim", Decimal(332)),
    ]  # fmt: skip


def test_an_unlisted_reason_stays_open_and_is_no_denial(marts: Marts) -> None:
    assert marts.claim("ADJ-UNKNOWN") == dollars(charge=100, paid=60, contractual=30, open=10)
    assert not marts.is_denied("ADJ-UNKNOWN")
    assert _details(marts, "C11", "adjustment_reasons") == [
        ("ADJ-UNKNOWN", "CO-999", Decimal(10)),
    ]  # fmt: skip
    [(unsettled,)] = marts.con.execute(
        "select unsettled_amount from marts.fct_remittances where claim_id = 'ADJ-UNKNOWN'"
    ).fetchall()
    assert unsettled == 10


def test_what_the_next_payer_owes_is_neither_written_off_nor_denied(marts: Marts) -> None:
    assert marts.claim("ADJ-QMB") == dollars(charge=100, paid=70, contractual=10, open=20)
    assert not marts.is_denied("ADJ-QMB")


def test_what_was_paid_to_the_patient_is_owed_by_the_patient(marts: Marts) -> None:
    assert marts.claim("ADJ-TO-PATIENT") == dollars(charge=100, contractual=20, patient=80, open=80)
    assert not marts.is_denied("ADJ-TO-PATIENT")


def test_what_the_payer_has_not_decided_stays_open_and_is_no_denial(marts: Marts) -> None:
    assert marts.claim("ADJ-PENDING") == dollars(charge=200, paid=90, contractual=10, open=100)
    assert not marts.is_denied("ADJ-PENDING")


def test_taxes_and_payments_above_the_charge_balance(marts: Marts) -> None:
    assert marts.claim("ADJ-TAX") == dollars(charge=100, paid="79.50", contractual="20.50")
    assert marts.claim("ADJ-ABOVE") == dollars(charge=100, paid=130, contractual=-30)


def test_a_retired_reason_keeps_its_meaning_and_is_found(marts: Marts) -> None:
    assert marts.claim("ADJ-OLD") == dollars(charge=100, paid=80, contractual=20)
    assert "C7" in marts.rules("adjustment_reasons")


def test_reasons_of_workers_compensation(marts: Marts) -> None:
    assert marts.claim("ADJ-INJURY") == dollars(charge=100, paid=65, contractual=35)
    assert marts.claim("ADJ-NOT-WORK") == dollars(charge=100, denied=100, open=100)
    assert marts.is_denied("ADJ-NOT-WORK") and not marts.is_denied("ADJ-INJURY")
