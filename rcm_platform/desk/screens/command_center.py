"""Command Center: how much is open, how old, how urgent, and with whom."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from rcm_platform.desk import charts, claim_rows, filters, parts
from rcm_platform.desk import format as written
from rcm_platform.desk.desk import Desk, here
from rcm_platform.desk.parts import Column, Markup
from rcm_platform.desk.query import ROW_COUNT, Between, Is, Query, Row, total
from rcm_platform.desk.style import Tone, palette

QUEUE = "mart_claim_priority_queue"
OVERVIEW = "mart_claims_overview"
FORECAST = "mart_cash_forecast"

DUE_DAYS = 14
SHOWN_NAMES = 5
SHOWN_CLAIMS = 10


def page(desk: Desk) -> None:
    """The whole page, from top to bottom."""
    parts.head(desk, "Command Center", "What is open, how old is it, and what comes first?")
    filters.bar(desk.chosen, desk.offered, desk.left_out)
    _tiles(desk)
    left, right = st.columns(2, gap="large")
    with left:
        _ageing(desk)
    with right:
        _months(desk)
    _attention(desk)
    for column, (title, name, chosen) in zip(
        st.columns(3, gap="large"),
        (
            ("Organizations", "facility_name", "organization"),
            ("Payers", "payer_name", "payer"),
            ("Clinicians", "provider_name", "provider"),
        ),
        strict=True,
    ):
        with column:
            _top(desk, title, name, chosen)
    left, right = st.columns(2, gap="large")
    with left:
        _priorities(desk)
    with right:
        _forecast(desk)


def _sums(desk: Desk, *conditions: Is | Between) -> Row:
    query = desk.filtered(total(QUEUE, "outstanding_amount", where=conditions))
    return desk.reader.rows(query)[0]


def _tiles(desk: Desk) -> None:
    claims = desk.reader.rows(desk.filtered(total(OVERVIEW, "claim_count", "charge_amount")))[0]
    everything = _sums(desk)
    high, old = (
        _sums(desk, Is("priority_bucket", ("high",))),
        _sums(desk, Is("age_bucket", ("90+",))),
    )
    due = _sums(desk, Between("days_to_deadline", None, DUE_DAYS))
    queue = desk.lineage(QUEUE)

    def claims_of(row: Row) -> str:
        return f"{written.count(row[ROW_COUNT])} claims"

    parts.tiles(
        (
            parts.Tile(
                "Claims", written.count(claims["claim_count"] or 0),
                help="All claims of these figures, open or not", href=desk.lineage(OVERVIEW),
                verdict=f"{written.short_money(claims['charge_amount'] or 0)} charged",
            ),
            parts.Tile(
                "Outstanding", written.short_money(everything["outstanding_amount"] or 0),
                help="Dollars still owed on open claims", href=queue, verdict=claims_of(everything),
            ),
            parts.Tile(
                "High priority", written.short_money(high["outstanding_amount"] or 0),
                help="Open claims whose balance is in the high band", href=queue, tone=Tone.BAD,
                verdict=claims_of(high),
            ),
            parts.Tile(
                "Older than 90 days", written.short_money(old["outstanding_amount"] or 0),
                help="Open claims, days from service", href=queue, tone=Tone.WATCH,
                verdict=claims_of(old),
            ),
            parts.Tile(
                f"Due within {DUE_DAYS} days", written.short_money(due["outstanding_amount"] or 0),
                help="Open claims whose deadline to act is near, or gone", href=queue,
                tone=Tone.BAD if due[ROW_COUNT] else Tone.GOOD, verdict=claims_of(due),
            ),
        )
    )  # fmt: skip
    if not_used := desk.chosen.unused(desk.reader, OVERVIEW):
        parts.show(
            '<p class="note">',
            parts.text(
                f"All claims and the trend by month are not divided by: {', '.join(not_used)}."
            ),
            "</p>",
        )


def _ageing(desk: Desk) -> None:
    parts.section(
        "How old, and how urgent", "Open dollars by days from service.", desk.lineage(QUEUE)
    )
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                QUEUE,
                ("age_bucket", "priority_bucket"),
                sums=("outstanding_amount", ROW_COUNT),
                order=("age_bucket",),
            )
        )
    )
    if not rows:
        parts.empty("No open claim has these filters.", "Clear one of them.")
        return
    colours = palette()
    figure = go.Figure()
    for bucket in desk.offered["priority"]:
        of_bucket = [row for row in rows if row["priority_bucket"] == bucket]
        if of_bucket:
            figure.add_bar(
                x=[row["age_bucket"] for row in of_bucket],
                y=[float(row["outstanding_amount"]) for row in of_bucket],
                name=written.words(bucket),
                marker_color=colours.of(claim_rows.TONES[bucket]),
                customdata=[
                    f"{written.money(row['outstanding_amount'])}, {row[ROW_COUNT]:,} claims"
                    for row in of_bucket
                ],
                hovertemplate="%{customdata}",
            )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(type="category", ticksuffix=" days", categoryorder="array",
                        categoryarray=desk.offered["age"])  # fmt: skip
    figure.update_yaxes(tickprefix="$", tickformat="~s", nticks=5)
    parts.chart(figure, "Open dollars by age and priority.", "ageing", 280)


def _months(desk: Desk) -> None:
    parts.section(
        "By month of service",
        "What was charged, what was paid of it, and what is still open.",
        desk.lineage(OVERVIEW),
    )
    rows = desk.by_month(
        OVERVIEW, "service_month", "charge_amount", "payment_amount", "outstanding_amount"
    )
    if not rows:
        parts.empty("No claim has these filters.", "Clear one of them.")
        return
    colours = palette()
    charts.months(
        rows,
        "service_month",
        {
            "charge_amount": ("Charged", colours.neutral),
            "payment_amount": ("Paid", colours.good),
            "outstanding_amount": ("Open", colours.bad),
        },
        "months",
        "Charged, paid and open dollars by month of service.",
    )


def _attention(desk: Desk) -> None:
    parts.section(
        "What comes first",
        "The head of the priority queue. The whole of it, and a list for each role, are in the "
        "worklists.",
        desk.lineage(QUEUE),
    )
    rows = desk.reader.rows(
        desk.filtered(Query(QUEUE, order=("queue_position",), limit=SHOWN_CLAIMS))
    )
    if not rows:
        parts.empty("No open claim has these filters.", "Clear one of them.")
        return
    shown = list(claim_rows.columns(desk, reason="priority_reasons"))
    shown.insert(1, Column("Priority", lambda row: claim_rows.priority(row["priority_bucket"])))
    parts.table(rows, shown, "Claims that come first")
    parts.show(f"<p>{parts.inside('All worklists', desk.inside('worklists'))}</p>")


def _top(desk: Desk, title: str, name: str, chosen: str) -> None:
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                QUEUE,
                (name,),
                sums=("outstanding_amount", ROW_COUNT),
                order=("-outstanding_amount", name),
                limit=SHOWN_NAMES,
            )
        )
    )
    parts.section(title, "Most open dollars.")
    if not rows:
        parts.empty("None with these filters.", "")
        return
    most = max(row["outstanding_amount"] for row in rows)

    def named(row: Row) -> Markup:
        if row[name] is None or row[name] not in desk.offered[chosen]:
            return parts.text(row[name] or "None named")
        only = filters.link(desk.chosen, **{chosen: (row[name],)})
        return parts.inside(
            row[name], f"command-center?{filters.encoded(only)}", f"Only {row[name]}"
        )

    parts.table(
        rows,
        (
            Column("Name", named),
            Column("Claims", lambda row: written.count(row[ROW_COUNT]), True),
            Column(
                "Open",
                lambda row: Markup(
                    f"{parts.part_of(row['outstanding_amount'], most)}&nbsp;"
                    f"{parts.text(written.short_money(row['outstanding_amount']))}"
                ),
                True,
            ),
        ),
        f"{title} with most open dollars",
    )


def _priorities(desk: Desk) -> None:
    parts.section("Priorities", "Open claims by the band of their balance.", desk.lineage(QUEUE))
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                QUEUE,
                ("priority_bucket",),
                sums=("outstanding_amount", "recoverable_amount", ROW_COUNT),
                order=("-outstanding_amount",),
            )
        )
    )
    parts.table(
        rows,
        (
            Column("Priority", lambda row: claim_rows.priority(row["priority_bucket"])),
            Column("Claims", lambda row: written.count(row[ROW_COUNT]), True),
            Column("Open", lambda row: written.money(row["outstanding_amount"]), True),
            Column(
                "Recoverable", lambda row: written.money(row["recoverable_amount"]), True,
                help="What the next action can bring in at most",
            ),
        ),
        "Claims by priority",
    )  # fmt: skip


def _forecast(desk: Desk) -> None:
    is_whole = desk.reader.facilities is None
    scope = "total" if is_whole else "facility"
    parts.section(
        "Cash to come",
        "Expected of what is open today, whatever the filters; the range holds four times in five.",
        desk.lineage(FORECAST),
    )
    rows = desk.reader.rows(
        Query(
            FORECAST,
            where=(Is("scope", (scope,)),),
            order=("facility_name", "horizon_days"),
        )
    )
    rows = [row for row in rows if row["forecast_amount"] is not None]
    if not rows:
        parts.empty("Too little is known for a forecast.", "")
        return
    place = () if is_whole else (Column("Organization", lambda row: row["facility_name"]),)
    parts.table(
        rows,
        (
            *place,
            Column("Within", lambda row: written.days(row["horizon_days"])),
            Column("Expected", lambda row: written.money(row["forecast_amount"]), True),
            Column("At least", lambda row: written.money(row["low_amount"]), True),
            Column("At most", lambda row: written.money(row["high_amount"]), True),
        ),
        "Cash forecast",
    )


page(here())
