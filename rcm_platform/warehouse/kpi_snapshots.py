"""What each KPI looked like on an earlier day: the figures as of that day, made again and kept.

A snapshot is built from the same lake by the same models, in a warehouse of its own: neither the
warehouse nor what is published is touched, and making it again gives the same file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb

from rcm_platform.ingest import feeds, lake_access, synthetic
from rcm_platform.settings import Settings
from rcm_platform.warehouse import project as dbt_project
from rcm_platform.warehouse.parsed_project import STATE

MART = "mart_kpi_monthly"
STILL_ARRIVING = timedelta(days=7)
"""Data that end so lately go on: partitions then follow the calendar."""


class NoSnapshot(Exception):  # noqa: N818 (reads as what happened)
    """There is nothing to make a snapshot of, or none was made; the message says what to do."""


@dataclass(frozen=True)
class Snapshot:
    """The KPIs of all months, as of a day; `values` are the totals of the last mature month."""

    as_of: date
    path: Path
    rows: int
    values: dict[str, Decimal | None]


def build(settings: Settings, as_of: date, first_arrival: date | None) -> Snapshot:
    """Make the snapshot of a day from what had arrived by then, or make it again.

    Raises NoSnapshot before `first_arrival` (None: nothing ever arrived), DbtError when dbt
    fails.
    """
    if first_arrival is None or as_of < first_arrival:
        begins = f"the first data is of {first_arrival}" if first_arrival else "there is no data"
        raise NoSnapshot(f"Nothing had arrived by {as_of}: {begins}.")
    work = settings.snapshots_dir / "work"
    target = work / "dbt"
    warehouse = work / "rcm.duckdb"  # the stem is the catalog's name
    if not (target / STATE).exists():
        dbt_project.give_state(settings, target, warehouse)
    which = ("--select", f"+{MART}", "kpi_registry", "--exclude-resource-type", "unit_test", "test")
    command = ("build", "--full-refresh", *which, "--target-path", str(target))
    with lake_access.open_lake(settings).reading_all():
        dbt_project.run_dbt(settings, as_of, *command, warehouse=warehouse)
    return _keep(settings, warehouse, as_of)


def last_day(settings: Settings) -> date | None:
    """The last day of which a snapshot can differ from the one before: that of the latest arrival,
    or of the world that is still to be built. None: no end, as data keep arriving, or none did yet.
    """
    latest = lake_access.open_lake(settings).latest_arrival_date()
    if latest is None:
        world = feeds.from_world(settings)
        return synthetic.world_through(settings) if world else None
    # the calendar goes on while a server that was started once keeps this answer
    if date.today() - latest <= STILL_ARRIVING:
        return None
    return max(latest, settings.snapshots_from)


def days(settings: Settings) -> list[date]:
    """The days of which there is a snapshot, the earliest first. Raises NoSnapshot without any."""
    found = settings.snapshots_dir.glob(f"as_of=*/{MART}.parquet")
    if known := sorted(date.fromisoformat(path.parent.name.partition("=")[2]) for path in found):
        return known
    raise NoSnapshot(
        "No snapshot was made yet: launch a back-fill of the job kpi_snapshots in the UI."
    )


def history(settings: Settings, kpi: str, month: date) -> list[tuple[date, Decimal | None]]:
    """A KPI of a month, in total, on each day of which there is a snapshot; None: no value then.

    Raises NoSnapshot when none was made.
    """
    known = days(settings)
    with duckdb.connect() as con:
        rows = con.execute(
            "select as_of, kpi_value from read_parquet(?, hive_partitioning = true) "
            "where kpi = ? and period_month = ? and aggregation_level = 'total'",
            [str(settings.snapshots_dir / "as_of=*" / f"{MART}.parquet"), kpi, month],
        ).fetchall()
    values = dict(rows)
    return [(day, values.get(day)) for day in known]


def _keep(settings: Settings, warehouse: Path, as_of: date) -> Snapshot:
    folder = settings.snapshots_dir / f"as_of={as_of}"
    folder.mkdir(exist_ok=True)
    path = folder / f"{MART}.parquet"
    writing = folder / f".{path.name}"
    with duckdb.connect(str(warehouse), read_only=True) as con:
        rows = f"select * from marts.{MART} order by kpi_value_key"
        con.execute(f"copy ({rows}) to '{writing}' (format parquet)")
        values = con.execute(
            f"""
            select kpi, kpi_value from marts.{MART} inner join seeds.kpi_registry using (kpi)
            where is_headline and aggregation_level = 'total' and is_mature
            qualify row_number() over (partition by kpi order by period_month desc) = 1
            """
        ).fetchall()
        [(count,)] = con.execute(f"select count(*) from marts.{MART}").fetchall()
    writing.replace(path)
    return Snapshot(as_of, path, count, dict(sorted(values)))
