"""Joins of a query plan that compare each row of one side with each of the other.

Whether a side grows with the data follows from what it is, not from how many rows it has today: a
seed, literal rows, a single row, and what is made of these alone do not.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

_LITERAL_ROWS = {"DUMMY_SCAN", "COLUMN_DATA_SCAN", "EMPTY_RESULT", "GENERATE_SERIES", "RANGE"}
# joins by equal keys; a delim join is one between the rows and their distinct keys
_BY_KEYS = {"HASH_JOIN", "LEFT_DELIM_JOIN", "RIGHT_DELIM_JOIN"}


@dataclass(frozen=True)
class SlowJoin:
    """A join without equal keys, with the tables of both its sides."""

    kind: str
    condition: str
    left: tuple[str, ...]
    right: tuple[str, ...]


def slow_joins(con: duckdb.DuckDBPyConnection, sql: str) -> list[SlowJoin]:
    """The joins without equal keys whose two sides both grow with the data."""
    # else what a small or empty table happens to hold decides
    con.execute("set disabled_optimizers = 'statistics_propagation'")
    [(_, text)] = con.execute(f"explain (format json) {sql}").fetchall()
    plan = _Plan()
    for root in json.loads(text):
        plan.grows(root)
    return plan.found


class _Plan:
    def __init__(self) -> None:
        self.found: list[SlowJoin] = []
        self._ctes: dict[str, bool] = {}
        self._tables: dict[str, set[str]] = {}  # of each of them
        self._outer_grows = [False]  # of the delim joins around

    def grows(self, node: dict[str, Any]) -> bool:
        """Whether the rows of a node become more with the data; what is found below is noted."""
        name, children = node["name"].strip(), node["children"]
        if name == "CTE":
            definition, query = children
            index = node["extra_info"]["Table Index"]
            self._ctes[index], self._tables[index] = self.grows(definition), self._read(definition)
            return self.grows(query)
        if name.endswith("DELIM_JOIN"):
            outer, *inner = children
            self._outer_grows.append(self.grows(outer))
            sides = [self._outer_grows[-1], *map(self.grows, inner)]
            self._outer_grows.pop()
        else:
            sides = [self.grows(child) for child in children]
        is_slow = name not in _BY_KEYS and (name.endswith("JOIN") or name == "CROSS_PRODUCT")
        if is_slow and all(sides):
            self.found.append(self._described(node))
        if name == "UNGROUPED_AGGREGATE":
            return False
        return any(sides) if children else self._leaf_grows(name, node["extra_info"])

    def _leaf_grows(self, name: str, info: dict[str, Any]) -> bool:
        if name == "CTE_SCAN":
            return self._ctes[info["CTE Index"]]
        if name == "REC_CTE_SCAN":  # as the rows that it began with
            return False
        if name in {"COLUMN_DATA_SCAN", "DELIM_SCAN"} and len(self._outer_grows) > 1:
            return self._outer_grows[-1]
        if name in _LITERAL_ROWS:
            return False
        return ".seeds." not in info.get("Table", "")

    def _described(self, node: dict[str, Any]) -> SlowJoin:
        info = node["extra_info"]
        condition = info.get("Conditions", info.get("Condition", ""))
        left, right = (tuple(sorted(self._read(child))) for child in node["children"])
        return SlowJoin(node["name"].strip(), str(condition), left, right)

    def _read(self, node: dict[str, Any]) -> set[str]:
        """The tables that a node is made of."""
        info = node["extra_info"]
        if node["name"].strip() == "CTE_SCAN":
            return self._tables[info["CTE Index"]]
        own = {info["Table"].rpartition(".")[2]} if "Table" in info else set()
        return own.union(*map(self._read, node["children"]))


COARSE = frozenset({"source_system", "claim_namespace", "payer_class"})
"""Columns with few values that many rows share: no key of a join on their own."""


def coarse_joins(sql: str) -> list[tuple[str, str]]:
    """Pairs of relations that an inner join of several binds to each other by nothing but coarse
    columns, through a third that has a key of each.

    A planner that misjudges how many rows there are may join the two first, each row of a hospital
    with each other. Which order it takes differs with the size of the data: no plan of a small
    warehouse shows it.
    """
    found = []
    for select in sqlglot.parse_one(sql, dialect="duckdb").find_all(exp.Select):
        inner = [j for j in select.args.get("joins") or [] if not j.side and j.args.get("on")]
        equal = [
            {(c.table, c.name) if isinstance(c, exp.Column) else c.sql() for c in (e.left, e.right)}
            for join in inner
            for e in join.args["on"].find_all(exp.EQ)
        ]
        names = [join.this.alias_or_name for join in inner]
        for left, right in itertools.combinations(names, 2):
            both = [
                dict(column for column in group if isinstance(column, tuple))
                for group in _classes(equal)
            ]
            shared = {sides[left] for sides in both if {left, right} <= sides.keys()}
            if shared and shared <= COARSE:
                found.append((left, right))
    return found


def _classes(pairs: Iterable[set[Any]]) -> list[set[Any]]:
    """What is equal to each other, also through others."""
    classes: list[set[Any]] = []
    for pair in pairs:
        touching = [each for each in classes if each & pair]
        classes = [each for each in classes if not each & pair]
        classes.append(pair.union(*touching))
    return classes
