"""Judge the envelopes of a file that was cut: rules E1 and E13 (dates), E4, E5, E8,
E9 and E11.

A fault is set on the smallest piece that must be held: transaction, group or interchange.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

from rcm_platform.sources.x12.splitter import Fault, Group, Interchange, Transaction

_VERSION = "00501"
# ST01 of each set that this version reads
_SET_CODES = {"835": "835", "837P": "837", "837I": "837", "277CA": "277", "999": "999"}


def set_name(group: Group) -> str | None:
    """The transaction set of a group, a key of `adapter.SETS`; None when we cannot read it.

    837P is told from 837I by the guide's number alone; errata suffixes (A1, A2) do not matter.
    """
    identifier, guide = _element(group.header, 1), _element(group.header, 8)
    if identifier == "HP" and guide == "005010X221A1":
        return "835"
    if identifier == "HC" and guide.startswith("005010X222"):
        return "837P"
    if identifier == "HC" and guide.startswith("005010X223"):
        return "837I"
    if identifier == "HN" and guide == "005010X214":
        return "277CA"
    if identifier == "FA" and guide.startswith("005010X231"):
        return "999"
    return None


def judge(
    interchange: Interchange,
    accept_test: bool,
    partners: frozenset[str] = frozenset(),
    not_after: date = date.max,
) -> None:
    """Set the faults of an interchange, its groups and its transactions; keeps earlier faults.

    `partners` are the only ids that may send and receive; without any, everyone may.
    `not_after` is the last day that an interchange may be dated.
    """
    if interchange.fault is None:
        interchange.fault = _interchange_fault(interchange, accept_test, partners, not_after)
    if interchange.fault is not None:
        return
    numbers: set[str] = set()
    for group in interchange.groups:
        number = _number(_element(group.header, 6))
        if number in numbers:
            group.fault = Fault("E5", f"group control number GS06 {number} is repeated")
        else:
            group.fault = _group_fault(group)
        numbers.add(number)
        for transaction in group.transactions:
            transaction.fault = _transaction_fault(transaction)
    if all(group.fault for group in interchange.groups):
        # nothing in it can be read: held whole, so that it can be replayed whole
        interchange.fault = interchange.groups[0].fault


def _interchange_fault(
    interchange: Interchange, accept_test: bool, partners: frozenset[str], not_after: date
) -> Fault | None:
    header, trailer = interchange.header, interchange.trailer
    day = interchange.date
    if day is None:
        return Fault("E1", f"interchange date ISA09 {header[9]!r} is not a date (yymmdd)")
    # what this version does not read is said first: nobody needs to mend its envelope for us
    if interchange.groups and not any(map(set_name, interchange.groups)):
        return _unread(interchange.groups[0])
    if _number(_element(trailer, 2)) != _number(header[13]):
        found = _element(trailer, 2)
        return Fault("E4", f"IEA02 {found!r} is not the control number ISA13 {header[13]!r}")
    if _number(_element(trailer, 1)) != str(len(interchange.groups)):
        declared, count = _element(trailer, 1), len(interchange.groups)
        return Fault("E4", f"IEA01 declares {declared!r} groups, there are {count}")
    if header[12].strip() != _VERSION:
        return Fault("E8", f"ISA12 {header[12]!r} is not version {_VERSION}")
    if day > not_after:
        return Fault("E13", f"interchange date ISA09 says {day}, which is after it was received")
    if header[15].strip() == "T" and not accept_test:
        return Fault("E9", "marked as test (ISA15 = T); RCM_X12_ACCEPT_TEST=1 loads such files")
    if partners and (stranger := _stranger(interchange, partners)) is not None:
        return Fault("E11", f"{stranger} is no trading partner; RCM_X12_PARTNERS lists them")
    if not interchange.groups:
        return Fault("E8", "no group in it: an acknowledgement (TA1) is not read by this version")
    return None


def _stranger(interchange: Interchange, partners: frozenset[str]) -> str | None:
    """The first sender or receiver, of the interchange or a group in it, that is not listed."""
    named = [(f"ISA{position:02}", _element(interchange.header, position)) for position in (6, 8)]
    for group in interchange.groups:
        named += [(f"GS{position:02}", _element(group.header, position)) for position in (2, 3)]
    return next((f"{place} {name!r}" for place, name in named if name not in partners), None)


def _group_fault(group: Group) -> Fault | None:
    name, guide = set_name(group), _element(group.header, 8)
    if name is None:
        return _unread(group)
    count = len(group.transactions)
    if _number(_element(group.trailer, 1)) != str(count):
        declared = _element(group.trailer, 1)
        return Fault("E4", f"GE01 declares {declared!r} transactions, there are {count}")
    if _number(_element(group.trailer, 2)) != _number(_element(group.header, 6)):
        pair = _element(group.trailer, 2), _element(group.header, 6)
        return Fault("E4", f"GE02 {pair[0]!r} is not the control number GS06 {pair[1]!r}")
    # of very many transactions, few headers differ in more than their number
    numbers: Counter[str] = Counter()
    kinds: dict[tuple[tuple[str, ...], tuple[str, ...]], None] = {}
    for transaction in group.transactions:
        header = transaction.header
        numbers[header[2].strip() if len(header) > 2 else ""] += 1
        kinds[tuple(header[1:2]), tuple(header[3:4])] = None
    if repeated := [number for number, times in numbers.items() if times > 1]:
        return Fault("E5", f"transaction control number ST02 {repeated[0]!r} is repeated")
    for kind in kinds:
        code, convention = ("".join(element).strip() for element in kind)
        if code != _SET_CODES[name] or convention not in ("", guide):
            what = f"ST01 {code!r}, ST03 {convention!r} in a group of GS08 {guide!r}"
            return Fault("E8", f"transaction set does not match its group: {what}")
    return None


def _unread(group: Group) -> Fault:
    what = f"GS01 {_element(group.header, 1)!r}, GS08 {_element(group.header, 8)!r}"
    return Fault("E8", f"transaction set not read by this version: {what}")


def _transaction_fault(transaction: Transaction) -> Fault | None:
    if transaction.trailer[1:3] == [str(transaction.segment_count), *transaction.header[2:3]]:
        return None  # as it nearly always is, to the letter
    if _number(_element(transaction.trailer, 1)) != str(transaction.segment_count):
        declared, count = _element(transaction.trailer, 1), transaction.segment_count
        return Fault("E4", f"SE01 declares {declared!r} segments, there are {count}")
    if _element(transaction.trailer, 2) != _element(transaction.header, 2):
        pair = _element(transaction.trailer, 2), _element(transaction.header, 2)
        return Fault("E4", f"SE02 {pair[0]!r} is not the control number ST02 {pair[1]!r}")
    return None


def _element(segment: list[str], position: int) -> str:
    return segment[position].strip() if position < len(segment) else ""


def _number(text: str) -> str:
    """A control number or count without its leading zeros; other text stays as it is."""
    stripped = text.strip()
    return stripped.lstrip("0") or "0" if stripped.isdigit() else stripped
