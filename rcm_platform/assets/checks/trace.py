"""Every KPI traces to its claims and their ledger entries, and its columns to raw ones."""

import dagster as dg
from dagster_duckdb import DuckDBResource

from rcm_platform.assets.checks.common import as_of_date, mart_key
from rcm_platform.assets.common import nightly_check
from rcm_platform.explain import trace_audit
from rcm_platform.ingest import lake_access
from rcm_platform.settings import Settings
from rcm_platform.warehouse import column_lineage

KPIS = mart_key("mart_kpi_monthly")
_FIGURES = ("numerator", "denominator", "kpi_value")
"""Its columns that are figures; the others name a figure or its place."""


def kpis_trace(settings: Settings) -> dg.AssetChecksDefinition:
    """A sample of KPI cells, summed again from their claims and ledger entries."""

    @dg.asset_check(
        asset=KPIS,
        additional_deps=[
            mart_key("fct_claims"),
            mart_key("fct_ledger_entries"),
            mart_key("fct_encounters"),
            mart_key("fct_kpi_records"),
            ["intermediate", "int_kpi__contributions"],
        ],
        blocking=True,
        **nightly_check(
            f"{trace_audit.SAMPLE} random cells of every KPI, other ones each day, sum exactly "
            "from their parts, and claims from ledger entries that name their file."
        ),
    )
    def kpis_trace_exactly(
        context: dg.AssetCheckExecutionContext, warehouse: DuckDBResource
    ) -> dg.AssetCheckResult:
        as_of = as_of_date(settings, context, lake_access.open_lake(settings))
        with warehouse.get_connection() as con:
            audit = trace_audit.audit_warehouse(con, as_of)
        return dg.AssetCheckResult(
            passed=not audit.broken,
            metadata={
                "cells": audit.cells,
                "claims": audit.claims,
                "ledger entries": audit.entries,
                "drawn by": as_of.isoformat(),
                **({"broken": list(audit.broken[:20])} if audit.broken else {}),
            },
        )

    return kpis_trace_exactly


def kpis_reach_a_source(settings: Settings) -> dg.AssetChecksDefinition:
    """The figures of the KPIs are made of raw columns, as the last build wrote down."""

    @dg.asset_check(
        asset=KPIS,
        name="kpis_reach_a_source",
        description="Every figure of a KPI is made of columns or rows of raw tables.",
    )
    def reach() -> dg.AssetCheckResult:
        manifest, lineage = column_lineage.read(settings.dbt_target_dir)
        model = "model.rcm_dbt.mart_kpi_monthly"
        ends = {
            name: [
                end
                for end in column_lineage.roots(lineage, model, name)
                if end.table in manifest["sources"]
            ]
            for name in _FIGURES
        }
        return dg.AssetCheckResult(
            passed=all(ends.values()),
            metadata={name: f"{len(found)} raw columns" for name, found in ends.items()},
        )

    return reach
