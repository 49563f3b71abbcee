"""Judge the levels (HL) of parsed transactions: rules E12 and E17.

What is read of a level is what stands behind it, in the order of the segments; its numbers say the
same once more. Where the two differ, nobody can tell whose claims these are. They may go on from
the file that a transaction was cut from, and leave out what was not taken: then they say the same.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rcm_platform.sources.x12.adapter import Parsed, Rows, ordinal

_NO_NUMBER = -1


def misplaced(parsed: Parsed) -> Iterator[tuple[int, str]]:
    """(transaction, reason) for the first wrong level of each transaction; and for each HL that is
    no level of the set at all."""
    rows, levels = parsed.hierarchy, parsed.set.levels
    if rows is None:
        return
    if len(rows):
        yield from _wrong(rows, levels)
    if len(parsed.unread):
        strange = parsed.unread.filter(pc.equal(parsed.unread["segment_id"], "HL"))
        for row in strange.select(["transaction", "segment"]).to_pylist():
            reason = f"HL at segment {row['segment'] + 1} is no level of this transaction set"
            yield row["transaction"], reason


def renumbered(parsed: Parsed) -> Iterator[tuple[int, int, str]]:
    """(transaction, segment, reason) of each transaction whose levels are not counted one by one
    from 1, at the first level of another number."""
    rows = parsed.hierarchy
    if rows is None or not len(rows):
        return
    transaction, segment = rows["transaction"].to_numpy(), rows["segment"].to_numpy()
    other = np.flatnonzero(_numbers(rows["number"]) > ordinal(transaction))
    for row in other[np.unique(transaction[other], return_index=True)[1]].tolist():
        reason = "E17: the levels are not counted one by one from 1; each names the one above it"
        yield int(transaction[row]), int(segment[row]), reason


def _wrong(rows: pa.Table, levels: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    transaction, number = rows["transaction"].to_numpy(), _numbers(rows["number"])
    before = np.where(ordinal(transaction) == 1, 0, np.roll(number, 1))
    depth = pc.index_in(_text(rows["level"]), pa.array(levels)).to_numpy()
    # the level that each stands under: the last one before it that is higher
    above, place = np.full(len(rows), -1), np.arange(len(rows))
    for deep in range(1, len(levels)):
        higher = np.maximum.accumulate(np.where(depth < deep, place, -1))
        above[depth == deep] = higher[depth == deep]
    is_top = depth == 0
    is_in_order = is_top | (
        (above >= 0) & (transaction[above] == transaction) & (depth[above] == depth - 1)
    )
    parent = np.where(is_top, 0, number[above])
    is_counted = number > before
    wrong = np.flatnonzero(~(is_in_order & is_counted & (_numbers(rows["parent"]) == parent)))
    for row in wrong[np.unique(transaction[wrong], return_index=True)[1]].tolist():
        # a reason never shows what was sent in place of a number: it is logged
        if not is_counted[row]:
            reason = f"HL01 is not {before[row] + 1}, nor any number above the one before it"
        elif not is_in_order[row]:
            level, expected = levels[depth[row]], levels[depth[row] - 1]
            reason = f"HL {number[row]}: level {level!r} does not stand under a {expected!r}"
        else:
            named = f"{parent[row]}, the level that it stands under" if parent[row] else "empty"
            reason = f"HL {number[row]}: HL02 is not {named}"
        yield int(transaction[row]), reason


def _text(values: pa.ChunkedArray) -> pa.Array:
    texts = pc.fill_null(values.cast(pa.string()), "").combine_chunks()
    return pc.utf8_trim_whitespace(texts)


def _numbers(values: pa.ChunkedArray) -> Rows:
    """Numbers from 1; 0 for none."""
    texts = _text(values)
    is_number = pc.match_substring_regex(texts, r"^0*[1-9]\d{0,8}$")
    other = pc.if_else(pc.equal(texts, ""), "0", str(_NO_NUMBER))
    return pc.if_else(is_number, texts, other).cast(pa.int64()).to_numpy()
