"""Where in the code a run failed, and what it printed, is for those who may start runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import dagster as dg
import pytest
from dagster._core.workspace.context import WorkspaceProcessContext

from rcm_platform.web.webserver import Webserver
from rcm_platform_tests.support.asgi import ask

Ask = Callable[..., tuple[int, dict[str, str], str]]
ERROR = "error { message stack cause { message stack } errorChain { error { stack } } }"


@dg.op
def broken() -> None:
    print("printed by the process")
    try:
        raise ValueError("inner")
    except ValueError as inner:
        raise RuntimeError("the folder is gone") from inner


@dg.job
def failing() -> None:
    broken()


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dg.DagsterInstance, str]]:
    """A run that failed, and where it is known."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.local_temp(str(home)) as found:
        patch.setenv("RCM_HOME", str(home))
        yield found, failing.execute_in_process(instance=found, raise_on_error=False).run_id


@pytest.fixture(scope="module", params=["leader", "engineer"])
def asked(
    request: pytest.FixtureRequest, failed: tuple[dg.DagsterInstance, str]
) -> Iterator[tuple[Ask, bool]]:
    """Ask as one who only reads, and as one who may start runs."""
    reads_only = request.param == "leader"
    with WorkspaceProcessContext(failed[0], None, read_only=reads_only) as context:
        yield partial(ask, Webserver(context).create_asgi_app()), reads_only


def test_a_failed_run_says_why_to_all_and_where_to_engineers(
    asked: tuple[Ask, bool], failed: tuple[dg.DagsterInstance, str]
) -> None:
    get, reads_only = asked
    query = """{ logsForRun(runId: "%s") { ... on EventConnection { events {
        ... on ExecutionStepFailureEvent { %s } } } } }"""
    status, text = _graphql(get, query % (failed[1], ERROR))
    assert status == 200
    assert "the folder is gone" in text
    assert (".py" in text) is not reads_only


def test_so_does_a_query_that_breaks(asked: tuple[Ask, bool]) -> None:
    get, reads_only = asked
    query = '{ runsFeedOrError(limit: 5, cursor: "x", view: ROOTS) { __typename } }'
    status, text = _graphql(get, query)
    assert status == 500
    assert "Invalid cursor" in text
    assert (".py" in text) is not reads_only


def test_the_output_of_a_run_is_for_engineers(
    asked: tuple[Ask, bool], failed: tuple[dg.DagsterInstance, str]
) -> None:
    get, reads_only = asked
    instance, run = failed
    [key] = {
        event.dagster_event.logs_captured_data.file_key
        for event in instance.all_logs(run)
        if event.dagster_event and event.dagster_event.event_type_value == "LOGS_CAPTURED"
    }
    query = f'{{ capturedLogs(logKey: ["{run}", "compute_logs", "{key}"]) {{ stdout }} }}'
    _, text = _graphql(get, query)
    assert ("printed by the process" in text) is not reads_only
    for path in (f"/logs/{run}/compute_logs/{key}/out", f"/download_debug/{run}"):
        assert get(path)[0] == (403 if reads_only else 200)


def _graphql(get: Ask, query: str) -> tuple[int, str]:
    kind: dict[str, Any] = {"content_type": "application/json"}
    status, _, text = get("/graphql", method="POST", body=json.dumps({"query": query}), **kind)
    return status, text
