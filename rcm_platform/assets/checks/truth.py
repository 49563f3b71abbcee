"""What is found against what is true of the synthetic world: marts, planted faults, persons."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster_duckdb import DuckDBResource

from rcm_platform.assets.checks.common import as_of_date, is_asked, mart_key, not_applicable
from rcm_platform.assets.common import Warehouse, nightly_check
from rcm_platform.assets.persons import person_table_key
from rcm_platform.ingest import lake_access
from rcm_platform.operate.step_results import FaultsResult, TruthResult
from rcm_platform.persons import store
from rcm_platform.proof import planted_faults
from rcm_platform.proof import truth as proof_truth
from rcm_platform.settings import Settings


def faults_found_true(settings: Settings) -> dg.AssetChecksDefinition:
    """Of what the rules find, against what the world planted."""

    @dg.asset_check(
        asset=mart_key("mart_data_exceptions"),
        name="faults_found_true",
        **nightly_check(
            "Each planted fault is found by its rule, and such a rule finds nothing else."
        ),
    )
    def faults_found(
        context: dg.AssetCheckExecutionContext, warehouse: DuckDBResource
    ) -> dg.AssetCheckResult:
        lake = lake_access.open_lake(settings)
        as_of = as_of_date(settings, context, lake)
        if why := not_applicable(lake, as_of):
            return dg.AssetCheckResult(passed=True, metadata=why)
        truth = settings.world_dir / "truth"
        with warehouse.get_connection() as con:
            rules = planted_faults.compare(con, truth)
            others = planted_faults.others(con, truth)
            differences = planted_faults.differences(con, truth)
        metadata = FaultsResult(
            planted=sum(rule.planted for rule in rules),
            missed=sum(rule.planted - rule.found for rule in rules),
            wrong_findings=sum(rule.findings - rule.right for rule in rules),
        ).metadata()
        if rules:
            metadata["rules"] = dg.MetadataValue.table([_rule_record(rule) for rule in rules])
        if others:
            metadata["findings of rules without planted faults"] = dg.MetadataValue.table(
                [
                    dg.TableRecord(
                        {"rule": r.rule_id, "what": r.description, "findings": r.findings}
                    )
                    for r in others
                ]
            )
        if differences:
            metadata["first differences"] = dg.MetadataValue.table(
                [
                    dg.TableRecord(
                        {"record": d.record, "planted": d.planted, "findings": d.findings}
                    )
                    for d in differences[:100]
                ]
            )
        return dg.AssetCheckResult(
            passed=all(rule.passed for rule in rules),
            severity=dg.AssetCheckSeverity.WARN,
            metadata=metadata,
        )

    return faults_found


def linkage_true(settings: Settings) -> dg.AssetChecksDefinition:
    """Of the persons that were linked, against whose the records are."""

    @dg.asset_check(
        asset=person_table_key("members"),
        name="linkage_true",
        **nightly_check(
            f"At least {store.MIN_PRECISION:.1%} of the pairs linked are one person's records, "
            f"and at least {store.MIN_RECALL:.0%} of one person's pairs are linked."
        ),
    )
    def linkage(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        lake = lake_access.open_lake(settings)
        as_of = as_of_date(settings, context, lake)
        truth = settings.world_dir / "truth"
        found = store.judge(settings, lake, truth, as_of)
        return dg.AssetCheckResult(
            passed=store.is_good(found),
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "precision": found.precision,
                "recall": found.recall,
                "pairs linked rightly": found.true_positives,
                "pairs linked wrongly": found.false_positives,
                "pairs missed": found.false_negatives,
            },
        )

    return linkage


def _rule_record(rule: planted_faults.RuleResult) -> dg.TableRecord:
    return dg.TableRecord(
        {
            "rule": rule.rule_id,
            "what": rule.description,
            "planted": rule.planted,
            "found": rule.found,
            "findings": rule.findings,
            "recall": f"{rule.recall:.2%}",
            "precision": f"{rule.precision:.2%}",
        }
    )


def marts_true(settings: Settings) -> dg.AssetChecksDefinition:
    """Of each mart, row by row, against what is knowable by its date."""

    @dg.multi_asset_check(
        name="truth",
        specs=[
            dg.AssetCheckSpec(
                f"{check.name}_true",
                asset=mart_key(check.proves),
                **nightly_check(check.description),
            )
            for check in proof_truth.CHECKS
        ],
        can_subset=True,
    )
    def truth(
        context: dg.AssetCheckExecutionContext, warehouse: Warehouse
    ) -> Iterator[dg.AssetCheckResult]:
        lake = lake_access.open_lake(settings)
        as_of = as_of_date(settings, context, lake)
        asked = [
            check
            for check in proof_truth.CHECKS
            if is_asked(context, mart_key(check.proves), f"{check.name}_true")
        ]
        if why := not_applicable(lake, as_of):
            for check in asked:
                yield _truth_result(check, passed=True, metadata=why)
            return
        folder = settings.world_dir / "truth" / "knowable"
        results = list(
            proof_truth.compare_all(warehouse.file(), warehouse.memory_limit, folder, as_of, asked)
        )
        for check, result in zip(asked, results, strict=True):
            metadata = TruthResult(
                result.mart_rows, result.truth_rows, result.only_in_mart, result.only_in_truth
            ).metadata()
            yield _truth_result(check, result.passed, metadata)

    return truth


def _truth_result(
    check: proof_truth.TruthCheck, passed: bool, metadata: dict[str, Any]
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=mart_key(check.proves),
        check_name=f"{check.name}_true",
        passed=passed,
        metadata=metadata,
    )
