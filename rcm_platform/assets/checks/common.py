"""Checks that are not dbt tests: conservation and blocking findings (they block publishing), and
truth and planted faults (the world's own)."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import dagster as dg
from dagster_duckdb import DuckDBResource

from rcm_platform.assets import column_lineage
from rcm_platform.assets.checks.arrivals import RECEIVED
from rcm_platform.assets.common import loaded_lake, nightly_check, run_day
from rcm_platform.assets.persons import person_table_key
from rcm_platform.explain import trace_audit
from rcm_platform.ingest import lake_access
from rcm_platform.lake import Lake
from rcm_platform.operate import pipeline
from rcm_platform.persons import store
from rcm_platform.proof import blocking_rules, planted_faults
from rcm_platform.proof import conservation as proof_conservation
from rcm_platform.proof import truth as proof_truth
from rcm_platform.proof.conservation import ProofLine
from rcm_platform.settings import Settings
from rcm_platform.sources.hospitals import hospitals
from rcm_platform.warehouse import build_state

EXCEPTIONS = "mart_data_exceptions"

# what is counted file by file, before any model runs
ACCOUNTED = {
    "bytes": "Every byte of every file is loaded, quarantined, a duplicate or padding.",
    "dollars": "Every dollar that an X12 file announces is loaded or quarantined.",
}

# subject of rcm_platform.proof.conservation → the mart that it proves, and what it says
CONSERVED = {
    "charges": (
        "fct_claims",
        "Every dollar charged at the source is in the ledger and on a claim.",
    ),
    "cash": ("mart_clinician_productivity", "Every dollar received is in the ledger, once."),
    "wrvu": ("mart_clinician_productivity", "Every unit of work is counted, once."),
    "rows": ("fct_ledger_entries", "Every raw row that had arrived is in staging."),
    "remittances": (
        "mart_cash_reconciliation",
        "Every dollar that a payer announced is posted, adjusted or held in quarantine.",
    ),
}


def mart_key(name: str) -> dg.AssetKey:
    """The asset of a mart."""
    return dg.AssetKey(["marts", name])


def conservation_name(subject: str) -> str:
    """The name of the check on one subject of the proof."""
    return f"{subject}_conserved"


def build(settings: Settings) -> list[dg.AssetChecksDefinition]:
    """Bytes before dbt runs, dollars and work after it; truth only where there is a truth."""
    checks = [
        _files(settings),
        _conservation(settings),
        _blocking(),
        _trace(settings),
        *column_lineage.build(settings),
    ]
    if settings.world:
        checks += [_truth(settings), _faults(settings), _linkage(settings)]
    return checks


def _files(settings: Settings) -> dg.AssetChecksDefinition:
    @dg.multi_asset_check(
        name="files",
        specs=[
            dg.AssetCheckSpec(
                conservation_name(subject), asset=RECEIVED, description=text, blocking=True
            )
            for subject, text in ACCOUNTED.items()
        ],
        can_subset=True,
    )
    def files(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        lines = proof_conservation.account_for_files(loaded_lake(settings))
        for subject in ACCOUNTED:
            if _is_asked(context, RECEIVED, conservation_name(subject)):
                of_subject = [line for line in lines if line.subject == subject]
                yield _result(RECEIVED, subject, of_subject)

    return files


def _conservation(settings: Settings) -> dg.AssetChecksDefinition:
    @dg.multi_asset_check(
        name="conservation",
        specs=[
            dg.AssetCheckSpec(
                conservation_name(subject), asset=mart_key(mart), description=text, blocking=True
            )
            for subject, (mart, text) in CONSERVED.items()
        ],
        can_subset=True,
    )
    def conservation(
        context: dg.AssetCheckExecutionContext, warehouse: DuckDBResource
    ) -> Iterator[dg.AssetCheckResult]:
        lake = lake_access.open_lake(settings)
        as_of = _as_of(settings, context, lake)
        asked = [
            subject
            for subject, (mart, _) in CONSERVED.items()
            if _is_asked(context, mart_key(mart), conservation_name(subject))
        ]
        with warehouse.get_connection() as con:
            proven = proof_conservation.prove(con, lake, as_of, hospitals(settings), asked)
        for subject in asked:
            yield _result(mart_key(CONSERVED[subject][0]), subject, proven[subject])

    return conservation


def _blocking() -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=mart_key(EXCEPTIONS),
        name="nothing_blocks",
        blocking=True,
        description="No open finding of a rule that forbids publishing, such as a missing deposit.",
    )
    def nothing_blocks(warehouse: DuckDBResource) -> dg.AssetCheckResult:
        with warehouse.get_connection() as con:
            found = blocking_rules.blocking(con)
        return dg.AssetCheckResult(
            passed=not found,
            metadata={
                f"{rule.rule_id} ({rule.description})": f"{rule.count:,}, {rule.amount:,} dollars"
                for rule in found
            },
        )

    return nothing_blocks


def _trace(settings: Settings) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=column_lineage.KPIS,
        additional_deps=[
            mart_key("fct_claims"),
            mart_key("fct_ledger_entries"),
            ["intermediate", "int_kpi__contributions"],
        ],
        blocking=True,
        **nightly_check(
            f"{trace_audit.SAMPLE} random cells, other ones each day, sum exactly from their "
            "claims, and those from ledger entries that name their file."
        ),
    )
    def kpis_trace_exactly(
        context: dg.AssetCheckExecutionContext, warehouse: DuckDBResource
    ) -> dg.AssetCheckResult:
        as_of = _as_of(settings, context, lake_access.open_lake(settings))
        with warehouse.get_connection() as con:
            audit = trace_audit.audit_warehouse(con, as_of)
        return dg.AssetCheckResult(
            passed=not audit.broken,
            metadata={
                "cells": audit.cells,
                "claims": audit.claims,
                "ledger entries": audit.entries,
                "drawn by": as_of.isoformat(),
                **({"broken": list(audit.broken[:20])} if audit.broken else {}),
            },
        )

    return kpis_trace_exactly


def _faults(settings: Settings) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=mart_key(EXCEPTIONS),
        name="faults_found_true",
        **nightly_check(
            "Each planted fault is found by its rule, and such a rule finds nothing else."
        ),
    )
    def faults_found(
        context: dg.AssetCheckExecutionContext, warehouse: DuckDBResource
    ) -> dg.AssetCheckResult:
        lake = lake_access.open_lake(settings)
        as_of = _as_of(settings, context, lake)
        latest = lake.latest_arrival_date()
        if latest and as_of < latest:
            return dg.AssetCheckResult(passed=True, metadata=_not_applicable(as_of, latest))
        truth = settings.world_dir / "truth"
        with warehouse.get_connection() as con:
            rules = planted_faults.compare(con, truth)
            others = planted_faults.others(con, truth)
            differences = planted_faults.differences(con, truth)
        metadata: dict[str, Any] = {
            "faults planted": sum(rule.planted for rule in rules),
            "faults missed": sum(rule.planted - rule.found for rule in rules),
            "findings that are no fault": sum(rule.findings - rule.right for rule in rules),
        }
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


def _linkage(settings: Settings) -> dg.AssetChecksDefinition:
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
        as_of = _as_of(settings, context, lake)
        truth = settings.world_dir / "truth"
        found = store.judge(settings, lake, truth, as_of)
        return dg.AssetCheckResult(
            passed=found.precision >= store.MIN_PRECISION and found.recall >= store.MIN_RECALL,
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


def _truth(settings: Settings) -> dg.AssetChecksDefinition:
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
        context: dg.AssetCheckExecutionContext, warehouse: DuckDBResource
    ) -> Iterator[dg.AssetCheckResult]:
        lake = lake_access.open_lake(settings)
        as_of = _as_of(settings, context, lake)
        latest = lake.latest_arrival_date()
        for check in proof_truth.CHECKS:
            if not _is_asked(context, mart_key(check.proves), f"{check.name}_true"):
                continue
            metadata: dict[str, Any]
            if latest and as_of < latest:
                passed = True
                metadata = _not_applicable(as_of, latest)
            else:
                with warehouse.get_connection() as con:
                    result = proof_truth.compare(
                        con, settings.world_dir / "truth" / "knowable", as_of, check
                    )
                passed = result.passed
                metadata = {
                    "rows in mart": result.mart_rows,
                    "rows in truth": result.truth_rows,
                    "only in mart": result.only_in_mart,
                    "only in truth": result.only_in_truth,
                }
            yield dg.AssetCheckResult(
                asset_key=mart_key(check.proves),
                check_name=f"{check.name}_true",
                passed=passed,
                metadata=metadata,
            )

    return truth


def _as_of(settings: Settings, context: dg.AssetCheckExecutionContext, lake: Lake) -> date:
    """The date that the warehouse is of; where it is of several, that of the run."""
    return build_state.built_as_of(settings) or pipeline.as_of_date(
        settings, lake, run_day(context)
    )


def _is_asked(context: dg.AssetCheckExecutionContext, asset: dg.AssetKey, name: str) -> bool:
    """Whether this run is to answer one check of a step that can answer several."""
    return dg.AssetCheckKey(asset, name) in context.selected_asset_check_keys


def _not_applicable(as_of: date, latest: date) -> dict[str, Any]:
    return {"not applicable": f"as of {as_of}; the truth is known as of {latest}"}


def _result(asset: dg.AssetKey, subject: str, lines: Sequence[ProofLine]) -> dg.AssetCheckResult:
    broken = [line for line in lines if not line.passed]
    metadata: dict[str, Any] = {"unexplained": float(sum(line.unexplained for line in lines))}
    if lines:
        metadata["figures"] = _table(broken or lines)
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=conservation_name(subject),
        passed=not broken,
        metadata=metadata,
    )


def _table(lines: Sequence[ProofLine]) -> dg.TableMetadataValue:
    places = list(dict.fromkeys(place for line in lines for place in line.figures))
    return dg.MetadataValue.table(
        [
            dg.TableRecord(
                {"scope": line.scope, "unit": line.unit}
                | {place: _text(line.figures.get(place)) for place in places}
            )
            for line in lines
        ]
    )


def _text(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:,}"
