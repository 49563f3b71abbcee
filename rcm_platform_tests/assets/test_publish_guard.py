"""What keeps a version from being published, whatever the run asked."""

from __future__ import annotations

import dagster as dg

from rcm_platform.assets.published import failed_checks

MART = dg.AssetKey(["marts", "fct_claims"])


@dg.asset(key=MART)
def fct_claims() -> None: ...


@dg.asset_check(asset=MART, blocking=True)
def blocks() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@dg.asset_check(asset=MART)
def warns() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


def answer(
    instance: dg.DagsterInstance,
    check: str,
    passed: bool,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
) -> None:
    instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(MART, check, passed=passed, metadata={}, severity=severity)
    )


def test_a_blocking_check_stands_failed_until_it_passes() -> None:
    graph = dg.Definitions([fct_claims], asset_checks=[blocks, warns]).resolve_asset_graph()
    with dg.DagsterInstance.ephemeral() as instance:
        assert failed_checks(instance, graph) == []  # never asked
        answer(instance, "blocks", passed=False)
        answer(instance, "warns", passed=False)
        assert failed_checks(instance, graph) == ["blocks of marts/fct_claims"]
        answer(instance, "blocks", passed=False, severity=dg.AssetCheckSeverity.WARN)
        assert failed_checks(instance, graph) == []  # it said itself that it only warns
        answer(instance, "blocks", passed=False)
        answer(instance, "blocks", passed=True)
        assert failed_checks(instance, graph) == []


@dg.asset_check(asset=MART, name="blocks", blocking=True)
def breaks() -> dg.AssetCheckResult:
    raise RuntimeError("it was asked and did not answer")


def test_a_check_that_was_asked_and_did_not_answer_stands_as_it_was() -> None:
    definitions = dg.Definitions(
        [fct_claims],
        asset_checks=[breaks],
        jobs=[dg.define_asset_job("ask", dg.AssetSelection.checks(breaks))],
    )
    graph = definitions.resolve_asset_graph()
    with dg.DagsterInstance.ephemeral() as instance:
        answer(instance, "blocks", passed=False)
        job = definitions.resolve_job_def("ask")
        assert not job.execute_in_process(instance=instance, raise_on_error=False).success
        assert failed_checks(instance, graph) == ["blocks of marts/fct_claims"]
        answer(instance, "blocks", passed=True)
        job.execute_in_process(instance=instance, raise_on_error=False)
        assert failed_checks(instance, graph) == []
