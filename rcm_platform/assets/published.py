"""Group `published`: what readers see. Written only behind green blocking checks."""

import json
from decimal import Decimal

import dagster as dg
from dagster_duckdb import DuckDBResource

from rcm_platform import dbt_project, ingest, proof
from rcm_platform.assets.common import DATA_TEAM, NIGHTLY_FRESHNESS, WRITER_POOL, money, run_day
from rcm_platform.publish import publish, relations_for
from rcm_platform.settings import Settings

AUDIENCE = "operations"
KEY = dg.AssetKey(["published", AUDIENCE])


def build(settings: Settings) -> dg.AssetsDefinition:
    """The file of the audience `operations`: the models whose meta names it."""
    manifest = json.loads(dbt_project.prepared_manifest(settings).read_text())
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
            version = publish(
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
