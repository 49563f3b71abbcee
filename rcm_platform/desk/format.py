"""Numbers, dates and codes as people read them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from rcm_platform.explain.variance import show

EMPTY = "-"
"""In place of what is not known."""

UNITS = ((Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(10**3), "K"))

WORDS = {
    "acknowledged": "Acknowledged",
    "closed": "Closed",
    "credit": "Credit balance",
    "denied": "Denied",
    "open": "Not sent",
    "partial": "Partly paid",
    "patient": "With the patient",
    "submitted": "Sent",
}
"""States of a claim in words."""


def short_money(value: Decimal | int | None) -> str:
    """Dollars for a tile: $1.45 M, $23.4 K, $812."""
    if value is None:
        return EMPTY
    sign, size = "-" if value < 0 else "", abs(Decimal(value))
    for unit, name in UNITS:
        if size >= unit:
            scaled = size / unit
            return f"{sign}${scaled:,.{0 if scaled >= 100 else 1 if scaled >= 10 else 2}f} {name}"
    return f"{sign}${size:,.0f}"


def money(value: Decimal | int | None) -> str:
    """Dollars and cents for a table."""
    if value is None:
        return EMPTY
    return f"{'-' if value < 0 else ''}${abs(Decimal(value)):,.2f}"


def count(value: int | Decimal | None) -> str:
    """How many."""
    return EMPTY if value is None else f"{int(value):,}"


def share(value: Decimal | None) -> str:
    """A share of one as a percentage."""
    return EMPTY if value is None else show(Decimal(value), "ratio")


def measure(value: Decimal | None, unit: str) -> str:
    """A KPI's value with its unit; large amounts as on a tile."""
    if value is None:
        return EMPTY
    if unit == "dollars" and abs(value) >= UNITS[-1][0] * 10:
        return short_money(value)
    return show(Decimal(value), unit)


def days(value: int | Decimal | None) -> str:
    """How many days."""
    if value is None:
        return EMPTY
    return f"{int(value):,} day{'' if abs(int(value)) == 1 else 's'}"


def day(value: date | None) -> str:
    """A day: 5 Mar 2025."""
    return EMPTY if value is None else f"{value.day} {value:%b %Y}"


def month(value: date | None) -> str:
    """A month: Mar 2025."""
    return EMPTY if value is None else f"{value:%b %Y}"


def words(code: str | None) -> str:
    """A code of ours in words: hospital_a is Hospital A."""
    if not code:
        return EMPTY
    if code in WORDS:
        return WORDS[code]
    text = (code.lower() if code.isupper() else code).replace("_", " ")
    if len(text) > 2 and text[-2] == " ":  # a single letter at the end is a name's
        return text[:1].upper() + text[1:-1] + text[-1].upper()
    return text[:1].upper() + text[1:]
