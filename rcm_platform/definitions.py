"""The one place where assets, checks, jobs, schedules, sensors and resources meet."""

import json
import warnings

import dagster as dg
from dagster_shared.utils.warnings import BetaWarning, PreviewWarning

# forty lines per load about `freshness`, pools and code references
warnings.filterwarnings("ignore", category=BetaWarning)
warnings.filterwarnings("ignore", category=PreviewWarning)

from rcm_platform.assets import (  # noqa: E402
    dbt,
    exposures,
    persons,
    published,
    raw,
    scorecard,
    snapshots,
    sources,
)
from rcm_platform.assets.checks import arrivals, common  # noqa: E402
from rcm_platform.assets.common import Warehouse  # noqa: E402
from rcm_platform.automation import sensors  # noqa: E402
from rcm_platform.explain import guided_lineage  # noqa: E402
from rcm_platform.settings import Settings, get_settings  # noqa: E402
from rcm_platform.warehouse import project as dbt_project  # noqa: E402


def build_definitions(settings: Settings) -> dg.Definitions:
    """The whole graph under these settings."""
    manifest = json.loads(dbt_project.prepared_manifest(settings).read_text())
    assets = [
        *sources.build(settings),
        *raw.build(settings),
        persons.build(settings),
        dbt.build(settings, manifest),
        *published.build(settings, manifest, lambda: definitions.resolve_asset_graph()),
        scorecard.build(settings),
        *exposures.build(manifest),
        snapshots.spec(settings),
    ]
    told = dg.map_asset_specs(
        lambda spec: spec.merge_attributes(tags=guided_lineage.tags(spec.key.to_user_string())),
        assets,
    )
    definitions = dg.Definitions(
        assets=dg.with_source_code_references(told),
        asset_checks=[arrivals.build(settings), *common.build(settings)],
        jobs=[sensors.nightly_job, sensors.landing_job, snapshots.job(settings)],
        schedules=[sensors.nightly_schedule(settings)],
        sensors=[
            *sensors.alert_sensors(settings),
            sensors.landing_sensor(settings, lambda: definitions.resolve_asset_graph()),
        ],
        loggers={"progress": sensors.progress_logger},
        resources={
            "dbt": dbt.resource(settings),
            "warehouse": Warehouse(
                database=str(settings.warehouse_path),
                connection_config={"access_mode": "READ_ONLY"},
            ),
        },
        # DuckDB has one writer, and a process per step costs seconds of start-up each
        executor=dg.in_process_executor,
    )
    return definitions


defs = build_definitions(get_settings())
