"""Marts against the hidden truth of the synthetic world, row by row (`except all`, both ways).

Only checks read the truth; no model and no other asset may.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from rcm_platform.proof.truth import cohorts, kpi_parts, valuation


@dataclass(frozen=True)
class TruthCheck:
    """Two queries that must give the same rows.

    `{truth}` stands for the folder of the truth, `{as_of}` for the date that it is known as of.
    """

    name: str
    description: str
    proves: str
    """The mart whose figures it checks."""
    mart: str
    truth: str


@dataclass(frozen=True)
class TruthResult:
    """Rows on each side, and how many of them the other side lacks."""

    name: str
    mart_rows: int
    truth_rows: int
    only_in_mart: int
    only_in_truth: int

    @property
    def passed(self) -> bool:
        return self.only_in_mart == self.only_in_truth == 0


_WAREHOUSE = "warehouse"
_SPILL = ".comparing-"
"""What the folders begin with into which DuckDB writes what memory does not hold."""

#: What many checks begin with, and is made once for all of them, in this order.
TABLES = valuation.TABLES | kpi_parts.TABLES | cohorts.TABLES

#: The source systems that the world stands behind, as a list of SQL.
HOSPITALS = "('hospital_a', 'hospital_b')"

#: Where what is of all sources together has a truth: where no other source has claims.
HOSPITALS_ALONE = f"""not exists (
    from marts.fct_claims where source_system not in {HOSPITALS}
)"""


def compare_all(
    warehouse: Path,
    memory_limit: str,
    truth_dir: Path,
    as_of: date,
    checks: Iterable[TruthCheck],
) -> Iterator[TruthResult]:
    """Run checks as `compare` does, as many at a time as there are cores, in their order.

    `memory_limit` is what DuckDB may take, in its own words; beyond it, it writes to disk.
    """
    asked = list(checks)
    with (
        attached(warehouse, memory_limit, truth_dir, as_of, asked) as con,
        ThreadPoolExecutor(os.cpu_count(), "compare") as workers,
    ):

        def compared(check: TruthCheck) -> TruthResult:
            with con.cursor() as own:
                own.execute(f"use {_WAREHOUSE}")
                return compare(own, truth_dir, as_of, check)

        yield from workers.map(compared, asked)


@contextmanager
def attached(
    warehouse: Path,
    memory_limit: str,
    truth_dir: Path,
    as_of: date,
    checks: Iterable[TruthCheck],
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, to read, and beside it the tables that some of the checks begin with.

    What does not fit into memory stands beside the warehouse, on the disk that was made for it.
    """
    file = str(warehouse).replace("'", "''")
    with (
        TemporaryDirectory(prefix=_SPILL, dir=warehouse.parent) as spill,
        duckdb.connect(config={"memory_limit": memory_limit, "temp_directory": spill}) as con,
    ):
        con.execute(f"attach '{file}' as {_WAREHOUSE} (read_only); use {_WAREHOUSE}")
        con.execute(f"attach ':memory:' as {valuation.DATABASE}")
        for name in _needed(checks):
            made = _filled(TABLES[name], truth_dir, as_of)
            con.execute(f"create table {valuation.DATABASE}.{name} as {made}")
        yield con


def remove_spill(warehouse: Path) -> None:
    """Give back the disk that comparisons took which were killed; nothing else may compare now."""
    for left in warehouse.parent.glob(f"{_SPILL}*"):
        shutil.rmtree(left, ignore_errors=True)


def _needed(checks: Iterable[TruthCheck]) -> list[str]:
    """The tables that checks begin with, and those that they are made of, in order."""
    asking: list[str] = [check.truth for check in checks]
    needed: list[str] = []
    for name in reversed(TABLES):
        if any(f"{valuation.DATABASE}.{name}" in query for query in asking):
            asking.append(TABLES[name])
            needed.insert(0, name)
    return needed


def _filled(query: str, truth_dir: Path, as_of: date) -> str:
    return query.format(truth=str(truth_dir).replace("'", "''"), as_of=as_of.isoformat())


def compare(
    con: duckdb.DuckDBPyConnection, truth_dir: Path, as_of: date, check: TruthCheck
) -> TruthResult:
    """Run one check on the warehouse behind `con`; the truth in the folder is that of `as_of`.

    What `TABLES` names must be there. Hashes of the rows are added up on one side and
    subtracted on the other, which takes one look at each; only where something is left over the
    rows themselves are set against each other.
    """
    mart, truth = check.mart, _filled(check.truth, truth_dir, as_of)
    ((mart_rows, truth_rows, left_over),) = con.execute(
        f"""
        select count(*) filter (_sign = 1), count(*) filter (_sign = -1),
            coalesce(sum(_sign * hash(*columns(* exclude (_sign)))::hugeint), 0)
        from (
            select 1 as _sign, mart.* from ({mart}) as mart
            union all
            select -1, truth.* from ({truth}) as truth
        )
        """
    ).fetchall()
    if mart_rows == truth_rows and not left_over:
        return TruthResult(check.name, mart_rows, truth_rows, 0, 0)
    differing = con.execute(
        f"""
        with mart as materialized ({mart}), truth as materialized ({truth})
        select
            (select count(*) from (select * from mart except all select * from truth)),
            (select count(*) from (select * from truth except all select * from mart))
        """
    ).fetchall()[0]
    return TruthResult(check.name, mart_rows, truth_rows, *differing)
