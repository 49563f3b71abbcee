"""Cut the bytes of a file into interchanges, groups and transactions, whatever their delimiters.

Every byte ends up in an interchange, in a stray piece (with the rule that it breaks) or in padding.
Nothing is decided here beyond syntax (rules E1, E2, E6); `envelope.py` judges the envelopes.

A file may be larger than memory: it is searched where it is (bytes or a file map), and of each
transaction only its place is kept.
"""

from __future__ import annotations

import mmap
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import overload

import numpy as np
import numpy.typing as npt

Buffer = bytes | mmap.mmap
"""The content of a file: in memory or mapped."""

PADDING = b" \t\r\n\x00\x1a"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# positions of the 16 element separators in an ISA segment of the standard's fixed widths
_FIXED_SEPARATORS = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)
_FIXED_LENGTH = 106
_LONGEST_HEADER = 200
_NOT_PADDING = re.compile(rb"[^ \t\r\n\x00\x1a]")
# bytes searched at once for segments of an envelope: most interchanges end within the first window
_FIRST_WINDOW, _LAST_WINDOW = 1 << 15, 1 << 21
# what is skipped byte by byte after a terminator before it is searched for
_USUAL_PADDING = 2


@dataclass(frozen=True)
class Fault:
    """Why a piece is not loaded: the rule's id and what was found, in words."""

    rule_id: str
    reason: str


@dataclass(frozen=True)
class Note:
    """What is odd about an envelope that is read all the same: a segment of the interchange, the
    kind of oddity, and the rule in words; what stands there."""

    segment_no: int
    kind: str
    rule: str
    datum: str = ""


@dataclass(frozen=True)
class Delimiters:
    """The delimiters of one interchange, one byte each."""

    element: bytes
    component: bytes
    segment: bytes
    repetition: bytes | None


@dataclass(slots=True)
class Transaction:
    """ST to SE. `number` and `first_segment` count from 1 (the ISA) within the interchange."""

    start: int
    end: int
    first_segment: int
    segment_count: int
    number: int
    header: list[str]
    trailer: list[str]
    fault: Fault | None = None


class Transactions(Sequence[Transaction]):
    """The transactions of a group, in order. Of many, only their places and faults are kept in
    memory, and what else there is to say is read again whenever they are gone through."""

    _KEPT = 50_000
    _WIDTH = 7

    def __init__(self, data: Buffer, delimiters: Delimiters) -> None:
        self._data, self._delimiters = data, delimiters
        self._kept: list[Transaction] | None = []
        self._places = array("q")
        self._faults: dict[int, Fault] = {}

    def add(
        self, start: int, body: int, se: int, end: int,
        first_segment: int, segment_count: int, number: int,
    ) -> None:  # fmt: skip
        """Add a transaction: its ST stands in [`start`, `body`), its SE in [`se`, `end`), empty
        where there is none."""
        place = (start, body, se, end, first_segment, segment_count, number)
        self._places.extend(place)
        if self._kept is None:
            return
        if len(self._kept) < self._KEPT:
            self._kept.append(self._read(place))
        else:
            self._kept = None

    def _read(self, place: Sequence[int]) -> Transaction:
        start, body, se, end, first_segment, segment_count, number = place
        return Transaction(
            start, end, first_segment, segment_count, number,
            _elements(self._data, start, body - 1, self._delimiters),
            _elements(self._data, se, end - 1, self._delimiters),
        )  # fmt: skip

    def blank_segments(self, transaction: Transaction) -> int:
        """How many of a transaction's segments hold nothing between two terminators."""
        segments = self._data[transaction.start : transaction.end].split(self._delimiters.segment)
        return sum(not segment.strip(PADDING) for segment in segments[:-1])

    def __len__(self) -> int:
        return len(self._places) // self._WIDTH

    @overload
    def __getitem__(self, index: int) -> Transaction: ...
    @overload
    def __getitem__(self, index: slice) -> list[Transaction]: ...
    def __getitem__(self, index: int | slice) -> Transaction | list[Transaction]:
        return list(self)[index] if self._kept is None else self._kept[index]

    def __iter__(self) -> Iterator[Transaction]:
        if self._kept is not None:
            yield from self._kept
            return
        places, width = self._places, self._WIDTH
        for at in range(0, len(places), width):
            transaction = self._read(places[at : at + width])
            transaction.fault = self._faults.get(transaction.number)
            yield transaction
            # whoever goes through them may find a fault
            if transaction.fault is not None:
                self._faults[transaction.number] = transaction.fault


@dataclass
class Group:
    """GS to GE. `first_segment` counts from 1 (the ISA) within the interchange."""

    start: int
    first_segment: int
    header: list[str]
    transactions: Transactions
    end: int = -1
    trailer: list[str] = field(default_factory=list)
    fault: Fault | None = None
    notes: list[Note] = field(default_factory=list)


@dataclass
class Interchange:
    """ISA to IEA; to the next ISA or the end of the file when it is truncated."""

    number: int
    start: int
    header: list[str]
    header_end: int
    delimiters: Delimiters
    is_trimmed: bool
    is_unterminated: bool = False
    """Whether the file, or the next interchange, comes before the terminator of its IEA."""
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


def split(data: Buffer) -> Split:
    """Cut a file into interchanges, stray pieces and padding. Never raises, whatever the bytes."""
    found = Split([], [], 0)
    position = 0
    while True:
        header = _next_header(data, position, len(data), len(found.interchanges) + 1)
        gap_end = header.start if header else len(data)
        _keep_gap(data, position, gap_end, found)
        if header is None:
            return found
        _walk(data, header)
        found.interchanges.append(header)
        position = header.end


def is_blank(data: Buffer, start: int = 0, end: int | None = None) -> bool:
    """Whether there is only padding in a part of a file."""
    return _NOT_PADDING.search(data, start, len(data) if end is None else end) is None


def without_tail(data: Buffer, start: int, end: int) -> int:
    """Where the padding at the end of a part of a file starts."""
    while start < end:
        window = data[max(start, end - _LONGEST_HEADER) : end]
        text = len(window.rstrip(PADDING))
        end -= len(window) - text
        if text:
            break
    return end


def _keep_gap(data: Buffer, start: int, end: int, found: Split) -> None:
    if found.interchanges:
        # terminators without a segment, after the last one
        terminator = found.interchanges[-1].delimiters.segment
        while (at := _NOT_PADDING.search(data, start, end)) and at.group() == terminator:
            found.padding += at.end() - start
            start = at.end()
    if start == 0 and data[:3] == BYTE_ORDER_MARK and end >= 3:
        found.padding += len(BYTE_ORDER_MARK)
        start += len(BYTE_ORDER_MARK)
    text = _NOT_PADDING.search(data, start, end)
    if text is None:
        found.padding += end - start
        return
    first, last = text.start(), without_tail(data, start, end)
    found.padding += end - start - (last - first)
    if found.interchanges:
        fault = Fault("E6", "bytes after the end of an interchange that belong to no other")
    elif end == len(data):
        beginning = data[first : first + _LONGEST_HEADER]
        fault = Fault("E1", f"not an X12 file: {_what_it_is(beginning)}")
    else:
        fault = Fault("E1", "bytes before the first ISA segment")
    found.strays.append(Stray(first, last, fault))


# what often lies among files of X12, by how it begins, and what to do about it
_OTHER_FORMATS = {
    b"\x1f\x8b": "it is packed with gzip; unpack it",
    b"PK\x03\x04": "it is a zip archive or an office document; unpack it, or export it as X12",
    b"%PDF": "it is a PDF, which is for people; ask for the file behind it",
    b"-----BEGIN PGP": "it is encrypted with PGP; decrypt it",
} | dict.fromkeys(
    (b"\xff\xfe", b"\xfe\xff", b"I\x00S\x00A\x00", b"\x00I\x00S\x00A"),
    "it is text in UTF-16; convert it to UTF-8",
)


def _what_it_is(text: bytes) -> str:
    for beginning, words in _OTHER_FORMATS.items():
        if text.startswith(beginning):
            return words
    return "no ISA segment with readable delimiters"


def _next_header(data: Buffer, start: int, end: int, number: int) -> Interchange | None:
    """The first ISA segment with readable delimiters in [start, end)."""
    while (at := data.find(b"ISA", start, end)) >= 0:
        if (header := read_header(data, at, number)) is not None:
            return header
        start = at + 3
    return None


def read_header(data: Buffer, at: int, number: int) -> Interchange | None:
    """The ISA segment at a place, when it is one and its delimiters can be read."""
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


def _looks_trimmed(data: Buffer, at: int, parts: list[bytes], rest: bytes) -> bool:
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


def _elements(data: Buffer, start: int, stop: int, delimiters: Delimiters) -> list[str]:
    # delimiters are ASCII: to decode first leaves them where they are
    return str(data[start:stop], "utf-8", "replace").split(delimiters.element.decode())


def _walk(data: Buffer, interchange: Interchange) -> None:
    """Find the end of an interchange, its groups and transactions, or what is wrong with them."""
    body, delimiters = interchange.header_end, interchange.delimiters
    following = _next_header(data, body, len(data), 0)
    limit = following.start if following else len(data)
    nesting = _Nesting(data, interchange)
    iea = stop = -1
    for tag, at, before in _marks(data, body, limit, delimiters):
        nesting.add(tag, at, before)
        if tag == b"IEA":
            iea, stop = at, data.find(delimiters.segment, at, limit)
            break
    interchange.end = len(data)
    if iea < 0 and following is not None:
        interchange.end = following.start
        interchange.fault = Fault("E6", "truncated: another ISA comes before its IEA")
    elif iea < 0:
        interchange.fault = Fault("E6", "truncated: the file ends before its IEA")
    else:
        if stop < 0:
            stop = without_tail(data, iea, limit)
            interchange.is_unterminated = True
        interchange.end = stop + (not interchange.is_unterminated)
        interchange.trailer = _elements(data, iea, stop, delimiters)
        if interchange.is_unterminated and interchange.trailer[2:] != interchange.header[13:14]:
            interchange.end = limit
            interchange.fault = Fault("E6", "truncated: the file ends within its IEA")
            return
        interchange.groups = nesting.groups
        interchange.acknowledgements = nesting.acknowledgements
        interchange.fault = nesting.fault


class _Nesting:
    """Groups and transactions, from the segments of an envelope in order; stops at what breaks."""

    def __init__(self, data: Buffer, interchange: Interchange) -> None:
        self._data, self._delimiters = data, interchange.delimiters
        self.groups: list[Group] = []
        self.acknowledgements = 0
        self.fault: Fault | None = None
        self._group: Group | None = None
        # the ST that is open: its start, its end and the terminators before it
        self._open: tuple[int, int, int] | None = None
        self._count = 0
        self._position, self._expected = interchange.header_end, 0

    def add(self, tag: bytes, at: int, before: int) -> None:
        """One more segment; `before` terminators stand between it and the ISA segment."""
        if self.fault is not None:
            return
        # where one terminator stands between two segments of an envelope, nothing else does
        is_apart = self._open is None and before != self._expected
        terminator = self._delimiters.segment
        if is_apart and self._data[self._position : at].strip(PADDING + terminator):
            name = tag.decode()
            self.fault = Fault("E4", f"segments outside a transaction, before {name}")
            return
        stop = self._data.find(self._delimiters.segment, at)
        if self._open is not None and tag in (b"ST", b"GE"):
            # an ST without its SE is held alone: what stands next says where it ends
            self._close(at, at, before)
        if self._open is not None and tag == b"SE":
            self._close(at, stop + 1, before + 1)
        elif self._open is not None:
            what = f"truncated: {tag.decode()} comes before the SE of an ST"
            self.fault = Fault("E6", what)
        elif tag == b"ST" and self._group is not None:
            self._open = at, stop + 1, before
        else:
            self._outside(tag, at, stop, before)
        self._position, self._expected = stop + 1, before + 1

    def _close(self, se: int, end: int, before: int) -> None:
        """End the open transaction; its SE stands in [`se`, `end`), or is absent."""
        assert self._open is not None and self._group is not None
        start, body, first = self._open
        self._count += 1
        self._open = None
        self._group.transactions.add(start, body, se, end, first + 2, before - first, self._count)

    def _outside(self, tag: bytes, at: int, stop: int, before: int) -> None:
        name, elements = tag.decode(), _elements(self._data, at, stop, self._delimiters)
        if tag == b"GE" and self._group is not None:
            self._group.end, self._group.trailer, self._group = stop + 1, elements, None
        elif self._group is not None:
            self.fault = Fault("E6", f"truncated: {name} comes before the GE of a GS")
        elif tag == b"GS":
            self._group = Group(
                at, before + 2, elements, Transactions(self._data, self._delimiters)
            )
            self.groups.append(self._group)
        elif tag == b"TA1":
            self.acknowledgements += 1
        elif tag != b"IEA":
            self.fault = Fault("E4", f"{name} without the segment that it closes or needs")


Offsets = npt.NDArray[np.int64]


def _marks(
    data: Buffer, start: int, end: int, delimiters: Delimiters
) -> Iterator[tuple[bytes, int, int]]:
    """(tag, offset, terminators since `start`) of each envelope segment in [start, end), in order.

    Searched window by window: only as far as is asked for, and never all segments at once.
    """
    counted, position, size = 0, start, _FIRST_WINDOW
    first: Offsets = np.array([start], dtype=np.int64)
    while position < end:
        stop = min(position + size, end)
        window = np.frombuffer(data, dtype=np.uint8, count=stop - position, offset=position)
        ends = np.flatnonzero(window == delimiters.segment[0]) + position
        # a segment begins after each terminator; the first one after the ISA segment
        starts = np.concatenate([first, ends + 1])
        yield from _tagged(data, starts, counted + 1 - len(first), end, delimiters)
        counted += len(ends)
        first = first[:0]
        position, size = stop, min(size * 2, _LAST_WINDOW)


def _tagged(
    data: Buffer, starts: Offsets, counted: int, end: int, delimiters: Delimiters
) -> Iterator[tuple[bytes, int, int]]:
    """Those of the segments that start here; `counted` terminators stand before the first."""
    view = np.frombuffer(data, dtype=np.uint8)
    starts = _skip_padding(data, view, starts, end, delimiters.segment)
    # the shortest one has two letters and a separator
    may_be = _ENVELOPE_FIRST[view.take(starts, mode="clip")] & (starts < end - 2)
    before = np.flatnonzero(may_be)
    starts, before = starts[before], before + counted
    found = view[starts].astype(np.uint16) << 8 | view[starts + 1]
    known = _ENVELOPE_TAGS[found]
    starts, before = starts[known], before[known]
    third, element = view[starts + 2], delimiters.element
    for offset, count, byte in zip(starts.tolist(), before.tolist(), third.tolist(), strict=True):
        tag = data[offset : offset + 2]
        if byte != element[0]:
            tag = data[offset : offset + 3]
            if offset + 3 >= end or data[offset + 3] != element[0]:
                continue
        if tag in _TAGS:
            yield tag, offset, count


_TAGS = frozenset((b"TA1", b"GS", b"ST", b"SE", b"GE", b"IEA"))
_ENVELOPE_FIRST = np.zeros(1 << 8, dtype=bool)
_ENVELOPE_FIRST[[tag[0] for tag in _TAGS]] = True
_ENVELOPE_TAGS = np.zeros(1 << 16, dtype=bool)
_ENVELOPE_TAGS[[tag[0] << 8 | tag[1] for tag in _TAGS]] = True
_IS_PADDING = np.zeros(1 << 8, dtype=bool)
_IS_PADDING[list(PADDING)] = True


def _skip_padding(
    data: Buffer, view: npt.NDArray[np.uint8], starts: Offsets, end: int, terminator: bytes
) -> Offsets:
    """Where segments begin behind the blanks and line ends that follow a terminator."""
    is_padding = _IS_PADDING.copy()
    is_padding[terminator[0]] = False
    for _ in range(_USUAL_PADDING):
        blank = is_padding[view.take(starts, mode="clip")] & (starts < end)
        if not blank.any():
            return starts
        starts = starts + blank
    rest = np.flatnonzero(is_padding[view.take(starts, mode="clip")] & (starts < end))
    text = re.compile(b"[^%s]" % re.escape(PADDING.replace(terminator, b"")))
    for index in rest.tolist():
        found = text.search(data, int(starts[index]), end)
        starts[index] = found.start() if found else end
    return starts


def first_date(data: Buffer) -> date | None:
    """The date (ISA09) of the first interchange of a file; its first bytes are enough."""
    header = _next_header(data, 0, len(data), 1)
    if header is None or header.date is None:
        # lines may be broken within the header
        head = data[:_LONGEST_HEADER].translate(None, b"\r\n")
        header = _next_header(head, 0, len(head), 1)
    return header.date if header else None
