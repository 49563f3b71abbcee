"""What the data tests of dbt are called in the graph, and what they say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rcm_platform.warehouse import data_tests
from rcm_platform.warehouse import project as dbt_project
from rcm_platform_tests.conftest import Built


def node(kind: str, name: str = "", where: str | None = None, **arguments: Any) -> dict[str, Any]:
    """A data test on the model `visits` as it stands in a manifest, with the name that dbt makes
    where none is given."""
    return {
        "resource_type": "test",
        "name": name or f"{kind}_visits_{'_'.join(map(str, arguments.values()))}",
        "attached_node": "model.p.visits",
        "original_file_path": "models/visits.yml",
        "test_metadata": {"name": kind, "kwargs": arguments},
        "config": {"severity": "ERROR", "where": where},
        "description": "",
        "meta": {},
    }


@pytest.mark.parametrize(
    ("test", "name", "says"),
    [
        (
            node(
                "contract",
                key=["visit_key"],
                required=["kind", "cost"],
                filled=["ward"],
                values={"kind": ["inpatient", "outpatient"]},
                not_negative=["cost", "days"],
                exists={"who": {"in": "ref('people')", "field": "id"}},
            ),
            "contract",
            "One row for each `visit_key`, and none of it is empty. Never empty either: `kind` and "
            "`cost`. Never empty, as far as sources deliver it: `ward`. `kind` is one of "
            "`inpatient` or `outpatient`. Never below zero: `cost` and `days`. Each `who` is a "
            "`id` of `people`. If it fails, the check names the rule",
        ),
        (
            node("date_order", column_name="end_date", not_before="start_date"),
            "end_date_order",
            "`end_date` is never before `start_date`. If it fails, look at where",
        ),
        (
            node(
                "sum_equals",
                name="costs_equal_ledger",
                where="kind = 'inpatient'",
                expression="cost",
                compare_model="ref('ledger')",
                compare_where="visit in (select visit from {{ ref('posted') }})",
            ),
            "costs_equal_ledger",
            "The sum of `cost` is that of `cost` in `ledger`, to the cent. Only rows where "
            "`kind = 'inpatient'` count. Of `ledger` only rows where "
            "`visit in (select visit from posted)` count. If it fails, rows are lost",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_a_test_has_a_short_name_and_says_what_holds_and_what_to_do(
    test: dict[str, Any], name: str, says: str
) -> None:
    named = data_tests.with_names({"nodes": {"test.p.it": test}})["nodes"]["test.p.it"]
    assert named["name"] == name
    assert named["meta"]["description"].startswith(says)


def test_a_test_says_whether_publication_stops_and_why() -> None:
    stops = node("unique_combination", columns=["visit_key"])
    assert "Nothing is published while it fails: what is joined to it would be counted twice" in (
        data_tests.description(stops)
    )
    warns = node("date_order", column_name="end_date", not_before="start_date")
    warns |= {"config": {"severity": "warn"}}
    assert data_tests.description(warns).endswith("It warns: the data are published as they are.")


def test_of_a_contract_the_key_alone_stops_publication() -> None:
    both = node("contract", key=["visit_key"], filled=["ward"])
    assert data_tests.may_stop(both)
    assert data_tests.description(both).endswith(
        "Nothing is published while the key fails: what is joined to it would be counted twice. "
        "The other rules warn."
    )
    warns = node("contract", filled=["ward"])
    assert not data_tests.may_stop(warns)
    assert data_tests.description(warns).endswith("It warns: the data are published as they are.")


@pytest.mark.parametrize(
    ("rule", "holds", "to_do"),
    [
        ("key", "One row for each `visit_key`, and none of it is empty.", "rows that come twice"),
        ("required", "Never empty either: `cost`.", "rows without a value"),
        ("values:kind", "`kind` is one of `in` or `out`.", "map the new value"),
        ("not_negative:cost", "Never below zero: `cost`.", "the wrong sign"),
        ("exists:who", "Each `who` is a `id` of `people`.", "the source never delivered it"),
        ("exists:payer_key", "Each value of `payer_key` is that of a row", "never delivered it"),
    ],
)
def test_a_broken_rule_of_a_contract_says_what_does_not_hold(
    rule: str, holds: str, to_do: str
) -> None:
    contract = node(
        "contract",
        key=["visit_key"],
        required=["cost"],
        values={"kind": ["in", "out"], "ward": ["east"]},
        not_negative=["cost", "days"],
        exists={"who": {"in": "ref('people')", "field": "id"}},
        foreign_keys=["payer_key", "patient_key"],
    )
    said, next_step = data_tests.broken(contract, rule)
    assert said.startswith(holds)
    assert to_do in next_step


def test_a_key_that_may_be_empty_says_so() -> None:
    contract = node("contract", distinct=["month", "payer_key"])
    said, _ = data_tests.broken(contract, "key")
    assert said == "One row for each `month` and `payer_key`, any of which may be empty."


def test_a_description_in_the_yml_comes_first() -> None:
    test = node("contract", filled=["kind"]) | {"description": "The payer asks for it."}
    assert data_tests.description(test).startswith("The payer asks for it. Never empty, as far as")


def test_tests_of_a_kind_that_is_not_known_have_a_name_too() -> None:
    own = {**node("", name="visits_are_paid"), "test_metadata": None}
    assert data_tests.short_name(own) == "visits_are_paid"
    assert data_tests.short_name(node("is_odd", column_name="cost")) == "is_odd"
    for test in (own, node("is_odd", column_name="cost")):
        assert "finds no row" in data_tests.description(test)


def test_two_tests_of_a_table_cannot_have_one_name() -> None:
    twice = {f"test.p.{n}": node("contract", key=[n]) for n in ("a", "b")}
    with pytest.raises(ValueError, match="would be called contract"):
        data_tests.with_names({"nodes": twice})


def test_statements_and_sums_of_the_project_are_named_in_the_yml(built: Built) -> None:
    """Of their arguments no name can be made that says what holds."""
    manifest = json.loads(dbt_project.prepared_manifest(built.settings).read_text())
    names = {
        data_tests.short_name(test)
        for test in manifest["nodes"].values()
        if test["resource_type"] == "test"
    }
    assert "contract" in names
    assert names & {"expression_is_true", "sum_equals", "sum_equals_by"} == set()
