"""835: one file per payment of a payer to a hospital, and its second deliveries."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from rcm_platform.world.feeds import banking
from rcm_platform.world.feeds.x12 import adjustments
from rcm_platform.world.feeds.x12.envelope import (
    END,
    REMITTANCE,
    Kind,
    control_number,
    dollars,
    interchange,
)
from rcm_platform.world.feeds.x12.interest import interest_within
from rcm_platform.world.feeds.x12.lookup import (
    INPATIENT,
    Lookup,
    days,
    frequencies,
    pick,
    service_codes,
)
from rcm_platform.world.feeds.x12.parties import Parties
from rcm_platform.world.happened import identifiers
from rcm_platform.world.happened.identifiers import STRANGER_ATTEMPT
from rcm_platform.world.happened.kinds import (
    CAPITATION,
    FORWARD_BALANCE,
    PROVIDER_ADJUSTMENT_CODES,
    REPETITION,
    REVERSAL,
    SECONDARY_DECISION,
    STRANGER,
)
from rcm_platform.world.support.dates import compact
from rcm_platform.world.support.rng import Ints

_BANK = "999999992"
_PAIRS = 6  # of a PLB segment


def second_delivery(file: str) -> str:
    """The name under which a duplicated file comes again, byte for byte."""
    return f"{file.removesuffix('.edi')}_2.edi"


def renumbered_delivery(file: str) -> str:
    """The name under which a file comes again with another control number."""
    return f"{file.removesuffix('.edi')}_3.edi"


def remit_files(lookup: Lookup) -> list[str]:
    """The file of each payment, relative to clearinghouse/; named by its day of arrival."""
    pays = lookup.world.payments
    # Two payments of a payer may arrive together: the payment day tells the later one apart.
    same = np.zeros(len(pays.payer), dtype=bool)
    same[1:] = pays.era_day[1:] == pays.era_day[:-1]
    for column in (pays.hospital, pays.payer):
        same[1:] &= column[1:] == column[:-1]
    return [
        f"835/835_{lookup.systems[where]}_{lookup.payer_code(payer, paid)}_{arrived}"
        + (f"_{compact(paid)}.edi" if again else ".edi")
        for where, payer, paid, arrived, again in zip(
            pays.hospital.tolist(),
            pays.payer.tolist(),
            pays.payment_day.tolist(),
            days(pays.era_day),
            same.tolist(),
            strict=True,
        )
    ]


def trace_numbers(lookup: Lookup) -> list[str]:
    """TRN02 of each payment."""
    pays = lookup.world.payments
    return [
        identifiers.trace_number(lookup.payer_code(payer, day), lookup.facility_ids[hospital], day)
        for payer, hospital, day in zip(
            pays.payer.tolist(), pays.hospital.tolist(), pays.payment_day.tolist(), strict=True
        )
    ]


class Remittances:
    """Renders the 835 of any payment."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._parties = Parties(lookup)
        self._ways = banking.ways(lookup.world)
        self._interest_within = interest_within(lookup.world)

    def render(self, row: int, kind: Kind = REMITTANCE) -> bytes:
        """The 835 of one payment; as RENUMBERED, its second delivery under another number."""
        lookup, pays = self._lookup, self._lookup.world.payments
        where, payer = int(pays.hospital[row]), int(pays.payer[row])
        paid_day, facility = int(pays.payment_day[row]), lookup.facility_ids[where]
        paid_on, code = compact(paid_day), lookup.payer_code(payer, paid_day)
        amount = int(pays.amount[row]) + int(pays.unbalanced_by[row])
        tin = f"1{770_000_000 + payer * 1111}"
        bank = f"01*{_BANK}*DA*{5000 + payer}*{tin}**01*{_BANK}*DA*{8000 + where}"
        if not amount:
            way = "H*0*C*NON" + "*" * 11
        elif self._ways[row] == banking.TRANSFER:
            way = f"I*{dollars(amount)}*C*ACH*CCP*{bank}"
        else:
            # payers say of a card that nothing is paid, and yet how much
            method = "NON" if self._ways[row] == banking.CARD else "CHK"
            way = f"I*{dollars(amount)}*C*{method}" + "*" * 11
        trace = identifiers.trace_number(code, facility, paid_day)
        out = [
            f"BPR*{way}*{paid_on}",
            f"TRN*1*{trace}*{tin}",
            f"DTM*405*{paid_on}",
            self._parties.payer(row, code),
            f"N3*PO BOX {7000 + payer}",
            "N4*HARTFORD*CT*061010001",
            "PER*BL*PROVIDER SERVICES*TE*8005550100",
            *self._parties.payee(row),
        ]
        if count := int(pays.remit_count[row]):
            first = int(pays.first_remit[row])
            out.append("LX*1")
            out += self._claims(payer, paid_day, first, first + count)
        out += self._provider_adjustments(row, self._parties.payee_id(row), payer, paid_day)
        return interchange(
            kind,
            [END.join(out)],
            sender=code,
            receiver=facility,
            day=int(pays.era_day[row]),
            control=control_number(kind, where, paid_day, payer),
        )

    def _claims(self, payer: int, paid_day: int, first: int, end: int) -> Iterator[str]:
        """Loop 2100 and its lines, for remits first..end-1 of one payer."""
        lookup, world = self._lookup, self._lookup.world
        remits, care, span = world.history.remits, world.care, slice(first, end)
        claim, kind = remits.claim[span], remits.kind[span]
        visits, encounter = care.encounters, care.claims.encounter[claim]
        stranger = kind == STRANGER
        attempt = np.where(stranger, STRANGER_ATTEMPT, remits.answers_attempt[span])
        secondary_payer = care.claims.secondary_payer[claim]
        is_secondary = (kind == SECONDARY_DECISION) | (
            (kind >= REVERSAL)
            & (kind <= REPETITION)
            & (secondary_payer == payer)
            & (care.claims.payer[claim] != payer)
        )
        patients = lookup.patients(claim, is_secondary, with_home=False)
        within = self._interest_within[span]
        interest = np.where(within < 0, 0, -world.history.provider_adjustments.amount[within])
        blocks = self._lines(payer, first, end)
        first_days, last_days = lookup.days(claim, attempt)
        for (
            identifier, x, k, second, forwarded, next_payer, denial, odd, claim_level, charge, paid,
            share, allowed, number, institutional, primary, diagnosis, provider, frequency, name,
            member, first_day, last_day, off, bears,
        ) in zip(
            lookup.claim_ids(claim),
            stranger.tolist(),
            kind.tolist(),
            is_secondary.tolist(),
            remits.is_forwarded[span].tolist(),
            secondary_payer.tolist(),
            remits.denial[span].tolist(),
            remits.odd_reason[span].tolist(),
            remits.is_claim_level[span].tolist(),
            remits.charge[span].tolist(),
            remits.paid[span].tolist(),
            remits.patient_share[span].tolist(),
            remits.allowed[span].tolist(),
            lookup.payer_claim_numbers(claim, attempt),
            care.claims.is_institutional[claim].tolist(),
            visits.primary[encounter].tolist(),
            visits.diagnosis[encounter].tolist(),
            visits.provider[encounter].tolist(),
            frequencies(lookup, claim, attempt),
            patients.names,
            patients.members,
            first_days,
            last_days,
            remits.unbalanced_by[span].tolist(),
            interest.tolist(),
            strict=True,
        ):  # fmt: skip
            inpatient = institutional and lookup.visit_types[primary] == INPATIENT
            place = (lookup.bill_types if institutional else lookup.places)[primary]
            drg = f"**{lookup.drgs[diagnosis]}" if inpatient else ""
            reason = adjustments.denial_reason(lookup, denial, odd)
            out = (
                f"CLP*{identifiers.as_stranger(identifier) if x else identifier}"
                f"*{self._status(k, second, forwarded, denial, allowed)}*{dollars(charge)}"
                f"*{dollars(paid + bears)}*{dollars(share)}"
                f"*{lookup.filing_835[institutional][payer]}*{number}*{place}"
                f"*{frequency}{drg}"
            )
            remark = ""
            if claim_level:
                out += f"{END}CAS*{reason[0]}*{reason[1]}*{dollars(charge - paid + off)}"
                remark = adjustments.denial_remark(lookup, denial, odd)
            out += f"{END}NM1*QC*1*{name}***MI*{member}"
            if not institutional:
                out += (
                    f"{END}NM1*82*1*{lookup.provider_names[provider]}****XX"
                    f"*{lookup.provider_npis[provider]}"
                )
            if forwarded:
                out += (
                    f"{END}NM1*TT*2*{lookup.payer_names[next_payer]}*****PI"
                    f"*{lookup.payer_code(next_payer, paid_day)}"
                )
            if inpatient:
                covered = max(last_day - first_day, 1) if allowed else 0
                out += f"{END}MIA*{covered}" + (f"****{remark}" if remark else "")
            elif remark:
                out += f"{END}MOA***{remark}"
            out += f"{END}DTM*232*{compact(first_day)}{END}DTM*233*{compact(last_day)}"
            if allowed:
                out += f"{END}AMT*AU*{dollars(allowed)}"
            if bears:
                out += f"{END}AMT*I*{dollars(bears)}"
            yield out + next(blocks)

    def _status(self, kind: int, second: bool, forwarded: bool, denial: int, allowed: int) -> str:
        """CLP02. A payer that does not know the patient denies with 4, others "process" it."""
        if kind == REVERSAL:
            return "22"
        if denial >= 0 and not allowed and self._lookup.denials[denial]["claim_status_code"] == "4":
            return "4"
        if forwarded:
            return "19"
        return "2" if second else "1"

    def _lines(self, payer: int, first: int, end: int) -> Iterator[str]:
        """Loops 2110 of one remit after the other, with END before each segment."""
        lookup, world = self._lookup, self._lookup.world
        remits, told, care = world.history.remits, world.history.remit_lines, world.care
        counts = remits.line_count[first:end]
        start = int(remits.first_line[first])
        span = slice(start, start + int(counts.sum()))
        line = told.line[span]
        encounter, procedure = care.lines.encounter[line], care.lines.procedure[line]
        # a stranger's stay is billed whole
        is_whole = np.repeat(remits.kind[first:end] == STRANGER, counts)
        line_days = np.where(is_whole, care.encounters.day[encounter], lookup.line_days[line])
        rows = zip(
            service_codes(pick(lookup.service_codes, procedure), pick(care.lines.modifiers, line)),
            pick(lookup.revenue_codes, procedure),
            told.charge[span].tolist(),
            told.paid[span].tolist(),
            told.allowed[span].tolist(),
            told.adjustments[span].tolist(),
            care.lines.units[line].tolist(),
            days(line_days),
            identifiers.charge_ids(care.encounters.number[encounter], care.lines.number[line]),
            strict=True,
        )
        contract = lookup.contract_reasons[payer]
        claims = care.claims
        for (
            count, denial, odd, patient_contractual, repeats, institutional, claim_level, off, kind,
        ) in zip(
            counts.tolist(),
            remits.denial[first:end].tolist(),
            remits.odd_reason[first:end].tolist(),
            remits.is_patient_contractual[first:end].tolist(),
            remits.repeats_first_payer[first:end].tolist(),
            claims.is_institutional[remits.claim[first:end]].tolist(),
            remits.is_claim_level[first:end].tolist(),
            remits.unbalanced_by[first:end].tolist(),
            remits.kind[first:end].tolist(),
            strict=True,
        ):  # fmt: skip
            of = adjustments.reasons(
                contract,
                patient_contractual,
                adjustments.denial_reason(lookup, denial, odd),
                repeats_first_payer=repeats,
            )
            remark = adjustments.denial_remark(lookup, denial, odd)
            out = []
            for place in range(count):
                code, revenue, charge, paid, allowed, amounts, units, day, control = next(rows)
                if claim_level:
                    continue
                if off and not place:
                    amounts = adjustments.unbalanced(amounts, off)
                if kind == STRANGER:
                    control = identifiers.as_stranger(control)
                segments = (
                    f"{END}SVC*{code or f'NU:{revenue}'}*{dollars(charge)}*{dollars(paid)}"
                    f"*{revenue if institutional else ''}*{units}{END}DTM*472*{day}"
                    f"{adjustments.segments(amounts, of)}{END}REF*6R*{control}"
                )
                if allowed:
                    segments += f"{END}AMT*B6*{dollars(allowed)}"
                if said := adjustments.line_remark(amounts, remark):
                    segments += f"{END}LQ*HE*{said}"
                out.append(segments)
            yield "".join(out)

    def _provider_adjustments(
        self, row: int, payee: str, payer: int, paid_day: int
    ) -> Iterator[str]:
        """PLB segments of a payment."""
        pays, booked = self._lookup.world.payments, self._lookup.world.history.provider_adjustments
        first, pairs = int(pays.first_adjustment[row]), []
        start = int(pays.first_remit[row])
        within = set(self._interest_within[start : start + int(pays.remit_count[row])].tolist())
        for place in range(first, first + int(pays.adjustment_count[row])):
            if place in within:
                continue
            code = int(booked.code[place])
            if code == FORWARD_BALANCE:
                # whichever of the two payments came first has given it its name
                day = min(int(booked.about_day[place]) or paid_day, paid_day)
                reference = identifiers.forward_balance_id(self._lookup.payer_code(payer, day), day)
            elif code == CAPITATION:
                reference = f"CAP{compact(paid_day)[:6]}"
            else:
                reference = self._answered(int(booked.claim[place]), payer, paid_day)
            amount = dollars(int(booked.amount[place]))
            pairs.append(f"{PROVIDER_ADJUSTMENT_CODES[code]}:{reference}*{amount}")
        year_end = f"{compact(paid_day)[:4]}1231"
        for start in range(0, len(pairs), _PAIRS):
            yield f"PLB*{payee}*{year_end}*{'*'.join(pairs[start : start + _PAIRS])}"

    def _answered(self, claim: int, payer: int, day: int) -> str:
        """The payer's number of a claim as its last remittance up to a payment day had it."""
        remits = self._lookup.world.history.remits
        keys, order = self._remits_by_claim
        at = int(np.searchsorted(keys, _key(claim, payer, day), side="right")) - 1
        answered = remits.answers_attempt[order[at : at + 1]]
        [number] = self._lookup.payer_claim_numbers(np.array([claim]), answered)
        return number

    @cached_property
    def _remits_by_claim(self) -> tuple[Ints, Ints]:
        remits = self._lookup.world.history.remits
        rows = np.flatnonzero(remits.kind != STRANGER)
        keys = _key(remits.claim[rows], remits.payer[rows], remits.payment_day[rows])
        order = np.argsort(keys, kind="stable")
        return keys[order], rows[order]


def _key(claim: Ints | int, payer: Ints | int, day: Ints | int) -> Ints:
    return (np.asarray(claim, dtype=np.int64) * 128 + payer) * 65_536 + day
