"""Raw rows become typed rows in standard words, as of a date."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rcm_platform_tests.support.handmade import BUILD, Warehouse


def test_everything_builds_before_the_first_row_arrives(nothing_arrived: Warehouse) -> None:
    tables = nothing_arrived.query(
        "select count(*) from duckdb_tables() where schema_name = 'staging'"
    )
    assert tables == [(54,)]


def test_documented_columns_are_the_built_columns(
    nothing_arrived: Warehouse, parsed: dict[str, Any]
) -> None:
    built: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in nothing_arrived.query(
        "select schema_name, table_name, column_name from duckdb_columns() "
        "where not internal order by schema_name, table_name, column_index"
    ):
        built.setdefault((schema, table), []).append(column)
    for node in parsed["nodes"].values():
        if node["resource_type"] in ("model", "seed"):
            documented = sorted(node["columns"])
            assert documented == sorted(built[node["schema"], node["alias"]]), node["name"]


def test_equal_numbers_at_two_hospitals_stay_two_people(two_hospitals: Warehouse) -> None:
    people = two_hospitals.query(
        "select source_system, patient_id, last_name, gender from marts.dim_patient "
        "where is_current order by 1"
    )
    assert people == [
        ("hospital_a", "P1", "Poe", "female"),
        ("hospital_b", "P1", "Ray", "male"),
    ]
    assert two_hospitals.query(
        "select count(distinct patient_key), count(distinct encounter_key), "
        "count(distinct provider_key) from intermediate.int_encounter__current"
    ) == [(2, 2, 2)]


def test_staging_keeps_each_version_and_where_it_came_from(two_hospitals: Warehouse) -> None:
    versions = two_hospitals.query(
        "select last_name, recorded_date, _source_file, _source_position "
        "from staging.stg_hospital__patients where source_system = 'hospital_a' "
        "order by recorded_date"
    )
    assert versions == [
        ("Lee", date(2025, 3, 1), "table", "1"),
        ("Poe", date(2025, 3, 20), "table", "1"),
    ]


def test_work_and_money_keep_their_cents(two_hospitals: Warehouse) -> None:
    assert two_hospitals.query(
        "select sum(total_work_rvu) from intermediate.int_procedure__current"
    ) == [(Decimal("5.20"),)]
    assert two_hospitals.query(
        "select source_system, amount_type, amount from staging.stg_hospital__transactions "
        "order by 1"
    ) == [
        ("hospital_a", "charge", Decimal("200.00")),
        ("hospital_b", "charge", Decimal("200.00")),
    ]


def test_claims_of_a_remittance_find_their_payment(two_hospitals: Warehouse) -> None:
    assert two_hospitals.query(
        "select claims.patient_control_number, claims.source_system, payments.payment_amount "
        "from staging.stg_x12__remit_claims as claims "
        "join staging.stg_x12__remit_payments as payments using (remit_payment_key)"
    ) == [("C1", "clearinghouse", Decimal("10.00"))]


def test_a_hospital_without_a_listed_facility_still_has_one(two_hospitals: Warehouse) -> None:
    assert two_hospitals.query(
        "select count(distinct facility_key), count(facility_key) "
        "from intermediate.int_encounter__current"
    ) == [(2, 2)]


def test_an_earlier_date_sees_what_had_arrived_by_then(
    two_hospitals: Warehouse, tmp_path: Path
) -> None:
    earlier = replace(two_hospitals, path=tmp_path / "rcm.duckdb")
    earlier.dbt(*BUILD, "+dim_patient", "+dim_provider", as_of="2025-03-01")
    assert earlier.query("select last_name from marts.dim_patient") == [("Lee",)]
    # the list of clinicians bears no dates: an old visit keeps its clinician
    assert earlier.query(
        "select source_system, provider_name from marts.dim_provider order by 1"
    ) == [
        ("hospital_a", "Pat Doe"),
        ("hospital_b", "Pat Doe"),
    ]


@pytest.mark.parametrize("as_of", [None, "yesterday"])
def test_a_missing_or_wrong_reporting_date_says_what_to_set(
    nothing_arrived: Warehouse, as_of: str | None
) -> None:
    code, output = nothing_arrived.try_dbt("compile", "-s", "stg_x12__interchanges", as_of=as_of)
    assert code != 0
    assert "RCM_AS_OF" in output and "2025-12-31" in output
