"""Group `leadership`: the scorecard, where leaders start."""

import dagster as dg

from rcm_platform.assets import published
from rcm_platform.assets.common import PUBLISHED_FRESHNESS
from rcm_platform.publish import open_published
from rcm_platform.scorecard import (
    asset_link,
    cash_line,
    claims,
    headlines,
    lineage_link,
    proof_line,
    story_link,
)
from rcm_platform.settings import Settings
from rcm_platform.stories import STORIES

KEY = dg.AssetKey(["leadership", "scorecard"])

# where a leader goes next: words → asset
LINKS = {
    "KPIs by month, facility and payer": ["marts", "mart_kpi_scorecard"],
    "clinician work to cash": ["marts", "mart_clinician_scorecard"],
    "cash from remittance to ledger": ["marts", "mart_cash_reconciliation"],
    "open balances to work first": ["marts", "mart_claim_priority_queue"],
    "what could not be loaded": ["raw", "platform", "quarantine"],
}


def build(settings: Settings) -> dg.AssetsDefinition:
    """The scorecard of the published version."""

    @dg.asset(
        key=KEY,
        deps=[published.key("leadership")],
        group_name="leadership",
        kinds={"markdown"},
        owners=["team:rcm-finance"],
        freshness_policy=PUBLISHED_FRESHNESS,
        description=(
            "Start here: how clinician work turns into dollars, and where it is lost.\n\n"
            "Each headline has its value, its target, twelve months of trend, and why it changed: "
            "rate (its parts changed), mix (they weigh differently), volume or timing. The claims "
            "behind a number open for those who may see them. "
            f"[Follow the numbers upstream]({lineage_link(*KEY.path)})."
        ),
    )
    def scorecard() -> dg.MaterializeResult:
        with open_published(settings.published_dir, "leadership") as con:
            proof, cash, shown, first = proof_line(con), cash_line(con), headlines(con), claims(con)
        ways = {"how these numbers are made": lineage_link(*KEY.path)}
        ways |= {words: asset_link(*key) for words, key in LINKS.items()}
        stories = {f"the story of {name}": story_link(name) for name in STORIES}
        return dg.MaterializeResult(
            metadata={
                "Proof": dg.MetadataValue.md(proof),
                "Cash": dg.MetadataValue.md(cash),
                **{h.label: dg.MetadataValue.md(h.markdown()) for h in shown},
                "Work first": dg.MetadataValue.md(first),
                "Follow a number": dg.MetadataValue.md(_links(ways)),
                "Short lineages": dg.MetadataValue.md(_links(stories)),
                # numbers get a plot over time
                **{f"{h.kpi} (plot)": float(h.value) for h in shown},
            }
        )

    return scorecard


def _links(targets: dict[str, str]) -> str:
    return " · ".join(f"[{words}]({link})" for words, link in targets.items())
