"""What a load held is seen: by a check, on its asset, in the list of runs, and the same everywhere;
and a source that is gone or has stopped is seen too."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest

from rcm_platform.assets import raw, sources
from rcm_platform.assets.checks import arrivals
from rcm_platform.ingest import lake_access, received
from rcm_platform.ingest import load as ingest_load
from rcm_platform.ingest.quarantine import decisions as quarantine_decisions
from rcm_platform.ingest.quarantine import items, last_load
from rcm_platform.operate.run_tags import HELD_TAG, NOT_READ_TAG
from rcm_platform.settings import Settings
from rcm_platform_tests.cli.test_quarantine_cli import REMIT
from rcm_platform_tests.conftest import LAST_DAY

QUARANTINE = raw.raw_key("platform", "quarantine")
RECEIVED = raw.raw_key("platform", "received_files")


def remit(number: int, date: str = "250310", paid: str = "140", usage: str = "P") -> str:
    return REMIT.format(number=number, usage=usage, paid=paid, date=date)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A folder of X12 files with a good remittance and one whose payment is not its claims."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "good.835").write_text(remit(1))
    (folder / "off.835").write_text(remit(2, paid="139"))
    return Settings(home=tmp_path / "home", world=False, x12_dir=folder)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


def put(settings: Settings, name: str, text: str) -> None:
    assert settings.x12_dir
    (settings.x12_dir / name).write_text(text)


def load(settings: Settings, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    """A run of everything that loads, and of the checks of what arrived."""
    definitions = dg.Definitions(
        assets=[*sources.build(settings), *raw.build(settings)],
        asset_checks=[arrivals.build(settings)],
    )
    job = definitions.resolve_implicit_global_asset_job_def()
    done = job.execute_in_process(instance=instance)
    assert done.success
    return done


def check(done: dg.ExecuteInProcessResult, name: str) -> dg.AssetCheckEvaluation:
    (found,) = [c for c in done.get_asset_check_evaluations() if c.check_name == name]
    return found


def table(done: dg.ExecuteInProcessResult, key: dg.AssetKey, name: str) -> list[dict[str, object]]:
    made = done.asset_materializations_for_node("raw_platform")
    (event,) = [m for m in made if m.asset_key == key]
    records = event.metadata[name]
    assert isinstance(records, dg.TableMetadataValue)
    return [dict(record.data) for record in records.records]


class TestNewlyHeld:
    def test_the_check_names_the_rule_the_file_and_the_next_step(
        self, settings: Settings, instance: dg.DagsterInstance
    ) -> None:
        done = load(settings, instance)
        found = check(done, arrivals.HELD_CHECK)
        assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
        assert not found.blocking
        assert found.metadata["items"].value == 1
        assert found.metadata["dollars"].value == 139.0
        said = str(found.metadata["problems"].value)
        (item,) = items.items(lake_access.open_lake(settings))
        assert "B3: The payment is not the sum of its claims" in said
        assert "off.835" in said
        assert f"rcm quarantine show {item.quarantine_id[:8]}" in said
        assert "DOE" not in json.dumps(said)

    def test_the_asset_has_a_table_of_the_newest_items_and_of_the_files(
        self, settings: Settings, instance: dg.DagsterInstance
    ) -> None:
        done = load(settings, instance)
        (row,) = table(done, QUARANTINE, "newest open items")
        assert row["file"] == "x12_folder: off.835"
        assert row["dollars"] == "$139.00"
        assert str(row["rule"]).startswith("B3: The payment is not")
        assert "rcm quarantine show" in str(row["what to do"])
        files = {str(r["file"]): r for r in table(done, RECEIVED, "newest files")}
        assert files["x12_folder: good.835"]["became"] == "loaded"
        assert files["x12_folder: off.835"]["of them held"]
        (total,) = table(done, RECEIVED, "by source")
        assert total["files"] == 2

    def test_the_list_of_runs_shows_it(
        self, settings: Settings, instance: dg.DagsterInstance
    ) -> None:
        load(settings, instance)
        (run,) = instance.get_runs()
        assert run.tags[HELD_TAG] == "$139.00 in off.835"

    def test_a_second_run_without_anything_new_says_the_same(
        self, settings: Settings, instance: dg.DagsterInstance
    ) -> None:
        answers = [check(load(settings, instance), arrivals.HELD_CHECK) for _ in range(2)]
        assert [a.passed for a in answers] == [False, False]
        assert answers[0].metadata == answers[1].metadata

    def test_what_a_load_before_held_is_not_new(
        self, settings: Settings, instance: dg.DagsterInstance
    ) -> None:
        load(settings, instance)
        put(settings, "good2.835", remit(3))
        assert check(load(settings, instance), arrivals.HELD_CHECK).passed
        assert items.items(lake_access.open_lake(settings), only_open=True)
        put(settings, "off2.835", remit(4, paid="138"))
        found = check(load(settings, instance), arrivals.HELD_CHECK)
        assert found.metadata["items"].value == 1
        assert "off2.835" in str(found.metadata["problems"].value)

    def test_a_decision_takes_an_item_off_and_makes_none_of_the_others_old(
        self, settings: Settings, instance: dg.DagsterInstance
    ) -> None:
        put(settings, "off2.835", remit(4, paid="138"))
        load(settings, instance)
        lake = lake_access.open_lake(settings)
        first, second = last_load.newly_held(settings, lake)
        quarantine_decisions.close(settings, LAST_DAY, first.quarantine_id, "sent again", "ann")
        load(settings, instance)
        assert last_load.newly_held(settings, lake) == [second]

    def test_a_feed_that_loaded_before_the_run_broke_off_is_told_by_the_next(
        self, settings: Settings, instance: dg.DagsterInstance
    ) -> None:
        with lake_access.writing(settings) as lake:
            ingest_load.load_source(settings, lake, "x12_folder")
        assert last_load.newly_held(settings, lake) == []
        assert not check(load(settings, instance), arrivals.HELD_CHECK).passed


def of_the_folder(settings: Settings, day: date) -> received.Delivery:
    """What the folder of X12 files had delivered by a day."""
    found = received.deliveries(settings, lake_access.open_lake(settings), day)
    return next(delivery for delivery in found if delivery.source == "x12_folder")


class TestSources:
    def test_a_source_that_was_read_is_fresh_and_one_that_is_gone_is_not(
        self, settings: Settings, instance: dg.DagsterInstance
    ) -> None:
        key = sources.source_key("x12_folder")
        load(settings, instance)
        read = instance.get_latest_materialization_event(key)
        assert read
        assert settings.x12_dir
        shutil.move(settings.x12_dir, settings.home / "elsewhere")
        done = load(settings, instance)
        (found,) = [
            c
            for c in done.get_asset_check_evaluations()
            if c.check_name == raw.SOURCE_CHECK and not c.passed
        ]
        assert "RCM_X12_DIR" in str(found.metadata["problems"].value)
        again = instance.get_latest_materialization_event(key)
        assert again
        assert again.timestamp == read.timestamp
        assert instance.get_runs(limit=1)[0].tags[NOT_READ_TAG] == "x12_folder"

    def test_a_source_that_has_stopped_is_told_and_no_longer_fresh(
        self, settings: Settings, instance: dg.DagsterInstance
    ) -> None:
        for day in range(1, 9):
            put(settings, f"day{day}.835", remit(10 + day, f"25030{day}"))
        load(settings, instance)
        last = date(2025, 3, 10)
        now = of_the_folder(settings, last)
        # a day apart, but for the two days before the first file
        assert (now.latest, now.usual_gap, now.is_current) == (last, 2, True)
        later = of_the_folder(settings, last + timedelta(days=5))
        assert not later.is_current
        assert "nothing for 5 days" in str(later)
        earlier = settings.model_copy(update={"as_of": last + timedelta(days=5)})
        before = instance.get_latest_materialization_event(sources.source_key("x12_folder"))
        found = check(load(earlier, instance), arrivals.CURRENT_CHECK)
        assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
        assert "x12_folder has delivered nothing" in str(found.metadata["problems"].value)
        after = instance.get_latest_materialization_event(sources.source_key("x12_folder"))
        assert before == after

    def test_of_a_source_that_delivered_once_nobody_can_say_that_it_stopped(
        self, settings: Settings, instance: dg.DagsterInstance
    ) -> None:
        load(settings, instance)
        found = of_the_folder(settings, date(2030, 1, 1))
        assert (found.usual_gap, found.is_current) == (None, True)
