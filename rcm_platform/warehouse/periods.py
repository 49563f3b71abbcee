"""Periods of time, in SQL."""

from __future__ import annotations


def is_complete(month: str, as_of: str) -> str:
    """SQL: whether all of a month had passed by a date; both are SQL too."""
    return f"last_day({month}) <= {as_of}"
