"""A small dbt project on the materialization of ours, and the lake that it reads."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner

from rcm_platform.settings import Settings
from rcm_platform.warehouse import project as dbt_project

DAY = date(2025, 12, 31)
SOURCE = "{{ env_var('RCM_LAKE') }}/shop/${name}/*/*.parquet"
"""Where the files of a source lie, as a project's yml says it."""

PROJECT = """
name: shop
profile: rcm_dbt
config-version: 2
flags: {send_anonymous_usage_stats: false}
models: {shop: {+materialized: table, +schema: main}}
seeds: {shop: {+schema: lists}}
on-run-start: ["{{ begin_build() }}"]
"""


class Failed(Exception):  # noqa: N818 (reads as what happened)
    """What dbt said of the models that it could not build."""


class SmallProject:
    """A project of these files, each of whose sources is a table of two columns in the lake."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        ours = Settings().project_dir
        self.project = folder / "project"
        for name, text in {"dbt_project.yml": PROJECT, **files}.items():
            path = self.project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        shutil.copytree(ours / "macros" / "building", self.project / "macros")
        shutil.copy(ours / "macros" / "generate_schema_name.sql", self.project / "macros")
        shutil.copy(ours / "profiles.yml", self.project)
        self.settings = Settings(home=folder / "home", dbt_project_dir=self.project)

    def copied(self, folder: Path) -> SmallProject:
        """The same, with what is built of it, to be changed."""
        shutil.copytree(self.project.parent, folder, dirs_exist_ok=True)
        copy = SmallProject.__new__(SmallProject)
        copy.project = folder / "project"
        copy.settings = Settings(home=folder / "home", dbt_project_dir=copy.project)
        return copy

    def add(self, table: str, file: str, rows: str, columns: str = "good, amount") -> None:
        """Write a file of the lake; `rows` as after `values`."""
        path = self.settings.lake_dir / "shop" / table / file
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as con:
            con.execute(f"copy (from (values {rows}) t({columns})) to '{path}'")

    def build(self, day: date = DAY, *, whole: bool = False) -> set[str]:
        """The tables that a build made. In this process, as each of many is a small one."""
        target = str(self.settings.dbt_target_dir)
        given = dbt_project.environment(self.settings, day, whole=whole)
        project = ["--project-dir", str(self.project), "--profiles-dir", str(self.project)]
        self.settings.warehouse_path.parent.mkdir(parents=True, exist_ok=True)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in given.items():
                patch.setenv(name, value)
            done = dbtRunner().invoke(
                ["--quiet", "build", *project, "--target-path", target, "--log-path", target]
            )
            DuckDBConnectionManager.close_all_connections()
        results = list(done.result) if isinstance(done.result, RunExecutionResult) else []
        if not done.success:
            said = [str(r.message) for r in results if r.status == "error"]
            raise Failed("; ".join(said) or str(done.exception))
        return {
            result.node.name
            for result in results
            if result.node.resource_type == "model"
            and result.node.config.materialized == "table"
            and result.message != "UNCHANGED"
        }

    def rows(self, table: str) -> list[tuple[object, ...]]:
        """All rows of a table, in an order of their own."""
        with duckdb.connect(str(self.settings.warehouse_path), read_only=True) as con:
            return con.execute(f"from main.{table} order by all").fetchall()

    def everything(self, tables: Iterable[str]) -> dict[str, list[tuple[object, ...]]]:
        """Rows of these tables."""
        return {table: self.rows(table) for table in tables}
