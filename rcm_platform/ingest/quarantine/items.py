"""Quarantine: what is held and why, what became of it, and how it gets out.

A piece is *open* until one of these is written down in `quarantine_decisions`, an append-only
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

import csv
import hashlib
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any, cast

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from rcm_platform.ingest import feeds
from rcm_platform.lake import Batch, Lake
from rcm_platform.settings import Settings
from rcm_platform.sources import csv_folders as csv_sources
from rcm_platform.sources.base import (
    Decision,
    Level,
    QuarantineDecision,
    QuarantineItem,
    ReceivedFile,
    write_platform_rows,
)
from rcm_platform.sources.hospitals import hospitals
from rcm_platform.sources.x12 import TABLES as X12_TABLES
from rcm_platform.sources.x12 import replay as x12_replay
from rcm_platform.warehouse import project as dbt_project

X12_SOURCES = ("clearinghouse", "x12_folder")
HOSPITALS = tuple(hospitals())
_CSV_LOADERS = {
    "treasury": csv_sources.load_treasury,
    "operations": csv_sources.load_operations,
    "claims_csv": csv_sources.load_claims_csv,
}

RELEASABLE = {
    "E9": "an interchange marked as test is whole: its rows are like any others",
    "E11": "an interchange of a stranger is whole: who knows the sender may let this one in",
}
"""Rules whose pieces may be loaded although the rule holds them, and why that is safe."""

_UNSAFE = {
    **dict.fromkeys(
        ("B1", "B2", "B3", "P1", "K7"),
        "its amounts do not add up, and whatever is loaded must: every balance downstream would "
        "be off by the difference",
    ),
    **dict.fromkeys(
        ("E4", "E5", "E6"),
        "its envelope says that segments are missing, cut off or repeated: rows made from it may "
        "be incomplete",
    ),
    "E12": "its levels contradict each other: claims may be given to another patient or provider",
    **dict.fromkeys(
        ("E1", "E8", "T1", "T2", "T3", "T4"), "there is nothing in it that can be read as rows"
    ),
}
_HANDWORK = "quarantine"
"""What the batches of decisions and replays are made by, in the lake."""

_WHAT_TO_DO = (
    "Send or ask for a corrected file, mend the reader and `rcm quarantine replay` it, or say that "
    "it stays out with `rcm quarantine close`."
)


@dataclass(frozen=True)
class Item:
    """One held piece and what became of it. `content_sha256` is that of the file it came from."""

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
        if self.source_system in HOSPITALS and self.level == "row":
            return "a row"
        return self.source_position or f"the whole {self.level}"

    @property
    def show_command(self) -> str:
        """What shows all of it that can be shown."""
        return f"rcm quarantine show {self.quarantine_id[:8]}"

    @property
    def next_step(self) -> str:
        """What to do about it, in a sentence."""
        if self.rule_id in RELEASABLE:
            return "Release it if it may come in, or close it."
        if self.source_system in HOSPITALS:
            return "Mend the row in the database: the next load reads it again."
        return "Ask for a corrected file: it is loaded when it arrives."


@dataclass(frozen=True)
class Load:
    """The last load that brought anything: its batches, and a name that no other load has."""

    batches: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return hashlib.sha256("\n".join(sorted(self.batches)).encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Rule:
    """A rule of the rule table, in words."""

    rule_id: str
    family: str
    level: str
    action: str
    checked_at: str
    """reading, when a reader holds it; dbt, when a model finds it."""
    description: str


@dataclass
class ReplaySummary:
    """What a replay did: pieces and bytes that left quarantine, rows loaded, and what stays."""

    loaded: list[Item] = field(default_factory=list)
    byte_count: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    held_anew: list[QuarantineItem] = field(default_factory=list)
    """Parts of a piece that was loaded, which are held for reasons of their own."""
    problems: list[tuple[Item, str]] = field(default_factory=list)

    @property
    def row_count(self) -> int:
        return sum(self.rows.values())


def rules() -> dict[str, Rule]:
    """The rule table of the dbt project, by rule id."""
    for path in sorted((dbt_project.project_dir() / "seeds").rglob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if {"rule_id", "description", "action"} <= set(reader.fieldnames or ()):
                names = ("rule_id", "family", "level", "action", "checked_at", "description")
                return {
                    row["rule_id"]: Rule(*(row.get(name) or "" for name in names)) for row in reader
                }
    return {}


def items(
    lake: Lake,
    *,
    rule: str | None = None,
    source: str | None = None,
    since: date | None = None,
    only_open: bool = False,
    as_of: date | None = None,
) -> list[Item]:
    """Held pieces, the latest arrivals first; never their content, which may name people.

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
                order by decision in ('loaded', 'released') desc, decided_at desc, decision_id
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
    """The piece with this id, or with the only id that begins so.

    Raises KeyError with what to do when there is none, or several.
    """
    found = [i for i in items(lake) if i.quarantine_id.startswith(quarantine_id)]
    exact = [i for i in found if i.quarantine_id == quarantine_id]
    if not quarantine_id or not found:
        raise KeyError(
            f"No piece has the id {quarantine_id!r}: see `rcm quarantine list --all` for the ids."
        )
    if len(found) > 1 and not exact:
        raise KeyError(
            f"{len(found)} pieces have an id that begins with {quarantine_id}: say more."
        )
    return (exact or found)[0]


def contents(lake: Lake, wanted: Iterable[Item]) -> dict[str, bytes]:
    """The exact bytes of pieces, by id."""
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
    """(source system, rule, pieces, dollars) of what is open, or was at the end of a day."""
    return [
        (source, rule, len(held), dollars(held))
        for (source, rule), held in by_rule(items(lake, only_open=True, as_of=as_of)).items()
    ]


def by_rule(held: Iterable[Item]) -> dict[tuple[str, str], list[Item]]:
    """The pieces of each source system and rule."""
    found: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in held:
        found[item.source_system, item.rule_id].append(item)
    return dict(sorted(found.items()))


def dollars(held: Iterable[Item]) -> Decimal:
    """What these pieces amount to, where that is known."""
    return sum((item.dollar_amount or Decimal(0) for item in held), Decimal(0))


def note_load(settings: Settings, lake: Lake) -> None:
    """Write down what the last load brought, once all feeds have loaded. The caller holds the lock.

    Without anything new (decisions are not) the note stays: to ask twice gives the same answer.
    """
    known = _note(settings)
    now = set(lake.batch_ids())
    new = now - set(known["seen"])
    if any(lake.source_of(batch) != _HANDWORK for batch in new):
        path = _note_path(settings)
        path.parent.mkdir(parents=True, exist_ok=True)
        writing = path.with_suffix(".tmp")
        writing.write_text(json.dumps({"seen": sorted(now), "new": sorted(new)}))
        writing.replace(path)


def last_load(settings: Settings) -> Load:
    """The last load that brought anything; without batches before the first."""
    return Load(frozenset(_note(settings)["new"]))


def newly_held(settings: Settings, lake: Lake) -> list[Item]:
    """What the last load that brought anything held, as far as it is still open."""
    new = last_load(settings).batches
    return [item for item in items(lake, only_open=True) if item.batch_id in new]


def in_words(held: Sequence[Item], limit: int = 5) -> list[str]:
    """A line for each rule and source: how many, dollars, one file, the rule, and what to do.

    No value of a row is in it.
    """
    known, lines = rules(), list[str]()
    for (source, rule), some in by_rule(held).items():
        first = some[0]
        meaning = known[rule].description if rule in known else "not in the rule table."
        files = len({item.source_file for item in some})
        where = first.source_file if files == 1 else f"{files:,} files such as {first.source_file}"
        lines.append(
            f"{source}: {how_much(some)} in {where}, held by rule "
            f"{rule}: {meaning} {first.next_step} See `{first.show_command}`."
        )
    if len(lines) > limit:
        lines[limit:] = [f"and {len(lines) - limit:,} more rules: `rcm quarantine list`"]
    return lines


def in_short(held: Sequence[Item]) -> str:
    """How much is held, and where the first of it is."""
    more = f" and {len(held) - 1:,} more" if len(held) > 1 else ""
    return f"${dollars(held):,.2f} in {held[0].source_file}{more}"


def how_much(held: Sequence[Item]) -> str:
    """How many pieces, and their dollars."""
    items = "1 item" if len(held) == 1 else f"{len(held):,} items"
    return f"{items} (${dollars(held):,.2f})"


def _note_path(settings: Settings) -> Path:
    return settings.data_dir / "landing" / "last_load.json"


def _note(settings: Settings) -> dict[str, list[str]]:
    path = _note_path(settings)
    return json.loads(path.read_text()) if path.exists() else {"seen": [], "new": []}


def close(settings: Settings, quarantine_id: str, reason: str, by: str) -> Item:
    """Decide that a piece stays out. Its dollars stay held; it is open no more.

    Raises KeyError for an unknown id, ValueError without a reason or when it is not open.
    """
    with feeds.writing(settings) as lake:
        item = _open_item(lake, quarantine_id, reason)
        decision = _decide(item, "closed", reason.strip(), by, _effective(settings, lake))
        _write(lake, [item], [decision])
    return item


def release(settings: Settings, quarantine_id: str, reason: str, by: str) -> ReplaySummary:
    """Load a piece although its rule holds it, where that is safe (`RELEASABLE`).

    Raises KeyError for an unknown id; ValueError without a reason, when the piece is not open, or
    when its rule is one of those that must hold.
    """
    with feeds.writing(settings) as lake:
        item = _open_item(lake, quarantine_id, reason)
        if item.rule_id not in RELEASABLE:
            why = _UNSAFE.get(item.rule_id, "nobody has shown that its rows can be loaded safely")
            raise ValueError(f"Rule {item.rule_id} may not be waived: {why}. {_WHAT_TO_DO}")
        return _replay(settings, lake, [item], by, reason.strip(), is_release=True)


def replay(
    settings: Settings,
    *,
    quarantine_id: str | None = None,
    rule: str | None = None,
    by: str = "",
) -> ReplaySummary:
    """Read held bytes with today's reader, specs and settings; load exactly what was missing.

    One piece, those of a rule, or (without either) all that are open. Raises KeyError for an
    unknown id, ValueError when the piece is not open.
    """
    with feeds.writing(settings) as lake:
        if quarantine_id is None:
            wanted = items(lake, rule=rule, only_open=True)
        else:
            wanted = [_open_item(lake, quarantine_id)]
        return _replay(settings, lake, wanted, by, "read again and found good")


def settle(settings: Settings, lake: Lake) -> list[Item]:
    """Write down which open pieces a later load has loaded or replaced. The caller holds the lock.

    The same bytes in raw: loaded. A later file of the same name, an 835 with the same payment
    trace, or a later version of the same database row in raw: corrected.
    """
    waiting = items(lake, only_open=True)
    if not waiting:
        return []
    settled: dict[str, tuple[Item, Decision, str]] = {}
    for item in _loaded_since(lake, waiting):
        settled[item.quarantine_id] = (item, "loaded", "the same bytes were accepted later")
    for item, why in _corrected_since(lake, waiting):
        settled.setdefault(item.quarantine_id, (item, "corrected", why))
    effective = _effective(settings, lake)
    decisions = [_decide(item, d, why, "platform", effective) for item, d, why in settled.values()]
    if decisions:
        _write(lake, [item for item, _, _ in settled.values()], decisions)
    return [item for item, _, _ in settled.values()]


def keep_originals(settings: Settings, lake: Lake) -> int:
    """Keep a copy of each file of which a part is open, as a replay needs the whole of it.

    Copies that nothing open needs any more are removed. Returns how many were added.
    """
    needed = {
        item.content_sha256: item
        for item in items(lake, only_open=True)
        if item.level in ("claim", "transaction", "row")
        and item.source_system in (*X12_SOURCES, *_CSV_LOADERS)
    }
    for sha in lake.kept() - set(needed):
        lake.forget(sha)
    added = 0
    for sha in set(needed) - lake.kept():
        if (data := _in_folder(settings, needed[sha])) is not None:
            lake.keep(data)
            added += 1
    return added


def _open_item(lake: Lake, quarantine_id: str, reason: str | None = None) -> Item:
    if reason is not None and not reason.strip():
        raise ValueError("Say why, with --reason: the decision is kept for whoever asks later.")
    item = find(lake, quarantine_id)
    if item.decision in ("loaded", "released", "corrected"):
        raise ValueError(
            f"{item.quarantine_id} is not open: it was {item.decision} by {item.decided_by} "
            f"({item.decision_reason})."
        )
    return item


def _effective(settings: Settings, lake: Lake) -> date:
    return feeds.as_of_date(settings, lake)


def _decide(
    item: Item,
    decision: Decision,
    reason: str,
    by: str,
    effective: date,
    loaded_bytes: int = 0,
    rows: int = 0,
) -> QuarantineDecision:
    return QuarantineDecision(
        quarantine_id=item.quarantine_id,
        decision=decision,
        reason=reason,
        decided_by=by or "operator",
        decided_at=datetime.now(UTC).replace(tzinfo=None),
        effective_date=max(effective, item.arrival_date),
        loaded_byte_count=loaded_bytes,
        loaded_row_count=rows,
        source_system=item.source_system,
        source_file=item.source_file,
        rule_id=item.rule_id,
        arrival_date=item.arrival_date,
    )


def _write(lake: Lake, concerned: Sequence[Item], decisions: Sequence[QuarantineDecision]) -> None:
    identity = [d.decision_id for d in decisions]
    with lake.batch(_HANDWORK, [*identity, *(i.quarantine_id for i in concerned)]) as batch:
        write_platform_rows(batch, [], [], decisions)


def _replay(
    settings: Settings,
    lake: Lake,
    wanted: Sequence[Item],
    by: str,
    reason: str,
    is_release: bool = False,
) -> ReplaySummary:
    """Replay pieces in one batch, with what is decided and where their bytes are now."""
    summary = ReplaySummary()
    if not wanted:
        return summary
    effective = _effective(settings, lake)
    known_ids = {item.quarantine_id for item in items(lake)}
    raw = _Raw(lake, [i for i in wanted if i.source_system in X12_SOURCES])
    with lake.batch(_HANDWORK, ["replay", *(i.quarantine_id for i in wanted)]) as batch:
        for held in _by_file(wanted):
            first = held[0]
            if first.source_system in X12_SOURCES:
                waived = first.rule_id if is_release else ""
                outcomes = _replay_x12(settings, lake, raw, batch, held, waived, summary)
            elif first.source_system in _CSV_LOADERS:
                outcomes = _replay_csv(settings, lake, batch, held, summary)
            else:
                advice = "it is read again from its source at each load: mend it there"
                outcomes = {i.quarantine_id: _Outcome(problem=advice) for i in held}
            done = [(item, outcomes[item.quarantine_id]) for item in held]
            summary.problems += [(item, o.problem) for item, o in done if o.problem]
            moved = [(item, o) for item, o in done if not o.problem]
            if not moved:
                continue
            anew = [
                part
                for part in {p.quarantine_id: p for _, o in moved for p in o.held}.values()
                if part.quarantine_id not in known_ids
            ]
            decision: Decision = "released" if is_release else "loaded"
            decisions = [
                _decide(item, decision, _in_words(reason, o), by, effective, o.loaded, o.rows)
                for item, o in moved
            ]
            write_platform_rows(batch, [_moved(moved)], anew, decisions)
            summary.loaded += [item for item, _ in moved]
            summary.byte_count += sum(o.loaded for _, o in moved)
            summary.held_anew += anew
    return summary


_Outcome = x12_replay.Outcome


def _in_words(reason: str, outcome: _Outcome) -> str:
    if outcome.held:
        return f"{reason}; {len(outcome.held)} parts of it are held for reasons of their own"
    if outcome.duplicate and not outcome.loaded:
        return f"{reason}; raw had it already"
    return reason


def _by_file(wanted: Sequence[Item]) -> Iterator[list[Item]]:
    def file(item: Item) -> tuple[str, str, str]:
        return item.source_system, item.source_file, item.content_sha256

    for _, group in groupby(sorted(wanted, key=file), key=file):
        yield sorted(group, key=lambda item: item.byte_offset or 0)


def _moved(moved: Sequence[tuple[Item, _Outcome]]) -> ReceivedFile:
    """The entry that takes bytes out of quarantine: to loaded, duplicate, padding."""
    first = moved[0][0]
    loaded, duplicate, padding, rows = (
        sum(getattr(outcome, name) for _, outcome in moved)
        for name in ("loaded", "duplicate", "padding", "rows")
    )
    return ReceivedFile(
        source_system=first.source_system,
        source_file=first.source_file,
        content_sha256=first.content_sha256,
        byte_count=0,
        loaded_byte_count=loaded,
        quarantined_byte_count=-(loaded + duplicate + padding),
        duplicate_byte_count=duplicate,
        padding_byte_count=padding,
        status="replayed",
        row_count=rows,
        dollar_amount=None,
        arrival_date=max(item.arrival_date for item, _ in moved),
    )


# X12


class _Raw:
    """Which interchanges, transactions and claims raw has, of the files that are replayed."""

    def __init__(self, lake: Lake, wanted: Sequence[Item]) -> None:
        self._keys: set[x12_replay.Key] = set()
        if not wanted:
            return
        with duckdb.connect() as con:
            rows = con.execute(
                "select distinct interchange_sha256, _source_file "
                f"from {lake.scan('x12', 'interchanges')}"
            ).fetchall()
            self._keys |= {(sha, None, None) for sha, _ in rows}
            names = {item.source_file for item in wanted if item.level in ("claim", "transaction")}
            shas = sorted({sha for sha, name in rows if name in names})
            if not shas:
                return
            for table, schema in X12_TABLES.items():
                if "transaction_no" not in schema.names:
                    continue
                claim = "claim_no" if "claim_no" in schema.names else "null::int"
                found = con.execute(
                    f"""select distinct interchange_sha256, transaction_no, {claim}
                    from {lake.scan("x12", table)}
                    where transaction_no is not null
                        and interchange_sha256 in (select unnest(?))""",
                    [shas],
                ).fetchall()
                self._keys |= {(sha, transaction, claim_no) for sha, transaction, claim_no in found}
                self._keys |= {(sha, transaction, None) for sha, transaction, _ in found}

    def has(self, key: x12_replay.Key) -> bool:
        return key in self._keys

    def add(self, tables: Mapping[str, pa.Table]) -> None:
        self._keys |= {
            (sha, None, None) for sha in tables["interchanges"]["interchange_sha256"].to_pylist()
        }


def _replay_x12(
    settings: Settings,
    lake: Lake,
    raw: _Raw,
    batch: Batch,
    held: Sequence[Item],
    waived: str,
    summary: ReplaySummary,
) -> dict[str, _Outcome]:
    """Read X12 files again under today's settings, save for the rule that is `waived`."""
    first = held[0]
    accept_test, partners = feeds.x12_admission(settings, first.source_system)
    if waived == "E9":
        accept_test = True
    if waived == "E11":
        partners = frozenset()
    outcomes: dict[str, _Outcome] = {}
    results: list[x12_replay.Replayed] = []
    if (data := _original(settings, lake, held)) is not None:
        pieces = [_piece(item) for item in held]
        results.append(
            x12_replay.replay(
                first.source_file,
                data,
                first.source_system,
                pieces,
                raw.has,
                accept_test,
                partners,
            )
        )
    else:
        whole = [item for item in held if item.level == "interchange"]
        bytes_of = contents(lake, whole)
        for item in whole:
            number = (item.source_position or "").partition("/")[0]
            results.append(
                x12_replay.replay_interchange(
                    item.source_file,
                    bytes_of[item.quarantine_id],
                    item.source_system,
                    _piece(item),
                    int(number) if number.isdigit() else 1,
                    item.content_sha256,
                    raw.has,
                    accept_test,
                    partners,
                )
            )
            raw.add(results[-1].tables)
        gone = "the file that it came from is gone: put it back where it was, then replay"
        outcomes |= {i.quarantine_id: _Outcome(problem=gone) for i in held if i not in whole}
    for result in results:
        raw.add(result.tables)
        outcomes |= result.outcomes
        for table, rows in result.tables.items():
            summary.rows[table] = summary.rows.get(table, 0) + len(rows)
            for day in sorted(set(rows["_arrival_date"].to_pylist())):
                part = rows.filter(pc.equal(rows["_arrival_date"], pa.scalar(day)))
                batch.add("x12", table, day, part.drop_columns("_arrival_date"))
    return outcomes


def _piece(item: Item) -> x12_replay.Piece:
    start = item.byte_offset or 0
    segment = (item.source_position or "").rpartition("/")[2]
    return x12_replay.Piece(
        item.quarantine_id,
        item.level,
        start,
        start + item.byte_count,
        int(segment) if segment.isdigit() else None,
    )


def _original(settings: Settings, lake: Lake, held: Sequence[Item]) -> bytes | None:
    """The whole file that pieces came from: kept, still in its folder, or held whole."""
    first = held[0]
    if (data := lake.kept_content(first.content_sha256)) is not None:
        return data
    if (data := _in_folder(settings, first)) is not None:
        return data
    whole = [item for item in held if item.level == "file"]
    bytes_of = contents(lake, whole or held)
    joined = b"".join(bytes_of[item.quarantine_id] for item in (whole or held))
    return joined if hashlib.sha256(joined).hexdigest() == first.content_sha256 else None


def _in_folder(settings: Settings, item: Item) -> bytes | None:
    """The file where it was received, if it is still the same."""
    where = feeds.locations(settings).get(item.source_system)
    if where is None:
        return None
    try:
        data = (Path(where) / item.source_file).read_bytes()
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == item.content_sha256 else None


# CSV


class _Capture(Lake):
    """A lake that knows no content and keeps what is loaded into it in memory."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.added: list[tuple[str, str, date, pa.Table]] = []

    def received_hashes(self) -> set[str]:
        return set()

    def received_names(self) -> set[tuple[str, str, str]]:
        return set()

    @contextmanager
    def batch(self, source: str, content_hashes: Iterable[str]) -> Iterator[Batch]:
        yield cast(Batch, _CapturedBatch(self.added))


class _CapturedBatch:
    def __init__(self, added: list[tuple[str, str, date, pa.Table]]) -> None:
        self._added = added

    def add(self, source: str, table: str, arrival_date: date, rows: pa.Table) -> None:
        self._added.append((source, table, arrival_date, rows))


def _replay_csv(
    settings: Settings, lake: Lake, batch: Batch, held: Sequence[Item], summary: ReplaySummary
) -> dict[str, _Outcome]:
    """Read a CSV file again; load it whole if it was held whole, else the rows that were held."""
    first = held[0]
    data = _original(settings, lake, held)
    if data is None:
        gone = "the file that it came from is gone: put it back where it was, then replay"
        return {item.quarantine_id: _Outcome(problem=gone) for item in held}
    capture = _Capture(lake.root)
    with tempfile.TemporaryDirectory(prefix="rcm_replay_") as folder:
        path = Path(folder) / first.source_file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        _CSV_LOADERS[first.source_system](capture, Path(folder))
    still = [
        row
        for source, table, _, rows in capture.added
        if (source, table) == ("platform", "quarantine")
        for row in rows.to_pylist()
    ]
    outcomes: dict[str, _Outcome] = {}
    is_whole = first.level == "file"
    size = sum(item.byte_count for item in held)
    for item in held:
        outcome = outcomes[item.quarantine_id] = _Outcome()
        same = [
            row
            for row in still
            if row["level"] == "file" or row["source_position"] == item.source_position
        ]
        if blocking := [row for row in same if row["level"] == item.level or not is_whole]:
            outcome.problem = f"still held ({blocking[0]['rule_id']}): {blocking[0]['reason']}"
        elif item.byte_offset is not None:
            outcome.loaded = item.byte_count
    if is_whole and all(not outcome.problem for outcome in outcomes.values()):
        outcome = outcomes[first.quarantine_id]
        outcome.held = [_as_item(row) for row in still]
        inside = sum(i.byte_count for i in outcome.held if i.byte_offset is not None)
        for item in held:
            outcomes[item.quarantine_id].loaded = 0
        outcome.loaded = size - inside
    wanted = {i.source_position for i in held if not outcomes[i.quarantine_id].problem}
    for source, table, day, rows in capture.added:
        if source == "platform" or not wanted:
            continue
        if not is_whole:
            rows = rows.filter(
                pc.is_in(rows["_source_position"], pa.array(sorted(map(str, wanted))))
            )
        batch.add(source, table, day, rows)
        summary.rows[table] = summary.rows.get(table, 0) + len(rows)
        for item in held:
            if is_whole:
                outcomes[first.quarantine_id].rows += len(rows)
                break
            outcomes[item.quarantine_id].rows += (
                rows["_source_position"].to_pylist().count(item.source_position)
            )
    return outcomes


def _as_item(row: Mapping[str, Any]) -> QuarantineItem:
    return QuarantineItem(
        source_system=row["source_system"],
        source_file=row["source_file"],
        source_position=row["source_position"],
        level=cast(Level, row["level"]),
        rule_id=row["rule_id"],
        reason=row["reason"],
        byte_offset=row["byte_offset"],
        byte_count=row["byte_count"],
        content=row["content"],
        dollar_amount=row["dollar_amount"],
        arrival_date=row["arrival_date"],
        content_sha256=row["content_sha256"],
    )


# what later loads brought


def _loaded_since(lake: Lake, waiting: Sequence[Item]) -> list[Item]:
    """Held interchanges whose very bytes are in raw."""
    held = [
        i for i in waiting if i.source_system in X12_SOURCES and i.level in ("interchange", "file")
    ]
    if not held:
        return []
    with duckdb.connect() as con:
        rows = con.execute(
            f"select distinct interchange_sha256 from {lake.scan('x12', 'interchanges')}"
        ).fetchall()
    loaded = {sha for (sha,) in rows}
    bytes_of = contents(lake, held)
    return [i for i in held if hashlib.sha256(bytes_of[i.quarantine_id]).hexdigest() in loaded]


def _corrected_since(lake: Lake, waiting: Sequence[Item]) -> Iterator[tuple[Item, str]]:
    yield from _by_name(lake, [i for i in waiting if i.source_system not in HOSPITALS])
    yield from _by_trace(
        lake,
        [
            i
            for i in waiting
            if i.source_system in X12_SOURCES and i.level in ("interchange", "transaction")
        ],
    )
    yield from _by_row(
        lake, [i for i in waiting if i.source_system in HOSPITALS and i.level == "row"]
    )


def _by_name(lake: Lake, waiting: Sequence[Item]) -> Iterator[tuple[Item, str]]:
    """A file of the same name and other content was loaded later."""
    if not waiting:
        return
    with duckdb.connect() as con:
        rows = con.execute(
            f"""select source_system, source_file, content_sha256, max(_loaded_at)
            from {lake.scan("platform", "received_files")}
            where status in ('loaded', 'partial') group by all"""
        ).fetchall()
    later: dict[tuple[str, str], list[tuple[str, datetime]]] = defaultdict(list)
    for source, file, sha, loaded_at in rows:
        later[source, file].append((sha, loaded_at))
    for item in waiting:
        if any(
            sha != item.content_sha256 and loaded_at > item.loaded_at
            for sha, loaded_at in later[item.source_system, item.source_file]
        ):
            yield item, "a later file of the same name was loaded"


def _by_trace(lake: Lake, waiting: Sequence[Item]) -> Iterator[tuple[Item, str]]:
    """Every payment that the piece announces (TRN of an 835) is in raw, from another file."""
    if not waiting:
        return
    with duckdb.connect() as con:
        rows = con.execute(
            f"""select distinct _source_system, trace_number, originating_company_id
            from {lake.scan("x12", "remit_payments")} where trace_number is not null"""
        ).fetchall()
    loaded = set(rows)
    bytes_of = contents(lake, waiting)
    for item in waiting:
        traces = _traces(bytes_of[item.quarantine_id])
        if traces and all((item.source_system, *trace) in loaded for trace in traces):
            yield item, "the payment with the same trace number was loaded from another file"


def _traces(content: bytes) -> list[tuple[str, str]]:
    """(TRN02, TRN03) of each 835 in a piece: the TRN that follows a BPR."""
    at, found = content.find(b"BPR"), list[tuple[str, str]]()
    while at >= 0 and at + 3 < len(content):
        separator = content[at + 3 : at + 4]
        trn = content.find(b"TRN" + separator, at)
        if trn < 0:
            break
        # the segment terminator stands right before TRN, but for line ends
        terminator = content[at:trn].rstrip(b"\r\n ")[-1:]
        elements = content[trn : content.find(terminator, trn)].split(separator)
        if len(elements) > 3:
            texts = (e.decode("utf-8", errors="replace").strip() for e in elements[2:4])
            found.append(cast(tuple[str, str], tuple(texts)))
        at = content.find(b"BPR" + separator, trn)
    return found


def _by_row(lake: Lake, waiting: Sequence[Item]) -> Iterator[tuple[Item, str]]:
    """A later version of the same database row was loaded."""
    tables = {(i.source_system, i.source_file) for i in waiting}
    latest: dict[tuple[str, str, str], datetime] = {}
    with duckdb.connect() as con:
        for source, table in sorted(tables):
            if not lake.has(source, table):
                continue
            positions = sorted(
                {
                    i.source_position
                    for i in waiting
                    if (i.source_system, i.source_file) == (source, table) and i.source_position
                }
            )
            rows = con.execute(
                f"""select _source_position, max(_loaded_at) from {lake.scan(source, table)}
                where _source_position in (select unnest(?)) group by all""",
                [positions],
            ).fetchall()
            latest |= {(source, table, position): at for position, at in rows}
    for item in waiting:
        at = latest.get((item.source_system, item.source_file, item.source_position or ""))
        if at is not None and at > item.loaded_at:
            yield item, "a later version of the row was loaded"
