"""Group `published`: what readers see. Written only behind green blocking checks."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import dagster as dg
from dagster._core.storage.asset_check_execution_record import (
    COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES,
    AssetCheckExecutionRecordStatus,
)

from rcm_platform.assets.common import DATA_TEAM, PUBLISHED_FRESHNESS, WRITER_POOL
from rcm_platform.ingest import lake_access
from rcm_platform.operate import pipeline
from rcm_platform.publish import exports, versions
from rcm_platform.publish.audiences import AUDIENCES, OPERATIONS
from rcm_platform.settings import Settings
from rcm_platform.web import documentation

EXPORTS_KEY = dg.AssetKey(["published", "exports"])

DOCUMENTATION_KEY = dg.AssetKey(["published", "documentation"])

# every file says how far the cash of its version is reconciled
RECONCILED = dg.AssetKey(["marts", "mart_cash_reconciliation"])


def key(audience: str) -> dg.AssetKey:
    """The asset of an audience's file."""
    return dg.AssetKey(["published", audience])


def build(
    settings: Settings, manifest: Mapping[str, Any], graph: Callable[[], Any]
) -> list[dg.AssetsDefinition]:
    """The published files, the files for others that are made from them, and what explains them.

    `graph` gives the asset graph of the definitions, once they stand.
    """
    return [
        _files(settings, manifest, graph),
        _exports(settings, manifest),
        _documentation(settings),
    ]


def _files(
    settings: Settings, manifest: Mapping[str, Any], graph: Callable[[], Any]
) -> dg.AssetsDefinition:
    """One version with a file for each audience: the models whose meta names it."""

    @dg.multi_asset(
        name="published",
        specs=[
            dg.AssetSpec(
                key(audience),
                deps=sorted(
                    {
                        dg.AssetKey([relation.schema, relation.name])
                        for relation in versions.relations_for(manifest, audience)
                    }
                    | {RECONCILED}
                ),
                group_name="published",
                kinds={"duckdb"},
                owners=DATA_TEAM,
                freshness_policy=PUBLISHED_FRESHNESS,
                skippable=True,
                description=(
                    f"{readers.description}\n\nA checked, read-only file: written, audited against "
                    "the warehouse, and only then pointed to, together with those of the other "
                    f"audiences. `rcm published path {audience}` prints the current one."
                ),
            )
            for audience, readers in AUDIENCES.items()
        ],
        pool=WRITER_POOL,
        can_subset=True,
    )
    def published(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        with lake_access.single_writer(settings, context.log.warning):
            lake = lake_access.open_lake(settings)
            try:
                # a version is whole: all files are written, whichever was asked for
                made = pipeline.publish(
                    settings, lake, failed_checks(context.instance, graph()), context.run_id
                )
            except pipeline.NotPublished as problem:
                raise dg.Failure(str(problem), allow_retries=False) from None
        version = made.version
        if not version.is_current:
            context.log.warning(f"{version.version} is older than what is current: not pointed to")
        for audience, relations in made.audiences.items():
            if key(audience) in context.selected_asset_keys:
                path = version.path(settings.published_dir, audience)
                yield dg.MaterializeResult(
                    asset_key=key(audience),
                    metadata={
                        "version": version.version,
                        "as of": version.as_of,
                        "current": version.is_current,
                        "tables": len(relations),
                        "columns withheld": sum(len(r.withheld) for r in relations),
                        "bytes": path.stat().st_size,
                        "path": dg.MetadataValue.path(path),
                    },
                )

    return published


def failed_checks(instance: dg.DagsterInstance, graph: Any) -> list[str]:
    """The blocking checks whose last answer is no, also those that this run did not ask."""
    blocking = [key for key in graph.asset_check_keys if graph.get_check_spec(key).blocking]
    storage = instance.event_log_storage
    asked = dict(storage.get_latest_asset_check_execution_by_key(blocking))
    for key, record in asked.items():
        if record.status == AssetCheckExecutionRecordStatus.PLANNED:
            # asked and not answered (cancelled, or it raised): the answer before it stands
            before = storage.get_asset_check_execution_history(
                key, limit=1, status=COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES
            )
            asked[key] = before[0] if before else record
    return [
        f"{key.name} of {key.asset_key.to_user_string()}"
        for key, record in sorted(asked.items(), key=str)
        if record.status == AssetCheckExecutionRecordStatus.FAILED
        and record.evaluation
        and record.evaluation.severity == dg.AssetCheckSeverity.ERROR
    ]


def _exports(settings: Settings, manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """Parquet files beside the published version, of the models whose meta says `export_as`."""

    @dg.asset(
        key=EXPORTS_KEY,
        deps=[key(OPERATIONS)],
        group_name="published",
        kinds={"parquet"},
        owners=DATA_TEAM,
        freshness_policy=PUBLISHED_FRESHNESS,
        description=(
            "Files for other systems, beside the published version that they hold: claims in the "
            "layout of the Tuva Project's input layer.\n\n"
            "`rcm export MART` writes any other published mart as CSV or Parquet."
        ),
    )
    def exported() -> dg.MaterializeResult:
        try:
            version, done = exports.export_all(settings.published_dir, manifest)
        except FileNotFoundError as problem:
            raise dg.Failure(str(problem)) from None
        folder = settings.published_dir / version.version / exports.EXPORTS
        return dg.MaterializeResult(
            metadata={
                "version": version.version,
                "as of": version.as_of,
                "folder": dg.MetadataValue.path(folder),
                "rows": sum(export.rows for export in done),
                **{export.path.stem: export.rows for export in done},
            }
        )

    return exported


def _documentation(settings: Settings) -> dg.AssetsDefinition:
    """A web site beside the UI; written again when the project has changed."""

    @dg.asset(
        key=DOCUMENTATION_KEY,
        deps=[key(OPERATIONS)],
        group_name="published",
        kinds={"html"},
        owners=DATA_TEAM,
        pool=WRITER_POOL,
        description=(
            "Every model with its tests and SQL, and every column with what it is made of and what "
            f"is made of it. Open it beside this UI: [overview]({documentation.PATH}/), "
            f"[tables and columns]({documentation.PATH}/columns/), "
            f"[models]({documentation.PATH}/models/)."
        ),
    )
    def documented(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        with lake_access.single_writer(settings, context.log.warning):
            tables = documentation.write(settings)
        return dg.MaterializeResult(
            metadata={
                "tables": tables,
                "overview": dg.MetadataValue.url(f"{documentation.PATH}/"),
                "models": dg.MetadataValue.url(f"{documentation.PATH}/models/"),
                "columns": dg.MetadataValue.url(f"{documentation.PATH}/columns/"),
                "folder": dg.MetadataValue.path(settings.documentation_dir),
            }
        )

    return documented
