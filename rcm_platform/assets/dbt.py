"""Groups `staging`, `intermediate` and `marts_*`: the dbt project, built in one `dbt build`."""

import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import dagster as dg
from dagster._core.events import EngineEventData
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliInvocation,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)

from rcm_platform.assets import column_lineage
from rcm_platform.assets.common import MARTS_FRESHNESS, WRITER_POOL, loaded_lake, run_day
from rcm_platform.assets.dbt_resource import project
from rcm_platform.ingest import lake_access
from rcm_platform.lake import Lake
from rcm_platform.operate import pipeline
from rcm_platform.operate.run_tags import WHOLE_BUILD_TAG
from rcm_platform.operate.step_results import problems_metadata
from rcm_platform.publish import first_rows
from rcm_platform.settings import Settings
from rcm_platform.warehouse import assumptions, build_state, data_tests, engines, failed_tests
from rcm_platform.warehouse import project as dbt_project
from rcm_platform.warehouse import tables as warehouse_tables
from rcm_platform.warehouse.failed_tests import FailedTest
from rcm_platform.warehouse.tables import Tables

FIRST_ROWS = "First rows"


class Translator(DagsterDbtTranslator):
    """Keys are `schema/model`; group and owners stand in dbt_project.yml; marts must be fresh, say
    what their figures assume, and carry whom they are for as tags."""

    def __init__(self, project_dir: Path, settings: DagsterDbtTranslatorSettings) -> None:
        super().__init__(settings)
        self._project_dir = project_dir

    @cached_property
    def _assumptions(self) -> list[assumptions.Assumption]:
        return assumptions.read(self._project_dir)

    @cached_property
    def _specs(self) -> dict[str, dg.AssetSpec]:
        return {}

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """The spec of a node; dagster-dbt asks for it again for each test on it."""
        if unique_id not in self._specs:
            self._specs[unique_id] = self._spec(manifest, unique_id, project)
        return self._specs[unique_id]

    def _spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        props = self.get_resource_props(manifest, unique_id)
        # the stock description goes on with the whole SQL, which the code reference links to
        spec = (
            super()
            .get_asset_spec(manifest, unique_id, project)
            .replace_attributes(
                description=props["description"]
                + assumptions.described(self._assumptions, props["name"])
            )
        )
        if props["resource_type"] != "model" or props["fqn"][1] != "marts":
            return spec
        audiences = props["config"]["meta"].get("audience", [])
        return spec.replace_attributes(freshness_policy=MARTS_FRESHNESS).merge_attributes(
            tags={"persona": props["fqn"][2], **{f"audience/{name}": "" for name in audiences}}
        )


def build(settings: Settings, manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """Every seed, model and test of the dbt project, as one step."""
    translator = Translator(
        settings.project_dir, DagsterDbtTranslatorSettings(enable_code_references=True)
    )

    @dbt_assets(
        manifest=data_tests.with_names(manifest),
        project=project(settings),
        dagster_dbt_translator=translator,
        name="warehouse",
        pool=WRITER_POOL,
    )
    def warehouse(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        with lake_access.single_writer(settings, context.log.warning):
            lake = loaded_lake(settings)
            as_of = pipeline.as_of_date(settings, lake, run_day(context))
            context.log.info(f"dbt build as of {as_of}")
            chosen = {models[key] for key in context.selected_asset_keys}
            made = context.job_def.asset_layer.selected_asset_keys
            loaded = {key.path[1] for key in made if key.path[0] == "raw"}
            try:
                with (
                    pipeline.building(
                        settings, lake, as_of, manifest, chosen, loaded, context.log.info
                    ),
                    dbt_project.dbt_environment(
                        settings,
                        as_of,
                        whole=WHOLE_BUILD_TAG in context.run.tags,
                        say=context.log.info,
                    ),
                ):
                    invocation = dbt.cli(
                        dbt_project.build_command(settings),
                        context=context,
                        target_path=dbt_project.run_target(settings),
                    )
                    yield from _with_metadata(settings, lake, as_of, context, invocation)
            except (build_state.NotBuilt, engines.EngineUnavailable) as problem:
                raise dg.Failure(str(problem), allow_retries=False) from None

    models = {
        spec.key: str(spec.metadata["dagster_dbt/unique_id"]).rpartition(".")[2]
        for spec in warehouse.specs
    }
    return warehouse


def _with_metadata(
    settings: Settings, lake: Lake, as_of: date, context: dg.AssetExecutionContext,
    invocation: DbtCliInvocation,
) -> Iterator[Any]:  # fmt: skip
    """Stream dbt: results of tests as they come, so that they are stored while dbt runs; tables at
    the end, with row counts and columns from one read-only connection, and with column lineage.

    The stock `fetch_row_counts` busy-waits while dbt runs and leaves the file locked.
    """
    built: list[dg.Output[Any]] = []
    failing: list[dg.AssetCheckResult] = []
    failure: Exception | None = None
    try:
        for event in _with_layers(context, _read_ahead(invocation)):
            if isinstance(event, dg.Output):
                built.append(event)
            elif isinstance(event, dg.AssetCheckResult) and not event.passed:
                failing.append(event)  # its rows can be read when dbt has left the file
            elif isinstance(event, dg.AssetCheckResult):
                yield event._replace(metadata=_without_ids(event.metadata))
            else:
                yield event
    except Exception as problem:
        # what did run is recorded before the failure is raised
        failure = problem
        invocation.process.wait()
    manifest = invocation.manifest
    warehouse_tables.gather(settings, as_of, is_whole=failure is None)
    tables = warehouse_tables.read(settings)
    columns = {} if failure else warehouse_tables.write_lineage(settings, lake, tables)
    models = [str(output.metadata["unique_id"].value) for output in built]
    shown = {} if failure else first_rows.read(settings, manifest, columns, models)
    for output, model in zip(built, models, strict=True):
        yield output.with_metadata(
            {
                **_rows_metadata(manifest, shown, model),
                **_without_ids(output.metadata),
                "as of": as_of.isoformat(),
                **_table_metadata(tables, manifest, model),
                **column_lineage.metadata(manifest, columns, model),
            }
        )
    failed = failed_tests.read(settings) if failing else []
    yield from _with_rows(failing, failed)
    if failure and (count := sum(test.stops for test in failed)):
        raise dg.Failure(
            f"{count} of the checks that may stop publication failed: each says what it found.",
            allow_retries=False,
        ) from None
    if failure:
        raise failure


def _with_rows(
    failing: list[dg.AssetCheckResult], failed: list[FailedTest]
) -> Iterator[dg.AssetCheckResult]:
    """Failed checks, with the rows that they are about."""
    known = {test.test: test for test in failed}
    for result in failing:
        test = str((result.metadata or {})["unique_id"].value)
        metadata = _without_ids(result.metadata)
        if found := known.get(test):
            metadata |= {"dagster_dbt/failed_row_count": found.row_count}
            metadata |= problems_metadata([found.sentence])
        yield result._replace(metadata=metadata)


def _without_ids(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """What dagster-dbt tells, without its own ids of the table and of the run of dbt."""
    return {k: v for k, v in (metadata or {}).items() if k not in ("unique_id", "invocation_id")}


def _rows_metadata(
    manifest: Mapping[str, Any], shown: Mapping[str, list[dict[str, str]]], model: str
) -> dict[str, Any]:
    """The first rows of a mart, or where they are shown to those who may see them."""
    node = manifest["nodes"][model]
    if node["schema"] != "marts":
        return {}
    if rows := shown.get(model):
        return {FIRST_ROWS: dg.MetadataValue.table([dg.TableRecord(row) for row in rows])}
    return {FIRST_ROWS: dg.MetadataValue.md(f"`rcm published show {node['alias']}`")}


def _with_layers(context: dg.AssetExecutionContext, events: Iterator[Any]) -> Iterator[Any]:
    """Mark in the timeline of the run from when to when each layer was built."""
    waiting = Counter(key.path[0] for key in context.selected_asset_keys)
    begun = set[str]()

    def mark(text: str, marker: EngineEventData) -> None:
        step = context.get_step_execution_context().step.key
        context.instance.report_engine_event(text, context.run, marker, step_key=step)

    for event in events:
        if isinstance(event, dg.Output):
            layer = context.asset_key_for_output(event.output_name).path[0]
            if layer not in begun:
                begun.add(layer)
                mark(f"{layer} begins", EngineEventData(marker_start=layer))
            waiting[layer] -= 1
            if not waiting[layer]:
                mark(f"{layer} is built", EngineEventData(marker_end=layer))
        yield event


def _read_ahead(invocation: DbtCliInvocation) -> Iterator[Any]:
    """What dbt reports, read in another thread as fast as it comes.

    Dagster takes longer to store the result of a test than DuckDB takes for the test: read in
    step, dbt would wait with its pipe full. Whoever stops reading stops dbt too.
    """
    end = object()
    waiting: SimpleQueue[Any] = SimpleQueue()

    def read() -> None:
        try:
            for event in invocation.stream():
                waiting.put(event)
        finally:
            waiting.put(end)

    with ThreadPoolExecutor(1, "dbt_output") as reader:
        reading = reader.submit(read)
        try:
            while (event := waiting.get()) is not end:
                yield event
            reading.result()
        except BaseException:
            _stop(invocation)
            raise


def _stop(invocation: DbtCliInvocation) -> None:
    """End dbt, if it still runs: it cancels its queries, or is killed when it does not."""
    invocation.process.send_signal(signal.SIGINT)
    try:
        invocation.process.wait(invocation.termination_timeout_seconds)
    except subprocess.TimeoutExpired:
        invocation.process.kill()


def _table_metadata(tables: Tables, manifest: Mapping[str, Any], unique_id: str) -> dict[str, Any]:
    node = manifest["nodes"][unique_id]
    if (table := tables.get((node["schema"], node["alias"]))) is None:
        return {}
    count, columns = table
    described = node["columns"]
    return {
        **({} if count is None else {"dagster/row_count": count}),
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn(name, kind, described.get(name, {}).get("description"))
                for name, kind in columns
            ]
        ),
    }
