"""X12 files written for the tests: small, invented, and wrong exactly where a test wants it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from rcm_platform.sources import x12

GUIDES = {
    "835": ("HP", "005010X221A1"),
    "837": ("HC", "005010X222A1"),
    "837I": ("HC", "005010X223A2"),
    "277": ("HN", "005010X214"),
    "999": ("FA", "005010X231A1"),
}

REMIT_HEAD = [
    "BPR*I*{paid}*C*ACH*CCP*01*999999992*DA*123456*1512345678**01*999999993*DA*654321*20250310",
    "TRN*1*TRACE1*1512345678",
    "DTM*405*20250309",
    "N1*PR*EXAMPLE HEALTH PLAN*XV*PLAN1",
    "N3*1 PLAN STREET",
    "N4*SPRINGFIELD*IL*62701",
    "PER*BL*EDI HELP*TE*5555550100",
    "N1*PE*EXAMPLE HOSPITAL*XX*1234567893",
    "LX*1",
]


def remit_claim(
    number: str = "ACCT1",
    charge: str = "200",
    paid: str = "120",
    line_adjustments: str = "CAS*CO*45*60",
    claim_adjustments: str = "CAS*PR*1*20",
) -> list[str]:
    """One 835 claim of one line: 200 charged, 60 contractual, 20 deductible, 120 paid."""
    line_paid = str(int(float(charge)) - 60)
    return [
        f"CLP*{number}*1*{charge}*{paid}*20*12*PCN{number}*11*1",
        claim_adjustments,
        "NM1*QC*1*DOE*JANE****MI*M123",
        "DTM*232*20250301",
        f"SVC*HC:99213:25*{charge}*{line_paid}**1",
        "DTM*472*20250301",
        line_adjustments,
        f"REF*6R*{number}L1",
        "AMT*B6*140",
    ]


def remit(*claims: Sequence[str], paid: str | None = None, plb: Sequence[str] = ()) -> list[str]:
    """The body of an 835 transaction: its payment is 120.00 per claim unless `paid` says else."""
    total = paid if paid is not None else str(120 * len(claims))
    body = [segment.format(paid=total) for segment in REMIT_HEAD]
    for claim in claims:
        body += claim
    return body + list(plb)


def submitted(charge: str = "200", lines: Sequence[str] = ("150", "50")) -> list[str]:
    """The body of an 837P transaction with one claim of the subscriber."""
    body = [
        "BHT*0019*00*BATCH1*20250302*1200*CH",
        "NM1*41*2*EXAMPLE HOSPITAL*****46*SUB1",
        "PER*IC*BILLING*TE*5555550101",
        "NM1*40*2*CLEARINGHOUSE*****46*CH1",
        "HL*1**20*1",
        "NM1*85*2*EXAMPLE HOSPITAL*****XX*1234567893",
        "N3*2 HOSPITAL ROAD",
        "N4*SPRINGFIELD*IL*62701",
        "REF*EI*900000001",
        "HL*2*1*22*0",
        "SBR*P*18*******CI",
        "NM1*IL*1*DOE*JANE****MI*M123",
        "DMG*D8*19800115*F",
        "NM1*PR*2*EXAMPLE HEALTH PLAN*****PI*PLAN1",
        f"CLM*ACCT1*{charge}***11:B:1*Y*A*Y*Y",
        "REF*G1*AUTH1",
        "HI*ABK:J069*ABF:R05",
        "NM1*82*1*SMITH*ANNA****XX*1234567893",
    ]
    for number, amount in enumerate(lines, start=1):
        body += [
            f"LX*{number}",
            f"SV1*HC:9921{number}:25:59*{amount}*UN*1***1",
            "DTP*472*D8*20250301",
            f"REF*6R*ACCT1L{number}",
        ]
    return body


def institutional(charge: str = "900", lines: Sequence[str] = ("600", "300")) -> list[str]:
    """The body of an 837I transaction with one inpatient claim of the subscriber."""
    body = submitted(charge)
    del body[next(i for i, segment in enumerate(body) if segment.startswith("CLM")) :]
    body += [
        f"CLM*STAY1*{charge}***11:A:1**A*Y*Y",
        "DTP*434*RD8*20250227-20250303",
        "DTP*435*DT*202502270930",
        "CL1*1*7*01",
        "REF*G1*AUTH1",
        "HI*ABK:I509:::::::Y",
        "HI*ABF:E119:::::::Y*ABF:I10:::::::N",
        "HI*DR:291",
        "HI*BH:11:D8:20250227",
        "NM1*71*1*SMITH*ANNA****XX*1234567893",
        "NM1*82*1*REED*TOM****XX*1993999998",
    ]
    for number, amount in enumerate(lines, start=1):
        body += [
            f"LX*{number}",
            f"SV2*012{number}*HC:9922{number}:25*{amount}*UN*4",
            "DTP*472*RD8*20250227-20250303",
            f"REF*6R*STAY1L{number}",
        ]
    return body


def functional(*responses: Sequence[str], status: str = "A", of: str = "17") -> list[str]:
    """The body of a 999 transaction about one group; its counts follow from the responses."""
    accepted = sum("IK5*A" in response for response in responses)
    body = [f"AK1*HC*{of}*005010X223A2"]
    for response in responses:
        body += response
    return [*body, f"AK9*{status}*{len(responses)}*{len(responses)}*{accepted}"]


def accepted(number: str = "0001") -> list[str]:
    """What a 999 says of a transaction that is right."""
    return [f"AK2*837*{number}*005010X223A2", "IK5*A"]


def refused(number: str = "0002") -> list[str]:
    """What a 999 says of a transaction with an error in one element."""
    return [
        f"AK2*837*{number}*005010X223A2",
        "IK3*NM1*17*2010*8",
        "CTX*SITUATIONAL TRIGGER*CLM*22",
        "IK4*9*67*1*X",
        "IK5*R*5*I6",
    ]


def answers(
    *providers: Sequence[str], totals: Sequence[str] = (), of: str = "A1:19", action: str = "WQ"
) -> list[str]:
    """The body of a 277CA transaction to one receiver, with the blocks of its providers below."""
    head = acknowledged()
    head = head[: next(i for i, segment in enumerate(head) if segment.startswith("HL*3"))]
    head[-1] = f"STC*{of}*20250303*{action}*900"
    body = head + list(totals)
    level = provider = 2
    for block in providers:
        for segment in block:
            if segment.startswith("HL"):
                level += 1
                is_provider = segment == "HL*19"
                provider = level if is_provider else provider
                segment = f"HL*{level}*2*19*1" if is_provider else f"HL*{level}*{provider}*PT"
            body.append(segment)
    return body


def provider(
    *claims: Sequence[str], answer: Sequence[str] = (), npi: str = "1234567893"
) -> list[str]:
    """What a 277CA says to one provider, for `answers`: of all its claims, then of each."""
    block = ["HL*19", f"NM1*85*2*EXAMPLE HOSPITAL*****XX*{npi}", *answer]
    for claim in claims:
        block += claim
    return block


def answered(number: str, charge: str, action: str = "WQ", category: str = "A2") -> list[str]:
    """What a 277CA says of one claim, for `provider`."""
    status = f"STC*{category}:20*20250303*{action}*{charge}"
    return ["HL*PT", "NM1*QC*1*DOE*JANE****MI*M123", f"TRN*2*{number}", status]


def answers_file(*providers: Sequence[str], **fields: Any) -> bytes:
    """A whole 277CA file to one receiver, its claims below their providers."""
    return interchange(group(transaction("277", answers(*providers, **fields)), code="277"))


def acknowledged(action: str = "WQ", category: str = "A2") -> list[str]:
    """The body of a 277CA transaction that answers one claim."""
    return [
        "BHT*0085*08*ACK1*20250303*0900*TH",
        "HL*1**20*1",
        "NM1*PR*2*EXAMPLE HEALTH PLAN*****PI*PLAN1",
        "TRN*1*RECEIPT1",
        "DTP*050*D8*20250302",
        "DTP*009*D8*20250303",
        "HL*2*1*21*1",
        "NM1*41*2*EXAMPLE HOSPITAL*****46*SUB1",
        "TRN*2*BATCH1",
        "STC*A1:19*20250303*WQ*200",
        "HL*3*2*19*1",
        "NM1*85*2*EXAMPLE HOSPITAL*****XX*1234567893",
        "HL*4*3*PT",
        "NM1*QC*1*DOE*JANE****MI*M123",
        "TRN*2*ACCT1",
        f"STC*{category}:20:PR*20250303*{action}*200",
        "REF*1K*PCNACCT1",
        "REF*D9*CLEAR1",
        "DTP*472*D8*20250301",
    ]


def transaction(code: str, body: Sequence[str], number: str = "0001") -> str:
    """ST to SE, with the right count."""
    head = f"ST*{code[:3]}*{number}" + ("" if code == "835" else f"*{GUIDES[code][1]}")
    return "~".join([head, *body, f"SE*{len(body) + 2}*{number}"]) + "~"


def group(*transactions: str, code: str = "835", number: int = 1, guide: str | None = None) -> str:
    """GS to GE, with the right count."""
    identifier, usual = GUIDES.get(code, (code, code))
    return (
        f"GS*{identifier}*SENDER*RECEIVER*20250310*1200*{number}*X*{guide or usual}~"
        + "".join(transactions)
        + f"GE*{len(transactions)}*{number}~"
    )


def header(
    number: int = 1,
    usage: str = "P",
    date: str = "250310",
    version: str = "00501",
    sender: str = "SENDER",
) -> str:
    """An ISA segment of the fixed width."""
    return (
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{sender:15}*ZZ*{'RECEIVER':15}*{date}*1200*^*{version}"
        f"*{number:09}*0*{usage}*:~"
    )


def interchange(*groups: str, number: int = 1, **fields: Any) -> bytes:
    """ISA to IEA, with the right count."""
    body = "".join(groups)
    return (header(number, **fields) + body + f"IEA*{len(groups)}*{number:09}~").encode()


def remit_file(*claims: Sequence[str], number: int = 1, **fields: Any) -> bytes:
    """A whole 835 file of one payment."""
    body = remit(*(claims or (remit_claim(),)))
    return interchange(group(transaction("835", body)), number=number, **fields)


def submitted_file(**fields: Any) -> bytes:
    """A whole 837P file of one claim."""
    return interchange(group(transaction("837", submitted(**fields)), code="837"))


def institutional_file(**fields: Any) -> bytes:
    """A whole 837I file of one claim."""
    return interchange(group(transaction("837I", institutional(**fields)), code="837I"))


def functional_file(*responses: Sequence[str], **fields: Any) -> bytes:
    """A whole 999 file about one group."""
    return interchange(group(transaction("999", functional(*responses, **fields)), code="999"))


def acknowledged_file(**fields: Any) -> bytes:
    """A whole 277CA file of one claim."""
    return interchange(group(transaction("277", acknowledged(**fields)), code="277"))


def rules(reading: x12.Reading) -> list[tuple[str, str]]:
    """(level, rule) of each held piece."""
    return [(item.level, item.rule_id) for item in reading.quarantine]


def row_counts(reading: x12.Reading) -> dict[str, int]:
    """Rows by table, empty ones left out."""
    return {table: len(rows) for table, rows in reading.tables.items() if len(rows)}


def is_conserved(reading: x12.Reading, data: bytes) -> bool:
    """Whether every byte is accounted for, and held pieces are the bytes at their offsets."""
    (file,) = reading.received
    parts = (
        file.loaded_byte_count,
        file.quarantined_byte_count,
        file.duplicate_byte_count,
        file.padding_byte_count,
    )
    spans = sorted((item.byte_offset or 0, item.byte_count) for item in reading.quarantine)
    return (
        min(parts) >= 0
        and sum(parts) == len(data) == file.byte_count
        and sum(count for _, count in spans) == file.quarantined_byte_count
        and all(a + n <= b for (a, n), (b, _) in pairwise(spans))
        and all(
            data[item.byte_offset : (item.byte_offset or 0) + item.byte_count] == item.content
            for item in reading.quarantine
        )
    )
