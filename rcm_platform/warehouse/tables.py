"""What the last build left in the warehouse: its tables, and which columns each is made of."""

from __future__ import annotations

import json
from datetime import date

import duckdb

from rcm_platform.lake import Lake
from rcm_platform.persons import store
from rcm_platform.settings import Settings
from rcm_platform.warehouse import column_lineage, engines
from rcm_platform.warehouse import project as dbt_project
from rcm_platform.warehouse.parsed_project import ParsedProject

Tables = dict[tuple[str, str], tuple[int | None, list[tuple[str, str]]]]
"""(schema, table) → row count and columns (name, type). Of a view nobody knows the count without
asking for all of its rows."""


def read(settings: Settings) -> Tables:
    """Every table in the warehouse; none where nothing was built yet."""
    found: Tables = {}
    if not settings.warehouse_path.exists():
        return found
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        columns = con.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns() "
            "where not internal order by schema_name, table_name, column_index"
        ).fetchall()
        tables = set(
            con.execute(
                "select schema_name, table_name from duckdb_tables() union all "
                "select schema_name, view_name from duckdb_views() "
                "where sql like '%read_parquet(%'"
            ).fetchall()
        )
        for schema, table, column, data_type in columns:
            if (schema, table) not in found:
                count = None
                if (schema, table) in tables:
                    rows = con.execute(f'select count(*) from "{schema}"."{table}"').fetchall()
                    count = rows[0][0]
                found[schema, table] = (count, [])
            found[schema, table][1].append((column, data_type))
    return found


def gather(settings: Settings, as_of: date, *, is_whole: bool = True) -> None:
    """After dbt has ended: give the warehouse file what another engine than DuckDB has made.

    The lineage of columns is read from the SQL of DuckDB: it is compiled beside, where all of the
    build went well.
    """
    engine = engines.chosen(settings)
    if engine is None:
        return
    engine.gather(settings, settings.warehouse_path)
    if not is_whole:
        return
    compiled = settings.dbt_target_dir / "compiled_for_lineage"
    dbt_project.run_dbt(
        settings, as_of, "compile", "--quiet", "--target", "duckdb", "--target-path", str(compiled)
    )
    (compiled / "manifest.json").replace(dbt_project.run_target(settings) / "manifest.json")


def write_lineage(settings: Settings, lake: Lake, built: Tables) -> column_lineage.Lineage:
    """Write down the lineage of what dbt compiled last; gives that of all models."""
    manifest = json.loads((dbt_project.run_target(settings) / "manifest.json").read_text())
    columns = {
        name: [column for column, _ in table[1]]
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "seed")
        and (table := built.get((node["schema"], node["alias"])))
    }
    for source in manifest["sources"]:
        feed, name = column_lineage.raw_table(manifest, source)
        columns[source] = (
            store.TABLES[name].names if feed == "persons" else lake.declared(feed, name).names
        )
    parsed = ParsedProject.of(dbt_project.parse_key(settings))
    shared = parsed.folder if parsed else None
    return column_lineage.write(settings.dbt_target_dir, columns, manifest, shared)
