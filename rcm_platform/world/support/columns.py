"""Integer arrays of the world → Arrow columns: cents to decimal(18,2), days to dates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rcm_platform.world.support.rng import Draws, Flags, Ints

_OPENING = 8 * 3600
#: From opening to closing.
OPEN_SECONDS = 36_000
_DAY = 86_400


def money(cents: Ints) -> pa.Array:
    """decimal(18,2) dollars. Only the scale is relabelled, so nothing can be rounded."""
    whole = pa.array(cents, pa.int64()).cast(pa.decimal128(19, 0))
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(whole), whole.buffers())


def decimal_9_2(hundredths: Ints) -> pa.Array:
    whole = pa.array(hundredths, pa.int64()).cast(pa.decimal128(19, 0))
    return pa.Array.from_buffers(pa.decimal128(9, 2), len(whole), whole.buffers())


def dates(days: Ints) -> pa.Array:
    return pa.array(days.astype(np.int32), pa.int32()).cast(pa.date32())


def timestamps(days: Ints, seconds: Ints) -> pa.Array:
    """Day plus `seconds` after 8 in the morning."""
    micros = (days * _DAY + _OPENING + seconds) * 1_000_000
    return pa.array(micros, pa.int64()).cast(pa.timestamp("us"))


def take(values: list[str] | pa.Array, rows: Ints) -> pa.Array:
    """The text of each row number."""
    return pa.array(values, pa.string()).take(pa.array(rows, pa.int64()))


def nulls(count: int, kind: pa.DataType) -> pa.Array:
    return pa.nulls(count, kind)


def identifier(prefix: str, *parts: tuple[Ints, int], joint: str = "") -> pa.Array:
    """The text of each row: a prefix, then numbers padded with zeros to their widths.

    `joint` stands between the numbers.
    """
    texts = [
        pc.utf8_lpad(pa.array(numbers, pa.int64()).cast(pa.string()), width, padding="0")
        for numbers, width in parts
    ]
    text = pc.binary_join_element_wise(*texts, joint)
    return pc.binary_join_element_wise(pa.scalar(prefix), text, "") if prefix else text


def replaced(texts: pa.Array, rows: Ints, others: pa.Array) -> pa.Array:
    """The texts with those of some rows (ascending) replaced."""
    mask = np.zeros(len(texts), dtype=bool)
    mask[rows] = True
    return pc.replace_with_mask(texts, pa.array(mask), others)


def moments(draws: Draws, stream: str, days: Ints, *keys: npt.ArrayLike) -> pa.Array:
    """A drawn time in opening hours of each day."""
    return timestamps(days, draws.below(f"time of {stream}", OPEN_SECONDS, *keys))


def masked(values: pa.Array, keep: Flags) -> pa.Array:
    """The values where `keep`, else null."""
    return pc.if_else(pa.array(keep), values, pa.scalar(None, values.type))
