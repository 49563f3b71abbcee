"""How the time of dbt grows with the data: what `rcm bench growth` prints."""

from __future__ import annotations

import json

import pytest

from rcm_platform.benchmarks import growth
from rcm_platform.benchmarks.growth import MODELS, TESTS, WHOLE, Build
from rcm_platform.warehouse.project import run_target
from rcm_platform_tests.conftest import Built, RunCli

SUMS = {MODELS: 10.0, TESTS: 1.0, WHOLE: 12.0}


def rows(*builds: Build) -> dict[str, list[str]]:
    names, *columns = (list(column.cells) for column in growth.compare(builds).columns)
    cells = zip(*columns, strict=True)
    return {str(name): [str(cell) for cell in row] for name, row in zip(names, cells, strict=True)}


def test_a_claim_may_cost_less_than_a_third_more_in_the_larger_world() -> None:
    small = Build("small", 100, SUMS | {"kept": 1.0, "over": 1.0, "short": 0.01})
    medium = Build("medium", 1000, SUMS | {"kept": 12.9, "over": 13.1, "short": 0.9})
    found = rows(small, medium)
    assert found["kept"] == ["1.00", "12.90", "1.29", "[green]kept[/]"]
    assert found["over"] == ["1.00", "13.10", "1.31", "[red]not kept[/]"]
    # the slowest first; what takes less than a second is left out
    assert list(found) == ["over", "kept", MODELS, TESTS, WHOLE]
    assert found[WHOLE][2] == "0.10"
    assert growth.compare([small, medium]).caption == "over the limit: over"


def test_each_world_is_compared_with_the_one_before_it() -> None:
    found = rows(
        Build("small", 100, SUMS | {"a": 1.0}),
        Build("medium", 200, SUMS | {"a": 2.0}),
        Build("large", 400, SUMS | {"a": 6.0}),
    )
    assert found["a"] == ["1.00", "2.00", "6.00", "1.00", "1.50", "[red]not kept[/]"]


def test_of_several_builds_the_least_time_of_each_model_counts() -> None:
    first = Build("small", 100, {"a": 1.0, "b": 5.0})
    assert growth.quickest([first, Build("small", 100, {"a": 2.0, "b": 4.0})]) == Build(
        "small", 100, {"a": 1.0, "b": 4.0}
    )


def test_the_seconds_of_every_model_are_found_in_what_dbt_says(built: Built) -> None:
    target = run_target(built.settings)
    nodes = json.loads((target / "manifest.json").read_text())["nodes"].values()
    results = json.loads((target / "run_results.json").read_text())["results"]
    seconds = growth.seconds_of(results)
    models = {node["name"] for node in nodes if node["resource_type"] == "model"}
    assert seconds.keys() == models | {MODELS, TESTS}
    assert seconds[MODELS] == pytest.approx(sum(seconds[name] for name in models))
    assert seconds[TESTS] > 0


def test_a_size_that_no_world_has_is_refused(cli: RunCli) -> None:
    done = cli("bench", "growth", "--sizes", "small,huge")
    assert done.returncode == 2
    assert "'huge' is no size of a world: give some of tiny, small, medium, large" in done.stderr
