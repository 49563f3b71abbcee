"""What a failed data test of dbt is about, as the next person finds it: the claim, the payment or
the file, and what to do. Numbers of records, files and positions are told, no other value of a row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from rcm_platform.settings import Settings
from rcm_platform.warehouse import data_tests
from rcm_platform.warehouse import project as dbt_project

SHOWN = 3

# the columns that name a record, and what it is called
RECORDS = {
    "claim_id": "claim", "trace_number": "payment", "transaction_id": "transaction",
    "encounter_id": "visit", "procedure_id": "procedure", "deposit_id": "deposit",
    "gl_id": "ledger posting", "appointment_id": "appointment", "work_id": "task",
    "provider_id": "clinician", "staff_id": "member of staff", "record_id": "record",
    "facility_id": "facility", "payer_id": "payer", "rule_id": "rule", "kpi": "KPI",
}  # fmt: skip
FILES = {"_source_file": "_source_position", "source_file": "source_position"}


@dataclass(frozen=True)
class FailedTest:
    """A data test that did not hold in the last run of dbt."""

    test: str
    stops: bool
    row_count: int
    sentence: str


def read(settings: Settings) -> list[FailedTest]:
    """The tests that failed in the last run of dbt, on the warehouse that it left."""
    target = dbt_project.run_target(settings)
    results = target / "run_results.json"
    if not results.exists() or not settings.warehouse_path.exists():
        return []
    failed = [
        result
        for result in json.loads(results.read_text())["results"]
        if result["unique_id"].startswith("test.") and result["status"] in ("fail", "warn")
    ]
    if not failed:
        return []
    nodes = json.loads((target / "manifest.json").read_text())["nodes"]
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        return [_failed(con, nodes, _in_duckdb(settings, result)) for result in failed]


def _in_duckdb(settings: Settings, result: Mapping[str, Any]) -> Mapping[str, Any]:
    """A result with the SQL of its test as DuckDB reads it, whichever engine it was asked of."""
    if settings.target == "duckdb":
        return result
    asked = sqlglot.parse_one(result["compiled_code"], dialect=settings.target)
    for table in asked.find_all(exp.Table):
        table.set("catalog", None)  # a database there, here the file
    return {**result, "compiled_code": asked.sql(dialect="duckdb")}


def _failed(
    con: duckdb.DuckDBPyConnection, nodes: Mapping[str, Any], result: Mapping[str, Any]
) -> FailedTest:
    node = nodes[result["unique_id"]]
    model = nodes.get(node["attached_node"] or "", {})
    failing = f"({result['compiled_code']}) as failing"
    said = node.get("description") or data_tests.holds(node)
    found = [(said, data_tests.to_do(node), result["failures"], _rows(con, failing, {}))]
    if rules := _rows(con, f"(select broken_rule, count(*) from {failing} group by all)", {}, 99):
        found = [
            (*data_tests.broken(node, rule), count, _rows(con, failing, {"broken_rule": rule}))
            for rule, count in sorted(tuple(row.values()) for row in rules)
        ]
    sentences = [_sentence(con, model, *each) for each in found]
    return FailedTest(
        result["unique_id"],
        result["status"] == "fail",
        sum(count for *_, count, _ in found),
        f"{model.get('name', node['name'])}: {' '.join(sentences)}",
    )


def _sentence(
    con: duckdb.DuckDBPyConnection,
    model: Mapping[str, Any],
    holds: str,
    to_do: str,
    count: int,
    rows: list[dict[str, Any]],
) -> str:
    """What does not hold, in how many rows, such as which, and what to do."""
    places = [_place(con, model, row) for row in rows]
    found = "; ".join(dict.fromkeys(place for place in places if place))
    return (
        f"{holds} Not so in {count:,} {'row' if count == 1 else 'rows'}"
        f"{f', such as {found}' if found else ''}. Next: {to_do}"
    )


def _rows(
    con: duckdb.DuckDBPyConnection, relation: str, where: Mapping[str, Any], limit: int = SHOWN
) -> list[dict[str, Any]]:
    """The first rows of a relation, or none if it was not built."""
    holds = "".join(f" and {column} is not distinct from ?" for column in where)
    try:
        found = con.execute(
            f"select * from {relation} where true{holds} limit {limit}", list(where.values())
        )
    except duckdb.Error:
        return []
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _place(con: duckdb.DuckDBPyConnection, model: Mapping[str, Any], row: dict[str, Any]) -> str:
    """Where a failing row stands; what a test grouped is looked up in its model."""
    keys = {name: row[name] for name in row if name in model.get("columns", {})}
    if keys and ("broken_rule" in row or not _said(row)):
        place = f'"{model["schema"]}"."{model["alias"]}"'
        row |= next(iter(_rows(con, place, keys)), {})
    if (claim := row.get("claim_key")) and not row.get("claim_id"):
        headers = _rows(con, "intermediate.int_claim__headers", {"claim_key": claim})
        row |= {name: each[name] for each in headers for name in ("claim_id", "source_system")}
    said = _said(row)
    if {"this_total", "that_total"} <= set(row):
        said.append(f"{row['this_total']:,} against {row['that_total']:,}")
    elif "difference" in row:
        said.append(f"{row['difference']:,} apart")
    elif not said:
        keys = {name: value for name, value in row.items() if name.endswith("_key") and value}
        said = [f"{name} {value}" for name, value in keys.items()][:1]
    return ", ".join(said)


def _said(row: Mapping[str, Any]) -> list[str]:
    """The record that a row is of, and its file."""
    records = [f"{word} {row[name]}" for name, word in RECORDS.items() if row.get(name)]
    if row.get("rule_id") and (text := row.get("rule_description")):
        records = [f"rule {row['rule_id']} ({text.rstrip('.')})"]
    files = [
        f"file {row[file]} at {row[position]}"
        for file, position in FILES.items()
        if row.get(file) and row.get(position)
    ]
    system = [str(row["source_system"])] if row.get("source_system") else []
    return [*system, *records[:2], *files] if records or files else []
