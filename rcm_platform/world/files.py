"""Flat files of the treasury and of operations: bank deposits, reference lists, facility costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from rcm_platform.world.columns import dates, money, take
from rcm_platform.world.dates import compact, to_date, to_day, weekday
from rcm_platform.world.model import World
from rcm_platform.world.parameters import WEEKDAYS

#: Costs of a month are known on this day of the next one.
COSTS_ARRIVE_ON = 5


def deposits(world: World) -> pa.Table:
    """One row per payment above zero that ever reaches the bank, with its day of arrival.

    Columns as in `bank_deposits_*.csv`, plus `arrival_date` (= deposit_date).
    """
    pays, facilities = world.payments, world.hospitals.facility_ids
    rows = np.flatnonzero(pays.amount > 0)
    rows = rows[
        np.lexsort(
            (pays.payment_day[rows], pays.payer[rows], pays.hospital[rows], pays.deposit_day[rows])
        )
    ]
    day = pays.deposit_day[rows]
    first = np.searchsorted(day, day)
    numbers = (np.arange(len(rows)) - first + 1).tolist()
    ids = [f"DEP{compact(d)}{n:03d}" for d, n in zip(day.tolist(), numbers, strict=True)]
    return pa.table(
        {
            "deposit_id": pa.array(ids, pa.string()),
            "deposit_date": dates(day),
            "hospital": take(facilities, pays.hospital[rows]),
            "payer_name": take(world.parameters.payers.names, pays.payer[rows]),
            "trace_number": take(world.trace_numbers, rows),
            "amount": money(pays.amount[rows]),
            "arrival_date": dates(day),
        }
    )


def facility_costs(world: World) -> pa.Table:
    """One row per facility and month of the world: facility_id, month, cost_amount, arrival_date.

    A month costs its planned visits times the facility's cost per visit, within five per cent.
    """
    table = world.parameters.facilities
    volumes = world.parameters.sizes.where("size", world.size)
    per_weekday = np.stack([volumes.ints(name) for name in WEEKDAYS], axis=1)
    per_visit = table.cents("cost_per_encounter").tolist()
    ids, months, costs, arrivals = [], [], [], []
    month = world.start.replace(day=1)
    while month <= world.through:
        after = _next_month(month)
        days = np.arange(max(to_day(month), world.start_day), to_day(after))
        for index, facility in enumerate(table.text("facility_id")):
            visits = int(per_weekday[index][weekday(days)].sum())
            swing = 950 + int(world.draws.below("cost", 101, index, to_day(month))[0])
            ids.append(facility)
            months.append(to_day(month))
            costs.append(visits * per_visit[index] * swing // 1000)
            arrivals.append(to_day(after) + COSTS_ARRIVE_ON - 1)
        month = after
    return pa.table(
        {
            "facility_id": pa.array(ids, pa.string()),
            "month": dates(np.array(months, dtype=np.int64)),
            "cost_amount": money(np.array(costs, dtype=np.int64)),
            "arrival_date": dates(np.array(arrivals, dtype=np.int64)),
        }
    )


def write_treasury(world: World, folder: Path) -> None:
    """One `bank_deposits_yyyymmdd.csv` per day with deposits."""
    columns = ["deposit_id", "deposit_date", "hospital", "payer_name", "trace_number", "amount"]
    by_day: dict[date, list[list[object]]] = defaultdict(list)
    for row in deposits(world).to_pylist():
        if row["arrival_date"] <= world.through:
            by_day[row["arrival_date"]].append([row[name] for name in columns])
    for day, rows in by_day.items():
        _write_csv(folder / f"bank_deposits_{day:%Y%m%d}.csv", columns, rows)


def write_operations(world: World, folder: Path) -> None:
    """The reference lists, and one `facility_costs_yyyymm.csv` per closed month."""
    hospitals, payers = world.hospitals, world.parameters.payers
    _write_csv(
        folder / "facilities.csv",
        ["facility_id", "facility_name", "source_system", "npi", "tin"],
        zip(
            hospitals.facility_ids,
            hospitals.names,
            hospitals.source_systems,
            hospitals.npis,
            hospitals.tins,
            strict=True,
        ),
    )
    _write_csv(
        folder / "payers.csv",
        ["payer_id", "payer_name", "payer_class"],
        zip(payers.ids, payers.names, payers.classes, strict=True),
    )
    columns = ["facility_id", "month", "cost_amount"]
    by_month: dict[date, list[list[object]]] = defaultdict(list)
    for row in facility_costs(world).to_pylist():
        if row["arrival_date"] <= world.through:
            by_month[row["month"]].append([row[name] for name in columns])
    for month, rows in by_month.items():
        _write_csv(folder / f"facility_costs_{month:%Y%m}.csv", columns, rows)


def _next_month(month: date) -> date:
    return to_date(to_day(month) + 31).replace(day=1)


def _write_csv(path: Path, columns: list[str], rows: Iterable[Iterable[object]]) -> None:
    # No value holds a comma or a quote; the writers of `csv` would add nothing.
    lines = [",".join(columns), *(",".join(map(str, row)) for row in rows), ""]
    path.write_bytes("\n".join(lines).encode("utf-8"))
