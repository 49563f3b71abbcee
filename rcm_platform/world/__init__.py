"""The synthetic outside world: two hospitals, their payers and their bank, with a hidden truth.

`generate` is the only entrance. The world is a pure function of (seed, size, start, through,
faults) and of the tables in `parameters/`; a later `through` adds what arrived since and changes
nothing else.
"""

from rcm_platform.world.generate import WorldSummary, generate, refuse_impossible, same_world
from rcm_platform.world.support.parameters import ParameterError, fingerprint

__all__ = [
    "ParameterError",
    "WorldSummary",
    "fingerprint",
    "generate",
    "refuse_impossible",
    "same_world",
]
