"""What the checks share: the date they speak of, and whether they were asked."""

from datetime import date
from typing import Any

import dagster as dg

from rcm_platform.assets.common import run_day
from rcm_platform.lake import Lake
from rcm_platform.operate import pipeline
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


def not_applicable(as_of: date, latest: date) -> dict[str, Any]:
    """What is said where the truth is of another date."""

    return {"not applicable": f"as of {as_of}; the truth is known as of {latest}"}
