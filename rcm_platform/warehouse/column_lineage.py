"""Which columns each column of a model is made of, read from the SQL that ran.

Values only: what a row was joined or filtered by is not followed. A hop keeps the value (a copy, a
cast, a choice between columns) or makes another one of it (a sum, a comparison, a hash); what is
private in a column travels only as long as values are kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import MappingSchema, exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

ROWS = "*"
"""Stands for the rows of a table: what a count is made of."""

_FILE = "column_lineage_by_model.json"
_DATE = re.compile(r"'\d{4}-\d\d-\d\d'")

#: What makes another value of its arguments. Everything else is taken to keep them.
_CHANGES = (
    exp.Count, exp.Sum, exp.Avg, exp.Predicate, exp.Connector, exp.Not, exp.Add, exp.Sub, exp.Mul,
    exp.Div, exp.IntDiv, exp.Mod, exp.MD5, exp.SHA2, exp.DateDiff, exp.Length, exp.Extract,
    exp.RegexpLike,
)  # fmt: skip


@dataclass(frozen=True, order=True)
class Origin:
    """A column that another one is made of; `table` is an id of the dbt manifest."""

    table: str
    column: str
    keeps_value: bool


Lineage = dict[str, dict[str, tuple[Origin, ...]]]
"""Model → column → the columns of the tables that it reads."""


def column_lineage(
    manifest: Mapping[str, Any], columns: Mapping[str, Sequence[str]], models: Iterable[str]
) -> Lineage:
    """The lineage of models, from their compiled SQL in the manifest.

    `columns` are those of every table that they may read, by its id in the manifest. A model that
    cannot be understood is left out.
    """
    names = {_path(manifest, table): table for table in columns}
    schema = MappingSchema(dialect="duckdb")
    for path, table in names.items():
        types = dict.fromkeys(columns[table], "unknown")
        schema.add_table(exp.table_(path[2], path[1], path[0]), types, dialect="duckdb")
    found: Lineage = {}
    for model in models:
        try:
            scope = _query(manifest, schema, manifest["nodes"][model])
        except SqlglotError:
            continue
        walk = _Walk(names)
        found[model] = {
            name: tuple(sorted(_strongest(origins)))
            for name, origins in walk.columns(scope).items()
        } | {ROWS: tuple(sorted(set(walk.rows(scope))))}
    return found


def write(
    target: Path,
    columns: Mapping[str, Sequence[str]],
    manifest: Mapping[str, Any],
    shared: Path | None = None,
) -> Lineage:
    """Add the lineage of what a build compiled to that of earlier builds, beside the manifest.

    Only models whose SQL or whose inputs' columns have changed are read again. `target` is the
    folder of dbt's target; models that are gone are forgotten. `shared` is a folder where homes
    with the same project find what another one has read.
    """
    own, others = target / _FILE, shared / _FILE if shared else None
    known = {**(_known(others) if others else {}), **_known(own)}
    stamps = {
        name: _stamp(manifest, node, columns)
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node.get("compiled_code") and name in columns
    }
    new = [name for name, stamp in stamps.items() if known.get(name, {}).get("stamp") != stamp]
    for model, origins in column_lineage(manifest, columns, new).items():
        listed = {column: [astuple(o) for o in found] for column, found in origins.items()}
        known[model] = {"stamp": stamps[model], "columns": listed}
    text = json.dumps({m: k for m, k in known.items() if m in manifest["nodes"]})
    _replace(own, text)
    if others and new:
        with suppress(OSError):
            _replace(others, text)
    return _load(own)


def _known(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def _replace(path: Path, text: str) -> None:
    written = path.with_suffix(f".{os.getpid()}")
    written.write_text(text)
    written.replace(path)


def read(target: Path) -> tuple[dict[str, Any], Lineage]:
    """The manifest, and the lineage as the last build left it.

    Raises FileNotFoundError when nothing was built yet.
    """
    manifest: dict[str, Any] = json.loads((target / "manifest.json").read_text())
    return manifest, _load(target / _FILE)


def described_sources(target: Path) -> dict[tuple[str, str], dict[str, str]]:
    """(feed, table) → column → what the staging models say of the column that keeps its value;
    where several do, the one of the same name. Nothing is known before the first build."""
    try:
        manifest, lineage = read(target)
    except FileNotFoundError:
        return {}
    found: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for model, columns in sorted(lineage.items()):
        if (node := manifest["nodes"].get(model)) is None or node["fqn"][1] != "staging":
            continue
        for name, origins in columns.items():
            described = node["columns"].get(name, {}).get("description")
            for origin in origins:
                is_raw = origin.table in manifest["sources"]
                if not described or not is_raw or not origin.keeps_value:
                    continue
                known = found[raw_table(manifest, origin.table)]
                if name == origin.column:
                    known[name] = described
                else:
                    known.setdefault(origin.column, described)
    return found


def asset_path(manifest: Mapping[str, Any], table: str) -> list[str]:
    """The parts of the key that a model, seed or source has in the asset graph."""
    if (source := manifest["sources"].get(table)) is not None:
        key: list[str] = source["config"]["meta"]["dagster"]["asset_key"]
        return key
    node = manifest["nodes"][table]
    return [node["schema"], node["alias"]]


def raw_table(manifest: Mapping[str, Any], source: str) -> tuple[str, str]:
    """The feed and the table that a source of the manifest is: one dbt source has all hospitals."""
    feed, table = asset_path(manifest, source)[-2:]
    return feed, table


def _load(path: Path) -> Lineage:
    return {
        model: {
            name: tuple(Origin(*o) for o in origins) for name, origins in known["columns"].items()
        }
        for model, known in json.loads(path.read_text()).items()
    }


def _stamp(
    manifest: Mapping[str, Any], node: Mapping[str, Any], columns: Mapping[str, Sequence[str]]
) -> str:
    """A hash of all that the lineage of a model follows from: its SQL, whatever its as-of date and
    the folder of its files, the columns of what it reads, and how this module reads them."""
    reads = {table: list(columns.get(table, ())) for table in node["depends_on"]["nodes"]}
    sql = _DATE.sub("''", _named_sql(manifest, node))
    follows = [sql, reads, sqlglot.__version__, Path(__file__).read_text()]
    return hashlib.sha256(json.dumps(follows, sort_keys=True).encode()).hexdigest()


def roots(lineage: Lineage, table: str, column: str) -> list[Origin]:
    """The columns of sources and seeds at the upstream end of a column, each once.

    `keeps_value` says whether one way there only copies. A constant has none.
    """
    ends: dict[tuple[str, str], bool] = {}
    seen: set[Origin] = set()
    waiting = [Origin(table, column, keeps_value=True)]
    while waiting:
        now = waiting.pop()
        if now in seen:
            continue
        seen.add(now)
        if now.table not in lineage:
            ends[now.table, now.column] = ends.get((now.table, now.column), False) | now.keeps_value
            continue
        waiting += [
            Origin(o.table, o.column, o.keeps_value and now.keeps_value)
            for o in lineage[now.table].get(now.column, ())
        ]
    return sorted(Origin(*end, keeps_value) for end, keeps_value in ends.items())


def _query(manifest: Mapping[str, Any], schema: MappingSchema, node: Mapping[str, Any]) -> Scope:
    """The compiled query of a model with every column qualified, sources under their own names."""
    tree = qualify(
        sqlglot.parse_one(_named_sql(manifest, node), dialect="duckdb"),
        schema=schema,
        dialect="duckdb",
        validate_qualify_columns=False,
    )
    scope = build_scope(tree)
    if scope is None:
        raise SqlglotError(f"{node['name']} is no query")
    return scope


def _named_sql(manifest: Mapping[str, Any], node: Mapping[str, Any]) -> str:
    """The compiled SQL of a model, with the names of sources in place of their files."""
    sql: str = node["compiled_code"]
    for upstream in node["depends_on"]["nodes"]:
        if source := manifest["sources"].get(upstream):
            catalog, database, name = _path(manifest, upstream)
            sql = sql.replace(source["relation_name"], f'"{catalog}"."{database}"."{name}"')
    return sql


def _path(manifest: Mapping[str, Any], table: str) -> tuple[str, str, str]:
    if (source := manifest["sources"].get(table)) is not None:
        return "raw", source["source_name"], source["name"]
    node = manifest["nodes"][table]
    return node["database"], node["schema"], node["alias"]


def _strongest(origins: Iterable[Origin]) -> Iterator[Origin]:
    """One per column: keeping its value outweighs changing it."""
    best: dict[tuple[str, str], bool] = {}
    for origin in origins:
        key = origin.table, origin.column
        best[key] = best.get(key, False) | origin.keeps_value
    return (Origin(*key, keeps_value) for key, keeps_value in best.items())


class _Walk:
    """Through the queries of one model; each is asked once."""

    def __init__(self, names: Mapping[tuple[str, str, str], str]) -> None:
        self._names = names
        self._known: dict[int, dict[str, list[Origin]]] = {}

    def columns(self, scope: Scope) -> dict[str, list[Origin]]:
        """Column → origins, of the query of a scope."""
        if id(scope) not in self._known:
            self._known[id(scope)] = (
                self._of_union(scope)
                if isinstance(scope.expression, exp.SetOperation)
                else self._of_select(scope)
            )
        return self._known[id(scope)]

    def rows(self, scope: Scope) -> Iterator[Origin]:
        """The tables whose rows a query counts: those that it selects from first."""
        if isinstance(scope.expression, exp.SetOperation):
            for branch in scope.set_operation_scopes:
                yield from self.rows(branch)
            return
        first = scope.expression.find(exp.From)
        source = scope.sources.get(first.this.alias_or_name) if first else None
        if isinstance(source, Scope):
            yield from self.rows(source)
        elif isinstance(source, exp.Table):
            yield from self._table(source, ROWS, keeps_value=False)

    def _of_union(self, scope: Scope) -> dict[str, list[Origin]]:
        left, right = (self.columns(branch) for branch in scope.set_operation_scopes)
        return {
            name: mine + theirs
            for (name, mine), theirs in zip(left.items(), right.values(), strict=True)
        }

    def _of_select(self, scope: Scope) -> dict[str, list[Origin]]:
        found = {}
        for selected in scope.expression.selects:  # type: ignore[attr-defined]
            origins = list(self._of_expression(scope, selected))
            # a count, or a sum of ones, is made of rows and of no column
            if not origins and selected.find(exp.AggFunc, exp.RowNumber):
                origins = list(self.rows(scope))
            found[selected.alias_or_name] = origins
        return found

    def _of_expression(self, scope: Scope, selected: exp.Expr) -> Iterator[Origin]:
        for column in selected.find_all(exp.Column):
            if _only_orders(column, selected):
                continue
            keeps_value = _keeps_value(column, selected)
            source = scope.sources.get(column.table)
            if isinstance(source, Scope):
                for origin in self.columns(source).get(column.name, ()):
                    kept = keeps_value and origin.keeps_value
                    yield Origin(origin.table, origin.column, kept)
            elif isinstance(source, exp.Table):
                yield from self._table(source, column.name, keeps_value)

    def _table(self, table: exp.Table, column: str, keeps_value: bool) -> Iterator[Origin]:
        path = table.catalog, table.db, table.name
        if path in self._names:
            yield Origin(self._names[path], column, keeps_value)


def _keeps_value(column: exp.Expr, selected: exp.Expr) -> bool:
    at = column
    while at is not selected and at.parent is not None:
        parent = at.parent
        if isinstance(parent, _CHANGES):
            return False
        # a condition decides which value it is, and is none
        if isinstance(parent, exp.If) and at is parent.this:
            return False
        at = parent
    return not isinstance(selected, _CHANGES)


def _only_orders(column: exp.Expr, selected: exp.Expr) -> bool:
    """Whether a column only sorts or divides the rows of a window."""
    at = column
    while at is not selected and at.parent is not None:
        if isinstance(at.parent, exp.Window) and at is not at.parent.this:
            return True
        at = at.parent
    return False
