"""The buttons that data engineers press: materialize, and execute a check."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import dagster as dg
import pytest

from rcm_platform.operate.run_tags import HEADLESS_TAG
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import Built, RunCli
from rcm_platform_tests.support.visits import IN_A_BROWSER, Visit, browser
from rcm_platform_tests.support.web_servers import serving

RUN_SECONDS = 600
ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)

pytestmark = IN_A_BROWSER


class Engineer:
    """Someone at the UI of a home, who waits for each run that a button starts."""

    def __init__(self, visit: Visit, instance: dg.DagsterInstance) -> None:
        self.visit, self._instance = visit, instance
        self._known = {run.run_id for run in instance.get_runs()}

    def press(self, path: str, button: str) -> dg.DagsterRun:
        """Press it, confirm what else its step makes, and give the run when it has ended."""
        self.visit.open(path)
        # a menu beside it says the same in other words
        self.visit.page.get_by_role("button", name=button).first.click()
        deadline = time.monotonic() + RUN_SECONDS
        while time.monotonic() < deadline:
            confirm = self.visit.page.get_by_role("button", name="Confirm")
            if confirm.is_visible():
                confirm.click()
            for run in self._instance.get_runs():
                if run.run_id in self._known or HEADLESS_TAG in run.tags:
                    continue
                if run.status in ENDED:
                    self._known.add(run.run_id)
                    return run
            time.sleep(1)
        raise AssertionError(f"no run of {path} has ended")

    def said(self, run: dg.DagsterRun) -> str:
        """Why it failed, in the words of its events."""
        events = self._instance.all_logs(run.run_id)
        return "\n".join(
            event.dagster_event.step_failure_data.error_display_string
            for event in events
            if event.dagster_event and event.dagster_event.is_step_failure
        )


@contextmanager
def engineer(home: Path, **environment: str) -> Iterator[Engineer]:
    with (
        serving(home, "ui", **environment) as port,
        browser(port) as visit,
        dg.DagsterInstance.from_config(str(home / "dagster")) as instance,
    ):
        yield Engineer(visit, instance)


def with_downstream(asset: str) -> str:
    return "/asset-groups~" + quote(f'key:"{asset}"+', safe="")


def test_materialize_on_a_mart_a_raw_table_and_a_source_with_all_downstream(
    copied: Settings,
) -> None:
    with engineer(copied.home) as someone:
        someone.visit.open("/overview/activity/timeline")
        someone.visit.sees("nightly")  # the run of the command line
        for path, button in (
            ("/assets/marts/mart_cash_reconciliation", "Materialize"),
            ("/assets/raw/treasury/bank_deposits", "Materialize"),
            ("/assets/marts/fct_claims?view=checks&checkDetail=charges_conserved", "Execute"),
            # of all sources the one of which the least is made
            (with_downstream("sources/claims_csv"), "Materialize all"),
        ):
            run = someone.press(path, button)
            assert run.status == dg.DagsterRunStatus.SUCCESS, (path, someone.said(run))


@pytest.mark.prove
def test_materialize_with_own_data(built: Built, tmp_path: Path, rcm: RunCli) -> None:
    world = built.settings.world_dir
    own = {
        "world": "off",
        "treasury_dir": str(world / "treasury"),
        "operations_dir": str(world / "operations"),
        "x12_dir": str(world / "clearinghouse"),
        "x12_accept_test": "1",
    }
    with engineer(tmp_path, **{f"RCM_{name.upper()}": value for name, value in own.items()}) as us:
        run = us.press("/assets/marts/mart_cash_reconciliation", "Materialize")
        assert run.status == dg.DagsterRunStatus.FAILURE
        assert "Nothing was loaded yet" in us.said(run)
        done = rcm("run", home=tmp_path, **own)
        assert done.returncode == 0, done.stdout + done.stderr
        for path, button in (
            ("/assets/marts/mart_cash_reconciliation", "Materialize"),
            ("/assets/raw/treasury/bank_deposits", "Materialize"),
            ("/assets/marts/fct_claims?view=checks&checkDetail=charges_conserved", "Execute"),
            (with_downstream("sources/treasury"), "Materialize all"),
        ):
            run = us.press(path, button)
            assert run.status == dg.DagsterRunStatus.SUCCESS, (path, us.said(run))
