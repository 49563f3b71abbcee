"""Raw rows written by hand, and dbt over them: no world, no readers, no Dagster."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from rcm_platform.lake import Lake
from rcm_platform.persons import store
from rcm_platform.settings import Settings
from rcm_platform.sources.catalog import declare_all
from rcm_platform.sources.hospitals import hospitals
from rcm_platform.warehouse.parsed_project import ParsedProject, Paths

PROJECT = Path(__file__).parents[2] / "rcm_dbt"
DBT = Path(sys.executable).parent / "dbt"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Warehouse:
    """A lake, the DuckDB file that dbt builds from it, and dbt itself."""

    lake: Lake
    path: Path
    home: Path
    parsed_project: ParsedProject

    def dbt(self, *args: str, as_of: str | None = "2025-12-31") -> str:
        """Run dbt and return what it printed; raises AssertionError when it fails."""
        code, output = self.try_dbt(*args, as_of=as_of)
        assert code == 0, output
        return output

    def try_dbt(self, *args: str, as_of: str | None = "2025-12-31") -> tuple[int, str]:
        """Run dbt and return its exit code and what it printed."""
        is_declared = self.lake.has("hospital_a", "patients")
        if is_declared and not store.is_linked(self.home / "persons"):
            self.link()
        target = self.home / "target"
        paths = Paths(str(self.lake.root), str(self.home / "persons"), str(self.path))
        self.parsed_project.give_state(target, paths)
        given = {
            "DBT_PROFILES_DIR": str(PROJECT),
            "DBT_TARGET_PATH": str(target),
            "DBT_LOG_PATH": str(self.home / "logs"),
            **paths.environment,
        }
        if as_of:
            given["RCM_AS_OF"] = as_of
        done = subprocess.run(
            [DBT, "--no-use-colors", *args],
            cwd=PROJECT,
            env={**os.environ, **given},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def link(self, as_of: str = "2025-12-31") -> None:
        """Link the patient records, as a run does before dbt."""
        store.link(Settings(home=self.home), self.lake, date.fromisoformat(as_of))

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a query over the warehouse."""
        with duckdb.connect(str(self.path), read_only=True) as con:
            return con.execute(sql).fetchall()


def empty_warehouse(home: Path, parsed_project: ParsedProject) -> Warehouse:
    """A lake in which every raw table exists and none has a row."""
    warehouse = Warehouse(Lake(home / "lake"), home / "rcm.duckdb", home, parsed_project)
    declare_all(warehouse.lake, hospitals(Settings()).values())
    return warehouse


def land(lake: Lake, source: str, table: str, day: date, *rows: Row, system: str = "") -> None:
    """Write rows as a batch of their own; values that the table does not have raise KeyError."""
    schema = lake.declared(source, table)
    whole = [
        {
            "_source_system": system or source,
            "_source_file": "table",
            "_source_position": str(number),
            **row,
        }
        for number, row in enumerate(rows, 1)
    ]
    for row in whole:
        if unknown := set(row) - set(schema.names):
            raise KeyError(f"{source}/{table} has no column {sorted(unknown)}")
    fields = [field for field in schema if field.name in set().union(*whole)]
    with lake.batch(source, [table, day.isoformat(), repr(rows)]) as batch:
        batch.add(source, table, day, pa.Table.from_pylist(whole, pa.schema(fields)))


def moment(text: str) -> datetime:
    """A timestamp from an ISO text."""
    return datetime.fromisoformat(text)


def one_visit(lake: Lake, system: str, day: date, patient: Row, changed: str) -> None:
    """One visit with one piece of work and its charge; both hospitals use the same numbers."""
    at = {changed: moment(f"{day}T09:00:00")}
    land(lake, system, "patients", day, {**patient, **at})
    when = {"modifieddate": moment(f"{day}T09:00:00")}
    ids = {"encounterid": "E1", "patientid": "P1", "providerid": "D1"}
    land(
        lake,
        system,
        "encounters",
        day,
        {**ids, "departmentid": "X1", "encounterdate": day, "encountertype": "EMERGENCY", **when},
    )
    work = {"encounterid": "E1", "procedurecode": "99213", "workrvu": Decimal("1.30")}
    land(lake, system, "procedures", day, {"procedureid": "W1", "units": 2, **work, **when})
    charge = {"transactionid": "T1", "amount": Decimal("200.00"), "amounttype": "charge "}
    money = {"deptid": "X1", "claimid": "C1", "payorid": "PAY1", "servicedate": day}
    land(lake, system, "transactions", day, {**ids, **charge, **money, **when})
    named = {"firstname": "Pat", "lastname": "Doe", "specialization": "Surgery", "npi": "1"}
    land(
        lake, system, "providers", date(2025, 3, 31), {"providerid": "D1", "deptid": "X1", **named}
    )
    land(lake, system, "departments", date(2025, 3, 31), {"deptid": "X1", "name": "Surgery"})


# models and the seeds that they need, without tests
BUILD = ("build", "--resource-type", "model", "--resource-type", "seed", "--select")


def code_of(sql: str) -> str:
    """SQL without comments and Jinja, in lower case."""
    sql = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", sql, flags=re.DOTALL)
    return re.sub(r"--[^\n]*|'[^']*'", " ", sql).lower()
