"""dbt's own pages in one file: models, tests, SQL and the graph, as `dbt docs generate --static`.

Its page stands in the dbt package and shows a manifest and a catalog. Both are known after a build:
to start dbt once more takes as long as to build a small home.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from rcm_platform.settings import Settings
from rcm_platform.warehouse import project as dbt_project
from rcm_platform.warehouse import tables as warehouse_tables


def page(settings: Settings) -> str:
    """The page of what the last build compiled. Raises FileNotFoundError before the first build."""
    text = files("dbt").joinpath("task", "docs", "index.html").read_text(encoding="utf-8")
    manifest = (dbt_project.run_target(settings) / "manifest.json").read_text()
    inline = {
        "MANIFEST.JSON INLINE DATA": manifest,
        "CATALOG.JSON INLINE DATA": json.dumps(_catalog(settings, json.loads(manifest))),
    }
    for place, data in inline.items():
        if f'"{place}"' not in text:
            raise RuntimeError(f"The page of the installed dbt-core has no place for {place}.")
        text = text.replace(f'"{place}"', data)
    return text


def _catalog(settings: Settings, manifest: dict[str, Any]) -> dict[str, Any]:
    """The tables of the warehouse as dbt describes them."""
    built = warehouse_tables.read(settings)
    nodes = {}
    for unique_id, node in manifest["nodes"].items():
        table = built.get((node["schema"], node.get("alias", "")))
        if node["resource_type"] not in ("model", "seed") or table is None:
            continue
        is_view = node["config"]["materialized"] == "view"
        nodes[unique_id] = {
            "unique_id": unique_id,
            "metadata": {
                "type": "VIEW" if is_view else "BASE TABLE",
                "schema": node["schema"],
                "name": node["alias"],
                "database": node["database"],
                "comment": None,
                "owner": None,
            },
            "columns": {
                name: {"type": kind, "index": number, "name": name, "comment": None}
                for number, (name, kind) in enumerate(table[1], start=1)
            },
            "stats": {},
        }
    return {"metadata": manifest["metadata"], "nodes": nodes, "sources": {}, "errors": None}
