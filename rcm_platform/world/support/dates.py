"""Days as integers (days since 1970-01-01): vectorised business days and text forms."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import numpy as np

from rcm_platform.world.support.rng import Ints

EPOCH = date(1970, 1, 1)
_TO_BUSINESS_DAY = np.array([0, 0, 0, 0, 0, 2, 1], dtype=np.int64)


def to_day(value: date) -> int:
    return (value - EPOCH).days


@cache
def to_date(day: int) -> date:
    return EPOCH + timedelta(days=day)


@cache
def compact(day: int) -> str:
    """yyyymmdd, the form of X12 and of file names."""
    return to_date(day).strftime("%Y%m%d")


def weekday(days: Ints) -> Ints:
    """Monday 0 .. Sunday 6 (1970-01-01 was a Thursday)."""
    return (days + 3) % 7


def business_day(days: Ints) -> Ints:
    """The day itself, or the Monday after a week-end."""
    return days + _TO_BUSINESS_DAY[weekday(days)]
