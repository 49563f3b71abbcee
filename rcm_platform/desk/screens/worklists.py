"""Worklists: for each role what to do next, until when, and what it is worth."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from rcm_platform.desk import address, audit, claim_rows, filters, parts
from rcm_platform.desk import format as written
from rcm_platform.desk.desk import Desk, here
from rcm_platform.desk.parts import Column
from rcm_platform.desk.query import ROW_COUNT, Between, Is, Query, Row
from rcm_platform.desk.style import Tone

QUEUE, LISTS, TESTS = "mart_claim_priority_queue", "mart_worklists", "mart_worklist_backtest"

ALL_CLAIMS = "all open claims"
"""The one queue of everything, beside the lists by role."""

PAGE_ROWS = 25

ORDERS = {
    "list": ("As the list has it", ("list_position",)),
    "worth": ("Worth most", ("-expected_value_amount", "item_id")),
    "open": ("Most open dollars", ("-outstanding_amount", "item_id")),
    "deadline": ("Nearest deadline", ("deadline_date", "item_id")),
    "age": ("Oldest", ("-age_days", "item_id")),
    "odds": ("Best odds", ("-recovery_odds", "item_id")),
}
QUEUE_ORDERS = {
    "list": ("By priority score", ("queue_position",)),
    "worth": ("Worth most", ("expected_value_rank",)),
    **{
        name: (label, tuple("claim_id" if one == "item_id" else one for one in order))
        for name, (label, order) in ORDERS.items()
        if name not in ("list", "worth")
    },
}


def page(desk: Desk) -> None:
    """The whole page, from top to bottom."""
    parts.head(desk, "Worklists", "What do I do next, until when, and what is it worth?")
    filters.bar(desk.chosen, desk.offered, desk.left_out)
    counts = _counts(desk)
    lists = [*counts, ALL_CLAIMS]
    usual = next((name for name, count in counts.items() if count), ALL_CLAIMS)
    chosen = address.chosen("list", lists, usual)
    st.segmented_control(
        "List",
        lists,
        required=True,
        format_func=lambda name: (
            f"{written.words(name)} ({counts[name]:,})" if name in counts else written.words(name)
        ),
        help="One list for each role; an item stands on one of them, that of its next step.",
        **address.widget("list", chosen, usual),
    )
    is_queue = chosen == ALL_CLAIMS
    mart, orders = (QUEUE, QUEUE_ORDERS) if is_queue else (LISTS, ORDERS)
    query = Query(mart) if is_queue else Query(mart, where=(Is("worklist", (chosen,)),))
    query = desk.filtered(query)
    _about(desk, chosen, mart)
    place = "queue_position" if is_queue else "list_position"
    waits = desk.reader.count(query.narrowed(Is(place, (None,))))
    shows_waiting = waits > 0 and _shows_waiting(waits)
    if not shows_waiting:
        query = query.narrowed(Between(place, 1))
    _selection(desk, query)
    _rows(desk, query, orders, chosen, hidden=0 if shows_waiting else waits)
    _scores(desk)


def _shows_waiting(waits: int) -> bool:
    """Whether the viewer wants to see too what waits for its follow-up date or for the payer."""
    state = address.chosen("waiting", ("shown", "hidden"), "hidden")
    labels = {"hidden": "Today's list", "shown": f"With {waits:,} that wait"}
    st.segmented_control(
        "What waits for its follow-up date or for the payer",
        list(labels),
        required=True,
        format_func=labels.__getitem__,
        label_visibility="collapsed",
        **address.widget("waiting", state, "hidden"),
    )
    return state == "shown"


def _counts(desk: Desk) -> dict[str, int]:
    """The lists, as they are in the seed, with their items under the filters."""
    today = Query(LISTS, ("worklist",), (ROW_COUNT,), (Between("list_position", 1),))
    found = {row["worklist"]: row[ROW_COUNT] for row in desk.reader.rows(desk.filtered(today))}
    if desk.reader.has("worklists"):
        known = [row["worklist"] for row in desk.reader.rows(Query("worklists", ("worklist",)))]
    else:
        known = sorted(found)
    return {name: found.get(name, 0) for name in known}


def _about(desk: Desk, chosen: str, mart: str) -> None:
    about = "Every open claim, by how pressing it is."
    if chosen != ALL_CLAIMS and desk.reader.has("worklists"):
        row = desk.reader.first(Query("worklists", where=(Is("worklist", (chosen,)),)))
        about = f"{row['role']}: {row['description']}." if row else ""
    lines = [about, *_tested(desk, chosen)]
    if unused := desk.chosen.unused(desk.reader, mart):
        lines.append(f"This list is not divided by: {', '.join(unused)}.")
    parts.section(written.words(chosen), " ".join(lines), desk.lineage(mart))


def _tested(desk: Desk, chosen: str) -> Iterator[str]:
    """How the order of a list did on past months, against the oldest first."""
    if not desk.reader.has(TESTS):
        return
    rows = desk.reader.rows(
        Query(
            TESTS,
            ("ranking",),
            sums=("recovered_amount", "selected_minutes"),
            where=(Is("worklist", (chosen,)),),
        )
    )
    by_ranking = {row["ranking"]: row["recovered_amount"] for row in rows}
    if {"list order", "oldest first"} <= by_ranking.keys():
        yield (
            f"On past months this order brought in {written.short_money(by_ranking['list order'])} "
            "in the time in which the oldest first brought in "
            f"{written.short_money(by_ranking['oldest first'])}."
        )


def _selection(desk: Desk, query: Query) -> None:
    sums = ("outstanding_amount", "recoverable_amount", "expected_value_amount", "work_minutes")
    found = desk.reader.rows(Query(query.mart, sums=(*sums, ROW_COUNT), where=query.where))[0]
    hours = (found["work_minutes"] or 0) / 60
    parts.tiles(
        (
            parts.Tile("Items", written.count(found[ROW_COUNT])),
            parts.Tile("Open", written.short_money(found["outstanding_amount"] or 0)),
            parts.Tile(
                "Recoverable", written.short_money(found["recoverable_amount"] or 0),
                help="What the next actions can bring in at most",
            ),
            parts.Tile(
                "Worth", written.short_money(found["expected_value_amount"] or 0), tone=Tone.GOOD,
                help="Expected value: odds times recoverable dollars, less the cost of the work",
            ),
            parts.Tile("Work", f"{hours:,.1f} hours", help="Minutes of all next actions together"),
        )
    )  # fmt: skip


def _rows(
    desk: Desk,
    query: Query,
    orders: dict[str, tuple[str, tuple[str, ...]]],
    chosen: str,
    hidden: int,
) -> None:
    """The list itself; `hidden` is how many items wait and are not shown."""
    count = desk.reader.count(query)
    if not count and hidden:
        parts.empty(
            f"Nothing to do on this list today: {hidden:,} wait for their day or for the payer.",
            "Show them above, or open another list.",
        )
        return
    if not count:
        parts.empty(
            "Nothing is on this list with these filters.", "Clear one, or open another list."
        )
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="list_order"):
        order = address.chosen("order", list(orders), "list")
        st.selectbox(
            "Order",
            list(orders),
            format_func=lambda name: orders[name][0],
            width=220,
            **address.widget("order", order, "list"),
        )
        ordered = Query(query.mart, where=query.where, order=orders[order][1])
        st.download_button(
            "CSV of all",
            lambda: _export(desk, ordered, chosen),
            file_name=f"{chosen.replace(' ', '_')}_{desk.reader.published.version.version}.csv",
            mime="text/csv",
            on_click="ignore",
            help="Every item of this list with these filters, in this order",
        )
    pages = -(-count // PAGE_ROWS)
    number = address.page_number(pages, ordered)
    rows = desk.reader.rows(ordered.page(number, PAGE_ROWS))
    parts.table(rows, _columns(desk, query.mart, rows), written.words(chosen))
    first = (number - 1) * PAGE_ROWS + 1
    parts.show(f'<p class="note">Items {first:,} to {first + len(rows) - 1:,} of {count:,}.</p>')
    if pages > 1:
        address.pages(pages, number)


def _columns(desk: Desk, mart: str, rows: list[Row]) -> list[Column]:
    is_queue = mart == QUEUE
    shown = list(
        claim_rows.columns(
            desk,
            number="claim_id" if is_queue else "item_id",
            reason="priority_reasons" if is_queue else "reason",
        )
    )
    if is_queue:
        shown.insert(1, Column("Priority", lambda row: claim_rows.priority(row["priority_bucket"])))
        shown.insert(0, Column("Rank", lambda row: written.count(row["queue_position"]), True))
    else:
        shown[0] = Column("Item", lambda row: claim_rows.item(desk, row))
        shown.insert(0, Column("Rank", lambda row: written.count(row["list_position"]), True))
    shown.append(Column("Last done", claim_rows.last_done))
    return shown


def _export(desk: Desk, query: Query, chosen: str) -> bytes:
    audit.note(desk.viewer, "EXPORTED", f"worklists: {chosen}")
    return "".join(desk.reader.csv(query)).encode()


def _scores(desk: Desk) -> None:
    with st.expander("How the lists are ordered"):
        st.markdown(
            "**In a list**, what is due soon comes first, then what is worth most, then what is "
            "largest. *Worth* is the odds of the next action times what it can bring in, less "
            "what the work costs. The odds are those of past claims like it.\n\n"
            "**The priority score** adds points for the open balance, for the number of entries "
            "on the claim, and for its age. A claim's page shows each rule with its points."
        )
        if desk.reader.has("work_actions"):
            parts.table(
                desk.reader.rows(Query("work_actions")),
                (
                    Column("Action", lambda row: written.words(row["action"])),
                    Column("Means", lambda row: row["label"]),
                    Column("List", lambda row: written.words(row["worklist"])),
                    Column("Minutes", lambda row: written.count(row["work_minutes"]), True),
                    Column("Cost", lambda row: written.money(row["cost_amount"]), True),
                ),
                "Actions",
            )
        if desk.reader.has("priority_rules"):
            parts.table(
                desk.reader.rows(Query("priority_rules")),
                (
                    Column("Looks at", lambda row: written.words(row["factor"])),
                    Column("When", _when),
                    Column("Points", lambda row: written.count(row["points"]), True),
                    Column("Says", lambda row: row["reason"] or written.EMPTY),
                ),
                "Rules of the priority score",
            )


def _when(row: Row) -> str:
    if row["threshold"] is None:
        return "otherwise"
    return f"{row['comparison']} {written.count(row['threshold'])}"


page(here())
