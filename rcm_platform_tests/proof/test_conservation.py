"""What is proven of a warehouse does not depend on the engine that filled it."""

from __future__ import annotations

from pathlib import Path

import duckdb

from rcm_platform.ingest.lake_access import open_lake
from rcm_platform.operate import pipeline
from rcm_platform.proof import conservation
from rcm_platform.sources.hospitals import hospitals
from rcm_platform.warehouse.engines import spark
from rcm_platform.warehouse.engines.common import LAYERS
from rcm_platform_tests.conftest import Built


def test_views_over_the_tables_of_another_engine_are_proven_as_tables_are(
    built: Built, tmp_path: Path
) -> None:
    settings, theirs = built.settings, tmp_path / "rcm.duckdb"
    lake = open_lake(settings)
    asked = (lake, pipeline.as_of_date(settings, lake), hospitals(settings))
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        con.execute("set timezone = 'UTC'")
        for schema, table in con.execute(
            "select distinct schema_name, table_name from duckdb_columns() "
            "where schema_name in (select unnest(?))",
            [list(LAYERS)],
        ).fetchall():
            place = spark.folder(theirs) / "tables" / schema / table / "1"
            place.mkdir(parents=True)
            con.execute(f"""copy {schema}."{table}" to '{place / "part-00000.parquet"}'""")
            (place / "_SUCCESS").touch()
        ours = conservation.prove(con, *asked)
    spark.gather(settings, theirs)
    with duckdb.connect(str(theirs), read_only=True) as con:
        found = conservation.prove(con, *asked)
    assert found == ours
    assert all(found.values())
