"""The pictures of README.md: the flow from the graph itself, the pages from a real browser.

`make pictures` takes them anew from the finished run in RCM_HOME; with names, only those.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import dagster as dg

from rcm_platform.definitions import defs
from rcm_platform.explain import links
from rcm_platform.settings import get_settings
from rcm_platform_tests.documents import flow_picture
from rcm_platform_tests.support.visits import Visit, browser
from rcm_platform_tests.support.web_servers import serving

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"

HEADLINE = "Days to first payment"
"""A headline whose claims were all paid, so that each leads to a segment of an 835."""


def graph(definitions: dg.Definitions) -> flow_picture.Graph:
    """The assets of these definitions, as the picture takes them."""
    return {
        spec.key.to_user_string(): (
            spec.group_name or "",
            [dep.asset_key.to_user_string() for dep in spec.deps],
        )
        for spec in definitions.resolve_all_asset_specs()
    }


def draw_flow() -> None:
    """The seven layers, for light and for dark pages."""
    assets = graph(defs)
    boxes, arrows = flow_picture.boxes(get_settings(), assets), flow_picture.arrows(assets)
    for name, palette in (
        ("lineage-light", flow_picture.LIGHT),
        ("lineage-dark", flow_picture.DARK),
    ):
        (FOLDER / f"{name}.svg").write_text(flow_picture.draw(boxes, arrows, palette))


def scorecard(visit: Visit) -> None:
    """The leaders' first page."""
    visit.open("/assets/leadership/scorecard")
    visit.sees("Start here", "Why months differ", "Fails if more than")


def number(visit: Visit) -> None:
    """A headline's page, opened from the scorecard."""
    scorecard(visit)
    visit.page.locator("tr", has_text=HEADLINE).first.get_by_role("link").click()
    visit.sees(HEADLINE, "which sum to it exactly")


def trace(visit: Visit) -> None:
    """The first claim of that number, with the segment that its payment was read from."""
    number(visit)
    visit.page.locator("a[href*='/claim/']").first.click()
    payment = visit.page.locator("tr", has_text="PAYER_PAYMENT").first
    payment.locator("summary").click()
    payment.locator("tr.meant code").wait_for()


def columns(visit: Visit) -> None:
    """A column of a mart, with what it is made of."""
    visit.open("/docs/columns/marts.mart_kpi_monthly.html#numerator")
    visit.sees("computed from")


def desk_executive(visit: Visit) -> None:
    """The desk's first page, for who leads."""
    visit.open(f"{links.DESK_PATH}/executive")
    visit.sees("From charge to cash", "Where money waits")


def desk_command_center(visit: Visit) -> None:
    """What is open, how old, how urgent."""
    visit.open(f"{links.DESK_PATH}/command-center")
    visit.sees("What comes first", "How old, and how urgent")


def desk_worklists(visit: Visit) -> None:
    """The list of work of a role."""
    visit.open(f"{links.DESK_PATH}/worklists")
    visit.page.get_by_text("All open claims", exact=True).click()
    visit.sees("Every open claim, by how pressing it is.")


def desk_claim(visit: Visit) -> None:
    """The first claim of the list."""
    desk_worklists(visit)
    visit.page.locator("a[href*='claim?id=']").first.click()
    visit.sees("Next best action", "Why it is flagged", "Ledger")


def desk_denials(visit: Visit) -> None:
    """What becomes of a denied dollar."""
    visit.open(f"{links.DESK_PATH}/denials")
    visit.sees("What becomes of a denied dollar")


PAGES: dict[str, Callable[[Visit], None]] = {
    page.__name__: page
    for page in (
        scorecard, number, trace, columns,
        desk_executive, desk_command_center, desk_worklists, desk_claim, desk_denials,
    )
}  # fmt: skip
CHART_MILLISECONDS = 3_000
"""What the desk needs to draw its charts once its words are there."""


def main(*names: str) -> None:
    """Take these pictures; all when none is named."""
    wanted = names or ("lineage", *PAGES)
    if "lineage" in wanted:
        draw_flow()
    pages = [name for name in PAGES if name in wanted]
    if not pages:
        return
    settings = get_settings()
    with (
        serving(settings.home, "ui", RCM_WORLD_SIZE=settings.world_size) as port,
        browser(port) as visit,
    ):
        for name in pages:
            PAGES[name](visit)
            if name.startswith("desk"):
                visit.page.wait_for_timeout(CHART_MILLISECONDS)
            visit.page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
