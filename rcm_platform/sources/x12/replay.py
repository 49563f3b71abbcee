"""Held pieces of an X12 file, read again with today's reader → exactly the rows that were missing.

The whole file is read, never the piece alone: so each row gets the keys (interchange, transaction
and claim number, segment) and the columns from its envelope that it would have had at first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from rcm_platform.sources.base import QuarantineItem
from rcm_platform.sources.x12.reader import Reading, read
from rcm_platform.sources.x12.splitter import Buffer, Interchange, split
from rcm_platform.sources.x12.wrapping import unwrapped

Key = tuple[str, int | None, int | None]
"""Interchange (sha256), transaction, claim; None stands for all of them."""

_CLAIM_TABLES = ("remit_claims", "submitted_claims", "ack_claims")


@dataclass(frozen=True)
class Piece:
    """A held span of a file: an item of quarantine by its id, level, bytes and segment."""

    quarantine_id: str
    level: str
    start: int
    end: int
    segment_no: int | None = None


@dataclass
class Outcome:
    """What became of one piece. Its bytes: loaded + duplicate + padding + those held anew."""

    loaded: int = 0
    duplicate: int = 0
    padding: int = 0
    rows: int = 0
    held: list[QuarantineItem] = field(default_factory=list)
    problem: str = ""
    """Why the piece stays where it is, as a whole; empty when it left quarantine."""


@dataclass
class Replayed:
    """The missing rows by table (with provenance and `_arrival_date`), and each piece's outcome."""

    tables: dict[str, pa.Table]
    outcomes: dict[str, Outcome]


def replay(
    name: str,
    data: Buffer,
    source_system: str,
    pieces: Sequence[Piece],
    is_loaded: Callable[[Key], bool],
    accept_test: bool = False,
    partners: frozenset[str] = frozenset(),
    not_after: date = date.max,
    waived: str = "",
) -> Replayed:
    """Read a whole file again and pick what its held `pieces` are worth today.

    `is_loaded` tells of an interchange (sha, None, None), a transaction (sha, n, None) or a claim
    (sha, n, m) whether raw has it: nothing is picked twice. `waived` is a rule that holds nothing.
    """
    reading = read([(name, data)], source_system, accept_test, set(), partners, not_after, waived)
    data = unwrapped(data)
    interchanges = [
        (hashlib.sha256(data[found.start : found.end]).hexdigest(), found)
        for found in split(data).interchanges
    ]
    owners: dict[Key, Outcome] = {}
    outcomes: dict[str, Outcome] = {}
    for piece in pieces:
        outcome = outcomes[piece.quarantine_id] = Outcome()
        if _is_still_held(piece, reading, outcome):
            continue
        if piece.level in ("claim", "transaction"):
            _take_part(piece, reading, interchanges, outcome, owners, is_loaded)
        else:
            _take_whole(piece, interchanges, outcome, owners, is_loaded)
    tables = {table: _pick(rows, owners) for table, rows in reading.tables.items()}
    return Replayed(tables, outcomes)


def replay_interchange(
    name: str,
    content: bytes,
    source_system: str,
    piece: Piece,
    number: int,
    content_sha256: str,
    is_loaded: Callable[[Key], bool],
    accept_test: bool = False,
    partners: frozenset[str] = frozenset(),
    not_after: date = date.max,
    waived: str = "",
) -> Replayed:
    """As `replay`, for one held interchange of which only its own bytes are left.

    `number` is its place in the file that it came in, `content_sha256` the hash of that file: rows
    and pieces that stay held bear them as if the whole file had been read.
    """
    at_start = replace(piece, start=0, end=len(content))
    done = replay(
        name, content, source_system, [at_start], is_loaded, accept_test, partners, not_after,
        waived,
    )  # fmt: skip
    for table, rows in done.tables.items():
        place = rows.column_names.index("_source_position")
        moved = pc.replace_substring_regex(rows["_source_position"], r"^1/", f"{number}/")
        done.tables[table] = rows.set_column(place, rows.schema.field(place), moved)
    for outcome in done.outcomes.values():
        outcome.held = [
            replace(
                item,
                source_position=f"{number}/{(item.source_position or '').rpartition('/')[2]}",
                byte_offset=(item.byte_offset or 0) + piece.start,
                content_sha256=content_sha256,
            )
            for item in outcome.held
        ]
    return done


def _is_still_held(piece: Piece, reading: Reading, outcome: Outcome) -> bool:
    """Whether all of a piece is; fills in what of it is, or why all of it is."""
    for item in reading.quarantine:
        start = item.byte_offset or 0
        end = start + item.byte_count
        if start <= piece.start and end >= piece.end:
            outcome.problem = f"still held ({item.rule_id}): {item.reason}"
            return True
        if start < piece.end and end > piece.start:
            outcome.held.append(item)
    return False


def _take_part(
    piece: Piece,
    reading: Reading,
    interchanges: Sequence[tuple[str, Interchange]],
    outcome: Outcome,
    owners: dict[Key, Outcome],
    is_loaded: Callable[[Key], bool],
) -> None:
    """Choose the rows of a claim or a transaction, unless raw has them."""
    if piece.level == "claim":
        found = _claim(piece, reading, interchanges)
    else:
        found = {
            (sha, transaction.number, None)
            for sha, interchange in interchanges
            for group in interchange.groups
            for transaction in group.transactions
            if transaction.start < piece.end and transaction.end > piece.start
        }
    size = piece.end - piece.start
    if not found:
        outcome.problem = "nothing that can be loaded was found in its place"
    elif any(key in owners or is_loaded(key) for key in found):
        outcome.duplicate, outcome.held = size, []
    else:
        outcome.loaded = size - sum(item.byte_count for item in outcome.held)
        owners |= dict.fromkeys(found, outcome)


def _take_whole(
    piece: Piece,
    interchanges: Sequence[tuple[str, Interchange]],
    outcome: Outcome,
    owners: dict[Key, Outcome],
    is_loaded: Callable[[Key], bool],
) -> None:
    """Choose the interchanges of a piece that raw has not; what is left of it is padding."""
    inside = [(s, i) for s, i in interchanges if i.start < piece.end and i.end > piece.start]
    if not inside:
        outcome.problem = "nothing that can be loaded was found in its place"
        return
    for sha, interchange in inside:
        held = [item for item in outcome.held if _overlap(item, interchange)]
        if any(_covers(item, interchange) for item in held):
            continue
        key = (sha, None, None)
        size = interchange.end - interchange.start
        if key in owners or is_loaded(key):
            outcome.duplicate += size
            outcome.held = [item for item in outcome.held if item not in held]
        else:
            outcome.loaded += size - sum(item.byte_count for item in held)
            owners[key] = outcome
    accounted = outcome.loaded + outcome.duplicate + sum(i.byte_count for i in outcome.held)
    outcome.padding = piece.end - piece.start - accounted


def _claim(
    piece: Piece, reading: Reading, interchanges: Sequence[tuple[str, Interchange]]
) -> set[Key]:
    """The claim that begins at the piece's segment."""
    shas = [sha for sha, i in interchanges if i.start <= piece.start < i.end]
    found: set[Key] = set()
    for table in _CLAIM_TABLES:
        rows = reading.tables[table]
        here = pc.and_(
            pc.is_in(rows["interchange_sha256"], pa.array(shas, pa.string())),
            pc.equal(rows["segment_no"], piece.segment_no),
        )
        columns = ("interchange_sha256", "transaction_no", "claim_no")
        values = [rows[column].filter(here).to_pylist() for column in columns]
        found |= set(zip(*values, strict=True))
    return found


def _overlap(item: QuarantineItem, interchange: Interchange) -> bool:
    start = item.byte_offset or 0
    return start < interchange.end and start + item.byte_count > interchange.start


def _covers(item: QuarantineItem, interchange: Interchange) -> bool:
    start = item.byte_offset or 0
    return start <= interchange.start and start + item.byte_count >= interchange.end


def _pick(rows: pa.Table, owners: dict[Key, Outcome]) -> pa.Table:
    """The rows of these keys, each counted with the piece that it belongs to."""
    shas = {key[0] for key in owners}
    rows = rows.filter(pc.is_in(rows["interchange_sha256"], pa.array(sorted(shas), pa.string())))
    nothing = [None] * len(rows)
    columns = [
        rows[name].to_pylist() if name in rows.column_names else nothing
        for name in ("interchange_sha256", "transaction_no", "claim_no")
    ]
    keep = []
    for sha, transaction, claim in zip(*columns, strict=True):
        owner = (
            owners.get((sha, None, None))
            or owners.get((sha, transaction, None))
            or owners.get((sha, transaction, claim))
        )
        if owner is not None:
            owner.rows += 1
        keep.append(owner is not None)
    return rows.filter(pa.array(keep, pa.bool_()))
