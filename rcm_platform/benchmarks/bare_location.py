"""The code location that a project starts with: one `@dbt_assets` on our dbt project, no more.

The manifest is RCM_BENCH_MANIFEST.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets

from rcm_platform.settings import get_settings
from rcm_platform.warehouse.project import DBT_EXECUTABLE


@dbt_assets(manifest=Path(os.environ["RCM_BENCH_MANIFEST"]))
def warehouse(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """Every model, as dbt builds it."""
    yield from dbt.cli(["build"], context=context).stream()


dbt_cli = DbtCliResource(
    project_dir=str(get_settings().project_dir), dbt_executable=str(DBT_EXECUTABLE)
)
defs = dg.Definitions(assets=[warehouse], resources={"dbt": dbt_cli})
