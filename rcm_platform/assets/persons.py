"""The persons behind the patient records, linked before the models run.

Staging reads them as it reads raw, so they stand in that group.
"""

from collections.abc import Iterator

import dagster as dg

from rcm_platform.assets.common import DATA_TEAM, WRITER_POOL, column_schema, loaded_lake, run_day
from rcm_platform.assets.raw import GROUP, raw_key
from rcm_platform.ingest import lake_access
from rcm_platform.operate import pipeline
from rcm_platform.persons import store
from rcm_platform.settings import Settings
from rcm_platform.sources.hospitals import hospitals

TABLES = {
    "members": "Every patient record and the person whose it is, across hospitals.",
    "pairs": (
        "Every pair of patient records that may be one person's, with the evidence per field and "
        "what was decided: linked, rejected, or left for people to review."
    ),
}


def person_table_key(table: str) -> dg.AssetKey:
    """The asset of a table of the linkage."""
    return dg.AssetKey(["persons", table])


def build(settings: Settings) -> dg.AssetsDefinition:
    """One step for both tables."""

    @dg.multi_asset(
        name="persons",
        pool=WRITER_POOL,
        specs=[
            dg.AssetSpec(
                person_table_key(table),
                deps=[raw_key(hospital, "patients") for hospital in hospitals(settings)],
                description=description,
                group_name=GROUP,
                kinds={"python", "parquet"},
                owners=DATA_TEAM,
                metadata={"dagster/column_schema": column_schema(store.TABLES[table])},
            )
            for table, description in TABLES.items()
        ],
    )
    def link(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        with lake_access.single_writer(settings, context.log.warning):
            lake = loaded_lake(settings)
            as_of = pipeline.as_of_date(settings, lake, run_day(context))
            found = store.link(settings, lake, as_of)
        if found.ignored_overrides:
            context.log.warning(
                "Overrides of persons name records that have not arrived: "
                + ", ".join(found.ignored_overrides)
            )
        yield dg.MaterializeResult(
            asset_key=person_table_key("members"),
            metadata={
                "dagster/row_count": found.record_count,
                "persons": found.person_count,
                "records new or changed": found.scored_count,
                "as of": as_of.isoformat(),
            },
        )
        yield dg.MaterializeResult(
            asset_key=person_table_key("pairs"),
            metadata={
                "dagster/row_count": found.pair_count,
                "linked": found.linked_count,
                "for review": found.review_count,
                "as of": as_of.isoformat(),
            },
        )

    return link
