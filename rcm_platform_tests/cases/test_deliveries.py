"""Payments that come in parts, again, or with a claim that cannot be read: each dollar once."""

from __future__ import annotations

from decimal import Decimal

from rcm_platform_tests.cases.conftest import Marts, dollars
from rcm_platform_tests.cases.test_layouts import held
from rcm_platform_tests.conftest import Built


def _deliveries(marts: Marts, case: str) -> list[tuple[str, Decimal]]:
    """The second deliveries (D3) in the files of a case."""
    return marts.con.execute(
        "select source_file, finding_amount from marts.mart_data_exceptions "
        "where rule_id = 'D3' and source_file like ? || '/%'",
        [case],
    ).fetchall()


def test_one_check_may_come_in_two_remittances_of_one_amount(marts: Marts) -> None:
    for number in ("OC-1", "OC-2"):
        assert marts.claim(number) == dollars(charge=200, paid=100, contractual=100)
    assert _deliveries(marts, "one_check_two_remits") == []


def test_of_two_deliveries_the_one_with_a_paid_claim_more_counts(marts: Marts) -> None:
    assert marts.claim("DM-1") == dollars(charge=200, paid=100, contractual=100)
    assert marts.claim("DM-2") == dollars(charge=90, paid=50, contractual=40)
    assert marts.claim("DM-3") == dollars(charge=60, paid=30, contractual=30)
    case = "delivered_with_one_more"
    assert _deliveries(marts, case) == [(f"{case}/a.835", Decimal(150))]


def test_a_payment_without_a_number_that_comes_again_counts_once(marts: Marts) -> None:
    """Also where the number comes with the second delivery; other claims of its day are paid."""
    assert marts.claim("WT-1") == dollars(charge=200, paid=100, contractual=100)
    assert marts.claim("WT-2") == dollars(charge=90, paid=50, contractual=40)
    assert marts.claim("WT-3") == dollars(charge=190, paid=150, contractual=40)
    assert marts.is_denied("WT-4") and marts.is_denied("WT-5")
    assert marts.claim("WT-6") == dollars(charge=100, paid=60, contractual=40)
    case = "without_trace_number"
    assert sorted(_deliveries(marts, case)) == [
        (f"{case}/b.835", Decimal(150)), (f"{case}/with_number.835", Decimal(60)),
    ]  # fmt: skip


def test_a_debit_is_money_that_its_claims_take_back_or_waits(
    x12_cases: Built, marts: Marts
) -> None:
    assert held(x12_cases, "debit") == [("transaction", "B11", Decimal(80))]
    assert marts.claim("DB-1") == dollars(charge=200, open=200)
    assert marts.claim("DB-2") == {}
    assert {"B6", "B11", "B12"} <= marts.rules("debit")
    found = marts.con.execute(
        "select remitted_amount from marts.mart_cash_reconciliation "
        "where source_file like 'debit/%' order by remitted_amount"
    ).fetchall()
    assert found == [(Decimal(-100),), (Decimal(100),)]


def test_a_claim_whose_amount_cannot_be_read_is_worth_what_its_payment_leaves(
    x12_cases: Built, marts: Marts
) -> None:
    case = "unreadable_amounts"
    assert held(x12_cases, case) == [
        ("claim", "T3", Decimal(60)), ("claim", "T3", Decimal(600)),
    ]  # fmt: skip
    [(posted, quarantined, status)] = marts.con.execute(
        "select posted_amount, quarantined_amount, reconciliation_status "
        "from marts.mart_cash_reconciliation where source_file like ? || '/%'",
        [case],
    ).fetchall()
    assert (posted, quarantined, status) == (Decimal(230), Decimal(660), "known exception")
    assert marts.claim("AM-1") == dollars(charge=100, paid=60, contractual=40)
    assert marts.claim("AM-4") == dollars(charge=100, paid=70, contractual=30)


def test_a_transaction_without_its_end_is_held_alone(x12_cases: Built, marts: Marts) -> None:
    assert held(x12_cases, "transaction_without_end") == [("transaction", "E4", Decimal(60))]
    assert marts.claim("NST-2") == dollars(charge=100, paid=70, contractual=30)


def test_a_held_claim_is_about_the_bill_that_it_fits(marts: Marts) -> None:
    """Two bills have its number; the first one was paid, the second one waits in quarantine."""
    assert marts.claim("HSB-1") == dollars(claims=2, charge=260, paid=60, contractual=40, open=160)
    [(charge, amount)] = marts.con.execute(
        """select charge_amount, finding_amount from marts.mart_data_exceptions
        inner join marts.fct_claims using (claim_key)
        where rule_id = 'B1' and mart_data_exceptions.source_file like 'held_second_bill/%'"""
    ).fetchall()
    assert (charge, amount) == (Decimal(160), Decimal(90))


def test_a_balance_that_is_carried_forward_moves_no_claim(marts: Marts) -> None:
    assert marts.claim("TB-1") == dollars(charge=200, open=200)
    assert marts.claim("TB-3") == dollars(charge=300, paid=200, contractual=100)
    found = marts.con.execute(
        """select event_type, sum(cash_amount) from marts.fct_ledger_entries
        where source_file like 'takeback_forward/%' and cash_amount <> 0
        group by event_type order by event_type"""
    ).fetchall()
    assert found == [("PAYER_PAYMENT", Decimal(270)), ("RECOUPMENT", Decimal(0))]
