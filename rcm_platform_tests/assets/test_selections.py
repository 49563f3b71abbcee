"""Whatever people select in the UI can run: each asset, each check, each group and each job."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph
from dagster._core.errors import DagsterInvalidSubsetError

from rcm_platform.definitions import build_definitions
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import Built


@pytest.fixture(scope="module", params=["world", "own data"])
def definitions(request: pytest.FixtureRequest, built: Built) -> dg.Definitions:
    if request.param == "world":
        return build_definitions(built.settings)
    return build_definitions(
        Settings(
            home=built.settings.home,
            world=False,
            hospital_a_url="mysql://reader:secret@db.example.org/hospital",
            treasury_dir=Path("treasury"),
            synthea_dir=Path("synthea"),
            x12_dir=Path("x12"),
        )
    )


def unresolvable(
    definitions: dg.Definitions,
    selections: Iterable[tuple[Collection[dg.AssetKey], Collection[dg.AssetCheckKey]]],
) -> list[tuple[object, str]]:
    """The selections of which no run can be made, with the reason."""
    everything = definitions.resolve_implicit_global_asset_job_def()
    refused: list[tuple[object, str]] = []
    for assets, checks in selections:
        try:
            everything.get_subset(asset_selection=set(assets), asset_check_selection=set(checks))
        except DagsterInvalidSubsetError as problem:
            refused.append((assets or checks, str(problem)))
    return refused


def as_the_ui_selects(
    graph: BaseAssetGraph, keys: Iterable[dg.AssetKey]
) -> tuple[set[dg.AssetKey], set[dg.AssetCheckKey]]:
    """The executable ones of these, with all that their steps must make too, and every check."""
    assets = {
        made
        for key in keys
        if graph.get(key).is_executable
        for made in graph.get(key).execution_set_asset_keys
    }
    return assets, {key for key in graph.asset_check_keys if key.asset_key in assets}


def is_asked_alone(graph: BaseAssetGraph, check: dg.AssetCheckKey) -> bool:
    """The UI offers to execute it: no step must make a table to answer it."""
    return len(graph.get_execution_set_asset_and_check_keys(check)) == 1


def test_each_asset_alone(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    keys = sorted(key for key in graph.get_all_asset_keys() if graph.get(key).is_executable)
    assert len(keys) > 250
    assert unresolvable(definitions, (as_the_ui_selects(graph, [key]) for key in keys)) == []


def test_each_check_alone_of_each_step(definitions: dg.Definitions) -> None:
    """Every check that is no dbt test, and of those, which are one step, the first on each mart."""
    graph = definitions.resolve_asset_graph()
    checks = checks_of_steps(graph)
    assert len(checks) > 60
    assert unresolvable(definitions, (([], [check]) for check in checks)) == []


def checks_of_steps(graph: BaseAssetGraph) -> list[dg.AssetCheckKey]:
    alone = [key for key in sorted(graph.asset_check_keys, key=str) if is_asked_alone(graph, key)]
    dbt_tests = [
        key for key in alone if "dagster_dbt/unique_id" in graph.get_check_spec(key).metadata
    ]
    first = {key.asset_key: key for key in reversed(dbt_tests) if key.asset_key.path[0] == "marts"}
    return [key for key in alone if key not in set(dbt_tests)] + list(first.values())


@pytest.mark.prove
def test_each_check_alone(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    checks = [key for key in sorted(graph.asset_check_keys, key=str) if is_asked_alone(graph, key)]
    assert unresolvable(definitions, (([], [check]) for check in checks)) == []


def test_each_group_and_each_source_with_all_downstream(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    groups = {graph.get(key).group_name for key in graph.get_all_asset_keys()}
    sources = [key for key in graph.get_all_asset_keys() if key.path[0] == "sources"]
    assert len(groups) > 10
    assert sources
    selections = [dg.AssetSelection.groups(str(group)) for group in groups]
    selections += [dg.AssetSelection.assets(key).downstream() for key in sources]
    asked = [as_the_ui_selects(graph, selection.resolve(graph)) for selection in selections]
    assert unresolvable(definitions, (pair for pair in asked if pair[0])) == []


def test_each_job(definitions: dg.Definitions) -> None:
    for job in definitions.jobs or []:
        assert definitions.resolve_job_def(job.name).nodes, job.name
