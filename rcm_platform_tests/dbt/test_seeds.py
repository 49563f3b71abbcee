"""The code lists: complete, consistent, and in our own words."""

from __future__ import annotations

import csv

from rcm_platform_tests.support.handmade import PROJECT


def _seed(name: str) -> list[dict[str, str]]:
    with (PROJECT / "seeds" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_cost_share_and_contract_reductions_are_no_denials() -> None:
    codes = {row["reason_code"]: row for row in _seed("carc_codes")}
    for code in ("1", "2", "3", "23", "45", "59", "90", "94", "137", "144", "237", "253", "P12"):
        assert codes[code]["is_denial"] == "false", code
    for code in ("16", "18", "22", "27", "29", "50", "96", "97", "109", "197", "204", "252"):
        assert codes[code]["is_denial"] == "true", code
    assert codes["45"]["is_contractual"] == codes["253"]["is_contractual"] == "true"


def test_each_denial_has_a_category_and_nearly_all_a_stage() -> None:
    denials = [row for row in _seed("carc_codes") if row["is_denial"] == "true"]
    assert all(row["category"] for row in denials)
    assert [row["reason_code"] for row in denials if not row["stage"]] == ["A1"]


def test_the_whole_public_list_of_reasons_is_there() -> None:
    codes = {row["reason_code"] for row in _seed("carc_codes")}
    numbers = {str(number) for number in range(1, 308)}
    # series A, B, D, P, W and Y, whose last numbers are these
    series = {
        f"{letter}{number}"
        for letter, last in (("A", 8), ("B", 23), ("D", 23), ("P", 32), ("W", 9), ("Y", 3))
        for number in range(1, last + 1)
    }
    assert codes == numbers | series | {"A0"}


def test_what_is_no_denial_has_a_category_that_says_what_it_does() -> None:
    reasons = {row["category"] for row in _seed("carc_codes") if row["is_denial"] == "false"}
    categories = {row["category"]: row for row in _seed("adjustment_categories")}
    # what the remittance tells, and not the reason alone
    assert set(categories) - reasons == {"Packaged", "Capitation", "Not on the list"}
    assert reasons <= set(categories)
    for row in _seed("carc_codes"):
        if row["is_contractual"] == "true":
            event = categories[row["category"]]["contractual_event"]
            assert event == "CONTRACTUAL", row["reason_code"]


def test_each_reason_of_a_whole_payment_has_a_known_event() -> None:
    codes = {row["reason_code"]: row["ledger_event"] for row in _seed("provider_adjustment_codes")}
    classes = {row["event_type"]: row["measure_class"] for row in _seed("ledger_event_types")}
    assert {classes[event] for event in codes.values()} == {"provider_level_cash"}
    assert codes["CT"] == "CAPITATION"
    assert "UNAPPLIED_CASH" not in codes.values()


def test_a_received_claim_is_not_an_accepted_one() -> None:
    categories = {row["category_code"]: row for row in _seed("ack_categories")}
    rejected = {code for code, row in categories.items() if row["is_rejected"] == "true"}
    accepted = {code for code, row in categories.items() if row["is_accepted"] == "true"}
    assert rejected == {"A3", "A6", "A7", "A8"}
    assert accepted == {"A2"}


def test_codes_stand_once() -> None:
    for seed, key in (
        ("carc_codes", "reason_code"),
        ("ack_categories", "category_code"),
        ("procedure_codes", "procedure_code"),
    ):
        codes = [row[key] for row in _seed(seed)]
        assert len(codes) == len(set(codes)), seed
