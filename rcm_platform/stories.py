"""Short ways through the graph: how a figure comes about, in the few assets that tell it.

Each asset of a story carries the tag `story/<name>`, so that the Dagster UI can show it alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

STORIES: Mapping[str, Sequence[str]] = {
    "productivity": (
        "raw/hospital_a/procedures", "raw/hospital_b/procedures",
        "staging/stg_hospital_a__procedures", "staging/stg_hospital_b__procedures",
        "intermediate/int_procedure__current", "marts/fct_encounters",
        "intermediate/int_ledger__entries", "marts/mart_clinician_productivity",
        "marts/mart_clinician_scorecard", "published/leadership", "leadership/scorecard",
    ),
    "denials": (
        "raw/x12/remit_adjustments", "staging/stg_x12__remit_adjustments",
        "intermediate/int_claim__remit_adjustments", "intermediate/int_claim__remits",
        "marts/fct_denial_events", "marts/mart_claim_watchlist", "intermediate/int_kpi__denials",
        "intermediate/int_kpi__contributions", "marts/mart_kpi_monthly", "marts/mart_kpi_scorecard",
        "published/leadership", "leadership/scorecard",
    ),
    "cash": (
        "raw/x12/remit_payments", "raw/treasury/bank_deposits", "raw/treasury/gl_postings",
        "staging/stg_x12__remit_payments", "staging/stg_treasury__bank_deposits",
        "staging/stg_treasury__gl_postings", "intermediate/int_cash__received_payments",
        "intermediate/int_cash__remit_payments", "intermediate/int_cash__reconciliation",
        "marts/mart_cash_reconciliation", "published/leadership", "leadership/scorecard",
    ),
    "ageing": (
        "raw/x12/remit_claims", "raw/hospital_a/transactions", "raw/hospital_b/transactions",
        "staging/stg_x12__remit_claims", "staging/stg_hospital_a__transactions",
        "staging/stg_hospital_b__transactions", "intermediate/int_claim__remits",
        "intermediate/int_transaction__current", "intermediate/int_ledger__entries",
        "intermediate/int_receivable__month_end", "intermediate/int_kpi__receivables",
        "intermediate/int_kpi__contributions", "marts/mart_kpi_monthly", "marts/mart_kpi_scorecard",
        "published/leadership", "leadership/scorecard",
    ),
}  # fmt: skip


def tags(key: str) -> dict[str, str]:
    """The tags of an asset (`group/name`): one for each story that it is part of."""
    return {tag(story): "" for story, keys in STORIES.items() if key in keys}


def tag(story: str) -> str:
    """The tag that all assets of a story carry."""
    return f"story/{story}"
