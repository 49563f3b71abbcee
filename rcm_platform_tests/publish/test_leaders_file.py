"""Whoever has only the file for leaders finds no patient and no claim in it: neither by counting
through the numbers that keys are made of, nor by taking parts from totals."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from rcm_platform.publish.small_cells import smallest_cell
from rcm_platform.publish.versions import open_published
from rcm_platform_tests.conftest import Built

NUMBERS = ("CLM{:08d}01", "CLM{:08d}02", "P{:07d}", "E{:08d}")
"""How the hospitals of the world number their claims, patients and visits."""

RECORDS = """
    select claim_key, claim_id from fct_claims
    union all select patient_key, patient_id from dim_patient
    union all select encounter_key, encounter_id from fct_encounters
    union all select ledger_entry_key, claim_key from fct_ledger_entries
"""


@pytest.fixture
def leaders(built: Built) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_published(built.settings.published_dir, "leadership") as con:
        yield con


def texts(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Every text that stands anywhere in a file."""
    columns = con.execute(
        "select table_name, column_name from duckdb_columns() "
        "where not internal and data_type = 'VARCHAR'"
    ).fetchall()
    return {
        text
        for table, column in columns
        for (text,) in con.execute(f'select distinct "{column}" from "{table}"').fetchall()
        if text
    }


def test_counting_through_claims_patients_and_visits_finds_nobody(
    built: Built, leaders: duckdb.DuckDBPyConnection
) -> None:
    named = (
        f"{hospital}|{number.format(n)}"
        for hospital in ("hospital_a", "hospital_b")
        for number in NUMBERS
        for n in range(1_000)
    )
    guessed = {hashlib.md5(name.encode()).hexdigest() for name in named}
    with built.published() as con:
        assert len(guessed & texts(con)) > 1_000  # so that the attack is one
    assert not guessed & texts(leaders)


def test_no_key_and_no_number_of_a_record_stands_in_it(
    built: Built, leaders: duckdb.DuckDBPyConnection
) -> None:
    with built.published() as con:
        known = {text for row in con.execute(RECORDS).fetchall() for text in row}
    assert not known & texts(leaders)


def test_no_count_is_of_one_to_ten(built: Built, leaders: duckdb.DuckDBPyConnection) -> None:
    least = smallest_cell(built.settings.project_dir)
    columns = leaders.execute(
        "select table_name, column_name from duckdb_columns() "
        "where not internal and column_name like '%\\_count' escape '\\'"
    ).fetchall()
    assert ("mart_denial_scorecard", "denied_claim_count") in columns
    assert "people_count" not in {column for _, column in columns}  # people do not add up
    for table, column in columns:
        few = leaders.execute(
            f'select * from "{table}" where "{column}" > 0 and "{column}" < ?', [least]
        ).fetchall()
        assert few == [], (table, column)


def test_no_share_tells_of_a_few_on_either_side(
    built: Built, leaders: duckdb.DuckDBPyConnection
) -> None:
    """Those in the numerator, the rest of them, and what a total has beside each of its parts."""
    least = smallest_cell(built.settings.project_dir)
    found = leaders.execute(
        """
        with shares as (
            select kpi, period_month, aggregation_level = 'total' as is_total,
                unnest([cells.numerator, cells.denominator - cells.numerator]) as claims,
                unnest([1, 2]) as side
            from mart_kpi_scorecard as cells inner join kpi_registry as registry using (kpi)
            where registry.numerator like 'claims %' and registry.unit = 'ratio'
        )
        select kpi, period_month, claims from shares
        union all
        select parts.kpi, parts.period_month, totals.claims - parts.claims
        from (select * from shares where is_total) as totals
        inner join (select * from shares where not is_total) as parts
            on totals.kpi = parts.kpi and totals.side = parts.side
            and totals.period_month is not distinct from parts.period_month
        """
    ).fetchall()
    assert {kpi for kpi, *_ in found} == {"initial_denial_rate", "first_pass_yield"}
    assert [row for row in found if row[2] is not None and 0 < row[2] < least] == []


def test_enough_people_are_behind_each_figure_and_behind_what_is_left_of_a_total(
    built: Built, leaders: duckdb.DuckDBPyConnection
) -> None:
    """Counted again from the claims: those of each facility and payer that stands alone, and those
    of the month beside them; in numerators and outside of them."""
    least = smallest_cell(built.settings.project_dir)
    alone, totals = (
        set(
            leaders.execute(
                f"select kpi, period_month {keys} from mart_kpi_scorecard "
                f"where not is_other and aggregation_level = '{level}'"
            ).fetchall()
        )
        for keys, level in ((", facility_key, payer_key", "facility and payer"), ("", "total"))
    )
    with built.warehouse() as con:
        rows = con.execute(
            """
            select kpi, period_month, parts.facility_key, parts.payer_key, claim_key, person_key,
                case when registry.family <> 'collections' then sum(parts.numerator) <> 0 end
            from intermediate.int_kpi__contributions as parts
            inner join seeds.kpi_registry as registry using (kpi)
            inner join marts.fct_claims as claims using (claim_key)
            inner join intermediate.int_person__members using (patient_key)
            where registry.is_headline and registry.unit = 'ratio'
            group by kpi, period_month, parts.facility_key, parts.payer_key, claim_key,
                person_key, registry.family
            """
        ).fetchall()
    behind: dict[tuple[Any, ...], set[str]] = {}
    for kpi, month, facility, payer, _, person, is_counted in rows:
        cell = (kpi, month, facility, payer)
        if (kpi, month) not in totals:
            place: tuple[Any, ...] = (kpi, "other months")
        elif cell in alone:
            place = cell
        else:
            place = (kpi, month, "others")
        for group in ("all", *(() if is_counted is None else (is_counted,))):
            behind.setdefault((*place, group), set()).add(person)
    kpis = {kpi for kpi, *_ in behind}
    assert kpis >= {"initial_denial_rate", "net_collection_rate", "ar_over_90_rate"}
    hidden = {
        kpi
        for (kpi,) in leaders.execute(
            "select kpi from mart_kpi_scorecard group by kpi having count(numerator) = 0"
        ).fetchall()
    }
    few = {place: len(people) for place, people in behind.items() if len(people) < least}
    assert {place: n for place, n in few.items() if place[0] not in hidden} == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "select denied_month, sum(denied_claim_count) from mart_denial_scorecard group by all",
            "select period_month, numerator from mart_kpi_scorecard "
            "where kpi = 'initial_denial_rate' and aggregation_level = 'total' and numerator > 0",
        ),
        (
            "select balance_month, is_other, facility_key, payer_key, sum(open_amount), "
            "coalesce(sum(open_amount) filter (age_bucket = '90+'), 0) "
            "from mart_aging_scorecard group by all",
            "select period_month, is_other, facility_key, payer_key, denominator, numerator "
            "from mart_kpi_scorecard "
            "where kpi = 'ar_over_90_rate' and aggregation_level <> 'total'",
        ),
        (
            "select activity_month, facility_key, sum(cash_amount + facility_cash_amount) as cash "
            "from mart_clinician_scorecard group by all having cash <> 0",
            "select activity_month, facility_key, cash_amount from mart_margin_scorecard "
            "where cash_amount <> 0",
        ),
    ],
    ids=["denials", "ages", "margins"],
)
def test_two_tables_of_the_same_thing_are_cut_along_the_same_lines(
    leaders: duckdb.DuckDBPyConnection, one: str, other: str
) -> None:
    """So that the difference of two of their rows is nothing, or a row."""
    assert leaders.execute(one).fetchall()
    assert leaders.execute(f"({one}) except ({other})").fetchall() == []
    assert leaders.execute(f"({other}) except ({one})").fetchall() == []


def test_leaders_get_what_they_ask_about_and_no_list_of_records(
    leaders: duckdb.DuckDBPyConnection,
) -> None:
    tables = {name for (name,) in leaders.execute("show tables").fetchall()}
    subjects = {
        *("aging", "clinician", "data_quality", "denial", "forecast", "kpi", "margin", "payer"),
        "charge_flow",
    }
    figures = {name for name in tables if name.startswith(("mart_", "fct_", "int_"))}
    assert figures == {f"mart_{subject}_scorecard" for subject in subjects}
    # that a code was used may tell of the one patient who has it
    assert not tables & {"dim_diagnosis", "dim_procedure", "dim_patient"}
