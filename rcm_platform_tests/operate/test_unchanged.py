"""A run that would do the same again is not run; whatever could change its result is noticed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from rcm_platform.ingest import feeds, lake_access
from rcm_platform.operate import unchanged
from rcm_platform.operate.run_report import RunReport
from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform.warehouse import build_state
from rcm_platform_tests.conftest import LAST_DAY, Built, RunCli


@pytest.fixture
def proven(copied: Settings) -> Settings:
    """A home whose last run was just noted, as a run of this home would have done."""
    report = RunReport(**json.loads((copied.data_dir / "last_run.json").read_text()))
    # the project stands elsewhere than the one that was built
    build_state.build_ended(copied, lake_access.open_lake(copied), LAST_DAY)
    unchanged.note(copied, report)
    assert unchanged.proven_report(copied)
    return copied


def test_the_second_run_does_nothing_and_says_what_stands(built: Built, rcm: RunCli) -> None:
    before = versions.current(built.settings.published_dir)
    assert before
    done = rcm("run", home=built.settings.home, world_size="tiny")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing new" in done.stdout and "still proven" in done.stdout
    assert before.version in done.stdout
    assert "rcm run --again" in done.stdout
    assert versions.current(built.settings.published_dir) == before


def test_figures_are_as_old_as_the_last_run_that_found_nothing_new(proven: Settings) -> None:
    version = versions.current(proven.published_dir)
    assert version
    confirmed = versions.proven_at(proven.published_dir, version)
    assert confirmed > version.published_at(proven.published_dir)


def _new_file(settings: Settings) -> None:
    some = next((settings.world_dir / "treasury").rglob("*.csv"))
    (some.parent / f"new_{some.name}").write_bytes(some.read_bytes())


def _new_rows(settings: Settings) -> None:
    with duckdb.connect(feeds.locations(settings)["hospital_a"]) as con:
        con.execute(
            "insert into patients select * replace (patientid || 'new' as patientid) "
            "from patients order by modifieddate desc limit 1"
        )


def _source_away(settings: Settings) -> None:
    shutil.move(settings.world_dir / "treasury", settings.world_dir / "elsewhere")


def _held_back(settings: Settings) -> None:
    versions.hold(settings.published_dir, "2026-01-01", ["a check"])


def _rolled_back(settings: Settings) -> None:
    pointer = settings.published_dir / versions.POINTER
    pointer.write_text(pointer.read_text().replace("00001", "00009"))


def _no_warehouse(settings: Settings) -> None:
    settings.warehouse_path.unlink()


@pytest.mark.parametrize(
    "change",
    [_new_file, _new_rows, _source_away, _held_back, _rolled_back, _no_warehouse],
    ids=lambda change: change.__name__.strip("_"),
)
def test_whatever_changes_the_result_is_noticed(
    proven: Settings, change: Callable[[Settings], None]
) -> None:
    change(proven)
    assert unchanged.proven_report(proven) is None


def test_another_date_settings_or_project_is_a_new_run(proven: Settings, tmp_path: Path) -> None:
    assert unchanged.proven_report(proven, LAST_DAY + timedelta(days=1)) is None
    other_sources = proven.model_copy(update={"x12_dir": tmp_path})
    assert unchanged.proven_report(other_sources) is None
    project = tmp_path / "project"
    shutil.copytree(proven.project_dir, project, ignore=shutil.ignore_patterns("target", "logs"))
    seed = project / "seeds" / "priority_rules.csv"
    seed.write_text(seed.read_text() + "\n")
    assert unchanged.proven_report(proven.model_copy(update={"dbt_project_dir": project})) is None
    assert unchanged.proven_report(proven)


def test_nothing_is_landed_by_looking(proven: Settings) -> None:
    before = lake_access.open_lake(proven).batch_ids()
    _new_file(proven)
    assert unchanged.proven_report(proven) is None
    assert lake_access.open_lake(proven).batch_ids() == before


def test_a_run_that_failed_or_came_before_others_proves_nothing(proven: Settings) -> None:
    report = unchanged.proven_report(proven)
    assert report
    note = proven.data_dir / "proven.json"
    note.unlink()
    unchanged.note(proven, replace(report, succeeded=False))
    unchanged.note(proven, replace(report, has_published=False))
    build_state.build_begins(proven)
    unchanged.note(proven, report)
    assert not note.exists()
