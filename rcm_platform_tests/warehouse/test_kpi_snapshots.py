"""KPIs as of earlier days, made again from the same lake."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from rcm_platform.assets import kpi_snapshots as snapshot_asset
from rcm_platform.assets.kpi_snapshots import JOB, KEY
from rcm_platform.definitions import build_definitions
from rcm_platform.lake import Lake
from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform.sources.catalog import declare_all
from rcm_platform.sources.hospitals import hospitals
from rcm_platform.warehouse import kpi_snapshots
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support.handmade import land


def test_a_back_filled_day_is_what_a_run_of_that_day_says(built: Built) -> None:
    before = versions.current(built.settings.published_dir)
    with dg.DagsterInstance.ephemeral() as instance:
        definitions = build_definitions(built.settings)
        done = definitions.resolve_job_def(JOB).execute_in_process(
            partition_key=built.as_of.isoformat(), instance=instance
        )
        assert done.success
        assert instance.get_materialized_partitions(KEY) == {built.as_of.isoformat()}
    path = built.settings.snapshots_dir / f"as_of={built.as_of}" / "mart_kpi_monthly.parquet"
    kept = f"read_parquet('{path}', hive_partitioning = false)"
    with built.warehouse() as con:
        [(differences,)] = con.execute(
            f"""select count(*) from (
                (select * from {kept} except all select * from marts.mart_kpi_monthly)
                union all
                (select * from marts.mart_kpi_monthly except all select * from {kept})
            )"""
        ).fetchall()
    assert differences == 0
    assert versions.current(built.settings.published_dir) == before


def test_a_figure_is_followed_over_the_days_of_which_there_is_a_snapshot(tmp_path: object) -> None:
    settings = Settings(home=tmp_path)
    month = date(2025, 3, 1)
    with pytest.raises(kpi_snapshots.NoSnapshot, match="back-fill"):
        kpi_snapshots.history(settings, "charity_rate", month)
    for day, rows in (("2025-03-31", "0.1"), ("2025-04-30", "0.2")):
        folder = settings.snapshots_dir / f"as_of={day}"
        folder.mkdir(parents=True)
        duckdb.execute(
            f"copy (select 'charity_rate' as kpi, date '2025-03-01' as period_month, "
            f"'total' as aggregation_level, {rows} as kpi_value) "
            f"to '{folder / 'mart_kpi_monthly.parquet'}' (format parquet)"
        )
    found = kpi_snapshots.history(settings, "charity_rate", month)
    assert [(day.isoformat(), str(value)) for day, value in found] == [
        ("2025-03-31", "0.1"),
        ("2025-04-30", "0.2"),
    ]
    assert kpi_snapshots.history(settings, "bad_debt_rate", month)[0][1] is None


def partitions(settings: Settings) -> list[str]:
    spec = snapshot_asset.spec(settings)
    assert spec.partitions_def
    return list(spec.partitions_def.get_partition_keys())


def test_the_days_to_back_fill_end_where_the_data_end(tmp_path: Path) -> None:
    own = Settings(home=tmp_path, world=False, x12_dir=tmp_path, snapshots_from=date(2025, 1, 1))

    def arrive(day: date) -> None:
        land(Lake(own.lake_dir), "x12", "remit_claims", day, {})

    declare_all(Lake(own.lake_dir), hospitals(own).values())
    arrive(date(2024, 12, 1))
    assert partitions(own) == ["2025-01-01"]
    arrive(date(2025, 2, 28))
    assert partitions(own)[0] == "2025-01-01"
    assert partitions(own)[-1] == "2025-02-28"
    # a folder that a removed batch left is no data
    (own.lake_dir / "x12" / "remit_claims" / "2025-06").mkdir()
    assert partitions(own)[-1] == "2025-02-28"


def test_while_data_keep_arriving_the_days_follow_the_calendar(tmp_path: Path) -> None:
    own = Settings(home=tmp_path, world=False, x12_dir=tmp_path)
    day = date.today() - timedelta(days=3)
    lake = Lake(own.lake_dir)
    declare_all(lake, hospitals(own).values())
    land(lake, "x12", "remit_claims", day, {})
    assert partitions(own)[-1] > day.isoformat()


def test_of_a_world_that_is_not_built_the_days_end_where_it_will(tmp_path: Path) -> None:
    world = Settings(home=tmp_path, world_through=date(2025, 3, 31))
    assert partitions(world)[-1] == "2025-03-31"


def test_before_anything_arrived_there_is_nothing_to_make(tmp_path: object) -> None:
    first = date(2025, 3, 1)
    with pytest.raises(kpi_snapshots.NoSnapshot, match="the first data is of 2025-03-01"):
        kpi_snapshots.build(Settings(home=tmp_path), first - timedelta(days=1), first)
