"""Guided lineage: how a figure comes about, in the few assets that show it.

Each asset of a story carries the tag `story/<name>`, so that the Dagster UI can show it alone. A
picture has four columns, so that its names can be read without zooming.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rcm_platform.explain.links import selection_link


@dataclass(frozen=True)
class Story:
    """What its picture shows, and its assets by the group that they stand in."""

    title: str
    assets: Mapping[str, Sequence[str]]

    @property
    def keys(self) -> tuple[str, ...]:
        """All its assets (`schema/name`), from the source to the mart where the figure stands."""
        return tuple(key for keys in self.assets.values() for key in keys)


STORIES: Mapping[str, Story] = {
    "productivity": Story("clinician work to dollars", {
        "staging": ("staging/stg_hospital__procedures",),
        "intermediate": (
            "intermediate/int_procedure__current", "intermediate/int_encounter__enriched",
            "intermediate/int_ledger__entries",
        ),
        "marts_clinical": ("marts/mart_clinician_productivity",),
    }),
    "denials": Story("a payer's reason to a denial", {
        "raw": ("raw/x12/remit_adjustments",),
        "staging": ("staging/stg_x12__remit_adjustments", "staging/stg_x12__remit_remarks"),
        "intermediate": (
            "intermediate/int_claim__remit_adjustments", "intermediate/int_claim__remit_remarks",
        ),
        "marts_billing": ("marts/fct_denial_events",),
    }),
    "cash": Story("a remittance to bank and ledger", {
        "staging": ("staging/stg_treasury__bank_deposits", "staging/stg_treasury__gl_postings"),
        "intermediate": (
            "intermediate/int_cash__remit_payments", "intermediate/int_cash__deposits",
            "intermediate/int_cash__reconciliation",
        ),
        "marts_finance": ("marts/mart_cash_reconciliation",),
    }),
    "ageing": Story("a charge to an open balance", {
        "intermediate": (
            "intermediate/int_transaction__current", "intermediate/int_claim__remits",
            "intermediate/int_ledger__hospital_postings", "intermediate/int_ledger__payer_payments",
            "intermediate/int_ledger__entries",
        ),
        "marts_finance": ("marts/mart_ar_rollforward",),
    }),
    "headlines": Story("all parts to the headlines", {
        "intermediate": (
            "intermediate/int_kpi__denials", "intermediate/int_kpi__collections",
            "intermediate/int_kpi__receivables", "intermediate/int_kpi__productivity",
            "intermediate/int_kpi__contributions",
        ),
        "marts_finance": ("marts/mart_kpi_monthly", "marts/mart_kpi_scorecard"),
    }),
}  # fmt: skip


def tags(key: str) -> dict[str, str]:
    """The tags of an asset (`group/name`): one for each story that it is part of."""
    return {_tag(name): "" for name, story in STORIES.items() if key in story.keys}


def link(name: str) -> str:
    """The picture of a story in the Dagster UI, with its assets in view."""
    return selection_link(f'tag:"{_tag(name)}"', STORIES[name].assets)


def _tag(name: str) -> str:
    return f"story/{name}"
