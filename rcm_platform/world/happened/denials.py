"""Which claims a payer denies at first, for what reason, and how the denial ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rcm_platform.world.happened.encounters import Care
from rcm_platform.world.support.parameters import Parameters
from rcm_platform.world.support.rng import Draws, Flags, Ints


@dataclass(frozen=True)
class Denials:
    """Per claim: what is denied at first, and how that ends."""

    row: Ints  # of denial_mix.csv, -1 when not denied
    line: Ints  # denied line when only one is, else -1
    is_claim_level: Flags
    is_patient_share: Flags
    is_resubmitted: Flags
    is_appealed: Flags
    is_won: Flags
    is_late_filing: Flags

    @property
    def is_denied(self) -> Flags:
        return self.row >= 0

    @property
    def is_worked(self) -> Flags:
        return self.is_resubmitted | self.is_appealed

    def covers(self, line: Ints, claim: Ints) -> Flags:
        """Per line (with its claim): is it one that the first decision denies?"""
        only = self.line[claim]
        return (self.row[claim] >= 0) & ((only < 0) | (only == line))


def denials(parameters: Parameters, draws: Draws, care: Care, insured: Flags) -> Denials:
    """Draw the denials of every claim of `care`."""
    claims, mix, shape = care.claims, parameters.denials, parameters.denial_shape
    rate = parameters.payers.table.permille("denial_permille")[claims.payer]
    more = parameters.payer_changes.added("denial", claims.payer, claims.coded_day)
    rate = np.minimum(rate + more, 1000)
    denied = insured & draws.balanced(
        "denied", rate, _ordinals(claims.hospital, claims.payer), claims.hospital, claims.payer
    )
    row = draws.pick("denial reason", mix.ints("weight"), claims.key)
    # a stay is paid by the case: its lines are not denied one by one
    is_stay = (care.encounters.end_day > care.encounters.day)[claims.encounter]
    is_stay &= claims.is_institutional
    one_line = denied & (claims.line_count > 1) & ~is_stay
    one_line &= draws.chance("one line denied", shape["one_line_only"], claims.key)
    which = claims.first_line + draws.below("which line", claims.line_count, claims.key)
    claim_level = denied & ~one_line & draws.chance("claim level", shape["claim_level"], claims.key)
    group = np.array(mix.text("group_code"))[row]
    response = np.array(mix.text("response"))[row]
    patient_share = denied & (group == "PR")
    worked = denied & ~patient_share
    effort = mix.permille("worked_permille")[row]
    effort = np.where(is_stay, np.maximum(effort, shape["stay_worked"]), effort)
    worked &= draws.chance("worked", effort, claims.key)
    won = worked & draws.chance("overturned", mix.permille("overturn_permille")[row], claims.key)
    return Denials(
        row=np.where(denied, row, -1),
        line=np.where(one_line, which, -1),
        is_claim_level=claim_level,
        is_patient_share=patient_share,
        is_resubmitted=worked & (response == "resubmit"),
        is_appealed=worked & (response == "appeal"),
        is_won=won,
        is_late_filing=denied & (np.array(mix.text("category"))[row] == "Timely filing"),
    )


def _ordinals(*groups: Ints) -> Ints:
    """The place of each row among those of its group, in the order of the rows."""
    order = np.lexsort(groups[::-1])
    changes = np.zeros(len(order), dtype=bool)
    changes[:1] = True
    for column in groups:
        changes[1:] |= np.diff(column[order]) != 0
    starts = np.flatnonzero(changes)
    within = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
    ordinals = np.empty_like(within)
    ordinals[order] = within
    return ordinals
