"""A patient's history: versions come from changes, and from nothing else."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rcm_platform.warehouse.parsed_project import ParsedProject
from rcm_platform_tests.support.handmade import Warehouse, empty_warehouse, land, moment, one_visit

PATIENT = {"patientid": "P1", "firstname": "Ann", "lastname": "Lee", "address": "1 Elm St"}
MODELS = ("int_patient__versions", "int_patient__current", "dim_patient", "int_encounter__current")
BUILD = ("build", "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious")


def save_patient(warehouse: Warehouse, day: date, **changed: str) -> None:
    at = {"modifieddate": moment(f"{day}T08:00:00")}
    land(warehouse.lake, "hospital_a", "patients", day, {**PATIENT, **changed, **at})


@pytest.fixture
def warehouse(tmp_path: Path, parsed_project: ParsedProject) -> Warehouse:
    warehouse = empty_warehouse(tmp_path, parsed_project)
    one_visit(warehouse.lake, "hospital_a", date(2025, 3, 1), PATIENT, "modifieddate")
    return warehouse


def history(warehouse: Warehouse, as_of: str = "2025-12-31") -> list[tuple[Any, ...]]:
    warehouse.link(as_of)
    warehouse.dbt(*BUILD, "--select", *(f"+{model}" for model in MODELS), as_of=as_of)
    return warehouse.query("select * from marts.dim_patient order by source_system, valid_from")


def test_only_a_change_makes_a_version_and_makes_exactly_one(warehouse: Warehouse) -> None:
    first = history(warehouse)
    assert len(first) == 1

    assert history(warehouse) == first, "the same again"
    save_patient(warehouse, date(2025, 4, 1))
    assert history(warehouse) == first, "saved again without a change"

    save_patient(warehouse, date(2025, 5, 1), address="2 Oak St")
    assert len(history(warehouse)) == 2
    versions = warehouse.query(
        "select address, valid_from, valid_to, is_current from marts.dim_patient order by 2"
    )
    assert versions == [
        ("1 Elm St", date(1900, 1, 1), date(2025, 5, 1), False),
        ("2 Oak St", date(2025, 5, 1), None, True),
    ]
    # the visit in March was of the patient who lived in Elm Street, and still is
    assert warehouse.query(
        "select address from intermediate.int_encounter__current "
        "join marts.dim_patient using (patient_version_key)"
    ) == [("1 Elm St",)]
    assert warehouse.query("select count(distinct person_key) from marts.dim_patient") == [(1,)]

    # as of a day before the change there was none
    assert history(warehouse, as_of="2025-04-30") == first


def test_a_visit_whose_patient_has_not_arrived_keeps_its_place(warehouse: Warehouse) -> None:
    visit = {"encounterid": "E9", "patientid": "P9", "encounterdate": date(2025, 3, 2)}
    at = {"modifieddate": moment("2025-03-02T08:00:00")}
    land(warehouse.lake, "hospital_a", "encounters", date(2025, 3, 2), {**visit, **at})
    history(warehouse)
    assert warehouse.query(
        "select patient_id, is_inferred, last_name from marts.dim_patient order by 1"
    ) == [("P1", False, "Lee"), ("P9", True, None)]

    save_patient(warehouse, date(2025, 6, 1), patientid="P9", lastname="Ray")
    history(warehouse)
    assert warehouse.query(
        "select patient_id, is_inferred, last_name, valid_from from marts.dim_patient order by 1"
    ) == [
        ("P1", False, "Lee", date(1900, 1, 1)),
        ("P9", False, "Ray", date(1900, 1, 1)),
    ]
