"""The first rows of the marts that everyone who opens the graph may see.

Dagster keeps what is shown on the page of an asset, for every viewer. So only marts for leaders are
read here, none with a column that says something of a person, and no row about so few people that
they could be recognised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb

from rcm_platform.publish import phi, small_cells
from rcm_platform.settings import Settings
from rcm_platform.warehouse.column_lineage import Lineage

COUNT = 5


def read(
    settings: Settings, manifest: Mapping[str, Any], lineage: Lineage, models: Iterable[str]
) -> dict[str, list[dict[str, str]]]:
    """Model → its first rows as text, of those of these models that everyone may see."""
    leaking = {leak.table for leak in phi.leaks(manifest, lineage)}
    least = small_cells.smallest_cell(settings.project_dir)
    found = {}
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        for model in models:
            node = manifest["nodes"][model]
            is_told = "people" in node["config"].get("meta", {})
            if not small_cells.is_guarded(node) or not is_told or node["name"] in leaking:
                continue
            counting = small_cells.counting_column(node)
            # surrogate keys say nothing to a reader, and push what does out of sight
            names = [
                name for name in node["columns"] if not name.endswith("_key") and name != counting
            ]
            shown = ", ".join(f'"{name}"' for name in names)
            enough = f'where "{counting}" >= {least}' if counting else ""
            rows = con.execute(
                f'select {shown} from "{node["schema"]}"."{node["alias"]}" {enough} '
                f"order by all limit {COUNT}"
            ).fetchall()
            found[model] = [dict(zip(names, map(_text, row), strict=True)) for row in rows]
    return found


def _text(value: object) -> str:
    return "" if value is None else str(value)
