"""A remittance that was entered, as an 835 (005010X221A1): one interchange with one payment.

What paper does not say and the guide asks for stands as such: the payer's address, its federal
identifier (TRN03), and what kind of insurance it is (CLP06, ZZ). The person who entered it is the
contact of the file (PER*BL), and the moment is that of the group (GS04, GS05, in UTC). Service
lines are left out: a claim that is decided as a whole is legal (C6).
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby

from rcm_platform.desk.paper.remittance import (
    REVERSAL,
    TRANSFER,
    Adjustment,
    Answer,
    Remittance,
    RemittanceRefused,
)

VERSION = "005010X221A1"
SENDER = "RCM DESK"
NOT_ON_PAPER = "NOT GIVEN"

_END = "~\n"
_DELIMITERS = "*~:^"
_NO_COMPANY = "1999999999"
_TRIPLETS = 6  # of a CAS segment


@dataclass(frozen=True)
class Written:
    """What a file of ours says of its remittance, read back for people; no more than that."""

    control_number: str
    check_number: str
    payer: str
    payee_identifier: str
    payment_date: date
    amount: Decimal
    claim_ids: tuple[str, ...]
    is_reversal: bool
    """Whether it takes an earlier one back."""
    entered_by: str
    entered_at: datetime
    arrival_date: date
    content: str
    """What the payer said: all but who entered it, and when."""


def control_number(entry_id: str) -> str:
    """ISA13 of an entry: the same for the same entry."""
    return f"{int(hashlib.sha256(entry_id.encode()).hexdigest(), 16) % 10**9:09d}"


def rendered(one: Remittance, entry_id: str) -> bytes:
    """The file. Raises RemittanceRefused where a number of the figures cannot stand in one."""
    control, made = control_number(entry_id), one.entered_at.astimezone(UTC)
    receiver = _text(one.payee.identifier or NOT_ON_PAPER, 15)
    body = [
        f"ST*835*{control}",
        *_payment(one),
        *_parties(one),
        "LX*1",
        *(segment for answer in one.answers for segment in _claim(answer, control)),
    ]
    segments = [
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{SENDER:<15}*ZZ*{receiver:<15}*{one.arrival_date:%y%m%d}"
        f"*{made:%H%M}*^*00501*{control}*0*P*:",
        f"GS*HP*{SENDER}*{receiver}*{made:%Y%m%d}*{made:%H%M%S}*{int(control)}*X*{VERSION}",
        *body,
        f"SE*{len(body) + 1}*{control}",
        f"GE*1*{int(control)}",
        f"IEA*1*{control}",
        "",
    ]
    return _END.join(segments).encode("ascii")


def reversed_file(
    data: bytes, entry_id: str, entered_by: str, entered_at: datetime, arrival_date: date
) -> bytes:
    """The file that takes another one back: each claim as a reversal (CLP02 = 22), with the same
    numbers and the opposite dollars, from the day on which it is taken back."""
    control, made = control_number(entry_id), entered_at.astimezone(UTC)
    segments = [line.split("*") for line in data.decode("ascii").split(_END)]
    for one in segments:
        if one[0] == "ISA":
            one[9:11], one[13] = [f"{arrival_date:%y%m%d}", f"{made:%H%M}"], control
        elif one[0] == "GS":
            one[4:7] = [f"{made:%Y%m%d}", f"{made:%H%M%S}", str(int(control))]
        elif one[0] in ("ST", "SE", "IEA"):
            one[2] = control
        elif one[0] == "GE":
            one[2] = str(int(control))
        elif one[0] == "BPR":
            one[2], one[16] = _opposite(one[2]), max(one[16], f"{arrival_date:%Y%m%d}")
        elif one[0] == "PER":
            one[2] = _text(entered_by, 60)
        elif one[0] == "CLP":
            one[2:6] = [REVERSAL, *map(_opposite, one[3:6])]
        elif one[0] == "CAS":
            one[3::3] = map(_opposite, one[3::3])
    return _END.join("*".join(one) for one in segments).encode("ascii")


def read_back(data: bytes) -> Written:
    """What a file says that `rendered` made. Raises ValueError where it made none."""
    try:
        segments = [line.split("*") for line in data.decode("ascii").split(_END) if line]
        first = {segment[0]: segment for segment in reversed(segments)}
        claims = [segment for segment in segments if segment[0] == "CLP"]
        parties = {segment[1]: segment for segment in segments if segment[0] == "N1"}
        group = first["GS"]
        return Written(
            control_number=first["ISA"][13],
            check_number=first["TRN"][2],
            payer=parties["PR"][2],
            payee_identifier=parties["PE"][4],
            payment_date=_day(first["BPR"][16]),
            amount=Decimal(first["BPR"][2]),
            claim_ids=tuple(claim[1] for claim in claims),
            is_reversal=any(claim[2] == REVERSAL for claim in claims),
            entered_by=first["PER"][2],
            entered_at=datetime.strptime(group[4] + group[5], "%Y%m%d%H%M%S").replace(tzinfo=UTC),
            arrival_date=_day(f"20{first['ISA'][9]}"),
            content=_END.join("*".join(one) for one in segments if one[0] not in _OF_THE_ENTRY),
        )
    except (KeyError, IndexError, ArithmeticError, UnicodeDecodeError) as problem:
        raise ValueError("The file is none that the desk wrote.") from problem


_OF_THE_ENTRY = ("ISA", "GS", "ST", "PER", "SE", "GE", "IEA")


def _payment(one: Remittance) -> Iterator[str]:
    if not one.amount:
        way = "H*0*C*NON*"
    elif one.method == TRANSFER:
        way = f"I*{_dollars(one.amount)}*C*{one.method}*CCP"
    else:
        way = f"I*{_dollars(one.amount)}*C*{one.method}*"
    yield f"BPR*{way}***********{one.payment_date:%Y%m%d}"
    yield f"TRN*1*{one.check_number}*{_NO_COMPANY}"


def _parties(one: Remittance) -> Iterator[str]:
    yield f"N1*PR*{_text(one.payer.name, 60)}*XV*{_exact(one.payer.payer_id, 80, 'The payer')}"
    yield f"N3*{NOT_ON_PAPER}"
    yield f"N4*{NOT_ON_PAPER}"
    yield f"PER*BL*{_text(one.entered_by, 60)}"
    payee = one.payee
    kind = "XX" if payee.npi else "FI"
    yield f"N1*PE*{_text(payee.name, 60)}*{kind}*{_exact(payee.identifier or '', 80, 'The payee')}"
    if payee.npi and payee.tin:
        yield f"REF*TJ*{_exact(payee.tin, 50, 'The payee')}"


def _claim(answer: Answer, control: str) -> Iterator[str]:
    claim = answer.claim
    # the payer's number tells its matters apart: without one, each entry is a matter of its own
    number = answer.payer_claim_number or f"PAPER{control}"
    yield (
        f"CLP*{_exact(claim.claim_id, 38, f'Claim {claim.claim_id}')}*{answer.status_code}"
        f"*{_dollars(answer.charge_amount)}*{_dollars(answer.paid_amount)}"
        f"*{_dollars(answer.patient_amount)}*ZZ*{number}"
    )
    for group, some in groupby(sorted(answer.adjustments, key=_group), _group):
        yield from _adjustments(group, [*some])
    names = [_text(name or "", 60) for name in (claim.patient_last_name, claim.patient_first_name)]
    yield "*".join(("NM1*QC*1", *names)).rstrip("*")
    # what refers to an earlier answer is about the same claim, whoever gave it
    if claim.answered_number and claim.answered_number != number:
        yield f"REF*F8*{_exact(claim.answered_number, 50, f'Claim {claim.claim_id}')}"
    if claim.service_date:
        yield f"DTM*232*{claim.service_date:%Y%m%d}"


def _group(one: Adjustment) -> str:
    return one.group_code


def _adjustments(group: str, some: Sequence[Adjustment]) -> Iterator[str]:
    for start in range(0, len(some), _TRIPLETS):
        triplets = [
            f"{one.reason_code}*{_dollars(one.amount)}" for one in some[start : start + _TRIPLETS]
        ]
        yield f"CAS*{group}*{'**'.join(triplets)}"


def _dollars(amount: Decimal) -> str:
    """As X12 writes decimals: no zeros behind, no point without cents."""
    text = f"{amount:.2f}"
    return text.rstrip("0").rstrip(".")


def _opposite(amount: str) -> str:
    return amount if amount == "0" else amount[1:] if amount[0] == "-" else f"-{amount}"


def _text(value: str, most: int) -> str:
    """A name as a file may hold it: letters without accents, and no separator."""
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode()
    return _joined(" " if c in _DELIMITERS or not c.isprintable() else c for c in plain)[:most]


def _joined(characters: Iterable[str]) -> str:
    return " ".join("".join(characters).split())


def _exact(value: str, most: int, label: str) -> str:
    """A number that must be found again: as it is, or not at all."""
    if not value or len(value) > most or _text(value, most) != value:
        raise RemittanceRefused(
            [
                f"{label}: its number cannot stand in an X12 file, as it is longer than {most} "
                "characters, or has blanks at an end, letters that are not plain, or one of * ~ : ^"
            ]
        )
    return value


def _day(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").date()
