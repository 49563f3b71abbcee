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
    denials,
    finance,
    forecast,
    kpis,
    operations,
    patients,
    scorecards,
)
from rcm_platform.proof.truth.compare import (
    HOSPITALS,
    TruthCheck,
    TruthResult,
    compare,
    compare_all,
)

_MODULES = (
    billing, claims, denials, finance, forecast, kpis, clinical, patients, operations, core, data,
    scorecards,
)  # fmt: skip

CHECKS = [check for module in _MODULES for check in module.CHECKS]

__all__ = ["CHECKS", "HOSPITALS", "TruthCheck", "TruthResult", "compare", "compare_all"]
