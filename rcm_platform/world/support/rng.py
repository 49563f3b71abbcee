"""Randomness as a pure function of (seed, stream name, entity): no state, no order, no floats.

A draw for claim X is the same whatever else the world contains, so a longer world only adds.
All arithmetic is on 64-bit integers, hence the same on every machine.
"""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)

#: Probabilities (per mille) at which every quantile table of the parameters has its knots.
KNOTS = (0, 100, 250, 500, 750, 900, 970, 1000)
_RESOLUTION = 1_000_000
_BLOCK = 101


def _mix(x: Keys) -> Keys:
    """The finalizer of splitmix64: every output bit depends on every input bit."""
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    return x ^ (x >> np.uint64(31))


@cache
def _stream_id(stream: str) -> int:
    return int.from_bytes(hashlib.sha256(stream.encode()).digest()[:8], "big")


class Draws:
    """Draws of one world. Each method takes a stream name and one or more integer key arrays."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def bits(self, stream: str, *keys: npt.ArrayLike) -> Keys:
        """64 random bits per entity. Shape: that of the broadcast keys."""
        start = (self._seed ^ _stream_id(stream)) & 0xFFFF_FFFF_FFFF_FFFF
        state = np.full(1, start, dtype=np.uint64)
        for key in keys:
            state = _mix(state + _GOLDEN + np.asarray(key).astype(np.uint64) * _MIX_1)
        return _mix(state)

    def below(self, stream: str, n: npt.ArrayLike, *keys: npt.ArrayLike) -> Ints:
        """A uniform integer in 0..n-1 per entity (n < 2**32, scalar or per entity)."""
        high = self.bits(stream, *keys) >> np.uint64(32)
        return ((high * np.asarray(n).astype(np.uint64)) >> np.uint64(32)).astype(np.int64)

    def chance(self, stream: str, permille: npt.ArrayLike, *keys: npt.ArrayLike) -> Flags:
        """True with the given probability (per mille, scalar or per entity)."""
        return self.below(stream, _RESOLUTION, *keys) < np.asarray(permille) * (_RESOLUTION // 1000)

    def balanced(
        self, stream: str, permille: npt.ArrayLike, ordinal: Ints, *groups: npt.ArrayLike
    ) -> Flags:
        """Like `chance`, but in each run of 101 ordinals of a group the rate is met exactly.

        Every entity still has the given probability, and none depends on a later one; only the
        spread of the whole is smaller. `ordinal` counts the entities of a group from zero.
        """
        block, place = ordinal // _BLOCK, ordinal % _BLOCK
        step = 1 + self.below(f"{stream} step", _BLOCK - 1, block, *groups)
        shift = self.below(f"{stream} shift", _BLOCK, block, *groups)
        rounding = self.below(f"{stream} rounding", 1000, block, *groups)
        chosen = (np.asarray(permille) * _BLOCK + rounding) // 1000
        # the block is prime, so this is a permutation of its places
        return (place * step + shift) % _BLOCK < chosen

    def pick(self, stream: str, weights: Ints, *keys: npt.ArrayLike) -> Ints:
        """A row number per entity, drawn with the given integer weights."""
        ends = np.cumsum(weights)
        return np.searchsorted(ends, self.below(stream, ends[-1], *keys), side="right")

    def quantile(
        self, stream: str, table: Ints, *keys: npt.ArrayLike, row: npt.ArrayLike = 0
    ) -> Ints:
        """A value per entity by the inverse distribution table (rows x KNOTS), read by `row`."""
        u = self.below(stream, _RESOLUTION, *keys)
        knots = np.array(KNOTS, dtype=np.int64) * (_RESOLUTION // 1000)
        low = np.searchsorted(knots, u, side="right") - 1
        rows = np.broadcast_to(np.asarray(row), u.shape)
        start, end = table[rows, low], table[rows, low + 1]
        width = knots[low + 1] - knots[low]
        return start + ((end - start) * (u - knots[low]) + width // 2) // width
