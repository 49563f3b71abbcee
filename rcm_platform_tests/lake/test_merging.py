"""The small files of a month become one, and nothing else changes."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rcm_platform.ingest import lake_access
from rcm_platform.lake import UNDATED, Lake, LakeError
from rcm_platform.lake.merging import MANY_FILES, compact
from rcm_platform.operate import pipeline
from rcm_platform.operate.backup import backup, restore
from rcm_platform.settings import Settings
from rcm_platform_tests.support.clinic import (
    APRIL,
    MARCH,
    Killed,
    arrive,
    clinic_lake,
    files,
    killed_after,
    merged,
    no_file_above,
    rows,
    three_nights,
)

MAY = date(2025, 5, 1)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Three nights of March, one of April."""
    lake = clinic_lake(tmp_path / "lake")
    three_nights(lake)
    return lake


def test_a_month_that_is_over_becomes_one_file(lake: Lake) -> None:
    before, described = rows(lake), lake.query(f"describe from {lake.scan('clinic', 'visits')}")
    ids = lake.batch_ids()
    done = compact(lake.root)
    assert (done.tables, done.files_before, done.files_after) == (1, 3, 1)
    assert [name.partition("/")[0] for name in files(lake)] == ["2025-03", "2025-04"]
    assert len(merged(files(lake))) == 1
    assert rows(lake) == before
    assert lake.query(f"describe from {lake.scan('clinic', 'visits')}") == described
    assert lake.batch_ids() == ids
    assert (lake.earliest_arrival_date(), lake.latest_arrival_date()) == (MARCH, APRIL)
    assert lake.recover() == 0
    lake.check()


def test_what_is_merged_is_left_alone(lake: Lake) -> None:
    compact(lake.root)
    before = {path: path.stat().st_mtime_ns for path in lake.root.rglob("*") if path.is_file()}
    assert compact(lake.root).tables == 0
    after = {path: path.stat().st_mtime_ns for path in lake.root.rglob("*") if path.is_file()}
    assert after == before


def test_what_arrives_late_joins_its_month(lake: Lake) -> None:
    compact(lake.root)
    arrive(lake, MARCH, "late")
    assert len(files(lake)) == 3
    compact(lake.root)
    assert len(files(lake)) == 2
    assert {row[-1] for row in rows(lake)} == {"late", "v0", "v1", "v2", "v3"}


def test_a_month_of_which_another_table_is_ahead_is_over(lake: Lake) -> None:
    arrive(lake, APRIL, "v4")
    arrive(lake, MAY, "b1", table="bills")
    compact(lake.root)
    assert [name.partition("/")[0] for name in files(lake)] == ["2025-03", "2025-04"]


@pytest.mark.parametrize("day", [MAY, UNDATED])
def test_a_folder_that_still_fills_is_merged_when_it_has_many(lake: Lake, day: date) -> None:
    for number in range(MANY_FILES):
        arrive(lake, day, f"w{number}")
    compact(lake.root)
    assert len(files(lake)) == MANY_FILES + 2
    arrive(lake, day, "w8")
    compact(lake.root)
    assert len(files(lake)) == 3
    assert len(rows(lake)) == MANY_FILES + 5


def test_files_grow_with_months_and_not_with_nights(tmp_path: Path) -> None:
    lake = clinic_lake(tmp_path)
    nights = [MARCH + timedelta(days=night) for night in range(100)]
    for night in nights:
        arrive(lake, night, str(night))
        compact(lake.root)
        assert len(files(lake)) <= night.month - MARCH.month + MANY_FILES
    assert len(rows(lake)) == len(nights)


def test_rows_are_in_the_order_of_their_batches(tmp_path: Path) -> None:
    lake = clinic_lake(tmp_path)
    named = [f"n{number}" for number in range(6)]
    for name in named:
        arrive(lake, MARCH, name)
    arrive(lake, APRIL, "later")
    compact(lake.root)
    (file,) = merged(files(lake))
    found = pq.read_table(lake.root / "clinic" / "visits" / file, columns=["visit_id"])
    assert found["visit_id"].to_pylist() == named


def test_a_column_that_some_files_have_stays(lake: Lake) -> None:
    arrive(lake, MARCH, "v7", ward=["east"])
    compact(lake.root)
    found = lake.query(f"select visit_id, ward from {lake.scan('clinic', 'visits')} order by 1")
    assert found == [("v0", None), ("v1", None), ("v2", None), ("v3", None), ("v7", "east")]


def test_each_file_says_of_which_days_it_is(tmp_path: Path) -> None:
    lake = clinic_lake(tmp_path)
    for night in range(3):
        arrive(lake, MARCH + timedelta(days=night), f"v{night}")
    arrive(lake, APRIL, "v3")
    compact(lake.root)
    for name in files(lake):
        footer = pq.read_metadata(lake.root / "clinic" / "visits" / name)
        column = footer.schema.names.index("_arrival_date")
        assert footer.row_group(0).column(column).statistics.has_min_max


def test_a_kill_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    first = clinic_lake(tmp_path / "first")
    three_nights(first)
    before = rows(first)
    for moment in range(200):
        lake = Lake(shutil.copytree(first.root, tmp_path / str(moment)))
        try:
            with killed_after(moment):
                compact(lake.root)
        except Killed:
            assert rows(Lake(lake.root)) == before
            lake.recover()
            assert rows(lake) == before
            compact(lake.root)
            assert rows(lake) == before
            assert len(files(lake)) == 2
            assert not [*lake.root.glob("_staging/*")]
        else:
            break
    assert moment > 5


@pytest.mark.parametrize("limit", [0, 300])
def test_without_room_everything_is_as_it_was(lake: Lake, limit: int) -> None:
    before, names = rows(lake), files(lake)
    with no_file_above(limit), pytest.raises(LakeError, match=r"visits/2025-03 .* free space"):
        compact(lake.root)
    assert (rows(lake), files(lake)) == (before, names)
    assert not [*lake.root.glob("_staging/*")]
    compact(lake.root)
    assert (rows(lake), len(files(lake))) == (before, 2)


def test_a_damaged_file_is_named_and_not_merged(lake: Lake) -> None:
    name = files(lake)[0]
    file = lake.root / "clinic" / "visits" / name
    file.write_bytes(file.read_bytes()[:-9])
    names = files(lake)
    with pytest.raises(LakeError, match=f"{file.name}.*from a backup"):
        compact(lake.root)
    assert files(lake) == names


def test_a_backup_while_a_merge_is_half_done_holds_every_row_once(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    lake = clinic_lake(settings.lake_dir)
    three_nights(lake)
    before = rows(lake)
    # the record is written, and not all of the files have changed their places
    moment = next(n for n in range(100) if half_done(settings.lake_dir, n))
    assert moment
    backup(settings, tmp_path / "saved")
    restored = Settings(home=tmp_path / "restored")
    restore(restored, tmp_path / "saved")
    assert rows(Lake(restored.lake_dir)) == before
    assert len(files(Lake(restored.lake_dir))) == 2


def half_done(root: Path, moment: int) -> bool:
    try:
        with killed_after(moment):
            compact(root)
    except Killed:
        pass
    return bool([*root.glob("_staging/*/record.json")])


def test_a_load_ends_with_merged_files(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, world=False)
    three_nights(clinic_lake(settings.lake_dir))
    with lake_access.writing(settings) as lake:
        pipeline.end_load(settings, lake)
        assert len(files(lake)) == 2
