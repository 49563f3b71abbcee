"""Files of X12, as bytes → rows to load, pieces to hold, and what became of every byte.

No disk, no lake: `loader.py` does that. Many files are read in one go, because the cost of a small
file is the call, not its bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rcm_platform.lake import UNDATED
from rcm_platform.sources.base import Level, QuarantineItem, ReceivedFile, Status
from rcm_platform.sources.x12 import adapter, balance
from rcm_platform.sources.x12.envelope import judge, set_name
from rcm_platform.sources.x12.splitter import (
    BYTE_ORDER_MARK,
    PADDING,
    Delimiters,
    Fault,
    Group,
    Interchange,
    Transaction,
    split,
)
from rcm_platform.sources.x12.tables import TABLES

# bytes handed to the parser at once: bounds memory to a few hundred MB whatever the file sizes
_PARSE_BYTES = 64_000_000

_PROVENANCE = pa.schema(
    [
        ("_source_system", pa.string()),
        ("_source_file", pa.string()),
        ("_source_position", pa.string()),
        ("_arrival_date", pa.date32()),
    ]
)
# levels of quarantine inside an interchange that is loaded otherwise
_PARTS = frozenset(("transaction", "claim"))
# the corrections of the guides that HIPAA names; others are read alike, with a warning (P7)
_GUIDES = {"837P": "005010X222A1", "837I": "005010X223A2", "999": "005010X231A1"}
# the dollars of a file: what it pays or what it charges
_FILE_DOLLARS = {"remit_payments": "payment_amount", "submitted_claims": "charge_amount"}


@dataclass
class Reading:
    """What some files hold: rows by table (with provenance and `_arrival_date`), and the rest."""

    tables: dict[str, pa.Table]
    received: list[ReceivedFile]
    quarantine: list[QuarantineItem]


@dataclass
class _File:
    """One file while it is read, with its byte account."""

    name: str
    data: bytes
    sha256: str
    arrival_date: date = UNDATED
    loaded: int = 0
    quarantined: int = 0
    duplicate: int = 0
    padding: int = 0
    rows: int = 0
    dollars: Decimal | None = None


@dataclass
class _Interchange:
    """An interchange that is loaded at least in part."""

    file: _File
    sha256: str
    arrival_date: date
    source: Interchange


@dataclass
class _Piece:
    """One transaction to parse."""

    interchange: _Interchange
    group: Group
    transaction: Transaction


@dataclass
class _Work:
    """The state of one reading."""

    source_system: str
    interchanges: list[_Interchange] = field(default_factory=list)
    pieces: dict[tuple[str, Delimiters], list[_Piece]] = field(
        default_factory=lambda: defaultdict(list)
    )
    quarantine: list[QuarantineItem] = field(default_factory=list)
    warnings: list[tuple[_Interchange, int, str, str, str]] = field(default_factory=list)
    landed: dict[str, list[pa.Table]] = field(default_factory=lambda: defaultdict(list))


def read(
    files: Iterable[tuple[str, bytes]],
    source_system: str = "x12",
    accept_test: bool = False,
    seen: set[str] | None = None,
) -> Reading:
    """Read X12 files, given as (name, bytes). Never raises because of what they hold.

    `seen` holds the sha256 of interchanges that were loaded before; those of this reading are
    added to it. A repeated interchange is counted as duplicate bytes and not read again (rule D1).
    """
    work = _Work(source_system)
    seen = set() if seen is None else seen
    opened = [_File(name, data, hashlib.sha256(data).hexdigest()) for name, data in files]
    for file in opened:
        _cut(work, file, accept_test, seen)
    for (name, delimiters), pieces in work.pieces.items():
        for chunk in _chunks(pieces):
            _parse(work, name, delimiters, chunk)
    _land_interchanges(work)
    tables = {
        table: pa.concat_tables(work.landed[table])
        if work.landed[table]
        else _schema(table).empty_table()
        for table in TABLES
    }
    return Reading(tables, [_received(source_system, file) for file in opened], work.quarantine)


def parse(data: bytes, source_file: str = "", accept_test: bool = False) -> Reading:
    """Read one file from its bytes alone. See `read`."""
    return read([(source_file, data)], accept_test=accept_test)


def _cut(work: _Work, file: _File, accept_test: bool, seen: set[str]) -> None:
    """Split a file, judge its envelopes, queue its transactions, hold what cannot be read."""
    if not file.data.removeprefix(BYTE_ORDER_MARK).strip(PADDING):
        fault = Fault("T1", "the file is empty" if not file.data else "the file holds only blanks")
        _hold(work, file, "file", fault, (0, len(file.data)))
        return
    pieces = split(file.data)
    dates = [day for interchange in pieces.interchanges if (day := interchange.date)]
    # a file is known as a whole once its last interchange is
    file.arrival_date = max(dates, default=UNDATED)
    file.padding = pieces.padding
    for stray in pieces.strays:
        level: Level = "interchange" if pieces.interchanges else "file"
        _hold(work, file, level, stray.fault, (stray.start, stray.end))
    for source in pieces.interchanges:
        span = source.start, source.end
        sha256 = hashlib.sha256(file.data[slice(*span)]).hexdigest()
        if sha256 in seen:
            file.duplicate += source.end - source.start
            continue
        judge(source, accept_test)
        interchange = _Interchange(file, sha256, source.date or file.arrival_date, source)
        if source.fault:
            _hold(work, file, "interchange", source.fault, span, interchange)
            continue
        seen.add(sha256)
        file.loaded += source.end - source.start
        _queue(work, interchange)


def _queue(work: _Work, interchange: _Interchange) -> None:
    """Queue the transactions of an interchange that can be read; hold its faulty parts."""
    work.interchanges.append(interchange)
    source = interchange.source
    if source.is_trimmed:
        rule = "E2: the ISA segment is shorter than its fixed width; its separators were counted"
        work.warnings.append((interchange, 1, "TrimmedHeader", rule, source.header[13]))
    if source.acknowledgements:
        rule = "E8: TA1 acknowledgements are not read by this version"
        work.warnings.append((interchange, 2, "UnreadSegment", rule, "TA1"))
    for group in source.groups:
        if group.fault:
            for transaction in group.transactions:
                _hold_transaction(work, interchange, transaction, group.fault)
            if not group.transactions:
                fault = f"{group.fault.rule_id}: {group.fault.reason}"
                work.warnings.append((interchange, group.first_segment, "EmptyGroup", fault, ""))
            continue
        name, guide = set_name(group), group.header[8].strip()
        assert name is not None  # the envelope's judge holds the others
        if guide != _GUIDES.get(name, guide):
            rule = f"P7: read like {_GUIDES[name]}, the version named by HIPAA"
            work.warnings.append((interchange, group.first_segment, "GuideVariant", rule, guide))
        for transaction in group.transactions:
            if transaction.fault:
                _hold_transaction(work, interchange, transaction, transaction.fault)
            else:
                piece = _Piece(interchange, group, transaction)
                work.pieces[name, source.delimiters].append(piece)


def _chunks(pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    chunk: list[_Piece] = []
    size = 0
    for piece in pieces:
        length = piece.transaction.end - piece.transaction.start
        if chunk and size + length > _PARSE_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(piece)
        size += length
    if chunk:
        yield chunk


def _parse(work: _Work, name: str, delimiters: Delimiters, pieces: list[_Piece]) -> None:
    """Parse transactions of one set, hold the faulty ones and faulty claims, land the rest."""
    data = [p.interchange.file.data[p.transaction.start : p.transaction.end] for p in pieces]
    parsed = adapter.read(name, data, delimiters)
    transaction_faults, claim_faults = balance.judge(parsed)
    claims = parsed.claims
    held_transactions = np.zeros(len(pieces), dtype=bool)
    held_transactions[list(transaction_faults)] = True
    # the last stands for "no claim"
    held_claims = np.zeros((0 if claims is None else len(claims)) + 1, dtype=bool)
    held_claims[list(claim_faults)] = True
    for index, fault in transaction_faults.items():
        _hold_transaction(work, pieces[index].interchange, pieces[index].transaction, fault)
    for claim, fault in claim_faults.items():
        assert claims is not None
        index, start, end = parsed.claim_span(claim)
        if not held_transactions[index]:
            interchange, transaction = pieces[index].interchange, pieces[index].transaction
            _hold(
                work,
                interchange.file,
                "claim",
                fault,
                (transaction.start + start, transaction.start + end),
                interchange,
                transaction.first_segment + claims["segment"][claim].as_py(),
                claims["paid_amount" if name == "835" else "charge_amount"][claim].as_py(),
            )
    keys = _keys(work.source_system, pieces)
    row_counts = np.zeros(len(pieces), dtype=np.int64)
    for table, rows in [*parsed.tables.items(), ("diagnostics", parsed.diagnostics)]:
        keep = ~held_transactions[rows["transaction"].to_numpy()]
        if "claim" in rows.column_names:
            keep &= ~held_claims[pc.fill_null(rows["claim"], -1).to_numpy()]
        kept = rows.filter(pa.array(keep))
        row_counts += np.bincount(kept["transaction"].to_numpy(), minlength=len(pieces))
        work.landed[table].append(_with_keys(table, kept, keys))
        if column := _FILE_DOLLARS.get(table):
            totals = kept.group_by("transaction").aggregate([(column, "sum")]).to_pylist()
            for total in totals:
                file = pieces[total["transaction"]].interchange.file
                file.dollars = (file.dollars or Decimal(0)) + total[f"{column}_sum"]
    for piece, count in zip(pieces, row_counts.tolist(), strict=True):
        piece.interchange.file.rows += count


def _keys(source_system: str, pieces: list[_Piece]) -> pa.Table:
    """What every row of a transaction carries: one row per transaction."""
    interchanges = [piece.interchange for piece in pieces]
    return pa.table(
        {
            "interchange_sha256": pa.array([i.sha256 for i in interchanges], pa.string()),
            "isa_control_number": _texts(i.source.header[13] for i in interchanges),
            "gs_control_number": _texts(p.group.header[6] for p in pieces),
            "st_control_number": _texts(p.transaction.header[2] for p in pieces),
            "transaction_no": pa.array([p.transaction.number for p in pieces], pa.int32()),
            "first_segment": pa.array([p.transaction.first_segment for p in pieces], pa.int32()),
            "interchange_no": pa.array([i.source.number for i in interchanges], pa.int32()),
            "_source_system": pa.array([source_system] * len(pieces), pa.string()),
            "_source_file": pa.array([i.file.name for i in interchanges], pa.string()),
            "_arrival_date": pa.array([i.arrival_date for i in interchanges], pa.date32()),
        }
    )


def _with_keys(table: str, rows: pa.Table, keys: pa.Table) -> pa.Table:
    """Rows as they are loaded: the columns of the table, their provenance and arrival date."""
    context = keys.take(rows["transaction"])
    segment_no = pc.add(context["first_segment"], rows["segment"].cast(pa.int32()))
    position = pc.binary_join_element_wise(
        context["interchange_no"].cast(pa.string()), segment_no.cast(pa.string()), "/"
    )
    given = {"segment_no": segment_no, "_source_position": position}
    for source in (context, rows):
        given |= {name: source[name] for name in source.column_names}
    schema = _schema(table)
    for column in schema:
        # two sets may feed one table, and one of them lack a column
        given.setdefault(column.name, pa.nulls(len(rows), column.type))
    return pa.table({name: given[name] for name in schema.names}, schema=schema)


def _schema(table: str) -> pa.Schema:
    return pa.schema([*TABLES[table], *_PROVENANCE])


def _texts(values: Iterable[str]) -> pa.Array:
    return pa.array([value.strip() or None for value in values], pa.string())


def _land_interchanges(work: _Work) -> None:
    """One row per interchange that is loaded, and the warnings about envelopes."""
    rows = []
    for interchange in work.interchanges:
        source = interchange.source
        header = [element.strip() or None for element in source.header]
        rows.append(
            _provenance(work, interchange, 1)
            | {
                "sender_id": header[6],
                "receiver_id": header[8],
                "interchange_date": source.date,
                "usage_indicator": header[15],
                "version": header[12],
                "byte_count": source.end - source.start,
            }
        )
        interchange.file.rows += 1
    warnings = []
    for interchange, segment_no, kind, rule, datum in work.warnings:
        warning = {"level": 1, "kind": kind, "rule": rule, "datum": datum}
        warnings.append(_provenance(work, interchange, segment_no) | warning)
        interchange.file.rows += 1
    for table, records in (("interchanges", rows), ("diagnostics", warnings)):
        work.landed[table].append(pa.Table.from_pylist(records, schema=_schema(table)))


def _provenance(work: _Work, interchange: _Interchange, segment_no: int) -> dict[str, object]:
    return {
        "interchange_sha256": interchange.sha256,
        "isa_control_number": interchange.source.header[13].strip() or None,
        "segment_no": segment_no,
        "_source_system": work.source_system,
        "_source_file": interchange.file.name,
        "_source_position": f"{interchange.source.number}/{segment_no}",
        "_arrival_date": interchange.arrival_date,
    }


def _hold_transaction(
    work: _Work, interchange: _Interchange, transaction: Transaction, fault: Fault
) -> None:
    span = transaction.start, transaction.end
    position = transaction.first_segment
    _hold(work, interchange.file, "transaction", fault, span, interchange, position)


def _hold(
    work: _Work,
    file: _File,
    level: Level,
    fault: Fault,
    span: tuple[int, int],
    interchange: _Interchange | None = None,
    segment_no: int = 1,
    dollars: Decimal | None = None,
) -> None:
    """Put a span of a file in quarantine; `dollars` are read from it when they are not given."""
    start, end = span
    content = file.data[start:end]
    file.quarantined += end - start
    if level in _PARTS:
        file.loaded -= end - start
    position = f"byte {start}"
    if interchange is not None:
        position = f"{interchange.source.number}/{segment_no}"
        if level != "claim":
            dollars = _dollars(content, interchange.source.delimiters)
    work.quarantine.append(
        QuarantineItem(
            source_system=work.source_system,
            source_file=file.name,
            source_position=position,
            level=level,
            rule_id=fault.rule_id,
            reason=fault.reason,
            byte_offset=start,
            byte_count=end - start,
            content=content,
            dollar_amount=dollars,
            arrival_date=interchange.arrival_date if interchange else file.arrival_date,
            content_sha256=file.sha256,
        )
    )


def _dollars(content: bytes, delimiters: Delimiters) -> Decimal | None:
    """Σ BPR02 (what was paid), else Σ CLM02 (what was charged); None when neither can be read."""
    segments = [part.lstrip(PADDING) for part in content.split(delimiters.segment)]
    for tag in (b"BPR", b"CLM"):
        start = tag + delimiters.element
        amounts = [
            part.split(delimiters.element, 3)[2:3] for part in segments if part.startswith(start)
        ]
        readable = [_decimal(amount[0]) for amount in amounts if amount]
        if known := [amount for amount in readable if amount is not None]:
            return sum(known, Decimal(0))
    return None


def _decimal(raw: bytes) -> Decimal | None:
    if not re.fullmatch(rb"-?\d{1,14}(\.\d{0,2})?|-?\.\d{1,2}", raw):
        return None
    return Decimal(raw.decode())


def _received(source_system: str, file: _File) -> ReceivedFile:
    status: Status
    if file.quarantined:
        status = "partial" if file.loaded or file.duplicate else "quarantined"
    elif file.loaded:
        status = "loaded"
    else:
        status = "duplicate" if file.duplicate else "quarantined"
    return ReceivedFile(
        source_system=source_system,
        source_file=file.name,
        content_sha256=file.sha256,
        byte_count=len(file.data),
        loaded_byte_count=file.loaded,
        quarantined_byte_count=file.quarantined,
        duplicate_byte_count=file.duplicate,
        padding_byte_count=file.padding,
        status=status,
        row_count=file.rows,
        dollar_amount=file.dollars,
        arrival_date=file.arrival_date,
    )
