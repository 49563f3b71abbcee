"""Findings that must be settled before publishing."""

import dagster as dg
from dagster_duckdb import DuckDBResource

from rcm_platform.assets.checks.common import mart_key
from rcm_platform.proof import blocking_rules

EXCEPTIONS = "mart_data_exceptions"


def nothing_blocks() -> dg.AssetChecksDefinition:
    """Of the findings that must be settled before publishing."""

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
