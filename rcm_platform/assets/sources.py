"""Group `sources`: the outside world. The user's systems are observed, never written."""

from collections.abc import Iterator

import dagster as dg

from rcm_platform.assets.common import (
    DATA_TEAM,
    RAW_FRESHNESS,
    WRITER_POOL,
    log_progress,
    run_day,
)
from rcm_platform.ingest import arrivals, feeds
from rcm_platform.settings import Settings, redact
from rcm_platform.sources.hospitals import hospitals

GROUP = "sources"

_DESCRIPTIONS = {
    **{
        name: f"The operational database of {hospital.title}: patients, visits, work, money, staff"
        + (", with a layout of its own." if hospital.columns else ".")
        for name, hospital in hospitals().items()
    },
    "clearinghouse": "X12 traffic with the payers: claims out (837), answers in (999, 277CA, 835).",
    "treasury": "What the bank received and what the ledger booked, as daily CSV files.",
    "operations": "Facilities, payers, costs, targets and contracts, as CSV files.",
    "claims_csv": "Claims as the hospitals' old billing systems export them, as monthly CSV files.",
    "synthea": "A Synthea export of your own: one file per table.",
    "x12_folder": "X12 files of your own: claims, acknowledgements and remittances.",
}
_KINDS = {
    **{name: {"duckdb"} for name in hospitals()},
    "clearinghouse": {"x12"},
    "treasury": {"csv"},
    "operations": {"csv"},
    "claims_csv": {"csv"},
    "synthea": {"csv"},
    "x12_folder": {"x12"},
}


def source_key(source: str) -> dg.AssetKey:
    """The asset of a source system."""
    return dg.AssetKey(["sources", source])


def _spec(settings: Settings, source: str, note: str, **more: object) -> dg.AssetSpec:
    return dg.AssetSpec(
        source_key(source),
        description=f"{_DESCRIPTIONS[source]}\n\n{note}",
        group_name=GROUP,
        kinds=_KINDS[source],
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
            "Observed, never written. Late when it could not be read, or when it has delivered "
            f"nothing for more than {arrivals.PATIENT_GAPS} times the longest silence of late.",
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
        with feeds.single_writer(settings, context.log.warning):
            summary = feeds.build_world(settings, run_day(context), log_progress(context))
        for source in played:
            yield dg.MaterializeResult(
                asset_key=source_key(source),
                metadata={
                    "through": feeds.world_through(settings).isoformat(),
                    "size": settings.world_size,
                    "seed": settings.world_seed,
                    "summary": str(summary),
                },
            )

    return [world, *external]
