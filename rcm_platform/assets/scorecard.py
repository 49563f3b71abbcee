"""Group `leadership`: the scorecard, where leaders start."""

import dagster as dg

from rcm_platform.assets import published
from rcm_platform.assets.common import PUBLISHED_FRESHNESS
from rcm_platform.explain.guided_lineage import STORIES, link
from rcm_platform.explain.links import DESK_PATH, asset_link, lineage_link
from rcm_platform.explain.scorecard import cash_line, headlines, months_line, proof_line
from rcm_platform.publish.audiences import LEADERSHIP
from rcm_platform.publish.versions import open_published
from rcm_platform.settings import Settings

KEY = dg.AssetKey(["leadership", "scorecard"])

# where a leader goes next: words → asset
LINKS = {
    "KPIs by month, facility and payer": ["marts", "mart_kpi_scorecard"],
    "clinician work to cash": ["marts", "mart_clinician_scorecard"],
    "open balances by age": ["marts", "mart_aging_scorecard"],
    "why claims are denied": ["marts", "mart_denial_scorecard"],
    "payers": ["marts", "mart_payer_scorecard"],
    "cash to come": ["marts", "mart_forecast_scorecard"],
    "margins": ["marts", "mart_margin_scorecard"],
    "data quality": ["marts", "mart_data_quality_scorecard"],
    "cash from remittance to ledger": ["marts", "mart_cash_reconciliation"],
    "what could not be loaded": ["raw", "platform", "quarantine"],
}

READING = (
    "Rate: the parts (a payer at a facility) changed. Mix: they weigh differently. Volume: there "
    "was more or less of it. Timing: the month is younger, so that less of it is known."
)


def build(settings: Settings) -> dg.AssetsDefinition:
    """The scorecard of the published version."""

    @dg.asset(
        key=KEY,
        deps=[published.key(LEADERSHIP)],
        group_name="leadership",
        kinds={"markdown"},
        owners=["team:rcm-finance"],
        freshness_policy=PUBLISHED_FRESHNESS,
        # no longer: the headlines stand below it, and are to be seen without scrolling
        description="Start here: how clinician work turns into dollars, and where it is lost.",
    )
    def scorecard() -> dg.MaterializeResult:
        with open_published(settings.published_dir, LEADERSHIP) as con:
            shown, proof, cash = headlines(con), proof_line(con), cash_line(con)
        texts = {headline.label: headline.line() for headline in shown}
        if differ := months_line(shown):
            texts["Why months differ"] = differ
        texts |= {"Proof": proof, "Cash": cash}
        for headline in shown:
            texts[f"{headline.label}: change"] = headline.why()
            texts[f"{headline.label}: trend"] = headline.months()
        texts |= {
            "Reading a change": READING,
            "How a figure is made": _links(
                {story.title: link(name) for name, story in STORIES.items()}
                | {"everything, from the sources on": lineage_link(*KEY.path)}
            ),
            "More": _links(
                {"operations desk": f"{DESK_PATH}/"}
                | {words: asset_link(*key) for words, key in LINKS.items()}
            ),
        }
        return dg.MaterializeResult(
            metadata={name: dg.MetadataValue.md(text) for name, text in texts.items()}
        )

    return scorecard


def _links(targets: dict[str, str]) -> str:
    return " · ".join(f"[{words}]({link})" for words, link in targets.items())
