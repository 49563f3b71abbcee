"""From a headline to the segment or row that it was read from, as people click it; and as leaders,
who see figures only."""

from __future__ import annotations

import csv
import urllib.error
import urllib.request
from decimal import Decimal
from pathlib import Path

import pytest

from rcm_platform.explain.figures import Figures
from rcm_platform.publish.versions import open_published
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support.leaders_months import headlines_by_month
from rcm_platform_tests.support.visits import IN_A_BROWSER, Visit, browser

pytestmark = IN_A_BROWSER

SCORECARD = "/assets/leadership/scorecard"
PHONE = {"width": 390, "height": 844}


def headlines(built: Built) -> dict[str, str]:
    """KPI → label, of every headline that is published for leaders."""
    with open_published(built.settings.published_dir, "leadership") as con:
        found = {one.kpi: one.label for one, _ in Figures(con, "leadership").latest()}
        assert set(found) == headlines_by_month(con)
    return found


def follow_headline(visit: Visit, kpi: str, label: str) -> None:
    """Click a headline of the scorecard, which must lead to its number page."""
    with visit.page.expect_navigation():
        visit.page.locator(f"a[href*='/trace/kpi/{kpi}?']").first.click()
    assert f"/trace/kpi/{kpi}" in visit.page.url
    visit.sees(label, "arget at ")
    assert visit.page.locator("svg [role=img], svg[role=img]").count() == 1


def is_as_wide_as_the_screen(visit: Visit) -> bool:
    return bool(
        visit.page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )


def test_each_headline_is_three_clicks_from_what_was_received(
    built: Built, with_claims: int
) -> None:
    with browser(with_claims) as visit:
        for kpi, label in headlines(built).items():
            visit.open(SCORECARD)
            follow_headline(visit, kpi, label)
            visit.sees("which sum to it exactly")
            visit.page.locator("tbody a[href^='/trace/claim/']").first.click()
            visit.sees("which sum to it exactly")
            assert not visit.page.locator("code").first.is_visible()
            visit.page.locator("summary").first.click()
            assert visit.page.locator("tr.meant code").first.inner_text(), kpi
        assert visit.elsewhere == set()


def test_a_payment_is_read_in_the_segment_of_its_835(with_claims: int) -> None:
    with browser(with_claims) as visit:
        visit.open("/trace")
        visit.page.get_by_role("link", name="Days to first payment", exact=True).click()
        visit.page.locator("tbody a[href^='/trace/claim/']").first.click()
        payment = visit.page.locator("tr", has_text="PAYER_PAYMENT").first
        payment.locator("summary").click()
        meant = payment.locator("tr.meant code").inner_text()
        assert meant.split("*")[0] in {"SVC", "CLP"}
        assert "835/" in payment.locator("summary").inner_text()

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


def open_a_visit(visit: Visit) -> None:
    """From a number to the first visit that it is made of."""
    visit.open("/trace/kpi/collections_per_wrvu")
    while not visit.page.locator("tbody a[href^='/trace/visit/']").count():
        visit.page.get_by_role("link", name="Next").click()
    visit.page.locator("tbody a[href^='/trace/visit/']").first.click()


def open_cash_of_no_claim(visit: Visit, built: Built) -> None:
    """What no KPI counts has a page all the same."""
    with open_published(built.settings.published_dir, "operations") as con:
        [(entry,)] = con.execute(
            "select min(ledger_entry_key) from fct_ledger_entries where claim_key is null"
        ).fetchall()
    visit.open(f"/trace/entry/{entry}")


def test_work_leads_to_its_visit_and_cash_of_no_claim_to_its_segment(
    built: Built, with_claims: int
) -> None:
    with browser(with_claims) as visit:
        open_a_visit(visit)
        visit.page.locator("summary").first.click()
        assert "encounterid" in visit.page.locator("table.place").first.inner_text()
        open_cash_of_no_claim(visit, built)
        visit.page.locator("summary").first.click()
        place = visit.page.locator("table.place").first.inner_text()
        assert "PLB" in place or "deposit_id" in place


def test_a_month_facility_and_payer_are_chosen_and_all_is_downloaded(
    with_claims: int, tmp_path: Path
) -> None:
    with browser(with_claims) as visit:
        visit.open("/trace/kpi/ar_over_90_rate")
        for name in ("month", "facility", "payer"):
            visit.page.locator(f"select[name={name}]").select_option(index=1)
        payer = visit.page.locator("select[name=payer] option:checked").inner_text()
        visit.page.get_by_role("button", name="Show").click()
        visit.page.wait_for_url("**facility=*")
        assert visit.page.locator("select[name=payer] option:checked").inner_text() == payer
        visit.sees("which sum to it exactly")
        sums = visit.page.locator("tfoot td").all_inner_texts()[:2]
        with visit.page.expect_download() as download:
            visit.page.get_by_role("link", name="Download all as CSV").click()
        download.value.save_as(tmp_path / "all.csv")
        with (tmp_path / "all.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert {row["payer"] for row in rows} == {payer}
        for name, shown in zip(("numerator", "denominator"), sums, strict=True):
            assert sum(Decimal(row[name]) for row in rows) == Decimal(shown.replace(",", ""))
        assert sums[1] != "0"


def test_a_leader_follows_each_headline_and_meets_no_refusal_and_no_claim(
    built: Built, figures_only: int
) -> None:
    with browser(figures_only) as visit:
        refused: list[str] = []
        visit.page.on(
            "response",
            lambda response: refused.append(response.url) if response.status >= 400 else None,
        )
        visit.open("/")
        visit.page.wait_for_url(f"**{SCORECARD}")
        for kpi, label in headlines(built).items():
            visit.open(SCORECARD)
            follow_headline(visit, kpi, label)
            visit.sees("By facility and payer", "Figures only")
            links = visit.page.locator("a").evaluate_all(
                "all => all.map(one => one.getAttribute('href'))"
            )
            assert not [link for link in links if "/claim/" in link], kpi
            for link in {one for one in links if one.startswith("/trace/")}:
                assert visit.page.request.get(visit.base + link).status == 200, link
        assert refused == []
        assert visit.elsewhere == set()


@pytest.mark.parametrize("way_in", ["with_claims", "figures_only"])
def test_the_pages_fit_a_phone(built: Built, way_in: str, request: pytest.FixtureRequest) -> None:
    with browser(request.getfixturevalue(way_in)) as visit:
        visit.page.set_viewport_size(PHONE)
        paths = ["/trace/", "/trace/kpi/x", "/trace/kpi/initial_denial_rate?month=1999-01"]
        for path in [*paths, *(f"/trace/kpi/{kpi}" for kpi in headlines(built))]:
            visit.open(path)
            assert is_as_wide_as_the_screen(visit), path
        for kind in ["claim", "entry", "visit"] if way_in == "with_claims" else []:
            if kind == "claim":
                visit.open("/trace/kpi/collections_per_wrvu")
                visit.page.locator("tbody a[href^='/trace/claim/']").first.click()
            elif kind == "entry":
                open_cash_of_no_claim(visit, built)
            else:
                open_a_visit(visit)
            for summary in visit.page.locator("summary").all():
                summary.click()
            assert is_as_wide_as_the_screen(visit), kind
