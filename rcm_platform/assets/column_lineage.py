"""Column lineage as Dagster shows it, and the checks that stand on it and on the manifest: figures
reach a source, and no audience gets a column or a small cell that it may not see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_duckdb import DuckDBResource

from rcm_platform.publish import phi, small_cells
from rcm_platform.settings import Settings
from rcm_platform.warehouse import column_lineage
from rcm_platform.warehouse.column_lineage import ROWS, Lineage
from rcm_platform.web import documentation

KPIS = dg.AssetKey(["marts", "mart_kpi_monthly"])
SCORECARD = dg.AssetKey(["marts", "mart_kpi_scorecard"])
# columns that name a figure or its place instead of being one
_FIGURES = ("numerator", "denominator", "kpi_value")
_SHOWN_ROOTS = 12


def asset_key(manifest: Mapping[str, Any], table: str) -> dg.AssetKey:
    """The asset of a model, seed or source of the manifest."""
    return dg.AssetKey(column_lineage.asset_path(manifest, table))


def metadata(manifest: Mapping[str, Any], lineage: Lineage, model: str) -> dict[str, Any]:
    """`dagster/column_lineage` of a model, and where each column is documented; of a mart also
    "Traces back to", to raw columns."""
    if model not in lineage:
        return {}
    columns = {name: origins for name, origins in lineage[model].items() if name != ROWS}
    found: dict[str, Any] = {
        "dagster/column_lineage": dg.TableColumnLineage(
            {
                name: [
                    dg.TableColumnDep(asset_key(manifest, origin.table), origin.column)
                    for origin in origins
                    if origin.column != ROWS
                ]
                for name, origins in columns.items()
            }
        ),
        "Columns": dg.MetadataValue.md(
            " · ".join(
                f"[{name}]({documentation.column_link(manifest, model, name)})" for name in columns
            )
        ),
    }
    if manifest["nodes"][model]["schema"] == "marts":
        found["Traces back to"] = dg.MetadataValue.table(
            [
                dg.TableRecord({"column": name, "made of": _roots(manifest, lineage, model, name)})
                for name in columns
            ]
        )
    return found


def _roots(manifest: Mapping[str, Any], lineage: Lineage, model: str, column: str) -> str:
    """The raw columns and seeds behind a column, as text: table.column, or the rows of a table."""
    ends = column_lineage.roots(lineage, model, column)
    texts = [
        f"{'/'.join(asset_key(manifest, end.table).path)}"
        + (" (rows)" if end.column == ROWS else f".{end.column}")
        for end in ends
    ]
    more = len(texts) - _SHOWN_ROOTS
    shown = ", ".join(texts[:_SHOWN_ROOTS]) or "a constant of the model"
    return shown + (f" and {more} more" if more > 0 else "")


def build(settings: Settings) -> list[dg.AssetChecksDefinition]:
    """Checks that read what the last build wrote down."""

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

    return [reach, _phi(settings), _small_cells(settings)]


def _phi(settings: Settings) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=KPIS,
        name="nothing_private_leaves",
        blocking=True,
        description=(
            "No audience would get a column whose values come from one that it may not see: "
            "leaders nothing of a person, analysts no direct identifier."
        ),
    )
    def private() -> dg.AssetCheckResult:
        found = phi.leaks(*column_lineage.read(settings.dbt_target_dir))
        return dg.AssetCheckResult(
            passed=not found, metadata={str(leak): leak.phi for leak in found[:50]}
        )

    return private


def _small_cells(settings: Settings) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=SCORECARD,
        name="no_small_cell_leaves",
        additional_deps=[["marts", "mart_clinician_scorecard"]],
        blocking=True,
        description=(
            "No figure for leaders is about so few people that they could be recognised, and each "
            "of their models says how it counts them or why it is about nobody."
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
