"""An X12 reader of the simplest kind, written apart from the writer, for checking it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

Segment = list[str]


def segments(path: Path) -> list[Segment]:
    text = path.read_text("ascii").replace("\n", "")
    return [part.split("*") for part in text.split("~") if part]


@dataclass
class RemitLine:
    charge: Decimal
    paid: Decimal
    control: str | None = None
    adjustments: list[tuple[str, str, Decimal]] = field(default_factory=list)


@dataclass
class RemitClaim:
    claim_id: str
    charge: Decimal
    paid: Decimal
    patient: Decimal
    payer_number: str
    adjustments: list[tuple[str, str, Decimal]] = field(default_factory=list)
    lines: list[RemitLine] = field(default_factory=list)

    @property
    def all_adjustments(self) -> list[tuple[str | None, str, str, Decimal]]:
        """(line control number or None, group, reason, amount)"""
        whole = [(None, *triplet) for triplet in self.adjustments]
        return whole + [(line.control, *t) for line in self.lines for t in line.adjustments]

    @property
    def is_balanced(self) -> bool:
        every = sum((amount for *_, amount in self.all_adjustments), Decimal(0))
        lines = (
            line.charge - sum((a for *_, a in line.adjustments), Decimal(0)) == line.paid
            for line in self.lines
        )
        return self.charge - every == self.paid and all(lines)


@dataclass
class Remit:
    amount: Decimal
    paid_on: str
    arrived_on: str
    trace: str = ""
    payer_id: str = ""
    npi: str = ""
    claims: list[RemitClaim] = field(default_factory=list)


def read_835(path: Path) -> Remit:
    parts = segments(path)
    found = {part[0]: part for part in parts}
    names = {part[1]: part[4] for part in parts if part[0] == "N1"}
    remit = Remit(
        amount=Decimal(found["BPR"][2]),
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
                target = RemitClaim(part[1], *map(Decimal, part[3:6]), part[7])
                remit.claims.append(target)
            case "SVC":
                target = RemitLine(Decimal(part[2]), Decimal(part[3]))
                remit.claims[-1].lines.append(target)
            case "CAS" if target:
                for at in range(2, len(part), 3):
                    target.adjustments.append((part[1], part[at], Decimal(part[at + 1])))
            case "REF" if part[1] == "6R" and isinstance(target, RemitLine):
                target.control = part[2]
    return remit
