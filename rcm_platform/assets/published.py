"""Group `published`: what readers see. Written only behind green blocking checks."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import dagster as dg
from dagster_duckdb import DuckDBResource

from rcm_platform import dbt_project, exports, ingest, proof, publish
from rcm_platform.assets.common import DATA_TEAM, NIGHTLY_FRESHNESS, WRITER_POOL, money, run_day
from rcm_platform.publish import relations_for
from rcm_platform.settings import Settings

AUDIENCE = "operations"
KEY = dg.AssetKey(["published", AUDIENCE])
EXPORTS_KEY = dg.AssetKey(["published", "exports"])


def build(settings: Settings) -> list[dg.AssetsDefinition]:
    """The published file, and the files for others that are made from it."""
    manifest = json.loads(dbt_project.prepared_manifest(settings).read_text())
    return [_operations(settings, manifest), _exports(settings, manifest)]


def _operations(settings: Settings, manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """The file of the audience `operations`: the models whose meta names it."""
    relations = relations_for(manifest, AUDIENCE)

    @dg.asset(
        key=KEY,
        deps=[[relation.schema, relation.name] for relation in relations],
        group_name="published",
        kinds={"duckdb"},
        owners=DATA_TEAM,
        freshness_policy=NIGHTLY_FRESHNESS,
        pool=WRITER_POOL,
        description=(
            "The checked, read-only file that revenue-cycle staff and the scorecard read.\n\n"
            "It is written, audited against the warehouse, and only then pointed to: "
            "`rcm published path` prints the current one."
        ),
    )
    def operations(
        context: dg.AssetExecutionContext, warehouse: DuckDBResource
    ) -> dg.MaterializeResult:
        with ingest.single_writer(settings):
            lake = ingest.open_lake(settings)
            as_of = ingest.as_of_date(settings, lake, run_day(context))
            with warehouse.get_connection() as con:
                facts = proof.summary(con, lake, as_of)
            if unexplained := Decimal(facts["unexplained"]):
                raise dg.Failure(f"Not published: {money(unexplained)} is unexplained.")
            version = publish.publish(
                settings.warehouse_path,
                settings.published_dir,
                {AUDIENCE: relations},
                as_of,
                facts | {"run_id": context.run_id},
            )
        path = version.path(settings.published_dir, AUDIENCE)
        if not version.is_current:
            context.log.warning(f"{version.version} is older than what is current: not pointed to")
        return dg.MaterializeResult(
            metadata={
                "version": version.version,
                "as of": version.as_of,
                "current": version.is_current,
                "tables": len(relations),
                "bytes": path.stat().st_size,
                "path": dg.MetadataValue.path(path),
            }
        )

    return operations


def _exports(settings: Settings, manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """Parquet files beside the published version, of the models whose meta says `export_as`."""
    files = exports.for_manifest(manifest, AUDIENCE)

    @dg.asset(
        key=EXPORTS_KEY,
        deps=[KEY],
        group_name="published",
        kinds={"parquet"},
        owners=DATA_TEAM,
        freshness_policy=NIGHTLY_FRESHNESS,
        description=(
            "Files for other systems, beside the published version that they hold: claims in the "
            "layout of the Tuva Project's input layer.\n\n"
            "`rcm export MART` writes any other published mart as CSV or Parquet."
        ),
    )
    def exported() -> dg.MaterializeResult:
        folder = settings.published_dir
        if (version := publish.current(folder)) is None:
            raise dg.Failure(f"Nothing is published in {folder} yet.")
        beside = folder / version.version / "exports"
        done = [
            exports.export(folder, mart, beside, exports.Format.PARQUET, AUDIENCE, name)
            for name, mart in files.items()
        ]
        return dg.MaterializeResult(
            metadata={
                "version": version.version,
                "as of": version.as_of,
                "folder": dg.MetadataValue.path(beside),
                "rows": sum(export.rows for export in done),
                **{export.path.stem: export.rows for export in done},
            }
        )

    return exported
