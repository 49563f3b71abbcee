"""Conservation of bytes, dollars, work and rows, and findings that must be settled: they block
publishing."""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
from dagster_duckdb import DuckDBResource

from rcm_platform.assets.checks.arrivals import RECEIVED
from rcm_platform.assets.checks.common import as_of_date, is_asked, mart_key
from rcm_platform.assets.common import loaded_lake
from rcm_platform.ingest import lake_access
from rcm_platform.operate.step_results import ConservationResult
from rcm_platform.proof import conservation as proof_conservation
from rcm_platform.proof import files as proof_files
from rcm_platform.proof.line import ProofLine
from rcm_platform.settings import Settings
from rcm_platform.sources.hospitals import hospitals

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


def conservation_name(subject: str) -> str:
    """The name of the check on one subject of the proof."""
    return f"{subject}_conserved"


def files_accounted(settings: Settings) -> dg.AssetChecksDefinition:
    """Of the bytes and dollars of files, before any model runs."""

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
        lines = proof_files.account_for_files(loaded_lake(settings))
        for subject in ACCOUNTED:
            if is_asked(context, RECEIVED, conservation_name(subject)):
                of_subject = [line for line in lines if line.subject == subject]
                yield _result(RECEIVED, subject, of_subject)

    return files


def conserved(settings: Settings) -> dg.AssetChecksDefinition:
    """Of dollars, work and rows, between raw, ledger and marts."""

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
        as_of = as_of_date(settings, context, lake)
        asked = [
            subject
            for subject, (mart, _) in CONSERVED.items()
            if is_asked(context, mart_key(mart), conservation_name(subject))
        ]
        with warehouse.get_connection() as con:
            proven = proof_conservation.prove(con, lake, as_of, hospitals(settings), asked)
        for subject in asked:
            yield _result(mart_key(CONSERVED[subject][0]), subject, proven[subject])

    return conservation


def _result(asset: dg.AssetKey, subject: str, lines: Sequence[ProofLine]) -> dg.AssetCheckResult:
    broken = [line for line in lines if not line.passed]
    metadata: dict[str, Any] = {"unexplained": float(sum(line.unexplained for line in lines))}
    if lines:
        metadata |= ConservationResult.of_lines(broken or lines).metadata()
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=conservation_name(subject),
        passed=not broken,
        metadata=metadata,
    )
