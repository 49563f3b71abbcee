"""Each walkthrough answers its question from published tables alone, with its own queries."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rcm_platform.publish.versions import open_published
from rcm_platform_tests.conftest import Built

PAGES = sorted((Path(__file__).parents[2] / "docs" / "walkthroughs").glob("*.md"))


def answers(built: Built, page: Path) -> list[list[dict[str, Any]]]:
    """What each query of a page gives, from the file of operations, which has all tables."""
    found = []
    with open_published(built.settings.published_dir, "operations") as con:
        for query in re.findall(r"^```sql\n(.*?)^```", page.read_text(), re.S | re.M):
            done = con.execute(query)
            names = [column[0] for column in done.description]
            found.append([dict(zip(names, row, strict=True)) for row in done.fetchall()])
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_query_of_a_walkthrough_has_an_answer(built: Built, page: Path) -> None:
    found = answers(built, page)
    assert found
    assert all(found)


def test_the_points_of_net_collection_add_up(built: Built) -> None:
    page = next(page for page in PAGES if page.stem == "net_collection")
    changes, causes, places, payers, claims = answers(built, page)
    last = changes[0]
    at_equal_age = last["points"] - last["points_of_age_alone"]
    for parts in (causes, places):
        # to a hundredth of a point each
        off = abs(sum(part["points"] for part in parts) - at_equal_age)
        assert off <= Decimal("0.01") * (len(parts) + 2)
    # one that fell does not hide behind those that rose
    assert {place["went"] for place in places} == {"with the change", "against it"}
    assert {cause["cause"] for cause in causes} <= {
        "denials written off", "denials held", "patient share", "still open",
    }  # fmt: skip
    for payer in payers:
        lacks = (
            payer["denials_written_off"] + payer["denials_held"]
            + payer["patients_paid_less"] + payer["still_open"]
        )  # fmt: skip
        assert payer["to_collect"] - payer["collected"] == lacks
    assert claims[0]["to_collect"] > claims[0]["collected"]


def test_each_denied_dollar_of_a_department_has_an_end(built: Built) -> None:
    page = next(page for page in PAGES if page.stem == "avoidable_denials")
    _, departments, _, _ = answers(built, page)
    assert sum(department["denied"] for department in departments) > 0
    assert {department["unexplained"] for department in departments} == {Decimal(0)}
