"""Defects of the reference systems that people, codes and counts must not repeat.

Others of them are held elsewhere: 1.d by `dim_health_plan`'s own tests, 1.e by the unit test of
`fct_collections`, 4.a also by `test_history.py` and the unit test of `mart_patient_demographics`,
4.d also by the unit test of `mart_patient_summary`, 1.b, 1.c and 4.b by `test_analyses.py`.
"""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from rcm_platform.settings import WORLD_HOSPITALS
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support.handmade import code_of


@pytest.fixture(scope="module")
def ask(built: Built) -> Any:
    """The rows of a query over the warehouse of a whole run."""
    with built.warehouse() as con:
        yield lambda query: con.execute(query).fetchall()


def test_the_key_of_every_dimension_is_that_of_its_name(parsed: dict[str, Any]) -> None:
    """A copy of the diagnoses stood in for the dimension of doctors."""
    dimensions = {
        node["name"]: node
        for node in parsed["nodes"].values()
        if node["resource_type"] == "model" and node["name"].startswith("dim_")
    }
    tested = {
        test["attached_node"]: test["test_metadata"]["kwargs"].get("key")
        for test in parsed["nodes"].values()
        if (test.get("test_metadata") or {}).get("name") == "contract"
    }
    for name, node in dimensions.items():
        key = next(iter(node["columns"]))
        assert key.startswith(name.removeprefix("dim_")), (name, key)
        assert tested.get(node["unique_id"]) == [key], (name, key)
    bodies = [code_of(node["raw_code"]) for node in dimensions.values()]
    assert len(set(bodies)) == len(bodies)


def test_codes_are_real_codes_with_labels(ask: Any) -> None:
    """Every row had a code of its own, so that nothing could be analysed by code."""
    [(lines, codes, unlisted, unlabelled)] = ask(
        """select count(*), count(distinct procedure_code), count(*) filter (not is_listed),
            count(*) filter (procedure_label is null or procedure_label ilike 'description for%')
        from marts.fct_transactions inner join marts.dim_procedure using (procedure_code_key)
        where amount_type = 'Charge'"""
    )
    assert lines > 10 * codes > 0
    assert (unlisted, unlabelled) == (0, 0)
    [(diagnoses, codes, unknown)] = ask(
        """select count(*), count(distinct diagnosis_code),
            count(*) filter (diagnosis_chapter is null or diagnosis_chapter = 'Unknown')
        from intermediate.int_encounter__diagnoses
        left join marts.dim_diagnosis using (code_system, diagnosis_code)
        where code_system = 'ICD-10-CM'"""
    )
    assert diagnoses > 5 * codes > 0
    assert unknown == 0


def test_weekend_is_yes_or_no_and_history_is_real(ask: Any) -> None:
    """It held a date; and the columns of a history were constants."""
    weekend = ask(
        """select is_weekend from marts.dim_date
        where date_day between '2025-03-07' and '2025-03-10' order by date_day"""
    )
    assert weekend == [(False,), (True,), (True,), (False,)]
    # a version ends where the next begins, and one of each record applies
    assert ask(
        """select count(*) from marts.dim_patient
        where is_current <> (valid_to is null) or valid_to <= valid_from"""
    ) == [(0,)]
    assert ask("select count(*) - count(distinct patient_key) from marts.dim_patient "
               "where is_current") == [(0,)]  # fmt: skip


def test_claims_belong_to_the_visit_that_they_name(ask: Any) -> None:
    """Claim, doctor and visit were independent draws; remits and reasons were absent."""
    [(claims, other_patient, other_doctor, other_hospital)] = ask(
        """select count(*),
            count(*) filter (c.patient_key is distinct from e.patient_key),
            count(*) filter (c.provider_key is distinct from e.provider_key),
            count(*) filter (c.facility_key is distinct from e.facility_key)
        from marts.fct_claims as c inner join marts.fct_encounters as e using (encounter_key)"""
    )
    assert claims > 0
    assert (other_patient, other_doctor, other_hospital) == (0, 0, 0)
    assert ask(
        """select count(*) from marts.fct_claims anti join marts.fct_denial_events using (claim_key)
        where is_ever_denied"""
    ) == [(0,)]


def test_people_are_counted_in_the_version_that_applies_now(ask: Any) -> None:
    """Two versions of each patient made 19,970 patients of 10,000."""
    [(records, persons)] = ask(
        "select sum(record_count), sum(person_count) from marts.mart_patient_demographics"
    )
    assert ask("select count(distinct patient_key) from marts.dim_patient") == [(records,)]
    assert ask("select count(distinct person_key) from marts.dim_patient") == [(persons,)]


def test_equal_numbers_of_two_hospitals_stay_two_records(built: Built, ask: Any) -> None:
    """All numbers collide, and one hospital was lost to a de-duplication by number."""
    names = {table: f"{table.removesuffix('s')}id" for table in ("patients", "encounters")}
    for table, key in names.items():
        ids: list[set[str]] = []
        for hospital in WORLD_HOSPITALS:
            with duckdb.connect(
                str(built.settings.world_dir / f"{hospital}.duckdb"), read_only=True
            ) as con:
                column = "ID" if (hospital, table) == ("hospital_b", "patients") else key
                found = con.execute(f"select distinct {column} from {table}").fetchall()
            ids.append({str(row[0]) for row in found})
        assert ids[0] & ids[1], table
        mart = {"patients": "dim_patient where is_current", "encounters": "fct_encounters"}[table]
        assert ask(f"select count(*) from marts.{mart}") == [(len(ids[0]) + len(ids[1]),)]


def test_no_two_persons_get_the_same_dollars(ask: Any) -> None:
    """A join by the tail of the key gave the same cash to two people."""
    [(lifetime,)] = ask("select sum(lifetime_value_amount) from marts.mart_patient_summary")
    assert ask(
        """select sum(payer_paid_amount + patient_paid_amount) from marts.fct_claims
        where patient_key is not null"""
    ) == [(lifetime,)]
    assert ask(
        """select count(*) from (
            select patient_key from marts.dim_patient group by all
            having count(distinct person_key) > 1
        )"""
    ) == [(0,)]


def test_what_records_say_of_each_other_agrees(ask: Any) -> None:
    """Half was paid before the service, every provider was an orphan, nothing matched."""
    [(rows, orphans, other_patient)] = ask(
        """select count(*), count(*) filter (p.provider_key is null),
            count(*) filter (t.patient_key <> e.patient_key)
        from marts.fct_transactions as t
        left join marts.dim_provider as p using (provider_key)
        left join marts.fct_encounters as e using (encounter_key)"""
    )
    assert rows > 0
    assert (orphans, other_patient) == (0, 0)
    assert ask(
        """select count(*) from marts.fct_collections inner join marts.fct_claims using (claim_key)
        where collection_date < service_date"""
    ) == [(0,)]
    # a payer is of one class, and a claim of which all is denied has brought nothing from it
    assert ask(
        """select count(*) from (
            select payer_id from marts.dim_payer group by all having count(distinct payer_class) > 1
        )"""
    ) == [(0,)]
    assert ask(
        """select count(*) from marts.fct_claims
        where claim_status = 'denied' and payer_paid_amount >= charge_amount"""
    ) == [(0,)]
    # states of claims are what happened, not a draw: no two are equally frequent at the top
    counts = ask("select count(*) from marts.fct_claims group by claim_status order by 1 desc")
    assert counts[0][0] > 2 * counts[1][0]


def test_no_patient_is_dropped_on_the_way(built: Built, ask: Any) -> None:
    """Fifteen patients of hospital B were lost with a warning."""
    for hospital in WORLD_HOSPITALS:
        with duckdb.connect(
            str(built.settings.world_dir / f"{hospital}.duckdb"), read_only=True
        ) as con:
            column = "ID" if hospital == "hospital_b" else "PatientID"
            sent = con.execute(f"select count(distinct {column}) from patients").fetchall()
        assert sent == ask(
            f"""select count(*) from marts.dim_patient
            where is_current and not is_inferred and source_system = '{hospital}'"""
        )
