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
    shared = {"comparisons", "contributions", "exported_claims", "maturity"}
    shared |= {"parts", "people", "records", "revenue"}
    assert families == models - shared
    united = (KPI_MODELS / "int_kpi__contributions.sql").read_text()
    assert families <= set(re.findall(r"'(\w+)'", united))


def test_a_ratio_never_adds_up_and_an_amount_has_no_denominator() -> None:
    for row in _registry():
        is_amount = row["additivity"].startswith("amount of ")
        assert is_amount == (row["denominator"] == ""), row["kpi"]
        assert is_amount or row["additivity"].startswith("ratio of "), row["kpi"]


def test_each_says_which_definition_it_follows_what_it_leaves_out_and_when_it_is_mature() -> None:
    told = ("standard", "numerator", "exclusions", "maturity", "unit", "period_rule")
    assert not [(row["kpi"], name) for row in _registry() for name in told if not row[name]]
    for row in _registry():
        # the codes of MAP Keys are two letters and a number
        is_key = bool(re.fullmatch(r"[A-Z]{2}-\d", row["reference"]))
        assert not is_key or row["standard"].startswith("HFMA MAP Key: "), row["kpi"]


def test_a_market_range_has_two_ends_and_a_source() -> None:
    for row in _registry():
        ends = [row["market_low"], row["market_high"]]
        assert all(ends) or not any(ends), row["kpi"]
        assert bool(ends[0]) == (row["market_source"] != "no published range found"), row["kpi"]
        assert not ends[0] or float(ends[0]) < float(ends[1]), row["kpi"]


def test_where_a_kpi_means_nothing_its_exclusions_say_why() -> None:
    words = {"self-pay": "patients without a plan", "capitated": "capitated plans"}
    for row in _registry():
        for payer in filter(None, row["not_for"].split("; ")):
            assert words[payer] in row["exclusions"], row["kpi"]


def test_the_scorecard_shows_about_six_each_with_a_target() -> None:
    shown = [row for row in _registry() if row["is_headline"] == "true"]
    assert 5 <= len(shown) <= 7
    assert all(row["target"] for row in shown)
