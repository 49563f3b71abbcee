"""Executive: how do we do, why, and what comes next? For a reader of thirty seconds.

Everything is of the leaders' file: sums, nothing of a single claim.
"""

from __future__ import annotations

from decimal import Decimal

import plotly.graph_objects as go
import streamlit as st

from rcm_platform.desk import flow, parts
from rcm_platform.desk import format as written
from rcm_platform.desk.desk import Desk, here
from rcm_platform.desk.query import Is, Query, Row
from rcm_platform.desk.style import Tone, palette
from rcm_platform.explain import scorecard

FLOW = "mart_charge_flow_scorecard"

STAGES = {
    "not billed": ("Not billed", Tone.WATCH, "Visits without a claim, by their expected charge"),
    "not sent": ("Not sent", Tone.WATCH, "Claims that no payer has been sent"),
    "with the payer": ("With the payer", Tone.WATCH, "Sent, and not answered or paid in part"),
    "denied": ("Denied", Tone.BAD, "Refused by the payer, and not given up"),
    "contractual": ("Contractual", Tone.NEUTRAL, "Charged beyond what contracts pay"),
    "written off": ("Written off", Tone.BAD, "Given up after denials, or as not to be collected"),
    "with the patient": ("With the patient", Tone.WATCH, "What patients are to pay and have not"),
    "paid by patients": ("Paid by patients", Tone.GOOD, "Received from patients"),
    "paid by payers": ("Paid by payers", Tone.GOOD, "Received from payers"),
    "to give back": ("To give back", Tone.BAD, "Received beyond the charge"),
}
"""Where money is on its way to cash: its label, what its colour means, and what it is."""
CASH = ("paid by patients", "paid by payers")
_MERGED = "Of too few people to stand alone"


@st.cache_data(show_spinner=False, max_entries=6)
def _headlines(path: str, _desk: Desk) -> list[scorecard.Headline]:
    with _desk.leaders.published.cursor() as con:
        return scorecard.headlines(con)


def page(desk: Desk) -> None:
    """The whole page, from top to bottom."""
    parts.head(desk, "Executive", "How do we do, why, and what comes next?")
    _tiles(desk)
    _flow(desk)
    for first, second in ((_denials, _forecast), (_payers, _ageing)):
        left, right = st.columns([3, 2], gap="large")
        with left:
            first(desk)
        with right:
            second(desk)
    _proof(desk)


def _tiles(desk: Desk) -> None:
    shown = _headlines(str(desk.leaders.published.path), desk)
    if not shown:
        parts.empty(
            "No headline has a month that is old enough to judge.", "Look again next month."
        )
        return
    registry = {row["kpi"]: row for row in desk.leaders.rows(Query("kpi_registry"))}
    parts.tiles(_tile(desk, headline, registry[headline.kpi]) for headline in shown)
    if late := scorecard.months_line(shown):
        parts.show(f'<p class="note">{parts.text(late)}</p>')


def _tile(desk: Desk, headline: scorecard.Headline, definition: Row) -> parts.Tile:
    tone = Tone.GOOD if headline.is_on_target else Tone.BAD
    word = parts.toned("✓ on target" if headline.is_on_target else "✗ off target", tone)
    why = f"{headline.change.text(headline.unit)}." if headline.change else ""
    return parts.Tile(
        headline.label,
        written.measure(headline.value, headline.unit),
        help=parts.defined(definition),
        href=desk.trace(headline.kpi, headline.month),
        tone=tone,
        when=written.month(headline.month),
        verdict=parts.Markup(f"{word} {headline.limit}"),
        why=why[:1].upper() + why[1:],
        trend=headline.trend,
        target=headline.target,
    )


def _flow(desk: Desk) -> None:
    if not desk.leaders.has(FLOW):
        return
    parts.section(
        "From charge to cash, and where money waits",
        "Services of twelve months, and older ones in which something is open.",
        desk.lineage(FLOW),
    )
    rows = desk.leaders.rows(Query(FLOW, order=("stage_number",)))
    if not rows:
        parts.empty("Nothing is on its way, or of too few people to be shown.", "")
        return
    rows.sort(key=_place)
    shown = [row for row in rows if row["flow_amount"] > 0]
    back = next((row for row in rows if row["flow_amount"] < 0), None)
    flow.show(
        flow.Part("Services", rows[0]["services_amount"], Tone.NEUTRAL),
        [_part(row) for row in shown if row["stage"] not in CASH],
        [_part(row) for row in shown if row["stage"] in CASH],
        "Amber waits, red is denied or lost, green is cash, grey is what contracts leave out."
        + (f" {written.money(-back['flow_amount'])} is to be given back." if back else ""),
    )
    with st.expander("The same in figures", key="flow_figures"):
        parts.table(
            rows,
            (
                parts.Column("Stage", lambda row: parts.toned(_label(row), _tone(row))),
                parts.Column("Dollars", lambda row: written.money(row["flow_amount"]), True),
                parts.Column(
                    "What it is",
                    lambda row: STAGES[row["stage"]][2] if row["stage"] else _MERGED,
                    is_wide=True,
                ),
            ),
            "From charge to cash",
        )


def _place(row: Row) -> float:
    """What is merged stands behind the payer's answer, before what patients owe."""
    return row["stage_number"] or (4.5 if row["is_waiting"] else 6.5)


def _part(row: Row) -> flow.Part:
    return flow.Part(_label(row), row["flow_amount"], _tone(row))


def _label(row: Row) -> str:
    if row["stage"]:
        return STAGES[row["stage"]][0]
    return "Waits elsewhere" if row["is_waiting"] else "Settled otherwise"


def _tone(row: Row) -> Tone:
    if row["stage"]:
        return STAGES[row["stage"]][1]
    return Tone.WATCH if row["is_waiting"] else Tone.NEUTRAL


def _forecast(desk: Desk) -> None:
    rows = desk.leaders.rows(
        Query("mart_forecast_scorecard", where=(Is("scope", ("total",)),), order=("horizon_days",))
    )
    parts.section(
        "Cash to come",
        "What is open today is expected to bring this much by then; the range holds four times in "
        "five.",
        desk.lineage("mart_forecast_scorecard"),
    )
    rows = [row for row in rows if row["forecast_amount"] is not None]
    if not rows:
        parts.empty("Too little is open, or too little is known, for a forecast.", "")
        return
    colours = palette()
    figure = go.Figure(
        go.Bar(
            x=[f"{row['horizon_days']} days" for row in rows],
            y=[float(row["forecast_amount"]) for row in rows],
            marker_color=colours.accent,
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [_distance(row, "high_amount") for row in rows],
                "arrayminus": [_distance(row, "low_amount") for row in rows],
                "color": colours.neutral,
                "thickness": 2,
                "width": 8,
            },
            customdata=[_range(row) for row in rows],
            hovertemplate="%{x}: %{customdata}<extra></extra>",
        )
    )
    figure.update_yaxes(visible=False, rangemode="tozero")
    parts.chart(figure, "; ".join(_range(row) for row in rows), "forecast", 200)
    parts.table(
        rows,
        (
            parts.Column("By", lambda row: written.day(row["horizon_date"])),
            parts.Column("Expected", lambda row: written.money(row["forecast_amount"]), True),
            parts.Column(
                "Range",
                lambda row: (
                    f"{written.short_money(row['low_amount'])} to "
                    f"{written.short_money(row['high_amount'])}"
                ),
                True,
            ),
        ),
        "Cash forecast",
    )


def _distance(row: Row, column: str) -> float:
    edge = row[column]
    return 0.0 if edge is None else float(abs(edge - row["forecast_amount"]))


def _range(row: Row) -> str:
    return (
        f"{written.short_money(row['forecast_amount'])} by {written.day(row['horizon_date'])}, "
        f"between {written.short_money(row['low_amount'])} and "
        f"{written.short_money(row['high_amount'])}"
    )


def _denials(desk: Desk) -> None:
    parts.section(
        "Why payers deny",
        "Denied dollars of the latest months, what came back, and who can prevent them.",
        desk.lineage("mart_denial_scorecard"),
    )
    rows = desk.leaders.rows(
        Query(
            "mart_denial_scorecard",
            ("category_label", "responsible_department", "is_avoidable"),
            sums=("denied_amount", "recovered_amount", "written_off_amount"),
            order=("-denied_amount",),
        )
    )
    if not rows:
        parts.empty("No denials of enough people to be shown.", "")
        return
    most = max(row["denied_amount"] for row in rows)
    parts.table(
        rows,
        (
            parts.Column("Reason", lambda row: row["category_label"]),
            parts.Column(
                "Denied",
                lambda row: parts.Markup(
                    parts.part_of(row["denied_amount"], most, Tone.BAD)
                    + "&nbsp;"
                    + parts.text(written.short_money(row["denied_amount"]))
                ),
                True,
            ),
            parts.Column(
                "Came back", lambda row: written.short_money(row["recovered_amount"]), True
            ),
            parts.Column(
                "Written off", lambda row: written.short_money(row["written_off_amount"]), True
            ),
            parts.Column("With", lambda row: row["responsible_department"] or "Several"),
            parts.Column(
                "Avoidable",
                lambda row: {True: "yes", False: "no"}.get(row["is_avoidable"], written.EMPTY),
            ),
        ),
        "Denied dollars by reason",
    )


AGES = {
    "0-30": Tone.GOOD, "31-60": Tone.NEUTRAL, "61-90": Tone.WATCH, "0-90": Tone.NEUTRAL,
    "90+": Tone.BAD,
}  # fmt: skip


def _ageing(desk: Desk) -> None:
    parts.section(
        "How old the open balance is",
        "Days from discharge, at the end of each month.",
        desk.lineage("mart_aging_scorecard"),
    )
    rows = desk.leaders.rows(
        Query(
            "mart_aging_scorecard",
            ("balance_month", "age_bucket"),
            sums=("open_amount",),
            order=("balance_month",),
        )
    )
    rows = [row for row in rows if row["balance_month"]]
    if not rows:
        parts.empty("Nothing is open, or of too few people to be shown.", "")
        return
    colours = palette()
    figure = go.Figure()
    for age, tone in AGES.items():
        of_age = [row for row in rows if row["age_bucket"] == age]
        if of_age:
            figure.add_bar(
                x=[row["balance_month"] for row in of_age],
                y=[float(row["open_amount"]) for row in of_age],
                name=age,
                marker_color=colours.of(tone),
                customdata=[written.short_money(row["open_amount"]) for row in of_age],
                hovertemplate="%{customdata}",
            )
    figure.update_layout(barmode="stack")
    figure.update_yaxes(tickprefix="$", tickformat="~s", nticks=4)
    last = rows[-1]["balance_month"]
    said = ", ".join(
        f"{row['age_bucket']} days {written.short_money(row['open_amount'])}"
        for row in rows
        if row["balance_month"] == last
    )
    parts.chart(figure, f"Open balance at the end of {written.month(last)}: {said}.", "ageing")


def _payers(desk: Desk) -> None:
    parts.section(
        "Payers",
        "Twelve months of claims together; payers of too few people stand as one.",
        desk.lineage("mart_payer_scorecard"),
    )
    rows = desk.leaders.rows(Query("mart_payer_scorecard", order=("is_other", "-charge_amount")))
    parts.table(
        rows,
        (
            parts.Column(
                "Payer",
                lambda row: (
                    "Other payers" if row["is_other"] else desk.names.payer(row["payer_key"])
                ),
            ),
            parts.Column("Charged", lambda row: written.money(row["charge_amount"]), True),
            parts.Column("Paid", lambda row: written.money(row["payer_paid_amount"]), True),
            parts.Column("Still open", lambda row: written.money(row["open_amount"]), True),
            parts.Column("Underpaid", lambda row: written.money(row["underpaid_amount"]), True),
            parts.Column(
                "Denied first",
                lambda row: written.share(row["initial_denial_rate"]),
                True,
                help="Share of claims whose first answer was a denial",
            ),
            parts.Column(
                "Days to pay",
                lambda row: _number(row["days_to_first_payment"]),
                True,
                help="Days from sending to the payer's first payment",
            ),
        ),
        "Payers",
    )


def _number(value: Decimal | None) -> str:
    return written.EMPTY if value is None else f"{value:,.1f}"


def _proof(desk: Desk) -> None:
    with desk.leaders.published.cursor() as con:
        lines = scorecard.proof_line(con), scorecard.cash_line(con)
    parts.section("Proof", "Every dollar is followed from its source to these figures.")
    for line in lines:
        st.markdown(line.replace("$", r"\$").replace("](/", f"]({desk.outside('/')}"))


page(here())
