"""What passes through the clearinghouse: 837P, 277CA and 835 files, one interchange per file.

Arrival is ISA09: the 837's sending day, the 277CA's answer day, the 835's delivery day. Only files
that arrived by the world's last day are written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np

from rcm_platform.world.claims import (
    COINSURANCE,
    CONTRACTUAL,
    COPAY,
    DEDUCTIBLE,
    SEQUESTER,
)
from rcm_platform.world.dates import compact, to_day
from rcm_platform.world.model import World
from rcm_platform.world.rng import Ints

CLEARINGHOUSE = "CLEARWAY"
INPATIENT = "21"
#: Above this charge (cents) a claim carries a prior authorization number, unless denied for it.
AUTHORIZED_FROM = 60_000

_CONTROL_EPOCH = to_day(date(2000, 1, 1))
_VERSIONS = {
    "837": ("HC", "005010X222A1", 1),
    "277": ("HN", "005010X214", 2),
    "835": ("HP", "005010X221A1", 3),
}


def dollars(cents: int) -> str:
    """X12 decimal: no trailing decimals on whole dollars."""
    sign, cents = ("-", -cents) if cents < 0 else ("", cents)
    whole, part = divmod(cents, 100)
    return f"{sign}{whole}.{part:02d}" if part else f"{sign}{whole}"


def interchange(
    kind: str,
    sets: Iterable[list[str]],
    *,
    sender: str,
    receiver: str,
    day: int,
    hospital: int,
    payer: int = 99,
) -> bytes:
    """One ISA..IEA with one group. `sets` are the segments of each transaction without ST and SE.

    The control number is a function of what the file is, so it is unique and never changes.
    """
    group, version, code = _VERSIONS[kind]
    control = (day - _CONTROL_EPOCH) * 10_000 + code * 1000 + hospital * 100 + payer
    on = compact(day)
    out = [
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{sender:<15}*ZZ*{receiver:<15}*{on[2:]}*0600*^*00501"
        f"*{control:09d}*0*P*:",
        f"GS*{group}*{sender}*{receiver}*{on}*0600*{control}*X*{version}",
    ]
    count = 0
    for count, segments in enumerate(sets, start=1):
        # In an 835 the version is not repeated in ST03.
        out.append(f"ST*{kind}*{count:04d}" + ("" if kind == "835" else f"*{version}"))
        out += segments
        out.append(f"SE*{len(segments) + 2}*{count:04d}")
    out += [f"GE*{count}*{control}", f"IEA*1*{control:09d}", ""]
    return "~\n".join(out).encode("ascii")


class X12Writer:
    """Writes the folders 837, 277ca and 835 of one world into `folder`."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        care, parameters = world.care, world.parameters
        hospitals, payers = world.hospitals, parameters.payers
        patients, towns = care.patients, parameters.towns
        names = zip(
            patients.last_names, patients.first_names, patients.middle_initials, strict=True
        )
        self._names = [f"{last}*{first}*{middle}".upper() for last, first, middle in names]
        places = [
            f"{town}*{state}*{code}".upper()
            for town, state, code in zip(
                towns.text("town"), towns.text("state"), towns.text("zip"), strict=True
            )
        ]
        self._addresses = [
            f"N3*{street.upper()}~\nN4*{places[town]}"
            for street, town in zip(patients.streets, patients.town.tolist(), strict=True)
        ]
        taxonomies = parameters.specialties.text("taxonomy")
        self._rendering = [
            f"NM1*82*1*{last.upper()}*{first.upper()}****XX*{npi}"
            for last, first, npi in zip(
                world.providers.last_names,
                world.providers.first_names,
                world.providers.npis,
                strict=True,
            )
        ]
        self._taxonomy = [taxonomies[d] for d in world.providers.department.tolist()]
        self._hospital_names = [name.upper() for name in hospitals.names]
        self._payer_names = [name.upper() for name in payers.names]
        places_of_service = dict(
            zip(
                parameters.visit_types.text("visit_type"),
                parameters.visit_types.text("place_of_service"),
                strict=True,
            )
        )
        primary = care.encounters.primary[care.claims.encounter].tolist()
        visit_types = parameters.procedures.text("visit_type")
        self._place = [places_of_service[visit_types[row]] for row in primary]
        codes = parameters.procedures.text("code")
        self._codes = [
            ":".join(["HC", codes[procedure], *modifiers.split()])
            for procedure, modifiers in zip(
                care.lines.procedure.tolist(), care.lines.modifiers, strict=True
            )
        ]
        self._claim_patient = care.encounters.patient[care.claims.encounter].tolist()
        self._claim_provider = care.encounters.provider[care.claims.encounter].tolist()
        self._claim_day = care.encounters.day[care.claims.encounter].tolist()
        self._claim_payer = care.claims.payer.tolist()
        self._claim_charge = care.claims.charge.tolist()
        self._line_charge = care.lines.charge.tolist()
        self._line_units = care.lines.units.tolist()

    def write_837(self) -> None:
        """One file per hospital and sending day, all payers; BHT03 names the batch."""
        world = self.world
        sent, claims = world.story.submissions, world.care.claims
        table = world.parameters.facilities
        hospital = claims.hospital[sent.claim]
        rows = _visible(sent.day, world.through_day)
        rows = rows[np.lexsort((sent.claim[rows], sent.day[rows], hospital[rows]))]
        claim, attempt = sent.claim[rows], sent.attempt[rows]
        blocks = self._claims_837(claim, attempt)
        claim_payer = claims.payer[claim].tolist()
        filing = world.parameters.payers.table.text("filing_code_837")
        claim_patient = [self._claim_patient[c] for c in claim.tolist()]
        birth = [compact(d) for d in world.care.patients.birth_day.tolist()]
        gender = ["F" if f else "M" for f in world.care.patients.is_female.tolist()]
        members = world.care.patients.member_ids

        for first, last in _runs(hospital[rows], sent.day[rows]):
            where, day = int(hospital[rows[first]]), int(sent.day[rows[first]])
            facility = world.hospitals.facility_ids[where]
            place = table.rows[where]
            out = [
                f"BHT*0019*00*{batch_reference(facility, day)}*{compact(day)}*0600*CH",
                f"NM1*41*2*{self._hospital_names[where]}*****46*{facility}",
                "PER*IC*BILLING OFFICE*TE*6145550100",
                f"NM1*40*2*{CLEARINGHOUSE} EXCHANGE*****46*{CLEARINGHOUSE}",
                "HL*1**20*1",
                f"NM1*85*2*{self._hospital_names[where]}*****XX*{world.hospitals.npis[where]}",
                f"N3*{place['street'].upper()}",
                f"N4*{place['city'].upper()}*{place['state']}*{place['zip']}0001",
                f"REF*EI*{world.hospitals.tins[where]}",
            ]
            for level, row in enumerate(range(first, last), start=2):
                patient, payer = claim_patient[row], claim_payer[row]
                out += [
                    f"HL*{level}*1*22*0",
                    f"SBR*P*18*******{filing[payer]}",
                    f"NM1*IL*1*{self._names[patient]}***MI*{members[patient]}",
                    *self._addresses[patient].split("~\n"),
                    f"DMG*D8*{birth[patient]}*{gender[patient]}",
                    f"NM1*PR*2*{self._payer_names[payer]}*****PI"
                    f"*{world.parameters.payers.ids[payer]}",
                ]
                out += next(blocks)
            data = interchange(
                "837", [out], sender=facility, receiver=CLEARINGHOUSE, day=day, hospital=where
            )
            system = world.hospitals.source_systems[where]
            self._write(f"837/837_{system}_{compact(day)}.edi", data)

    def _claims_837(self, claim: Ints, attempt: Ints) -> Iterator[list[str]]:
        """Loop 2300 and its lines, for one submission after the other."""
        world, care = self.world, self.world.care
        diagnoses = world.parameters.diagnoses.text("icd10")
        diagnosis = care.encounters.diagnosis[care.claims.encounter[claim]].tolist()
        clearinghouse = world.clearinghouse_numbers(claim, attempt)
        original = world.payer_claim_numbers(claim, self._accepted_attempt()[claim])
        authorization = self._authorizations()
        rows = zip(
            claim.tolist(),
            attempt.tolist(),
            care.claims.first_line[claim].tolist(),
            care.claims.line_count[claim].tolist(),
            diagnosis,
            clearinghouse,
            original,
            strict=True,
        )
        for c, tried, line, count, icd, number, replaced in rows:
            day = compact(self._claim_day[c])
            frequency = 7 if tried == 3 else 1
            provider = self._claim_provider[c]
            block = [
                f"CLM*{world.claim_ids[c]}*{dollars(self._claim_charge[c])}***{self._place[c]}:B"
                f":{frequency}*Y*A*Y*Y"
            ]
            if self._place[c] == INPATIENT:
                block.append(f"DTP*435*D8*{day}")
            if authorization[c]:
                block.append(f"REF*G1*{authorization[c]}")
            if frequency == 7:
                block.append(f"REF*F8*{replaced}")
            block += [
                f"REF*D9*{number}",
                f"HI*ABK:{diagnoses[icd]}",
                self._rendering[provider],
                f"PRV*PE*PXC*{self._taxonomy[provider]}",
            ]
            for place, row in enumerate(range(line, line + count), start=1):
                block += [
                    f"LX*{place}",
                    f"SV1*{self._codes[row]}*{dollars(self._line_charge[row])}*UN"
                    f"*{self._line_units[row]}***1",
                    f"DTP*472*D8*{day}",
                    f"REF*6R*{world.charge_ids[row]}",
                ]
            yield block

    def write_277ca(self) -> None:
        """One file per hospital and answer day; in it one transaction per payer and 837 batch."""
        world = self.world
        sent, claims = world.story.submissions, world.care.claims
        rows = _visible(sent.ack_day, world.through_day)
        hospital, payer = claims.hospital[sent.claim], claims.payer[sent.claim]
        rows = rows[
            np.lexsort(
                (sent.claim[rows], sent.day[rows], payer[rows], sent.ack_day[rows], hospital[rows])
            )
        ]
        claim = sent.claim[rows]
        hospital, payer = hospital[rows], payer[rows]
        batch_day, ack_day = sent.day[rows], sent.ack_day[rows]
        blocks = self._claims_277ca(rows)
        accepted = (~sent.is_rejected[rows]).astype(np.int64)
        charge = claims.charge[claim]

        for first, last in _runs(hospital, ack_day):
            where, day = int(hospital[first]), int(ack_day[first])
            facility = world.hospitals.facility_ids[where]
            sets = []
            here = slice(first, last)
            for low, high in _runs(payer[here], batch_day[here]):
                low, high = low + first, high + first
                ok = accepted[low:high]
                counts = int(ok.sum()), int((1 - ok).sum())
                sums = int((charge[low:high] * ok).sum()), int((charge[low:high] * (1 - ok)).sum())
                total = dollars(sum(sums))
                who, batch = int(payer[low]), int(batch_day[low])
                reference = batch_reference(facility, batch)
                on = compact(day)
                out = [
                    f"BHT*0085*08*{reference}P{who:02d}*{on}*0600*TH",
                    "HL*1**20*1",
                    f"NM1*PR*2*{self._payer_names[who]}*****PI*{world.parameters.payers.ids[who]}",
                    f"TRN*1*{reference}P{who:02d}",
                    f"DTP*050*D8*{compact(batch)}",
                    f"DTP*009*D8*{on}",
                    "HL*2*1*21*1",
                    f"NM1*41*2*{self._hospital_names[where]}*****46*{facility}",
                    f"TRN*2*{reference}",
                    f"STC*A1:19:PR*{on}*WQ*{total}",
                    *_totals("90", "AA", counts, sums),
                    "HL*3*2*19*1",
                    f"NM1*85*2*{self._hospital_names[where]}*****XX*{world.hospitals.npis[where]}",
                    "TRN*1*0",
                    f"STC*A1:19:PR**WQ*{total}",
                    *_totals("QA", "QC", counts, sums),
                ]
                for level in range(4, 4 + high - low):
                    out.append(f"HL*{level}*3*PT")
                    out += next(blocks)
                sets.append(out)
            data = interchange(
                "277", sets, sender=CLEARINGHOUSE, receiver=facility, day=day, hospital=where
            )
            system = world.hospitals.source_systems[where]
            self._write(f"277ca/277ca_{system}_{compact(day)}.edi", data)

    def _claims_277ca(self, rows: Ints) -> Iterator[list[str]]:
        """Loop 2000D of one submission after the other, without its HL."""
        world, sent = self.world, self.world.story.submissions
        table = world.parameters.ack_rejections
        codes = [
            f"{category}:{status}" + (f":{entity}" if entity else "")
            for category, status, entity in zip(
                table.text("category_code"),
                table.text("status_code"),
                table.text("entity_code"),
                strict=True,
            )
        ]
        claim, attempt = sent.claim[rows], sent.attempt[rows]
        columns = zip(
            claim.tolist(),
            sent.is_rejected[rows].tolist(),
            sent.rejection[rows].tolist(),
            sent.ack_day[rows].tolist(),
            world.payer_claim_numbers(claim, attempt),
            world.clearinghouse_numbers(claim, attempt),
            strict=True,
        )
        members = world.care.patients.member_ids
        for c, rejected, reason, day, payer_number, number in columns:
            patient = self._claim_patient[c]
            status, action = (codes[reason], "U") if rejected else ("A2:20:PR", "WQ")
            block = [
                f"NM1*QC*1*{self._names[patient]}***MI*{members[patient]}",
                f"TRN*2*{world.claim_ids[c]}",
                f"STC*{status}*{compact(day)}*{action}*{dollars(self._claim_charge[c])}",
            ]
            if not rejected:
                block.append(f"REF*1K*{payer_number}")
            block += [f"REF*D9*{number}", f"DTP*472*D8*{compact(self._claim_day[c])}"]
            yield block

    def write_835(self) -> None:
        """One file per payment; a duplicated one comes twice, under another name."""
        world = self.world
        pays = world.payments
        facilities = world.parameters.facilities
        hospitals, payers = world.hospitals, world.parameters.payers
        for row in _visible(pays.era_day, world.through_day).tolist():
            where, payer = int(pays.hospital[row]), int(pays.payer[row])
            day, paid_on = int(pays.era_day[row]), compact(int(pays.payment_day[row]))
            amount, payer_tin = int(pays.amount[row]), f"1{770000000 + payer * 1111}"
            bank = f"01*999999992*DA*{5000 + payer}*{payer_tin}**01*999999992*DA*{8000 + where}"
            way = f"I*{dollars(amount)}*C*ACH*CCP*{bank}" if amount else "H*0*C*NON" + "*" * 11
            place = facilities.rows[where]
            out = [
                f"BPR*{way}*{paid_on}",
                f"TRN*1*{world.trace_numbers[row]}*{payer_tin}",
                f"DTM*405*{paid_on}",
                f"N1*PR*{self._payer_names[payer]}*XV*{payers.ids[payer]}",
                f"N3*PO BOX {7000 + payer}",
                "N4*HARTFORD*CT*06101",
                "PER*BL*PROVIDER SERVICES*TE*8005550100",
                f"N1*PE*{self._hospital_names[where]}*XX*{hospitals.npis[where]}",
                f"N3*{place['street'].upper()}",
                f"N4*{place['city'].upper()}*{place['state']}*{place['zip']}0001",
                f"REF*TJ*{hospitals.tins[where]}",
                "LX*1",
            ]
            first = int(pays.first_remit[row])
            for block in self._claims_835(first, first + int(pays.remit_count[row])):
                out += block
            data = interchange(
                "835",
                [out],
                sender=payers.ids[payer],
                receiver=hospitals.facility_ids[where],
                day=day,
                hospital=where,
                payer=payer,
            )
            file = world.remit_files[row]
            self._write(file, data)
            if pays.is_duplicated[row]:
                self._write(world.second_delivery(file), data)

    def _claims_835(self, first: int, last: int) -> Iterator[list[str]]:
        """Loop 2100 and its lines, for remits first..last-1."""
        world = self.world
        remits, lines = world.story.remits, world.story.remit_lines
        mix, payers = world.parameters.denials, world.parameters.payers.table
        span = slice(first, last)
        claim = remits.claim[span]
        numbers = world.payer_claim_numbers(claim, remits.answers_attempt[span])
        members = world.care.patients.member_ids
        for offset, c in enumerate(claim.tolist()):
            row = first + offset
            payer, patient = self._claim_payer[c], self._claim_patient[c]
            reason = int(remits.denial[row])
            denial = mix.rows[reason] if reason >= 0 else None
            paid, allowed = int(remits.paid[row]), int(remits.allowed[row])
            day = compact(self._claim_day[c])
            # A payer that does not know the patient denies with status 4, others "process" it.
            status = denial["claim_status_code"] if denial and not allowed else "1"
            frequency = 7 if remits.answers_attempt[row] == 3 else 1
            block = [
                f"CLP*{world.claim_ids[c]}*{status}*{dollars(int(remits.charge[row]))}"
                f"*{dollars(paid)}*{dollars(int(remits.patient_share[row]))}"
                f"*{payers.rows[payer]['filing_code_835']}*{numbers[offset]}*{self._place[c]}"
                f"*{frequency}"
            ]
            off = int(remits.unbalanced_by[row])
            claim_level = denial if remits.is_claim_level[row] else None
            if claim_level:
                amount = dollars(int(remits.charge[row]) + off)
                block.append(f"CAS*{claim_level['group_code']}*{claim_level['carc']}*{amount}")
            block += [
                f"NM1*QC*1*{self._names[patient]}***MI*{members[patient]}",
                self._rendering[self._claim_provider[c]],
            ]
            if claim_level:
                block.append(f"MOA***{claim_level['remark_code']}")
            block += [f"DTM*232*{day}", f"DTM*233*{day}"]
            if allowed:
                block.append(f"AMT*AU*{dollars(allowed)}")
            if not claim_level:
                start = int(remits.first_line[row])
                for place in range(start, start + int(remits.line_count[row])):
                    line = int(lines.line[place])
                    line_allowed = int(lines.allowed[place])
                    block += [
                        f"SVC*{self._codes[line]}*{dollars(int(lines.charge[place]))}"
                        f"*{dollars(int(lines.paid[place]))}**{self._line_units[line]}",
                        f"DTM*472*{day}",
                        *self._adjustments(place, payer, denial, off if place == start else 0),
                        f"REF*6R*{world.charge_ids[line]}",
                    ]
                    if line_allowed:
                        block.append(f"AMT*B6*{dollars(line_allowed)}")
                    elif denial:
                        block.append(f"LQ*HE*{denial['remark_code']}")
            yield block

    def _adjustments(
        self, place: int, payer: int, denial: dict[str, str] | None, off: int
    ) -> list[str]:
        """CAS segments of one remittance line; `off` cents are planted on the first amount."""
        lines = self.world.story.remit_lines
        if not lines.allowed[place] and denial:
            amount = dollars(int(lines.charge[place]) + off)
            return [f"CAS*{denial['group_code']}*{denial['carc']}*{amount}"]
        amounts = lines.adjustments[place].tolist()
        group = self.world.parameters.payers.table.rows[payer]["contractual_group"]
        amounts[CONTRACTUAL] += off
        segments = []
        for name, reasons in (
            (group, ((CONTRACTUAL, "45"), (SEQUESTER, "253"))),
            ("PR", ((DEDUCTIBLE, "1"), (COINSURANCE, "2"), (COPAY, "3"))),
        ):
            triplets = [f"{code}*{dollars(amounts[i])}" for i, code in reasons if amounts[i]]
            if triplets:
                segments.append(f"CAS*{name}*" + "**".join(triplets))
        return segments

    def _accepted_attempt(self) -> Ints:
        """Per claim, the submission that the payer first took in."""
        sent = self.world.story.submissions
        accepted = np.ones(len(self.world.claim_ids), dtype=np.int64)
        accepted[sent.claim[sent.is_rejected]] = 2
        return accepted

    def _authorizations(self) -> list[str]:
        """REF*G1 per claim, empty when none was needed or none was got."""
        world, remits = self.world, self.world.story.remits
        categories = np.array(world.parameters.denials.text("category"))
        lacking = np.zeros(len(world.claim_ids), dtype=bool)
        denied = remits.denial >= 0
        lacking[remits.claim[denied]] = categories[remits.denial[denied]] == "Authorization"
        has = (world.care.claims.charge >= AUTHORIZED_FROM) & ~lacking
        return [
            f"A{i[3:]}" if h else "" for i, h in zip(world.claim_ids, has.tolist(), strict=True)
        ]

    def _write(self, name: str, data: bytes) -> None:
        (self.folder / name).write_bytes(data)


def batch_reference(facility: str, day: int) -> str:
    """BHT03 of an 837 batch = 2200B TRN02 of its answers."""
    return f"{facility}{compact(day)}"


def _visible(arrival: Ints, through_day: int) -> Ints:
    return np.flatnonzero(arrival <= through_day)


def _runs(*columns: Ints) -> list[tuple[int, int]]:
    """(first, end) of each run of equal values in sorted columns."""
    if not len(columns[0]):
        return []
    changes = np.zeros(len(columns[0]) - 1, dtype=bool)
    for column in columns:
        changes |= column[1:] != column[:-1]
    edges = [0, *(np.flatnonzero(changes) + 1).tolist(), len(columns[0])]
    return list(pairwise(edges))


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
