"""A flow as one picture: a stream that begins as a whole, and what leaves it on the way.

It is drawn twice, along a page and down a telephone; the style shows the one that has the room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from urllib.parse import quote

from rcm_platform.desk import format as written
from rcm_platform.desk import parts
from rcm_platform.desk.style import Palette, Tone, palette

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


@dataclass(frozen=True)
class Part:
    """What leaves the stream: dollars above zero, and what their colour means."""

    label: str
    amount: Decimal
    tone: Tone

    @property
    def said(self) -> str:
        return f"{self.label} {written.short_money(self.amount)}"


def show(whole: Part, leaving: Sequence[Part], arriving: Sequence[Part], note: str) -> None:
    """The picture; what leaves in the order of the way, and what arrives at its end."""
    said = f"{whole.said}. Of it: {', '.join(part.said for part in (*leaving, *arriving))}."
    colours = palette()
    pictures = {
        "along": _along(whole, leaving, arriving, colours),
        "down": _down(whole, [*leaving, *arriving], colours),
    }
    parts.show(
        '<div class="flow">',
        *(
            f'<img class="{name}" src="data:image/svg+xml,{quote(picture)}" '
            f'alt="{escape(said)}" title="{escape(said)}">'
            for name, picture in pictures.items()
        ),
        "</div>",
        f'<p class="note">{parts.text(note)}</p>',
    )


_BEND, _GAP, _BAR, _LEAST = 10.0, 16.0, 10.0, 1.5
_LABEL_WIDTH, _LABEL_HEIGHT = 118.0, 46.0


def _along(whole: Part, leaving: Sequence[Part], arriving: Sequence[Part], colours: Palette) -> str:
    """From left to right: what leaves turns down, what arrives stands at the right."""
    wide, thick, top, margin = 1000.0, 130.0, 46.0, 132.0
    sizes = _sizes([*leaving, *arriving], thick)
    edge = top + sum(sizes)
    below = edge + _BEND + _GAP
    stream = [(0.0, top), (0.0, edge)]
    drawn = _label(0, top - 26, whole, "start", colours)
    middle, right = -_LABEL_WIDTH / 2, _BAR
    for part, size in zip(leaving, sizes, strict=False):
        # its label has room beside the one before it, and so has what turns
        middle = max(middle + _LABEL_WIDTH, right + 20 + size / 2)
        left, right = middle - size / 2, middle + size / 2
        at = left - _BEND
        stream += [(at, edge), (at, edge - size)]
        drawn.append(
            f"<path fill='{colours.of(part.tone)}' d='M{at:.1f},{edge - size:.1f}"
            f"A{_BEND + size:.1f},{_BEND + size:.1f} 0 0 1 {right:.1f},{edge + _BEND:.1f}"
            f"V{below:.1f}H{left:.1f}V{edge + _BEND:.1f}"
            f"A{_BEND},{_BEND} 0 0 0 {at:.1f},{edge:.1f}Z'/>"
        )
        drawn += _label(middle, below + 17, part, "middle", colours)
        edge -= size
    end = max(wide - margin, right + 40)
    stream += [(end, edge), (end, top)]
    for place, part, size in zip(
        range(len(arriving))[::-1], arriving, sizes[len(leaving) :], strict=True
    ):
        edge -= size
        drawn.append(_rect(end, edge, _BAR, size, colours.of(part.tone)))
        spoken = top + 10 + place * _LABEL_HEIGHT
        drawn += _label(end + _BAR + 8, spoken, part, "start", colours)
    return _svg(end + margin, below + 42, [*_stream(stream, 0, top, whole, colours), *drawn])


def _down(whole: Part, leaving: Sequence[Part], colours: Palette) -> str:
    """From top to bottom: what leaves turns to the right, where its label has room."""
    left, thick, wide = 2.0, 110.0, 350.0
    sizes = _sizes(leaving, thick)
    edge, top = left + sum(sizes), 44.0
    beside = edge + _BEND + _GAP
    stream = [(left, top), (edge, top)]
    drawn = _label(left, 14, whole, "start", colours)
    at = top + _BAR + 8
    for part, size in zip(leaving, sizes, strict=True):
        stream += [(edge, at), (edge - size, at)]
        over, under = at + _BEND, at + _BEND + size
        drawn.append(
            f"<path fill='{colours.of(part.tone)}' d='M{edge - size:.1f},{at:.1f}"
            f"A{_BEND + size:.1f},{_BEND + size:.1f} 0 0 0 {edge + _BEND:.1f},{under:.1f}"
            f"H{beside:.1f}V{over:.1f}H{edge + _BEND:.1f}"
            f"A{_BEND},{_BEND} 0 0 1 {edge:.1f},{at:.1f}Z'/>"
        )
        drawn += _label(beside + 8, (over + under) / 2 - 4, part, "start", colours)
        at, edge = at + max(_LABEL_HEIGHT, size + 22), edge - size
    return _svg(wide, at + 12, [*_stream(stream, left, top, whole, colours, is_down=True), *drawn])


def _sizes(leaving: Sequence[Part], thick: float) -> list[float]:
    whole = sum((part.amount for part in leaving), Decimal(0)) or Decimal(1)
    return [max(float(part.amount / whole) * thick, _LEAST) for part in leaving]


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return (
        f"<rect x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{height:.1f}' fill='{colour}'/>"
    )


def _stream(
    outline: Sequence[tuple[float, float]],
    x: float,
    y: float,
    whole: Part,
    colours: Palette,
    *,
    is_down: bool = False,
) -> list[str]:
    """The stream by its corners, with a bar where it begins."""
    points = " ".join(f"{left:.1f},{top:.1f}" for left, top in outline)
    across = (outline[1][0] - x) if is_down else (outline[1][1] - y)
    size = (across, _BAR) if is_down else (_BAR, across)
    return [
        f"<polygon points='{points}' fill='{colours.accent}' fill-opacity='.28'/>",
        _rect(x, y, *size, colours.accent),
    ]


def _label(x: float, y: float, part: Part, anchor: str, colours: Palette) -> list[str]:
    common = f"x='{x:.1f}' text-anchor='{anchor}' fill='{colours.text}'"
    return [
        f"<text {common} y='{y:.1f}' font-size='13'>{escape(part.label)}</text>",
        f"<text {common} y='{y + 18:.1f}' font-size='15' font-weight='650'>"
        f"{escape(written.short_money(part.amount))}</text>",
    ]


def _svg(width: float, height: float, drawn: Sequence[str]) -> str:
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:.0f} {height:.0f}' "
        f'font-family="{escape(FONT)}">{"".join(drawn)}</svg>'
    )
