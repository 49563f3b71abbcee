"""Line breaks in a file of X12 that are no part of its data.

Some hubs start a new line after a fixed number of bytes, wherever that falls: within a name, an
amount, the header. Such a file is read as if it had never been broken (E14). Breaks within data
that stand elsewhere may have replaced something: what they touch is held (E15).
"""

from __future__ import annotations

import mmap
import re
import tempfile
from collections.abc import Iterator

import numpy as np

from rcm_platform.sources.x12.splitter import (
    BYTE_ORDER_MARK,
    PADDING,
    Buffer,
    read_header,
    without_tail,
)

BREAKS = b"\r\n"
# what is searched to see whether a file may be wrapped: its header, and more lines than one
_SAMPLE = 1 << 16
# two equal distances may be chance in a text, but not where they cut data
_FEWEST_FULL_LINES = 2
_BLOCK = 1 << 22


def unwrapped(data: Buffer) -> Buffer:
    """A file without its line breaks where a hub made them: all lines are equally long, but for the
    last one of the file or of an interchange, and a break stands within data.

    Any other file comes back as it is: one whose segments end with a line, one without line breaks,
    and one that is broken in another way.
    """
    start = _first_text(data)
    terminator = _terminator(data, start)
    if terminator is None:
        return data
    end = without_tail(data, start, len(data))
    if not is_torn(data[start : min(start + _SAMPLE, end)], terminator):
        return data
    return _joined(data) if _is_wrapped(data, start, end, terminator) else data


def inner_breaks(content: bytes, terminator: bytes) -> Iterator[int]:
    """Where a line break stands within a segment, the first one of each.

    Breaks before a segment begins are padding, and no break is one where it ends the segments.
    """
    if terminator in BREAKS:
        return
    line_feeds, returns = content.count(b"\n"), content.count(b"\r")
    if not line_feeds and not returns:
        return
    # how nearly every file is written that has lines: each segment on one of its own
    if not returns and line_feeds == content.count(terminator + b"\n"):
        return
    if line_feeds == returns == content.count(terminator + b"\r\n"):
        return
    seen = 0
    for found in _LINE_BREAK.finditer(content):
        at = found.start()
        text = without_tail(content, seen, at) if at >= seen else seen
        if text > seen and content[text - 1 : text] != terminator:
            yield at
            stop = content.find(terminator, at)
            seen = stop + 1 if stop >= 0 else len(content)


_LINE_BREAK = re.compile(rb"[\r\n]+")


def is_torn(content: bytes, terminator: bytes) -> bool:
    """Whether a line break stands within a segment."""
    return next(inner_breaks(content, terminator), None) is not None


def _first_text(data: Buffer) -> int:
    start = len(BYTE_ORDER_MARK) if data[:3] == BYTE_ORDER_MARK else 0
    head = data[start : start + _SAMPLE]
    return start + len(head) - len(head.lstrip(PADDING))


def _terminator(data: Buffer, start: int) -> bytes | None:
    """The segment terminator of a file that begins with a header of the fixed width, line breaks
    aside; None for any other."""
    head = data[start : start + _SAMPLE].translate(None, BREAKS)
    header = read_header(head, 0, 1) if head[:3] == b"ISA" else None
    return None if header is None or header.is_trimmed else header.delimiters.segment


def _is_wrapped(data: Buffer, start: int, end: int, terminator: bytes) -> bool:
    view = np.frombuffer(data, dtype=np.uint8, count=end - start, offset=start)
    feeds, returns = np.flatnonzero(view == BREAKS[1]), np.flatnonzero(view == BREAKS[0])
    if len(feeds) and len(returns):
        if len(feeds) != len(returns) or (feeds != returns + 1).any():
            return False
        line_ends, next_lines = returns, feeds + 1
    else:
        line_ends = feeds if len(feeds) else returns
        next_lines = line_ends + 1
    starts = np.concatenate([[0], next_lines])
    lengths = np.append(line_ends, len(view)) - starts
    width = lengths[0]
    if (lengths[:-1] == width).sum() < _FEWEST_FULL_LINES or (lengths > width).any():
        return False
    # a line that is not full ends an interchange, and the next one begins on a new line
    for line in np.flatnonzero(lengths[:-1] < width).tolist():
        at, following = start + int(line_ends[line]), start + int(next_lines[line])
        if data[at - 1 : at] != terminator or data[following : following + 3] != b"ISA":
            return False
    return True


def _joined(data: Buffer) -> Buffer:
    if isinstance(data, bytes):
        return data.translate(None, BREAKS)
    # a file that is too large for memory stays on disk
    with tempfile.TemporaryFile() as copy:
        for at in range(0, len(data), _BLOCK):
            copy.write(data[at : at + _BLOCK].translate(None, BREAKS))
        copy.flush()
        return mmap.mmap(copy.fileno(), 0, access=mmap.ACCESS_READ)
