"""The glossary names every KPI and every mart, and repeats the assumptions as they stand."""

from __future__ import annotations

import csv
from typing import Any

from rcm_platform.warehouse import assumptions
from rcm_platform_tests.documents import glossary
from rcm_platform_tests.support.handmade import PROJECT


def marts(parsed: dict[str, Any]) -> set[str]:
    return {
        node["name"]
        for node in parsed["nodes"].values()
        if node["resource_type"] == "model" and node["fqn"][1] == "marts"
    }


def test_the_tables_of_the_glossary_are_up_to_date(parsed: dict[str, Any]) -> None:
    page = glossary.PAGE.read_text()
    assert page == glossary.updated(page, glossary.tables(parsed, PROJECT)), "run `make glossary`"


def test_every_mart_and_every_kpi_is_in_the_glossary(parsed: dict[str, Any]) -> None:
    page = glossary.PAGE.read_text()
    with (PROJECT / "seeds" / "kpi_registry.csv").open(newline="") as file:
        kpis = {row["kpi"] for row in csv.DictReader(file)}
    assert kpis
    assert not [name for name in marts(parsed) | kpis if f"`{name}`" not in page]


def test_assumptions_are_about_marts_that_exist(parsed: dict[str, Any]) -> None:
    for assumption in assumptions.read(PROJECT):
        assert assumption.mart in marts(parsed), assumption
        assert bool(assumption.kpi) == (assumption.mart == "mart_kpi_monthly"), assumption
        assert assumption.owner.startswith("team:"), assumption
