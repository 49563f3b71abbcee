"""`rcm parity`: whether another engine makes the same tables as DuckDB."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from rcm_platform.cli.console import out, stop
from rcm_platform.settings import get_settings


class Other(StrEnum):
    """The engines that can be compared with DuckDB."""

    SPARK = "spark"
    POSTGRES = "postgres"


def parity(
    engine: Annotated[Other, typer.Argument(help="The engine beside DuckDB.")] = Other.SPARK,
) -> None:
    """Build what is loaded in DuckDB and on another engine, and compare every table cell by cell.

    Both build all models and ask all data tests, in warehouses of their own under RCM_HOME, or in
    the database of RCM_POSTGRES_URL; what is published stays as it is. Waits for a run to end.
    Ends with 1 where a table differs.
    """
    from rcm_platform.ingest import lake_access
    from rcm_platform.operate import pipeline
    from rcm_platform.persons import store
    from rcm_platform.warehouse import engines, parity
    from rcm_platform.warehouse.project import DbtError

    settings = get_settings()
    lake = lake_access.open_lake(settings)
    if not lake.batch_ids() or not store.is_linked(settings.persons_dir):
        stop(f"Nothing is loaded in {settings.data_dir} yet: run `rcm run` first.")
    engines.BY_NAME[engine].check(settings)  # before anything is built
    as_of = pipeline.as_of_date(settings, lake)
    files = {}
    # a run would write the same tables of a server
    with lake_access.single_writer(settings, out.print):
        for name in ("duckdb", engine.value):
            started = time.monotonic()
            try:
                files[name] = parity.build(settings, name, as_of, out.print)
            except (DbtError, engines.EngineUnavailable) as problem:
                stop(str(problem))
            out.print(f"{name}: built and tested in {time.monotonic() - started:,.0f} s")
    found = parity.compare(files["duckdb"], files[engine.value])
    unequal = [each for each in found if not each.is_equal]
    if unequal:
        table = Table("table", "rows", "only duckdb", f"only {engine.value}", "what differs")
        for each in unequal:
            table.add_row(
                each.table,
                f"{each.rows:,}",
                f"{each.only_duckdb:,}",
                f"{each.only_other:,}",
                each.reason or ", ".join(each.columns),
            )
        out.print(table)
    rows = sum(each.rows for each in found)
    out.print(
        f"{len(found) - len(unequal)} of {len(found)} tables are equal, of {rows:,} rows in DuckDB."
    )
    if unequal:
        raise typer.Exit(1)
