"""The Dagster UI as people see it: a real browser on a real server."""

from __future__ import annotations

import json
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from rcm_platform_tests.browser.visits import IN_A_BROWSER, browser
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.doors import door

BUILD_MILLISECONDS = 600_000

pytestmark = IN_A_BROWSER


def test_a_leader_reads_the_scorecard_and_follows_it_upstream(built: Built) -> None:
    with door(built.settings.home, "ui", "--read-only") as port, browser(port) as visit:
        visit.open("/assets/leadership/scorecard")
        visit.sees("Start here", "explained", "Initial denial rate", "Collections per wRVU")
        assert visit.page.locator("img[alt^='trend of']").count() == 6

        visit.page.get_by_role("link", name="how these numbers are made").click()
        visit.sees("sources", "staging", "marts_clinical", "published", "leadership")

        visit.open("/assets/marts/mart_clinician_productivity")
        visit.sees("How clinician work turns into dollars", "work_rvu", "Freshness policy")
        visit.open("/assets/marts/fct_claims?view=checks")
        visit.sees("claims_true", "charges_conserved")
        visit.open("/automation")
        visit.sees("nightly")
        assert visit.elsewhere == set()


@pytest.mark.prove
def test_materialize_all_builds_everything_from_nothing(tmp_path: Path) -> None:
    with door(tmp_path, "ui") as port, browser(port) as visit:
        visit.open("/asset-groups")
        visit.page.get_by_role("button", name="Materialize all").click()
        finished = _wait_for_run(visit.base)
        assert finished == "SUCCESS", (tmp_path / "ui.log").read_text()[-5000:]
        visit.open("/assets/leadership/scorecard")
        visit.sees("100.00% of", "explained")
        assert visit.elsewhere == set()


def _wait_for_run(base: str) -> str:
    query = {"query": "{ runsOrError(limit: 1) { ... on Runs { results { status } } } }"}
    request = urllib.request.Request(
        f"{base}/graphql",
        data=json.dumps(query).encode(),
        headers={"Content-Type": "application/json"},
    )
    deadline = time.monotonic() + BUILD_MILLISECONDS / 1000
    status = "none started"
    while time.monotonic() < deadline and status not in ("SUCCESS", "FAILURE", "CANCELED"):
        time.sleep(3)
        with suppress(OSError):
            answer = json.load(urllib.request.urlopen(request, timeout=60))
            for run in answer["data"]["runsOrError"]["results"]:
                status = run["status"]
    return status
