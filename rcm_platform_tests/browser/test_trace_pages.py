"""From a number to the segment that it was read from, as people click it."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from rcm_platform_tests.browser.visits import IN_A_BROWSER, browser
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.doors import door

pytestmark = IN_A_BROWSER


def test_the_scorecard_is_three_clicks_from_the_segment_of_a_payment(built: Built) -> None:
    with door(built.settings.home, "ui") as port, browser(port) as visit:
        visit.open("/assets/leadership/scorecard")
        headline = visit.page.locator("tr", has_text="Days to first payment").first
        headline.get_by_role("link").click()
        visit.sees("Days to first payment", "which sum to it exactly")
        visit.page.locator("tbody a").first.click()
        visit.sees("which sum to it exactly")
        payment = visit.page.locator("tr", has_text="PAYER_PAYMENT").first
        assert not payment.locator("code").first.is_visible()
        payment.locator("summary").click()
        meant = payment.locator("tr.meant code").inner_text()
        assert meant.split("*")[0] in {"SVC", "CLP"}
        assert "835/" in payment.locator("summary").inner_text()

        visit.open("/trace")
        visit.page.get_by_role("link", name="Initial denial rate", exact=True).click()
        visit.sees("claims with a denial reason", "which sum to it exactly")
        visit.open("/trace/kpi/nonsense")
        visit.sees("There is no KPI 'nonsense'")
        visit.page.get_by_role("link", name="Scorecard").click()
        visit.sees("Start here")
        assert visit.elsewhere == set()

        foreign = urllib.request.Request(
            f"{visit.base}/trace/", headers={"Host": "elsewhere.example"}
        )
        with pytest.raises(urllib.error.HTTPError, match="400"):
            urllib.request.urlopen(foreign, timeout=10)
