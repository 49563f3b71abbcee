"""What a data test of dbt is called in the graph, and what it says: that it holds, what to do when
it does not, and why it may then stop publication, if it may.

dbt makes a name of all the arguments of a test, and gives no description. Here both follow from the
kind of the test and its arguments. A test with a `name` in its yml keeps it, one with a
`description` says that first. The contract of a model holds several rules in one test.
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
    """A kind of test: what holds, what to do when it does not, the name of a test, where it is not
    that of its kind, and why a failure stops publication (a kind without a reason warns). The
    arguments of the test fill them."""

    holds: str
    to_do: str
    name: str = ""
    stops_because: str = ""


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
_DOUBLED = "what is joined to it would be counted twice"
_LOST = "money or rows would be missing, or counted twice, on the way from the sources to the marts"
_FALSE = "figures that are made of each other would contradict each other"
_NOT_FOUND = (
    "look at the values that are not found: their row was left out of the other table, or the "
    "source never delivered it."
)

KINDS = {
    "carries_over": Kind(
        "For each {columns}, {opening} is {closing} of the row before it by {order_by}.",
        _UNTRUE,
        stops_because=_LOST,
    ),
    "contract": Kind(
        "",
        "the check names the rule that is broken, the rows, and the next step.",
        stops_because=_DOUBLED,
    ),
    "date_order": Kind(
        "{column_name} is never before {not_before}.",
        "look at where the rows come from: the two dates are in the wrong order there.",
        name="{column_name}_order",
    ),
    "expression_is_true": Kind("In each row: {expression}.", _UNTRUE, stops_because=_FALSE),
    "history_is_whole": Kind(
        "The versions of each {key} follow one another without a gap or an overlap.",
        _UNTRUE,
        stops_because=_DOUBLED,
    ),
    "sum_equals": Kind(
        "The sum of {expression} is that of {compare_expression} in {compare_model}, to the cent.",
        _UNEQUAL,
        stops_because=_LOST,
    ),
    "sum_equals_by": Kind(
        "For each {columns}, the sum of {expression} is that of {compare_expression} in "
        "{compare_model}, to the cent.",
        _UNEQUAL,
        stops_because=_LOST,
    ),
    "unique_combination": Kind(
        "One row for each {columns}, any of which may be empty.", _TWICE, stops_because=_DOUBLED
    ),
}
RULES = {
    "key": Kind("One row for each {of}, and none of it is empty.", _TWICE),
    "distinct": Kind("One row for each {of}, any of which may be empty.", _TWICE),
    "required": Kind("Never empty either: {of}.", _EMPTY),
    "filled": Kind("Never empty, as far as sources deliver it: {of}.", _EMPTY),
    "values": Kind(
        "{of} is one of {values}.",
        "map the new value where the column is made; if it has a meaning of its own, add it to the "
        "list in the yml of the model.",
    ),
    "not_negative": Kind(
        "Never below zero: {of}.",
        "look at where the rows come from: a source with the wrong sign, or something that is "
        "subtracted twice.",
    ),
    "exists": Kind("Each {of} is a {field} of {in}.", _NOT_FOUND),
    "foreign_keys": Kind(
        "Each value of {of} is that of a row in the table whose key it is.", _NOT_FOUND
    ),
}
"""The rules of a contract, by its arguments; `of` is what they are about."""
_STOP = ("key", "distinct", "required")
_ANY = Kind("The query of the test finds no row.", _UNTRUE, stops_because=_FALSE)

_STOPS = "Nothing is published while it fails: {why}."
_KEY_STOPS = "Nothing is published while the key fails: {why}. The other rules warn."
_WARNS = "It warns: the data are published as they are."


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
    """What holds, for which rows, what to do when it does not, and whether publication stops."""
    because = KINDS.get(_kind(node), _ANY).stops_because
    stops = _KEY_STOPS if set(_arguments(node)) - set(_STOP) and _is_contract(node) else _STOPS
    effect = stops.format(why=because) if may_stop(node) else _WARNS
    sentences = [node["description"], holds(node), f"If it fails, {to_do(node)}"]
    return " ".join([*filter(None, sentences), effect])


def holds(node: Mapping[str, Any]) -> str:
    """What holds of which rows."""
    given = _arguments(node)
    if _is_contract(node):
        said = (_rule_holds(rule, given[rule]) for rule in RULES if given.get(rule))
        return " ".join(sentence for sentences in said for sentence in sentences)
    texts = {name: _text(name, value) for name, value in given.items()}
    if "expression" in texts:
        texts = {"compare_expression": texts["expression"]} | texts
    sentences = [KINDS.get(_kind(node), _ANY).holds.format(**texts)]
    if where := node["config"].get("where"):
        sentences.append(f"Only rows where {_code(where)} count.")
    if where := given.get("compare_where"):
        sentences.append(f"Of {texts['compare_model']} only rows where {_code(where)} count.")
    return " ".join(sentences)


def to_do(node: Mapping[str, Any]) -> str:
    """The next step of whoever finds it failed."""
    return KINDS.get(_kind(node), _ANY).to_do


def broken(node: Mapping[str, Any], rule: str) -> tuple[str, str]:
    """(what does not hold, the next step) for a rule that the rows of a failed contract name:
    `filled:paid_amount`, or `key`."""
    given = _arguments(node)
    name, _, column = rule.partition(":")
    if name == "exists" and column in given.get("foreign_keys", ()):
        name = "foreign_keys"
    if name == "key" and name not in given:
        name = "distinct"  # of a table whose key may be empty
    about = given[name]
    if column:
        about = {column: about[column]} if isinstance(about, Mapping) else [column]
    return " ".join(_rule_holds(name, about)), RULES[name].to_do


def _rule_holds(rule: str, about: Any) -> list[str]:
    """The sentences of a rule: one for all of its columns, or one for each that says more."""
    holds = RULES[rule].holds
    if not isinstance(about, Mapping):
        return [holds.format(of=_text("columns", about))]
    said = []
    for column, more in about.items():
        texts = more if isinstance(more, Mapping) else {"values": more}
        texts = {name: _text(name, value) for name, value in texts.items()}
        said.append(holds.format(of=_code(column), **texts))
    return said


def may_stop(node: Mapping[str, Any]) -> bool:
    """Whether nothing is published while it fails."""
    if _is_contract(node) and not set(_arguments(node)) & set(_STOP):
        return False
    return bool(node["config"]["severity"].lower() == "error")


def _is_contract(node: Mapping[str, Any]) -> bool:
    return _kind(node) == "contract"


def _kind(node: Mapping[str, Any]) -> str:
    """The generic test that it is one of; empty for a query of its own."""
    return str((node.get("test_metadata") or {}).get("name", ""))


def _arguments(node: Mapping[str, Any]) -> dict[str, Any]:
    found = (node.get("test_metadata") or {}).get("kwargs", {})
    return {name: value for name, value in found.items() if name != "model"}


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
