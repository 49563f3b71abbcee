"""Whether leaders would get a figure about so few people that they could be recognised.

Each model for leaders says in its dbt meta either which column counts the people of a row
(`people: {column: ...}`), or why its rows are about nobody (`people: {reason: ...}`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import yaml

from rcm_platform.publish.audiences import LEADERSHIP


def smallest_cell(project_dir: Path) -> int:
    """The least people that a figure for leaders is about: `vars.smallest_cell` of the project."""
    project = yaml.safe_load((project_dir / "dbt_project.yml").read_text())
    return int(project["vars"]["smallest_cell"])


def problems(con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], least: int) -> list[str]:
    """What leaders must not get: models that do not count their people, and figures about fewer
    people than `least`.

    Where a row says nothing, its count is empty, and so must be its figures.
    """
    found = []
    for node in manifest["nodes"].values():
        meta = node["config"].get("meta", {})
        if node["resource_type"] != "model" or LEADERSHIP not in meta.get("audience", []):
            continue
        people = meta.get("people", {})
        if column := people.get("column"):
            table = f'"{node["schema"]}"."{node["alias"]}"'
            figures = " or ".join(
                f'"{name}" is not null'
                for name, described in node["columns"].items()
                if str(described["data_type"]).startswith(("decimal", "bigint"))
            )
            [(few,)] = con.execute(
                f'select count(*) from {table} where coalesce("{column}", 0) < ? and ({figures})',
                [least],
            ).fetchall()
            if few:
                found.append(f"{node['name']}: {few:,} rows about fewer than {least} people")
        elif not people.get("reason"):
            found.append(f"{node['name']} does not say how many people its rows are about")
    return sorted(found)
