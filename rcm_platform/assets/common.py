"""What the asset modules share: owners, freshness, progress and metadata."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster_duckdb import DuckDBResource

from rcm_platform.ingest import lake_access
from rcm_platform.operate.run_tags import AS_OF_TAG
from rcm_platform.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

    from rcm_platform.lake import Lake

DATA_TEAM = ["team:rcm-data"]
NIGHTLY_CHECK = "rcm/nightly"

# One writer at a time: the pool lets one run at a time in (granularity `run` in dagster.yaml).
WRITER_POOL = "duckdb_writer"

# a source is read in the step that loads it: with a version of its own, each event would make what
# was loaded from it look out of date
AS_READ = {"dagster/data_version": "as read"}


def _nightly(hours: int) -> dg.FreshnessPolicy:
    """Due so many hours after the nightly run began: late when a night was missed, failed when two
    were. A run by day counts until its own hour of the next."""
    day = timedelta(days=1)
    due = timedelta(hours=hours)
    return dg.FreshnessPolicy.time_window(warn_window=day + due, fail_window=2 * day + due)


# each layer has two hours more than what it is made of: what is late first is where to look
RAW_FRESHNESS = _nightly(2)
MARTS_FRESHNESS = _nightly(4)
PUBLISHED_FRESHNESS = _nightly(6)


def loaded_lake(settings: Settings) -> Lake:
    """The lake, to read. Raises Failure where nothing was loaded yet."""
    lake = lake_access.open_lake(settings)
    if not lake.has("platform", "received_files"):
        raise dg.Failure(
            "Nothing was loaded yet: run the job `nightly` (or `rcm run`) once.",
            allow_retries=False,
        )
    return lake


class Warehouse(DuckDBResource):
    """The warehouse, to read; where none was built yet, it says what to do."""

    memory_limit: str
    """What DuckDB may take of the memory, in its own words; beyond it, it writes to disk."""

    def file(self) -> Path:
        """Where it lies. Raises Failure where nothing was built yet."""
        path = Path(self.database)
        if not path.exists():
            raise dg.Failure(
                "Nothing was built yet: run the job `nightly` (or `rcm run`) once.",
                allow_retries=False,
            )
        return path

    @contextmanager
    def get_connection(self) -> Iterator[Any]:
        """A read-only connection. Raises Failure where nothing was built yet."""
        self.file()
        with super().get_connection() as con:
            con.execute(f"set memory_limit = '{self.memory_limit}'")
            yield con


def run_day(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> date | None:
    """The as-of date that the run was started for (the nightly run is); None: the default."""
    tag = context.run.tags.get(AS_OF_TAG)
    return date.fromisoformat(tag) if tag else None


def mark_run(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, name: str, text: str
) -> None:
    """Add a text to a tag of the run: the list of runs shows it, so nobody has to open each."""
    run = context.instance.get_run_by_id(context.run.run_id)
    before = run.tags.get(name) if run else None
    context.instance.add_run_tags(
        context.run.run_id, {name: f"{before}, {text}" if before else text}
    )


def log_progress(
    context: dg.AssetExecutionContext | dg.OpExecutionContext, every_seconds: float = 5.0
) -> Callable[[int, int, str], None]:
    """A progress callback that writes to the run's log, but not too often."""
    last = time.monotonic()

    def report(done: int, total: int, label: str) -> None:
        nonlocal last
        if time.monotonic() - last >= every_seconds:
            last = time.monotonic()
            context.log.info(f"{label}: {done:,} of {total:,}")

    return report


def nightly_check(description: str) -> dict[str, Any]:
    """The description and mark of a check that a landing run does not ask. Dagster calls such a
    check not evaluated as soon as its asset is made again."""
    night = (
        "Asked each night: by day it may read Not Evaluated, with the last answer in its history."
    )
    return {"description": f"{description} {night}", "metadata": {NIGHTLY_CHECK: True}}


def money(amount: Decimal | int | None) -> str:
    """Dollars as people read them; metadata has no decimal type."""
    return f"${amount or 0:,.2f}"


def column_schema(schema: pa.Schema, described: Mapping[str, str] | None = None) -> dg.TableSchema:
    """The table schema that Dagster shows, from an Arrow schema and what is said of its columns."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(field.name, str(field.type), (described or {}).get(field.name))
            for field in schema
        ]
    )
