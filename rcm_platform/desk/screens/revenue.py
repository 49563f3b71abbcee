"""Revenue: what services are worth in net dollars, what was received of it, and what is left."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import streamlit as st

from rcm_platform.desk import charts, filters, kpis, parts
from rcm_platform.desk import format as written
from rcm_platform.desk.desk import Desk, here
from rcm_platform.desk.parts import Column
from rcm_platform.desk.query import Query, Row
from rcm_platform.desk.style import Tone, palette

NET_REVENUE = "mart_net_revenue"
ROLLFORWARD = "mart_ar_rollforward"
MARGIN = "mart_facility_margin"
PROCEDURES = "mart_procedure_profitability"

SHOWN_PROCEDURES = 15

WALK = (
    ("opening_amount", "Open at the start", 1),
    ("charge_amount", "Charged", 1),
    ("charge_correction_amount", "Corrected", 1),
    ("contractual_amount", "Contractual", -1),
    ("payer_cash_amount", "Paid by payers", -1),
    ("patient_cash_amount", "Paid by patients", -1),
    ("refund_amount", "Refunded", 1),
    ("denial_write_off_amount", "Written off after denials", -1),
    ("admin_write_off_amount", "Other write-offs", -1),
    ("small_balance_amount", "Small balances", -1),
    ("prompt_pay_discount_amount", "Discounts for prompt payment", -1),
    ("bad_debt_amount", "Bad debt", -1),
    ("charity_amount", "Charity care", -1),
    ("closing_amount", "Open at the end", 1),
)
"""What a month of receivables is made of: column of the roll-forward, label, sign."""


def page(desk: Desk) -> None:
    """The whole page, from top to bottom."""
    parts.head(desk, "Revenue", "What is the work worth, and how much of it became cash?")
    filters.bar(desk.chosen, desk.offered, desk.left_out)
    kpis.show(
        desk, "net_patient_service_revenue", "net_collection_rate", "cash_rate_of_net_revenue",
        "net_days_in_ar", "cost_to_collect",
    )  # fmt: skip
    left, right = st.columns(2, gap="large")
    with left:
        _revenue(desk)
    with right:
        _margin(desk)
    _walk(desk)
    _procedures(desk)


def _revenue(desk: Desk) -> None:
    parts.section(
        "Net revenue and cash",
        "Expected of the charges of a month with what became known in it, and cash received in it.",
        desk.lineage(NET_REVENUE),
    )
    rows = desk.by_month(
        NET_REVENUE, "revenue_month",
        "net_revenue_amount", "cash_amount", "closing_net_receivable_amount",
    )  # fmt: skip
    if not rows:
        parts.empty("No revenue has these filters.", "Clear one of them.")
        return
    colours = palette()
    charts.months(
        rows,
        "revenue_month",
        {
            "net_revenue_amount": ("Net revenue", colours.accent),
            "cash_amount": ("Cash", colours.good),
            "closing_net_receivable_amount": ("Net receivables at its end", colours.neutral),
        },
        "net_revenue",
        "Net revenue, cash and net receivables by month.",
    )


def _margin(desk: Desk) -> None:
    parts.section("Margin", "Net revenue less what the services cost.", desk.lineage(MARGIN))
    rows = desk.by_month(
        MARGIN, "activity_month", "net_revenue_amount", "cost_amount", "margin_amount"
    )
    if not rows:
        parts.empty("No service has these filters.", "Clear one of them.")
        return
    colours = palette()
    charts.months(
        rows,
        "activity_month",
        {
            "net_revenue_amount": ("Net revenue", colours.accent),
            "cost_amount": ("Cost", colours.neutral),
            "margin_amount": ("Margin", colours.good),
        },
        "margin",
        "Net revenue, cost and margin by month.",
    )
    if unused := desk.chosen.unused(desk.reader, MARGIN):
        parts.show(parts.notice(f"Margin is not divided by: {', '.join(unused)}.", Tone.NEUTRAL))


def _walk(desk: Desk) -> None:
    parts.section(
        "Receivables from month to month",
        "Each line as it was booked; the last one is the sum of those above.",
        desk.lineage(ROLLFORWARD),
    )
    rows = desk.by_month(ROLLFORWARD, "ledger_month", *(column for column, *_ in WALK), latest=6)
    if not rows:
        parts.empty("Nothing was booked with these filters.", "Clear one of them.")
        return
    lines = [
        {
            "label": f"{'' if sign > 0 else 'less: '}{label}",
            **{str(row["ledger_month"]): row[column] for row in rows},
        }
        for column, label, sign in WALK
        if any(row[column] for row in rows)
    ]
    parts.table(
        lines,
        (
            Column("", lambda line: line["label"]),
            *(
                Column(
                    written.month(row["ledger_month"]),
                    _of_month(str(row["ledger_month"])),
                    True,
                )
                for row in rows
            ),
        ),
        "Receivables from month to month",
    )


def _of_month(month: str) -> Callable[[Row], str]:
    return lambda line: written.money(line[month])


def _procedures(desk: Desk) -> None:
    parts.section(
        "Procedures",
        "The most charges first: what they brought in, what they cost.",
        desk.lineage(PROCEDURES),
    )
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                PROCEDURES,
                ("procedure_code", "procedure_label"),
                sums=("charge_line_count", "charge_amount", "allowed_amount", "cash_amount",
                      "allocated_cost_amount", "margin_amount"),
                order=("-charge_amount", "procedure_code"),
                limit=SHOWN_PROCEDURES,
            )
        )
    )  # fmt: skip
    if not rows:
        parts.empty("No procedure has these filters.", "Clear one of them.")
        return
    parts.table(
        rows,
        (
            Column("Procedure", lambda row: f"{row['procedure_label'] or 'Not listed'} "
                                            f"({row['procedure_code']})"),
            Column("Lines", lambda row: written.count(row["charge_line_count"]), True),
            Column("Charged", lambda row: written.short_money(row["charge_amount"]), True),
            Column("Allowed", lambda row: written.short_money(row["allowed_amount"]), True),
            Column("Cash", lambda row: written.short_money(row["cash_amount"]), True),
            Column("Cost", lambda row: written.short_money(row["allocated_cost_amount"]), True),
            Column("Cash less cost", _margin_of, True),
        ),
        "Procedures",
    )  # fmt: skip


def _margin_of(row: Row) -> parts.Markup:
    amount = row["margin_amount"] or Decimal(0)
    return parts.toned(written.short_money(amount), Tone.GOOD if amount >= 0 else Tone.BAD)


page(here())
