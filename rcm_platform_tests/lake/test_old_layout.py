"""A lake that has a folder for each day becomes one with a folder for each month."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rcm_platform.ingest import lake_access
from rcm_platform.lake import UNDATED, Lake, LakeError
from rcm_platform.lake.old_layout import migrate
from rcm_platform.settings import Settings
from rcm_platform_tests.support.clinic import (
    Killed,
    arrive,
    clinic_lake,
    files,
    killed_after,
    rows,
)

DAYS = [date(2025, 3, 1) + timedelta(days=20 * number) for number in range(4)]


def old_lake(root: Path) -> tuple[Lake, list[tuple[Any, ...]]]:
    """A lake as it was written before, and its rows."""
    lake = clinic_lake(root)
    for number, day in enumerate([*DAYS, DAYS[0], UNDATED]):
        arrive(lake, day, f"v{number}")
    arrive(lake, DAYS[1], "v9", ward=["east"])
    found = rows(lake)
    for table in ("visits", "bills"):
        of = root / "clinic" / table
        for file in [*of.glob("*/*.parquet")]:
            whole = pq.read_table(file)
            day = whole["_arrival_date"][0].as_py() if len(whole) else date(1, 1, 1)
            folder = of / f"_arrival_date={day.isoformat()}"
            folder.mkdir(exist_ok=True)
            pq.write_table(whole.drop_columns("_arrival_date"), folder / file.name)
            file.unlink()
        for folder in of.iterdir():
            if "=" not in folder.name:
                folder.rmdir()
    return Lake(root), found


def test_every_row_comes_along_with_its_day(tmp_path: Path) -> None:
    lake, before = old_lake(tmp_path)
    done = migrate(lake.root)
    assert (done.tables, done.files_before, done.files_after) == (2, 7, 3)
    assert rows(lake) == before
    assert [name.partition("/")[0] for name in files(lake)] == ["2025-03", "2025-04", "undated"]
    assert lake.declared("clinic", "bills").names[-1] == "_arrival_date"
    lake.check()
    assert lake.recover() == 0
    assert migrate(lake.root).tables == 0


def test_a_reader_is_told_the_command_and_loading_the_graph_is_not_stopped(tmp_path: Path) -> None:
    lake, _ = old_lake(tmp_path)
    for asked in (
        lambda: lake.scan("clinic", "visits"),
        lambda: lake.has("clinic", "visits"),
        lake.check,
    ):
        with pytest.raises(LakeError, match="`rcm compact`"):
            asked()
    assert lake.earliest_arrival_date() == DAYS[0]
    assert lake.latest_arrival_date() == DAYS[-1]


def test_the_next_writer_brings_it_into_the_present_layout(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, world=False)
    _, before = old_lake(settings.lake_dir)
    with lake_access.writing(settings) as lake:
        assert rows(lake) == before


def test_a_kill_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    old, before = old_lake(tmp_path / "old")
    for moment in range(200):
        lake = Lake(shutil.copytree(old.root, tmp_path / str(moment)))
        try:
            with killed_after(moment):
                migrate(lake.root)
        except Killed:
            try:
                assert rows(Lake(lake.root)) == before
            except LakeError as problem:
                assert "`rcm compact`" in str(problem)
            lake.recover()
            migrate(lake.root)
            assert rows(lake) == before
            assert not [*lake.root.glob("_staging/*")]
            lake.check()
        else:
            break
    assert moment > 20


@pytest.mark.parametrize("name", ["other.parquet", "notes.txt"])
def test_what_is_not_of_the_lake_is_named_and_stays(tmp_path: Path, name: str) -> None:
    lake, before = old_lake(tmp_path)
    foreign = lake.root / "clinic" / "visits" / f"_arrival_date={DAYS[0]}" / name
    pq.write_table(pa.table({"visit_id": ["v9"]}), foreign)
    with pytest.raises(LakeError, match=foreign.parent.name):
        migrate(lake.root)
    foreign.rename(tmp_path / name)
    migrate(lake.root)
    assert rows(lake) == before
