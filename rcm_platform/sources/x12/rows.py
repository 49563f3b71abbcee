"""Transactions of one set and one choice of delimiters → rows with keys, and what must be held.

A pure function of its transactions: it may run in any thread, and decides nothing about files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rcm_platform.lake import UNDATED
from rcm_platform.sources.x12 import adapter
from rcm_platform.sources.x12.remit_balance import left_by_payments
from rcm_platform.sources.x12.splitter import (
    Buffer,
    Delimiters,
    Fault,
    Group,
    Interchange,
    Transaction,
)
from rcm_platform.sources.x12.tables import TABLES

_PROVENANCE = pa.schema(
    [
        ("_source_system", pa.string()),
        ("_source_file", pa.string()),
        ("_source_position", pa.string()),
        ("_arrival_date", pa.date32()),
    ]
)
SCHEMAS: dict[str, pa.Schema] = {
    table: pa.schema([*schema, *_PROVENANCE]) for table, schema in TABLES.items()
}
"""The columns of each table as it is loaded, `_arrival_date` included."""

Tables = dict[str, pa.Table]
Faults = dict[int, Fault]
Judge = Callable[[adapter.Parsed], tuple[Faults, Faults]]
"""What is wrong with parsed transactions: by transaction and by claim, as in `balance.judge`."""

# the dollars of a file: what it pays or what it charges
_FILE_DOLLARS = {"remit_payments": "payment_amount", "submitted_claims": "charge_amount"}


@dataclass
class File:
    """One file while it is read, with its byte account: `data` is what is read of its `size`."""

    name: str
    data: Buffer
    sha256: str
    size: int
    arrival_date: date = UNDATED
    loaded: int = 0
    quarantined: int = 0
    duplicate: int = 0
    padding: int = 0
    rows: int = 0
    dollars: Decimal | None = None

    def add_dollars(self, amount: Decimal) -> None:
        """Count dollars that the file pays or charges."""
        self.dollars = (self.dollars or Decimal(0)) + amount


@dataclass(frozen=True, eq=False)
class Opened:
    """An interchange that is loaded at least in part."""

    file: File
    sha256: str
    arrival_date: date
    source: Interchange


class Piece(NamedTuple):
    """One transaction to parse."""

    interchange: Opened
    group: Group
    transaction: Transaction


@dataclass(frozen=True)
class Chunk:
    """Transactions that are parsed together."""

    set_name: str
    delimiters: Delimiters
    pieces: list[Piece]


@dataclass(frozen=True)
class HeldClaim:
    """A claim that is not loaded: its transaction (in the chunk) and its bytes in the file."""

    piece: int
    fault: Fault
    span: tuple[int, int]
    segment_no: int
    dollars: Decimal | None


@dataclass
class Landed:
    """What came of a chunk: rows by table, and by transaction: faults, row counts, dollars."""

    tables: Tables
    held_transactions: dict[int, Fault]
    held_claims: list[HeldClaim] = field(default_factory=list)
    row_counts: list[int] = field(default_factory=list)
    dollars: list[tuple[int, Decimal]] = field(default_factory=list)


def land(source_system: str, chunk: Chunk, judge: Judge) -> Landed:
    """Parse a chunk, judge it, and give the rows of what is right their keys."""
    pieces = chunk.pieces
    # views: of the bytes, the parser is given a copy, and that is enough
    data = [
        memoryview(p.interchange.file.data)[p.transaction.start : p.transaction.end] for p in pieces
    ]
    counts = [piece.transaction.segment_count for piece in pieces]
    parsed = adapter.read(chunk.set_name, data, chunk.delimiters, counts)
    del data
    transaction_faults, claim_faults = judge(parsed)
    landed = Landed({}, transaction_faults)
    landed.held_claims = _held_claims(chunk, parsed, claim_faults, transaction_faults)
    held_transactions = np.zeros(len(pieces), dtype=bool)
    held_transactions[list(transaction_faults)] = True
    # the last stands for "no claim"
    held_claims = np.zeros((0 if parsed.claims is None else len(parsed.claims)) + 1, dtype=bool)
    held_claims[list(claim_faults)] = True
    is_all_right = not transaction_faults and not claim_faults
    keys = _keys(source_system, pieces)
    row_counts = np.zeros(len(pieces), dtype=np.int64)
    own = {"diagnostics": parsed.diagnostics, "unread_segments": parsed.unread}
    for table, rows in (parsed.tables | own).items():
        if not len(rows):
            continue
        if is_all_right:
            kept = rows
        else:
            keep = ~held_transactions[rows["transaction"].to_numpy()]
            if "claim" in rows.column_names:
                keep &= ~held_claims[pc.fill_null(rows["claim"], -1).to_numpy()]
            kept = _kept(rows, keep)
        if not len(kept):
            continue
        row_counts += np.bincount(kept["transaction"].to_numpy(), minlength=len(pieces))
        landed.tables[table] = _with_keys(table, kept, keys)
        if column := _FILE_DOLLARS.get(table):
            totals = kept.group_by("transaction").aggregate([(column, "sum")])
            landed.dollars += zip(
                totals["transaction"].to_pylist(), totals[f"{column}_sum"].to_pylist(), strict=True
            )
    landed.row_counts = row_counts.tolist()
    return landed


def _held_claims(
    chunk: Chunk,
    parsed: adapter.Parsed,
    claim_faults: Faults,
    transaction_faults: Faults,
) -> list[HeldClaim]:
    """The faulty claims of transactions that are loaded otherwise."""
    held = []
    amount, left = "charge_amount", dict[int, Decimal]()
    if chunk.set_name == "835":
        amount, left = "paid_amount", left_by_payments(parsed.tables, claim_faults)
    for claim, fault in claim_faults.items():
        assert parsed.claims is not None
        index, start, end = parsed.claim_span(claim)
        if index in transaction_faults:
            continue
        transaction = chunk.pieces[index].transaction
        held.append(
            HeldClaim(
                piece=index,
                fault=fault,
                span=(transaction.start + start, transaction.start + end),
                segment_no=transaction.first_segment + parsed.claims["segment"][claim].as_py(),
                dollars=left.get(claim, parsed.claims[amount][claim].as_py()),
            )
        )
    return held


def _kept(rows: pa.Table, keep: np.ndarray) -> pa.Table:
    """The rows to keep. They stand in few runs, which are shared, not copied."""
    edges = np.flatnonzero(np.diff(keep, prepend=False, append=False)).reshape(-1, 2)
    if len(edges) > _MANY_RUNS:
        return rows.filter(pa.array(keep))
    runs = [rows.slice(start, end - start) for start, end in edges.tolist()]
    return pa.concat_tables([rows.slice(0, 0), *runs])


_MANY_RUNS = 200


def _keys(source_system: str, pieces: Sequence[Piece]) -> pa.Table:
    """What every row of a transaction carries: one row per transaction."""
    # of many transactions, few groups: what is theirs is made once
    groups = {id(group): (interchange, group) for interchange, group, _ in pieces}
    numbers = {key: number for number, key in enumerate(groups)}
    interchanges = [interchange for interchange, _ in groups.values()]
    of_group = pa.table(
        {
            # of texts that many rows share, only a number is copied for each
            "interchange_sha256": _encoded(i.sha256 for i in interchanges),
            "isa_control_number": _encoded(i.source.header[13] for i in interchanges),
            "gs_control_number": _encoded(group.header[6] for _, group in groups.values()),
            "position": pa.array([f"{i.source.number}/" for i in interchanges]).dictionary_encode(),
            "_source_system": _encoded([source_system] * len(groups)),
            "_source_file": pa.array([i.file.name for i in interchanges]).dictionary_encode(),
            "_arrival_date": pa.array([i.arrival_date for i in interchanges], pa.date32()),
        }
    )
    keys = of_group.take(pa.array([numbers[id(group)] for _, group, _ in pieces], pa.int32()))
    transactions = [transaction for _, _, transaction in pieces]
    own = {
        "st_control_number": _encoded(t.header[2] for t in transactions),
        "transaction_no": pa.array([t.number for t in transactions], pa.int32()),
        "first_segment": pa.array([t.first_segment for t in transactions], pa.int32()),
    }
    for name, values in own.items():
        keys = keys.append_column(name, values)
    return keys


def _with_keys(table: str, rows: pa.Table, keys: pa.Table) -> pa.Table:
    """Rows as they are loaded: the columns of the table, their provenance and arrival date."""
    context = keys.take(rows["transaction"])
    segment_no = pc.add(context["first_segment"], rows["segment"].cast(pa.int32()))
    position = _joined(context["position"].combine_chunks(), segment_no.cast(pa.string()))
    given = {"segment_no": segment_no, "_source_position": position}
    for source in (context, rows):
        given |= {name: source[name] for name in source.column_names}
    columns = {}
    for column in SCHEMAS[table]:
        values = given.get(column.name)
        if values is None:
            # two sets may feed one table, and one of them lack a column
            values = pa.nulls(len(rows), column.type)
        elif values.type != column.type and not pa.types.is_dictionary(values.type):
            values = values.cast(column.type)
        columns[column.name] = values
    return pa.table(columns)


def _joined(prefixes: pa.DictionaryArray, texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Each text behind its prefix; most often they all have the same one."""
    one = len(prefixes.dictionary) == 1
    first = prefixes.dictionary[0] if one else prefixes.cast(pa.string())
    return pc.binary_join_element_wise(first, texts, "")


def _encoded(values: Iterable[str]) -> pa.Array:
    """Texts without blanks around them, as a dictionary; null when nothing is left."""
    texts = pa.array([value.strip() or None for value in values], pa.string())
    return texts.dictionary_encode()
