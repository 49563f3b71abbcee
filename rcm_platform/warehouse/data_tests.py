"""What a data test of dbt is called in the graph, and what it says: that it holds, and what to do
when it does not.

dbt makes a name of all the arguments of a test, and gives no description. Here both follow from the
kind of the test and its arguments. A test with a `name` in its yml keeps it, one with a
`description` says that first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LONGEST_NAME = 40

_REFERENCE = re.compile(r"(?:\{\{\s*)?ref\(['\"](\w+)['\"]\)(?:\s*\}\})?")


@dataclass(frozen=True)
class Kind:
    """A kind of test: what holds, what to do when it does not, and the name of a test, where it is
    not that of its kind. The arguments of the test fill them."""

    holds: str
    to_do: str
    name: str = ""


_TWICE = (
    "look for rows that come twice: most often a join that finds more than one row, or a source "
    "that delivered the same key twice."
)
_EMPTY = "look at the model or source that the rows without a value come from."
_UNEQUAL = (
    "rows are lost or counted twice between the two: compare the sums by month, then by claim, "
    "until the rows are found."
)
_UNTRUE = "look at the rows for which it is not so, and at the models that they come from."
_NOT_FOUND = (
    "look at the values that are not found: their row was left out of the other table, or the "
    "source never delivered it."
)

KINDS = {
    "accepted_values": Kind(
        "{column_name} is one of {values}.",
        "map the new value where the column is made; if it has a meaning of its own, add it to the "
        "list in the yml of the model.",
        name="{column_name}_values",
    ),
    "carries_over": Kind(
        "For each {columns}, {opening} is {closing} of the row before it by {order_by}.", _UNTRUE
    ),
    "date_order": Kind(
        "{column_name} is never before {not_before}.",
        "look at where the rows come from: the two dates are in the wrong order there.",
        name="{column_name}_order",
    ),
    "expression_is_true": Kind("In each row: {expression}.", _UNTRUE),
    "filled": Kind("Never empty: {columns}.", _EMPTY),
    "foreign_keys": Kind(
        "Each value of {keys} is that of a row in the table whose key it is.", _NOT_FOUND
    ),
    "history_is_whole": Kind(
        "The versions of each {key} follow one another without a gap or an overlap.", _UNTRUE
    ),
    "not_negative": Kind(
        "{column_name} is never below zero.",
        "look at where the rows come from: a source with the wrong sign, or something that is "
        "subtracted twice.",
        name="{column_name}_not_negative",
    ),
    "not_null": Kind("{column_name} is never empty.", _EMPTY, name="{column_name}_filled"),
    "primary_key": Kind("One row for each {columns}, and none of it is empty.", _TWICE),
    "relationships": Kind(
        "Each {column_name} is a {field} of {to}.", _NOT_FOUND, name="{column_name}_exists"
    ),
    "sum_equals": Kind(
        "The sum of {expression} is that of {compare_expression} in {compare_model}, to the cent.",
        _UNEQUAL,
    ),
    "sum_equals_by": Kind(
        "For each {columns}, the sum of {expression} is that of {compare_expression} in "
        "{compare_model}, to the cent.",
        _UNEQUAL,
    ),
    "unique": Kind("No two rows have the same {column_name}.", _TWICE, name="{column_name}_unique"),
    "unique_combination": Kind("One row for each {columns}, any of which may be empty.", _TWICE),
}
_ANY = Kind("The query of the test finds no row.", _UNTRUE)

_STOPS = "It stops the run: what is made of this table is not built, and nothing is published."
_WARNS = "It warns; the run goes on."


def with_names(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest with a short name and a description of each of its data tests.

    dagster-dbt takes both from the manifest, for a check and for its results alike. Raises
    ValueError where two tests of a table would have one name: Dagster would show only one of them.
    """
    nodes = dict(manifest["nodes"])
    taken: dict[tuple[Any, str], str] = {}
    for test, node in manifest["nodes"].items():
        if node["resource_type"] != "test":
            continue
        name = short_name(node)
        if (other := taken.setdefault((node.get("attached_node"), name), test)) != test:
            raise ValueError(
                f"Two tests in {node['original_file_path']} would be called {name}: give one of "
                f"them a `name` in the yml ({other}, {test})."
            )
        said = {**node["meta"], "description": description(node)}
        nodes[test] = {**node, "name": name, "meta": said}
    return {**manifest, "nodes": nodes}


def short_name(node: Mapping[str, Any]) -> str:
    """The name that the yml gives to a test, else one of its kind and arguments."""
    name = str(node["name"])
    if not (kind := _kind(node)):
        return name  # a query of its own
    # as dbt begins the names that it makes
    if not name.startswith(f"{kind}_{node['attached_node'].split('.')[2]}_"):
        return name
    return KINDS.get(kind, _ANY).name.format(**node["test_metadata"]["kwargs"]) or kind


def description(node: Mapping[str, Any]) -> str:
    """What holds, for which rows, what to do when it does not, and what fails with it."""
    given = (node.get("test_metadata") or {}).get("kwargs", {})
    kind = KINDS.get(_kind(node), _ANY)
    said = {name: _text(name, value) for name, value in given.items()}
    if "expression" in said:
        said = {"compare_expression": said["expression"]} | said
    sentences = [node["description"], kind.holds.format(**said)]
    if filled := given.get("filled"):
        sentences.append(f"Never empty either: {_text('columns', filled)}.")
    if where := node["config"].get("where"):
        sentences.append(f"Only rows where {_code(where)} count.")
    if where := given.get("compare_where"):
        sentences.append(f"Of {said['compare_model']} only rows where {_code(where)} count.")
    warns = node["config"]["severity"].lower() == "warn"
    sentences += [f"If it fails, {kind.to_do}", _WARNS if warns else _STOPS]
    return " ".join(sentence for sentence in sentences if sentence)


def _kind(node: Mapping[str, Any]) -> str:
    """The generic test that it is one of; empty for a query of its own."""
    return str((node.get("test_metadata") or {}).get("name", ""))


def _text(argument: str, value: Any) -> str:
    """An argument as it stands in a sentence."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        return _code(value)
    joined = " or " if argument == "values" else " and "
    *others, last = [_code(each) for each in value]
    return joined.join([", ".join(others), last] if others else [last])


def _code(value: Any) -> str:
    """SQL or a name, with the models that it refers to by their names."""
    text = _REFERENCE.sub(r"\1", " ".join(str(value).split()))
    return f"`{text}`"
