"""How much of the lake the warehouse holds, and so what a build of some of its models must do."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from rcm_platform.lake import Lake
from rcm_platform.settings import Settings
from rcm_platform.warehouse.column_lineage import raw_table

_NAMED = 3
"""How many tables that are missing a message names."""


class NotBuilt(Exception):  # noqa: N818 (reads as what happened)
    """Models were chosen whose parents do not exist yet."""


@dataclass(frozen=True)
class Plan:
    """What a build of chosen models must do.

    `first`: models to build before the chosen ones. `is_whole`: whether the warehouse then holds
    all that the lake holds, as of one date.
    """

    first: tuple[str, ...]
    is_whole: bool


def plan(
    settings: Settings,
    lake: Lake,
    as_of: date,
    manifest: Mapping[str, Any],
    chosen: Collection[str],
    loaded: Collection[str],
) -> Plan:
    """What to do for the models `chosen` (names of models and seeds), in a run that loads the feeds
    `loaded`.

    Raises NotBuilt where people chose models whose parents were never built.
    """
    nodes = {
        node["unique_id"]: node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
    }
    others = tuple(sorted(name for name in nodes.values() if name not in chosen))
    if not others:
        return Plan((), is_whole=True)
    left_out = [
        name
        for unique_id, name in nodes.items()
        if name in chosen
        for child in manifest["child_map"][unique_id]
        if child in nodes and nodes[child] not in chosen
    ]
    if is_built(settings, lake, as_of, loaded):
        # models built again from what they were made of are what they were; of what was brought,
        # all that reads it must be built again, and all that depends on that
        brought = _brought(settings, lake)
        readers = {
            nodes[child]
            for unique_id in manifest["sources"]
            if raw_table(manifest, unique_id)[0] in brought
            for child in manifest["child_map"][unique_id]
            if child in nodes
        }
        return Plan((), is_whole=not brought or (not left_out and readers <= set(chosen)))
    if loaded and not left_out:
        # nothing of the others depends on what was chosen
        return Plan(others, is_whole=True)
    _parents_must_exist(settings, manifest, nodes, chosen)
    return Plan((), is_whole=False)


def _parents_must_exist(
    settings: Settings,
    manifest: Mapping[str, Any],
    nodes: Mapping[str, str],
    chosen: Collection[str],
) -> None:
    present = _tables(settings.warehouse_path)
    missing = {
        nodes[parent]
        for unique_id, name in nodes.items()
        if name in chosen
        for parent in manifest["parent_map"][unique_id]
        if parent in nodes
        and nodes[parent] not in chosen
        and (manifest["nodes"][parent]["schema"], manifest["nodes"][parent]["alias"]) not in present
    }
    if missing:
        named = ", ".join(sorted(missing)[:_NAMED])
        more = len(missing) - _NAMED
        raise NotBuilt(
            f"What these models are made of was never built: {named}"
            + (f" and {more} more" if more > 0 else "")
            + ". Run the job `nightly` (or `rcm run`) once, or select them with all upstream."
        )


def _tables(warehouse: Path) -> set[tuple[str, str]]:
    if not warehouse.exists():
        return set()
    with duckdb.connect(str(warehouse), read_only=True) as con:
        return set(
            con.execute(
                "select schema_name, table_name from duckdb_tables() "
                "union all select schema_name, view_name from duckdb_views()"
            ).fetchall()
        )


def is_built(settings: Settings, lake: Lake, as_of: date, feeds: Iterable[str]) -> bool:
    """Whether the warehouse lacks only what these feeds brought: then the models downstream of
    them are enough. Otherwise (another date, other models, a build that failed) all must be built.
    """
    path = _stamp(settings)
    if not path.exists():
        return False
    built = json.loads(path.read_text())
    if built["as_of"] != as_of.isoformat() or built["project"] != _project(settings):
        return False
    return _brought(settings, lake) <= set(feeds)


def _brought(settings: Settings, lake: Lake) -> set[str]:
    """The feeds that brought something since the last whole build; decisions are none."""
    built = json.loads(_stamp(settings).read_text())
    new = set(lake.batch_ids()) - set(built["batches"])
    return {feed for batch_id in new for feed in lake.feeds_of(batch_id)} - {"platform"}


def build_begins(settings: Settings) -> None:
    """From here on, until `build_ended`, the warehouse is not known to be whole."""
    _stamp(settings).unlink(missing_ok=True)


def build_ended(settings: Settings, lake: Lake, as_of: date) -> None:
    """The warehouse holds all that the lake holds, as of this date."""
    stamp = {"as_of": as_of.isoformat(), "project": _project(settings)}
    _stamp(settings).write_text(json.dumps(stamp | {"batches": lake.batch_ids()}))


def built_as_of(settings: Settings) -> date | None:
    """The date that all of the warehouse is of; None while some of it is of another state."""
    path = _stamp(settings)
    return date.fromisoformat(json.loads(path.read_text())["as_of"]) if path.exists() else None


def _stamp(settings: Settings) -> Path:
    return settings.warehouse_path.with_suffix(".built.json")


def _project(settings: Settings) -> str:
    path = settings.dbt_target_dir / "manifest.sha256"
    return path.read_text() if path.exists() else ""
