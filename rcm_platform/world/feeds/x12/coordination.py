"""What a secondary claim says of the primary payer: loops 2320, 2330 and 2430 of an 837."""

from __future__ import annotations

import numpy as np

from rcm_platform.world.feeds.x12 import adjustments
from rcm_platform.world.feeds.x12.envelope import END, dollars
from rcm_platform.world.feeds.x12.lookup import Lookup, pick, service_codes
from rcm_platform.world.support.dates import compact


def other_payer(
    lookup: Lookup, claim: int, day: int, is_institutional: bool, name: str, member: str
) -> str:
    """Loops 2320 to 2330B of a secondary claim: what the primary payer did with it."""
    world = lookup.world
    remits, payer = world.history.remits, int(world.care.claims.payer[claim])
    remit = int(lookup.primary_remits[claim])
    out = [f"SBR*P*18*******{lookup.filing_837[is_institutional][payer]}"]
    known = []
    if remit >= 0:
        first = int(world.care.claims.first_line[claim])
        lines = lookup.primary_lines[first : first + int(world.care.claims.line_count[claim])]
        paid = int(world.history.remit_lines.paid[lines[lines >= 0]].sum())
        if remits.is_claim_level[remit]:
            reason = adjustments.denial_reason(
                lookup, int(remits.denial[remit]), int(remits.odd_reason[remit])
            )
            out.append(f"CAS*{reason[0]}*{reason[1]}*{dollars(int(remits.charge[remit]))}")
            known.append(f"DTP*573*D8*{compact(int(remits.payment_day[remit]))}")
        out.append(f"AMT*D*{dollars(paid)}")
        answered = remits.answers_attempt[remit : remit + 1]
        [number] = lookup.payer_claim_numbers(np.array([claim]), answered)
        known.append(f"REF*F8*{number}")
    out += [
        "OI***Y***Y",
        f"NM1*IL*1*{name}***MI*{member}",
        f"NM1*PR*2*{lookup.payer_names[payer]}*****PI*{lookup.payer_code(payer, day)}",
        *known,
    ]
    return END.join(out)


def adjudication(lookup: Lookup, claim: int, line: int, day: int, is_institutional: bool) -> str:
    """Loop 2430 of a line, with END before it; empty when the primary payer named no lines."""
    world = lookup.world
    remits, told = world.history.remits, world.history.remit_lines
    row = int(lookup.primary_lines[line])
    if row < 0:
        return ""
    remit, lines = int(told.remit[row]), world.care.lines
    payer, procedure = int(world.care.claims.payer[claim]), int(lines.procedure[line])
    [code] = service_codes(
        [lookup.service_codes[procedure]], pick(lines.modifiers, np.array([line]))
    )
    revenue = lookup.revenue_codes[procedure] if is_institutional else ""
    denial = adjustments.denial_reason(
        lookup, int(remits.denial[remit]), int(remits.odd_reason[remit])
    )
    of = adjustments.reasons(
        lookup.contract_reasons[payer], bool(remits.is_patient_contractual[remit]), denial
    )
    return (
        f"{END}SVD*{lookup.payer_code(payer, day)}*{dollars(int(told.paid[row]))}*{code}"
        f"*{revenue}*{int(lines.units[line])}"
        + adjustments.segments(told.adjustments[row].tolist(), of)
        + f"{END}DTP*573*D8*{compact(int(remits.payment_day[remit]))}"
    )
