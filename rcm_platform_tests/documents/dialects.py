"""How near the models are to engines that nothing here can run.

    python -m rcm_platform_tests.documents.dialects [ENGINE ...]

Each model is compiled by the adapter of the engine, in an environment of its own and without a
connection, and what comes out is read by sqlglot as the engine would read it. That finds words that
an engine does not have; what a query gives there, only the engine can say.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlglot
from rich.console import Console
from rich.table import Table
from sqlglot import ErrorLevel, exp
from sqlglot.errors import SqlglotError, UnsupportedError

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ROOT / ".venv" / "engines"

ENGINES: Mapping[str, str] = {
    "bigquery": "dbt-bigquery>=1.11,<2",
    "databricks": "dbt-databricks>=1.10,<2",
    "fabric": "dbt-fabric>=1.9,<2",
    "snowflake": "dbt-snowflake>=1.11,<2",
}
"""Engine → its adapter. Their requirements exclude one another, so each has its environment."""

NO_ACCOUNT = {
    "RCM_LAKE": "none",
    "RCM_WAREHOUSE": ":memory:",
    "RCM_AS_OF": "2025-12-31",
    # by default it looks for the account of whoever is logged in
    "RCM_BIGQUERY_METHOD": "oauth-secrets",
    "DBT_ENV_SECRET_BIGQUERY_TOKEN": "none",
}

NO_SUCH_FUNCTION: Mapping[str, Sequence[type[exp.Expression]]] = {
    "bigquery": (exp.SplitPart, exp.ConcatWs, exp.Decode),
    "fabric": (exp.SplitPart,),
}
"""Functions that an engine does not have, and that sqlglot lets pass."""

NULL_WINS = ("bigquery", "snowflake")
"""Engines where the least and the greatest of values is null as soon as one of them is."""


def main(engines: Sequence[str]) -> None:
    out = Console()
    table = Table("engine", "models", "not read", "what is not there", "least of a null")
    for engine in engines or ENGINES:
        out.print(f"{engine}: environment")
        dbt = environment(engine)
        out.print(f"{engine}: dbt compile")
        queries = compiled(dbt, engine)
        found = faults(queries, engine)
        for fault, models in sorted(found.items()):
            out.print(f"  {fault}: {', '.join(sorted(models))}")
        unread = [fault for fault in found if fault.startswith("not read")]
        rest = found.keys() - unread
        table.add_row(
            engine,
            str(len(queries)),
            str(sum(len(found[fault]) for fault in unread)),
            str(len({model for fault in rest for model in found[fault]})),
            str(len(with_least(queries))) if engine in NULL_WINS else "as here",
        )
    out.print(table)


def environment(engine: str) -> Path:
    """The dbt of an environment with the adapter of the engine, made where it is not there."""
    place = ENVIRONMENTS / engine
    ready = place / ".ready"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        pip = [place / "bin" / "pip", "install", "--quiet"]
        subprocess.run([*pip, "dbt-core>=1.11,<1.12", ENGINES[engine]], check=True)
        ready.touch()
    return place / "bin" / "dbt"


def compiled(dbt: Path, engine: str) -> dict[str, str]:
    """Model → its query, in the words of the engine."""
    with tempfile.TemporaryDirectory() as target:
        places = ["--target-path", target, "--log-path", target]
        no_connection = ["--no-introspect", "--no-populate-cache"]
        subprocess.run(
            [dbt, "compile", "--quiet", "--target", engine, *no_connection, *places],
            cwd=ROOT / "rcm_dbt",
            env=os.environ | NO_ACCOUNT,
            check=True,
        )
        nodes: list[Mapping[str, Any]] = [
            *json.loads((Path(target) / "manifest.json").read_text())["nodes"].values()
        ]
    return {
        node["name"]: node["compiled_code"] for node in nodes if node["resource_type"] == "model"
    }


def faults(queries: Mapping[str, str], engine: str) -> dict[str, set[str]]:
    """What an engine could not read or has no word for → the models where it stands."""
    found: dict[str, set[str]] = defaultdict(set)
    for model, query in queries.items():
        try:
            tree = sqlglot.parse_one(query, dialect=engine)
        except SqlglotError as problem:
            found[f"not read: {_one_line(problem)}"].add(model)
            continue
        for function in tree.find_all(exp.Anonymous):
            found[f"no function of that name is known: {function.name.lower()}"].add(model)
        for kind in NO_SUCH_FUNCTION.get(engine, ()):
            if tree.find(kind):
                found[f"no such function: {kind.__name__}"].add(model)
        try:
            again = tree.sql(dialect=engine, unsupported_level=ErrorLevel.RAISE)
        except UnsupportedError as problem:
            for said in set(str(problem).splitlines()):
                found[said.strip() or "has no words for a part of it"].add(model)
            again = tree.sql(dialect=engine, unsupported_level=ErrorLevel.IGNORE)
        try:
            sqlglot.parse_one(again, dialect=engine)
        except SqlglotError as problem:
            found[f"not read when written anew: {_one_line(problem)}"].add(model)
    return dict(found)


def with_least(queries: Mapping[str, str]) -> set[str]:
    """The models that ask for the least or the greatest of several values."""
    return {
        model
        for model, query in queries.items()
        if any(name in query.lower() for name in ("least(", "greatest("))
    }


def _one_line(problem: SqlglotError) -> str:
    """The kind of a fault, without the place where it stands."""
    return str(problem).splitlines()[0].partition(". Line")[0][:90]


if __name__ == "__main__":
    main(sys.argv[1:])
