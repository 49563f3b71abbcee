"""Clinicians: from work to charges to allowed dollars to cash, and against the target."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from rcm_platform.desk import charts, filters, kpis, parts
from rcm_platform.desk import format as written
from rcm_platform.desk.desk import Desk, here
from rcm_platform.desk.parts import Column, Markup, Tile
from rcm_platform.desk.query import Query, Row, total
from rcm_platform.desk.style import Tone, palette

WORK = "mart_clinician_productivity"
LEADERS_WORK = "mart_clinician_scorecard"

SHOWN_CLINICIANS = 60


def page(desk: Desk) -> None:
    """The whole page, from top to bottom."""
    parts.head(desk, "Clinicians", "What becomes of the work: charges, allowed dollars, cash?")
    if desk.viewer.sees_claims:
        filters.bar(desk.chosen, desk.offered, desk.left_out)
        kpis.show(desk, "collections_per_wrvu", "cost_per_wrvu", "charge_lag_days")
    _funnel(desk)
    left, right = st.columns(2, gap="large")
    with left:
        _months(desk)
    with right:
        _specialties(desk)
    _clinicians(desk)


def _mart(desk: Desk) -> str:
    return WORK if desk.viewer.sees_claims else LEADERS_WORK


def _funnel(desk: Desk) -> None:
    mart = _mart(desk)
    amounts = ["work_rvu", "charge_amount", "cohort_cash_amount", "open_amount"]
    if desk.viewer.sees_claims:
        amounts[2:2] = ["allowed_amount"]
    parts.section(
        "From work to cash",
        "Professional claims of the work of all months shown; what facilities earn by it is not in "
        "here.",
        desk.lineage(mart),
    )
    [found] = desk.reader.rows(desk.filtered(total(mart, *amounts, "encounter_count")))
    if not found["encounter_count"]:
        parts.empty("No work has these filters.", "Clear one of them.")
        return
    words = {
        "work_rvu": ("Work RVUs", "Relative value units of what was done"),
        "charge_amount": ("Charged", "Charges of the claims of this work"),
        "allowed_amount": ("Allowed", "What payers accept of the charges"),
        "cohort_cash_amount": ("Cash", "Received on the claims of this work so far"),
        "open_amount": ("Open", "Still owed on the claims of this work"),
    }
    parts.tiles(
        Tile(
            words[column][0],
            written.count(found[column])
            if column == "work_rvu"
            else written.short_money(found[column] or Decimal(0)),
            help=words[column][1],
            href=desk.lineage(mart),
        )
        for column in amounts
    )


def _months(desk: Desk) -> None:
    mart = _mart(desk)
    parts.section("By month of work", "Charges, and the cash on them so far.", desk.lineage(mart))
    rows = desk.by_month(
        mart, "activity_month", "charge_amount", "cohort_cash_amount", "open_amount"
    )
    if not rows:
        parts.empty("No work has these filters.", "Clear one of them.")
        return
    colours = palette()
    charts.months(
        rows,
        "activity_month",
        {
            "charge_amount": ("Charged", colours.neutral),
            "cohort_cash_amount": ("Cash so far", colours.good),
            "open_amount": ("Open", colours.bad),
        },
        "work_months",
        "Charges, cash so far and open dollars by month of work.",
    )


def _specialties(desk: Desk) -> None:
    mart = _mart(desk)
    parts.section("By specialty", "Cash on the work of all months shown.", desk.lineage(mart))
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                mart,
                ("specialty",),
                sums=("cohort_cash_amount",),
                order=("-cohort_cash_amount", "specialty"),
                limit=10,
            )
        )
    )
    if rows:
        charts.ranked(
            rows, "specialty", "cohort_cash_amount", palette().good, "specialties",
            "Cash by specialty.",
        )  # fmt: skip


def _clinicians(desk: Desk) -> None:
    mart = _mart(desk)
    amounts = [
        "encounter_count", "work_rvu", "target_work_rvu", "charge_amount", "cohort_cash_amount",
        "open_amount",
    ]  # fmt: skip
    amounts += ["professional_cost_amount"]
    denied = "denied_open_amount" if desk.viewer.sees_claims else "denied_amount"
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                mart,
                ("provider_name", "specialty"),
                sums=(*amounts, denied),
                order=("-charge_amount", "provider_name"),
                limit=SHOWN_CLINICIANS,
            )
        )
    )
    parts.section(
        "By clinician",
        "All months of these figures, the most charges first; young months have little of their "
        "cash yet.",
        desk.lineage(mart),
    )
    if not rows:
        parts.empty("No work has these filters.", "Clear one of them.")
        return
    most = max((row["cohort_cash_amount"] or Decimal(0) for row in rows), default=Decimal(0))
    parts.table(
        rows,
        (
            Column("Clinician", _name),
            Column("Visits", lambda row: written.count(row["encounter_count"]), True),
            Column("Work RVUs", _work, True, help="And the target for the time that was worked"),
            Column("Charged", lambda row: written.short_money(row["charge_amount"]), True),
            Column(
                "Cash so far",
                lambda row: Markup(
                    f"{parts.part_of(row['cohort_cash_amount'], most, Tone.GOOD)}&nbsp;"
                    f"{parts.text(written.short_money(row['cohort_cash_amount']))}"
                ),
                True,
            ),
            Column("Open", lambda row: written.short_money(row["open_amount"]), True),
            Column(
                "Denied" if denied == "denied_amount" else "Open after a denial",
                lambda row: written.short_money(row[denied]),
                True,
            ),
            Column(
                "Cost", lambda row: written.short_money(row["professional_cost_amount"]), True,
                help="What was spent on this work",
            ),
        ),
        "Clinicians",
    )  # fmt: skip


def _name(row: Row) -> Markup:
    return Markup(
        f"{parts.text(row['provider_name'] or 'All others')}<br>"
        f"<span class='dim'>{parts.text(row['specialty'] or '')}</span>"
    )


def _work(row: Row) -> Markup:
    done, wanted = row["work_rvu"], row["target_work_rvu"]
    if not wanted:
        return parts.text(written.count(done))
    tone = Tone.GOOD if done >= wanted else Tone.WATCH
    return Markup(
        f"{parts.toned(written.count(done), tone)} "
        f"<span class='dim'>of {written.count(wanted)}</span>"
    )


page(here())
