"""Group `leadership`: the scorecard, where leaders start."""

import dagster as dg

from rcm_platform.assets import published
from rcm_platform.assets.common import NIGHTLY_FRESHNESS
from rcm_platform.publish import open_published
from rcm_platform.scorecard import asset_link, headlines, lineage_link, proof_line
from rcm_platform.settings import Settings

KEY = dg.AssetKey(["leadership", "scorecard"])

# where a leader goes next: words → asset
LINKS = {
    "how these numbers are made": KEY.path,
    "KPIs by month, facility and payer": ["marts", "mart_kpi_monthly"],
    "clinician work to cash": ["marts", "mart_clinician_productivity"],
    "open balances to work first": ["marts", "mart_claim_priority_queue"],
    "what could not be loaded": ["raw", "platform", "quarantine"],
}


def build(settings: Settings) -> dg.AssetsDefinition:
    """The scorecard of the published version."""

    @dg.asset(
        key=KEY,
        deps=[published.KEY],
        group_name="leadership",
        kinds={"markdown"},
        owners=["team:rcm-finance"],
        freshness_policy=NIGHTLY_FRESHNESS,
        description=(
            "Start here: how clinician work turns into dollars, and where it is lost.\n\n"
            "Each headline has its value, its target and twelve months of trend; the proof line "
            f"says how much is explained. [Follow the numbers upstream]({lineage_link(*KEY.path)})."
        ),
    )
    def scorecard() -> dg.MaterializeResult:
        with open_published(settings.published_dir, published.AUDIENCE) as con:
            proof, shown = proof_line(con), headlines(con)
        return dg.MaterializeResult(
            metadata={
                "Proof": dg.MetadataValue.md(proof),
                **{h.label: dg.MetadataValue.md(h.markdown()) for h in shown},
                "Follow a number": dg.MetadataValue.md(
                    " · ".join(
                        f"[{words}]({lineage_link(*key) if key == KEY.path else asset_link(*key)})"
                        for words, key in LINKS.items()
                    )
                ),
                # numbers get a plot over time
                **{f"{h.kpi} (plot)": float(h.value) for h in shown},
            }
        )

    return scorecard
