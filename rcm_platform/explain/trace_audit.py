"""An audit of the explanation itself: random cells of every KPI in turn, each traced down to its
files."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import duckdb

from rcm_platform.explain import trace
from rcm_platform.explain.figures import UnknownNumber

SAMPLE = 200
"""KPI cells that one audit draws."""


@dataclass(frozen=True)
class Audit:
    """What an audit looked at. `broken` says, cell by cell, what does not sum."""

    cells: int
    claims: int
    entries: int
    broken: tuple[str, ...]


@dataclass(frozen=True)
class _Drawn:
    """A published cell: a KPI and month, of everything, a facility, a payer, or both."""

    kpi: str
    month: date
    scope: trace.Scope
    published: trace.Amounts

    def __str__(self) -> str:
        where = [name for name in (self.scope.facility, self.scope.payer) if name]
        return ", ".join([f"{self.kpi} {self.month:%Y-%m}", *where])


LARGEST = 10
"""Parts of a cell among which its largest claim is looked for; a part may be of no claim."""


def audit_warehouse(con: duckdb.DuckDBPyConnection, as_of: date) -> Audit:
    """Audit a warehouse before it is published, by cells that the date draws."""
    # and what a published file says of itself
    begin = (
        "set search_path = 'marts,intermediate,seeds'; "
        f"create temp table published_version as select date '{as_of}' as as_of"
    )
    return audit(con, as_of, begin=begin)


def audit(
    con: duckdb.DuckDBPyConnection, seed: date, count: int = SAMPLE, begin: str = "select 1"
) -> Audit:
    """Trace `count` cells, the same ones for the same seed; of each, the claim that adds most. The
    KPIs take turns, so that none is left out while another has its second.

    A cell must equal the sum of its parts, of which the largest that are no claim must be there,
    and a claim's balance and cash the sum of its ledger entries, each of which names its file.
    `con` finds the published tables by their bare names, after the statement `begin`. As many cells
    are traced at a time as there are cores.
    """

    def traced(cell: _Drawn) -> tuple[trace.Trace, str | None]:
        with con.cursor() as own:
            own.execute(begin)
            found = trace.trace(own, cell.kpi, cell.month, cell.scope, limit=LARGEST)
        return found, next((part.claim_key for part in found.parts if part.claim_key), None)

    def behind(claim_key: str) -> trace.ClaimTrace | None:
        with con.cursor() as own:
            own.execute(begin)
            try:
                return trace.claim(own, claim_key)
            except UnknownNumber:
                return None

    with con.cursor() as own:
        own.execute(begin)
        drawn = _draw(own, seed, count)
    with ThreadPoolExecutor(os.cpu_count(), "audit") as workers:
        found = dict(zip(drawn, workers.map(traced, drawn), strict=True))
        keys = dict.fromkeys(largest for _, largest in found.values() if largest)
        claims = dict(zip(keys, workers.map(behind, keys), strict=True))
    broken: list[str] = []
    audited = set[str]()
    for cell, (of_cell, largest) in found.items():
        if not of_cell.is_whole or of_cell.cell.amounts != cell.published:
            broken.append(f"{cell}: its claims do not sum to what is published")
        if any(part.record_key and not part.claim_key and not part.name for part in of_cell.parts):
            broken.append(f"{cell}: a part leads to no record")
        if largest is None or largest in audited:
            continue
        audited.add(largest)
        claim = claims[largest]
        if claim is None:
            broken.append(f"{cell}: its claim key {largest} is no claim's")
            continue
        if not claim.is_whole:
            broken.append(f"{cell}: the entries of claim key {largest} do not sum to its balance")
        if not all(entry.source_file for entry in claim.entries):
            broken.append(f"{cell}: an entry of claim key {largest} names no file")
    entries = sum(len(claim.entries) for claim in claims.values() if claim)
    return Audit(len(drawn), len(claims), entries, tuple(broken))


def _draw(con: duckdb.DuckDBPyConnection, seed: date, count: int) -> list[_Drawn]:
    rows = con.execute(
        f"""
        select kpi, period_month, facility_key,
            case when contains(aggregation_level, 'payer')
                then coalesce(payer_key, '{trace.NONE}') end,
            numerator, denominator
        from mart_kpi_monthly
        order by row_number() over (partition by kpi order by md5(kpi_value_key || $seed)),
            md5(kpi_value_key || $seed), kpi_value_key
        limit $count
        """,
        {"seed": seed.isoformat(), "count": count},
    ).fetchall()
    return [
        _Drawn(kpi, month, trace.Scope(facility, payer), (numerator, denominator))
        for kpi, month, facility, payer, numerator, denominator in rows
    ]
