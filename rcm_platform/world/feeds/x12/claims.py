"""837P and 837I: the claims that a hospital sends on one day, one file per form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rcm_platform.world.feeds.x12 import coordination
from rcm_platform.world.feeds.x12.envelope import (
    CLAIM_KINDS,
    CLEARINGHOUSE,
    END,
    RECEIPT_KINDS,
    control_number,
    dollars,
    interchange,
)
from rcm_platform.world.feeds.x12.lookup import (
    EMERGENCY,
    INPATIENT,
    KNEE_OR_HIP,
    Lookup,
    PatientTexts,
    bad_npi,
    days,
    frequencies,
    pick,
    ranges,
    runs,
    service_codes,
)
from rcm_platform.world.happened import identifiers
from rcm_platform.world.happened.kinds import SECONDARY
from rcm_platform.world.support.dates import business_day, compact
from rcm_platform.world.support.rng import Flags, Ints

#: An acute care hospital, of the Health Care Provider Taxonomy.
TAXONOMY = "282N00000X"
_INPATIENT_PLACE = "21"


@dataclass(frozen=True)
class Batches:
    """Rows are 837 files: hospital, form (of identifiers.FORMS) and sending day.

    `submissions` are rows of Submissions in the order in which they are written; a file holds
    first..end-1 of them. Its 999 arrives on `receipt_day`, or never when `is_unreceipted`.
    """

    hospital: Ints
    form: Ints
    day: Ints
    first: Ints
    end: Ints
    submissions: Ints
    receipt_day: Ints
    is_unreceipted: Flags  # planted
    files: list[str]  # relative to clearinghouse/
    receipts: list[str]

    def of_submissions(self) -> Ints:
        """Per row of Submissions, the row of its 837 file."""
        rows = np.empty(len(self.submissions), dtype=np.int64)
        rows[self.submissions] = np.repeat(np.arange(len(self.day)), self.end - self.first)
        return rows


def batches(lookup: Lookup) -> Batches:
    world = lookup.world
    sent, claims = world.history.submissions, world.care.claims
    hospital = claims.hospital[sent.claim]
    form = claims.is_institutional[sent.claim].astype(np.int64)
    order = np.lexsort((sent.attempt, sent.claim, sent.day, form, hospital))
    found = runs(hospital[order], form[order], sent.day[order])
    first, end = np.array(found, dtype=np.int64).reshape(-1, 2).T
    hospital, form, day = (column[order[first]] for column in (hospital, form, sent.day))
    receipt_day = business_day(day + world.draws.below("receipt", 2, hospital, form, day))
    systems = [lookup.systems[where] for where in hospital.tolist()]
    sent_on, received_on = days(day), days(receipt_day)
    letters = [identifiers.FORMS[f].lower() for f in form.tolist()]
    return Batches(
        hospital=hospital,
        form=form,
        day=day,
        first=first,
        end=end,
        submissions=order,
        receipt_day=receipt_day,
        is_unreceipted=world.faults.planted("missing_999", world.draws, hospital, form, day),
        files=[
            f"837{letter}/837{letter}_{system}_{on}.edi"
            for letter, system, on in zip(letters, systems, sent_on, strict=True)
        ],
        # Two batches may be received on one day: the sending day tells them apart.
        receipts=[
            f"999/999_{system}_{letter}_{received}_{on}.edi"
            for letter, system, on, received in zip(
                letters, systems, sent_on, received_on, strict=True
            )
        ],
    )


def render_claims(lookup: Lookup, batch: Batches, row: int) -> bytes:
    """The 837 file of one row of `batch`."""
    where, form, day = int(batch.hospital[row]), int(batch.form[row]), int(batch.day[row])
    facility, kind = lookup.facility_ids[where], CLAIM_KINDS[form]
    name = lookup.hospital_names[where]
    reference = identifiers.batch_reference(facility, identifiers.FORMS[form], day)
    out = [
        f"BHT*0019*00*{reference}*{compact(day)}*0600*CH",
        f"NM1*41*2*{name}*****46*{facility}",
        "PER*IC*BILLING OFFICE*TE*6145550100",
        f"NM1*40*2*{CLEARINGHOUSE} EXCHANGE*****46*{CLEARINGHOUSE}",
        "HL*1**20*1",
        f"PRV*BI*PXC*{TAXONOMY}",
        f"NM1*85*2*{lookup.billing_names[form][where]}*****XX*{lookup.billing_npis[form][where]}",
        lookup.facility_addresses[where],
        f"REF*EI*{lookup.world.hospitals.tins[where]}",
    ]
    rows = batch.submissions[int(batch.first[row]) : int(batch.end[row])]
    out += _claims(lookup, rows, day, is_institutional=form == 1)
    return interchange(
        kind,
        [END.join(out)],
        sender=facility,
        receiver=CLEARINGHOUSE,
        day=day,
        control=control_number(kind, where, day),
    )


def render_receipt(lookup: Lookup, batch: Batches, row: int) -> bytes:
    """The 999 that answers the file of one row of `batch`: received and accepted whole."""
    where, form, day = int(batch.hospital[row]), int(batch.form[row]), int(batch.day[row])
    claims, kind = CLAIM_KINDS[form], RECEIPT_KINDS[form]
    out = [
        f"AK1*HC*{control_number(claims, where, day)}*{claims.version}",
        f"AK2*837*0001*{claims.version}",
        "IK5*A",
        "AK9*A*1*1*1",
    ]
    return interchange(
        kind,
        [END.join(out)],
        sender=CLEARINGHOUSE,
        receiver=lookup.facility_ids[where],
        day=int(batch.receipt_day[row]),
        control=control_number(kind, where, day),
    )


def _claims(lookup: Lookup, rows: Ints, day: int, *, is_institutional: bool) -> Iterator[str]:
    """Loops 2000B to 2400 of one submission after the other."""
    world = lookup.world
    sent, care = world.history.submissions, world.care
    claims, visits = care.claims, care.encounters
    claim, attempt, payers = sent.claim[rows], sent.attempt[rows], sent.payer[rows].tolist()
    encounter = claims.encounter[claim]
    secondary = sent.kind[rows] == SECONDARY
    patients = lookup.patients(claim, secondary, with_home=True)
    # a secondary claim also names the patient as the primary payer knows it
    members = pick(care.patients.member_ids, visits.patient[encounter])
    replaced = sent.replaces_attempt[rows]
    originals = lookup.payer_claim_numbers(claim, replaced)
    number, part = visits.number[encounter].tolist(), claims.part[claim].tolist()
    authorized = lookup.has_authorization[claim].tolist()
    from_line, line_count = sent.from_line[rows], sent.line_count[rows]
    days_of, admissions = lookup.days(claim, attempt), visits.day[encounter].tolist()
    diagnoses = [
        [row for row in some if row >= 0]
        for some in zip(
            visits.diagnosis[encounter].tolist(),
            visits.diagnosis_2[encounter].tolist(),
            visits.diagnosis_3[encounter].tolist(),
            strict=True,
        )
    ]
    lines = _institutional_lines if is_institutional else _professional_lines
    blocks = lines(
        lookup,
        np.repeat(claim, line_count),
        ranges(claims.first_line[claim] + from_line, line_count),
        np.repeat(from_line, line_count),
        np.repeat(np.array([len(some) for some in diagnoses], dtype=np.int64), line_count),
    )
    columns = zip(
        claim.tolist(),
        payers,
        secondary.tolist(),
        lookup.claim_ids(claim),
        sent.charge[rows].tolist(),
        visits.primary[encounter].tolist(),
        *days_of,
        visits.provider[encounter].tolist(),
        sent.has_bad_npi[rows].tolist(),
        frequencies(lookup, claim, attempt),
        lookup.clearinghouse_numbers(claim, attempt),
        replaced.tolist(),
        line_count.tolist(),
        strict=True,
    )
    for level, (
        c, payer, is_secondary, identifier, charge, primary, first_day, last_day, provider, is_bad,
        frequency, clearinghouse, replaces, count,
    ) in enumerate(columns):  # fmt: skip
        references = f"REF*D9*{clearinghouse}"
        if replaces:
            references = f"REF*F8*{originals[level]}{END}{references}"
        if authorized[level]:
            granted = identifiers.authorization_number(number[level], part[level])
            references = f"REF*G1*{granted}{END}{references}"
        npi = lookup.provider_npis[provider]
        doctor = (
            f"{lookup.provider_names[provider]}****XX*{bad_npi(npi) if is_bad else npi}",
            lookup.taxonomies[provider],
        )
        codes = [lookup.diagnoses[row] for row in diagnoses[level]]
        yield _subscriber(lookup, level, payer, day, is_secondary, is_institutional, patients)
        if is_institutional:
            yield (
                f"CLM*{identifier}*{dollars(charge)}***{lookup.bill_types[primary]}:A:{frequency}"
                f"**A*Y*Y{END}"
                + _stay(
                    lookup,
                    primary,
                    admissions[level],
                    (first_day, last_day),
                    number[level],
                    diagnoses[level][0],
                    is_over=frequency not in ("2", "3"),
                )
                + f"{references}{END}"
                + _institutional_diagnoses(lookup, primary, codes, diagnoses[level][0])
                + f"NM1*71*1*{doctor[0]}{END}PRV*AT*PXC*{doctor[1]}"
            )
        else:
            place = lookup.places[primary]
            admitted = f"DTP*435*D8*{compact(first_day)}{END}" if place == _INPATIENT_PLACE else ""
            others = "".join(f"*ABF:{code}" for code in codes[1:])
            yield (
                f"CLM*{identifier}*{dollars(charge)}***{place}:B:{frequency}*Y*A*Y*Y{END}"
                f"{admitted}{references}{END}HI*ABK:{codes[0]}{others}{END}"
                f"NM1*82*1*{doctor[0]}{END}PRV*PE*PXC*{doctor[1]}"
            )
        if not is_secondary:
            for _ in range(count):
                yield next(blocks)[1]
            continue
        yield coordination.other_payer(
            lookup, c, day, is_institutional, patients.names[level], members[level]
        )
        for _ in range(count):
            line, block = next(blocks)
            yield block + coordination.adjudication(lookup, c, line, day, is_institutional)


def _subscriber(
    lookup: Lookup,
    level: int,
    payer: int,
    day: int,
    is_secondary: bool,
    is_institutional: bool,
    patients: PatientTexts,
) -> str:
    """Loops 2000B to 2010BB: the patient is always the subscriber."""
    filing = lookup.filing_837[is_institutional][payer]
    # Medicare asks why it comes second: 12, someone of working age with a group health plan.
    why = "12" if is_secondary and filing == "MB" and not is_institutional else ""
    return END.join(
        (
            f"HL*{level + 2}*1*22*0",
            f"SBR*{'S' if is_secondary else 'P'}*18***{why}****{filing}",
            f"NM1*IL*1*{patients.names[level]}***MI*{patients.members[level]}",
            patients.addresses[level],
            f"DMG*D8*{patients.demographics[level]}",
            f"NM1*PR*2*{lookup.payer_names[payer]}*****PI*{lookup.payer_code(payer, day)}",
        )
    )


def _stay(
    lookup: Lookup,
    primary: int,
    admission: int,
    period: tuple[int, int],
    number: int,
    diagnosis: int,
    *,
    is_over: bool,
) -> str:
    """When an institutional claim's patient came, why and from where, each segment with END."""
    visit, first_day, last_day = lookup.visit_types[primary], admission, period[1]
    dates = f"DTP*434*RD8*{compact(period[0])}-{compact(last_day)}{END}"
    if visit != INPATIENT:
        return f"{dates}CL1*{1 if visit == EMERGENCY else 3}*1*01{END}"
    # the hours have no meaning of their own: any that does not change
    admitted, discharged = 6 + number % 13, 9 + number % 9
    planned = lookup.drgs[diagnosis] == KNEE_OR_HIP
    if first_day == last_day:
        discharged = 20
    leaves, status = (f"DTP*096*TM*{discharged:02d}00{END}", "01") if is_over else ("", "30")
    return (
        f"{leaves}{dates}"
        f"DTP*435*DT*{compact(admission)}{admitted:02d}{number % 4 * 15:02d}{END}"
        f"CL1*{3 if planned else 1}*1*{status}{END}"
    )


def _institutional_diagnoses(lookup: Lookup, primary: int, codes: list[str], diagnosis: int) -> str:
    """HI segments, each with END. All of an inpatient's were there on admission (POA Y)."""
    if lookup.visit_types[primary] == INPATIENT:
        present = ":" * 7 + "Y"
        why = f"HI*ABJ:{codes[0]}{END}HI*DR:{lookup.drgs[diagnosis]}{END}"
    else:
        present, why = "", f"HI*APR:{codes[0]}{END}"
    others = "".join(f"*ABF:{code}{present}" for code in codes[1:])
    return f"HI*ABK:{codes[0]}{present}{END}{why}" + (f"HI{others}{END}" if others else "")


def _professional_lines(
    lookup: Lookup, claim: Ints, line: Ints, from_line: Ints, diagnosis_count: Ints
) -> Iterator[tuple[int, str]]:
    """(row of Lines, loop 2400) of one line after the other."""
    for place, row, code, _, charge, units, day, identifier, diagnoses in _line_columns(
        lookup, claim, line, from_line, diagnosis_count
    ):
        # The first service is for all diagnoses, the others for one of them.
        pointer = _ALL_POINTERS[diagnoses] if place == 1 else str((place - 1) % diagnoses + 1)
        yield (
            row,
            f"LX*{place}{END}SV1*{code}*{dollars(charge)}*UN*{units}***{pointer}{END}"
            f"DTP*472*D8*{day}{END}REF*6R*{identifier}",
        )


def _institutional_lines(
    lookup: Lookup, claim: Ints, line: Ints, from_line: Ints, diagnosis_count: Ints
) -> Iterator[tuple[int, str]]:
    """(row of Lines, loop 2400) of one line after the other."""
    for place, row, code, revenue, charge, units, day, identifier, _ in _line_columns(
        lookup, claim, line, from_line, diagnosis_count
    ):
        unit = "UN" if code else "DA"
        yield (
            row,
            f"LX*{place}{END}SV2*{revenue}*{code}*{dollars(charge)}*{unit}*{units}{END}"
            f"DTP*472*D8*{day}{END}REF*6R*{identifier}",
        )


_ALL_POINTERS = ("", "1", "1:2", "1:2:3")


def _line_columns(
    lookup: Lookup, claim: Ints, line: Ints, from_line: Ints, diagnosis_count: Ints
) -> Iterator[tuple[int, int, str, str, int, int, str, str, int]]:
    care = lookup.world.care
    lines, visits = care.lines, care.encounters
    encounter, procedure = lines.encounter[line], lines.procedure[line]
    return zip(
        (line - care.claims.first_line[claim] - from_line + 1).tolist(),
        line.tolist(),
        service_codes(pick(lookup.service_codes, procedure), pick(lines.modifiers, line)),
        pick(lookup.revenue_codes, procedure),
        lines.charge[line].tolist(),
        lines.units[line].tolist(),
        days(lookup.line_days[line]),
        identifiers.charge_ids(visits.number[encounter], lines.number[line]),
        diagnosis_count.tolist(),
        strict=True,
    )
