"""Tables that come as files (CSV, gzipped CSV, Parquet): read, check, land, account for each byte.

Everything lands as text, as the file has it. A file that cannot be used is quarantined with its
bytes and never stops another; content that was received before is skipped.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from rcm_platform.lake import Batch, Lake
from rcm_platform.sources import tabular
from rcm_platform.sources.base import (
    LoadSummary,
    Progress,
    QuarantineItem,
    ReceivedFile,
    Status,
    write_platform_rows,
)
from rcm_platform.sources.duckdb_errors import without_values
from rcm_platform.sources.tabular import (
    AHEAD,
    MAX_BAD_ROWS,
    MISSING,
    UNREADABLE,
    WRONG_TYPE,
    BadRow,
    Layout,
    literal,
    quoted,
)

SUFFIXES = (".csv.gz", ".csv", ".parquet")

_PLACE_FIELDS = (
    ("_file", pa.string()),
    ("_row", pa.int64()),
    ("_position", pa.string()),
    ("_arrival_date", pa.date32()),
)
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_HEAD_BYTES = 2**16
_BLOCK_BYTES = 8 * 2**20
_CONTENT_BYTES = 64 * 2**20
"""A larger file is quarantined in pieces of this size."""


@dataclass
class SourceFile:
    """One file of a folder, the raw table that it belongs to, and when it arrived."""

    path: Path
    name: str
    table: str
    arrival_date: date
    problem: tuple[str, str] | None = None
    """(rule, reason) when the file is to be quarantined whole."""
    sha256: str = ""
    size: int = 0
    rows: int = 0
    dollars: dict[str, Decimal] = field(default_factory=dict)
    items: list[QuarantineItem] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    """Column name in the file → lower case."""
    notes: list[str] = field(default_factory=list)

    @property
    def is_parquet(self) -> bool:
        return split_name(self.path)[1] == ".parquet"

    def reject(self, rule: str, reason: str) -> None:
        self.problem = (rule, reason)


def split_name(path: Path) -> tuple[str, str]:
    """(stem, suffix) of a table file, lower case; the suffix is empty for any other file."""
    name = path.name.lower()
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            return name.removesuffix(suffix), suffix
    return name, ""


def load_files(
    lake: Lake,
    source: str,
    source_system: str,
    found: Sequence[SourceFile],
    layouts: Mapping[str, Layout],
    progress: Progress = None,
    rows_of: str | None = None,
    *,
    is_one_delivery: bool = False,
) -> LoadSummary:
    """Land what is new among the files of one folder, as one batch.

    A table without a layout is landed as it is. Files of one table are checked together, so many
    small files cost little more than one large. `rows_of` is the source system that the rows are
    about, when it is not the one that the files come from. `is_one_delivery`: the files of a table
    are parts of it, so a key of one is not repeated in another.
    """
    summary = LoadSummary(source_system)
    new, repeated = _part_received(lake, source_system, found, summary)
    if not new and not repeated:
        return summary
    # a file that only repeats known content must not share the batch id of the first
    hashes = [f.sha256 for f in new] + [f"{f.sha256} {f.name}" for f in repeated]
    with lake.batch(source, hashes) as batch, tabular.connect(lake) as con:
        done = 0
        for table, group in groupby(sorted(new, key=lambda f: f.table), key=lambda f: f.table):
            files = sorted(group, key=lambda f: f.name)
            if progress:
                progress(done, len(new), table)
            for file in files:
                if not file.problem:
                    _read_header(con, file, layouts.get(table))
            if table not in layouts:
                names = dict.fromkeys(name for f in files for name in f.columns.values())
                lake.declare(source, table, pa.schema([(name, pa.string()) for name in names]))
            where = _Target(batch, source, source_system, rows_of or source_system)
            _load_table(con, where, table, files, layouts.get(table), is_one_delivery)
            summary.rows[table] = summary.rows.get(table, 0) + sum(f.rows for f in files)
            done += len(files)
        if progress:
            progress(done, len(new), source_system)
        received = [_account(file, source_system) for file in new]
        received += [_duplicate(file, source_system) for file in repeated]
        write_platform_rows(batch, received, [item for file in new for item in file.items])
    _summarize(summary, new)
    return summary


def _part_received(
    lake: Lake, source_system: str, found: Sequence[SourceFile], summary: LoadSummary
) -> tuple[list[SourceFile], list[SourceFile]]:
    """Files with new content, and files of a new name whose content is loaded.

    What was held is read again under another name, as it may be the name that held it, and under
    its own name once the day has come that it is dated (E13).
    """
    loaded, names = lake.received_hashes(only_loaded=True), lake.received_names()
    ahead = _held_ahead(lake, source_system)
    new: list[SourceFile] = []
    repeated: list[SourceFile] = []
    for file in sorted(found, key=lambda f: f.name):
        try:
            with file.path.open("rb") as stream:
                file.sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
                file.size = stream.tell()
        except OSError as error:
            summary.files_quarantined += 1
            summary.messages.append(
                f"{source_system} {file.name}: the file cannot be opened ({error.strerror}). "
                "Give the platform leave to read it, then load again."
            )
            continue
        was_received = (source_system, file.name, file.sha256) in names and (
            bool(file.problem) or (file.name, file.sha256) not in ahead
        )
        # nothing is the same as nothing, and yet each empty file is one that lacks its rows
        is_loaded = bool(file.size) and file.sha256 in loaded
        if not is_loaded and not was_received:
            new.append(file)
            if not file.problem:
                loaded.add(file.sha256)
            continue
        summary.files_skipped += 1
        if not was_received:
            repeated.append(file)
    return new, repeated


def _held_ahead(lake: Lake, source_system: str) -> set[tuple[str, str]]:
    """(file, sha256) of the files that were held because the day in their name was to come."""
    rows = lake.query(
        f"select distinct source_file, content_sha256 from {lake.scan('platform', 'quarantine')} "
        "where level = 'file' and source_system = ? and rule_id = ?",
        source_system,
        AHEAD,
    )
    return {(file, sha256) for file, sha256 in rows}


@dataclass(frozen=True)
class _Target:
    """Where files land: the batch, the folder of the lake, whose files and whose rows they are."""

    batch: Batch
    source: str
    source_system: str
    rows_of: str


def _load_table(
    con: duckdb.DuckDBPyConnection,
    where: _Target,
    table: str,
    files: Sequence[SourceFile],
    expected: Layout | None,
    is_one_delivery: bool,
) -> None:
    """Land the files of one raw table; each gets its counts, its problem or its quarantine."""
    malformed: list[BadRow] = []
    if relations := _relations(con, [f for f in files if not f.problem], malformed):
        union = " union all by name ".join(f"select * from {r}" for r in relations)
        con.execute(f"create or replace temp view received as {union}")
        layout = expected or Layout(())
        present = tabular.columns_of(con, "received")
        numbers = ", ".join(
            f"{tabular.without_fraction(quoted(c.name))} as {quoted(c.name)}"
            for c in layout.columns
            if c.names_a_record and c.name in present
        )
        replaced = f"replace ({numbers})" if numbers else ""
        con.execute(f"create or replace temp view incoming as select * {replaced} from received")
        bad = tabular.check(con, "incoming", layout, as_text=True, across_files=is_one_delivery)
        by_name = {file.name: file for file in files}
        for name, group in groupby(
            sorted([*malformed, *bad], key=lambda r: (r.file, r.row)), key=lambda r: r.file
        ):
            if not by_name[name].problem:
                _quarantine_rows(by_name[name], list(group), where.source_system)
        rejected = ", ".join(literal(file.name) for file in files if file.problem)
        good = "incoming_good"
        if rejected:
            good = f"(select * from incoming_good where _file not in ({rejected}))"
        for name, counted in tabular.count_good(con, good, layout).items():
            by_name[name].rows, by_name[name].dollars = counted
        tabular.land(con, good, where.batch, where.source, table, where.rows_of)
        con.execute("drop table if exists csv_rows")
    for file in files:
        if file.problem:
            file.items = list(_quarantine_whole(file, where.source_system))


def _read_header(con: duckdb.DuckDBPyConnection, file: SourceFile, expected: Layout | None) -> None:
    """Fill `file.columns`, or reject a file whose columns are not those that we need."""
    try:
        if file.is_parquet:
            names = list(tabular.columns_of(con, f"read_parquet({literal(file.path)})"))
        else:
            if encoding := _other_encoding(file.path):
                file.reject(
                    UNREADABLE,
                    f"the file is no UTF-8 text, it looks like {encoding}. Save it as UTF-8 "
                    "and send it again",
                )
                return
            with _opened(file.path) as stream:
                head = stream.read(_HEAD_BYTES).decode("utf-8-sig", errors="replace")
            names = next(csv.reader(head.splitlines()), [])
    except (duckdb.Error, pa.ArrowException, OSError, csv.Error) as error:
        file.reject(UNREADABLE, _unreadable(file, error))
        return
    lower = [name.strip().lower() for name in names]
    if not names:
        file.reject(
            UNREADABLE, "the file is empty: there is no header row. Ask the source to send it again"
        )
    elif expected and (separator := _other_separator(names, expected)):
        file.reject(
            UNREADABLE,
            f"its fields are separated by {_SEPARATORS[separator]}. Send it again with commas",
        )
    # a reason names a column only where the first row is a header: another one may name a person
    elif expected and expected.columns and not any(c.name in lower for c in expected.columns):
        file.reject(
            MISSING,
            "the first row names no column that is known: the header is missing, or it is that of "
            "another table or layout. Send the file again with the header that docs/feeds.md shows",
        )
    elif wrong := [n for n, c in enumerate(lower, 1) if c[:1] in ("", "_") or lower.count(c) > 1]:
        file.reject(
            MISSING,
            "the header has columns that are blank, repeated or start with '_' (number "
            f"{', '.join(map(str, wrong))}). Give each column its own name",
        )
    elif expected:
        needed, absent = expected.missing(lower)
        if needed:
            file.reject(
                MISSING,
                f"the file has no column {', '.join(needed)}. It has: {', '.join(lower)}. "
                f"{_one_amount(lower)}Rename the column in the source and send the file again",
            )
        elif absent:
            file.notes.append(f"no column {', '.join(absent)}: loaded as blank")
    file.columns = dict(zip(names, lower, strict=True)) if not file.problem else {}


def _one_amount(names: Sequence[str]) -> str:
    """What to do where a bank writes money in and money out in two columns."""
    is_split = any(word in name for name in names for word in ("debit", "credit"))
    return "Make one amount of two columns: credits less debits. " if is_split else ""


def _opened(path: Path) -> pa.NativeFile:
    """The bytes of a file, unpacked if its name says that it is packed, in any casing."""
    return pa.input_stream(str(path), compression="gzip" if _is_packed(path) else None)


def _is_packed(path: Path) -> bool:
    return split_name(path)[1].endswith(".gz")


def _other_encoding(path: Path) -> str | None:
    """What a text looks like that is not UTF-8; None when it is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with _opened(path) as stream:
        head = chunk = stream.read(_BLOCK_BYTES)
        if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "UTF-16"
        if b"\0" in head[:_HEAD_BYTES]:
            return "no text at all"
        try:
            while chunk:
                decoder.decode(chunk)
                chunk = stream.read(_BLOCK_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "Windows-1252 (Latin-1)"
    return None


def _other_separator(names: Sequence[str], expected: Layout) -> str | None:
    """What separates the fields of a header, where it is no comma."""
    known = {column.name for column in expected.columns}
    for separator in _SEPARATORS:
        found = ",".join(names).lower().split(separator)
        if len(found) > 1 and len(known & {name.strip(' "') for name in found}) > 1:
            return separator
    return None


def _relations(
    con: duckdb.DuckDBPyConnection, files: Sequence[SourceFile], malformed: list[BadRow]
) -> list[str]:
    """Relations that hold the rows of the files, all columns text, with PLACE."""
    relations = []
    for number, file in enumerate(f for f in files if f.is_parquet):
        columns = "".join(
            f"nullif(cast({quoted(name)} as varchar), '') as {quoted(lower)}, "
            for name, lower in file.columns.items()
        )
        con.execute(
            f"create or replace temp view parquet_{number} as select {columns}"
            f"{literal(file.name)} as _file, file_row_number + 1 as _row, "
            f"cast(null as varchar) as _position, date '{file.arrival_date}' as _arrival_date "
            f"from read_parquet({literal(file.path)}, file_row_number = true)"
        )
        relations.append(f"parquet_{number}")
    if texts := [file for file in files if not file.is_parquet]:
        names = dict.fromkeys(lower for file in texts for lower in file.columns.values())
        schema = pa.schema([*((name, pa.string()) for name in names), *_PLACE_FIELDS])
        batches = (batch for file in texts for batch in _csv_batches(file, schema, malformed))
        con.register("csv_stream", pa.RecordBatchReader.from_batches(schema, batches))
        con.execute("create or replace temp table csv_rows as select * from csv_stream")
        con.unregister("csv_stream")
        relations.append("csv_rows")
    return relations


def _csv_batches(
    file: SourceFile, schema: pa.Schema, malformed: list[BadRow]
) -> Iterator[pa.RecordBatch]:
    """Stream a CSV as batches of `schema`; what cannot be read on the way rejects the file.

    Row 1 is the first after the header. A row with too few or too many fields goes to `malformed`.
    """
    skipped: list[int] = []

    def hold(row: pacsv.InvalidRow) -> str:
        number = row.number - 1  # PyArrow counts the header
        skipped.append(number)
        reason = f"the row has {row.actual_columns} fields, the header {row.expected_columns}"
        content, day = row.text, file.arrival_date
        malformed.append(
            BadRow(file.name, number, str(number), WRONG_TYPE, reason, content, None, day)
        )
        return "skip"

    good = 0
    try:
        with pacsv.open_csv(
            _opened(file.path),
            read_options=pacsv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
            parse_options=pacsv.ParseOptions(newlines_in_values=True, invalid_row_handler=hold),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(file.columns, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
                quoted_strings_can_be_null=True,
            ),
        ) as reader:
            for batch in reader:
                found = dict(zip(file.columns.values(), batch.columns, strict=True))
                count = batch.num_rows
                found |= {
                    "_file": pa.repeat(pa.scalar(file.name, pa.string()), count),
                    "_row": _row_numbers(good, count, skipped),
                    "_arrival_date": pa.repeat(pa.scalar(file.arrival_date), count),
                }
                good += count
                blank = pa.nulls(count, pa.string())
                yield pa.RecordBatch.from_arrays(
                    [found.get(name, blank) for name in schema.names], schema=schema
                )
    except (ValueError, pa.ArrowException, OSError) as error:
        if not _is_header_only(file):
            file.reject(UNREADABLE, _unreadable(file, error))


def _row_numbers(good_before: int, count: int, skipped: Sequence[int]) -> pa.Array:
    """Numbers of the next good rows, counting also the rows that were skipped on the way."""
    order = np.arange(good_before + 1, good_before + count + 1)
    gaps = np.sort(np.array(skipped, dtype=np.int64)) - np.arange(len(skipped))
    return pa.array(order + np.searchsorted(gaps, order, side="right"))


def _is_header_only(file: SourceFile) -> bool:
    """A header without a line end is a table without rows, which PyArrow does not accept."""
    with _opened(file.path) as stream:
        return bool(stream.read(_HEAD_BYTES).strip().count(b"\n") == 0)


def _unreadable(file: SourceFile, error: Exception) -> str:
    kind = split_name(file.path)[1].lstrip(".")
    return (
        f"the file cannot be read as {kind} ({_without_rows(error)}). "
        "Send it again (CSV: UTF-8 text with a header row)"
    )


def _without_rows(error: Exception) -> str:
    """The first line of an error, without the row that a parser may show in it."""
    if isinstance(error, duckdb.Error):
        return without_values(error).splitlines()[0]
    said = (str(error).splitlines() or [type(error).__name__])[0]
    if isinstance(error, pa.ArrowException) or "CSV" in said:
        if counts := re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", said):
            return f"row {counts[1]} has {counts[3]} fields, the header {counts[2]}"
        if "straddl" in said:
            return f"a row is longer than {_BLOCK_BYTES // 2**20} MB: a quotation mark is open"
        return "what stands in it is no table"
    return said


def _quarantine_rows(file: SourceFile, rows: Sequence[BadRow], source_system: str) -> None:
    if len(rows) > MAX_BAD_ROWS:
        first = rows[0]
        file.reject(
            first.rule_id,
            f"more than {MAX_BAD_ROWS:,} rows break a rule, the first (row {first.row}) because "
            f"{first.reason}. Correct the export and send it again",
        )
        return
    spans = _spans(file, {row.row for row in rows})
    for row in rows:
        offset, content = spans.get(row.row, (None, None))
        file.items.append(
            tabular.quarantined(
                row,
                source_system,
                file.arrival_date,
                content_sha256=file.sha256,
                content=content,
                byte_offset=offset,
            )
        )


def _spans(file: SourceFile, wanted: set[int]) -> dict[int, tuple[int, bytes]]:
    """Row number → (offset, bytes) in a plain CSV. Packed files have no bytes of their own."""
    if split_name(file.path)[1] != ".csv":
        return {}
    spans: dict[int, tuple[int, bytes]] = {}
    number, offset, pending = -1, 0, b""
    with file.path.open("rb") as stream:
        for line in stream:
            pending += line
            if pending.count(b'"') % 2:  # a line end inside quotes
                continue
            # the header is 0; an empty line is no row, a line of blanks is one (as PyArrow counts)
            is_row = bool(pending.strip(b"\r\n"))
            number += is_row
            if is_row and number in wanted:
                spans[number] = (offset, pending)
            offset += len(pending)
            pending = b""
    return spans


def _quarantine_whole(file: SourceFile, source_system: str) -> Iterator[QuarantineItem]:
    """The bytes of a rejected file, in pieces if it is large."""
    assert file.problem
    rule, reason = file.problem
    with file.path.open("rb") as stream:
        while True:
            offset = stream.tell()
            content = stream.read(_CONTENT_BYTES)
            if offset and not content:
                break
            yield tabular.whole(
                source_system,
                file.name,
                rule,
                reason,
                content,
                file.arrival_date,
                file.sha256,
                byte_offset=offset,
            )
            if not content:
                break


def _account(file: SourceFile, source_system: str) -> ReceivedFile:
    """What became of the file's bytes. A quarantined row of a packed file has none of its own."""
    held = sum(i.byte_count for i in file.items if i.byte_offset is not None)
    status: Status = "quarantined" if file.problem else "partial" if file.items else "loaded"
    return ReceivedFile(
        source_system=source_system,
        source_file=file.name,
        content_sha256=file.sha256,
        byte_count=file.size,
        loaded_byte_count=file.size - held,
        quarantined_byte_count=held,
        duplicate_byte_count=0,
        padding_byte_count=0,
        status=status,
        row_count=file.rows,
        dollar_amount=next(iter(file.dollars.values()), None),
        arrival_date=file.arrival_date,
    )


def _duplicate(file: SourceFile, source_system: str) -> ReceivedFile:
    return ReceivedFile(
        source_system=source_system,
        source_file=file.name,
        content_sha256=file.sha256,
        byte_count=file.size,
        loaded_byte_count=0,
        quarantined_byte_count=0,
        duplicate_byte_count=file.size,
        padding_byte_count=0,
        status="duplicate",
        row_count=0,
        dollar_amount=None,
        arrival_date=file.arrival_date,
    )


def _summarize(summary: LoadSummary, new: Sequence[SourceFile]) -> None:
    summary.byte_count = sum(file.size for file in new)
    for file in new:
        summary.files_quarantined += bool(file.problem)
        summary.files_loaded += not file.problem
        for name, amount in file.dollars.items():
            summary.dollar_amounts[name] = summary.dollar_amounts.get(name, Decimal(0)) + amount
    # what waits is said before what is only odd
    tabular.note_quarantine(summary, [item for file in new for item in file.items])
    for file in new:
        summary.messages += [f"{summary.source_system} {file.name}: {n}" for n in file.notes]
