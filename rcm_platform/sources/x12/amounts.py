"""The dollars that a piece of X12 announces, read without parsing it: the worth of what is held."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from rcm_platform.sources.x12.splitter import Delimiters, without_tail

_AMOUNT = re.compile(rb"-?\d{1,14}(\.\d{0,2})?|-?\.\d{1,2}")


def announced(content: bytes, delimiters: Delimiters) -> Decimal | None:
    """Σ BPR02 (what was paid) + Σ CLM02 (what was charged); None when none of them can be read."""
    known = [
        Decimal(text.decode())
        for tag in (b"BPR", b"CLM")
        for text in _second_elements(content, tag, delimiters)
        if _AMOUNT.fullmatch(text)
    ]
    return sum(known, Decimal(0)) if known else None


def _second_elements(content: bytes, tag: bytes, delimiters: Delimiters) -> Iterator[bytes]:
    """The second element of each segment with this tag. Searched for, never all segments split."""
    start, terminator = tag + delimiters.element, delimiters.segment
    at = content.find(start)
    while at >= 0:
        gap = without_tail(content, 0, at)
        if gap == 0 or content[gap - 1 : gap] == terminator or terminator in content[gap:at]:
            stop = content.find(terminator, at)
            segment = content[at : stop if stop >= 0 else len(content)]
            yield from segment.split(delimiters.element, 3)[2:3]
        at = content.find(start, at + 1)
