"""Group `published`: the KPIs as of earlier days, back-filled from the UI.

An asset that nothing else waits for, with a job of its own: a run of the whole graph is of one day,
and never makes the past again.
"""

from datetime import timedelta

import dagster as dg

from rcm_platform.assets.common import DATA_TEAM, WRITER_POOL
from rcm_platform.ingest import lake_access
from rcm_platform.settings import Settings
from rcm_platform.warehouse import kpi_snapshots as warehouse_kpi_snapshots

KEY = dg.AssetKey(["published", "kpi_snapshots"])
JOB = "kpi_snapshots"


def spec(settings: Settings) -> dg.AssetSpec:
    """The snapshots as an asset, a partition per day."""
    return dg.AssetSpec(
        KEY,
        deps=[["raw", "platform", "received_files"]],
        group_name="published",
        kinds={"parquet"},
        owners=DATA_TEAM,
        partitions_def=_days(settings),
        description=(
            "The KPIs of all months as they looked on an earlier day, one file per day.\n\n"
            f"Back-fill a day or a month from the partitions of the job `{JOB}`; "
            "`rcm snapshots KPI` prints how a figure grew. What is published is never moved back."
        ),
    )


def job(settings: Settings) -> dg.JobDefinition:
    """Makes the snapshot of a day; a back-fill in the UI starts one run per day."""

    @dg.op(pool=WRITER_POOL, out=dg.Out(dg.Nothing))
    def make_snapshot(context: dg.OpExecutionContext) -> None:
        lake = lake_access.open_lake(settings)
        day = context.partition_time_window.start.date()
        made = warehouse_kpi_snapshots.build(settings, day, lake.earliest_arrival_date())
        values = {kpi: float(value) for kpi, value in made.values.items() if value is not None}
        context.log_event(
            dg.AssetMaterialization(
                KEY,
                partition=context.partition_key,
                metadata={
                    "rows": made.rows,
                    "path": dg.MetadataValue.path(made.path),
                    **values,
                },
            )
        )

    @dg.job(
        name=JOB,
        partitions_def=_days(settings),
        executor_def=dg.in_process_executor,
        description="The KPIs as of an earlier day, made again; back-fill days or months.",
    )
    def kpi_snapshots() -> None:
        make_snapshot()

    return kpi_snapshots


def _days(settings: Settings) -> dg.DailyPartitionsDefinition:
    last = warehouse_kpi_snapshots.last_day(settings)
    return dg.DailyPartitionsDefinition(
        settings.snapshots_from.isoformat(),
        # the first day that is no partition
        end_date=(last + timedelta(days=1)).isoformat() if last else None,
        timezone=settings.timezone,
    )
