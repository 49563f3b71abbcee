"""Whether models that say so (`claims_from` in their meta) are made claim by claim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

SETS = ("% 2 = 0", "% 20 = 7", "% 20 <> 3", "% 1000 < 7")
"""Claims by a hash of their keys: a half, some, most, and very few."""


def not_by_claim(
    con: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """(model, claims) where a model makes of the rows of some claims something else than stands in
    its table for these claims. The manifest is that of the build, with compiled queries."""
    for node in manifest["nodes"].values():
        names = node["config"].get("meta", {}).get("claims_from", [])
        if node["resource_type"] != "model" or not names:
            continue
        read = [manifest["nodes"][parent] for parent in node["depends_on"]["nodes"]]
        table = node["relation_name"]
        columns = ", ".join(
            f'cast("{name}" as {kind}) as "{name}"'
            for name, kind, *_ in con.execute(f"describe {table}").fetchall()
        )
        for some in SETS:
            chosen = f"where hash(coalesce(claim_key, '')) {some}"
            query = node["compiled_code"]
            for parent in read:
                if parent["name"] in names:
                    relation = parent["relation_name"]
                    query = query.replace(relation, f"(select * from {relation} {chosen})")
            found, expected = (
                con.execute(f"select count(*), sum(hash(made)) from ({sql}) as made").fetchall()
                for sql in (f"select {columns} from ({query}) {chosen}", f"from {table} {chosen}")
            )
            if found != expected:
                yield node["name"], some
