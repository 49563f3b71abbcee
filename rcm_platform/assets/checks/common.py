"""What the checks share: the date they speak of, and whether they were asked."""

from datetime import date
from typing import Any

import dagster as dg

from rcm_platform.assets.common import run_day
from rcm_platform.lake import Lake
from rcm_platform.operate import pipeline
from rcm_platform.proof import truth
from rcm_platform.settings import Settings
from rcm_platform.warehouse import build_state


def mart_key(name: str) -> dg.AssetKey:
    """The asset of a mart."""
    return dg.AssetKey(["marts", name])


def as_of_date(settings: Settings, context: dg.AssetCheckExecutionContext, lake: Lake) -> date:
    """The date that the warehouse is of; where it is of several, that of the run."""
    return build_state.built_as_of(settings) or pipeline.as_of_date(
        settings, lake, run_day(context)
    )


def is_asked(context: dg.AssetCheckExecutionContext, asset: dg.AssetKey, name: str) -> bool:
    """Whether this run is to answer one check of a step that can answer several."""
    return dg.AssetCheckKey(asset, name) in context.selected_asset_check_keys


def not_applicable(lake: Lake, as_of: date) -> dict[str, Any] | None:
    """What is said where the truth is of another date, or of a world in which nobody had entered
    money; None where it applies."""
    latest = lake.latest_arrival_date()
    if latest and as_of < latest:
        return {"not applicable": f"as of {as_of}; the truth is known as of {latest}"}
    if truth.has_entered_money(lake):
        return {"not applicable": "people entered remittances, and the truth does not know them"}
    return None
