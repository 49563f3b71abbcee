"""277CA: what the payers answer a hospital about its claims on one day, all payers in one file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rcm_platform.world.feeds.x12.envelope import (
    CLEARINGHOUSE,
    END,
    STATUS,
    control_number,
    dollars,
    interchange,
)
from rcm_platform.world.feeds.x12.lookup import INPATIENT, Lookup, days, frequencies, runs
from rcm_platform.world.happened import identifiers
from rcm_platform.world.happened.identifiers import STRANGER_ATTEMPT
from rcm_platform.world.happened.kinds import SECONDARY
from rcm_platform.world.support.dates import compact
from rcm_platform.world.support.rng import Flags, Ints


@dataclass(frozen=True)
class Answers:
    """Rows are answers about one claim each, in the order in which they are written.

    `files` lists (first, end) of the rows of one file: one per hospital and answer day.
    """

    claim: Ints
    attempt: Ints  # STRANGER_ATTEMPT for a claim that was never sent
    hospital: Ints
    form: Ints
    payer: Ints
    batch_day: Ints
    day: Ints
    is_secondary: Flags
    is_rejected: Flags
    charge: Ints  # what the submission states
    rejection: Ints
    files: list[tuple[int, int]]


def status_file(system: str, day: int) -> str:
    """Where a hospital's 277CA of a day is, relative to clearinghouse/."""
    return f"277ca/277ca_{system}_{compact(day)}.edi"


def answers(lookup: Lookup) -> Answers:
    sent, strays = lookup.world.history.submissions, lookup.world.history.stray_acks
    claims = lookup.world.care.claims
    never = np.zeros_like(strays.claim)
    claim = np.concatenate([sent.claim, strays.claim])
    columns = {
        "claim": claim,
        "attempt": np.concatenate([sent.attempt, never + STRANGER_ATTEMPT]),
        "hospital": claims.hospital[claim],
        "form": claims.is_institutional[claim].astype(np.int64),
        "payer": np.concatenate([sent.payer, strays.payer]),
        "batch_day": np.concatenate([sent.day, strays.batch_day]),
        "day": np.concatenate([sent.ack_day, strays.ack_day]),
        "is_secondary": np.concatenate([sent.kind == SECONDARY, never > 0]),
        "is_rejected": np.concatenate([sent.is_rejected, never > 0]),
        "rejection": np.concatenate([sent.rejection, never]),
        "charge": np.concatenate([sent.charge, claims.charge[strays.claim]]),
    }
    keys = ("attempt", "claim", "batch_day", "form", "payer", "day", "hospital")
    order = np.lexsort([columns[key] for key in keys])
    columns = {name: values[order] for name, values in columns.items()}
    return Answers(**columns, files=runs(columns["hospital"], columns["day"]))


def render_answers(lookup: Lookup, told: Answers, first: int, end: int) -> bytes:
    """The 277CA of the rows first..end-1: a transaction per payer, form and 837 batch."""
    where, day = int(told.hospital[first]), int(told.day[first])
    facility, name = lookup.facility_ids[where], lookup.hospital_names[where]
    here = slice(first, end)
    blocks = _claims(lookup, told, here)
    is_ok = ~told.is_rejected[here]
    charges = told.charge[here]
    on, sets = compact(day), []
    for low, high in runs(told.payer[here], told.form[here], told.batch_day[here]):
        ok, charge = is_ok[low:high], charges[low:high]
        counts = int(ok.sum()), int((~ok).sum())
        sums = int(charge[ok].sum()), int(charge[~ok].sum())
        payer, form = int(told.payer[first + low]), int(told.form[first + low])
        batch_day = int(told.batch_day[first + low])
        reference = identifiers.batch_reference(facility, identifiers.FORMS[form], batch_day)
        total = dollars(sum(sums))
        out = [
            f"BHT*0085*08*{reference}{payer:02d}*{on}*0600*TH",
            "HL*1**20*1",
            f"NM1*PR*2*{lookup.payer_names[payer]}*****PI*{lookup.payer_code(payer, batch_day)}",
            f"TRN*1*{reference}{payer:02d}",
            f"DTP*050*D8*{compact(batch_day)}",
            f"DTP*009*D8*{on}",
            "HL*2*1*21*1",
            f"NM1*41*2*{name}*****46*{facility}",
            f"TRN*2*{reference}",
            f"STC*A1:19:PR*{on}*WQ*{total}",
            *_totals("90", "AA", counts, sums),
            "HL*3*2*19*1",
            f"NM1*85*2*{lookup.billing_names[form][where]}*****XX*{lookup.billing_npis[form][where]}",
            "TRN*1*0",
            f"STC*A1:19:PR**WQ*{total}",
            *_totals("QA", "QC", counts, sums),
        ]
        out += [f"HL*{level}*3*PT{END}{next(blocks)}" for level in range(4, 4 + high - low)]
        sets.append(END.join(out))
    return interchange(
        STATUS,
        sets,
        sender=CLEARINGHOUSE,
        receiver=facility,
        day=day,
        control=control_number(STATUS, where, day),
    )


def _claims(lookup: Lookup, told: Answers, here: slice) -> Iterator[str]:
    """Loop 2000D of one claim after the other, without its HL."""
    world = lookup.world
    care, claim, attempt = world.care, told.claim[here], told.attempt[here]
    codes = [
        f"{row['category_code']}:{row['status_code']}"
        + (f":{row['entity_code']}" if row["entity_code"] else "")
        for row in world.parameters.ack_rejections.rows
    ]
    encounter = care.claims.encounter[claim]
    number, part = care.encounters.number[encounter], care.claims.part[claim]
    patients = lookup.patients(claim, told.is_secondary[here], with_home=False)
    for (
        name, member, identifier, x, is_institutional, primary, rejected, reason, charge,
        payer_number, clearinghouse, frequency, on, first_day, last_day,
    ) in zip(
        patients.names,
        patients.members,
        identifiers.claim_ids(number, part),
        (attempt == STRANGER_ATTEMPT).tolist(),
        told.form[here].tolist(),
        care.encounters.primary[encounter].tolist(),
        told.is_rejected[here].tolist(),
        told.rejection[here].tolist(),
        told.charge[here].tolist(),
        lookup.payer_claim_numbers(claim, attempt),
        lookup.clearinghouse_numbers(claim, attempt),
        frequencies(lookup, claim, attempt),
        days(told.day[here]),
        *map(days, world.history.interim.days(claim, attempt)),
        strict=True,
    ):  # fmt: skip
        if x:
            identifier = identifiers.as_stranger(identifier)
        status = f"{codes[reason]}*{on}*U" if rejected else f"A2:20:PR*{on}*WQ"
        number_given = "" if rejected else f"REF*1K*{payer_number}{END}"
        bill = ""
        dates = f"D8*{first_day}"
        if is_institutional:
            bill = f"REF*BLT*{lookup.bill_types[primary]}{frequency}{END}"
            if lookup.visit_types[primary] == INPATIENT:
                dates = f"RD8*{first_day}-{last_day}"
        yield (
            f"NM1*QC*1*{name}***MI*{member}{END}TRN*2*{identifier}{END}"
            f"STC*{status}*{dollars(charge)}{END}{number_given}"
            f"REF*D9*{clearinghouse}{END}{bill}DTP*472*{dates}"
        )


def _totals(
    accepted: str, rejected: str, counts: tuple[int, int], sums: tuple[int, int]
) -> list[str]:
    segments = []
    if counts[0]:
        segments.append(f"QTY*{accepted}*{counts[0]}")
    if counts[1]:
        segments.append(f"QTY*{rejected}*{counts[1]}")
    if counts[0]:
        segments.append(f"AMT*YU*{dollars(sums[0])}")
    if counts[1]:
        segments.append(f"AMT*YY*{dollars(sums[1])}")
    return segments
