"""The scorecard fits where leaders see it, and says what the numbers say."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from urllib.parse import unquote

import pytest

from rcm_platform.changes import Change
from rcm_platform.publish import open_published
from rcm_platform.scorecard import (
    MARKDOWN_LIMIT,
    Headline,
    cash_line,
    claims,
    headlines,
    proof_line,
    sparkline,
)
from rcm_platform_tests.conftest import Built


def headline(value: str, direction: str = "down", unit: str = "ratio") -> Headline:
    trend = tuple(Decimal(value) for _ in range(12))
    return Headline("k", "Denials", unit, Decimal("0.05"), direction, date(2025, 12, 1), trend)


def test_a_ratio_reads_as_percent_with_its_target() -> None:
    assert (
        headline("0.1181")
        .markdown()
        .startswith("**11.8%** in December 2025 · target at most 5.0% · off target")
    )
    assert "on target" in headline("0.05").markdown()
    assert "on target" in headline("0.96", direction="up").markdown()


def test_dollars_and_days_keep_their_unit() -> None:
    assert headline("1234.5", unit="dollars").markdown().startswith("**$1,234.50**")
    assert headline("31.04", unit="days").markdown().startswith("**31.0 days**")


def test_the_sparkline_is_fully_encoded_and_goes_up_with_the_value() -> None:
    uri = sparkline([Decimal(1), Decimal(2)], width=10, height=24)
    assert re.fullmatch(r"data:image/svg\+xml,[A-Za-z0-9%._~-]+", uri)
    assert "points='0,22 10,2'" in unquote(uri)


@pytest.mark.parametrize("values", [[Decimal(3)], [Decimal(3), Decimal(3)]])
def test_a_flat_or_single_value_still_draws(values: list[Decimal]) -> None:
    assert "points=" in unquote(sparkline(values))


def change(unit: str = "ratio", **effects: str) -> str:
    named = tuple((name, Decimal(effect)) for name, effect in effects.items())
    return Change(date(2025, 11, 1), named, "Evergreen at North", Decimal("-0.004")).text(unit)


def test_a_change_says_how_far_and_why_the_largest_reason_first() -> None:
    assert change(mix="-0.002", rate="-0.007", timing="0") == (
        "down 0.9 points since November: rate -0.7 points, mix -0.2 points; most by "
        "Evergreen at North (-0.4 points)"
    )
    assert change(mix="0", rate="0") == "unchanged since November"
    assert change("dollars", volume="12.5", rate="-2.5").startswith("up $10.00 since November")


def test_every_headline_of_a_run_fits_in_place(built: Built) -> None:
    with open_published(built.settings.published_dir, "leadership") as con:
        shown, first = headlines(con), claims(con)
        lines = proof_line(con), cash_line(con)
    assert [h.kpi for h in shown] == [
        "initial_denial_rate",
        "first_pass_yield",
        "days_to_first_payment",
        "net_collection_rate",
        "ar_over_90_rate",
        "collections_per_wrvu",
    ]
    assert all(h.change for h in shown)
    texts = [*(h.markdown() for h in shown), *lines, first]
    assert max(len(text) for text in texts) < MARKDOWN_LIMIT
    assert lines[0].startswith("**100.00%")
    assert "100.00% explained, $0.00 unmatched" in lines[1]
    assert first.count("/trace/claim/") == 5
