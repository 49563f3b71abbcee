"""The set-up that a project starts with: each stage an asset, one `@dbt_assets`, what Dagster does
by default, and none of our checks.

python -m rcm_platform.benchmarks.textbook    run it in RCM_HOME, report to last_run.json there
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    dbt_assets,
)

from rcm_platform.ingest import feeds, lake_access, load, synthetic
from rcm_platform.operate import pipeline
from rcm_platform.operate.run_report import stage_of
from rcm_platform.persons import store
from rcm_platform.publish import versions
from rcm_platform.publish.audiences import AUDIENCES
from rcm_platform.settings import get_settings
from rcm_platform.warehouse import project as dbt_project

settings = get_settings()
manifest_path = dbt_project.prepared_manifest(settings)
manifest = json.loads(manifest_path.read_text())


class Translator(DagsterDbtTranslator):
    """The stock translator; what dbt reads is there when the persons are."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey("persons")
        return super().get_asset_key(dbt_resource_props)


@dg.asset
def world() -> None:
    """The source systems."""
    synthetic.build_world(settings)


def raw(source: str) -> dg.AssetsDefinition:
    """A source, loaded into the lake."""

    @dg.asset(name=f"raw_{source}", deps=[world])
    def loaded() -> None:
        with lake_access.writing(settings) as lake:
            load.load_source(settings, lake, source)

    return loaded


sources = [raw(source) for source in feeds.locations(settings)]


@dg.asset(name="persons", deps=sources)
def linked() -> None:
    """Records of the same person."""
    lake = lake_access.open_lake(settings)
    store.link(settings, lake, pipeline.as_of_date(settings, lake))


@dbt_assets(
    manifest=manifest,
    name="warehouse",
    dagster_dbt_translator=Translator(
        DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True)
    ),
)
def warehouse(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """Every model and test."""
    as_of = pipeline.as_of_date(settings, lake_access.open_lake(settings))
    with dbt_project.dbt_environment(settings, as_of):
        yield from dbt.cli(dbt_project.BUILD, context=context).stream()


@dg.asset(deps=[warehouse])
def published() -> None:
    """What readers open."""
    as_of = pipeline.as_of_date(settings, lake_access.open_lake(settings))
    audiences = {audience: versions.relations_for(manifest, audience) for audience in AUDIENCES}
    versions.publish(settings.warehouse_path, settings.published_dir, audiences, as_of)


defs = dg.Definitions(
    assets=[world, *sources, linked, warehouse, published],
    jobs=[dg.define_asset_job("everything")],
    resources={
        "dbt": DbtCliResource(
            project_dir=str(settings.project_dir),
            dbt_executable=str(dbt_project.DBT_EXECUTABLE),
        )
    },
)


def everything() -> dg.JobDefinition:
    """The job, where the processes of its steps find it."""
    return defs.resolve_job_def("everything")


def main() -> None:
    """Run it by the executor that Dagster takes by default: a process for each step."""
    settings.dagster_home.mkdir(parents=True)
    stages: dict[str, float] = {}
    with (
        dg.DagsterInstance.local_temp(str(settings.dagster_home)) as instance,
        dg.execute_job(dg.reconstructable(everything), instance=instance) as result,
    ):
        if not result.success:
            raise SystemExit("The textbook set-up failed.")
        for event in result.all_events:
            if event.is_step_success and event.step_key:
                stage = stage_of(event.step_key)
                seconds = event.step_success_data.duration_ms / 1000
                stages[stage] = stages.get(stage, 0.0) + seconds
    (settings.data_dir / "last_run.json").write_text(json.dumps({"stages": stages}))


if __name__ == "__main__":
    # the processes of the steps import the job by this name
    from rcm_platform.benchmarks import textbook

    textbook.main()
