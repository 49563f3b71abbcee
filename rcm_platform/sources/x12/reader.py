"""Files of X12 → rows to load, pieces to hold, and what became of every byte.

No lake: `loader.py` does that. Many files are read in one go, because the cost of a small file is
the call, not its bytes; a large file is read a chunk of transactions at a time, after its envelopes
were judged, so that memory does not grow with it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pyarrow as pa

from rcm_platform.lake import UNDATED
from rcm_platform.sources.base import Level, QuarantineItem, ReceivedFile, Status
from rcm_platform.sources.x12 import balance
from rcm_platform.sources.x12.amounts import announced
from rcm_platform.sources.x12.envelope import judge, set_name
from rcm_platform.sources.x12.rows import SCHEMAS, Chunk, File, Landed, Opened, Piece, Tables, land
from rcm_platform.sources.x12.splitter import (
    BYTE_ORDER_MARK,
    Buffer,
    Delimiters,
    Fault,
    Group,
    Interchange,
    Transaction,
    is_blank,
    split,
    without_tail,
)
from rcm_platform.sources.x12.wrapping import is_torn, unwrapped

# bytes handed to the parser at once: they take some ten times as much while they are read
_PARSE_BYTES = 8_000_000
_HASH_BYTES = 1 << 22

# levels of quarantine inside an interchange that is loaded otherwise
_PARTS = frozenset(("transaction", "claim"))

_Kind = tuple[str, Delimiters]
"""What is parsed together: one set, written with the same delimiters."""


@dataclass
class Reading:
    """What some files hold: rows by table (with provenance and `_arrival_date`), and the rest."""

    tables: Tables
    received: list[ReceivedFile]
    quarantine: list[QuarantineItem]


def read(
    files: Iterable[tuple[str, Buffer]],
    source_system: str = "x12",
    accept_test: bool = False,
    seen: set[str] | None = None,
    partners: frozenset[str] = frozenset(),
    not_after: date = date.max,
    waived: str = "",
) -> Reading:
    """Read X12 files, given as (name, bytes). Never raises because of what they hold.

    `seen` holds the sha256 of interchanges that were loaded before; those of this reading are
    added to it. A repeated interchange is counted as duplicate bytes and not read again (rule D1).
    `partners` are the only ids that may send and receive (E11); without any, everyone may.
    `not_after` is the last day that an interchange may be dated (E13). `waived` is a rule that
    holds nothing in this reading.
    """
    reader = Reader(
        source_system,
        accept_test,
        seen,
        partners=partners,
        not_after=not_after,
        waived=waived,
    )
    parts: dict[str, list[pa.Table]] = defaultdict(list)
    hashed = ((name, data, Digests.of(data)) for name, data in files)
    for tables in reader.read(hashed):
        for table, rows in tables.items():
            parts[table].append(rows.cast(SCHEMAS[table]))
    tables = {
        table: pa.concat_tables(parts[table]) if parts[table] else schema.empty_table()
        for table, schema in SCHEMAS.items()
    }
    return Reading(tables, reader.received, reader.quarantine)


def parse(data: bytes, source_file: str = "", accept_test: bool = False) -> Reading:
    """Read one file from its bytes alone. See `read`."""
    return read([(source_file, data)], accept_test=accept_test)


@dataclass(frozen=True)
class Digests:
    """The sha256 of a file; and without the blanks at its end, where often its one interchange
    ends: what was hashed once is not hashed again."""

    whole: str
    text: str
    text_end: int

    @classmethod
    def of(cls, data: Buffer) -> Digests:
        """Hash a file, a part at a time."""
        end = without_tail(data, 0, len(data))
        digest = _sha256(data, 0, end)
        text = digest.hexdigest()
        digest.update(data[end:])
        return cls(digest.hexdigest(), text, end)

    def of_part(self, data: Buffer, start: int, end: int) -> str:
        """The sha256 of a part of the file."""
        if (start, end) == (0, self.text_end):
            return self.text
        return _sha256(data, start, end).hexdigest()


def _sha256(data: Buffer, start: int, end: int) -> hashlib._Hash:
    digest = hashlib.sha256()
    with memoryview(data) as view:
        for at in range(start, end, _HASH_BYTES):
            digest.update(view[at : min(at + _HASH_BYTES, end)])
    return digest


class Reader:
    """Reads files once. When `read` is exhausted, `received` has a line for each file, and
    `quarantine` every piece that was not loaded.

    With more than one thread, chunks are parsed side by side (the parser, Arrow and DuckDB let go
    of Python's lock); rows come in the same order all the same.
    """

    def __init__(
        self,
        source_system: str,
        accept_test: bool = False,
        seen: set[str] | None = None,
        threads: int = 1,
        partners: frozenset[str] = frozenset(),
        not_after: date = date.max,
        waived: str = "",
    ) -> None:
        self.received: list[ReceivedFile] = []
        self.quarantine: list[QuarantineItem] = []
        self.source_system = source_system
        self._accept_test, self._partners = accept_test, partners
        self._not_after, self._waived = not_after, waived
        self._seen = set() if seen is None else seen
        self._threads = threads
        self._files: list[File] = []
        self._interchanges: list[Opened] = []
        self._warnings: list[tuple[Opened, int, str, str, str]] = []

    def read(self, files: Iterable[tuple[str, Buffer, Digests]]) -> Iterator[Tables]:
        """Rows by table, some at a time. The files must stay open until all rows are taken."""
        chunks = self._chunks(files)
        if self._threads > 1:
            yield from self._side_by_side(chunks)
        else:
            for chunk in chunks:
                yield self._settle(chunk, self._land(chunk))
        yield self._envelope_rows()
        self.received = [_received(self.source_system, file) for file in self._files]

    def _side_by_side(self, chunks: Iterable[Chunk]) -> Iterator[Tables]:
        running: deque[tuple[Chunk, Future[Landed]]] = deque()
        with ThreadPoolExecutor(self._threads, thread_name_prefix="x12") as pool:
            for chunk in chunks:
                if len(running) >= self._threads:
                    first, outcome = running.popleft()
                    running.append((chunk, pool.submit(self._land, chunk)))
                    yield self._settle(first, outcome.result())
                else:
                    running.append((chunk, pool.submit(self._land, chunk)))
            while running:
                first, outcome = running.popleft()
                yield self._settle(first, outcome.result())

    def _land(self, chunk: Chunk) -> Landed:
        return land(self.source_system, chunk, lambda parsed: balance.judge(parsed, self._waived))

    def _chunks(self, files: Iterable[tuple[str, Buffer, Digests]]) -> Iterator[Chunk]:
        """The transactions to parse, as many together as may be."""
        waiting: dict[_Kind, list[Piece]] = {}
        sizes: dict[_Kind, int] = defaultdict(int)
        for name, data, digests in files:
            text = unwrapped(data)
            file = File(name, text, digests.whole, len(data))
            if text is not data:
                digests = Digests.of(text)
            self._files.append(file)
            for kind, pieces in self._cut(file, digests):
                chunk, size = waiting.setdefault(kind, []), sizes[kind]
                for piece in pieces:
                    length = piece.transaction.end - piece.transaction.start
                    if size and size + length > _PARSE_BYTES:
                        yield Chunk(*kind, chunk)
                        chunk, size = [], 0
                    chunk.append(piece)
                    size += length
                waiting[kind], sizes[kind] = chunk, size
        for kind, chunk in waiting.items():
            if chunk:
                yield Chunk(*kind, chunk)

    def _cut(self, file: File, digests: Digests) -> Iterator[tuple[_Kind, Iterator[Piece]]]:
        """Split a file, judge its envelopes, hold what cannot be read, give its transactions."""
        data = file.data
        if is_blank(data, len(BYTE_ORDER_MARK) if data[:3] == BYTE_ORDER_MARK else 0):
            reason = "the file holds only blanks" if len(data) else "the file is empty"
            self._hold(file, "file", Fault("T1", reason), (0, len(data)))
            return
        pieces = split(data)
        # a file is known as a whole once its last interchange is
        file.arrival_date = max(map(self._day, pieces.interchanges), default=UNDATED)
        file.padding = pieces.padding + file.size - len(data)
        for stray in pieces.strays:
            level: Level = "interchange" if pieces.interchanges else "file"
            self._hold(file, level, stray.fault, (stray.start, stray.end))
        opened = []
        for source in pieces.interchanges:
            span = source.start, source.end
            sha256 = digests.of_part(data, *span)
            if sha256 in self._seen:
                file.duplicate += source.end - source.start
                continue
            judge(source, self._accept_test, self._partners, self._not_after, self._waived)
            arrival = file.arrival_date if source.date is None else self._day(source)
            interchange = Opened(file, sha256, arrival, source)
            if source.fault:
                self._hold(file, "interchange", source.fault, span, interchange)
                continue
            self._seen.add(sha256)
            file.loaded += source.end - source.start
            opened.append(interchange)
        for interchange in opened:
            yield from self._queue(interchange)

    def _day(self, source: Interchange) -> date:
        """The day of an interchange; none when it bears none that can be true (E1, E13)."""
        day = source.date
        return day if day is not None and day <= self._not_after else UNDATED

    def _queue(self, interchange: Opened) -> Iterator[tuple[_Kind, Iterator[Piece]]]:
        """The transactions of an interchange that can be read; hold its faulty parts."""
        self._interchanges.append(interchange)
        source = interchange.source
        if source.is_trimmed:
            rule = "E2: the ISA segment is not of its fixed width; its separators were counted"
            self._warn(interchange, 1, "TrimmedHeader", rule, source.header[13])
        if interchange.file.size != len(interchange.file.data):
            rule = "E14: its lines are broken at a fixed width; they are read as one"
            self._warn(interchange, 1, "WrappedLines", rule, "")
        if source.is_unterminated:
            rule = "E16: the file ends before the terminator of IEA, whose control number is whole"
            self._warn(interchange, 1, "UnterminatedTrailer", rule, source.header[13])
        if source.acknowledgements:
            rule = "E8: TA1 acknowledgements are not read by this version"
            self._warn(interchange, 2, "UnreadSegment", rule, "TA1")
        for group in source.groups:
            if group.fault:
                for transaction in group.transactions:
                    self._hold_transaction(interchange, transaction, group.fault)
                if not group.transactions:
                    fault = f"{group.fault.rule_id}: {group.fault.reason}"
                    self._warn(interchange, group.first_segment, "EmptyGroup", fault, "")
                continue
            name = set_name(group)
            assert name is not None  # the envelope's judge holds the others
            for note in group.notes:
                self._warn(interchange, note.segment_no, note.kind, note.rule, note.datum)
            yield (name, source.delimiters), self._good(interchange, group)

    def _good(self, interchange: Opened, group: Group) -> Iterator[Piece]:
        """The transactions of a group whose envelopes are right; hold the others."""
        for transaction in group.transactions:
            if transaction.fault:
                self._hold_transaction(interchange, transaction, transaction.fault)
            else:
                yield Piece(interchange, group, transaction)

    def _settle(self, chunk: Chunk, landed: Landed) -> Tables:
        """Write down what came of a chunk, in the accounts of its files."""
        pieces = chunk.pieces
        for index, fault in landed.held_transactions.items():
            piece = pieces[index]
            self._hold_transaction(piece.interchange, piece.transaction, fault)
        for claim in landed.held_claims:
            interchange = pieces[claim.piece].interchange
            self._hold(
                interchange.file,
                "claim",
                claim.fault,
                claim.span,
                interchange,
                claim.segment_no,
                claim.dollars,
            )
        for index, amount in landed.dollars:
            pieces[index].interchange.file.add_dollars(amount)
        for piece, count in zip(pieces, landed.row_counts, strict=True):
            piece.interchange.file.rows += count
        return landed.tables

    def _envelope_rows(self) -> Tables:
        """One row per interchange that is loaded, and the warnings about envelopes."""
        rows = []
        for interchange in self._interchanges:
            source = interchange.source
            header = [element.strip() or None for element in source.header]
            rows.append(
                self._provenance(interchange, 1)
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
        for interchange, segment_no, kind, rule, datum in self._warnings:
            warning = {"level": 1, "kind": kind, "rule": rule, "datum": datum}
            warnings.append(self._provenance(interchange, segment_no) | warning)
            interchange.file.rows += 1
        return {
            table: pa.Table.from_pylist(records, schema=SCHEMAS[table])
            for table, records in (("interchanges", rows), ("diagnostics", warnings))
        }

    def _provenance(self, interchange: Opened, segment_no: int) -> dict[str, object]:
        return {
            "interchange_sha256": interchange.sha256,
            "isa_control_number": interchange.source.header[13].strip() or None,
            "segment_no": segment_no,
            "_source_system": self.source_system,
            "_source_file": interchange.file.name,
            "_source_position": f"{interchange.source.number}/{segment_no}",
            "_arrival_date": interchange.arrival_date,
        }

    def _warn(self, interchange: Opened, segment_no: int, kind: str, rule: str, datum: str) -> None:
        self._warnings.append((interchange, segment_no, kind, rule, datum))

    def _hold_transaction(
        self, interchange: Opened, transaction: Transaction, fault: Fault
    ) -> None:
        span = transaction.start, transaction.end
        position = transaction.first_segment
        self._hold(interchange.file, "transaction", fault, span, interchange, position)

    def _hold(
        self,
        file: File,
        level: Level,
        fault: Fault,
        span: tuple[int, int],
        interchange: Opened | None = None,
        segment_no: int = 1,
        dollars: Decimal | None = None,
    ) -> None:
        """Put a span of a file in quarantine; its dollars are read from it unless it is a claim."""
        start, end = span
        content = file.data[start:end]
        file.quarantined += end - start
        if level in _PARTS:
            file.loaded -= end - start
        position, reason = f"byte {start}", fault.reason
        if interchange is not None:
            position = f"{interchange.source.number}/{segment_no}"
            delimiters = interchange.source.delimiters
            if level != "claim":
                dollars = announced(content, delimiters)
            # a segment that is cut in two is not found by its name, nor counted
            if fault.rule_id in ("E4", "E6") and is_torn(content, delimiters.segment):
                reason += "; line breaks stand within its data, which may be why"
        self.quarantine.append(
            QuarantineItem(
                source_system=self.source_system,
                source_file=file.name,
                source_position=position,
                level=level,
                rule_id=fault.rule_id,
                reason=reason,
                byte_offset=start,
                byte_count=end - start,
                content=content,
                dollar_amount=dollars,
                arrival_date=interchange.arrival_date if interchange else file.arrival_date,
                content_sha256=file.sha256,
            )
        )


def _received(source_system: str, file: File) -> ReceivedFile:
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
        byte_count=file.size,
        loaded_byte_count=file.loaded,
        quarantined_byte_count=file.quarantined,
        duplicate_byte_count=file.duplicate,
        padding_byte_count=file.padding,
        status=status,
        row_count=file.rows,
        dollar_amount=file.dollars,
        arrival_date=file.arrival_date,
    )
