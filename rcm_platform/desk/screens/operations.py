"""Operational efficiency: where time is lost between the appointment and the bill, and who works
on it."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from rcm_platform.desk import charts, filters, kpis, parts
from rcm_platform.desk import format as written
from rcm_platform.desk.desk import Desk, here
from rcm_platform.desk.parts import Column, Markup
from rcm_platform.desk.query import ROW_COUNT, Query, Row
from rcm_platform.desk.style import Tone, palette

LAG = "mart_billing_lag"
UNBILLED = "mart_unbilled"
FRONT_END = "mart_front_end"
STAFF = "mart_staff_operations"
COSTS = "mart_department_costs"

SHOWN_STAFF = 25
SHOWN_DEPARTMENTS = 12


def page(desk: Desk) -> None:
    """The whole page, from top to bottom."""
    parts.head(
        desk, "Operational efficiency", "Where is time lost between the appointment and the bill?"
    )
    filters.bar(desk.chosen, desk.offered, desk.left_out)
    kpis.show(
        desk, "charge_lag_days", "dnfb_days", "fbns_days", "insurance_verification_rate",
        "pre_registration_rate", "point_of_service_cash_rate",
    )  # fmt: skip
    left, right = st.columns(2, gap="large")
    with left:
        _steps(desk)
    with right:
        _unbilled(desk)
    left, right = st.columns(2, gap="large")
    with left:
        _appointments(desk)
    with right:
        _activities(desk)
    left, right = st.columns(2, gap="large")
    with left:
        _staff(desk)
    with right:
        _departments(desk)


def _steps(desk: Desk) -> None:
    parts.section("From visit to bill", "Each step, and how often it was late.", desk.lineage(LAG))
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                LAG,
                ("step_number", "step", "limit_days"),
                sums=("done_count", "late_count", "charge_amount", "late_charge_amount"),
                order=("step_number",),
            )
        )
    )
    if not rows:
        parts.empty("No visit has these filters.", "Clear one of them.")
        return
    parts.table(
        rows,
        (
            Column("Step", lambda row: written.words(row["step"])),
            Column("May take", lambda row: written.days(row["limit_days"]), True),
            Column("Done", lambda row: written.count(row["done_count"]), True),
            Column(
                "Late",
                lambda row: parts.toned(
                    written.count(row["late_count"]),
                    Tone.BAD if row["late_count"] else Tone.GOOD,
                ),
                True,
            ),
            Column("Charges that were late", lambda row: written.money(row["late_charge_amount"]),
                   True),
        ),
        "Steps from visit to bill",
    )  # fmt: skip


def _unbilled(desk: Desk) -> None:
    parts.section(
        "Not billed yet", "Why visits wait, and what they are worth.", desk.lineage(UNBILLED)
    )
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                UNBILLED,
                ("unbilled_class", "unbilled_reason"),
                sums=(ROW_COUNT, "charge_amount", "estimated_charge_amount"),
                order=("-estimated_charge_amount", "unbilled_reason"),
            ),
            "charge_amount",
        )
    )
    if not rows:
        parts.empty("Everything is billed.", "")
        return
    parts.table(
        rows,
        (
            Column(
                "Waits because",
                lambda row: Markup(
                    f"{parts.text(written.words(row['unbilled_reason']))} "
                    f"{parts.chip(row['unbilled_class'])}"
                ),
            ),
            Column("Visits", lambda row: written.count(row[ROW_COUNT]), True),
            Column("Charged so far", lambda row: written.money(row["charge_amount"]), True),
            Column(
                "Expected charges", lambda row: written.money(row["estimated_charge_amount"]), True,
                help="With what is still to be charged",
            ),
        ),
        "Visits that are not billed",
    )  # fmt: skip


def _appointments(desk: Desk) -> None:
    parts.section("Appointments", "Kept, missed and cancelled, by month.", desk.lineage(FRONT_END))
    rows = desk.by_month(
        FRONT_END, "activity_month", "kept_count", "no_show_count", "cancelled_count"
    )
    if not rows:
        parts.empty("No appointment has these filters.", "Clear one of them.")
        return
    colours = palette()
    charts.stacked(
        rows,
        "activity_month",
        {
            "kept_count": ("Kept", colours.good),
            "no_show_count": ("Missed", colours.bad),
            "cancelled_count": ("Cancelled", colours.neutral),
        },
        "appointments",
        "Appointments kept, missed and cancelled by month.",
        is_money=False,
    )


def _activities(desk: Desk) -> None:
    parts.section("What staff does", "Work of all months shown.", desk.lineage(STAFF))
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                STAFF,
                ("activity",),
                sums=("task_count", "work_minutes", "claim_count"),
                order=("-work_minutes", "activity"),
            )
        )
    )
    if not rows:
        parts.empty("No work was logged with these filters.", "")
        return
    most = max(Decimal(row["work_minutes"] or 0) for row in rows) or Decimal(1)
    parts.table(
        rows,
        (
            Column("Activity", lambda row: row["activity"]),
            Column("Tasks", lambda row: written.count(row["task_count"]), True),
            Column("Claims", lambda row: written.count(row["claim_count"]), True),
            Column(
                "Minutes",
                lambda row: Markup(
                    f"{parts.part_of(Decimal(row['work_minutes'] or 0), most)}&nbsp;"
                    f"{parts.text(written.count(row['work_minutes']))}"
                ),
                True,
            ),
        ),
        "Work by activity",
    )


def _staff(desk: Desk) -> None:
    parts.section("Staff", "The most minutes first.", desk.lineage(STAFF))
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                STAFF,
                ("staff_name", "staff_role"),
                sums=("task_count", "work_minutes", "claim_count", "denied_claim_count"),
                order=("-work_minutes", "staff_name"),
                limit=SHOWN_STAFF,
            )
        )
    )
    if not rows:
        parts.empty("No work was logged with these filters.", "")
        return
    parts.table(
        rows,
        (
            Column("Name", _who),
            Column("Tasks", lambda row: written.count(row["task_count"]), True),
            Column("Minutes", lambda row: written.count(row["work_minutes"]), True),
            Column("Claims", lambda row: written.count(row["claim_count"]), True),
            Column(
                "Denied later", lambda row: written.count(row["denied_claim_count"]), True,
                help="Of the claims that were worked on",
            ),
        ),
        "Staff",
    )  # fmt: skip


def _who(row: Row) -> Markup:
    return Markup(
        f"{parts.text(row['staff_name'] or 'Not known')}<br>"
        f"<span class='dim'>{parts.text(row['staff_role'] or '')}</span>"
    )


def _departments(desk: Desk) -> None:
    parts.section("Departments", "What they cost and charge.", desk.lineage(COSTS))
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                COSTS,
                ("department_name",),
                sums=("cost_amount", "unallocated_cost_amount", "charge_amount"),
                order=("-cost_amount", "department_name"),
                limit=SHOWN_DEPARTMENTS,
            )
        )
    )
    if not rows:
        parts.empty("No cost has these filters.", "")
        return
    parts.table(
        rows,
        (
            Column("Department", lambda row: row["department_name"] or "Not known"),
            Column("Cost", lambda row: written.short_money(row["cost_amount"]), True),
            Column(
                "Of no service", lambda row: written.short_money(row["unallocated_cost_amount"]),
                True, help="Cost for which no service was found",
            ),
            Column("Charged", lambda row: written.short_money(row["charge_amount"]), True),
        ),
        "Departments",
    )  # fmt: skip


page(here())
