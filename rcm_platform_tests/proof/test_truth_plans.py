"""No query of the proof compares each row of one growing table with each of another."""

from __future__ import annotations

from rcm_platform.proof import planted_faults
from rcm_platform.proof.truth import CHECKS
from rcm_platform.proof.truth.compare import TABLES, attached
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support.query_plans import slow_joins

FEW = {
    "month < service_month": "months of lessons by payer and kind of service, against the same",
    "service_month > month": "the same, the other way round",
    "service_type IN ('all', service_type)": "costs of the months; work of clinicians by month",
}
"""Part of the condition of a join → why its sides stay small."""

ONE_ROW = {
    ("front_desk, truth", "CROSS_PRODUCT"): "the odds of all claims in the month of the date"
}
"""Query and kind of a join → what its one row is."""


def test_the_proof_joins_growing_tables_by_keys(built: Built) -> None:
    truth = built.settings.world_dir / "truth"
    folder, slow = truth / "knowable", {}

    def filled(query: str) -> str:
        return query.format(truth=folder, as_of=built.as_of.isoformat())

    with attached(built.settings.warehouse_path, "2GB", folder, built.as_of, CHECKS) as con:
        queries = {f"{check.name}, mart": check.mart for check in CHECKS}
        queries |= {f"{check.name}, truth": filled(check.truth) for check in CHECKS}
        queries |= {f"valuation, {name}": filled(query) for name, query in TABLES.items()}
        queries |= {
            f"planted faults {number}": query
            for number, query in enumerate(planted_faults.queries(truth))
        }
        for name, query in queries.items():
            if found := [
                join
                for join in slow_joins(con, query)
                if (name, join.kind) not in ONE_ROW
                and not any(few in join.condition for few in FEW)
            ]:
                slow[name] = found
    assert not slow
