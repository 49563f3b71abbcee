"""The book of analytical queries: each compiles and answers, and its totals are the marts'."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rcm_platform.lake import Lake
from rcm_platform.warehouse.parsed_project import ParsedProject
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support.handmade import PROJECT, Warehouse

NAMES = sorted(path.stem for path in (PROJECT / "analyses").glob("*.sql"))
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def compiled(
    built: Built, tmp_path_factory: pytest.TempPathFactory, parsed_project: ParsedProject
) -> Path:
    """The folder of the compiled analyses; dbt locks a warehouse, so not the one that all read."""
    home = tmp_path_factory.mktemp("analyses")
    warehouse = Warehouse(Lake(home / "lake"), home / "rcm.duckdb", home, parsed_project)
    warehouse.dbt("compile", "--select", "resource_type:analysis", as_of=built.as_of.isoformat())
    return home / "target" / "compiled" / "rcm_dbt" / "analyses"


def answer(built: Built, compiled: Path, name: str) -> Rows:
    with built.warehouse() as con:
        return con.execute((compiled / f"{name}.sql").read_text()).to_arrow_table().to_pylist()


def figure(built: Built, expression: str, table: str) -> Any:
    with built.warehouse() as con:
        return con.execute(f"select {expression} from marts.{table}").fetchall()[0][0]


@pytest.mark.parametrize("name", NAMES)
def test_every_analysis_answers_its_question(built: Built, compiled: Path, name: str) -> None:
    question = (PROJECT / "analyses" / f"{name}.sql").read_text()
    assert question.startswith("-- ")
    rows = answer(built, compiled, name)
    assert rows
    # a row that can be told from no other would be a fan-out
    assert len({tuple(row.items()) for row in rows}) == len(rows)


def test_billed_and_collected_are_those_of_the_claims(built: Built, compiled: Path) -> None:
    """Joining claims to visits by patient doubled both in reference system 1."""
    rows = answer(built, compiled, "overall_performance_by_month")
    for column, expression in (
        ("billed_amount", "sum(charge_amount)"),
        ("collected_amount", "sum(payer_paid_amount + patient_paid_amount)"),
        ("claim_count", "count(*)"),
    ):
        assert sum(row[column] for row in rows) == figure(built, expression, "fct_claims")


def test_denials_are_found(built: Built, compiled: Path) -> None:
    """A filter on another casing of the status found none in reference system 1."""
    rows = answer(built, compiled, "denial_rate_by_payer")
    denied = sum(row["denied_claim_count"] for row in rows)
    assert denied == figure(built, "count(*) filter (is_denied_on_first_remit)", "fct_claims") > 0


def test_no_rate_is_a_sum_of_rates(built: Built, compiled: Path) -> None:
    """A gauge that added up monthly percentages showed 987.5 in reference system 4."""
    for name in NAMES:
        for row in answer(built, compiled, name):
            for column, value in row.items():
                if column.endswith(("_rate", "_share")) and value is not None:
                    assert 0 <= value <= 1, (name, row)
