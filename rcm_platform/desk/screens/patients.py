"""Patients: who comes, how they are insured, and what they are worth."""

from __future__ import annotations

from decimal import Decimal

import plotly.graph_objects as go
import streamlit as st

from rcm_platform.desk import filters, parts
from rcm_platform.desk import format as written
from rcm_platform.desk.desk import Desk, here
from rcm_platform.desk.parts import Column, Markup, Tile
from rcm_platform.desk.query import ROW_COUNT, Query, total
from rcm_platform.desk.style import Tone, palette

SUMMARY = "mart_patient_summary"
DEMOGRAPHICS = "mart_patient_demographics"
INSURANCE = "mart_insurance_mix"

SHOWN_PATIENTS = 25
SHOWN_TOWNS = 12
SHOWN_MONTHS = 12

ORDERS = {
    "lifetime_value_amount": "Lifetime value",
    "open_amount": "Open dollars",
    "visit_count": "Visits",
}
"""By what patients are listed, the most first."""


def page(desk: Desk) -> None:
    """The whole page, from top to bottom."""
    parts.head(desk, "Patients", "Who comes, how are they insured, and what do they bring?")
    filters.bar(desk.chosen, desk.offered, desk.left_out)
    if unused := desk.chosen.unused(desk.reader, SUMMARY):
        parts.show(parts.notice(f"Persons are not divided by: {', '.join(unused)}.", Tone.NEUTRAL))
    _tiles(desk)
    left, right = st.columns(2, gap="large")
    with left:
        _insurance(desk)
    with right:
        _ages(desk)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _patients(desk)
    with right:
        _towns(desk)


def _tiles(desk: Desk) -> None:
    [found] = desk.reader.rows(
        total(SUMMARY, "record_count", "visit_count", "lifetime_value_amount", "open_amount",
              "patient_paid_amount")
    )  # fmt: skip
    lineage = desk.lineage(SUMMARY)
    parts.tiles(
        (
            Tile(
                "Persons", written.count(found[ROW_COUNT]), href=lineage,
                help="Patient records of one person, in whatever hospital, are one",
                verdict=f"{written.count(found['record_count'] or 0)} patient records",
            ),
            Tile("Visits", written.count(found["visit_count"] or 0), href=lineage),
            Tile(
                "Lifetime value",
                written.short_money(found["lifetime_value_amount"] or Decimal(0)),
                href=lineage, help="What payers and patients have paid so far",
            ),
            Tile(
                "Paid by patients", written.short_money(found["patient_paid_amount"] or Decimal(0)),
                href=lineage,
            ),
            Tile("Open", written.short_money(found["open_amount"] or Decimal(0)), href=lineage),
        )
    )  # fmt: skip


def _insurance(desk: Desk) -> None:
    parts.section("How they are insured", "Visits by month.", desk.lineage(INSURANCE))
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                INSURANCE,
                ("activity_month", "payer_class"),
                sums=("visit_count",),
                order=("-activity_month", "payer_class"),
            )
        )
    )
    if not rows:
        parts.empty("No visit has these filters.", "Clear one of them.")
        return
    months = sorted({row["activity_month"] for row in rows})[-SHOWN_MONTHS:]
    colours = palette()
    tints = (colours.accent, colours.good, colours.watch, colours.neutral, colours.bad)
    figure = go.Figure()
    for number, kind in enumerate(sorted({row["payer_class"] or "" for row in rows})):
        visits = {
            row["activity_month"]: row["visit_count"]
            for row in rows
            if (row["payer_class"] or "") == kind
        }
        figure.add_bar(
            x=months,
            y=[visits.get(month, 0) for month in months],
            name=kind or "Not known",
            marker_color=tints[number % len(tints)],
            marker_pattern_shape="/" if number >= len(tints) else "",
        )
    figure.update_layout(barmode="stack")
    parts.chart(figure, "Visits by month and kind of insurance.", "insurance", 300)


def _ages(desk: Desk) -> None:
    parts.section("Age and gender", "Persons.", desk.lineage(DEMOGRAPHICS))
    rows = desk.reader.rows(
        Query(
            DEMOGRAPHICS,
            ("age_band", "gender"),
            sums=("person_count",),
            order=("age_band", "gender"),
        )
    )
    if not rows:
        parts.empty("No patient is known.", "")
        return
    bands = list(dict.fromkeys(row["age_band"] or "not known" for row in rows))
    colours = palette()
    tints = (colours.accent, colours.watch, colours.neutral)
    figure = go.Figure()
    for number, gender in enumerate(dict.fromkeys(row["gender"] or "not known" for row in rows)):
        counts = {
            row["age_band"] or "not known": row["person_count"]
            for row in rows
            if (row["gender"] or "not known") == gender
        }
        figure.add_bar(
            x=bands, y=[counts.get(band, 0) for band in bands], name=written.words(gender),
            marker_color=tints[number % len(tints)],
        )  # fmt: skip
    figure.update_xaxes(type="category")
    parts.chart(figure, "Persons by age and gender.", "ages", 300)


def _patients(desk: Desk) -> None:
    parts.section("Persons", "Their visits and dollars so far.", desk.lineage(SUMMARY))
    order = st.segmented_control(
        "The most", list(ORDERS), default="lifetime_value_amount",
        format_func=ORDERS.__getitem__, key="patients_order",
    )  # fmt: skip
    rows = desk.reader.rows(
        Query(
            SUMMARY,
            order=(f"-{order or 'lifetime_value_amount'}", "person_key"),
            limit=SHOWN_PATIENTS,
        )
    )
    parts.table(
        rows,
        (
            Column(
                "Person",
                lambda row: Markup(
                    f"{parts.text(row['patient_name'] or 'Name not known')}<br><span class='dim'>"
                    f"{parts.text(written.words(row['gender']))}, {parts.text(row['age_band'])}"
                    "</span>"
                ),
            ),
            Column("Visits", lambda row: written.count(row["visit_count"]), True),
            Column("Last visit", lambda row: written.day(row["last_visit_date"])),
            Column("Claims", lambda row: written.count(row["claim_count"]), True),
            Column("Charged", lambda row: written.money(row["charge_amount"]), True),
            Column("Lifetime value", lambda row: written.money(row["lifetime_value_amount"]), True),
            Column("Open", lambda row: written.money(row["open_amount"]), True),
        ),
        "Persons",
    )


def _towns(desk: Desk) -> None:
    parts.section("Where they live", "Persons by town.", desk.lineage(DEMOGRAPHICS))
    rows = desk.reader.rows(
        Query(
            DEMOGRAPHICS,
            ("town",),
            sums=("person_count",),
            order=("-person_count", "town"),
            limit=SHOWN_TOWNS,
        )
    )
    if not rows:
        return
    most = max(Decimal(row["person_count"]) for row in rows)
    parts.table(
        rows,
        (
            Column("Town", lambda row: row["town"] or "Not known"),
            Column(
                "Persons",
                lambda row: Markup(
                    f"{parts.part_of(Decimal(row['person_count']), most)}&nbsp;"
                    f"{parts.text(written.count(row['person_count']))}"
                ),
                True,
            ),
        ),
        "Persons by town",
    )


page(here())
