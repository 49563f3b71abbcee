"""Every planted fault is found by its rule, and its rule finds nothing else."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import duckdb
import pytest

from rcm_platform.proof import planted_faults
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import Built, RunCli

PLANTED = Path(planted_faults.__file__).parents[1] / "world" / "parameters" / "faults.csv"
#: Rare faults often enough that each shows in a small world, alone and on top of others.
RATES = {
    "repeated_claim": 8000,
    "reversal_without_correction": 8000,
    "unbalanced_claim": 8000,
    "unbalanced_payment": 10000,
    "remit_before_submission": 3000,
    "other_payer_paid": 3000,
    "stranger_remit": 3000,
    "stranger_ack": 3000,
    "secondary_before_primary": 60000,
    "bad_npi": 3000,
    "deactivated_reason": 25000,
    "reason_without_remark": 25000,
    "whole_charge_contractual": 25000,
    "patient_contractual": 3000,
    "credit_balance": 400000,
    "missing_999": 20000,
    "month_end_restatement": 60000,
    "new_column": 150000,
    "renamed_column": 150000,
}


def _results(built: Built) -> dict[str, planted_faults.RuleResult]:
    with built.warehouse() as con:
        found = planted_faults.compare(con, built.settings.world_dir / "truth")
    return {rule.rule_id: rule for rule in found}


def test_every_planted_fault_is_found_and_nothing_else(built: Built) -> None:
    with built.warehouse() as con:
        different = planted_faults.differences(con, built.settings.world_dir / "truth")
    assert different == []
    rules = _results(built)
    assert all(rule.passed for rule in rules.values())
    assert {"D1", "D3", "H1", "K5", "M6", "M13", "V5", "X1"} <= {
        rule_id for rule_id, rule in rules.items() if rule.planted
    }


def test_every_rule_that_a_fault_names_is_in_the_rule_table(built: Built) -> None:
    with PLANTED.open(newline="") as file:
        named = {(row["detector"], row["action"]) for row in csv.DictReader(file)}
    with built.warehouse() as con:
        known = set(con.execute("select rule_id, action from seeds.rules").fetchall())
    assert named <= known


def test_the_exceptions_of_the_world_are_those_of_its_faults(built: Built) -> None:
    """Rules without planted faults find little: what the world does is mostly right."""
    with built.warehouse() as con:
        others = planted_faults.others(con, built.settings.world_dir / "truth")
    # C12: a claim that is denied, sent again and denied again is denied for more than its charge
    usual = {"R3", "V4", "V6", "C12"}
    assert [rule.rule_id for rule in others if rule.rule_id not in usual] == []


@pytest.mark.parametrize(
    ("damage", "rule_id", "recall", "precision"),
    [
        (
            "delete from marts.mart_data_exceptions where rule_id = 'K5' and finding_key = "
            "(select min(finding_key) from marts.mart_data_exceptions where rule_id = 'K5')",
            "K5",
            False,
            True,
        ),
        (
            "update marts.mart_data_exceptions set record_id = 'CLM9' where rule_id = 'K5' and "
            "finding_key = "
            "(select min(finding_key) from marts.mart_data_exceptions where rule_id = 'K5')",
            "K5",
            False,
            False,
        ),
        (
            "insert into marts.mart_data_exceptions "
            "select * from marts.mart_data_exceptions where rule_id = 'D3' limit 1",
            "D3",
            True,
            False,
        ),
    ],
    ids=["a finding less", "another finding", "a finding twice"],
)
def test_what_is_missed_or_made_up_is_told(
    built: Built, tmp_path: Path, damage: str, rule_id: str, recall: bool, precision: bool
) -> None:
    copy = tmp_path / "rcm.duckdb"
    shutil.copy(built.settings.warehouse_path, copy)
    truth = built.settings.world_dir / "truth"
    with duckdb.connect(str(copy)) as con:
        con.execute(damage)
        rules = {rule.rule_id: rule for rule in planted_faults.compare(con, truth)}
        different = planted_faults.differences(con, truth)
    assert (rules[rule_id].recall == 1, rules[rule_id].precision == 1) == (recall, precision)
    assert all(rule.passed for name, rule in rules.items() if name != rule_id)
    assert {difference.record.split(" ")[0] for difference in different} == {rule_id}


@pytest.mark.prove
def test_every_kind_of_fault_is_found_in_a_small_world(rcm: RunCli, tmp_path: Path) -> None:
    rates = ",".join(f"{name}={rate}" for name, rate in RATES.items())
    done = rcm("run", home=tmp_path, world_size="small", world_faults=rates)
    assert done.returncode == 0, done.stdout + done.stderr
    built = Built(Settings(home=tmp_path, world_size="small"), 0, done.stdout)
    rules = _results(built)
    with built.warehouse() as con:
        assert planted_faults.differences(con, built.settings.world_dir / "truth") == []
    with PLANTED.open(newline="") as file:
        detectors = {row["detector"] for row in csv.DictReader(file)}
    without = {
        rule_id for rule_id in detectors if not rules.get(rule_id) or not rules[rule_id].planted
    }
    assert without == {"R1"}
    assert all(rule.passed for rule in rules.values())


@pytest.mark.prove
def test_a_missing_deposit_is_found_and_the_rest_is_published(rcm: RunCli, tmp_path: Path) -> None:
    rates = "deposit_short=20000,missing_deposit=20000"
    done = rcm("run", home=tmp_path, world_size="tiny", world_faults=rates)
    assert done.returncode == 0, done.stdout + done.stderr
    rules = _results(Built(Settings(home=tmp_path, world_size="tiny"), 0, done.stdout))
    assert rules["R1"].planted > 0
    assert rules["R2"].planted > 0
    assert all(rule.passed for rule in rules.values())
