"""Column lineage as Dagster shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from rcm_platform.warehouse import column_lineage
from rcm_platform.warehouse.column_lineage import ROWS, Lineage
from rcm_platform.web import documentation

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
