"""Group `sources`: the outside world. The user's systems are observed, never written."""

from collections.abc import Iterator

import dagster as dg

from rcm_platform.assets.common import DATA_TEAM, RAW_FRESHNESS, WRITER_POOL, log_progress, run_day
from rcm_platform.ingest import feeds, lake_access, received, synthetic
from rcm_platform.settings import DESK, Settings, redact
from rcm_platform.sources.hospitals import hospitals

GROUP = "sources"
_NOTE = (
    "Observed, never written. Late when it could not be read, or when it has delivered nothing for "
    f"more than {received.PATIENT_GAPS} times the longest silence of late."
)
_OWN_NOTE = "No run writes it. Late when it could not be read."


def source_key(source: str) -> dg.AssetKey:
    """The asset of a source system."""
    return dg.AssetKey(["sources", source])


def _spec(settings: Settings, source: str, note: str, **more: object) -> dg.AssetSpec:
    if of_files := feeds.FILE_SOURCES.get(source):
        description, kinds = of_files.description, {str(of_files.kind)}
    elif source == DESK:
        description = feeds.DESK_DESCRIPTION
        kinds = {"postgres" if settings.desk_url else "sqlite"}
    else:
        hospital = hospitals(settings)[source]
        own = ", with a layout of its own" if hospital.columns else ""
        description = (
            f"The operational database of {hospital.title}: patients, visits, work, money, "
            f"staff{own}."
        )
        kinds = {"duckdb"}
    return dg.AssetSpec(
        source_key(source),
        description=f"{description}\n\n{note}",
        group_name=GROUP,
        kinds=kinds,
        owners=DATA_TEAM,
        freshness_policy=RAW_FRESHNESS,
        metadata={"location": redact(feeds.locations(settings)[source])},
        **more,  # type: ignore[arg-type]
    )


def build(settings: Settings) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """The synthetic world as one materializable set, and one external asset per system of yours."""
    played = feeds.from_world(settings)
    external: list[dg.AssetsDefinition | dg.AssetSpec] = [
        _spec(
            settings,
            source,
            _OWN_NOTE if source in feeds.OWN else _NOTE,
        )
        for source in feeds.locations(settings)
        if source not in played
    ]
    if not played:
        return external

    @dg.multi_asset(
        name="world",
        specs=[
            _spec(settings, source, "Played by the synthetic world.", skippable=False)
            for source in played
        ],
        pool=WRITER_POOL,
    )
    def world(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        """Bring the synthetic outside world up to its last day."""
        with lake_access.single_writer(settings, context.log.warning):
            summary = synthetic.build_world(settings, run_day(context), log_progress(context))
        for source in played:
            yield dg.MaterializeResult(
                asset_key=source_key(source),
                metadata={
                    "through": synthetic.world_through(settings).isoformat(),
                    "size": settings.world_size,
                    "seed": settings.world_seed,
                    "summary": str(summary),
                },
            )

    return [world, *external]
