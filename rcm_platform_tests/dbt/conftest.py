"""The dbt project, parsed once, and built over lakes that were written by hand."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from rcm_platform.lake import UNDATED
from rcm_platform.warehouse.parsed_project import MANIFEST, ParsedProject
from rcm_platform_tests.support.handmade import (
    BUILD,
    Warehouse,
    empty_warehouse,
    land,
    moment,
    one_visit,
)


@pytest.fixture(scope="session")
def parsed(parsed_project: ParsedProject) -> dict[str, Any]:
    """The manifest of the project."""
    found: dict[str, Any] = json.loads((parsed_project.folder / MANIFEST).read_text())
    return found


@pytest.fixture(scope="session")
def nothing_arrived(
    tmp_path_factory: pytest.TempPathFactory, parsed_project: ParsedProject
) -> Warehouse:
    """The whole project built over a lake without a single row."""
    warehouse = empty_warehouse(tmp_path_factory.mktemp("nothing"), parsed_project)
    warehouse.dbt("build", "--exclude", "test_type:unit")
    return warehouse


@pytest.fixture(scope="session")
def two_hospitals(
    tmp_path_factory: pytest.TempPathFactory, parsed_project: ParsedProject
) -> Warehouse:
    """Two hospitals that use the same numbers for other people; one patient changed later."""
    warehouse = empty_warehouse(tmp_path_factory.mktemp("two"), parsed_project)
    lake = warehouse.lake
    ann = {"patientid": "P1", "firstname": "Ann", "lastname": "Lee", "gender": "Female"}
    one_visit(lake, "hospital_a", date(2025, 3, 1), ann, "modifieddate")
    bob = {"id": "P1", "f_name": "Bob", "l_name": "Ray", "gender": "M"}
    one_visit(lake, "hospital_b", date(2025, 3, 2), bob, "updated_date")
    married = {**ann, "lastname": "Poe", "modifieddate": moment("2025-03-20T09:00:00")}
    land(lake, "hospital_a", "patients", date(2025, 3, 20), married)
    facility = {"facility_name": "One", "source_system": "hospital_a", "npi": "1", "tin": "2"}
    land(lake, "operations", "facilities", UNDATED, {"facility_id": "HOSP_A", **facility})
    payment = {"interchange_sha256": "s1", "transaction_no": 1, "segment_no": 3}
    land(
        lake,
        "x12",
        "remit_payments",
        date(2025, 3, 15),
        {**payment, "payment_amount": Decimal("10.00"), "_source_position": "1/3"},
        system="clearinghouse",
    )
    claim = {**payment, "claim_no": 1, "segment_no": 12, "patient_control_number": " C1 "}
    land(
        lake,
        "x12",
        "remit_claims",
        date(2025, 3, 15),
        {**claim, "paid_amount": Decimal("10.00"), "_source_position": "1/12"},
        system="clearinghouse",
    )
    current = ("+int_encounter__current", "+int_procedure__current")
    warehouse.dbt(*BUILD, "staging", "+dim_patient", "+dim_provider", *current)
    return warehouse
