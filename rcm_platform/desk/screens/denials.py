"""Denials: why payers deny, what comes back, and which deadlines are near."""

from __future__ import annotations

from decimal import Decimal

import plotly.graph_objects as go
import streamlit as st

from rcm_platform.desk import claim_rows, filters, parts
from rcm_platform.desk import format as written
from rcm_platform.desk.desk import Desk, here
from rcm_platform.desk.parts import Column, Markup
from rcm_platform.desk.query import ROW_COUNT, Between, Is, Query, Row, total
from rcm_platform.desk.style import Tone, palette
from rcm_platform.explain.figures import meets

TRENDS, CAUSES, QUEUE = "mart_denial_trends", "mart_denial_causes", "mart_claim_priority_queue"
KPIS = ("initial_denial_rate", "first_pass_yield", "overturn_rate")

ENDS = (
    ("recovered_amount", "Came back", Tone.GOOD),
    ("patient_amount", "Left to the patient", Tone.NEUTRAL),
    ("contractual_amount", "Contractual", Tone.NEUTRAL),
    ("withdrawn_amount", "Withdrawn", Tone.NEUTRAL),
    ("written_off_amount", "Written off", Tone.BAD),
    ("open_amount", "Still open", Tone.WATCH),
)
"""What becomes of a denied dollar; each has one end."""

SHOWN_PAYERS = 6
SHOWN_CLAIMS = 15


def page(desk: Desk) -> None:
    """The whole page, from top to bottom."""
    parts.head(desk, "Denials", "Why are we denied, what comes back, and what is due?")
    filters.bar(desk.chosen, desk.offered, desk.left_out)
    _tiles(desk)
    left, right = st.columns([7, 3], gap="large")
    with left:
        _causes(desk)
    with right:
        _ends(desk)
    _payers(desk)
    _deadlines(desk)
    if unused := desk.chosen.unused(desk.reader, TRENDS, "open_amount"):
        parts.show(
            '<p class="note">',
            parts.text(f"Sums of denials are not divided by: {', '.join(unused)}."),
            "</p>",
        )


def _tiles(desk: Desk) -> None:
    sums = ("denied_amount", "recovered_amount", "open_amount", "denied_claim_count")
    found = desk.reader.rows(desk.filtered(total(TRENDS, *sums), "open_amount"))[0]
    lineage = desk.lineage(TRENDS)
    shown = [
        parts.Tile(
            "Denied", written.short_money(found["denied_amount"] or 0), href=lineage,
            verdict=f"{written.count(found['denied_claim_count'] or 0)} denials",
            help="All denials of these figures, each dollar once",
        ),
        parts.Tile(
            "Came back", written.short_money(found["recovered_amount"] or 0), href=lineage,
            tone=Tone.GOOD, help="Paid after the denial",
        ),
        parts.Tile(
            "Still open", written.short_money(found["open_amount"] or 0), href=lineage,
            tone=Tone.WATCH, help="Denied dollars without an end yet",
        ),
    ]  # fmt: skip
    if desk.reader.facilities is None:
        shown += [tile for kpi in KPIS if (tile := _kpi(desk, kpi))]
    parts.tiles(shown)
    if desk.chosen != filters.EVERYTHING and desk.reader.facilities is None:
        parts.show('<p class="note">Rates are of the whole business, whatever the filters.</p>')


def _kpi(desk: Desk, kpi: str) -> parts.Tile | None:
    """A rate of the whole business, of its last month that is old enough to judge."""
    definition = desk.reader.first(Query("kpi_registry", where=(Is("kpi", (kpi,)),)))
    months = desk.reader.rows(
        Query(
            "mart_kpi_monthly",
            ("period_month", "kpi_value"),
            where=(
                Is("kpi", (kpi,)),
                Is("aggregation_level", ("total",)),
                Is("is_mature", (True,)),
            ),
            order=("-period_month",),
            limit=12,
        )
    )
    months = [row for row in months if row["kpi_value"] is not None]
    if not definition or not months:
        return None
    last, unit = months[0], definition["unit"]
    return parts.Tile(
        definition["label"],
        written.measure(last["kpi_value"], unit),
        help=parts.defined(definition),
        href=desk.trace(kpi, last["period_month"]),
        when=written.month(last["period_month"]),
        trend=[(row["period_month"], row["kpi_value"]) for row in months[::-1]],
        target=definition["target"],
        tone=_tone(last["kpi_value"], definition),
    )


def _tone(value: Decimal, definition: Row) -> Tone | None:
    if definition["target"] is None:
        return None
    return Tone.GOOD if meets(value, definition["target"], definition["direction"]) else Tone.BAD


def _causes(desk: Desk) -> None:
    parts.section(
        "Causes", "Denied dollars by cause, with the step where it began and who answers for it.",
        desk.lineage(CAUSES),
    )  # fmt: skip
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                CAUSES,
                ("category_label", "root_cause_step", "responsible_department", "is_avoidable"),
                sums=("denied_amount", "recovered_amount", "open_amount", "denied_claim_count"),
                order=("-denied_amount", "category_label"),
            ),
            "open_amount",
        )
    )
    if not rows:
        parts.empty("No denials with these filters.", "Clear one of them.")
        return
    most = max(row["denied_amount"] for row in rows)
    parts.table(
        rows,
        (
            Column("Cause", _cause),
            Column("Denied", lambda row: Markup(
                f"{parts.part_of(row['denied_amount'], most, Tone.BAD)}&nbsp;"
                f"{written.short_money(row['denied_amount'])}"), True),
            Column("Claims", lambda row: written.count(row["denied_claim_count"]), True),
            Column("Came back", lambda row: written.short_money(row["recovered_amount"]), True),
            Column("Open", lambda row: written.short_money(row["open_amount"]), True),
            Column("Begins at", lambda row: written.words(row["root_cause_step"])),
            Column("With", lambda row: row["responsible_department"] or written.EMPTY),
        ),
        "Causes of denials",
    )  # fmt: skip


def _cause(row: Row) -> Markup:
    avoidable = parts.chip("avoidable", Tone.WATCH) if row["is_avoidable"] else ""
    return Markup(f"{parts.text(row['category_label'])} {avoidable}")


def _ends(desk: Desk) -> None:
    parts.section("What becomes of a denied dollar", "Every one has one end.", desk.lineage(TRENDS))
    sums = tuple(column for column, *_ in ENDS)
    found = desk.reader.rows(desk.filtered(total(TRENDS, "denied_amount", *sums), "open_amount"))[0]
    if not found["denied_amount"]:
        parts.empty("No denials with these filters.", "")
        return
    colours = palette()
    figure = go.Figure(
        go.Bar(
            x=[float(found[column]) for column in sums],
            y=[label for _, label, _ in ENDS],
            orientation="h",
            marker_color=[colours.of(tone) for *_, tone in ENDS],
            text=[written.short_money(found[column]) for column in sums],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    most = max(float(found[column]) for column in sums)
    figure.update_xaxes(visible=False, range=[0, most * 1.25])
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_layout(hovermode="closest")
    said = ", ".join(f"{label} {written.money(found[column])}" for column, label, _ in ENDS)
    parts.chart(figure, f"Of {written.money(found['denied_amount'])} denied: {said}.", "ends", 280)


def _payers(desk: Desk) -> None:
    parts.section(
        "By payer and month", "Denied dollars of the payers with the most.", desk.lineage(TRENDS)
    )
    top = desk.reader.rows(
        desk.filtered(
            Query(TRENDS, ("payer_key",), sums=("denied_amount",),
                  order=("-denied_amount", "payer_key"), limit=SHOWN_PAYERS),
            "open_amount",
        )
    )  # fmt: skip
    if not top:
        parts.empty("No denials with these filters.", "")
        return
    colours = palette()
    lanes = st.columns(3, gap="medium")
    months = desk.reader.rows(
        desk.filtered(
            Query(
                TRENDS,
                ("payer_key", "denied_month"),
                sums=("denied_amount", ROW_COUNT),
                where=(Is("payer_key", tuple(row["payer_key"] for row in top)),),
                order=("denied_month",),
            ),
            "open_amount",
        )
    )
    highest = max((float(row["denied_amount"]) for row in months), default=0.0)
    for at, payer in enumerate(top):
        own = [row for row in months if row["payer_key"] == payer["payer_key"]]
        name = desk.names.payer(payer["payer_key"])
        figure = go.Figure(
            go.Bar(
                x=[row["denied_month"] for row in own],
                y=[float(row["denied_amount"]) for row in own],
                marker_color=colours.bad,
                customdata=[written.money(row["denied_amount"]) for row in own],
                hovertemplate="%{x|%b %Y}: %{customdata}<extra></extra>",
            )
        )
        figure.update_yaxes(tickprefix="$", tickformat="~s", nticks=3, range=[0, highest * 1.05])
        figure.update_xaxes(
            range=[months[0]["denied_month"], months[-1]["denied_month"]], nticks=4,
            tickformat="%b %y",
        )  # fmt: skip
        figure.update_layout(hovermode="closest")
        with lanes[at % len(lanes)]:
            parts.show(
                f"<p><b>{parts.text(name)}</b> "
                f"<span class='dim'>{written.short_money(payer['denied_amount'])}</span></p>"
            )
            parts.chart(figure, f"Denied dollars of {name} by month.", f"payer_{at}", 130)


def _deadlines(desk: Desk) -> None:
    parts.section(
        "Deadlines", "Denied claims with a limit to appeal or file, the nearest first.",
        desk.lineage(QUEUE),
    )  # fmt: skip
    denied = desk.filtered(Query(QUEUE, where=(Is("claim_status", ("denied",)),)))
    rows = desk.reader.rows(
        Query(
            QUEUE,
            where=(*denied.where, Between("deadline_date", desk.as_of)),
            order=("deadline_date", "-outstanding_amount"),
            limit=SHOWN_CLAIMS,
        )
    )
    if not rows:
        parts.empty("No denied claim has a limit ahead, with these filters.", "")
    else:
        parts.table(rows, claim_rows.columns(desk, reason="priority_reasons"), "Deadlines")
    link = desk.inside("worklists", list="appeals and resubmissions")
    parts.show(f"<p>{parts.inside('All denials that can still be won', link)}</p>")


page(here())
