"""The scorecard fits where leaders see it, and says what the numbers say."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from urllib.parse import unquote

import pytest

from rcm_platform.explain.guided_lineage import STORIES, link
from rcm_platform.explain.scorecard import (
    MARKDOWN_LIMIT,
    Headline,
    cash_line,
    chart,
    headlines,
    months_line,
    proof_line,
)
from rcm_platform.explain.variance import Change, Driver
from rcm_platform.publish.versions import open_published
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support.leaders_months import headlines_by_month


def headline(
    value: str, direction: str = "down", unit: str = "ratio", months: int = 12, last: int = 12
) -> Headline:
    trend = tuple((date(2025, last - i, 1), Decimal(value)) for i in reversed(range(months)))
    return Headline("k", "Denials", unit, Decimal("0.05"), direction, "month of service", trend)


def drawn(*values: str, target: str = "1") -> str:
    months = [(date(2025, month, 1), Decimal(value)) for month, value in enumerate(values, 1)]
    return unquote(chart(months, Decimal(target), "≤ 1"))


def test_a_ratio_reads_as_percent_with_its_month_and_target() -> None:
    assert headline("0.1181").line() == (
        "[**11.8%**](/trace/kpi/k?month=2025-12) Dec 2025 · **off target** (≤ 5.0%)"
    )
    assert "on target (≤ 5.0%)" in headline("0.05").line()
    assert "on target (≥ 5.0%)" in headline("0.96", direction="up").line()


def test_dollars_and_days_keep_their_unit() -> None:
    assert headline("1234.5", unit="dollars").line().startswith("[**$1,234.50**]")
    assert headline("31.04", unit="days").line().startswith("[**31.0 days**]")


def test_the_longest_line_fits_the_column() -> None:
    # 43 characters stand on one line of the page at 1440 pixels
    read = re.sub(r"\[\*\*(.*?)\*\*\]\(.*?\)", r"\1", headline("128.0", unit="days").line())
    assert len(read.replace("*", "")) <= 43


def test_the_chart_is_encoded_and_goes_up_with_the_value() -> None:
    uri = chart([(date(2025, 1, 1), Decimal(1)), (date(2025, 2, 1), Decimal(2))], Decimal(1), "≤ 1")
    assert re.fullmatch(r"data:image/svg\+xml,[A-Za-z0-9%._~/:=,;-]+", uri)
    assert "points='9,76,33,6'" in unquote(uri)


def test_the_chart_names_its_months_and_draws_the_target_where_it_lies() -> None:
    svg = drawn("1", "2", "3", target="2")
    assert ">Jan Feb Mar</text>" in svg
    assert "<path d='M0,41h66'" in svg
    assert ">≤ 1</text>" in svg


@pytest.mark.parametrize("values", [["3"], ["3", "3"], ["1", "1"]])
def test_a_flat_or_single_value_still_draws(values: list[str]) -> None:
    assert "<circle" in drawn(*values)


def test_a_headline_of_an_earlier_month_says_why() -> None:
    late, early = headline("0.1"), headline("0.1", last=10, months=3)
    assert months_line([late, late]) is None
    assert months_line([late, early]) == "Denials is of October 2025: month of service."


def change(unit: str = "ratio", **effects: str) -> str:
    named = tuple((name, Decimal(effect)) for name, effect in effects.items())
    driver = Driver("Evergreen at North", Decimal("-0.004"))
    return Change(date(2025, 11, 1), named, driver).text(unit)


def test_a_change_says_how_far_and_why_the_largest_reason_first() -> None:
    assert change(mix="-0.002", rate="-0.007", timing="0") == (
        "down 0.9 points since November: rate -0.7 points, mix -0.2 points; most by "
        "Evergreen at North (-0.4 points)"
    )
    assert change(mix="0", rate="0") == "unchanged since November"
    assert change("dollars", volume="12.5", rate="-2.5").startswith("up $10.00 since November")
    # what is shown as zero is no reason
    assert change("days", rate="1.2", mix="-0.04") == ("up 1.2 days since November: rate +1.2 days")
    assert change("days", mix="-0.04") == "unchanged since November"


def test_what_holds_against_a_change_is_named_too() -> None:
    change = Change.since(
        date(2025, 4, 1), Decimal(0), Decimal(0), Decimal("0.05"), Decimal("-0.06"),
        "One", Decimal("0.08"), "Two", Decimal("-0.03"),
        "patient share", Decimal("0.06"), "denials held", Decimal("-0.01"),
    )  # fmt: skip
    assert change.text("ratio") == (
        "down 1.0 points since April: timing -6.0 points, rate +5.0 points; "
        "most by patient share (+6.0 points), against it denials held (-1.0 points); "
        "most by One (+8.0 points), against it Two (-3.0 points)"
    )
    # about too few people, so that it stands merged
    hidden = Change.since(
        date(2025, 4, 1), Decimal(0), Decimal(0), Decimal("0.05"), Decimal(0),
        "", None, "Two", Decimal("-0.03"),
    )  # fmt: skip
    assert hidden.text("ratio").endswith("rate +5.0 points; against it Two (-3.0 points)")


def test_every_headline_of_a_run_fits_in_place(built: Built) -> None:
    with open_published(built.settings.published_dir, "leadership") as con:
        shown, proof, cash = headlines(con), proof_line(con), cash_line(con)
        by_month = headlines_by_month(con)
        ((charges, received),) = con.execute(
            "select charges, cash from published_version"
        ).fetchall()
    in_order = [
        "initial_denial_rate",
        "first_pass_yield",
        "days_to_first_payment",
        "net_collection_rate",
        "ar_over_90_rate",
        "collections_per_wrvu",
    ]
    assert [h.kpi for h in shown] == [kpi for kpi in in_order if kpi in by_month]
    # where the month before stands merged with others, nothing is said of a change
    follows = [(h.month - h.trend[-2][0]).days < 32 for h in shown]
    assert [h.change is not None for h in shown] == follows
    assert any(follows)
    differ = months_line(shown)
    assert differ
    assert "First-pass yield" in differ
    assert "closed at least 60 days before" in differ
    texts = [text for h in shown for text in (h.line(), h.why(), h.months())]
    assert max(len(text) for text in [*texts, proof, cash, differ]) < MARKDOWN_LIMIT

    assert f"${Decimal(charges):,.2f} of charges" in proof
    assert f"${Decimal(received):,.2f} of cash: explained" in proof
    assert f"{Decimal(charges) + Decimal(received):,.2f}" not in proof
    assert "open in quarantine" in proof
    # checks that came in one deposit, and cards less a fee, are told by hand
    assert re.search(r"9\d\.\d\d% explained, \$[1-9][\d,.]+ unmatched", cash)


def test_no_single_claim_stands_in_the_file_for_leaders(built: Built) -> None:
    with open_published(built.settings.published_dir, "leadership") as con:
        found = con.execute(
            "select table_name from information_schema.columns where column_name = 'claim_key'"
        ).fetchall()
    assert found == []


def test_the_link_of_each_story_opens_the_groups_of_its_assets() -> None:
    links = {name: link(name) for name in STORIES}
    assert len(set(links.values())) == len(STORIES)
    assert links["cash"] == (
        "/asset-groups~tag%3A%22story%2Fcash%22?expanded=global@global:staging,"
        "global@global:intermediate,global@global:marts_finance"
    )
