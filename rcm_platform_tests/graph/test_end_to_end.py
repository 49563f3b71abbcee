"""The main job on a tiny world, from nothing to the published scorecard."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from rcm_platform.definitions import build_definitions
from rcm_platform.proof import conservation
from rcm_platform.proof import truth as proof_truth
from rcm_platform.settings import Settings
from rcm_platform.sources.hospitals import hospitals
from rcm_platform_tests.conftest import Built, RunCli


def test_a_run_says_what_came_in_and_that_it_is_proven(built: Built) -> None:
    assert built.exit_code == 0, built.output
    for said in ("Sources", "Proof", "Time", "Published", "make ui", "clearinghouse", "truth"):
        assert said in built.output
    assert "✗" not in built.output


def test_every_stage_has_its_time(built: Built) -> None:
    for stage in ("start-up", "world", "raw", "dbt", "checks", "publish", "scorecard", "total"):
        assert stage in built.output


def test_every_check_of_the_run_passed_but_what_was_held_is_told(built: Built) -> None:
    """Some of the planted faults are files that must be held: nobody may overlook them."""
    with dg.DagsterInstance.from_config(str(built.settings.dagster_home)) as instance:
        (run,) = instance.get_runs()
        assert run.status == dg.DagsterRunStatus.SUCCESS
        checks = [
            entry.dagster_event.asset_check_evaluation_data
            for entry in instance.all_logs(
                run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
            )
            if entry.dagster_event
        ]
    assert len(checks) > 50
    assert [c.check_name for c in checks if not c.passed] == ["nothing_newly_held"]
    assert "rcm quarantine show" in " ".join(built.output.split())  # lines are wrapped


def test_a_run_is_listed_with_its_job_and_ends_with_what_it_did(built: Built) -> None:
    with dg.DagsterInstance.from_config(str(built.settings.dagster_home)) as instance:
        (run,) = instance.get_runs()
        *_, last = instance.all_logs(run.run_id)
    # by these the timeline and the page of the job find it
    assert run.job_name == "nightly"
    assert run.remote_job_origin
    assert run.remote_job_origin.repository_origin.get_label() == (
        "__repository__@rcm_platform.definitions"
    )
    assert last.dagster_event
    assert last.dagster_event.message
    for said in ("Done", "files", "checks passed", "wait in quarantine", "readers see", "Next:"):
        assert said in last.dagster_event.message
    assert {"sources", "proof", "warnings"} <= set(last.dagster_event.engine_event_data.metadata)


def test_every_materialization_of_a_table_carries_its_row_count(built: Built) -> None:
    with dg.DagsterInstance.from_config(str(built.settings.dagster_home)) as instance:
        for key in (("raw", "hospital_a", "patients"), ("marts", "fct_claims")):
            event = instance.get_latest_materialization_event(dg.AssetKey(key))
            assert event
            assert event.asset_materialization
            assert event.asset_materialization.metadata["dagster/row_count"].value


def compared(
    built: Built, checks: Iterable[proof_truth.TruthCheck]
) -> list[proof_truth.TruthResult]:
    settings = built.settings
    truth = settings.world_dir / "truth" / "knowable"
    return list(proof_truth.compare_all(settings.warehouse_path, "2GB", truth, built.as_of, checks))


@pytest.fixture(scope="module")
def truths(built: Built) -> dict[str, proof_truth.TruthResult]:
    """Check → what it found; many begin with the same tables, which are made once."""
    return {result.name: result for result in compared(built, proof_truth.CHECKS)}


@pytest.mark.parametrize("check", [check.name for check in proof_truth.CHECKS])
def test_marts_equal_the_hidden_truth(
    truths: dict[str, proof_truth.TruthResult], check: str
) -> None:
    result = truths[check]
    assert result.passed, result
    assert result.truth_rows > 0


def test_money_and_work_are_equal_at_source_ledger_and_mart(built: Built) -> None:
    with built.warehouse() as con:
        proven = conservation.prove(con, built.lake, built.as_of, hospitals(built.settings))
    for lines in proven.values():
        for line in lines:
            assert line.passed, line
    assert proven["charges"][0].amount > 0
    assert proven["cash"][0].amount > 0
    assert proven["wrvu"][0].amount > 0


def test_an_encounter_can_have_two_claims(built: Built) -> None:
    """Otherwise the equality of work above would prove little."""
    with built.warehouse() as con:
        two = con.execute("select count(*) from marts.fct_encounters where claim_count = 2")
        assert two.fetchall()[0][0] > 0


@pytest.mark.parametrize(
    ("damage", "subject"),
    [
        (
            "update marts.fct_claims set charge_amount = charge_amount - 0.01 where rowid = 7",
            "charges",
        ),
        (
            "update marts.fct_ledger_entries set cash_amount = cash_amount + 0.01 where rowid = 7",
            "cash",
        ),
        ("insert into marts.fct_encounters select * from marts.fct_encounters limit 9", "wrvu"),
        ("delete from staging.stg_x12__remit_claims where rowid = 3", "rows"),
    ],
)
def test_a_cent_out_of_place_is_found(
    built: Built, tmp_path: Path, damage: str, subject: str
) -> None:
    copy = tmp_path / "rcm.duckdb"
    shutil.copy(built.settings.warehouse_path, copy)
    with duckdb.connect(str(copy)) as con:
        con.execute(damage)
        proven = conservation.prove(con, built.lake, built.as_of, hospitals(built.settings))
    assert not all(line.passed for line in proven[subject])


def test_a_changed_fact_is_not_the_truth(built: Built) -> None:
    check = replace(
        proof_truth.CHECKS[0],
        mart=proof_truth.CHECKS[0].mart + " and claim_id is not null limit 5",
    )
    [result] = compared(built, [check])
    assert not result.passed
    assert result.only_in_truth == result.truth_rows - 5


def test_a_broken_proof_stops_the_run_and_what_was_published_stands(
    built: Built, rcm: RunCli, cli: RunCli, copied: Settings
) -> None:
    home = copied.home
    received = home / "lake" / "platform" / "received_files"
    file = next(path for path in received.glob("*/*.parquet") if path.stem != "schema")
    with duckdb.connect() as con:
        con.execute(f"create table t as from read_parquet('{file}', hive_partitioning = false)")
        con.execute("update t set loaded_byte_count = loaded_byte_count - 1")
        file.unlink()  # it is that of the finished run too
        con.execute(f"copy t to '{file}'")
    done = rcm("run", home=home, world_size="tiny")
    assert done.returncode == 1
    assert "bytes_conserved" in done.stdout
    assert "Nothing was published" in done.stdout
    before = cli("published", "path", home=built.settings.home).stdout
    after = cli("published", "path", home=home).stdout
    assert Path(after.strip()).relative_to(home) == Path(before.strip()).relative_to(
        built.settings.home
    )


@pytest.mark.prove
def test_an_older_date_is_written_but_readers_keep_the_newer(
    rcm: RunCli, cli: RunCli, copied: Settings
) -> None:
    done = rcm("run", "--as-of", "2025-06-30", home=copied.home, world_size="tiny")
    assert done.returncode == 0, done.stdout + done.stderr
    listed = cli("published", "list", home=copied.home).stdout.splitlines()
    assert [line for line in listed if "2025-06-30" in line and "current" not in line]
    assert [line for line in listed if "2025-12-31" in line and "current" in line]


def test_running_again_changes_nothing(
    built: Built, copied: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that the nightly job makes, without the checks that are steps of their own."""
    monkeypatch.setenv("RCM_HOME", str(copied.home))
    definitions = build_definitions(copied)
    graph = definitions.resolve_asset_graph()
    made = {
        key
        for asset in graph.get_all_asset_keys()
        if graph.get(asset).is_executable
        for key in graph.get_execution_set_asset_and_check_keys(asset)
    }
    checks = {key for key in made if isinstance(key, dg.AssetCheckKey)}
    job = definitions.resolve_job_def("nightly")
    again = job.get_subset(asset_selection=made - checks, asset_check_selection=checks)
    with dg.DagsterInstance.ephemeral() as instance:
        assert again.execute_in_process(instance=instance).success
    with duckdb.connect() as con:
        con.execute(f"attach '{built.settings.warehouse_path}' as one (read_only)")
        con.execute(f"attach '{copied.warehouse_path}' as two (read_only)")
        marts = con.execute(
            "select table_name from duckdb_tables() "
            "where database_name = 'one' and schema_name = 'marts'"
        ).fetchall()
        assert marts
        for (mart,) in marts:
            for a, b in (("one", "two"), ("two", "one")):
                different = con.execute(
                    f"select count(*) from (from {a}.marts.{mart} except all from {b}.marts.{mart})"
                ).fetchall()
                assert different == [(0,)], mart
