"""The page of the KPIs says what each is, and why a headline lies outside the market."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from rcm_platform.explain.kpi_page import page, standings
from rcm_platform.publish.versions import open_published
from rcm_platform_tests.conftest import Built

COMMITTED = Path(__file__).parents[2] / "docs" / "kpis.md"


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("""
            create table published_version as select '2025-12-31' as as_of;
            create table kpi_registry as from (values
                ('one', 'One | first', 'ratio', true, 'HFMA MAP Key: one', 'denied', 'all', 'none',
                    'at once', 'a small world'),
                ('two', 'Two', 'days', true, 'own definition', 'days', 'claims', 'none', 'at once',
                    null),
                ('three', 'Three', 'dollars', false, 'own definition', 'dollars', null, 'none',
                    'at once', null)
            ) as t (kpi, label, unit, is_headline, standard, numerator, denominator, exclusions,
                maturity, world_reason);
            create table mart_kpi_market as from (values
                ('three', 'Three', 'dollars', false, date '2025-01-01', date '2025-12-01', 12.5,
                    null, null, 'no published range found', 'no range'),
                ('two', 'Two', 'days', true, date '2025-12-01', date '2025-12-01', 12.0, 15.0, 45.0,
                    'a law', 'below'),
                ('one', 'One | first', 'ratio', true, date '2025-01-01', date '2025-12-01', 0.25,
                    0.05, 0.15, 'a survey', 'above')
            ) as t (kpi, label, unit, is_headline, first_month, last_month, kpi_value, market_low,
                market_high, market_source, market_standing);
        """)
        yield con


def test_each_kpi_stands_beside_its_market_with_its_reason(con: duckdb.DuckDBPyConnection) -> None:
    lines = page(con, is_world=True).splitlines()
    assert (
        "| One / first (`one`) | 25.0% | 2025-01 to 2025-12 | 5.0% to 15.0% | above | a survey |"
        " a small world |"
    ) in lines
    assert (
        "| Two (`two`) | 12.0 days | 2025-12 | 15.0 days to 45.0 days | below | a law |  |" in lines
    )
    assert (
        "| Three (`three`) | $12.50 | 2025-01 to 2025-12 |  |  | no published range found |  |"
        in lines
    )
    assert "| Three (`three`) | own definition | dollars |  | none | at once | dollars |" in lines


def test_a_headline_outside_its_range_needs_a_reason(con: duckdb.DuckDBPyConnection) -> None:
    assert [one.kpi for one in standings(con, is_world=True) if one.is_unexplained] == ["two"]
    # the reason is the world's: it says nothing of the data of others
    assert [one.kpi for one in standings(con, is_world=False) if one.is_unexplained] == [
        "one",
        "two",
    ]
    assert "Why outside" not in page(con, is_world=False)
    assert "a small world" not in page(con, is_world=False)


def test_every_kpi_is_on_the_page_of_a_run(built: Built) -> None:
    with open_published(built.settings.published_dir, "operations") as con:
        text = page(con, is_world=True)
        kpis = [kpi for (kpi,) in con.execute("select kpi from kpi_registry").fetchall()]
    assert len(kpis) > 50
    # once with its value, once with its definition
    assert {kpi: text.count(f"(`{kpi}`)") for kpi in kpis} == dict.fromkeys(kpis, 2)


def test_no_headline_on_the_page_lies_outside_without_a_reason() -> None:
    headlines = COMMITTED.read_text().split("## Headlines")[1].split("## Other KPIs")[0]
    rows = re.findall(r"^\| .*\(`\w+`\).*\|$", headlines, re.M)
    assert len(rows) >= 5
    for row in rows:
        *_, standing, _, reason, _ = (cell.strip() for cell in row.split("|"))
        assert standing in ("within", "below", "above"), row
        assert standing == "within" or reason, f"give a world_reason in kpi_registry: {row}"
