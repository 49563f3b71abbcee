"""What every model of the project keeps to, read from the manifest and the files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rcm_platform.proof import truth
from rcm_platform.settings import Settings
from rcm_platform.sources.catalog import raw_tables
from rcm_platform.sources.hospitals import hospitals
from rcm_platform.warehouse import data_tests
from rcm_platform.warehouse.column_lineage import raw_table
from rcm_platform_tests.support.handmade import PROJECT, code_of

HOSPITALS = hospitals(Settings())

PHI_CLASSES = {"direct", "indirect", "none"}
SQL_FILES = sorted(
    path for path in PROJECT.rglob("*.sql") if path.relative_to(PROJECT).parts[0] != "target"
)
MODEL_FILES = [path for path in SQL_FILES if path.relative_to(PROJECT).parts[0] == "models"]

ENGINE_ONLY = {
    "qualify": r"\bqualify\b",
    "group by all": r"\bgroup by all\b",
    "order by all": r"\border by all\b",
    "select * replace or exclude": r"\*\s*(replace|exclude)\s*\(",
    "double-colon cast": r"::",
    "try_cast": r"\btry_cast\b",
    "list and struct functions": r"\b(list|struct|array|map)_\w+\s*\(|\bunnest\s*\(|\bexplode\s*\(",
    "generators": r"\b(range|generate_series|sequence)\s*\(",
    "date functions": r"\b(date_diff|datediff|date_add|dateadd|strftime|to_char|date_trunc)\s*\(",
    "filter clause": r"\bfilter\s*\(",
    "the clock": r"\b(current_date|current_timestamp|now\s*\(|today\s*\()",
}


def _models(manifest: dict[str, Any], layer: str | None = None) -> Iterator[dict[str, Any]]:
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model" and (layer is None or node["fqn"][1] == layer):
            yield node


def _files(manifest: dict[str, Any]) -> set[str]:
    return {node["name"] for node in _models(manifest)}


@pytest.mark.parametrize("path", MODEL_FILES, ids=lambda path: path.stem)
def test_models_hold_no_engine_only_syntax(path: Path) -> None:
    code = code_of(path.read_text())
    found = [name for name, pattern in ENGINE_ONLY.items() if re.search(pattern, code)]
    assert not found, f"{path.name} uses {found}: wrap it in a macro"


def test_every_model_starts_with_a_sentence_for_a_leader(parsed: dict[str, Any]) -> None:
    for node in _models(parsed):
        first = node["description"].split("\n")[0]
        assert len(first) > 20, node["name"]
        assert first[0].isupper() and not re.search(r"[`*_#]", first.split(". ")[0]), node["name"]


def test_every_documented_column_says_something(parsed: dict[str, Any]) -> None:
    for node in _models(parsed):
        assert node["columns"], node["name"]
        silent = [name for name, column in node["columns"].items() if not column["description"]]
        assert not silent, (node["name"], silent)


def test_every_staging_column_is_tagged_for_phi(parsed: dict[str, Any]) -> None:
    for node in _models(parsed, "staging"):
        for name, column in node["columns"].items():
            assert column["config"]["meta"].get("phi") in PHI_CLASSES, (node["name"], name)


def test_names_addresses_and_numbers_of_people_are_direct_identifiers(
    parsed: dict[str, Any],
) -> None:
    direct = {
        "patient_id", "first_name", "last_name", "middle_name", "ssn", "phone_number", "address",
        "member_id", "patient_last_name", "patient_first_name", "patient_control_number",
        "medicaid_id", "medicare_id",
    }  # fmt: skip
    people = ("patient", "claim", "encounter", "transaction", "procedure", "condition")
    for node in _models(parsed, "staging"):
        if not any(word in node["name"] for word in people):
            continue
        for name in direct & set(node["columns"]):
            phi = node["columns"][name]["config"]["meta"]["phi"]
            assert phi == "direct", (node["name"], name)


def test_a_direct_identifier_is_in_no_model_for_leaders(parsed: dict[str, Any]) -> None:
    for node in _models(parsed):
        audience = set(node["config"]["meta"].get("audience", []))
        for name, column in node["columns"].items():
            if column["config"].get("meta", {}).get("phi") == "direct":
                assert "leadership" not in audience, (node["name"], name)


def test_every_model_for_leaders_counts_its_people_or_says_why_not(parsed: dict[str, Any]) -> None:
    for node in _models(parsed):
        meta = node["config"]["meta"]
        if "leadership" in meta.get("audience", []):
            assert set(meta["people"]) in ({"column"}, {"reason"}), node["name"]
            assert "column" not in meta["people"] or meta["people"]["column"] in node["columns"]


def test_dbt_knows_each_raw_table_of_each_feed(parsed: dict[str, Any]) -> None:
    known = [raw_table(parsed, source) for source in parsed["sources"]]
    assert len(known) == len(set(known))
    loaded = {
        (feed, table) for feed, tables in raw_tables(HOSPITALS.values()).items() for table in tables
    }
    assert {pair for pair in known if pair[0] not in ("persons", "platform")} == loaded


EXPORTS = ("synthea", "export_files")


def test_each_raw_table_has_one_staging_model(parsed: dict[str, Any]) -> None:
    """The tables of one name have one model for all hospitals. Which export of Synthea applies says
    a table that all models of that feed read."""
    read = set()
    for source in parsed["sources"]:
        feed, table = raw_table(parsed, source)
        if (feed, table) == EXPORTS:
            continue
        folder = "hospital" if feed in HOSPITALS else feed
        readers = [node for node in parsed["child_map"][source] if node.startswith("model.")]
        assert readers == [f"model.rcm_dbt.stg_{folder}__{table}"]
        read.update(readers)
    assert read == {node["unique_id"] for node in _models(parsed, "staging")}


def test_only_staging_reads_raw(parsed: dict[str, Any]) -> None:
    for node in _models(parsed):
        sources = [name for name in node["depends_on"]["nodes"] if name.startswith("source.")]
        expected = []
        if node["fqn"][1] == "staging":
            folder, _, table = node["name"].removeprefix("stg_").partition("__")
            feeds = HOSPITALS if folder == "hospital" else [folder]
            expected = [(feed, table) for feed in feeds] + [EXPORTS] * (folder == "synthea")
        found = [raw_table(parsed, name) for name in sources]
        assert sorted(found) == sorted(expected), node["name"]


MAY_READ = {
    "staging": {"staging"},
    "intermediate": {"staging", "intermediate", "seeds"},
    "marts": {"intermediate", "marts", "seeds"},
}


def test_each_layer_reads_only_what_it_may(parsed: dict[str, Any]) -> None:
    """A mart is made of intermediates, an intermediate never of a mart; only staging reads raw."""
    layer = {
        name: "seeds" if node["resource_type"] == "seed" else node["fqn"][1]
        for name, node in parsed["nodes"].items()
    }
    wrong = [
        (node["name"], read)
        for node in _models(parsed)
        for read in node["depends_on"]["nodes"]
        if not read.startswith("source.") and layer[read] not in MAY_READ[node["fqn"][1]]
    ]
    assert wrong == []


def test_raw_and_models_carry_their_asset_key_group_and_owner(parsed: dict[str, Any]) -> None:
    for source in parsed["sources"].values():
        key = source["config"]["meta"]["dagster"]["asset_key"]
        # the linkage is no raw data: it is made of it
        room = [] if source["source_name"] == "persons" else ["raw"]
        feed, table = source["source_name"], source["name"]
        if feed == "hospital":
            feed, table = table.split("__")
        assert key == [*room, feed, table]
    for node in _models(parsed):
        layer = node["fqn"][1]
        dagster = node["meta"]["dagster"]
        group = f"marts_{node['fqn'][2]}" if layer == "marts" else layer
        assert dagster["group"] == group, node["name"]
        assert all(owner.startswith("team:") for owner in dagster["owners"]), node["name"]
        assert node["schema"] == layer == node["config"]["schema"], node["name"]


def test_marts_have_enforced_contracts(parsed: dict[str, Any]) -> None:
    for node in _models(parsed, "marts"):
        assert node["config"]["contract"]["enforced"], node["name"]
        untyped = [name for name, column in node["columns"].items() if not column["data_type"]]
        assert not untyped, (node["name"], untyped)


def test_names_follow_the_layer(parsed: dict[str, Any]) -> None:
    pattern = {
        "staging": r"stg_[a-z0-9_]+__[a-z0-9_]+",
        "intermediate": r"int_[a-z0-9]+__[a-z0-9_]+",
        "marts": r"(dim|fct|mart)_[a-z0-9_]+",
    }
    for node in _models(parsed):
        assert re.fullmatch(pattern[node["fqn"][1]], node["name"]), node["name"]


def test_money_is_never_a_float(nothing_arrived: Any) -> None:
    floats = nothing_arrived.query(
        "select schema_name, table_name, column_name from duckdb_columns() "
        "where not internal and data_type in ('DOUBLE', 'FLOAT') and column_name like '%amount%'"
    )
    assert floats == []


def test_no_package_is_needed() -> None:
    assert not (PROJECT / "packages.yml").exists()
    assert not (PROJECT / "dependencies.yml").exists()


RECORD = PROJECT.parent / "docs" / "decisions" / "0023-what-may-stop-publication.md"


def contracts(parsed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The rules of the contract of each table, by its id."""
    return {
        test["attached_node"]: test["test_metadata"]["kwargs"]
        for test in parsed["nodes"].values()
        if test["resource_type"] == "test" and test["test_metadata"]["name"] == "contract"
    }


def test_only_what_would_be_lost_or_falsified_stops_publication(parsed: dict[str, Any]) -> None:
    """A test that may stop it is of a kind that says why; of those that speak of what others sent
    (filled, known, in order) all warn."""
    tests = [node for node in parsed["nodes"].values() if node["resource_type"] == "test"]
    wrong = [
        test["name"]
        for test in tests
        if data_tests.may_stop(test)
        and not data_tests.KINDS[test["test_metadata"]["name"]].stops_because
    ]
    assert wrong == []
    assert sum(map(data_tests.may_stop, tests)) < len(tests)
    # and the decision record says so of each kind
    stopping = {test["test_metadata"]["name"] for test in tests if data_tests.may_stop(test)}
    said = [line.split("|") for line in RECORD.read_text().splitlines() if "| stops" in line]
    assert stopping <= {kind for row in said for kind in re.findall(r"`(\w+)`", row[1])}


def test_every_mart_says_what_a_row_is(parsed: dict[str, Any]) -> None:
    for node in _models(parsed, "marts"):
        assert re.search(r"\bgrain\b|\bone row per\b", node["description"].lower()), node["name"]


def test_every_mart_has_a_key_that_is_tested(parsed: dict[str, Any]) -> None:
    tested = {
        table for table, rules in contracts(parsed).items() if {"key", "distinct"} & rules.keys()
    }
    assert [n["name"] for n in _models(parsed, "marts") if n["unique_id"] not in tested] == []


def test_every_key_of_a_fact_leads_to_its_dimension(parsed: dict[str, Any]) -> None:
    """A key with the name of a dimension's own is tested against that dimension."""
    own = {
        "patient_key": "dim_patient", "provider_key": "dim_provider", "payer_key": "dim_payer",
        "facility_key": "dim_facility", "department_key": "dim_department",
        "staff_key": "dim_staff", "health_plan_key": "dim_health_plan", "claim_key": "fct_claims",
        "encounter_key": "fct_encounters", "procedure_code_key": "dim_procedure",
        "diagnosis_code_key": "dim_diagnosis",
    }  # fmt: skip
    related = {
        (table, column)
        for table, rules in contracts(parsed).items()
        for column in [*rules.get("exists", {}), *rules.get("foreign_keys", [])]
    }
    missing = [
        f"{node['name']}.{column}"
        for node in _models(parsed, "marts")
        for column in node["columns"]
        if column in own
        and own[column] != node["name"]
        and (node["unique_id"], column) not in related
    ]
    assert missing == []


def test_every_mart_is_compared_with_the_truth(parsed: dict[str, Any]) -> None:
    """By rows in `proof.truth`; what speaks of faults and links has checks of its own, and at the
    desk of a world nobody sits."""
    proven = {check.proves for check in truth.CHECKS}
    proven |= {"mart_data_exceptions", "mart_person_links"}
    proven |= {"fct_work_entries", "mart_staff_work"}
    assert [n["name"] for n in _models(parsed, "marts") if n["name"] not in proven] == []
