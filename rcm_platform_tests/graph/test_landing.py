"""A file that arrives is loaded once, when it is at rest, and is in what readers see soon after."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from rcm_platform.assets.raw import PLATFORM, raw_key
from rcm_platform.automation import landing_sensor
from rcm_platform.automation.jobs import landing_request
from rcm_platform.benchmarks import landing as benchmark
from rcm_platform.definitions import build_definitions
from rcm_platform.ingest import arrivals, lake_access
from rcm_platform.operate import pipeline
from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform.warehouse import project as dbt_project
from rcm_platform.warehouse.parsed_project import ParsedProject
from rcm_platform_tests.conftest import Built


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Two folders of one's own, both loaded before, and a warehouse."""
    for name in ("x12", "treasury"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "old").write_text("old")
    found = Settings(
        home=tmp_path / "home",
        world=False,
        x12_dir=tmp_path / "x12",
        treasury_dir=tmp_path / "treasury",
    )
    found.warehouse_path.parent.mkdir(parents=True)
    found.warehouse_path.touch()
    for source in ("x12_folder", "treasury"):
        arrivals.note_loaded(found, source, arrivals.look_at(found, source))
    return found


def put(settings: Settings, name: str, text: str = "new") -> None:
    path = (settings.x12_dir or Path()).parent / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


class TestArrivals:
    def test_nothing_new_is_nothing_to_do(self, settings: Settings) -> None:
        found = arrivals.arrivals(settings, None)
        assert (found.touched, found.waiting) == ({}, [])

    def test_a_new_file_is_handed_out_once_it_rests(self, settings: Settings) -> None:
        put(settings, "x12/deep/new.835")
        first = arrivals.arrivals(settings, None)
        assert (first.touched, first.waiting) == ({}, ["x12_folder"])
        second = arrivals.arrivals(settings, first.cursor)
        assert (list(second.touched), second.waiting) == (["x12_folder"], [])
        third = arrivals.arrivals(settings, second.cursor)
        assert (third.touched, third.waiting) == ({}, [])

    def test_within_one_look_a_file_may_prove_that_it_rests(self, settings: Settings) -> None:
        put(settings, "x12/new.835")
        assert arrivals.arrivals(settings, None, rest_seconds=0.01).touched

    def test_a_file_that_changes_within_a_look_is_waited_for(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(settings, "x12/new.835")
        monkeypatch.setattr(
            arrivals.time, "sleep", lambda _: put(settings, "x12/new.835", "more of it")
        )
        assert arrivals.arrivals(settings, None, rest_seconds=3).waiting == ["x12_folder"]

    def test_a_file_that_grows_is_waited_for(self, settings: Settings) -> None:
        cursor = None
        for size in range(1, 12):
            put(settings, "x12/new.835", "n" * size)
            found = arrivals.arrivals(settings, cursor)
            assert (found.touched, found.waiting) == ({}, ["x12_folder"])
            cursor = found.cursor
        assert arrivals.arrivals(settings, cursor).touched

    def test_a_change_of_time_alone_is_a_change(self, settings: Settings) -> None:
        os.utime((settings.x12_dir or Path()) / "old", ns=(1, 1))
        assert arrivals.arrivals(settings, None).waiting == ["x12_folder"]

    def test_files_that_never_cease_are_loaded_all_the_same(self, settings: Settings) -> None:
        cursor, looks = None, 0
        while looks <= arrivals.PATIENCE:
            put(settings, f"x12/new{looks}.835")
            found = arrivals.arrivals(settings, cursor)
            cursor, looks = found.cursor, looks + 1
        assert found.touched

    def test_two_folders_make_one_run(self, settings: Settings) -> None:
        put(settings, "x12/new.835")
        put(settings, "treasury/bank_deposits_20250301.csv")
        found = arrivals.arrivals(settings, arrivals.arrivals(settings, None).cursor)
        assert list(found.touched) == ["x12_folder", "treasury"]

    def test_while_a_run_is_under_way_the_next_files_wait(self, settings: Settings) -> None:
        put(settings, "x12/new.835")
        first = arrivals.arrivals(settings, None)
        busy = arrivals.arrivals(settings, first.cursor, is_busy=lambda: True)
        assert (busy.touched, busy.waiting) == ({}, ["x12_folder"])
        assert arrivals.arrivals(settings, busy.cursor).touched

    def test_what_another_load_took_is_not_new(self, settings: Settings) -> None:
        put(settings, "x12/new.835")
        first = arrivals.arrivals(settings, None)
        arrivals.note_loaded(settings, "x12_folder", arrivals.look_at(settings, "x12_folder"))
        assert arrivals.arrivals(settings, first.cursor).touched == {}

    def test_what_arrives_during_a_load_is_new(self, settings: Settings) -> None:
        seen = arrivals.look_at(settings, "x12_folder")
        put(settings, "x12/late.835")
        arrivals.note_loaded(settings, "x12_folder", seen)
        assert arrivals.arrivals(settings, None).waiting == ["x12_folder"]

    def test_the_same_files_have_the_same_run_key(self, settings: Settings) -> None:
        put(settings, "x12/new.835")
        keys = {
            arrivals.arrivals(settings, arrivals.arrivals(settings, None).cursor).run_key
            for _ in range(2)
        }
        assert len(keys) == 1
        put(settings, "x12/newer.835")
        keys.add(arrivals.arrivals(settings, arrivals.arrivals(settings, None).cursor).run_key)
        assert len(keys) == 2

    def test_hidden_files_and_absent_folders_are_nothing(self, settings: Settings) -> None:
        put(settings, "x12/.part/new.835")
        shutil.rmtree(settings.treasury_dir or Path())
        assert arrivals.arrivals(settings, None).waiting == []


class TestSensor:
    @pytest.fixture(scope="class")
    def definitions(
        self, tmp_path_factory: pytest.TempPathFactory, parsed_project: ParsedProject
    ) -> dg.Definitions:
        home = tmp_path_factory.mktemp("definitions")
        (home / "x12").mkdir()
        settings = Settings(home=home, world=False, x12_dir=home / "x12")
        return build_definitions(settings)

    @pytest.fixture
    def own(
        self, definitions: dg.Definitions, tmp_path_factory: pytest.TempPathFactory
    ) -> Settings:
        """The settings of the definitions, with an empty folder that was loaded."""
        resource = definitions.resolve_sensor_def("landing_sensor")
        assert resource
        home = next(tmp_path_factory.getbasetemp().glob("definitions*"))
        found = Settings(home=home, world=False, x12_dir=home / "x12")
        for path in (home / "x12").iterdir():
            path.unlink()
        found.warehouse_path.parent.mkdir(parents=True, exist_ok=True)
        found.warehouse_path.touch()
        arrivals.note_loaded(found, "x12_folder", arrivals.look_at(found, "x12_folder"))
        return found

    @staticmethod
    def tick(definitions: dg.Definitions, cursor: str | None, instance: dg.DagsterInstance):  # type: ignore[no-untyped-def]
        sensor = definitions.resolve_sensor_def("landing_sensor")
        return sensor(dg.build_sensor_context(instance=instance, cursor=cursor))

    @pytest.fixture(autouse=True)
    def at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(landing_sensor, "REST_SECONDS", 0.01)

    @pytest.fixture
    def instance(self) -> Iterator[dg.DagsterInstance]:
        with dg.DagsterInstance.ephemeral() as found:
            yield found

    def test_a_new_file_makes_one_run_of_what_it_touches(
        self, definitions: dg.Definitions, own: Settings, instance: dg.DagsterInstance
    ) -> None:
        (own.x12_dir or Path()).joinpath("new.835").write_text("new")
        first = self.tick(definitions, None, instance)
        (request,) = first.run_requests
        assert request.run_key
        keys = set(request.asset_selection)
        assert raw_key("x12", "remit_claims") in keys
        assert dg.AssetKey(["marts", "mart_cash_reconciliation"]) in keys
        assert dg.AssetKey(["published", "operations"]) in keys
        # who uses the marts is downstream too, and nothing that runs
        graph = definitions.resolve_asset_graph()
        assert all(graph.get(key).is_materializable for key in keys)
        assert raw_key("hospital_a", "patients") not in keys
        assert dg.AssetKey(["staging", "stg_hospital__patients"]) not in keys
        second = self.tick(definitions, first.cursor, instance)
        assert not second.run_requests
        assert second.skip_reason.skip_message == "No file that no load has seen."

    def test_a_file_that_still_changes_is_waited_for(
        self,
        definitions: dg.Definitions,
        own: Settings,
        instance: dg.DagsterInstance,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        path = (own.x12_dir or Path()).joinpath("new.835")
        path.write_text("new")
        with monkeypatch.context() as growing:
            growing.setattr(arrivals.time, "sleep", lambda _: path.write_text("new and more"))
            first = self.tick(definitions, None, instance)
        assert not first.run_requests
        assert "no longer change" in first.skip_reason.skip_message
        assert len(self.tick(definitions, first.cursor, instance).run_requests) == 1

    def test_before_the_first_build_it_says_what_comes_first(
        self, definitions: dg.Definitions, own: Settings, instance: dg.DagsterInstance
    ) -> None:
        own.warehouse_path.unlink()
        assert "rcm run" in self.tick(definitions, None, instance).skip_message

    def test_it_waits_for_the_run_that_is_under_way(
        self, definitions: dg.Definitions, own: Settings, instance: dg.DagsterInstance
    ) -> None:
        (own.x12_dir or Path()).joinpath("new.835").write_text("new")
        instance.add_run(
            dg.DagsterRun(job_name="landing", status=dg.DagsterRunStatus.STARTED, run_id=None)
        )
        found = self.tick(definitions, None, instance)
        assert not found.run_requests
        assert "under way" in found.skip_reason.skip_message

    def test_it_looks_often_enough_for_a_run_within_fifteen_seconds(
        self, definitions: dg.Definitions
    ) -> None:
        sensor = definitions.resolve_sensor_def("landing_sensor")
        assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
        # the daemon asks every five seconds, and files must rest for `REST_SECONDS`
        assert sensor.minimum_interval_seconds < 10


def test_a_remittance_for_the_benchmark_is_a_good_835(built: Built) -> None:
    from rcm_platform.sources import x12

    name, data, facts = benchmark.new_remittance(built.settings, 50, built.as_of)
    reading = x12.parse(data, name)
    assert reading.quarantine == []
    assert len(reading.tables["remit_claims"]) == facts.claim_count == 50
    assert reading.tables["remit_payments"]["trace_number"].to_pylist() == [facts.trace_number]


@pytest.mark.parametrize("is_next_day", [False, True], ids=["same day", "first of a new day"])
def test_a_new_remittance_reaches_the_published_marts(
    built: Built, copied: Settings, is_next_day: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = copied
    monkeypatch.setenv("RCM_HOME", str(settings.home))
    day = date(2026, 1, 2) if is_next_day else built.as_of
    name, data, facts = benchmark.new_remittance(settings, 20, day)
    (settings.world_dir / "clearinghouse" / "835" / name).write_bytes(data)

    definitions = build_definitions(settings)
    graph = definitions.resolve_asset_graph()
    request = landing_request(settings, graph, ["clearinghouse"], "key")
    assert {raw_key("platform", table) for table in PLATFORM} <= set(request.asset_selection or ())
    job = definitions.resolve_job_def("landing").get_subset(
        asset_selection=set(request.asset_selection or ()),
        asset_check_selection=set(request.asset_check_keys or ()),
    )
    with dg.DagsterInstance.ephemeral() as instance:
        done = job.execute_in_process(instance=instance, raise_on_error=False)
    steps = {event.step_key for event in done.all_events if event.is_step_success}
    assert done.success, [e.step_key for e in done.all_events if e.is_step_failure]
    assert "raw_hospital_a" not in steps
    assert {"raw_x12", "warehouse", "conservation", "published"} <= steps
    with versions.open_published(settings.published_dir, "operations") as con:
        rows = con.execute(
            "select remitted_amount = posted_amount, remitted_amount > 0 "
            "from mart_cash_reconciliation where trace_number = ?",
            [facts.trace_number],
        ).fetchall()
    assert rows == [(True, True)]
    version = versions.current(settings.published_dir)
    assert version
    assert version.as_of == day.isoformat()
    assert arrivals.arrivals(settings, None).waiting == []
    lake = lake_access.open_lake(settings)
    assert pipeline.as_of_date(settings, lake) == day
    if not is_next_day:
        # of many tables only the claims that it pays were made again
        found = _contents(settings)
        with lake.reading_all():
            dbt_project.run_dbt(settings, day, *dbt_project.BUILD, whole=True)
        assert _contents(settings) == found


def _contents(settings: Settings) -> dict[str, tuple[int, int]]:
    """Model → number of its rows, and their hash, as they are noted when it is made."""
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        rows = con.execute("select model_id, row_count, row_hash from main.table_contents")
        return {model: (count, digest) for model, count, digest in rows.fetchall()}


def test_each_claim_of_the_benchmark_is_paid_six_tenths() -> None:
    template = (
        "ISA*00*          *00*          *ZZ*A              *ZZ*B              *250101*0600*^*00501"
        "*000000001*0*P*:~GS*HP*A*B*20250101*0600*1*X*005010X221A1~ST*835*0001~"
        "BPR*I*1*C*ACH*CCP*01*1*DA*1*1**01*1*DA*1*20250101~TRN*1*T*1~LX*1~SE*5*0001~GE*1*1~"
        "IEA*1*000000001~"
    )
    claims = [("C1", Decimal("100.00")), ("C2", Decimal("10.05"))]
    data = benchmark.remittance(
        template.encode(), claims, date(2025, 3, 4), 900000001, "T9"
    ).decode()
    assert "BPR*I*66.03*" in data
    assert "CLP*C2*1*10.05*6.03*" in data
    assert "*250304*0600*" in data
    assert "SE*15*0001" in data
