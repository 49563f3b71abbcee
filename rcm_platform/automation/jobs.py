"""The jobs: what each makes, and what a landing run makes of the files that arrived."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import dagster as dg

from rcm_platform.assets.checks.common import mart_key
from rcm_platform.assets.checks.conservation import CONSERVED, conservation_name
from rcm_platform.assets.common import NIGHTLY_CHECK
from rcm_platform.assets.raw import PLATFORM, raw_key
from rcm_platform.ingest import feeds
from rcm_platform.operate.run_tags import ARRIVED_TAG
from rcm_platform.settings import Settings

LANDING_JOB = "landing"

nightly_job = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    description="Everything: receive, load, transform, prove, publish.",
    executor_def=dg.in_process_executor,
)

# the sources are only read; what is true of the world and the audit of the trace wait for night
landing_job = dg.define_asset_job(
    LANDING_JOB,
    selection=dg.AssetSelection.all() - dg.AssetSelection.groups("sources"),
    description=(
        "Files that arrived: load the feeds that they belong to, build what depends on them, prove "
        "it, publish. The landing sensor starts it with the assets that are touched."
    ),
    executor_def=dg.in_process_executor,
)


def landing_request(
    settings: Settings, graph: Any, sources: Iterable[str], run_key: str | None = None
) -> dg.RunRequest:
    """Load the feeds of these source systems and build, prove and publish what they touch.

    `graph` is the asset graph of the definitions.
    """
    touched = set(sources)
    raw = [
        raw_key(feed.name, table)
        for feed in feeds.feeds(settings).values()
        if touched & set(feed.origins)
        for table in feed.tables
    ]
    raw += [raw_key("platform", table) for table in PLATFORM]
    keys = dg.AssetSelection.assets(*raw).downstream().materializable().resolve(graph)
    conserved = {
        dg.AssetCheckKey(mart_key(mart), conservation_name(subject))
        for subject, (mart, _) in CONSERVED.items()
    }
    checks = {
        key
        for key in graph.asset_check_keys
        if key.asset_key in keys and NIGHTLY_CHECK not in graph.get_check_spec(key).metadata
    }
    return dg.RunRequest(
        run_key=run_key,
        asset_selection=sorted(keys),
        # one step proves all of them
        asset_check_keys=sorted(checks | conserved, key=str),
        tags={ARRIVED_TAG: ", ".join(sorted(touched))},
    )
