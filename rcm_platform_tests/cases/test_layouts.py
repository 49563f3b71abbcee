"""Files that are written in another way and say the same, and those of which it cannot be told."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rcm_platform.ingest import lake_access
from rcm_platform.ingest.quarantine import items
from rcm_platform_tests.cases.conftest import Marts, dollars
from rcm_platform_tests.conftest import Built


def held(built: Built, case: str) -> list[tuple[str, str, Decimal | None]]:
    """What stays open of a case: its level, rule and dollars."""
    lake = lake_access.open_lake(built.settings)
    return sorted(
        (item.level, item.rule_id, item.dollar_amount)
        for item in items.items(lake, only_open=True)
        if item.source_file.startswith(f"{case}/")
    )


@pytest.mark.parametrize(
    ("case", "claims", "rule"),
    [
        ("wrapped_at_80", [f"WRAPPED-CLAIM-{number:04}" for number in range(1, 13)], "E14"),
        ("wrapped_in_the_header", [f"WRAP-{number:02}" for number in range(1, 13)], "E14"),
    ],
)
def test_a_wrapped_file_has_the_claims_that_it_was_made_of(
    x12_cases: Built, marts: Marts, case: str, claims: list[str], rule: str
) -> None:
    found = [marts.claim(claim) for claim in claims]
    assert [claim["claims"] for claim in found] == [1] * 12
    assert sum(claim["paid"] for claim in found) == Decimal("1440.00")
    assert held(x12_cases, case) == []
    assert rule in marts.rules(case)


@pytest.mark.parametrize(
    ("case", "claim", "expected", "rule"),
    [
        ("errata_of_the_835", "ERR-1", {"charge": 200, "paid": 120, "open": 20}, "P7"),
        ("no_last_terminator", "END-1", {"charge": 200, "paid": 120, "open": 20}, "E16"),
        ("hl_not_from_one", "HL-1", {"charge": 100, "open": 100}, "E17"),
        ("4010", "V4010-1", {"charge": 195, "paid": 95, "open": 100}, "P7"),
        ("latin_1", "LATIN-1", {"charge": 100, "paid": 80, "open": 20}, "E18"),
        ("blank_segments", "BLANK-1", {"charge": 100, "paid": 80, "open": 20}, "E10"),
    ],
)
def test_a_cosmetic_fault_loads_with_a_note(
    x12_cases: Built, marts: Marts, case: str, claim: str, expected: dict[str, int], rule: str
) -> None:
    found = marts.claim(claim)
    assert {name: found[name] for name in expected} == {
        name: Decimal(amount) for name, amount in expected.items()
    }
    assert held(x12_cases, case) == []
    assert rule in marts.rules(case)


@pytest.mark.parametrize(
    ("case", "rule", "amount", "loaded", "lost"),
    [
        ("no_claim_status", "T3", "10.00", "STAT-1", "STAT-2"),
        ("several_payers", "E19", "60.00", "JOIN-1", "JOIN-2"),
        ("line_break_in_a_name", "E15", "40.00", "TORN-1", "TORN-2"),
    ],
)
def test_what_cannot_be_told_holds_its_claim(
    x12_cases: Built, marts: Marts, case: str, rule: str, amount: str, loaded: str, lost: str
) -> None:
    assert held(x12_cases, case) == [("claim", rule, Decimal(amount))]
    assert marts.claim(loaded)["paid"] == Decimal(80)
    assert marts.claim(lost).get("paid") is None
    [(posted, quarantined, status)] = marts.con.execute(
        "select posted_amount, quarantined_amount, reconciliation_status "
        "from marts.mart_cash_reconciliation where source_file like ? || '/%'",
        [case],
    ).fetchall()
    assert (posted, quarantined, status) == (Decimal(80), Decimal(amount), "known exception")


def test_elements_that_are_missing_cost_no_money(x12_cases: Built, marts: Marts) -> None:
    # of an adjustment without its group nobody knows who owes it
    assert held(x12_cases, "missing_elements") == [("claim", "T3", Decimal(40))]
    [(cash,)] = marts.con.execute(
        "select sum(cash_amount) from marts.fct_ledger_entries "
        "where source_file like 'missing_elements/%'"
    ).fetchall()
    assert cash == Decimal(290)


def test_interest_within_a_claim_stands_apart(marts: Marts) -> None:
    found = marts.claim("INT-1")
    assert (found["paid"], found["open"]) == (Decimal(120), Decimal(20))
    events = marts.con.execute(
        "select event_type, sum(cash_amount) from marts.fct_ledger_entries "
        "where source_file like 'interest_in_the_claim/%' and cash_amount <> 0 "
        "group by event_type order by event_type"
    ).fetchall()
    assert events == [("INTEREST", Decimal("3.45")), ("PAYER_PAYMENT", Decimal(120))]
    assert "P9" in marts.rules("interest_in_the_claim")


def test_a_date_of_2099_hides_no_later_night(x12_cases: Built, marts: Marts) -> None:
    assert held(x12_cases, "date_in_the_future") == [("interchange", "E13", Decimal(120))]
    assert marts.claim("FUT-1")["paid"] == marts.claim("FUT-3")["paid"] == Decimal(120)
    last = lake_access.open_lake(x12_cases.settings).latest_arrival_date()
    assert last is not None
    assert last.year < 2099


def test_a_file_name_that_is_used_again_corrects_nothing(x12_cases: Built, marts: Marts) -> None:
    case = "corrected_by_file_name"
    assert held(x12_cases, case) == [("claim", "B1", Decimal(120))]
    found = marts.con.execute(
        "select trace_number, posted_amount, quarantined_amount, reconciliation_status "
        "from marts.mart_cash_reconciliation where source_file like ? || '/%' order by 1",
        [case],
    ).fetchall()
    assert found == [
        ("X3020", Decimal(80), Decimal(120), "known exception"),
        ("X3021", Decimal(60), Decimal(0), "matched"),
    ]


def test_a_trace_number_that_is_used_again_corrects_nothing(x12_cases: Built) -> None:
    assert held(x12_cases, "corrected_by_trace_number") == [
        ("transaction", "E4", Decimal(0)),
        ("transaction", "E4", Decimal(500)),
    ]


def test_claims_are_as_they_were_sent(marts: Marts) -> None:
    assert marts.claim("ERR-1") == dollars(
        charge=200, paid=120, contractual=60, patient=20, open=20
    )
