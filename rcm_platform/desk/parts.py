"""What pages are made of: their head, tiles, tables, charts, and messages that say what to do.

Every text from data is escaped here; a page hands over values, never markup of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from html import escape
from pathlib import Path
from urllib.parse import quote

import plotly.graph_objects as go
import streamlit as st

from rcm_platform.desk import format as written
from rcm_platform.desk.desk import Desk
from rcm_platform.desk.query import Query, Row
from rcm_platform.desk.style import Tone, palette

BAR_HEIGHT = 260
SOURCE = "Where this comes from"
_LINKS = Path(__file__).with_name("links.js")


class Markup(str):
    """Text that is markup already, made by one of the functions here."""

    __slots__ = ()


def text(value: object) -> Markup:
    """A value as text that cannot be markup."""
    return value if isinstance(value, Markup) else Markup(escape(str(value)))


def anchor(label: object, href: str, title: str = "") -> Markup:
    """A link to a page of the Dagster webserver, in a tab of its own."""
    hover = f' title="{escape(title)}"' if title else ""
    return Markup(
        f'<a href="{escape(href)}" target="_blank" rel="noopener"{hover}>{text(label)}</a>'
    )


def inside(label: object, href: str, title: str = "") -> Markup:
    """A link to another page of the desk, in the same tab and session (links.js)."""
    hover = f' title="{escape(title)}"' if title else ""
    return Markup(
        f'<a class="inside" href="{escape(href)}" target="_self"{hover}>{text(label)}</a>'
    )


def follow_links() -> None:
    """Let links between pages of the desk keep the session."""
    st.html(f"<script>{_LINKS.read_text()}</script>", unsafe_allow_javascript=True)


def toned(label: object, tone: Tone) -> Markup:
    """A word in the colour of what it means."""
    return Markup(f'<span class="word {tone.value}">{text(label)}</span>')


def chip(label: object, tone: Tone | None = None) -> Markup:
    """A short word in a frame."""
    return Markup(f'<span class="chip {tone.value if tone else ""}">{text(label)}</span>')


def show(*pieces: str) -> None:
    """Put markup on the page."""
    st.html(f'<div class="desk">{"".join(pieces)}</div>')


def head(desk: Desk, title: str, question: str) -> None:
    """What every page begins with: its name and question, of when the figures are, and how much of
    them is proven."""
    version = desk.reader.published.version
    about = [
        f"As of {written.day(desk.as_of)}",
        Markup(anchor(f"version {version.version}", desk.outside("/assets/published/operations"))),
        proof(desk),
    ]
    if not desk.viewer.sees_all_organizations:
        mine = (
            ", ".join(
                sorted(
                    desk.names.facilities[key]
                    for key in desk.reader.facilities or ()
                    if key in desk.names.facilities
                )
            )
            or "none"
        )
        about.append(f"Organizations: {mine}")
    show(
        f"<h1>{text(title)}</h1>",
        f'<p class="lead">{text(question)}</p>',
        f'<div class="about">{"".join(f"<span>{text(one)}</span>" for one in about if one)}</div>',
        *_age(desk),
    )


def proof(desk: Desk) -> Markup:
    """How much of charges and cash is explained, and what waits in quarantine."""
    found = desk.reader.first(Query("published_version")) or {}
    if not {"charges", "cash", "unexplained", "quarantined"} <= found.keys():
        return Markup("")
    charges, cash, unexplained, held = (
        Decimal(found[name]) for name in ("charges", "cash", "unexplained", "quarantined")
    )
    verdict = (
        toned("✓ all explained", Tone.GOOD)
        if not unexplained
        else toned(f"{written.money(unexplained)} not explained", Tone.BAD)
    )
    waiting = anchor(
        f"{written.money(held)} held", desk.outside("/assets/raw/platform/quarantine"),
        "What waits in quarantine, each item with its reason",
    )  # fmt: skip
    return Markup(
        f"{text(written.short_money(charges))} of charges, {text(written.short_money(cash))} of "
        f"cash: {verdict} · {waiting}"
    )


def _age(desk: Desk) -> Iterable[str]:
    if desk.age.is_stale:
        yield notice(
            f"These figures are {desk.age.hours:,} hours old. A newer run is late: its state is in "
            "the Dagster UI."
        )
    if desk.age.held:
        yield notice(
            f"A later state is kept back: {desk.age.held}. What stands here is the last that "
            "passed its checks."
        )


def notice(message: object, tone: Tone = Tone.WATCH) -> Markup:
    """Something to know before reading on."""
    return Markup(f'<div class="notice {tone.value}" role="status">{text(message)}</div>')


def section(
    title: str, note: str = "", href: str = "", label: str = "Where this comes from"
) -> None:
    """A heading, what stands below it in a sentence, and where its figures come from."""
    more = f" {anchor(label, href)}" if href else ""
    show(
        f'<h2 class="section">{text(title)}</h2>',
        f'<p class="note">{text(note)}{more}</p>' if note or more else "",
    )


def paper_remittance(desk: Desk, claim_key: str = "") -> None:
    """The way to the page on which a paper remittance is entered, of this claim if one is named."""
    asked = {"id": claim_key} if claim_key else {}
    link = inside("Enter a paper remittance", desk.inside("paper-remittance", **asked))
    show(f'<p class="note">The payer\'s notice came on paper? {link}.</p>')


def message_page(title: str, what: str, next_step: str) -> None:
    """A page that has nothing to show, and says what to do."""
    show(f"<h1>{text(title)}</h1>", notice(what), f"<p>{text(next_step)}</p>")


def empty(what: str, next_step: str) -> None:
    """In place of a table or chart without a row."""
    show(f'<p class="note">{text(what)} {text(next_step)}</p>')


def defined(definition: Row) -> str:
    """What a KPI is, from its row of the registry."""
    over = f", over {definition['denominator']}" if definition["denominator"] else ""
    return f"{definition['numerator']}{over}; by {definition['period_rule']}."


@dataclass(frozen=True)
class Tile:
    """A figure that is read at a glance."""

    label: str
    value: str
    help: str = ""
    href: str = ""
    tone: Tone | None = None
    when: str = ""
    verdict: str | Markup = ""
    why: str = ""
    trend: Sequence[tuple[date, Decimal]] = ()
    target: Decimal | None = None

    def markup(self) -> str:
        value = anchor(self.value, self.href, "Explain this number") if self.href else self.value
        when = f"<span>{text(self.when)}</span>" if self.when else ""
        return (
            f'<section class="tile {self.tone.value if self.tone else ""}">'
            f'<h3 title="{escape(self.help)}">{text(self.label)}{when}</h3>'
            f'<div class="value">{text(value)}</div>'
            f'<div class="verdict">{text(self.verdict)}</div>'
            f"<div>{spark(self.trend, self.target, self.label)}"
            f'<div class="why">{text(self.why)}</div></div></section>'
        )


def tiles(shown: Iterable[Tile], *, wide: bool = False) -> None:
    """Tiles side by side, as many as there is room for."""
    show(
        f'<div class="tiles {"wide" if wide else ""}" {_LEAST if wide else ""}>'
        f"{''.join(tile.markup() for tile in shown)}</div>"
    )


_LEAST = 'style="--least: 250px"'

_WIDTH, _HEIGHT, _EDGE = 200, 46, 5


def spark(trend: Sequence[tuple[date, Decimal]], target: Decimal | None, label: str) -> str:
    """A line of months, with its target dashed; read aloud as its first and last month."""
    if len(trend) < 2:
        return ""
    values = [value for _, value in trend]
    levels = [*values, *([target] if target is not None else [])]
    low, spread = min(levels), (max(levels) - min(levels)) or Decimal(1)
    colours = palette()

    def y(value: Decimal) -> str:
        return f"{_HEIGHT - _EDGE - float((value - low) / spread) * (_HEIGHT - 2 * _EDGE):.1f}"

    step = (_WIDTH - 2 * _EDGE) / (len(trend) - 1)
    points = " ".join(f"{_EDGE + at * step:.1f},{y(value)}" for at, value in enumerate(values))
    dashed = (
        f"<path d='M0,{y(target)}H{_WIDTH}' stroke='{colours.neutral}' stroke-dasharray='4 3'/>"
        if target is not None
        else ""
    )
    picture = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {_HEIGHT}'>{dashed}"
        f"<polyline fill='none' stroke='{colours.accent}' stroke-width='2.2' points='{points}'/>"
        f"<circle r='3.4' cx='{_WIDTH - _EDGE}' cy='{y(values[-1])}' "
        f"fill='{colours.accent}'/></svg>"
    )
    spoken = (
        f"{label}, {len(trend)} months from {written.month(trend[0][0])} to "
        f"{written.month(trend[-1][0])}; the target is dashed"
    )
    # Streamlit lets no drawing through, but pictures
    source = f"data:image/svg+xml,{quote(picture)}"
    return f'<img class="spark" src="{source}" alt="{escape(spoken)}" title="{escape(spoken)}">'


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, how a row's cell reads, and what it means."""

    heading: str
    cell: Callable[[Row], object]
    is_number: bool = False
    help: str = ""
    is_wide: bool = False

    @property
    def style(self) -> str:
        return "n" if self.is_number else "wide" if self.is_wide else ""


def table(rows: Sequence[Row], columns: Sequence[Column], label: str) -> None:
    """A small table, which a screen reader and a printer take as one."""
    heads = "".join(
        f'<th scope="col" class="{one.style}" title="{escape(one.help)}">{text(one.heading)}</th>'
        for one in columns
    )
    lines = "".join(
        "<tr>"
        + "".join(f'<td class="{one.style}">{text(one.cell(row))}</td>' for one in columns)
        + "</tr>"
        for row in rows
    )
    show(
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def part_of(value: Decimal | None, most: Decimal, tone: Tone | None = None) -> Markup:
    """An amount as a bar in a table's cell."""
    width = max(float(value / most), 0.0) * 4 if value and most else 0.0
    return Markup(
        f'<span class="part {tone.value if tone else ""}" style="width: {width:.2f}rem"></span>'
    )


def facts(given: Mapping[str, object]) -> None:
    """Names with their values."""
    lines = "".join(f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in given.items())
    show(f'<dl class="facts">{lines}</dl>')


def chart(figure: go.Figure, alt: str, key: str, height: int = BAR_HEIGHT) -> None:
    """A chart in the desk's colours; `alt` says in words what it shows."""
    colours = palette()
    figure.update_layout(
        height=height, margin={"l": 8, "r": 8, "t": 8, "b": 8}, paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)", bargap=0.28,
        font={"family": "Source Sans, system-ui, sans-serif", "size": 13, "color": colours.text},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
        hovermode="x unified",
        hoverlabel={"bgcolor": colours.page, "font": {"color": colours.text}},
    )  # fmt: skip
    figure.update_xaxes(
        showgrid=False, zerolinecolor=colours.line, automargin=True, ticklabelstandoff=6
    )
    figure.update_yaxes(gridcolor=colours.line, zerolinecolor=colours.line, automargin=True)
    st.plotly_chart(
        figure, width="stretch", theme=None, key=key, alt=alt,
        config={"displayModeBar": False, "responsive": True},
    )  # fmt: skip
