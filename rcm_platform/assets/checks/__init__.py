"""Checks that are no dbt tests: conservation, trace and privacy (they block publishing), arrivals,
and truth (of the synthetic world alone)."""

import dagster as dg

from rcm_platform.assets.checks import arrivals, conservation, privacy, trace, truth
from rcm_platform.settings import Settings


def build(settings: Settings) -> list[dg.AssetChecksDefinition]:
    """Bytes before dbt runs, dollars and work after it; truth only where there is a truth."""
    checks = [
        arrivals.build(settings),
        conservation.files_accounted(settings),
        conservation.conserved(settings),
        trace.kpis_trace(settings),
        trace.kpis_reach_a_source(settings),
        privacy.nothing_private_leaves(settings),
        privacy.no_small_cell_leaves(settings),
    ]
    if settings.world:
        checks += [
            truth.marts_true(settings),
            truth.faults_found_true(settings),
            truth.linkage_true(settings),
        ]
    return checks
