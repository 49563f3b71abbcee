"""What is sent again changes the charge: a replacement (7), a void (8), an original."""

from __future__ import annotations

from rcm_platform_tests.cases.conftest import Marts, dollars


def test_a_replacement_states_the_charge_anew(marts: Marts) -> None:
    assert marts.claim("REPL-1") == dollars(charge=400, paid=250, contractual=150)
    assert marts.claim("TWICE-1") == dollars(charge=350, paid=200, contractual=150)
    assert "P10" in marts.rules("replacement_and_void")


def test_a_void_takes_the_charge_back(marts: Marts) -> None:
    assert marts.claim("VOID-1") == dollars()
    assert not marts.is_denied("VOID-1")


def test_an_original_after_a_void_is_charged(marts: Marts) -> None:
    assert marts.claim("AGAIN-1") == dollars(charge=320, paid=220, contractual=100)
    assert "D7" not in marts.rules("replaced_twice")


def test_the_charge_stands_as_it_was_until_it_is_replaced(marts: Marts) -> None:
    """Each change is an entry of its own on the day on which it was recorded."""
    entries = marts.con.execute(
        """select recorded_date::varchar, sum(ar_amount)::integer
        from marts.fct_ledger_entries join marts.fct_claims using (claim_key)
        where claim_id = 'TWICE-1' and event_type = 'CHARGE' group by 1 order by 1"""
    ).fetchall()
    assert entries == [("2025-03-03", 500), ("2025-03-10", -100), ("2025-03-20", -50)]


def test_remittances_alone_tell_a_replacement(marts: Marts) -> None:
    assert marts.claim("RWB-1") == dollars(charge=400, paid=300, contractual=100)


def test_a_claim_without_a_frequency_is_a_whole_one(marts: Marts) -> None:
    assert marts.claim("FREQ-1") == dollars(charge=500, open=500)
    [(lines,)] = marts.con.execute(
        "select sum(charge_amount) from marts.fct_claim_lines where claim_id = 'FREQ-1'"
    ).fetchall()
    assert lines == 500


def test_what_was_sent_last_counts_whatever_reaches_us_last(marts: Marts) -> None:
    """Files of a chain come on other days, and the original behind what replaced or voided it."""
    assert marts.claim("OO-1") == dollars(charge=400, paid=250, contractual=150)
    assert marts.claim("OO-2") == dollars()
    entries = marts.con.execute(
        """select recorded_date::varchar, sum(ar_amount)::integer
        from marts.fct_ledger_entries join marts.fct_claims using (claim_key)
        where claim_id = 'OO-1' and event_type = 'CHARGE' group by 1 order by 1"""
    ).fetchall()
    assert entries == [("2025-03-10", 450), ("2025-03-15", -50)]
    assert "D7" not in marts.rules("replaced_out_of_order")


def test_remittances_alone_tell_the_last_of_several_replacements(marts: Marts) -> None:
    assert marts.claim("OO-3") == dollars(charge=400, paid=250, contractual=150)


def test_a_chain_that_ends_with_a_void_leaves_nothing(marts: Marts) -> None:
    assert marts.claim("OO-4") == dollars()
