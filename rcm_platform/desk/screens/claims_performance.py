"""Claims performance: how claims go through, from the first answer to the last dollar."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from rcm_platform.desk import charts, filters, kpis, parts
from rcm_platform.desk import format as written
from rcm_platform.desk.desk import Desk, here
from rcm_platform.desk.parts import Column, Markup
from rcm_platform.desk.query import Query, Row
from rcm_platform.desk.style import palette

OVERVIEW = "mart_claims_overview"
PERFORMANCE = "mart_payer_performance"

SHOWN_NAMES = 20


def page(desk: Desk) -> None:
    """The whole page, from top to bottom."""
    parts.head(desk, "Claims performance", "How many claims go through, and where do they stand?")
    filters.bar(desk.chosen, desk.offered, desk.left_out)
    kpis.show(
        desk, "clean_claim_rate", "first_pass_yield", "denial_rate_claims", "denial_rate_dollars",
        "final_denial_rate", "gross_collection_rate",
    )  # fmt: skip
    _states(desk)
    left, right = st.columns(2, gap="large")
    with left:
        _months(desk)
    with right:
        _answers(desk)
    left, right = st.columns(2, gap="large")
    with left:
        _by(desk, "Organizations", "facility_key", desk.names.facility)
    with right:
        _by(desk, "Clinicians", "provider_key", desk.names.provider)


def _states(desk: Desk) -> None:
    parts.section("Where claims stand", "All claims of these figures.", desk.lineage(OVERVIEW))
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                OVERVIEW,
                ("claim_status",),
                sums=(
                    "claim_count", "charge_amount", "payment_amount", "adjustment_amount",
                    "outstanding_amount",
                ),
                order=("-claim_count", "claim_status"),
            )
        )
    )  # fmt: skip
    if not rows:
        parts.empty("No claim has these filters.", "Clear one of them.")
        return
    most = max(Decimal(row["claim_count"]) for row in rows)
    parts.table(
        rows,
        (
            Column("State", lambda row: written.words(row["claim_status"])),
            Column(
                "Claims",
                lambda row: Markup(
                    f"{parts.part_of(Decimal(row['claim_count']), most)}&nbsp;"
                    f"{parts.text(written.count(row['claim_count']))}"
                ),
                True,
            ),
            Column("Charged", lambda row: written.money(row["charge_amount"]), True),
            Column("Paid", lambda row: written.money(row["payment_amount"]), True),
            Column("Adjusted", lambda row: written.money(row["adjustment_amount"]), True),
            Column("Open", lambda row: written.money(row["outstanding_amount"]), True),
        ),
        "Claims by state",
    )


def _months(desk: Desk) -> None:
    parts.section(
        "By month of service", "What became of each month's charges.", desk.lineage(OVERVIEW)
    )
    rows = desk.by_month(
        OVERVIEW, "service_month", "payment_amount", "adjustment_amount", "outstanding_amount"
    )
    if not rows:
        parts.empty("No claim has these filters.", "Clear one of them.")
        return
    colours = palette()
    charts.stacked(
        rows,
        "service_month",
        {
            "payment_amount": ("Paid", colours.good),
            "adjustment_amount": ("Adjusted", colours.neutral),
            "outstanding_amount": ("Open", colours.bad),
        },
        "claim_months",
        "Paid, adjusted and open dollars by month of service.",
    )


def _answers(desk: Desk) -> None:
    parts.section(
        "By month of submission",
        "Claims that were sent, answered, rejected before the payer, and denied at first.",
        desk.lineage(PERFORMANCE),
    )
    rows = desk.by_month(
        PERFORMANCE,
        "submitted_month",
        "claim_count",
        "remitted_claim_count",
        "rejected_claim_count",
        "initially_denied_claim_count",
    )
    if not rows:
        parts.empty("No claim has these filters.", "Clear one of them.")
        return
    parts.table(
        rows[::-1],
        (
            Column("Month", lambda row: written.month(row["submitted_month"])),
            Column("Sent", lambda row: written.count(row["claim_count"]), True),
            Column("Answered", lambda row: written.count(row["remitted_claim_count"]), True),
            Column("Rejected", lambda row: written.count(row["rejected_claim_count"]), True),
            Column(
                "Denied at first", lambda row: written.count(row["initially_denied_claim_count"]),
                True,
            ),
        ),
        "Claims by month of submission",
    )  # fmt: skip


def _by(desk: Desk, title: str, column: str, name: object) -> None:
    assert callable(name)
    parts.section(title, "The most charges first.", desk.lineage(OVERVIEW))
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                OVERVIEW,
                (column,),
                sums=("claim_count", "charge_amount", "payment_amount", "outstanding_amount"),
                order=("-charge_amount", column),
                limit=SHOWN_NAMES,
            )
        )
    )

    def named(row: Row) -> str:
        return str(name(row[column]))

    parts.table(
        rows,
        (
            Column("Name", named),
            Column("Claims", lambda row: written.count(row["claim_count"]), True),
            Column("Charged", lambda row: written.short_money(row["charge_amount"]), True),
            Column("Paid", lambda row: written.short_money(row["payment_amount"]), True),
            Column("Open", lambda row: written.short_money(row["outstanding_amount"]), True),
        ),
        title,
    )


page(here())
