"""The graph as a whole: what is in it, who owns it, when it runs."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster_dbt import DbtCliResource
from syrupy.assertion import SnapshotAssertion

from rcm_platform.assets import scorecard
from rcm_platform.assets.common import NIGHTLY_CHECK
from rcm_platform.automation.schedule import nightly_schedule
from rcm_platform.definitions import build_definitions
from rcm_platform.explain import guided_lineage
from rcm_platform.operate import daemon
from rcm_platform.operate.run_tags import AS_OF_TAG
from rcm_platform.settings import Settings
from rcm_platform.warehouse import project as dbt_project
from rcm_platform_tests.conftest import Built

GROUPS = {
    "sources",
    "raw",
    "staging",
    "intermediate",
    "marts_core",
    "marts_clinical",
    "marts_billing",
    "marts_finance",
    "marts_operations",
    "published",
    "leadership",
    "exposures",
}


@pytest.fixture(scope="module")
def with_world(built: Built) -> dg.Definitions:
    return build_definitions(built.settings)


@pytest.fixture(scope="module")
def own_sources(built: Built, tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return build_definitions(
        Settings(
            home=built.settings.home,
            world=False,
            hospital_a_url="mysql://reader:secret@db.example.org/hospital",
            synthea_dir=Path("synthea"),
            x12_dir=Path("x12"),
        )
    )


def late_after(spec: dg.AssetSpec) -> str | None:
    policy = spec.freshness_policy
    if policy is None:
        return None
    assert isinstance(policy, dg.FreshnessPolicy)
    return str(policy.warn_window.to_timedelta())


def test_every_asset_spec_is_as_reviewed(
    with_world: dg.Definitions, snapshot: SnapshotAssertion
) -> None:
    specs = {
        spec.key.to_user_string(): {
            "group": spec.group_name,
            "deps": sorted(dep.asset_key.to_user_string() for dep in spec.deps),
            "kinds": sorted(spec.kinds),
            "owners": list(spec.owners),
            "late_after": late_after(spec),
        }
        for spec in with_world.resolve_all_asset_specs()
    }
    assert dict(sorted(specs.items())) == snapshot


@pytest.mark.parametrize("name", guided_lineage.STORIES)
def test_each_step_of_a_story_leads_on_and_stands_in_the_group_that_its_link_opens(
    name: str, with_world: dg.Definitions
) -> None:
    story = guided_lineage.STORIES[name]
    specs = {spec.key.to_user_string(): spec for spec in with_world.resolve_all_asset_specs()}
    below = {dep.asset_key.to_user_string() for key in story.keys for dep in specs[key].deps}
    assert [key for key in story.keys[:-1] if key not in below] == []
    assert {key: specs[key].group_name for key in story.keys} == {
        key: group for group, keys in story.assets.items() for key in keys
    }


def test_what_uses_the_marts_is_shown_by_an_asset_that_is_there(with_world: dg.Definitions) -> None:
    graph = with_world.resolve_asset_graph()
    exposures = [key for key in graph.get_all_asset_keys() if key.path[0] == "exposures"]
    assert {key.path[1] for key in exposures} == {
        "scorecard", "number_pages", "claims_export", "operations_app",
    }  # fmt: skip
    for key in exposures:
        above = [graph.get(parent) for parent in graph.get(key).parent_keys]
        assert all(node.is_executable for node in above), key
        assert {"published", "leadership"} & {node.key.path[0] for node in above}, key


def test_every_asset_is_described_owned_and_in_a_known_group(with_world: dg.Definitions) -> None:
    for spec in with_world.resolve_all_asset_specs():
        name = spec.key.to_user_string()
        assert spec.group_name in GROUPS, name
        assert spec.owners, name
        assert spec.description, name
        # the catalog shows the first line; without a description dbt models would show their SQL
        assert not spec.description.lstrip().lower().startswith(("with", "select", "#", "--")), name


def test_every_check_is_described_and_has_a_short_name(
    with_world: dg.Definitions, own_sources: dg.Definitions
) -> None:
    for definitions in (with_world, own_sources):
        graph = definitions.resolve_asset_graph()
        for key in graph.asset_check_keys:
            assert graph.get_check_spec(key).description, key
            assert len(key.name) <= 40, key


def test_every_test_of_dbt_is_a_check_and_was_asked(
    built: Built, with_world: dg.Definitions
) -> None:
    manifest = json.loads(dbt_project.prepared_manifest(built.settings).read_text())
    tests = {name for name, node in manifest["nodes"].items() if node["resource_type"] == "test"}
    graph = with_world.resolve_asset_graph()
    specs = {key: graph.get_check_spec(key) for key in graph.asset_check_keys}
    of_dbt = {
        key: spec.metadata["dagster_dbt/unique_id"]
        for key, spec in specs.items()
        if "dagster_dbt/unique_id" in spec.metadata
    }
    assert sorted(of_dbt.values()) == sorted(tests)
    with dg.DagsterInstance.from_config(str(built.settings.dagster_home)) as instance:
        asked = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(specs))
    assert set(specs) - set(asked) == set()


def test_what_only_the_nightly_run_asks_says_so(with_world: dg.Definitions) -> None:
    graph = with_world.resolve_asset_graph()
    specs = [graph.get_check_spec(key) for key in graph.asset_check_keys]
    nightly = {spec.name for spec in specs if NIGHTLY_CHECK in spec.metadata}
    assert nightly == {s.name for s in specs if s.name.endswith("_true")} | {"kpis_trace_exactly"}
    assert {s.name for s in specs if "Asked each night" in (s.description or "")} == nightly


def test_raw_columns_say_what_staging_says_of_them(with_world: dg.Definitions) -> None:
    specs = {spec.key.to_user_string(): spec for spec in with_world.resolve_all_asset_specs()}
    columns = {
        column.name: column.description
        for column in specs["raw/hospital_b/patients"].metadata["dagster/column_schema"].columns
    }
    # another name in the source than in staging
    assert columns["f_name"] == "First name."
    assert columns["updated_date"].startswith("When the hospital last changed the record")


def test_a_mart_shows_rows_only_where_every_viewer_may_see_them(
    built: Built, with_world: dg.Definitions
) -> None:
    specs = [s for s in with_world.resolve_all_asset_specs() if s.key.path[0] == "marts"]
    for_leaders = {s.key for s in specs if "audience/leadership" in s.tags}
    shown = set()
    with dg.DagsterInstance.from_config(str(built.settings.dagster_home)) as instance:
        for spec in specs:
            event = instance.get_latest_materialization_event(spec.key)
            if event is None:  # not materialized by a run: an observed or exported table
                continue
            assert event.asset_materialization
            metadata = event.asset_materialization.metadata
            assert not {"unique_id", "invocation_id"} & set(metadata), spec.key
            rows = metadata["First rows"]
            if isinstance(rows, dg.TableMetadataValue):
                shown.add(spec.key)
                assert 0 < len(rows.records) <= 5
            else:
                assert rows.value == f"`rcm published show {spec.key.path[-1]}`"
    assert shown
    assert shown <= for_leaders


def test_one_picture_leads_from_the_sources_to_the_scorecard(with_world: dg.Definitions) -> None:
    graph = with_world.resolve_asset_graph()
    upstream = graph.get_ancestor_asset_keys(scorecard.KEY)
    sources = {key for key in graph.get_all_asset_keys() if key.path[0] == "sources"}
    assert sources <= upstream


def test_own_sources_are_observed_never_written(own_sources: dg.Definitions) -> None:
    graph = own_sources.resolve_asset_graph()
    sources = {key.path[1] for key in graph.get_all_asset_keys() if key.path[0] == "sources"}
    assert sources == {"hospital_a", "synthea", "x12_folder", "paper_remittances", "desk"}
    for source in sources:
        assert not graph.get(dg.AssetKey(["sources", source])).is_materializable


def test_no_password_is_shown(own_sources: dg.Definitions) -> None:
    for spec in own_sources.resolve_all_asset_specs():
        assert "secret" not in str(spec.metadata)


def test_without_a_world_there_is_no_truth(own_sources: dg.Definitions) -> None:
    names = {key.name for key in own_sources.resolve_asset_graph().asset_check_keys}
    assert not [name for name in names if name.endswith("_true")]


def test_links_of_the_scorecard_lead_to_assets(with_world: dg.Definitions) -> None:
    keys = with_world.resolve_asset_graph().get_all_asset_keys()
    for key in scorecard.LINKS.values():
        assert dg.AssetKey(key) in keys


def test_conservation_blocks_publishing_and_truth_does_not(with_world: dg.Definitions) -> None:
    graph = with_world.resolve_asset_graph()
    blocking = {key.name: graph.get_check_spec(key).blocking for key in graph.asset_check_keys}
    assert all(blocks for name, blocks in blocking.items() if name.endswith("_conserved"))
    assert not any(blocks for name, blocks in blocking.items() if name.endswith("_true"))


def test_of_each_check_that_blocks_the_decision_record_says_why(with_world: dg.Definitions) -> None:
    graph = with_world.resolve_asset_graph()
    blocking = {key.name for key in graph.asset_check_keys if graph.get_check_spec(key).blocking}
    of_dbt = {key.name for key in graph.asset_check_keys
              if "dagster_dbt/unique_id" in (graph.get_check_spec(key).metadata or {})}  # fmt: skip
    record = Path(__file__).parents[2] / "docs/decisions/0023-what-may-stop-publication.md"
    said = set(re.findall(r"`(\w+)`", record.read_text()))
    assert blocking - of_dbt <= said


@pytest.mark.parametrize(
    ("tick", "day"),
    [
        ("2026-01-01 02:00", "2025-12-31"),
        # the nights in which the clock is moved
        ("2026-03-08 03:00", "2026-03-07"),
        ("2026-11-01 01:30", "2026-10-31"),
    ],
)
def test_a_night_is_for_the_day_before_its_tick(tick: str, day: str) -> None:
    request = night_of(Settings(world=False), tick)
    assert request.run_key == day
    assert request.tags[AS_OF_TAG] == day


def test_a_night_of_the_synthetic_world_is_the_day_after_its_last_one(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, world_through=date(2025, 12, 31))
    # before there is a world, the night builds it
    assert night_of(settings, "2026-11-29 02:00").tags[AS_OF_TAG] == "2025-12-31"
    settings.world_dir.mkdir()
    for through, tick, day in (
        ("2025-12-31", "2026-11-29 02:00", "2026-01-01"),
        ("2026-01-01", "2026-11-30 02:00", "2026-01-02"),
        # a night whose run failed before the world grew is made up for, by a run of its own
        ("2026-01-01", "2026-12-01 02:00", "2026-01-02"),
    ):
        (settings.world_dir / "world.json").write_text(json.dumps({"through": through}))
        request = night_of(settings, tick)
        assert request.tags[AS_OF_TAG] == day
        assert request.run_key == str(date.fromisoformat(tick[:10]) - timedelta(days=1))


def night_of(settings: Settings, tick: str) -> dg.RunRequest:
    when = datetime.fromisoformat(tick).replace(tzinfo=ZoneInfo(settings.timezone))
    context = dg.build_schedule_context(scheduled_execution_time=when.astimezone(ZoneInfo("UTC")))
    request = nightly_schedule(settings)(context)
    assert isinstance(request, dg.RunRequest)
    return request


def test_schedule_and_sensors_run_by_default(with_world: dg.Definitions) -> None:
    schedule = with_world.resolve_schedule_def("nightly_schedule")
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    assert schedule.execution_timezone == "America/New_York"
    sensors = {s.name: s.default_status for s in with_world.sensors or []}
    assert set(sensors) >= {"landing_sensor", "alert_on_failure", "alert_on_held_files"}
    assert set(sensors.values()) == {dg.DefaultSensorStatus.RUNNING}


def test_the_lean_dbt_resource_replaces_names_that_exist() -> None:
    """They are private to dagster-dbt: an upgrade that renames them would bring the cost back."""
    assert {"_cli_version", "_initialize_dbt_core_adapter"} <= set(vars(DbtCliResource))


def test_the_daemon_replaces_a_name_that_exists() -> None:
    """It is private to Dagster, as those above."""
    assert daemon.controller.RELOAD_WORKSPACE_INTERVAL


def test_only_checks_read_the_truth() -> None:
    root = Path(__file__).parents[2]
    readers = {
        str(path.relative_to(root))
        for folder in ("rcm_platform", "rcm_dbt")
        for path in (root / folder).rglob("*")
        if path.suffix in {".py", ".sql", ".yml"}
        and "world" not in path.parts
        and "target" not in path.parts
        and '"truth"' in path.read_text()
    }
    # the report of a run and the command line show what checks found; the pipeline asks them too
    assert readers <= {
        "rcm_platform/assets/checks/truth.py",
        "rcm_platform/operate/pipeline.py",
        "rcm_platform/operate/run_report.py",
        "rcm_platform/cli/persons.py",
    }
