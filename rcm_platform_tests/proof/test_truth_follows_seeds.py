"""An edit of a rule that users own moves the marts, and the truth checks with them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import duckdb
import pytest

from rcm_platform.proof import truth as proof_truth
from rcm_platform.warehouse import project as dbt_project
from rcm_platform_tests.conftest import Built

AS_OF = date(2025, 12, 31)

#: Seed → what stands there, and what a user may write instead.
EDITS: Mapping[str, Mapping[str, str]] = {
    "priority_rules": {
        "outstanding_amount,>,1000,5,high": "outstanding_amount,>,800,7,high",
        "transaction_count,>=,5,2": "transaction_count,>=,4,1",
        "age_days,>,60,2": "age_days,>,45,2",
    },
    "kpi_parameters": {
        "first_pass_maturity_days,60": "first_pass_maturity_days,45",
        "collection_maturity_days,120": "collection_maturity_days,90",
        "denial_maturity_days,120": "denial_maturity_days,100",
        "first_pass_paid_percent,99": "first_pass_paid_percent,90",
        "late_charge_days,3": "late_charge_days,2",
        "at_risk_age_days,60": "at_risk_age_days,30",
        "work_minute_cost,0.75": "work_minute_cost,1.10",
        "underpayment_tolerance_percent,1,": "underpayment_tolerance_percent,3,",
        "underpayment_tolerance_amount,0.10": "underpayment_tolerance_amount,1.50",
        "history_maturity_days,120": "history_maturity_days,75",
        "history_claims,20": "history_claims,5",
        "assumed_patient_collected_percent,35": "assumed_patient_collected_percent,50",
    },
    "payer_deadlines": {"Commercial,90,65": "Commercial,120,45"},
    "work_settings": {
        "odds_prior_claims,10": "odds_prior_claims,20",
        "history_months,24": "history_months,12",
        "backtest_window_days,90": "backtest_window_days,60",
        "forecast_cohorts,3": "forecast_cohorts,2",
        "interval_percent,80": "interval_percent,60",
        "odds_prior_denials,5": "odds_prior_denials,9",
        "front_desk_days,14": "front_desk_days,7",
        "backtest_list_percent,25": "backtest_list_percent,40",
        "drift_slow_days,30": "drift_slow_days,45",
        "drift_lag_weeks,8": "drift_lag_weeks,5",
        "drift_odds_percent,150": "drift_odds_percent,200",
        "drift_alarm,5": "drift_alarm,3",
    },
    "billing_steps": {"documentation signed,2,an": "documentation signed,1,an"},
    "work_actions": {"resubmissions,true,45,118.00,appeal": "resubmissions,true,60,90.00,appeal"},
}


@pytest.mark.prove
def test_an_edit_of_points_and_thresholds_leaves_every_mart_true(
    built: Built, tmp_path: Path
) -> None:
    project, warehouse = tmp_path / "project", tmp_path / "edited" / "rcm.duckdb"
    shutil.copytree(built.settings.project_dir, project)
    for seed, edits in EDITS.items():
        path = project / "seeds" / f"{seed}.csv"
        text = path.read_text()
        for before, after in edits.items():
            assert text.count(before) == 1, (seed, before)
            text = text.replace(before, after)
        path.write_text(text)
    warehouse.parent.mkdir()
    shutil.copy(built.settings.warehouse_path, warehouse)
    _build(built, project, warehouse, [f"{seed}+" for seed in EDITS])
    truth = built.settings.world_dir / "truth" / "knowable"
    with duckdb.connect(str(warehouse), read_only=True) as con:
        con.execute(f"attach '{built.settings.warehouse_path}' as before (read_only)")
        moved = con.execute(
            """select count(*) from marts.mart_claim_priority_queue as now
            inner join before.marts.mart_claim_priority_queue as earlier using (claim_key)
            where now.priority_score <> earlier.priority_score"""
        ).fetchall()[0][0]
    results = proof_truth.compare_all(warehouse, "2GB", truth, AS_OF, proof_truth.CHECKS)
    assert [result for result in results if not result.passed] == []
    assert moved, "the edit changed nothing, so it proves nothing"


def _build(built: Built, project: Path, warehouse: Path, selected: list[str]) -> None:
    settings = built.settings.model_copy(update={"dbt_project_dir": project})
    target = str(project / "target")
    done = subprocess.run(
        [dbt_project.DBT_EXECUTABLE, "build", "--full-refresh", "--select", *selected,
         "--exclude-resource-type", "unit_test", "test"],
        cwd=project,
        env={
            **os.environ,
            **dbt_project.environment(settings, AS_OF, warehouse),
            "DBT_PROFILES_DIR": str(project),
            "DBT_TARGET_PATH": target,
            "DBT_LOG_PATH": target,
        },
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
