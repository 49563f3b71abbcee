"""Marts against the hidden truth of the synthetic world: one module per persona or subject, one
check per mart or more.

Only checks read the truth; no model and no other asset may.
"""

from rcm_platform.proof.truth import (
    billing,
    claims,
    clinical,
    core,
    data,
    denial_odds,
    denials,
    drift,
    finance,
    forecast,
    kpis,
    operations,
    patients,
    scorecards,
    worklists,
)
from rcm_platform.proof.truth.compare import (
    HOSPITALS,
    TruthCheck,
    TruthResult,
    compare,
    compare_all,
    remove_spill,
)
from rcm_platform.proof.truth.entered import has_entered_money

_MODULES = (
    billing, claims, denials, finance, forecast, kpis, clinical, patients, operations, core, data,
    scorecards, denial_odds, worklists, drift,
)  # fmt: skip

CHECKS = [check for module in _MODULES for check in module.CHECKS]

__all__ = [
    "CHECKS",
    "HOSPITALS",
    "TruthCheck",
    "TruthResult",
    "compare",
    "compare_all",
    "has_entered_money",
    "remove_spill",
]
