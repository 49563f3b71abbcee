"""What a load held is seen: by a check, on its asset, in the list of runs, and the same everywhere;
and a source that is gone or has stopped is seen too."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import dagster as dg
import pytest

from rcm_platform.assets import raw, sources
from rcm_platform.assets.checks import arrivals
from rcm_platform.ingest import lake_access, received
from rcm_platform.ingest import load as ingest_load
from rcm_platform.ingest.quarantine import decisions as quarantine_decisions
from rcm_platform.ingest.quarantine import items, last_load, replay
from rcm_platform.operate import pipeline
from rcm_platform.operate.run_tags import HELD_TAG, NOT_READ_TAG
from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform_tests.cli.test_quarantine_cli import REMIT
from rcm_platform_tests.conftest import LAST_DAY, RunCli

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
        lake = lake_access.open_lake(settings)
        last = date(2025, 3, 10)
        (now,) = received.deliveries(settings, lake, last)
        # a day apart, but for the two days before the first file
        assert (now.latest, now.usual_gap, now.is_current) == (last, 2, True)
        (later,) = received.deliveries(settings, lake, last + timedelta(days=5))
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
        (found,) = received.deliveries(settings, lake_access.open_lake(settings), date(2030, 1, 1))
        assert (found.usual_gap, found.is_current) == (None, True)


def test_open_in_quarantine_is_the_same_wherever_it_is_said(
    settings: Settings, rcm: RunCli
) -> None:
    """After a piece was closed, one released, one corrected and one left alone."""
    put(settings, "test.835", remit(5, usage="T", paid="140"))
    put(settings, "closed.835", remit(6, paid="100"))
    put(settings, "open.835", remit(7, paid="99.5"))
    with lake_access.writing(settings) as lake:
        ingest_load.load_source(settings, lake, "x12_folder")
    held = {item.source_file: item.quarantine_id for item in items.items(lake)}
    as_of = pipeline.as_of_date(settings, lake_access.open_lake(settings))
    quarantine_decisions.close(settings, as_of, held["closed.835"], "sent again", "ann")
    replay.release(settings, as_of, held["test.835"], "known to us", "ann")
    put(settings, "corrected.835", remit(2, paid="140", date="250311"))

    done = rcm("run", home=settings.home, world="off", x12_dir=settings.x12_dir)
    assert done.returncode == 0, done.stdout + done.stderr

    lake = lake_access.open_lake(settings)
    decisions = {item.source_file: item.status for item in items.items(lake)}
    assert decisions == {
        "off.835": "corrected",
        "closed.835": "closed",
        "test.835": "released",
        "open.835": "open",
    }
    expected = Decimal("99.50")
    assert items.open_totals(lake) == [("x12_folder", "B3", 1, expected)]
    assert (
        "open: 1, $99.50"
        in rcm(
            "quarantine", "list", "--all", home=settings.home, world="off", x12_dir=settings.x12_dir
        ).stdout
    )
    report = json.loads((settings.data_dir / "last_run.json").read_text())
    assert [row[-2:] for row in report["sources"]] == [["1", "99.50"]]
    with versions.open_published(settings.published_dir, "operations") as con:
        for query in (
            "select cast(quarantined as decimal(18, 2)) from published_version",
            "select sum(open_amount) from mart_quarantine_daily where date_day = "
            "(select max(date_day) from mart_quarantine_daily)",
        ):
            assert con.execute(query).fetchall() == [(expected,)], query
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        event = instance.get_latest_materialization_event(QUARANTINE)
        assert event
        assert event.asset_materialization
        metadata = event.asset_materialization.metadata
    assert metadata["open items"].value == 1
    assert metadata["open dollars"].value == float(expected)
