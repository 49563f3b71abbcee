"""Whether two engines make the same tables of the same lake, cell by cell.

Each engine builds every model and asks every data test, in a warehouse of its own beside that of
the installation, PostgreSQL in the database of RCM_POSTGRES_URL. Then each table is compared as a
bag of rows, both ways; types may differ in width (an integer of 32 or 64 bits) but not in what they
hold.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from rcm_platform.ingest.lake_access import open_lake
from rcm_platform.settings import Settings
from rcm_platform.warehouse import engines
from rcm_platform.warehouse import project as dbt_project
from rcm_platform.warehouse.engines.common import LAYERS

OURS = "rcm"


@dataclass(frozen=True)
class Compared:
    """A table on both engines: its rows, how many only one has, and the columns that differ.

    `reason` says why it cannot be compared: it is not there, or has other columns.
    """

    table: str
    rows: int
    only_duckdb: int = 0
    only_other: int = 0
    columns: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_equal(self) -> bool:
        return not (self.only_duckdb or self.only_other or self.reason)


def build(settings: Settings, engine: str, as_of: date, say: Callable[[str], object]) -> Path:
    """Build and test all models of what is loaded on an engine; gives the warehouse file.

    Raises DbtError when a model or a test fails, EngineUnavailable.
    """
    of_engine = settings.model_copy(update={"target": engine})
    other = engines.chosen(of_engine)
    folder = settings.data_dir / "parity" / engine
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    warehouse = folder / settings.warehouse_path.name
    lake = open_lake(settings)
    say(f"{engine}: dbt build as of {as_of}")
    try:
        with lake.reading_all():
            dbt_project.run_dbt(
                of_engine, as_of, *dbt_project.build_command(of_engine), "--quiet",
                "--target-path", os.fspath(folder / "target"), warehouse=warehouse, say=say,
            )  # fmt: skip
    except dbt_project.DbtError:
        if other:
            other.gather(of_engine, warehouse)
        raise
    if other:
        other.gather(of_engine, warehouse)
    return warehouse


def compare(ours: Path, others: Path) -> list[Compared]:
    """Every table and view of the warehouse `ours`, made in DuckDB, against the table of the same
    name in `others`."""
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        # the views of a DuckDB file name its catalog, which is its stem
        for name, path in ((OURS, ours), ("others", others)):
            quoted = os.fspath(path).replace("'", "''")
            con.execute(f"attach '{quoted}' as {name} (read_only)")
        # views, too: what gathers them has written them
        tables = con.execute(
            "select distinct schema_name, table_name from duckdb_columns() "
            "where database_name = ? and schema_name in (select unnest(?)) order by all",
            [OURS, list(LAYERS)],
        ).fetchall()
        return [_compared(con, *table) for table in tables]


def _compared(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> Compared:
    own, other = (_columns(con, name, schema, table) for name in (OURS, "others"))
    place = f'{schema}."{table}"'
    [(rows,)] = con.execute(f"select count(*) from {OURS}.{place}").fetchall()
    if not other:
        return Compared(f"{schema}.{table}", rows, reason="it was not built")
    if own != other:
        odd = ", ".join(sorted(own ^ other))
        return Compared(f"{schema}.{table}", rows, reason=f"only one has the columns {odd}")

    def only(names: Iterable[str]) -> tuple[int, int]:
        """Rows that only one has; nothing is cast, so that no digit is rounded away: DuckDB takes
        the type that holds both."""
        shown = ", ".join(f'"{name}"' for name in names)
        mine, theirs = (f"select {shown} from {name}.{place}" for name in (OURS, "others"))
        [found] = con.execute(
            f"select (select count(*) from ({mine} except all {theirs})), "
            f"(select count(*) from ({theirs} except all {mine}))"
        ).fetchall()
        return found

    only_ours, only_others = only(sorted(own))
    columns = tuple(
        name for name in sorted(own) if (only_ours or only_others) and any(only([name]))
    )
    return Compared(f"{schema}.{table}", rows, only_ours, only_others, columns)


def _columns(con: duckdb.DuckDBPyConnection, database: str, schema: str, table: str) -> set[str]:
    found = con.execute(
        "select column_name from duckdb_columns() where database_name = ? "
        "and schema_name = ? and table_name = ?",
        [database, schema, table],
    ).fetchall()
    return {name for (name,) in found}
