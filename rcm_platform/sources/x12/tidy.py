"""Files of X12 as tidy tables, without a lake: a row for each payment, claim, line and adjustment,
each with the file and the place that it stands in, and with the numbers that name it.

Files are read in batches and rows are handed on as they come, so that a year of them fits."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from rcm_platform.sources.base import QuarantineItem, ReceivedFile
from rcm_platform.sources.rules import Rule
from rcm_platform.sources.x12.loader import batches, files_below
from rcm_platform.sources.x12.reader import Digests, Reader
from rcm_platform.sources.x12.rows import Tables
from rcm_platform.sources.x12.splitter import Buffer
from rcm_platform.sources.x12.tables import MONEY, TABLES

# what names a row besides its place: found in the table of its payment or its claim
_OF_PAYMENT = {"trace_number": pa.string()}
_OF_CLAIM = {"patient_control_number": pa.string()}
_NAMED: dict[str, dict[str, tuple[str, dict[str, pa.DataType]]]] = {
    "remit_claims": {"transaction": ("remit_payments", _OF_PAYMENT)},
    "remit_provider_adjustments": {"transaction": ("remit_payments", _OF_PAYMENT)},
    **{
        table: {
            "transaction": ("remit_payments", _OF_PAYMENT),
            "claim": ("remit_claims", _OF_CLAIM),
        }
        for table in ("remit_lines", "remit_adjustments", "remit_remarks")
    },
    "submitted_lines": {"claim": ("submitted_claims", _OF_CLAIM)},
}
_KEYS = {
    "transaction": ("interchange_sha256", "transaction_no"),
    "claim": ("interchange_sha256", "transaction_no", "claim_no"),
}
# what the platform needs to know a row again, and a reader does not: its place says it
_HIDDEN = frozenset(("interchange_sha256", "segment_no"))
_PLACE = {"file": pa.string(), "position": pa.string()}

FINDINGS = pa.schema(
    {
        **_PLACE,
        "became": pa.string(),
        "rule": pa.string(),
        "what": pa.string(),
        "dollars": MONEY,
        "next_step": pa.string(),
    }
)
"""A row for each piece that is held, and for each note about data that was read."""
FILES = pa.schema(
    {
        "file": pa.string(),
        "became": pa.string(),
        "bytes": pa.int64(),
        "bytes_read": pa.int64(),
        "bytes_held": pa.int64(),
        "bytes_repeated": pa.int64(),
        "rows": pa.int64(),
    }
)
"""A row for each file, with what became of its bytes."""


def _tidy_schema(table: str) -> pa.Schema:
    named = {
        name: kind for _, more in _NAMED.get(table, {}).values() for name, kind in more.items()
    }
    own = {column.name: column.type for column in TABLES[table] if column.name not in _HIDDEN}
    return pa.schema({**_PLACE, **named, **own})


SCHEMAS: dict[str, pa.Schema] = {
    table: _tidy_schema(table) for table in TABLES if table != "diagnostics"
} | {"findings": FINDINGS, "files": FILES}
"""Every table that `read` gives, by name."""


def paths_of(given: Iterable[Path]) -> list[tuple[str, Path]]:
    """Each file that is given, or that is below a folder that is, under the name that it is given.

    Raises SourceUnavailable for a folder that cannot be read, FileNotFoundError for what is not
    there."""
    found: dict[Path, str] = {}
    for path in given:
        if path.is_dir():
            found |= {file: str(file) for file in sorted(files_below(path))}
        elif path.exists():
            found[path] = str(path)
        else:
            raise FileNotFoundError(path)
    return [(name, path) for path, name in found.items()]


@dataclass(frozen=True)
class Read:
    """Rows by table, with the columns of `SCHEMAS`, of some files."""

    tables: Tables
    file_count: int = 0


def read(files: Sequence[tuple[str, Path]], rules: Mapping[str, Rule]) -> Iterator[Read]:
    """The tables of files, some rows at a time, with the next step that a rule tells. Never raises
    because of what a file holds.

    Test files are read like any others: nothing is kept. An interchange that comes twice is read
    once.
    """
    names = {path: name for name, path in files}
    seen: set[str] = set()
    for batch in batches([path for _, path in files]):
        reader = Reader("x12", accept_test=True, seen=seen)
        opened, unopened = list[tuple[str, Buffer, Digests]](), dict[str, str]()
        for path in batch:
            try:
                data = _content(path)
            except OSError as problem:
                unopened[names[path]] = f"the file cannot be opened ({problem.strerror})"
            else:
                opened.append((names[path], data, Digests.of(data)))
        for tables in reader.read(opened):
            yield Read(_tidied(tables))
        told = [
            _finding(name, None, "held", "T1", what, None, "Check the permissions of the file.")
            for name, what in unopened.items()
        ]
        told += [_held(item, rules) for item in reader.quarantine]
        accounts: list[dict[str, object]] = [
            {"file": name, "became": "not opened"} for name in unopened
        ]
        accounts += map(_account, reader.received)
        yield Read(
            {
                "findings": pa.Table.from_pylist(told, FINDINGS),
                "files": pa.Table.from_pylist(accounts, FILES),
            },
            len(batch),
        )


# larger files are mapped, not read into memory
_MAPPED_BYTES = 8_000_000


def _content(path: Path) -> Buffer:
    with path.open("rb") as file:
        if path.stat().st_size <= _MAPPED_BYTES:
            return file.read()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _tidied(tables: Tables) -> Tables:
    tidied = {}
    for table, rows in tables.items():
        if not len(rows):
            continue
        if table == "diagnostics":
            tidied["findings"] = _notes(rows)
            continue
        columns = {"file": rows["_source_file"], "position": rows["_source_position"]}
        for level, (source, named) in _NAMED.get(table, {}).items():
            above = tables[source]
            at = pc.index_in(_key(rows, level), _key(above, level).combine_chunks())
            columns |= {name: above[name].take(at) for name in named}
        schema = SCHEMAS[table]
        columns |= {name: rows[name] for name in schema.names if name not in columns}
        ordered = {name: columns[name].cast(schema.field(name).type) for name in schema.names}
        tidied[table] = pa.table(ordered, schema=schema)
    return tidied


def _key(rows: pa.Table, level: str) -> pa.ChunkedArray:
    parts = [rows[name].cast(pa.string()) for name in _KEYS[level]]
    return pc.binary_join_element_wise(*parts, "/")


def _notes(rows: pa.Table) -> pa.Table:
    return pa.Table.from_pylist(
        [
            _finding(row["_source_file"], row["_source_position"], "read", *_rule_of(row["rule"]))
            for row in rows.select(["_source_file", "_source_position", "rule"]).to_pylist()
        ],
        FINDINGS,
    )


def _rule_of(text: str) -> tuple[str, str]:
    """A note's rule and words; what names no rule is about a segment that stands out of place."""
    named = re.match(r"([A-Z]\d+): ", text)
    return (named[1], text[named.end() :]) if named else ("E10", text)


def _finding(
    file: str, position: str | None, became: str, rule: str, what: str,
    dollars: Decimal | None = None, to_do: str = "",
) -> dict[str, object]:  # fmt: skip
    return {
        "file": file,
        "position": position,
        "became": became,
        "rule": rule,
        "what": what,
        "dollars": dollars,
        "next_step": to_do or None,
    }


def _held(item: QuarantineItem, rules: Mapping[str, Rule]) -> dict[str, object]:
    what = f"{item.level} not read: {item.reason}"
    return _finding(
        item.source_file, item.source_position, "held", item.rule_id, what, item.dollar_amount,
        rules[item.rule_id].next_step if item.rule_id in rules else "",
    )  # fmt: skip


def _account(file: ReceivedFile) -> dict[str, object]:
    became = {"loaded": "read", "partial": "read in part", "quarantined": "held"}
    return {
        "file": file.source_file,
        "became": became.get(file.status, "repeated"),
        "bytes": file.byte_count,
        "bytes_read": file.loaded_byte_count,
        "bytes_held": file.quarantined_byte_count,
        "bytes_repeated": file.duplicate_byte_count,
        "rows": file.row_count,
    }
