"""An X12 reader of the simplest kind, written apart from the writer, for checking it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

Segment = list[str]
Triplet = tuple[str, str, Decimal]


def segments(path: Path) -> list[Segment]:
    text = path.read_text("ascii").replace("\n", "")
    return [part.split("*") for part in text.split("~") if part]


def triplets(part: Segment) -> list[Triplet]:
    """(group, reason, amount) of a CAS."""
    return [(part[1], part[at], Decimal(part[at + 1])) for at in range(2, len(part), 3)]


def _sum(found: list[Triplet]) -> Decimal:
    return sum((amount for _, _, amount in found), Decimal(0))


@dataclass
class RemitLine:
    code: str
    charge: Decimal
    paid: Decimal
    revenue_code: str = ""
    control: str | None = None
    remark: str | None = None
    adjustments: list[Triplet] = field(default_factory=list)


@dataclass
class RemitClaim:
    claim_id: str
    status: str
    charge: Decimal
    paid: Decimal
    patient: Decimal
    payer_number: str
    facility: str
    frequency: str
    drg: str | None
    remark: str | None = None
    forwarded_to: str | None = None
    adjustments: list[Triplet] = field(default_factory=list)
    lines: list[RemitLine] = field(default_factory=list)

    @property
    def all_adjustments(self) -> list[tuple[str | None, str, str, Decimal]]:
        """(line control number or None, group, reason, amount)"""
        whole = [(None, *triplet) for triplet in self.adjustments]
        return whole + [(line.control, *t) for line in self.lines for t in line.adjustments]

    @property
    def is_balanced(self) -> bool:
        every = sum((amount for *_, amount in self.all_adjustments), Decimal(0))
        lines = (line.charge - _sum(line.adjustments) == line.paid for line in self.lines)
        return self.charge - every == self.paid and all(lines)


@dataclass
class Remit:
    amount: Decimal
    method: str
    paid_on: str
    arrived_on: str
    trace: str = ""
    payer_id: str = ""
    npi: str = ""
    claims: list[RemitClaim] = field(default_factory=list)
    provider_adjustments: list[tuple[str, str, Decimal]] = field(default_factory=list)

    @property
    def is_balanced(self) -> bool:
        claims = sum((claim.paid for claim in self.claims), Decimal(0))
        return self.amount == claims - _sum(self.provider_adjustments)


def read_835(path: Path) -> Remit:
    parts = segments(path)
    found = {part[0]: part for part in parts}
    names = {part[1]: part[4] for part in parts if part[0] == "N1"}
    remit = Remit(
        amount=Decimal(found["BPR"][2]),
        method=found["BPR"][4],
        paid_on=found["BPR"][16],
        arrived_on="20" + found["ISA"][9],
        trace=found["TRN"][2],
        payer_id=names["PR"],
        npi=names["PE"],
    )
    target: RemitClaim | RemitLine | None = None
    for part in parts:
        match part[0]:
            case "CLP":
                drg = part[11] if len(part) > 11 else None
                money = map(Decimal, part[3:6])
                target = RemitClaim(part[1], part[2], *money, part[7], part[8], part[9], drg)
                remit.claims.append(target)
            case "SVC":
                target = RemitLine(part[1], Decimal(part[2]), Decimal(part[3]), part[4])
                remit.claims[-1].lines.append(target)
            case "CAS" if target:
                target.adjustments += triplets(part)
            case "NM1" if part[1] == "TT":
                remit.claims[-1].forwarded_to = part[9]
            case "MOA":
                remit.claims[-1].remark = part[3]
            case "MIA" if len(part) > 5:
                remit.claims[-1].remark = part[5]
            case "LQ" if isinstance(target, RemitLine):
                target.remark = part[2]
            case "REF" if part[1] == "6R" and isinstance(target, RemitLine):
                target.control = part[2]
            case "PLB":
                for at in range(3, len(part), 2):
                    code, _, reference = part[at].partition(":")
                    remit.provider_adjustments.append((code, reference, Decimal(part[at + 1])))
    return remit


@dataclass
class SentLine:
    charge: Decimal
    control: str
    prior_paid: Decimal | None = None
    prior_payer: str | None = None
    prior_adjustments: list[Triplet] = field(default_factory=list)


@dataclass
class SentClaim:
    """A claim of an 837P or 837I, with the level of the payer it is sent to."""

    claim_id: str
    charge: Decimal
    place: str  # of service, or the bill type
    is_institutional: bool
    frequency: str
    responsibility: str
    payer_id: str
    npi: str = ""
    original: str | None = None
    diagnoses: list[str] = field(default_factory=list)
    prior_paid: Decimal | None = None
    prior_payer: str | None = None
    prior_adjustments: list[Triplet] = field(default_factory=list)
    lines: list[SentLine] = field(default_factory=list)


def read_837(path: Path) -> Iterator[SentClaim]:
    responsibility, payer = "", ""
    claim: SentClaim | None = None
    charge = Decimal(0)
    for part in segments(path):
        match part[0]:
            case "HL" | "SE":
                if claim:
                    yield claim
                claim = None
            case "SBR" if claim is None:
                responsibility = part[1]
            case "NM1" if part[1] == "PR" and claim is None:
                payer = part[9]
            case "NM1" if part[1] == "PR" and claim:
                claim.prior_payer = part[9]
            case "NM1" if part[1] in ("82", "71") and claim:
                claim.npi = part[9]
            case "CLM":
                place, qualifier, frequency = part[5].split(":")
                claim = SentClaim(
                    claim_id=part[1],
                    charge=Decimal(part[2]),
                    place=place,
                    is_institutional=qualifier == "A",
                    frequency=frequency,
                    responsibility=responsibility,
                    payer_id=payer,
                )
            case "REF" if part[1] == "F8" and claim and claim.prior_payer is None:
                claim.original = part[2]
            case "HI" if claim:
                kinds = ("ABK", "ABF")
                codes = (code.split(":") for code in part[1:])
                claim.diagnoses += [code[1] for code in codes if code[0] in kinds]
            case "AMT" if part[1] == "D" and claim:
                claim.prior_paid = Decimal(part[2])
            case "SV1":
                charge = Decimal(part[2])
            case "SV2":
                charge = Decimal(part[3])
            case "REF" if part[1] == "6R" and claim:
                claim.lines.append(SentLine(charge, part[2]))
            case "SVD" if claim:
                claim.lines[-1].prior_payer = part[1]
                claim.lines[-1].prior_paid = Decimal(part[2])
            case "CAS" if claim and claim.lines:
                claim.lines[-1].prior_adjustments += triplets(part)
            case "CAS" if claim:
                claim.prior_adjustments += triplets(part)
