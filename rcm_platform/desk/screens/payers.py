"""Payers: how well each pays, how fast, how much less than agreed, and which has changed."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from rcm_platform.desk import charts, filters, kpis, parts
from rcm_platform.desk import format as written
from rcm_platform.desk.desk import Desk, here
from rcm_platform.desk.parts import Column, Markup
from rcm_platform.desk.query import Is, Query, Row
from rcm_platform.desk.style import Tone, palette

PERFORMANCE = "mart_payer_performance"
UNDERPAYMENTS = "fct_underpayments"
DRIFT = "mart_payer_drift"

SHOWN_LINES = 15
SHOWN_CHANGES = 10

MEASURES = {"denied": "denies", "slow": "pays late", "underpaid": "pays too little"}
"""Measure of the drift → what a payer does more than it used to."""


def page(desk: Desk) -> None:
    """The whole page, from top to bottom."""
    parts.head(desk, "Payers", "Who pays well, who pays late, who pays less than agreed?")
    filters.bar(desk.chosen, desk.offered, desk.left_out)
    kpis.show(
        desk, "first_pass_yield", "initial_denial_rate", "days_to_first_payment",
        "underpayment_rate", "overturn_rate",
    )  # fmt: skip
    _changes(desk)
    _payers(desk)
    left, right = st.columns(2, gap="large")
    with left:
        _months(desk)
    with right:
        _contracts(desk)
    _lines(desk)


def _changes(desk: Desk) -> None:
    """Payers that do something more than they used to: what they are told of."""
    if desk.reader.facilities is not None or not desk.reader.has(DRIFT):
        return
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                DRIFT,
                where=(Is("is_told", (True,)),),
                order=("-known_week", "payer_name", "measure"),
                limit=SHOWN_CHANGES,
            )
        )
    )
    parts.section(
        "What changed",
        "A payer that denies, delays or underpays more than it used to is named from the week in "
        "which the evidence was enough.",
        desk.lineage(DRIFT),
    )
    if not rows:
        parts.empty("No payer has changed.", "")
        return
    parts.table(
        rows,
        (
            Column("Payer", lambda row: row["payer_name"]),
            Column("More than it used to", lambda row: MEASURES.get(row["measure"], "changed")),
            Column("Usual share", lambda row: written.share(row["usual_share"]), True),
            Column("Since the week of", lambda row: written.day(row["last_usual_week"])),
            Column("Known in the week of", lambda row: written.day(row["known_week"])),
            Column("Claims since", lambda row: written.count(row["claims_since_count"]), True),
        ),
        "Payers that changed",
    )


def _payers(desk: Desk) -> None:
    parts.section(
        "By payer",
        "All claims of these figures by the payer that they were sent to; a name opens its own "
        "figures.",
        desk.lineage(PERFORMANCE),
    )
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                PERFORMANCE,
                ("payer_name", "payer_class"),
                sums=(
                    "claim_count", "first_pass_count", "first_pass_judged_count",
                    "initially_denied_claim_count", "remitted_claim_count", "charge_amount",
                    "expected_amount", "payer_paid_amount", "underpaid_amount", "open_amount",
                ),
                order=("-open_amount", "payer_name"),
            )
        )
    )  # fmt: skip
    if not rows:
        parts.empty("No claim has these filters.", "Clear one of them.")
        return
    most = max((row["open_amount"] or Decimal(0) for row in rows), default=Decimal(0))

    def named(row: Row) -> Markup:
        name = row["payer_name"] or filters.NO_PAYER
        only = filters.encoded(filters.link(desk.chosen, payer=(name,)))
        link = parts.inside(name, f"payers?{only}", f"Only {name}")
        return Markup(f"{link}<br><span class='dim'>{parts.text(row['payer_class'] or '')}</span>")

    parts.table(
        rows,
        (
            Column("Payer", named),
            Column("Claims", lambda row: written.count(row["claim_count"]), True),
            Column(
                "Paid at first pass",
                lambda row: _of(row["first_pass_count"], row["first_pass_judged_count"]),
                True,
                help="Of the claims that are old enough to judge",
            ),
            Column(
                "Denied at first",
                lambda row: _of(row["initially_denied_claim_count"], row["remitted_claim_count"]),
                True,
                help="Of the claims that were answered",
            ),
            Column("Charged", lambda row: written.short_money(row["charge_amount"]), True),
            Column("Paid", lambda row: written.short_money(row["payer_paid_amount"]), True),
            Column(
                "Underpaid",
                lambda row: (
                    parts.toned(written.money(row["underpaid_amount"]), Tone.BAD)
                    if row["underpaid_amount"]
                    else written.EMPTY
                ),
                True,
                help="Less than the contract says, beyond its tolerance",
            ),
            Column(
                "Open",
                lambda row: Markup(
                    f"{parts.part_of(row['open_amount'], most)}&nbsp;"
                    f"{parts.text(written.short_money(row['open_amount']))}"
                ),
                True,
            ),
        ),
        "Payers",
    )


def _of(part: int | None, whole: int | None) -> str:
    return f"{written.count(part or 0)} of {written.count(whole)}" if whole else written.EMPTY


def _months(desk: Desk) -> None:
    parts.section(
        "By month of submission", "What was charged, agreed and paid.", desk.lineage(PERFORMANCE)
    )
    rows = desk.by_month(
        PERFORMANCE, "submitted_month", "charge_amount", "expected_amount", "payer_paid_amount"
    )
    if not rows:
        parts.empty("No claim has these filters.", "Clear one of them.")
        return
    colours = palette()
    charts.months(
        rows,
        "submitted_month",
        {
            "charge_amount": ("Charged", colours.neutral),
            "expected_amount": ("Agreed", colours.accent),
            "payer_paid_amount": ("Paid by payers", colours.good),
        },
        "payer_months",
        "Charged, agreed and paid dollars by month of submission.",
    )


def _contracts(desk: Desk) -> None:
    parts.section(
        "Underpaid by contract", "Dollars below what was agreed.", desk.lineage(UNDERPAYMENTS)
    )
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                UNDERPAYMENTS,
                ("contract_id",),
                sums=("underpaid_amount",),
                where=(Is("is_underpaid", (True,)),),
                order=("-underpaid_amount", "contract_id"),
                limit=10,
            )
        )
    )
    if not rows:
        parts.empty("Nothing was paid below its contract.", "")
        return
    charts.ranked(
        rows, "contract_id", "underpaid_amount", palette().bad, "contracts",
        "Underpaid dollars by contract.",
    )  # fmt: skip


def _lines(desk: Desk) -> None:
    parts.section(
        "Lines that were paid too little",
        "The largest first; an appeal names the contract and the line.",
        desk.lineage(UNDERPAYMENTS),
    )
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                UNDERPAYMENTS,
                where=(Is("is_underpaid", (True,)),),
                order=("-underpaid_amount", "claim_line_key"),
                limit=SHOWN_LINES,
            )
        )
    )
    if not rows:
        parts.empty("Nothing was paid below its contract.", "")
        return
    parts.table(
        rows,
        (
            Column(
                "Claim", lambda row: parts.inside(row["claim_id"], desk.claim(row["claim_key"]))
            ),
            Column("Payer", lambda row: desk.names.payer(row["payer_key"])),
            Column("Contract", lambda row: row["contract_id"] or written.EMPTY),
            Column("Procedure", lambda row: row["procedure_code"] or written.EMPTY),
            Column("Paid on", lambda row: written.day(row["payment_date"])),
            Column("Agreed", lambda row: written.money(row["expected_amount"]), True),
            Column("Allowed", lambda row: written.money(row["allowed_amount"]), True),
            Column(
                "Underpaid",
                lambda row: parts.toned(written.money(row["underpaid_amount"]), Tone.BAD),
                True,
            ),
        ),
        "Underpaid lines",
    )


page(here())
