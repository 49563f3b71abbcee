"""No audience gets a column or a small cell that it may not see."""

import dagster as dg
from dagster_duckdb import DuckDBResource

from rcm_platform.assets.checks.common import mart_key
from rcm_platform.publish import phi, small_cells
from rcm_platform.settings import Settings
from rcm_platform.warehouse import column_lineage

# what leaders get beside the headlines
_OTHERS = ("aging", "clinician", "data_quality", "denial", "forecast", "margin", "payer")


def nothing_private_leaves(settings: Settings) -> dg.AssetChecksDefinition:
    """Of the columns, by their lineage."""

    @dg.asset_check(
        asset=mart_key("mart_kpi_monthly"),
        name="nothing_private_leaves",
        blocking=True,
        description=(
            "No audience would get a column whose values come from one that it may not see: "
            "leaders nothing of a person and no key of a record, analysts no direct identifier."
        ),
    )
    def private() -> dg.AssetCheckResult:
        found = phi.leaks(*column_lineage.read(settings.dbt_target_dir))
        return dg.AssetCheckResult(
            passed=not found, metadata={str(leak): leak.phi for leak in found[:50]}
        )

    return private


def no_small_cell_leaves(settings: Settings) -> dg.AssetChecksDefinition:
    """Of the figures for leaders, by the people that they are about."""

    @dg.asset_check(
        asset=mart_key("mart_kpi_scorecard"),
        name="no_small_cell_leaves",
        additional_deps=[["marts", f"mart_{name}_scorecard"] for name in _OTHERS],
        blocking=True,
        description=(
            "No figure for leaders is about so few people that they could be recognised, or counts "
            "so few, and each of their models says how it counts people or why it is about nobody."
        ),
    )
    def small(warehouse: DuckDBResource) -> dg.AssetCheckResult:
        manifest, _ = column_lineage.read(settings.dbt_target_dir)
        with warehouse.get_connection() as con:
            found = small_cells.problems(
                con, manifest, small_cells.smallest_cell(settings.project_dir)
            )
        return dg.AssetCheckResult(passed=not found, metadata={"found": found} if found else {})

    return small
