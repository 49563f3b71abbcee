"""How the desk looks: one palette with a meaning, in light and dark, on paper and on a telephone.

Nothing is fetched from outside the machine: fonts and scripts are those that come with Streamlit.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import streamlit as st


class Tone(StrEnum):
    """What a colour means, wherever it is used."""

    GOOD = "good"
    WATCH = "watch"
    BAD = "bad"
    NEUTRAL = "neutral"


@dataclass(frozen=True)
class Palette:
    """Colours of charts; those of the pages are the same, as CSS."""

    good: str
    watch: str
    bad: str
    neutral: str
    accent: str
    text: str
    line: str
    page: str

    def of(self, tone: Tone) -> str:
        return str(getattr(self, tone.value))


LIGHT = Palette(
    "#0b7a3e", "#b26a00", "#b3261e", "#8a93a3", "#1f5fbf", "#1c2230", "#d5d9e0", "#ffffff"
)
DARK = Palette(
    "#5fd08f", "#f0b35a", "#ff8a80", "#7d8799", "#8ab4f8", "#e6e9f0", "#3a4150", "#14171f"
)


def palette() -> Palette:
    """The one of the viewer's browser."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def _variables() -> str:
    names = ("good", "watch", "bad", "neutral", "accent", "text", "line", "page")
    return " ".join(
        f"--{name}: light-dark({getattr(LIGHT, name)}, {getattr(DARK, name)});" for name in names
    )


_CSS = Path(__file__).with_name("style.css")


_DARK_ON_PAPER = """@media print {
  .desk img, .stPlotlyChart { filter: invert(1) hue-rotate(180deg); }
}"""
"""Paper is white: pictures that were drawn for a dark page are turned."""


def apply() -> None:
    """Give the page that is made the desk's look."""
    on_paper = _DARK_ON_PAPER if palette() is DARK else ""
    st.html(f"<style>.stApp {{ {_variables()} }}\n{_CSS.read_text()}{on_paper}</style>")
