"""The one place where assets, checks, jobs, schedules, sensors and resources meet."""

import json

import dagster as dg

from rcm_platform.assets import (
    checks,
    dbt,
    dbt_resource,
    exposures,
    kpi_snapshots,
    persons,
    published,
    raw,
    scorecard,
    sources,
)
from rcm_platform.assets.common import Warehouse
from rcm_platform.automation import (
    alert_sensors,
    jobs,
    landing_sensor,
    schedule,
    source_check,
)
from rcm_platform.explain import guided_lineage
from rcm_platform.operate import progress
from rcm_platform.settings import Settings, get_settings
from rcm_platform.sources.hospitals import hospitals
from rcm_platform.warehouse import project as dbt_project


def build_definitions(settings: Settings) -> dg.Definitions:
    """The whole graph under these settings."""
    hospitals(settings)  # what is wrong with them is said before dbt has read the whole project
    manifest = json.loads(dbt_project.prepared_manifest(settings).read_text())
    assets = [
        *sources.build(settings),
        *raw.build(settings),
        persons.build(settings),
        dbt.build(settings, manifest),
        *published.build(settings, manifest, lambda: definitions.resolve_asset_graph()),
        scorecard.build(settings),
        *exposures.build(manifest),
        kpi_snapshots.spec(settings),
    ]
    told = dg.map_asset_specs(
        lambda spec: spec.merge_attributes(tags=guided_lineage.tags(spec.key.to_user_string())),
        assets,
    )
    definitions = dg.Definitions(
        assets=dg.with_source_code_references(told),
        asset_checks=checks.build(settings),
        jobs=[
            jobs.nightly_job,
            jobs.landing_job,
            kpi_snapshots.job(settings),
            source_check.job(settings),
        ],
        schedules=[schedule.nightly_schedule(settings)],
        sensors=[
            *alert_sensors.alert_sensors(settings),
            landing_sensor.landing_sensor(settings, lambda: definitions.resolve_asset_graph()),
        ],
        loggers={"progress": progress.progress_logger},
        resources={
            "dbt": dbt_resource.resource(settings),
            "warehouse": Warehouse(
                database=str(settings.warehouse_path),
                connection_config={"access_mode": "READ_ONLY"},
                memory_limit=settings.memory_limit,
            ),
        },
        # DuckDB has one writer, and a process per step costs seconds of start-up each
        executor=dg.in_process_executor,
    )
    return definitions


defs = build_definitions(get_settings())
