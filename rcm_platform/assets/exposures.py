"""Group `exposures`: who uses the marts, as declared in dbt; external, as nothing runs here."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from rcm_platform.assets import published
from rcm_platform.publish.audiences import OPERATIONS


def build(manifest: Mapping[str, Any]) -> list[dg.AssetSpec]:
    """One node per exposure, below the marts that it needs and what shows it to its readers."""
    return [_spec(manifest, exposure) for exposure in manifest["exposures"].values()]


def _spec(manifest: Mapping[str, Any], exposure: Mapping[str, Any]) -> dg.AssetSpec:
    nodes = [manifest["nodes"][name] for name in exposure["depends_on"]["nodes"]]
    shown_by = exposure["config"]["meta"].get("shown_by", published.key(OPERATIONS).path)
    url = {"url": dg.MetadataValue.url(exposure["url"])} if exposure["url"] else {}
    return dg.AssetSpec(
        ["exposures", exposure["name"]],
        deps=[*([node["schema"], node["alias"]] for node in nodes), shown_by],
        group_name="exposures",
        kinds={exposure["type"]},
        owners=[f"team:{exposure['owner']['email'].partition('@')[0]}"],
        description=f"{exposure['description']}\n\nMaturity: {exposure['maturity']}.",
        metadata={"maturity": exposure["maturity"], **url},
    )
