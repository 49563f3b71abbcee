"""Data quality and exceptions: what breaks a rule, what it is worth, what is decided about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from rcm_platform.desk import decisions, filters, parts
from rcm_platform.desk import format as written
from rcm_platform.desk.desk import Desk, here
from rcm_platform.desk.entries import MOST_REASON_CHARACTERS
from rcm_platform.desk.parts import Column, Markup, Tile
from rcm_platform.desk.query import ROW_COUNT, Between, Is, Query, Row, total
from rcm_platform.desk.store import StoreUnavailable
from rcm_platform.desk.style import Tone, palette
from rcm_platform.explain.exceptions import DataException, UnknownException
from rcm_platform.operate import exceptions
from rcm_platform.operate.exceptions import RunIsWriting
from rcm_platform.sources.base import ExceptionDecision

EXCEPTIONS = "mart_data_exceptions"
HELD = "mart_quarantine_daily"
QUALITY = "mart_data_quality"
RECEIVED = "mart_received_files"
RECONCILIATION = "mart_cash_reconciliation"

PAGE_SIZE = 25
SHOWN_RULES = 12
SHOWN_TABLES = 15
SHOWN_DAYS = 90
SHOWN_ARRIVALS = 30
OFFERED_PAYMENTS = 50

STATES = {"open": "Open", "all": "All, also settled and decided"}
BECAME = {
    "loaded": "Loaded",
    "partial": "Held in part",
    "held": "Held",
    "duplicate": "There already",
}
EVERY = ""
_ID = "exception"
"""Where the address has the exception that is shown."""
_SAID = "quality: decided"


def page(desk: Desk) -> None:
    """The whole page, from top to bottom."""
    parts.head(
        desk,
        "Data quality and exceptions",
        "What breaks a rule, what is it worth, and what is to be done about it?",
    )
    filters.bar(desk.chosen, desk.offered, desk.left_out)
    if unused := desk.chosen.unused(desk.reader, EXCEPTIONS, "finding_amount"):
        parts.show(parts.notice(f"Exceptions are not divided by: {', '.join(unused)}."))
    _tiles(desk)
    parts.paper_remittance(desk)
    _rules(desk)
    _items(desk)
    if desk.reader.facilities is None:
        if desk.reader.has(RECEIVED):
            _arrived(desk)
        left, right = st.columns(2, gap="large")
        with left:
            _tables(desk)
        with right:
            _held(desk)


def _open(desk: Desk) -> Query:
    return desk.filtered(
        total(EXCEPTIONS, "finding_amount", where=(Is("is_open", (True,)),)), "finding_amount"
    )


def _tiles(desk: Desk) -> None:
    [found] = desk.reader.rows(_open(desk))
    [held] = desk.reader.rows(_open(desk).narrowed(Is("action", ("quarantine",))))
    oldest = desk.reader.first(
        desk.filtered(
            Query(EXCEPTIONS, where=(Is("is_open", (True,)),), order=("-age_days",)),
            "finding_amount",
        )
    )
    decided = desk.reader.rows(
        desk.filtered(
            Query(EXCEPTIONS, ("decision",), sums=(ROW_COUNT,), order=("decision",)),
            "finding_amount",
        )
    )
    by_decision = {row["decision"]: row[ROW_COUNT] for row in decided if row["decision"]}
    tiles = [
        Tile(
            "Open exceptions", written.count(found[ROW_COUNT]),
            help="Findings of all rules that nobody settled, and no later record",
            href=desk.lineage(EXCEPTIONS),
            tone=Tone.WATCH if found[ROW_COUNT] else Tone.GOOD,
            verdict=f"the oldest for {written.days(oldest['age_days'])}"
            if oldest else "nothing is open",
        ),
        Tile(
            "Open dollars", written.short_money(found["finding_amount"] or Decimal(0)),
            help="As each rule counts them; two rules may be about the same dollars",
            href=desk.lineage(EXCEPTIONS),
        ),
        Tile(
            "Held out of the figures", written.short_money(held["finding_amount"] or Decimal(0)),
            help="In quarantine: in no figure until it is released or sent again",
            href=desk.outside("/assets/raw/platform/quarantine"),
            tone=Tone.BAD if held[ROW_COUNT] else Tone.GOOD,
            verdict=f"{written.count(held[ROW_COUNT])} items",
        ),
        Tile(
            "Decided by people", written.count(sum(by_decision.values())),
            help="Waived, closed, matched or released, each with who, when and why",
            verdict=", ".join(f"{n:,} {name}" for name, n in by_decision.items()) or "none yet",
        ),
    ]  # fmt: skip
    if desk.reader.facilities is None and desk.reader.has(QUALITY):
        missed = desk.reader.count(Query(QUALITY, where=_LATEST_MISSED))
        tiles.append(
            Tile(
                "Tables below a limit", written.count(missed),
                help="Rules of quality that fewer rows hold lately than they must",
                href=desk.lineage(QUALITY), tone=Tone.BAD if missed else Tone.GOOD,
            )
        )  # fmt: skip
    parts.tiles(tiles)


_LATEST = (Is("is_latest", (True,)),)
_LATEST_MISSED = (*_LATEST, Is("is_acceptable", (False,)))


def _rules(desk: Desk) -> None:
    rows = desk.reader.rows(
        desk.filtered(
            Query(
                EXCEPTIONS,
                ("rule_id", "rule_description", "next_step", "action"),
                sums=("finding_amount", ROW_COUNT),
                where=(Is("is_open", (True,)),),
                order=("-finding_amount", "rule_id"),
                limit=SHOWN_RULES,
            ),
            "finding_amount",
        )
    )
    parts.section("By rule", "What is open, the most dollars first.", desk.lineage(EXCEPTIONS))
    if not rows:
        parts.empty("Nothing is open.", "")
        return
    most = max((abs(row["finding_amount"] or 0) for row in rows), default=0)
    parts.table(
        rows,
        (
            Column("Rule", lambda row: _rule(row)),
            Column("Items", lambda row: written.count(row[ROW_COUNT]), True),
            Column(
                "Dollars",
                lambda row: Markup(
                    f"{parts.part_of(abs(row['finding_amount'] or 0), Decimal(most), _tone(row))}"
                    f"&nbsp;{parts.text(written.money(row['finding_amount']))}"
                ),
                True,
            ),
            Column("What to do", lambda row: row["next_step"]),
        ),
        "Open exceptions by rule",
    )


def _tone(row: Row) -> Tone:
    return Tone.BAD if row["action"] == "quarantine" else Tone.WATCH


def _rule(row: Row) -> Markup:
    return Markup(f"{parts.text(row['rule_description'])} {parts.chip(row['rule_id'], _tone(row))}")


def _items(desk: Desk) -> None:
    parts.section(
        "Items",
        "Choose one to see where it is from and to decide about it.",
        desk.lineage(EXCEPTIONS),
    )
    with st.container(key="quality_choices", horizontal=True, vertical_alignment="bottom"):
        state = _choice("State", "state", list(STATES), STATES)
        scope = (Is("is_open", (True,)),) if state == "open" else ()
        rules = _offered(desk, scope, "rule_id", "rule_description")
        rule = _choice("Rule", "rule", [EVERY, *rules], {EVERY: "All rules", **rules})
        sources = {row: written.words(row) for row in _offered(desk, scope, "source_system")}
        source = _choice("From", "from", [EVERY, *sources], {EVERY: "All sources", **sources})
    query = desk.filtered(
        Query(
            EXCEPTIONS,
            where=(
                *scope,
                *((Is("rule_id", (rule,)),) if rule else ()),
                *((Is("source_system", (source,)),) if source else ()),
            ),
            order=("-finding_amount", "-age_days", "finding_key"),
        ),
        "finding_amount",
    )
    count = desk.reader.count(query)
    if not count:
        parts.empty("No exception is like this.", "Choose another rule, source or state.")
        return
    number = _page_number(count, "quality_page")
    rows = desk.reader.rows(query.page(number, PAGE_SIZE))
    picked = st.dataframe(
        [_line(row) for row in rows],
        hide_index=True,
        width="stretch",
        on_select="rerun",
        selection_mode="single-row",
        key=f"quality_items_{state}_{rule}_{source}_{number}",
        column_config={
            "Rule": st.column_config.TextColumn(width=60),
            "What is wrong": st.column_config.TextColumn(width=280),
            "Dollars": st.column_config.NumberColumn(format="dollar", width=100),
            "Days": st.column_config.NumberColumn(width=60, help="From the day it was found"),
            "Record": st.column_config.TextColumn(width=190),
            "File or table": st.column_config.TextColumn(width=250),
            "Place": st.column_config.TextColumn(width=90),
        },
        alt="Exceptions, a row each",
    )
    chosen = picked["selection"]["rows"]
    if chosen and chosen[0] < len(rows):
        st.query_params[_ID] = str(rows[chosen[0]]["finding_key"])
    if key := st.query_params.get(_ID):
        _one(desk, key)


def _page_number(count: int, key: str) -> int:
    """Which page of so many rows is asked for; the last one where that is not there."""
    pages = -(-count // PAGE_SIZE)
    if pages <= 1:
        return 1
    asked = min(int(st.session_state.get(key, 1)), pages)
    return int(st.number_input(f"Page, of {pages:,}", 1, pages, asked, key=key, width=170))


def _offered(desk: Desk, scope: tuple[Is, ...], column: str, label: str = "") -> dict[str, str]:
    """Values of a column that exceptions have, with their words."""
    columns = (column, label) if label else (column,)
    rows = desk.reader.rows(
        desk.filtered(
            Query(EXCEPTIONS, columns, sums=(ROW_COUNT,), where=scope, order=(column,)),
            "finding_amount",
        )
    )
    return {row[column]: f"{row[column]}: {row[label]}" if label else "" for row in rows}


def _choice(label: str, name: str, options: list[str], words: dict[str, str]) -> str:
    """A choice that is also in the address."""
    asked = st.query_params.get(name, options[0])
    chosen = str(
        st.selectbox(
            label,
            options,
            options.index(asked) if asked in options else 0,
            format_func=lambda one: words[one],
            key=f"quality_{name}",
        )
    )
    if chosen != options[0]:
        st.query_params[name] = chosen
    elif name in st.query_params:
        del st.query_params[name]
    return chosen


def _line(row: Row) -> dict[str, object]:
    amount = row["finding_amount"]
    return {
        "Rule": row["rule_id"],
        "What is wrong": row["rule_description"],
        "Dollars": None if amount is None else float(amount),
        "Days": row["age_days"],
        "Record": f"{row['record_type']} {row['record_id'] or ''}".strip(),
        "File or table": row["source_file"] or written.words(row["source_system"]),
        "Place": row["source_position"] or "",
        "State": DataException(**_fields(row)).status,
    }


def _fields(row: Row) -> dict[str, Any]:
    return {field.name: row[field.name] for field in fields(DataException)}


def _one(desk: Desk, key: str) -> None:
    """One exception: where it is from, what was decided, and the form to decide."""
    row = desk.reader.first(Query(EXCEPTIONS, where=(Is("finding_key", (key,)),)))
    if row is None:
        parts.empty("This exception is not in these figures.", "Choose another.")
        return
    one = DataException(**_fields(row))
    with st.container(border=True):
        parts.show(f"<h3>{_rule(row)}</h3>")
        parts.facts(
            {
                "Record": f"{one.record_type} {one.record_id or 'without a number'}",
                "Where": " ".join(
                    part for part in (one.source_file, one.source_position) if part
                ) or written.words(one.source_system),
                "Dollars": written.money(one.finding_amount),
                "Found": f"{written.day(one.found_date)}, {written.days(one.age_days)} ago"
                if one.found_date else "on a day that its file does not tell",
                "State": one.status,
                "Detail": one.detail or written.EMPTY,
                "What to do": one.next_step,
                "Claim": parts.anchor("its ledger entries", desk.claim_trace(row["claim_key"]))
                if row["claim_key"] else written.EMPTY,
            }
        )  # fmt: skip
        made = _history(desk, one)
        payments = _named(desk, {each.remit_payment_key for each in made} - {None})
        for each in made:
            is_later = each.decided_at.replace(tzinfo=None) > _published_at(desk)
            pending = " — pending until the next run" if is_later else ""
            of_what = payments.get(each.remit_payment_key or "", "")
            parts.show(
                f"<p>{parts.text(_WORDS.get(each.decision, each.decision.capitalize()))} "
                f"{parts.text(of_what)} by {parts.text(each.decided_by)} on "
                f"{each.decided_at:%d %b %Y, %H:%M} UTC: {parts.text(each.reason)}"
                f"{parts.toned(pending, Tone.WATCH) if pending else ''}</p>"
            )
        _form(desk, one, made)


_WORDS = {"matched": "Matched to the payment", "unmatched": "Taken back from the payment"}
"""Decisions about a payment."""


def _history(desk: Desk, one: DataException) -> list[ExceptionDecision]:
    try:
        return decisions.history(desk.settings, one)
    except StoreUnavailable as problem:
        st.warning(str(problem))
        return exceptions.history(desk.settings, one)


def _published_at(desk: Desk) -> datetime:
    shown = desk.reader.published
    return shown.version.published_at(shown.folder).replace(tzinfo=None)


def _form(desk: Desk, one: DataException, made: Sequence[ExceptionDecision]) -> None:
    key = f"quality_{one.short_id}"
    if said := st.session_state.pop(_SAID, None):
        st.success(f"{said} It is pending until the next run carries it to the figures.")
    can = exceptions.possible(one, made)
    if not can:
        parts.empty("A later record settled it.", "There is nothing to decide.")
        return
    what = str(
        st.radio(
            "Decide", can, format_func=decisions.LABELS.__getitem__,
            horizontal=True, key=f"{key}_what",
        )
    )  # fmt: skip
    with st.form(key, border=False):
        until = (
            st.date_input(
                "Accepted until", desk.as_of + timedelta(days=30), min_value=desk.as_of,
                key=f"{key}_until",
            )
            if what == "waive"
            else None
        )  # fmt: skip
        payments: tuple[str, ...] = ()
        if what == "match":
            payments = _payments(desk, one, key)
        elif what == "unmatch":
            payments = _held_payments(desk, exceptions.matched(made), key)
        reason = st.text_input(
            "Why", max_chars=MOST_REASON_CHARACTERS, key=f"{key}_reason",
            placeholder="Kept with the decision, for whoever asks later",
        )  # fmt: skip
        if not st.form_submit_button("Decide", type="primary"):
            return
        try:
            st.session_state[_SAID] = decisions.decide(
                desk.settings, desk.viewer, desk.as_of, one, what, reason, until, payments
            )
        except (RunIsWriting, StoreUnavailable, UnknownException, ValueError) as problem:
            st.error(str(problem.args[0]))
            return
    st.rerun()


def _payments(desk: Desk, one: DataException, key: str) -> tuple[str, ...]:
    """Payments that no deposit was found for, those of the same dollars first."""
    rows = desk.reader.rows(
        Query(
            RECONCILIATION,
            ("remit_payment_key", "trace_number", "payment_date", "remitted_amount"),
            where=(Is("deposit_date", (None,)),),
            order=("-payment_date", "remit_payment_key"),
            limit=OFFERED_PAYMENTS,
        )
    )
    wanted = one.finding_amount or Decimal(0)
    rows.sort(key=lambda row: abs((row["remitted_amount"] or Decimal(0)) - wanted))
    words = {row["remit_payment_key"]: _payment(row) for row in rows}
    return tuple(
        st.multiselect(
            "Payments that it holds", list(words), format_func=words.__getitem__,
            key=f"{key}_payments", placeholder="Remitted, and no deposit was found",
        )
    )  # fmt: skip


def _held_payments(desk: Desk, keys: Sequence[str], key: str) -> tuple[str, ...]:
    """Payments that somebody matched to the deposit, all of them chosen."""
    words = _named(desk, keys)
    return tuple(
        st.multiselect(
            "Payments that it does not hold", list(keys), list(keys),
            format_func=lambda one: words.get(one, one), key=f"{key}_held_payments",
        )
    )  # fmt: skip


def _named(desk: Desk, keys: Iterable[str | None]) -> dict[str, str]:
    """Payments by their key, in words."""
    wanted = tuple(sorted(key for key in keys if key))
    rows = desk.reader.rows(
        Query(
            RECONCILIATION,
            ("remit_payment_key", "trace_number", "payment_date", "remitted_amount"),
            where=(Is("remit_payment_key", wanted),),
        )
    )
    return {row["remit_payment_key"]: _payment(row) for row in rows}


def _payment(row: Row) -> str:
    return (
        f"{written.money(row['remitted_amount'])}, {row['trace_number']}, "
        f"{written.day(row['payment_date'])}"
    )


def _arrived(desk: Desk) -> None:
    parts.section(
        "What arrived",
        "Files and tables of the day of the figures and the days before, and what became of them.",
        desk.lineage(RECEIVED),
    )
    first = desk.as_of - timedelta(days=SHOWN_ARRIVALS)
    recent = (Between("arrival_date", first, desk.as_of),)
    days = {
        row["arrival_date"].isoformat(): f"{written.day(row['arrival_date'])}: "
        f"{written.count(row[ROW_COUNT])} received"
        for row in desk.reader.rows(
            Query(RECEIVED, ("arrival_date",), sums=(ROW_COUNT,), where=recent,
                  order=("-arrival_date",))
        )
    }  # fmt: skip
    if desk.as_of.isoformat() not in days:
        parts.show(parts.notice(f"Nothing arrived on {written.day(desk.as_of)}."))
    if not days:
        parts.empty(
            f"Nothing arrived since {written.day(first)}.", "See whether the sources still send."
        )
        return
    with st.container(key="quality_arrived", horizontal=True, vertical_alignment="bottom"):
        day = _choice("Day", "day", list(days), days)
        became = _choice("Became", "became", [EVERY, *BECAME], {EVERY: "Whatever", **BECAME})
        query = Query(
            RECEIVED,
            where=(
                Is("arrival_date", (date.fromisoformat(day),)),
                *((Is("file_status", (became,)),) if became else ()),
            ),
            order=("source_system", "source_file", "received_file_key"),
        )
        number = _page_number(desk.reader.count(query), "quality_arrived_page")
    rows = desk.reader.rows(query.page(number, PAGE_SIZE))
    if not rows:
        parts.empty("None of this day became that.", "Choose another day.")
        return
    parts.table(
        rows,
        (
            Column("Source", lambda row: written.words(row["source_system"])),
            Column("File or table", lambda row: row["source_file"], is_wide=True),
            Column("Became", lambda row: parts.toned(BECAME[row["file_status"]], _became(row))),
            Column("Rows", lambda row: written.count(row["row_count"]), True,
                   help="Rows that were loaded from it"),
            Column("Dollars", lambda row: written.money(row["dollar_amount"]), True,
                   help="What its payments, claims or rows announce, where they say so"),
        ),
        "What arrived",
    )  # fmt: skip


def _became(row: Row) -> Tone:
    return {"loaded": Tone.GOOD, "partial": Tone.WATCH, "held": Tone.BAD}.get(
        row["file_status"], Tone.NEUTRAL
    )


def _tables(desk: Desk) -> None:
    parts.section(
        "Quality of what arrives",
        "How many rows broke a rule lately, the worst first.",
        desk.lineage(QUALITY),
    )
    rows = desk.reader.rows(
        Query(QUALITY, where=_LATEST, order=("worst_rank",), limit=SHOWN_TABLES)
    )
    if not rows:
        parts.empty("Nothing was checked yet.", "")
        return
    parts.table(
        rows,
        (
            Column(
                "Table",
                lambda row: Markup(
                    f"{parts.text(written.words(row['table_name']))}<br><span class='dim'>"
                    f"{parts.text(written.words(row['source_system']))}</span>"
                ),
            ),
            Column("Rule", lambda row: row["rule_description"]),
            Column(
                "Broken",
                lambda row: f"{row['recent_failed_count']:,} of {row['recent_checked_count']:,}",
                True,
                help="Of the rows that arrived lately",
            ),
            Column(
                "",
                lambda row: (
                    parts.toned("as it should be", Tone.GOOD)
                    if row["is_acceptable"]
                    else parts.toned("below its limit", Tone.BAD)
                ),
            ),
        ),
        "Quality by table and rule",
    )


def _held(desk: Desk) -> None:
    parts.section(
        "Held, day by day", "Dollars in quarantine at the end of each day.", desk.lineage(HELD)
    )
    rows = desk.reader.rows(
        Query(
            HELD,
            ("date_day",),
            sums=("open_amount", "open_count"),
            where=(Between("date_day", desk.as_of - timedelta(days=SHOWN_DAYS)),),
            order=("date_day",),
        )
    )
    if not rows:
        parts.empty("Nothing was held in these days.", "")
        return
    figure = go.Figure()
    figure.add_scatter(
        x=[row["date_day"] for row in rows],
        y=[float(row["open_amount"] or 0) for row in rows],
        mode="lines", line={"color": palette().bad, "width": 2.4, "shape": "hv"},
        fill="tozeroy", name="Held",
        customdata=[
            f"{written.money(row['open_amount'])}, {row['open_count']:,} items" for row in rows
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(tickprefix="$", tickformat="~s", nticks=5, rangemode="tozero")
    parts.chart(figure, "Dollars in quarantine at the end of each day.", "held", 280)


page(here())
