"""The parameters of the world that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

SEED, START, THROUGH = 20250101, date(2024, 10, 1), date(2025, 6, 30)

Query = Callable[[str], list[tuple]]
