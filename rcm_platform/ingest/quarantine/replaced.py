"""Held pieces of X12 whose claims came again.

The name of a file is used again by senders who deliver each day under one name, and a trace number
by payers who write zeros. Neither says that something was corrected: the same claims do, in the
same payment, or its amount where it has no claims.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation

import duckdb

from rcm_platform.ingest.quarantine.items import Item
from rcm_platform.lake import Lake
from rcm_platform.sources.x12.splitter import PADDING, read_header

# what raw has, in the words of `_sayings`; answers to claims are repeated by others than who gave
# them, so theirs name the file too
_SAID = """
select p._source_system, p._source_file, p._batch_id, concat_ws('|', amount, p.trace_number,
    p.originating_company_id, c.patient_control_number,
    case amount when 'charge' then c.charge_amount else c.paid_amount end::varchar) as saying
from {remit_payments} as p
inner join {remit_claims} as c using (interchange_sha256, transaction_no)
cross join (values ('charge'), ('paid')) as amounts (amount)
union all
select _source_system, _source_file, _batch_id,
    concat_ws('|', 'payment', trace_number, originating_company_id, payment_amount::varchar)
from {remit_payments}
union all
select _source_system, _source_file, _batch_id,
    concat_ws('|', 'charged', patient_control_number, charge_amount::varchar)
from {submitted_claims}
union all
select _source_system, _source_file, _batch_id,
    concat_ws('|', 'answered', _source_file, patient_control_number)
from {ack_claims}
union all
select _source_system, _source_file, _batch_id,
    concat_ws('|', 'accepted', _source_file, acknowledged_gs_control_number)
from {functional_acks}
"""
_TABLES = ("remit_payments", "remit_claims", "submitted_claims", "ack_claims", "functional_acks")


def came_again(lake: Lake, waiting: Sequence[Item], contents: Mapping[str, bytes]) -> list[Item]:
    """The items of which all claims, or the amounts of payments without any, are in raw from
    another file, or from a later one of the same name."""
    payments = _payments_of(lake, [item for item in waiting if item.level == "claim"])
    held = {
        item.quarantine_id: _sayings(
            contents[item.quarantine_id], item.source_file, payments.get(item.quarantine_id)
        )
        for item in waiting
    }
    wanted = sorted({saying for each in held.values() for some in each for saying in some})
    if not wanted:
        return []
    with duckdb.connect() as con:
        rows = con.execute(
            f"""select distinct * from ({_SAID.format(**_scans(lake))})
            where saying in (select unnest(?))""",
            [wanted],
        ).fetchall()
    places = defaultdict(set)
    for source, file, batch, saying in rows:
        places[source, saying].add((file, batch))
    return [
        item
        for item in waiting
        if (sayings := held[item.quarantine_id])
        and all(
            any(
                places[item.source_system, saying] - {(item.source_file, item.batch_id)}
                for saying in some
            )
            for some in sayings
        )
    ]


def _scans(lake: Lake) -> dict[str, str]:
    return {table: lake.scan("x12", table) for table in _TABLES}


def _sayings(content: bytes, file: str, payment: str | None) -> set[tuple[str, ...]]:
    """What a piece of X12 says of each claim, whole or cut off, in words of which one is enough;
    `payment` is that of a held claim."""
    found, amount, is_empty = set[tuple[str, ...]](), "", False
    # a payment without claims is known by its amount
    alone: dict[str, tuple[str, ...]] = {}
    for name, elements in _segments(content):
        if name == "BPR":
            amount, is_empty = _amount(elements[1]), True
        elif name == "TRN" and is_empty:
            payment, is_empty = _joined(elements[1], elements[2]), False
            alone[payment] = (_joined("payment", payment, amount),)
        elif name == "TRN" and elements[0] == "2":
            found.add((_joined("answered", file, elements[1]),))
        elif name == "CLP" and payment is not None:
            charge, paid = map(_amount, elements[2:])
            # one of them may be what was wrong; to be paid nothing is no sign of anything
            same = [_joined("charge", payment, elements[0], charge)]
            if paid != _NOTHING:
                same.append(_joined("paid", payment, elements[0], paid))
            found.add(tuple(same))
            alone.pop(payment, None)
        elif name == "CLM":
            found.add((_joined("charged", elements[0], _amount(elements[1])),))
        elif name == "AK1":
            found.add((_joined("accepted", file, elements[1]),))
    return found | set(alone.values())


def _joined(*texts: str) -> str:
    """As `concat_ws` does it: what is absent leaves no place."""
    return "|".join(text for text in texts if text)


_NOTHING = "0.00"
_TELLING = frozenset(("BPR", "TRN", "CLP", "CLM", "AK1"))
# what follows the first segment of a piece, or comes soon after
_EARLY = b"BPR|BHT|BGN|AK1|TRN|NM1|N1|CAS|SVC|DTM|DTP|REF|MIA|MOA|HI|LX|STC|HL|SBR"


def _segments(content: bytes) -> Iterator[tuple[str, list[str]]]:
    """The first four elements of the segments that say something; one that is cut off says
    nothing."""
    if (delimiters := _delimiters(content)) is None:
        return
    separator, terminator = delimiters
    for segment in content.split(terminator)[:-1]:
        name, *elements = segment.strip(PADDING).split(separator, 5)
        if (tag := name.decode("latin-1")) in _TELLING:
            texts = [element.decode("utf-8", "replace").strip() for element in elements[:4]]
            yield tag, texts + [""] * (4 - len(texts))


def _delimiters(content: bytes) -> tuple[bytes, bytes] | None:
    """Of elements and of segments, in a piece that begins anywhere in an interchange."""
    at = content.find(b"ISA")
    if at >= 0 and (header := read_header(content, at, 1)) is not None:
        return header.delimiters.element, header.delimiters.segment
    begin = re.match(rb"\s*[A-Z0-9]{2,3}([^A-Za-z0-9])", content)
    if begin is None:
        return None
    ends = re.findall(rb"([^A-Za-z0-9])\s*(?:%s)%s" % (_EARLY, re.escape(begin[1])), content)
    return (begin[1], Counter(ends).most_common(1)[0][0]) if ends else None


def _amount(text: str) -> str:
    try:
        return str(Decimal(text).quantize(Decimal("0.01")))
    except InvalidOperation:
        return ""


def _payments_of(lake: Lake, claims: Sequence[Item]) -> dict[str, str]:
    """The payment that each held claim stands in: the last one before it in its interchange."""
    if not claims:
        return {}
    with duckdb.connect() as con:
        rows = con.execute(
            f"""select _source_file, _batch_id, _source_position,
                concat_ws('|', trace_number, originating_company_id)
            from {lake.scan("x12", "remit_payments")}
            where _source_file in (select unnest(?))""",
            [sorted({item.source_file for item in claims})],
        ).fetchall()
    payments: dict[tuple[str, str, str], list[tuple[int, str]]] = defaultdict(list)
    for file, batch, position, payment in rows:
        interchange, segment = _place(position)
        payments[file, batch, interchange].append((segment, payment))
    found: dict[str, str] = {}
    for item in claims:
        interchange, segment = _place(item.source_position)
        of_file = payments[item.source_file, item.batch_id, interchange]
        if before := [payment for payment in of_file if payment[0] <= segment]:
            found[item.quarantine_id] = max(before)[1]
    return found


def _place(position: str | None) -> tuple[str, int]:
    interchange, _, segment = (position or "").partition("/")
    return interchange, int(segment) if segment.isdigit() else 0
