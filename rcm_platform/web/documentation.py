"""The documentation as a web site: an overview, a page for each table, and dbt's own pages.

Every column has an address, with what it is made of and what is made of it:

    index.html                  the overview: layers, headline figures, marts
    columns/index.html          all tables by layer, with a search of tables and columns
    columns/<layer>.<table>.html#<column>
    models/index.html           what `dbt docs` shows: models, tests, SQL, the graph
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rcm_platform.explain import links
from rcm_platform.publish import phi as publish_phi
from rcm_platform.settings import Settings
from rcm_platform.warehouse import column_lineage
from rcm_platform.warehouse import project as dbt_project
from rcm_platform.warehouse.column_lineage import ROWS, Lineage
from rcm_platform.web import dbt_docs
from rcm_platform.web.pages import template

PATH = "/docs"
"""Where the webserver shows the site."""

Uses = dict[str, dict[str, list[tuple[str, str]]]]
"""Table → column → the columns (table, column) that are made of it, by table."""

LAYERS = {
    "raw": "What the source systems delivered, append-only, nothing altered.",
    "persons": "Which patient records are one person's.",
    "seeds": "Lists that people keep: codes, rules, targets, assumptions.",
    "staging": "Each raw table with clean names and types.",
    "intermediate": "The ledger, and all rules between what came in and what is reported.",
    "marts": "What people read: facts, dimensions, KPIs, work lists.",
}


@dataclass(frozen=True)
class Link:
    """A column of a table, and the address of where it stands; a table alone is its rows."""

    text: str
    href: str


@dataclass(frozen=True)
class Column:
    """A row of a table's page."""

    name: str
    data_type: str
    description: str
    phi: str
    taken_from: tuple[Link, ...]
    computed_from: tuple[Link, ...]
    used_by: tuple[Link, ...]
    is_constant: bool


@dataclass(frozen=True)
class Table:
    """A table in the list of all."""

    name: str
    href: str
    description: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Layer:
    """A row of the overview."""

    name: str
    description: str
    tables: int
    columns: int


def page_name(manifest: Mapping[str, Any], table: str) -> str:
    """The file of a table's page, in the folder `columns`."""
    return f"{'.'.join(column_lineage.asset_path(manifest, table))}.html"


def column_link(manifest: Mapping[str, Any], table: str, column: str) -> str:
    """The path of a column's documentation in the webserver."""
    return f"{PATH}/columns/{page_name(manifest, table)}#{column}"


def write(settings: Settings) -> int:
    """Write the site of what the last build compiled, or leave it when it would be the same; gives
    the number of tables in it.

    Raises FileNotFoundError when nothing was built yet.
    """
    manifest, lineage = column_lineage.read(settings.dbt_target_dir)
    tables = [*manifest["sources"], *(t for t, n in manifest["nodes"].items() if _is_table(n))]
    pages = dict(_pages(settings.project_dir, manifest, lineage, tables))
    folder = settings.documentation_dir
    stamp = hashlib.sha256(
        json.dumps([dbt_project.fingerprint(settings), pages]).encode()
    ).hexdigest()
    if (known := folder / "site.sha256").exists() and known.read_text() == stamp:
        return len(tables)
    new = folder.with_name(f".{folder.name}")
    shutil.rmtree(new, ignore_errors=True)
    for part in ("columns", "models"):
        (new / part).mkdir(parents=True)
    (new / "models" / "index.html").write_text(dbt_docs.page(settings), encoding="utf-8")
    for name, text in pages.items():
        (new / name).write_text(text)
    (new / known.name).write_text(stamp)
    shutil.rmtree(folder, ignore_errors=True)
    new.rename(folder)
    return len(tables)


def _pages(
    project_dir: Path, manifest: Mapping[str, Any], lineage: Lineage, tables: Iterable[str]
) -> Iterable[tuple[str, str]]:
    """(file, page) of the overview, the list of tables with its search, and each table."""
    uses = _uses(lineage)
    classes = publish_phi.inherited(manifest, lineage)
    page = template("columns.html.jinja")
    by_layer: dict[str, list[Table]] = {layer: [] for layer in LAYERS}
    for table in tables:
        node = _node(manifest, table)
        layer, *rest = column_lineage.asset_path(manifest, table)
        name = page_name(manifest, table)
        # what is described, made by the model or read by another, each once
        names = dict.fromkeys((*node["columns"], *lineage.get(table, {}), *sorted(uses[table])))
        columns = [
            _column(manifest, table, column, lineage, uses, classes)
            for column in names
            if column != ROWS
        ]
        by_layer[layer].append(Table("/".join(rest), name, node["description"], tuple(columns)))
        title = "/".join((layer, *rest))
        model = f"../models/index.html#!/{node['resource_type']}/{table}"
        graph = links.lineage_link(layer, *rest)
        yield (
            f"columns/{name}",
            page.render(
                title=title, description=node["description"], columns=columns, layers={},
                links=[
                    ("All tables", "index.html"), ("Tests and SQL", model), ("In the graph", graph),
                ],
            ),
        )  # fmt: skip
    layers = {
        layer: sorted(found, key=lambda table: table.name)
        for layer, found in by_layer.items()
        if found
    }
    yield "index.html", _overview(project_dir, manifest, layers)
    yield "columns/search.js", template("search.js.jinja").render()
    yield (
        "columns/index.html",
        page.render(
            title="Tables and columns", layers=layers, columns=[],
            description="Each column has an address: what it is made of, and what is made of it.",
            links=[
                ("Documentation", "../index.html"),
                ("Models, tests and SQL", "../models/index.html"),
            ],
        ),
    )  # fmt: skip


def _overview(
    project_dir: Path, manifest: Mapping[str, Any], layers: Mapping[str, list[Table]]
) -> str:
    with (project_dir / "seeds" / "kpi_registry.csv").open(newline="") as file:
        kpis = [row for row in csv.DictReader(file) if row["is_headline"] == "true"]
    subjects: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for table, node in sorted(manifest["nodes"].items()):
        if node["resource_type"] == "model" and node["fqn"][1] == "marts":
            text = " ".join(node["description"].split()).partition(" Grain:")[0]
            page = f"columns/{page_name(manifest, table)}"
            subjects[node["fqn"][2]].append((node["alias"], page, text))
    return template("documentation.html.jinja").render(
        links=[("Operations desk", f"{links.DESK_PATH}/"), ("Scorecard", links.SCORECARD_PATH)],
        layers=[
            Layer(name, LAYERS[name], len(tables), sum(len(table.columns) for table in tables))
            for name, tables in layers.items()
        ],
        kpis=kpis,
        subjects=dict(sorted(subjects.items())),
    )


def _is_table(node: Mapping[str, Any]) -> bool:
    return node["resource_type"] in ("model", "seed")


def _node(manifest: Mapping[str, Any], table: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = manifest["nodes"].get(table) or manifest["sources"][table]
    return found


def _uses(lineage: Lineage) -> Uses:
    found: Uses = defaultdict(lambda: defaultdict(list))
    for table, columns in sorted(lineage.items()):
        for column, origins in columns.items():
            for origin in origins:
                found[origin.table][origin.column].append((table, column))
    return found


def _column(
    manifest: Mapping[str, Any],
    table: str,
    name: str,
    lineage: Lineage,
    uses: Uses,
    classes: Mapping[tuple[str, str], tuple[str, tuple[str, ...]]],
) -> Column:
    def link(other: str, column: str) -> Link:
        path = "/".join(column_lineage.asset_path(manifest, other))
        page = page_name(manifest, other)
        if column == ROWS:
            return Link(f"rows of {path}", page)
        return Link(f"{path}.{column}", f"{page}#{column}")

    described = _node(manifest, table)["columns"].get(name, {})
    origins = lineage.get(table, {}).get(name, ())
    return Column(
        name,
        described.get("data_type") or "",
        described.get("description", ""),
        classes.get((table, name), ("none",))[0],
        tuple(link(o.table, o.column) for o in origins if o.keeps_value),
        tuple(link(o.table, o.column) for o in origins if not o.keeps_value),
        tuple(link(*use) for use in uses[table][name] if use[1] != ROWS),
        is_constant=name in lineage.get(table, {}) and not origins,
    )
