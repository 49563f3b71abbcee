"""The dbt command line as a resource, without its start-up cost."""

from functools import cached_property
from importlib.metadata import version as installed_version
from typing import Any

from dagster_dbt import DbtCliResource, DbtProject
from packaging import version

from rcm_platform.settings import Settings
from rcm_platform.warehouse import project as dbt_project


class LeanDbtCliResource(DbtCliResource):
    """The dbt resource without its start-up cost.

    The stock one runs `dbt --version` (4 s and a request to a package index) and opens an adapter
    in this process before each command; the adapter's DuckDB handle would lock out the next one.
    """

    @cached_property
    def _cli_version(self) -> version.Version:
        return version.parse(installed_version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: object) -> Any:
        return None


def project(settings: Settings) -> DbtProject:
    """The dbt project, with everything it writes under RCM_HOME."""
    return DbtProject(
        project_dir=settings.project_dir, target_path=settings.dbt_target_dir.resolve()
    )


def resource(settings: Settings) -> DbtCliResource:
    """The dbt command line as a resource."""
    return LeanDbtCliResource(
        project_dir=str(settings.project_dir),
        dbt_executable=str(dbt_project.DBT_EXECUTABLE),
        # its log of every step of dbt is written faster than anyone reads it
        global_config_flags=["--no-use-colors", "--log-level-file", "info"],
    )
