"""Marts against the hidden truth of the synthetic world: one module per persona or subject, one
check per mart or more.

Only checks read the truth; no model and no other asset may.
"""

from rcm_platform.truth_checks import billing, clinical, core, denials, finance, forecast
from rcm_platform.truth_checks.compare import HOSPITALS, TruthCheck, TruthResult, compare

CHECKS = [
    check
    for persona in (billing, denials, finance, forecast, clinical, core)
    for check in persona.CHECKS
]

__all__ = ["CHECKS", "HOSPITALS", "TruthCheck", "TruthResult", "compare"]
