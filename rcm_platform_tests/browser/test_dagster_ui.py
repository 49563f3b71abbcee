"""The Dagster UI as people see it: a real browser on a real server."""

from __future__ import annotations

import json
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from rcm_platform.explain.guided_lineage import STORIES
from rcm_platform.explain.scorecard import headlines
from rcm_platform.publish.versions import open_published
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support.visits import IN_A_BROWSER, Visit, browser
from rcm_platform_tests.support.web_servers import serving

BUILD_MILLISECONDS = 600_000

pytestmark = IN_A_BROWSER


SCORECARD = "/assets/leadership/scorecard"

# a node of the lineage that is narrower than this has letters that cannot be read
READABLE_PIXELS = 140


def test_a_leader_reads_the_scorecard_and_follows_it_upstream(
    built: Built, figures_only: int
) -> None:
    with open_published(built.settings.published_dir, "leadership") as con:
        shown = headlines(con)
    with browser(figures_only) as visit:
        visit.open(SCORECARD)
        visit.sees("Start here", "explained", "open in quarantine")
        for headline in shown:
            row = visit.page.locator("tr", has=visit.page.get_by_text(headline.label, exact=True))
            box = row.bounding_box()
            assert box, headline.label
            assert box["y"] + box["height"] <= 900, f"{headline.label} is only seen by scrolling"
            text = row.inner_text()
            assert f"{headline.month:%b %Y}" in text
            assert ("on target" if headline.is_on_target else "off target") in text
        assert visit.page.locator("img[alt^='trend of']").count() == len(shown)
        assert visit.page.get_by_text("(plot)").count() == 0
        assert visit.page.locator("a[href*='/trace/claim/']").count() == 0

        for story in STORIES.values():
            visit.open(SCORECARD)
            visit.page.get_by_role("link", name=story.title).click()
            _shows_each_by_name(visit, [key.rpartition("/")[2] for key in story.keys])

        visit.open(SCORECARD)
        visit.page.get_by_role("link", name="everything, from the sources on").click()
        visit.sees("sources", "staging", "marts_clinical", "published", "leadership")
        visit.page.locator("foreignObject", has_text="scorecard").first.wait_for()

        visit.open("/assets/marts/mart_clinician_productivity")
        visit.sees("How clinician work turns into dollars", "work_rvu", "Freshness policy")
        visit.open("/assets/marts/fct_claims?view=checks")
        visit.sees("claims_true", "charges_conserved")
        visit.open("/automation")
        visit.sees("nightly")
        assert visit.elsewhere == set()


@pytest.mark.prove
def test_materialize_all_builds_everything_from_nothing(tmp_path: Path) -> None:
    with serving(tmp_path, "ui") as port, browser(port) as visit:
        visit.open("/asset-groups")
        visit.page.get_by_role("button", name="Materialize all").click()
        finished = _wait_for_run(visit.base)
        assert finished == "SUCCESS", (tmp_path / "ui.log").read_text()[-5000:]
        visit.open(SCORECARD)
        visit.sees("of charges and", "explained")
        assert visit.elsewhere == set()


def _shows_each_by_name(visit: Visit, names: list[str]) -> None:
    """The lineage has a node for each of these assets and no other, wide enough to be read; long
    names are cut in the middle."""
    nodes = visit.page.locator("[class*='AssetNode_assetNodeContainer']")
    nodes.nth(len(names) - 1).wait_for()
    assert nodes.count() == len(names)
    left = list(names)
    for node in nodes.all():
        start, _, end = (node.text_content() or "").partition("…")
        (name, *_) = [name for name in left if name.startswith(start) and name.endswith(end)]
        left.remove(name)
        box = node.bounding_box()
        assert box, name
        assert box["width"] >= READABLE_PIXELS, f"{name} cannot be read"


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
