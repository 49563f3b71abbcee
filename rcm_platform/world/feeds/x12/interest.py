"""Interest that a payer adds to the payment of its claim, in place of an adjustment of the whole
payment (rule P9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rcm_platform.world.happened.kinds import FIRST_DECISION, INTEREST
from rcm_platform.world.support.rng import Ints

if TYPE_CHECKING:
    from rcm_platform.world.model import World


def interest_within(world: World) -> Ints:
    """Planted, per remit: the provider adjustment that its claim's payment holds, -1 for none."""
    remits, plb = world.history.remits, world.history.provider_adjustments
    within = np.full(len(remits.claim), -1, dtype=np.int64)
    every = len(world.care.claims.key)
    may_hold = (remits.kind == FIRST_DECISION) & (remits.paid > 0) & (remits.unbalanced_by == 0)
    rows = np.flatnonzero(may_hold)
    payment = np.repeat(np.arange(len(world.payments.payer)), world.payments.remit_count)
    holders = payment[rows] * every + remits.claim[rows]
    order = np.argsort(holders)

    pairs = np.flatnonzero((plb.code == INTEREST) & (plb.claim >= 0))
    key = world.care.claims.key[plb.claim[pairs]]
    pairs = pairs[world.faults.planted("interest_in_claim", world.draws, key)]
    wanted = plb.payment[pairs] * every + plb.claim[pairs]
    place = np.minimum(np.searchsorted(holders[order], wanted), max(len(holders) - 1, 0))
    is_there = holders[order][place] == wanted
    within[rows[order][place[is_there]]] = pairs[is_there]
    return within
