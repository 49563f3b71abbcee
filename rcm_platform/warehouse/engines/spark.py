"""Spark as the engine of the models: what its session needs, and how what follows reads its tables.

Spark writes each table as a folder of Parquet files, a new one for each build. Once dbt has ended,
the warehouse file holds a view over the last whole folder of each table, so that checks, proof,
trace and publishing read the same as after a build in DuckDB.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import duckdb

from rcm_platform.settings import Settings
from rcm_platform.warehouse.engines.common import LAYERS, EngineUnavailable, Say

_WHOLE = "_SUCCESS"
"""What Spark writes into a folder once all of its files are there."""


def folder(warehouse: Path) -> Path:
    """Everything that Spark writes beside a warehouse file: tables, catalog, what it spills."""
    return warehouse.with_name("spark")


def check(_: Settings) -> None:
    """Raises EngineUnavailable where Java, Spark or dbt's adapter for it are not installed."""
    needed = {"pyspark": "pyspark", "dbt.adapters.spark": "dbt-spark"}
    missing = [name for module, name in needed.items() if not _is_installed(module)]
    if missing:
        raise EngineUnavailable(
            f"RCM_TARGET=spark needs {' and '.join(missing)}, which this environment lacks. "
            "Next: `make spark`, or install rcm-platform with its extra `spark`."
        )
    home = os.environ.get("JAVA_HOME")
    if not shutil.which(str(Path(home) / "bin" / "java") if home else "java"):
        raise EngineUnavailable(
            "RCM_TARGET=spark needs Java 17, and there is none "
            f"{'in JAVA_HOME' if home else 'on this machine'}. "
            "Next: install it (Debian: openjdk-17-jre-headless)."
        )


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def place(_: Settings) -> str:
    """Beside the warehouse file, whoever runs it."""
    return "beside the warehouse file"


def environment(settings: Settings, warehouse: Path) -> dict[str, str]:
    """What a dbt command with the target `spark` finds in its environment besides the usual.

    Raises EngineUnavailable.
    """
    check(settings)
    place = folder(warehouse)
    (place / "spill").mkdir(parents=True, exist_ok=True)
    given = {
        "RCM_SPARK": os.fspath(place),
        "RCM_SPARK_MASTER": settings.spark_master,
        "RCM_SPARK_PARTITIONS": str(settings.spark_partitions),
        # each build writes folders of its own: those of the last one stay readable meanwhile
        "RCM_SPARK_BUILD": datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f"),
        "SPARK_LOCAL_DIRS": os.fspath(place / "spill"),
        # the catalog's own log would stand in the folder that dbt was started in
        "PYSPARK_SUBMIT_ARGS": (
            f"--driver-memory {settings.spark_memory} "
            f"--driver-java-options -Dderby.system.home={place} pyspark-shell"
        ),
    }
    if settings.spark_master.startswith("local-cluster"):
        # executors are programs of their own here, and must find Spark
        spec = find_spec("pyspark")
        assert spec and spec.origin
        given |= {"SPARK_HOME": str(Path(spec.origin).parent), "SPARK_SCALA_VERSION": "2.12"}
    return given


def prepare(_settings: Settings, _manifest: Path, _say: Say) -> None:
    """Spark reads the lake where it lies."""


def gather(_: Settings, warehouse: Path) -> int:
    """Make the warehouse file views over the last whole folder of each table; gives how many.

    Folders of earlier builds, and those that a build which was killed left, are removed.
    """
    found = {
        (layer, table.name): whole
        for layer in LAYERS
        for table in sorted((folder(warehouse) / "tables" / layer).glob("*"))
        if (whole := _last_whole(table))
    }
    new = warehouse.with_name(".gathering.duckdb")
    new.unlink(missing_ok=True)
    with duckdb.connect(str(new)) as con:
        for layer in LAYERS:
            con.execute(f"create schema {layer}")
        for (layer, table), place in found.items():
            con.execute(f'create view {layer}."{table}" as {_query(con, place)}')
    new.replace(warehouse)
    for place in found.values():
        for other in place.parent.iterdir():
            if other != place:
                shutil.rmtree(other)
    return len(found)


def _last_whole(table: Path) -> Path | None:
    builds: Iterator[Path] = (each for each in table.iterdir() if (each / _WHOLE).exists())
    return max(builds, key=lambda each: each.name, default=None)


def _query(con: duckdb.DuckDBPyConnection, place: Path) -> str:
    """All rows of a folder; Spark's moments have a time zone (UTC), those of the warehouse none."""
    files = os.fspath(place / "*.parquet").replace("'", "''")
    columns = con.execute(f"describe select * from read_parquet('{files}')").fetchall()
    shown = ", ".join(
        f"""("{name}" at time zone 'UTC') as "{name}\""""
        if kind == "TIMESTAMP WITH TIME ZONE"
        else f'"{name}"'
        for name, kind, *_ in columns
    )
    return f"select {shown} from read_parquet('{files}')"
