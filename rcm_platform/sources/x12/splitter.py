"""Cut the bytes of a file into interchanges, groups and transactions, whatever their delimiters.

Every byte ends up in an interchange, in a stray piece (with the rule that it breaks) or in padding.
Nothing is decided here beyond syntax (rules E1, E2, E6); `rules.py` judges the envelopes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

PADDING = b" \t\r\n\x00\x1a"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# positions of the 16 element separators in an ISA segment of the standard's fixed widths
_FIXED_SEPARATORS = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)
_FIXED_LENGTH = 106
_LONGEST_HEADER = 200


@dataclass(frozen=True)
class Fault:
    """Why a piece is not loaded: the rule's id and what was found, in words."""

    rule_id: str
    reason: str


@dataclass(frozen=True)
class Delimiters:
    """The delimiters of one interchange, one byte each."""

    element: bytes
    component: bytes
    segment: bytes
    repetition: bytes | None


@dataclass
class Transaction:
    """ST to SE. `first_segment` counts from 1 (the ISA) within the interchange."""

    start: int
    first_segment: int
    number: int
    header: list[str]
    end: int = -1
    trailer: list[str] = field(default_factory=list)
    segment_count: int = 0
    fault: Fault | None = None


@dataclass
class Group:
    """GS to GE. `first_segment` counts from 1 (the ISA) within the interchange."""

    start: int
    first_segment: int
    header: list[str]
    end: int = -1
    trailer: list[str] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    fault: Fault | None = None


@dataclass
class Interchange:
    """ISA to IEA; to the next ISA or the end of the file when it is truncated."""

    number: int
    start: int
    header: list[str]
    header_end: int
    delimiters: Delimiters
    is_trimmed: bool
    end: int = -1
    trailer: list[str] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    acknowledgements: int = 0
    fault: Fault | None = None

    @property
    def date(self) -> date | None:
        """ISA09 as a date of this century; None when it is not one."""
        try:
            return datetime.strptime("20" + self.header[9].strip(), "%Y%m%d").date()
        except ValueError:
            return None


@dataclass
class Stray:
    """Bytes outside any interchange that are not padding."""

    start: int
    end: int
    fault: Fault


@dataclass
class Split:
    """A whole file, cut: interchanges, stray pieces, and how many bytes are padding."""

    interchanges: list[Interchange]
    strays: list[Stray]
    padding: int


def split(data: bytes) -> Split:
    """Cut a file into interchanges, stray pieces and padding. Never raises, whatever the bytes."""
    found = Split([], [], 0)
    position = 0
    while True:
        header = _next_header(data, position, len(data), len(found.interchanges) + 1)
        gap_end = header.start if header else len(data)
        _keep_gap(data, position, gap_end, found)
        if header is None:
            return found
        _find_end(data, header)
        if header.fault is None:
            _walk(data, header)
        found.interchanges.append(header)
        position = header.end


def _keep_gap(data: bytes, start: int, end: int, found: Split) -> None:
    gap = data[start:end]
    if start == 0 and gap.startswith(BYTE_ORDER_MARK):
        found.padding += len(BYTE_ORDER_MARK)
        start += len(BYTE_ORDER_MARK)
        gap = gap[len(BYTE_ORDER_MARK) :]
    lead = len(gap) - len(gap.lstrip(PADDING))
    text = gap.strip(PADDING)
    found.padding += len(gap) - len(text)
    if not text:
        return
    if found.interchanges:
        fault = Fault("E6", "bytes after the end of an interchange that belong to no other")
    elif end == len(data):
        fault = Fault("E1", "not an X12 file: no ISA segment with readable delimiters")
    else:
        fault = Fault("E1", "bytes before the first ISA segment")
    found.strays.append(Stray(start + lead, start + lead + len(text), fault))


def _next_header(data: bytes, start: int, end: int, number: int) -> Interchange | None:
    """The first ISA segment with readable delimiters in [start, end)."""
    while (at := data.find(b"ISA", start, end)) >= 0:
        if (header := _read_header(data, at, number)) is not None:
            return header
        start = at + 3
    return None


def _read_header(data: bytes, at: int, number: int) -> Interchange | None:
    window = data[at : at + _LONGEST_HEADER]
    separator = window[3:4]
    if not _is_delimiter(separator):
        return None
    is_fixed = len(window) >= _FIXED_LENGTH and all(
        window[i] == separator[0] for i in _FIXED_SEPARATORS
    )
    parts = window[: _FIXED_LENGTH - 1].split(separator) if is_fixed else window.split(separator)
    if len(parts) < 17 or (is_fixed and len(parts) > 17):
        return None
    # 16 separators, then ISA16 (the component separator itself) and the segment terminator
    length = sum(map(len, parts[:16])) + 18
    component, terminator = window[length - 2 : length - 1], window[length - 1 : length]
    distinct = {separator, component, terminator}
    if len(distinct) < 3 or not (_is_delimiter(component) and _is_delimiter(terminator, end=True)):
        return None
    if not is_fixed and not _looks_trimmed(data, at, parts, window[length:]):
        return None
    repetition = parts[11].strip()
    return Interchange(
        number=number,
        start=at,
        header=[_text(part) for part in parts[:16]],
        header_end=at + length,
        delimiters=Delimiters(
            separator,
            component,
            terminator,
            repetition if _is_delimiter(repetition) and repetition not in distinct else None,
        ),
        is_trimmed=not is_fixed,
    )


def _is_delimiter(byte: bytes, end: bool = False) -> bool:
    """One byte that can separate: ASCII, no letter or digit; only a segment may end in CR or LF."""
    return (
        len(byte) == 1
        and byte.isascii()
        and not byte.isalnum()
        and (byte not in PADDING or (end and byte in b"\r\n"))
    )


def _looks_trimmed(data: bytes, at: int, parts: list[bytes], rest: bytes) -> bool:
    """Whether 16 separators after "ISA" make an ISA without its padding, and not chance text."""
    follows = rest.lstrip(PADDING)[:3]
    return (
        not data[max(at - 1, 0) : at].isalnum()
        and parts[12].strip().isdigit()
        and len(parts[15].strip()) == 1
        and (follows[:2] == b"GS" or follows in (b"TA1", b"IEA"))
    )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")


def _find(data: bytes, tag: bytes, header: Interchange, start: int, end: int) -> int:
    """The next segment with this tag in [start, end); -1 when there is none."""
    marks = header.delimiters
    while (at := data.find(tag + marks.element, start, end)) >= 0:
        before = at - 1
        while data[before] in PADDING and data[before] != marks.segment[0]:
            before -= 1
        if data[before] == marks.segment[0]:
            return at
        start = at + 1
    return -1


def _find_all(data: bytes, tag: bytes, header: Interchange) -> Iterator[int]:
    at = header.header_end
    while (at := _find(data, tag, header, at, header.end)) >= 0:
        yield at
        at += 1


def _find_end(data: bytes, interchange: Interchange) -> None:
    """Set where the interchange ends; E6 when the file or the next ISA comes before its IEA."""
    body = interchange.header_end
    iea = _find(data, b"IEA", interchange, body, len(data))
    limit = iea if iea >= 0 else len(data)
    following = _next_header(data, body, limit, 0)
    stop = data.find(interchange.delimiters.segment, iea) if iea >= 0 else -1
    if following is not None:
        interchange.end = following.start
        interchange.fault = Fault("E6", "truncated: another ISA comes before its IEA")
    elif iea < 0:
        interchange.end = len(data)
        interchange.fault = Fault("E6", "truncated: the file ends before its IEA")
    elif stop < 0:
        interchange.end = len(data)
        interchange.fault = Fault("E6", "truncated: the file ends within its IEA")
    else:
        interchange.end = stop + 1
        interchange.trailer = _elements(data, iea, stop, interchange)


def _elements(data: bytes, start: int, stop: int, interchange: Interchange) -> list[str]:
    return [_text(part) for part in data[start:stop].split(interchange.delimiters.element)]


def _walk(data: bytes, interchange: Interchange) -> None:
    """Fill in groups and transactions, in order; stop at what breaks their nesting."""
    terminator = interchange.delimiters.segment
    marks = sorted(
        (at, tag)
        for tag in (b"TA1", b"GS", b"ST", b"SE", b"GE", b"IEA")
        for at in _find_all(data, tag, interchange)
    )
    group: Group | None = None
    transaction: Transaction | None = None
    position, segments, transactions = interchange.header_end, 1, 0
    for at, tag in marks:
        stop = data.find(terminator, at, interchange.end)
        elements = _elements(data, at, stop, interchange)
        segments += data.count(terminator, position, at)
        name = tag.decode()
        if transaction is None and data[position:at].strip(PADDING):
            interchange.fault = Fault("E4", f"segments outside a transaction, before {name}")
            return
        if tag == b"SE" and transaction is not None:
            transaction.end, transaction.trailer = stop + 1, elements
            transaction.segment_count = segments + 2 - transaction.first_segment
            transaction = None
        elif transaction is not None:
            interchange.fault = Fault("E6", f"truncated: {name} comes before the SE of an ST")
            return
        elif tag == b"ST" and group is not None:
            transactions += 1
            transaction = Transaction(at, segments + 1, transactions, elements)
            group.transactions.append(transaction)
        elif tag == b"GE" and group is not None:
            group.end, group.trailer, group = stop + 1, elements, None
        elif group is not None:
            interchange.fault = Fault("E6", f"truncated: {name} comes before the GE of a GS")
            return
        elif tag == b"GS":
            group = Group(at, segments + 1, elements)
            interchange.groups.append(group)
        elif tag == b"TA1":
            interchange.acknowledgements += 1
        elif tag != b"IEA":
            interchange.fault = Fault("E4", f"{name} without the segment that it closes or needs")
            return
        position = stop + 1
        segments += 1


def first_date(data: bytes) -> date | None:
    """The date (ISA09) of the first interchange of a file; its first bytes are enough."""
    header = _next_header(data, 0, len(data), 1)
    return header.date if header else None
