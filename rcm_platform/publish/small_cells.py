"""Whether leaders would get a figure about so few people that they could be recognised.

Each model for leaders says in its dbt meta either which column counts the people of a row
(`people: {column: ...}`), or why its rows are about nobody (`people: {reason: ...}`). The column is
for the check and stays out of their file: people do not add up, so that those of a total less those
of its parts would tell how few were nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import yaml

from rcm_platform.publish.audiences import AUDIENCES


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
        if node["resource_type"] != "model" or not is_guarded(node):
            continue
        table = f'"{node["schema"]}"."{node["alias"]}"'
        people = _people(node)
        if column := people.get("column"):
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
        for name in node["columns"]:
            if not name.endswith("_count") or name == column:
                continue
            [(few,)] = con.execute(
                f'select count(*) from {table} where "{name}" > 0 and "{name}" < ?', [least]
            ).fetchall()
            if few:
                found.append(f"{node['name']}.{name}: {few:,} rows count fewer than {least}")
    return sorted(found)


def is_guarded(node: Mapping[str, Any]) -> bool:
    """Whether a model is for readers who get no small cells."""
    audiences = node["config"].get("meta", {}).get("audience", [])
    return any(AUDIENCES[audience].lacks_small_cells for audience in audiences)


def counting_column(node: Mapping[str, Any]) -> str | None:
    """The column of a model that counts the people of a row."""
    column: str | None = _people(node).get("column")
    return column


def _people(node: Mapping[str, Any]) -> Mapping[str, Any]:
    people: Mapping[str, Any] = node["config"].get("meta", {}).get("people", {})
    return people
