"""Quarantine: what is held and why, what became of it, and how it gets out.

An item is *open* until one of these is written down in `quarantine_decisions`, an append-only
table of the lake:

    loaded      a replay loaded it, or the same bytes were accepted later
    released    someone decided to load it although its rule holds it
    corrected   what replaces it was loaded: a file of the same name, the payment, the row
    closed      someone decided that it stays out; its dollars stay counted as held

As of a day it is open when it had arrived by then and no decision on it counted by then, which is
what the models say too (`int_quarantine__items.is_open`).

A row of quarantine is never altered: what left it stands in the decisions, and the bytes that
moved in an entry `replayed` of `received_files`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import duckdb

from rcm_platform.ingest.feeds import FILE_SOURCES
from rcm_platform.lake import Lake
from rcm_platform.sources.base import Decision
from rcm_platform.sources.rules import Rule

IN_RAW: tuple[Decision, ...] = ("loaded", "released")
"""Decisions by which the bytes of an item are in raw."""

LEFT: tuple[Decision, ...] = (*IN_RAW, "corrected")
"""Decisions by which an item has left quarantine: it is in raw, or what replaces it is."""


@dataclass(frozen=True)
class Item:
    """One held item and what became of it. `content_sha256` is that of the file it came from."""

    quarantine_id: str
    arrival_date: date
    source_system: str
    source_file: str
    source_position: str | None
    level: str
    rule_id: str
    reason: str
    byte_offset: int | None
    byte_count: int
    dollar_amount: Decimal | None
    content_sha256: str
    loaded_at: datetime
    batch_id: str
    decision: Decision | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    decision_reason: str | None = None

    @property
    def is_open(self) -> bool:
        return self.decision is None

    @property
    def status(self) -> str:
        return self.decision or "open"

    @property
    def place(self) -> str:
        """Where in the file it stands. A row of a database stands at its key, which may be a
        patient's number: that shows only `show_command`."""
        if self._is_of_database and self.level == "row":
            return "a row"
        return self.source_position or f"the whole {self.level}"

    @property
    def _is_of_database(self) -> bool:
        return self.source_system not in FILE_SOURCES

    @property
    def show_command(self) -> str:
        """What shows all of it that can be shown."""
        return f"rcm quarantine show {self.quarantine_id[:8]}"


def items(
    lake: Lake,
    *,
    rule: str | None = None,
    source: str | None = None,
    since: date | None = None,
    only_open: bool = False,
    as_of: date | None = None,
) -> list[Item]:
    """Held items, the latest arrivals first; never their content, which may name people.

    With `as_of` as it was at the end of that day: what had arrived, and what was decided.
    """
    if not lake.has("platform", "quarantine"):
        return []
    day = as_of or date.max
    conditions, values = ["_arrival_date <= ?"], list[object]([day])
    for condition, value in (
        ("rule_id = ?", rule),
        ("source_system = ?", source),
        ("_arrival_date >= ?", since),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    if only_open:
        conditions.append("decision is null")
    decisions = "(select null as quarantine_id, null as decision, null as decided_at, "
    decisions += "null as decided_by, null as decision_reason limit 0)"
    if lake.has("platform", "quarantine_decisions"):
        # what is loaded is loaded, whatever was decided before or after
        decisions = f"""(
            select quarantine_id, decision, decided_at, decided_by, reason as decision_reason
            from {lake.scan("platform", "quarantine_decisions")}
            where effective_date <= date '{day}'
            qualify row_number() over (
                partition by quarantine_id
                order by decision in {IN_RAW} desc, decided_at desc, decision_id
            ) = 1
        )"""
    with duckdb.connect() as con:
        rows = con.execute(
            f"""
            with held as (
                select * from {lake.scan("platform", "quarantine")}
                qualify row_number() over (partition by quarantine_id order by _loaded_at) = 1
            )
            select held.quarantine_id, _arrival_date, source_system, source_file, source_position,
                level, rule_id, held.reason, byte_offset, byte_count, dollar_amount,
                content_sha256, _loaded_at, _batch_id, decision, decided_at, decided_by,
                decision_reason
            from held left join {decisions} as decisions using (quarantine_id)
            where {" and ".join(conditions)}
            order by _arrival_date desc, source_system, source_file, byte_offset, quarantine_id
            """,
            values,
        ).fetchall()
    return [Item(*row) for row in rows]


def find(lake: Lake, quarantine_id: str) -> Item:
    """The item with this id, or with the only id that begins so.

    Raises KeyError with what to do when there is none, or several.
    """
    found = [i for i in items(lake) if i.quarantine_id.startswith(quarantine_id)]
    exact = [i for i in found if i.quarantine_id == quarantine_id]
    if not quarantine_id or not found:
        raise KeyError(
            f"No item has the id {quarantine_id!r}: see `rcm quarantine list --all` for the ids."
        )
    if len(found) > 1 and not exact:
        raise KeyError(f"{len(found)} items have an id that begins with {quarantine_id}: say more.")
    return (exact or found)[0]


def contents(lake: Lake, wanted: Iterable[Item]) -> dict[str, bytes]:
    """The exact bytes of items, by id."""
    ids = sorted({item.quarantine_id for item in wanted})
    if not ids:
        return {}
    with duckdb.connect() as con:
        rows = con.execute(
            f"""select quarantine_id, any_value(content)
            from {lake.scan("platform", "quarantine")}
            where quarantine_id in (select unnest(?)) group by quarantine_id""",
            [ids],
        ).fetchall()
    return {identifier: bytes(content) for identifier, content in rows}


def printable(content: bytes) -> str:
    """Text when all of it is printable, else hexadecimal, sixteen bytes a line."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if all(character.isprintable() or character in "\t\r\n" for character in text):
        return text
    return "\n".join(content[i : i + 16].hex(" ") for i in range(0, len(content), 16))


def open_totals(lake: Lake, as_of: date | None = None) -> list[tuple[str, str, int, Decimal]]:
    """(source system, rule, items, dollars) of what is open, or was at the end of a day."""
    return [
        (source, rule, len(held), dollars(held))
        for (source, rule), held in by_rule(items(lake, only_open=True, as_of=as_of)).items()
    ]


def by_rule(held: Iterable[Item]) -> dict[tuple[str, str], list[Item]]:
    """The items of each source system and rule."""
    found: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in held:
        found[item.source_system, item.rule_id].append(item)
    return dict(sorted(found.items()))


def dollars(held: Iterable[Item]) -> Decimal:
    """What these items amount to, where that is known."""
    return sum((item.dollar_amount or Decimal(0) for item in held), Decimal(0))


def in_words(
    held: Sequence[Item], known: Mapping[str, Rule], limit: int = 5, *, is_kept: bool = True
) -> list[str]:
    """A line for each rule and source: how many, dollars, one file, the rule, and what to do.

    No value of a row is in it. What is not kept cannot be shown by a command.
    """
    lines = list[str]()
    for (source, rule), some in by_rule(held).items():
        first = some[0]
        told = known.get(rule)
        meaning = f"{told.description} {told.next_step}" if told else "not in the rule table."
        files = len({item.source_file for item in some})
        where = first.source_file if files == 1 else f"{files:,} files such as {first.source_file}"
        lines.append(
            f"{source}: {how_much(some)} in {where}, held by rule "
            f"{rule}: {meaning}" + (f" See `{first.show_command}`." if is_kept else "")
        )
    if len(lines) > limit:
        lines[limit:] = [f"and {len(lines) - limit:,} more rules: `rcm quarantine list`"]
    return lines


def in_short(held: Sequence[Item]) -> str:
    """How much is held, and where the first of it is."""
    more = f" and {len(held) - 1:,} more" if len(held) > 1 else ""
    return f"${dollars(held):,.2f} in {held[0].source_file}{more}"


def how_much(held: Sequence[Item]) -> str:
    """How many items, and their dollars."""
    items = "1 item" if len(held) == 1 else f"{len(held):,} items"
    return f"{items} (${dollars(held):,.2f})"
