"""Checks of what arrived, before any model runs: they warn and never stop a run."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from rcm_platform.assets.checks.common import is_asked
from rcm_platform.assets.common import loaded_lake, mark_run, run_day
from rcm_platform.assets.raw import item_table, raw_key
from rcm_platform.ingest import lake_access, received
from rcm_platform.ingest.quarantine import items, last_load
from rcm_platform.ingest.quarantine.items import Item
from rcm_platform.operate import pipeline
from rcm_platform.operate.run_tags import HELD_TAG
from rcm_platform.operate.step_results import problems_metadata
from rcm_platform.settings import Settings
from rcm_platform.sources import rules as source_rules

QUARANTINE = raw_key("platform", "quarantine")
RECEIVED = raw_key("platform", "received_files")
HELD_CHECK = "nothing_newly_held"
CURRENT_CHECK = "sources_are_current"


def build(settings: Settings) -> dg.AssetChecksDefinition:
    """Whether the last load held anything, and whether a source has stopped to deliver."""

    @dg.multi_asset_check(
        name="arrivals",
        specs=[
            dg.AssetCheckSpec(
                HELD_CHECK,
                asset=QUARANTINE,
                description=(
                    "The last load that brought anything held nothing back, or what it held was "
                    "dealt with since. Warns with the rule, the file and the next step."
                ),
            ),
            dg.AssetCheckSpec(
                CURRENT_CHECK,
                asset=RECEIVED,
                description=(
                    "Each source delivered lately: no silence is longer than "
                    f"{received.PATIENT_GAPS} times the longest between its last "
                    f"{received.KNOWN_GAPS} arrivals."
                ),
            ),
        ],
        can_subset=True,
    )
    def arrivals(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        lake = lake_access.open_lake(settings)
        if is_asked(context, QUARANTINE, HELD_CHECK):
            held = last_load.newly_held(settings, lake)
            if held:
                mark_run(context, HELD_TAG, items.in_short(held))
            yield _held(settings, held)
        if is_asked(context, RECEIVED, CURRENT_CHECK):
            as_of = pipeline.as_of_date(settings, loaded_lake(settings), run_day(context))
            yield _current(received.deliveries(settings, lake, as_of))

    return arrivals


def _held(settings: Settings, held: list[Item]) -> dg.AssetCheckResult:
    metadata: dict[str, Any] = {"items": len(held), "dollars": float(items.dollars(held))}
    if held:
        rules = source_rules.rules(settings.project_dir)
        metadata |= problems_metadata(items.in_words(held, rules))
        metadata["newly held"] = item_table(held, rules)
    return dg.AssetCheckResult(
        asset_key=QUARANTINE,
        check_name=HELD_CHECK,
        passed=not held,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )


def _current(deliveries: list[received.Delivery]) -> dg.AssetCheckResult:
    metadata: dict[str, Any] = {}
    silent = [delivery for delivery in deliveries if not delivery.is_current]
    metadata |= problems_metadata([str(delivery) for delivery in silent])
    if deliveries:
        metadata["sources"] = dg.MetadataValue.table(
            [
                dg.TableRecord(
                    {
                        "source": d.source,
                        "latest arrival": d.latest.isoformat() if d.latest else "nothing yet",
                        "days since": d.silent_days,
                        "longest silence before": d.usual_gap,
                        "current": "yes" if d.is_current else "no",
                    }
                )
                for d in sorted(deliveries, key=lambda d: (d.is_current, d.source))
            ]
        )
    return dg.AssetCheckResult(
        asset_key=RECEIVED,
        check_name=CURRENT_CHECK,
        passed=not silent,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )
