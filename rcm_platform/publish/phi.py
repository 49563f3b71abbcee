"""Which columns may identify a person, and whether an audience would get one that it may not see.

The tags stand at staging (`meta.phi` of a column: direct, indirect or none). From there a tag
travels with the value; a band or an aggregate that keeps a value is declassified where it is made,
by a tag of its own with a reason (`meta.phi_reason`). The key of a single record needs no tag.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rcm_platform.publish.audiences import AUDIENCES, CLASSES
from rcm_platform.publish.small_cells import counting_column
from rcm_platform.publish.versions import Relation, relations_for
from rcm_platform.warehouse.column_lineage import ROWS, Lineage

RECORD_KEYS = frozenset(
    {
        "appointment_key", "claim_key", "claim_line_key", "encounter_key", "ledger_entry_key",
        "patient_key", "patient_version_key", "person_key", "remit_claim_key", "transaction_key",
        "work_key",
    }
)  # fmt: skip
"""Keys of single records: hashes of numbers that run on, so that whoever counts through the numbers
finds the record. Whatever is made of the record, its key is indirect."""


@dataclass(frozen=True, order=True)
class Leak:
    """A column that an audience would get and may not see; `came_by` are the columns that it was
    copied through, the tagged one last."""

    audience: str
    table: str
    column: str
    phi: str
    came_by: tuple[str, ...]

    def __str__(self) -> str:
        way = " ← ".join([f"{self.table}.{self.column}", *self.came_by])
        return f"{self.audience} would see {way}, which is {self.phi}"


def inherited(
    manifest: Mapping[str, Any], lineage: Lineage
) -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
    """(model, column) → its class, and the columns that it came through."""
    known: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}

    def of(table: str, column: str) -> tuple[str, tuple[str, ...]]:
        key = table, column
        if key in known:
            return known[key]
        known[key] = "none", ()
        node = manifest["nodes"].get(table) or {}
        meta = _meta(node, column)
        said: str = meta.get("phi", "none")
        if column in RECORD_KEYS and said == "none":
            said = "indirect"
        worst: tuple[str, tuple[str, ...]] = said, ()
        if "phi_reason" not in meta and node.get("fqn", ("", ""))[1] != "staging":
            for origin in lineage.get(table, {}).get(column, ()):
                if origin.keeps_value:
                    phi, way = of(origin.table, origin.column)
                    if CLASSES.index(phi) > CLASSES.index(worst[0]):
                        name = manifest["nodes"][origin.table]["name"]
                        worst = phi, (f"{name}.{origin.column}", *way)
        known[key] = worst
        return worst

    for table, columns in lineage.items():
        for column in columns:
            of(table, column)
    return known


def withheld(
    manifest: Mapping[str, Any], lineage: Lineage, audience: str
) -> dict[str, tuple[str, ...]]:
    """Model → its columns that the file of this audience must lack."""
    found: dict[str, list[str]] = {}
    if AUDIENCES[audience].is_trimmed:
        for (table, column), (phi, _) in inherited(manifest, lineage).items():
            if column != ROWS and CLASSES.index(phi) > CLASSES.index(AUDIENCES[audience].sees):
                found.setdefault(table, []).append(column)
    if AUDIENCES[audience].lacks_small_cells:
        for table, node in manifest["nodes"].items():
            if counting := counting_column(node):
                found.setdefault(table, []).append(counting)
    return {table: tuple(sorted(columns)) for table, columns in found.items()}


def relations(manifest: Mapping[str, Any], lineage: Lineage) -> dict[str, list[Relation]]:
    """Audience → what stands in its file."""
    return {
        audience: relations_for(manifest, audience, withheld(manifest, lineage, audience))
        for audience in AUDIENCES
    }


def leaks(manifest: Mapping[str, Any], lineage: Lineage) -> list[Leak]:
    """Every column that an audience would get and may not see. Of a model that could not be
    followed, nothing is known: leaders and analysts do not get it."""
    unknown = [
        Leak(audience, node["name"], "any column", "not known", ())
        for table, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and table not in lineage
        for audience in _audiences(node)
        if AUDIENCES[audience].sees != CLASSES[-1]
    ]
    known = [
        Leak(audience, manifest["nodes"][table]["name"], column, phi, way)
        for (table, column), (phi, way) in inherited(manifest, lineage).items()
        for audience in _audiences(manifest["nodes"][table])
        if not AUDIENCES[audience].is_trimmed
        and CLASSES.index(phi) > CLASSES.index(AUDIENCES[audience].sees)
    ]
    return sorted(unknown + known)


def _audiences(node: Mapping[str, Any]) -> list[str]:
    audiences: list[str] = node["config"].get("meta", {}).get("audience", [])
    return audiences


def _meta(node: Mapping[str, Any], column: str) -> Mapping[str, Any]:
    described = node.get("columns", {}).get(column, {})
    return described.get("config", {}).get("meta", {}) or described.get("meta", {})
