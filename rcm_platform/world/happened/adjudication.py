"""How a payer splits the charge of each line: allowed, paid, and what the adjustments say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rcm_platform.world.happened.encounters import Care
from rcm_platform.world.happened.kinds import (
    ADJUSTMENT_COUNT,
    CAPITATED,
    COINSURANCE,
    CONTRACTUAL,
    COPAY,
    DEDUCTIBLE,
    DENIAL,
    DISPENSING,
    INCENTIVE,
    PACKAGED,
    PENALTY,
    PRIOR_PAYER,
    SEQUESTER,
)
from rcm_platform.world.support.parameters import Parameters
from rcm_platform.world.support.rng import Draws, Flags, Ints

PATIENT_SHARE = (DEDUCTIBLE, COINSURANCE, COPAY)


@dataclass(frozen=True)
class Decision:
    """Rows are lines, in cents: charge = paid + the sum of the adjustments."""

    charge: Ints
    allowed: Ints
    paid: Ints
    adjustments: Ints  # lines x ADJUSTMENT_COUNT

    def take(self, rows: Ints) -> Decision:
        return Decision(
            self.charge[rows], self.allowed[rows], self.paid[rows], self.adjustments[rows]
        )

    def negated(self) -> Decision:
        return Decision(-self.charge, -self.allowed, -self.paid, -self.adjustments)

    def denied(self, where: Flags) -> Decision:
        """The same with the charge of some lines denied."""
        return self._unpaid(where, DENIAL)

    def capitated(self, where: Flags) -> Decision:
        """The same with the charge of some lines covered by a payment per month."""
        return self._unpaid(where, CAPITATED)

    def _unpaid(self, where: Flags, reason: int) -> Decision:
        adjustments = np.where(where[:, None], 0, self.adjustments)
        adjustments[:, reason] = np.where(where, self.charge, adjustments[:, reason])
        return Decision(
            self.charge,
            np.where(where, 0, self.allowed),
            np.where(where, 0, self.paid),
            adjustments,
        )

    @property
    def patient_share(self) -> Ints:
        return self.adjustments[:, PATIENT_SHARE].sum(axis=1)


def accepted(parameters: Parameters, draws: Draws, care: Care, allowed: Ints) -> Decision:
    """The decision on every line of `care` when nothing is denied and `allowed` is allowed."""
    claims, lines, payers = care.claims, care.lines, parameters.payers.table
    before = np.cumsum(allowed) - allowed
    before -= before[claims.first_line[lines.claim]]
    has_deductible = draws.chance(
        "deductible", payers.permille("deductible_permille")[claims.payer], claims.key
    )
    left = payers.cents("deductible_dollars")[claims.payer]
    left = left * (10 + draws.below("deductible left", 91, claims.key)) // 100
    left = np.where(has_deductible, left, 0)[lines.claim]
    deductible = np.clip(left - before, 0, allowed)
    rest = allowed - deductible

    has_copay = ~has_deductible & draws.chance(
        "copay", payers.permille("copay_permille")[claims.payer], claims.key
    )
    copay = np.where(has_copay, payers.cents("copay_dollars")[claims.payer], 0)[lines.claim]
    copay = np.where(claims.first_line[lines.claim] == np.arange(len(allowed)), copay, 0)
    copay = np.minimum(copay, rest)
    rest = rest - copay
    coinsurance = rest * payers.permille("coinsurance_permille")[claims.payer[lines.claim]] // 1000
    coinsurance = np.where(has_copay[lines.claim], 0, coinsurance)
    # half of the payers' systems call a packaged line that, the others take its charge off
    says_so = draws.chance("packaged line", 500, claims.key)
    decision = _settled(
        parameters,
        claims.payer[lines.claim],
        quality(parameters, draws, care)[lines.claim],
        (allowed == 0) & says_so[lines.claim],
        lines.charge,
        allowed,
        deductible,
        coinsurance,
        copay,
    )
    return decision.capitated(parameters.payers.is_capitated[claims.payer][lines.claim])


def quality(parameters: Parameters, draws: Draws, care: Care) -> Ints:
    """Per claim: what its payer adds for the clinician's quality, in permille; below zero it cuts.

    It is of the clinician and not of the visit, and of professional claims alone.
    """
    claims = care.claims
    most = parameters.payers.table.permille("quality_permille")[claims.payer]
    score = draws.below("quality", 2 * most + 1, care.encounters.provider[claims.encounter])
    return np.where(claims.is_institutional, 0, score - most)


def corrected(
    parameters: Parameters, payer: Ints, quality: Ints, first: Decision, allowed: Ints
) -> Decision:
    """The decision with another allowed amount; what the patient owes stays."""
    shares = (first.adjustments[:, column] for column in PATIENT_SHARE)
    allowed = np.maximum(allowed, first.patient_share)
    is_packaged = first.adjustments[:, PACKAGED] != 0
    return _settled(parameters, payer, quality, is_packaged, first.charge, allowed, *shares)


def secondary(first: Decision, pays_deductible: Flags) -> Decision:
    """What the second payer makes of the patient's share that the first one left, line by line."""
    share = first.patient_share
    left = np.where(pays_deductible, 0, first.adjustments[:, DEDUCTIBLE])
    adjustments = np.zeros_like(first.adjustments)
    adjustments[:, PRIOR_PAYER] = first.charge - share
    adjustments[:, DEDUCTIBLE] = left
    return Decision(first.charge, share, share - left, adjustments)


def _settled(
    parameters: Parameters,
    payer: Ints,
    quality: Ints,
    is_packaged: Flags,
    charge: Ints,
    allowed: Ints,
    deductible: Ints,
    coinsurance: Ints,
    copay: Ints,
) -> Decision:
    rest = allowed - deductible - coinsurance - copay
    sequester = rest * parameters.payers.table.permille("sequester_permille")[payer]
    sequester = (sequester + 500) // 1000
    reward = rest * np.abs(quality) // 1000 * np.sign(quality)
    reduction = charge - allowed
    dispensing = reduction * parameters.payers.table.permille("dispensing_permille")[payer] // 1000
    adjustments = np.zeros((len(allowed), ADJUSTMENT_COUNT), dtype=np.int64)
    adjustments[:, CONTRACTUAL] = np.where(is_packaged, 0, reduction - dispensing)
    adjustments[:, PACKAGED] = np.where(is_packaged, reduction - dispensing, 0)
    adjustments[:, DISPENSING] = dispensing
    adjustments[:, SEQUESTER] = sequester
    adjustments[:, INCENTIVE] = -np.maximum(reward, 0)
    adjustments[:, PENALTY] = np.maximum(-reward, 0)
    adjustments[:, DEDUCTIBLE] = deductible
    adjustments[:, COINSURANCE] = coinsurance
    adjustments[:, COPAY] = copay
    return Decision(charge, allowed, rest - sequester + reward, adjustments)
