"""What people entered at the operations desk: the store of it is a source like any other, and is
never written here.

A load takes each entry that the lake does not hold, whatever its place: entries are never altered,
so one that is there is there for good. What is entered during a load waits for the next.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from rcm_platform.lake import UNDATED, Lake
from rcm_platform.settings import DESK, redact
from rcm_platform.sources import tabular
from rcm_platform.sources.base import (
    ExceptionDecision,
    LoadSummary,
    Progress,
    QuarantineItem,
    ReceivedFile,
    SourceUnavailable,
    declare,
    write_platform_rows,
)
from rcm_platform.sources.tabular import MAX_BAD_ROWS, layout

ENTRIES = "entries"
STORE_TABLE, DECISIONS_TABLE = "desk_entries", "desk_decisions"
"""The tables of the store."""

LAYOUT = layout(
    "entry_id! claim_key! source_system! claim_id! action! outcome note follow_up_date:date "
    "assigned_to made_by! made_at:timestamp! effective_date:date! sequence:integer!",
    "entry_id",
    # no entry may count from a day that is still to come
    modified="effective_date",
)
TABLES = {ENTRIES: LAYOUT.schema(as_text=False)}


def load_desk(
    lake: Lake, where: str, progress: Progress = None, *, not_after: date = date.max
) -> LoadSummary:
    """Land the entries that the lake does not hold; `where` is an SQLite file, which need not be
    there, or `postgresql://…`. An entry counts from the day of the figures at which it was made.

    Raises SourceUnavailable when the store does not answer.
    """
    declare(lake, DESK, TABLES)
    summary = LoadSummary(DESK)
    if progress:
        progress(0, 1, ENTRIES)
    known = {
        identifier
        for (identifier,) in lake.query(f"select entry_id from {lake.scan(DESK, ENTRIES)}")
    }
    found = [
        {name: None if value is None else str(value) for name, value in row.items()}
        for row in _found(where, STORE_TABLE)
    ]
    if lost := len(known - {row["entry_id"] for row in found}):
        summary.messages.append(
            f"{DESK}: {lost:,} entries that were loaded before are no longer in the store; they "
            "stay loaded. Bring the store back from the last `rcm backup`"
        )
    new = [row for row in found if row["entry_id"] not in known]
    if new:
        _land(lake, new, not_after, summary)
    summary.files_skipped = int(not summary.files_loaded)
    summary.rows.setdefault(ENTRIES, 0)
    if progress:
        progress(1, 1, ENTRIES)
    return summary


def _land(
    lake: Lake,
    new: Sequence[Mapping[str, str | None]],
    not_after: date,
    summary: LoadSummary,
) -> None:
    latest = lake.latest_arrival_date()
    names = [column.name for column in LAYOUT.columns]
    content = pa.table(
        {name: pa.array([row.get(name) for row in new], pa.string()) for name in names}
    )
    with tabular.connect(lake) as con:
        con.register("content", content)
        con.execute(
            f"""
            create temp table incoming as
            select *, '{ENTRIES}' as _file, sequence as _position,
                row_number() over (order by try_cast(sequence as bigint), entry_id) as _row,
                -- an entry never moves the day of the figures: it is about what there was
                least(
                    coalesce(try_cast(effective_date as date), date '{latest or UNDATED}'),
                    date '{latest or not_after}'
                ) as _arrival_date
            from content
            """
        )
        bad = tabular.check(con, "incoming", LAYOUT, as_text=False, not_after=not_after)
        if len(bad) > MAX_BAD_ROWS:
            raise SourceUnavailable(
                f"more than {MAX_BAD_ROWS:,} entries of the desk break a rule",
                ENTRIES,
                f"The first: {bad[0].reason}. Bring the store back from the last `rcm backup`",
            )
        held = lake.quarantine_ids(DESK)
        items = [item for row in bad if (item := _item(row)).quarantine_id not in held]
        received = _received(con, items)
        if not received.row_count and not items:
            return
        with lake.batch(DESK, [received.content_sha256]) as batch:
            tabular.land(con, "incoming_good", batch, DESK, ENTRIES, DESK)
            write_platform_rows(batch, [received], items)
    tabular.note_quarantine(summary, items)
    summary.rows[ENTRIES] = received.row_count
    summary.files_loaded = 1
    summary.byte_count = received.byte_count


def _item(row: tabular.BadRow) -> QuarantineItem:
    return tabular.quarantined(
        row,
        DESK,
        row.arrival_date or UNDATED,
        content_sha256=hashlib.sha256(row.content.encode()).hexdigest(),
    )


def _received(con: duckdb.DuckDBPyConnection, items: Sequence[QuarantineItem]) -> ReceivedFile:
    """What is new in the store as a received file; its bytes are those of its values as text."""
    values = ", ".join(f"coalesce(cast({c.name} as varchar), '')" for c in LAYOUT.columns)
    lines = f"select concat_ws(chr(31), {values}) as line from incoming_good"
    [(count, size, digest)] = con.execute(
        f"select count(*), coalesce(sum(strlen(line)), 0), bit_xor(md5_number(line)) from ({lines})"
    ).fetchall()
    [(latest,)] = con.execute("select max(_arrival_date) from incoming").fetchall()
    held = sum(item.byte_count for item in items)
    parts = [f"{count} {size} {digest}", *sorted(item.quarantine_id for item in items)]
    return ReceivedFile(
        source_system=DESK,
        source_file=ENTRIES,
        content_sha256=hashlib.sha256("\n".join(parts).encode()).hexdigest(),
        byte_count=int(size) + held,
        loaded_byte_count=int(size),
        quarantined_byte_count=held,
        duplicate_byte_count=0,
        padding_byte_count=0,
        status="partial" if items else "loaded",
        row_count=int(count),
        dollar_amount=None,
        arrival_date=latest,
    )


def decisions(where: str) -> list[ExceptionDecision]:
    """What was decided about exceptions at the desk. Raises SourceUnavailable."""
    names = [field.name for field in fields(ExceptionDecision)]
    return [
        ExceptionDecision(
            **{name: row[name] for name in names if name not in _DAYS}
            | {name: _day(row[name]) for name in _DAYS}
            | {"decided_at": _moment(row["decided_at"])}
        )
        for row in _found(where, DECISIONS_TABLE)
    ]


_DAYS = ("arrival_date", "until_date")


def _day(value: str | date | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _moment(value: str | datetime) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _found(where: str, table: str) -> list[dict[str, Any]]:
    """All rows of a table of the store; none where there is no store yet."""
    try:
        return _of_postgresql(where, table) if "://" in where else _of_sqlite(Path(where), table)
    except Exception as problem:
        # what a database says may hold a password or a value: only what kind of problem it is
        raise SourceUnavailable(
            f"the entries of the desk cannot be read ({type(problem).__name__})",
            redact(where),
            "See that RCM_DESK_URL names it, that it answers and that nothing locks it; the next "
            "load brings what was entered",
        ) from problem


def _of_sqlite(file: Path, table: str) -> list[dict[str, Any]]:
    if not file.exists():
        return []
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as con:
        con.row_factory = sqlite3.Row
        con.text_factory = lambda content: content.decode(errors="replace")
        is_there = "select 1 from sqlite_master where type = 'table' and name = ?"
        if not con.execute(is_there, [table]).fetchall():
            return []
        return [dict(row) for row in con.execute(f"select * from {table}")]


def _of_postgresql(url: str, table: str) -> list[dict[str, Any]]:
    import sqlalchemy as sa

    engine = sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg2"),
        poolclass=sa.NullPool,
        connect_args={"connect_timeout": 10, "options": "-c statement_timeout=60s"},
    )
    with engine.connect() as con:
        if not sa.inspect(con).has_table(table):
            return []
        return [dict(row) for row in con.execute(sa.text(f"select * from {table}")).mappings()]
