"""The KPI registry: complete, proven, and the only list of KPIs."""

from __future__ import annotations

import csv
import re

from rcm_platform.proof.truth.kpis import FAMILIES
from rcm_platform_tests.support.handmade import PROJECT

KPI_MODELS = PROJECT / "models" / "intermediate" / "kpi"


def _registry() -> list[dict[str, str]]:
    with (PROJECT / "seeds" / "kpi_registry.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_kpi_has_a_query_on_the_truth_and_no_query_is_left_over() -> None:
    proven = {(kpi, family) for family, queries in FAMILIES.items() for kpi in queries}
    assert proven == {(row["kpi"], row["family"]) for row in _registry()}


def test_each_family_is_a_model_and_each_model_a_part_of_the_contributions() -> None:
    families = {row["family"] for row in _registry()}
    models = {path.stem.removeprefix("int_kpi__") for path in KPI_MODELS.glob("*.sql")}
    assert families == models - {"contributions", "people", "revenue"}
    united = (KPI_MODELS / "int_kpi__contributions.sql").read_text()
    assert families <= set(re.findall(r"'(\w+)'", united))


def test_a_ratio_never_adds_up_and_an_amount_has_no_denominator() -> None:
    for row in _registry():
        is_amount = row["additivity"].startswith("amount of ")
        assert is_amount == (row["denominator"] == ""), row["kpi"]
        assert is_amount or row["additivity"].startswith("ratio of "), row["kpi"]


def test_the_scorecard_shows_about_six_each_with_a_target() -> None:
    shown = [row for row in _registry() if row["is_headline"] == "true"]
    assert 5 <= len(shown) <= 7
    assert all(row["target"] for row in shown)
