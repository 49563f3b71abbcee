"""The next ten of each role, from published tables alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rcm_platform.publish import versions
from rcm_platform_tests.conftest import Built

PAGE = Path(__file__).parents[2] / "docs" / "walkthroughs" / "next_ten.md"
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_has_an_answer(built: Built, query: str) -> None:
    with versions.open_published(built.settings.published_dir, "operations") as con:
        assert con.execute(query).fetchall()


def test_each_role_finds_its_next_ten_in_order(built: Built) -> None:
    with versions.open_published(built.settings.published_dir, "operations") as con:
        rows = con.execute(QUERIES[1]).fetchall()
        sizes = dict(
            con.execute(
                "select worklist, count(*) from mart_worklists where list_position is not null "
                "group by all"
            ).fetchall()
        )
    places: dict[str, list[int]] = {}
    for worklist, place, *_ in rows:
        places.setdefault(worklist, []).append(place)
    assert places == {name: list(range(1, min(10, n) + 1)) for name, n in sizes.items()}
