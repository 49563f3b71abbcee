"""Integer arrays of the world → Arrow columns: cents to decimal(18,2), days to dates."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from rcm_platform.world.rng import Ints

_OPENING = 8 * 3600
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


def take(values: list[str], rows: Ints) -> pa.Array:
    """The text of each row number."""
    return pa.array(values, pa.string()).take(pa.array(rows, pa.int64()))


def nulls(count: int, kind: pa.DataType) -> pa.Array:
    return pa.nulls(count, kind)
