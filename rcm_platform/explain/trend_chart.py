"""The months of a KPI as a picture: where each point, month name and the target line stand.

Plain geometry for the template `trend.html.jinja`; it knows nothing of the figures' meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

WIDTH, HEIGHT = 480, 180
"""Units of the picture; it is as wide as its page."""

TOP, BOTTOM, SIDE = 22, 34, 22
"""Room for the value of the chosen month, for the names of months, and beside the line."""

MONTHS = 12


@dataclass(frozen=True)
class Value:
    """A month of the trend; `text` is its value in words, `href` where the month is shown."""

    month: date
    value: Decimal
    text: str
    href: str
    is_chosen: bool
    is_mature: bool


@dataclass(frozen=True)
class Point:
    """A value with its place in the picture; the year is named once, where it begins."""

    of: Value
    x: float
    y: float
    year: str


@dataclass(frozen=True)
class Chart:
    """A picture of values, oldest first; `target_y` is None without a target."""

    points: tuple[Point, ...]
    target_y: float | None
    step: float

    width = WIDTH
    height = HEIGHT
    bottom = HEIGHT - BOTTOM

    @property
    def line(self) -> str:
        return " ".join(f"{point.x:.1f},{point.y:.1f}" for point in self.points)


def chart(values: Sequence[Value], target: Decimal | None) -> Chart:
    """Twelve months at most: the last ones, or those up to the chosen month if that is earlier."""
    chosen = next((at for at, one in enumerate(values) if one.is_chosen), len(values) - 1)
    end = max(chosen + 1, MONTHS) if chosen < len(values) - MONTHS else len(values)
    shown = values[max(end - MONTHS, 0) : end]
    levels = [one.value for one in shown] + ([target] if target is not None else [])
    low, high = min(levels), max(levels)
    spread = (high - low) or Decimal(1)

    def y(level: Decimal) -> float:
        return round(TOP + float((high - level) / spread) * (HEIGHT - BOTTOM - TOP - 8), 1)

    step = (WIDTH - 2 * SIDE) / max(len(shown) - 1, 1)
    points = tuple(
        Point(
            one,
            round(SIDE + at * step, 1),
            y(one.value),
            f"{one.month:%Y}" if at == 0 or one.month.month == 1 else "",
        )
        for at, one in enumerate(shown)
    )
    return Chart(points, None if target is None else y(target), step)
