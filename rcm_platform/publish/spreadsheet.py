"""Published rows as lines of CSV that a spreadsheet reads as they are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would take for a formula."""


def csv_line(values: Iterable[object]) -> str:
    """A line of CSV; a text that a spreadsheet would take for a formula gets a quote mark first."""
    line = io.StringIO()
    csv.writer(line).writerow(
        f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
        for value in values
    )
    return line.getvalue()
