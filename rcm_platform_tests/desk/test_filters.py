"""Filters of the desk from an address, and back."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rcm_platform.desk.filters import EVERYTHING, Filters, parse

OFFERED = {"payer": ["Beacon Mutual", "No payer"], "priority": ["high", "low"]}


def test_an_address_gives_the_filters_that_made_it() -> None:
    chosen = Filters(
        payer=("Beacon Mutual", "No payer"), priority=("high",), low=Decimal("10.50"),
        high=Decimal("99.00"), search="CLM1",
    )  # fmt: skip
    assert parse(chosen.asked(), OFFERED) == (chosen, [])
    assert parse({}, OFFERED) == (EVERYTHING, [])


@pytest.mark.parametrize(
    "asked",
    [
        {"payer": ["<script>alert(1)</script>"]},
        {"payer": ["' or 1=1 --"]},
        {"priority": ["highest"]},
        {"low": ["abc"]},
        {"low": ["nan"]},
        {"high": ["-1"]},
        {"low": ["1e400"]},
        {"low": ["9" * 500]},
        {"search": ["x" * 61]},
        {"search": ["a\x00b"]},
    ],
)
def test_what_is_not_there_is_left_out_and_said_without_repeating_it(
    asked: dict[str, list[str]],
) -> None:
    chosen, left = parse(asked, OFFERED)
    assert chosen == EVERYTHING
    [message] = left
    [value] = next(iter(asked.values()))
    assert value not in message


def test_what_is_known_of_a_list_is_kept() -> None:
    chosen, left = parse({"payer": ["Nobody", "Beacon Mutual"]}, OFFERED)
    assert chosen.payer == ("Beacon Mutual",)
    assert left == ["Payer: not every value is in these figures."]


def test_a_range_upside_down_is_left_out() -> None:
    chosen, left = parse({"low": ["9"], "high": ["1"]}, OFFERED)
    assert chosen == EVERYTHING
    assert len(left) == 1
