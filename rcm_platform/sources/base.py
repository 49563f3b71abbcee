"""What every reader shares: how received files, quarantine and a load's outcome are written down.

Rules of the tabular readers (X12 has its own, by the same names as the handbooks'):

    T1  the file cannot be read at all (empty, unreadable, not what its name says)
    T2  a table or a required column is missing
    T3  a value does not fit the type of its column, or a row does not fit the columns
    T4  a key is missing or repeated
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import pyarrow as pa

from rcm_platform.lake import Batch, Lake

Progress = Callable[[int, int, str], None] | None
"""(done, total, label)"""

Level = Literal["file", "interchange", "transaction", "claim", "row", "table"]
Status = Literal["loaded", "partial", "quarantined", "duplicate"]

MONEY = pa.decimal128(18, 2)

RECEIVED_FILES_SCHEMA = pa.schema(
    [
        ("source_system", pa.string()),
        ("source_file", pa.string()),
        ("content_sha256", pa.string()),
        ("byte_count", pa.int64()),
        ("loaded_byte_count", pa.int64()),
        ("quarantined_byte_count", pa.int64()),
        ("duplicate_byte_count", pa.int64()),
        ("padding_byte_count", pa.int64()),
        ("status", pa.string()),
        ("row_count", pa.int64()),
        ("dollar_amount", MONEY),
        ("arrival_date", pa.date32()),
    ]
)
QUARANTINE_SCHEMA = pa.schema(
    [
        ("quarantine_id", pa.string()),
        ("source_system", pa.string()),
        ("source_file", pa.string()),
        ("source_position", pa.string()),
        ("level", pa.string()),
        ("rule_id", pa.string()),
        ("reason", pa.string()),
        ("byte_offset", pa.int64()),
        ("byte_count", pa.int64()),
        ("content", pa.binary()),
        ("dollar_amount", MONEY),
        ("arrival_date", pa.date32()),
        ("content_sha256", pa.string()),
    ]
)
PLATFORM_TABLES = {"received_files": RECEIVED_FILES_SCHEMA, "quarantine": QUARANTINE_SCHEMA}


class SourceUnavailable(Exception):  # noqa: N818 (a state of the world, not a programming error)
    """A folder that is not there, or a database that does not answer. Others go on."""

    def __init__(self, what: str, where: str, what_to_do: str) -> None:
        super().__init__(f"{what}: {where}. {what_to_do}")
        self.what, self.where, self.what_to_do = what, where, what_to_do


@dataclass(frozen=True)
class QuarantineItem:
    """One piece of a source that was not loaded, with its bytes and the rule that it broke.

    Grain: one piece and rule. `content_sha256` is the hash of the whole file that the piece came
    from (of the piece itself for a database row); `dollar_amount` in dollars, None when unknown.
    """

    source_system: str
    source_file: str
    source_position: str | None
    level: Level
    rule_id: str
    reason: str
    byte_offset: int | None
    byte_count: int
    content: bytes
    dollar_amount: Decimal | None
    arrival_date: date
    content_sha256: str

    @property
    def quarantine_id(self) -> str:
        """The same piece, place and rule have the same id in every run."""
        place = (self.source_system, self.source_file, self.source_position or "", self.rule_id)
        digest = hashlib.sha256("\n".join((*place, self.content_sha256)).encode())
        digest.update(self.content)
        return digest.hexdigest()[:20]


@dataclass(frozen=True)
class ReceivedFile:
    """One file (or one table's extract) and what became of its bytes. They add up:
    byte_count = loaded + quarantined + duplicate + padding."""

    source_system: str
    source_file: str
    content_sha256: str
    byte_count: int
    loaded_byte_count: int
    quarantined_byte_count: int
    duplicate_byte_count: int
    padding_byte_count: int
    status: Status
    row_count: int
    dollar_amount: Decimal | None
    arrival_date: date


@dataclass
class LoadSummary:
    """What one load did: counts of files and rows, bytes read, dollars by name."""

    source_system: str
    files_loaded: int = 0
    files_skipped: int = 0
    files_quarantined: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    byte_count: int = 0
    dollar_amounts: dict[str, Decimal] = field(default_factory=dict)
    quarantined_count: int = 0
    quarantined_amount: Decimal = Decimal(0)
    messages: list[str] = field(default_factory=list)

    def merge(self, other: LoadSummary) -> LoadSummary:
        """Both loads together, under the name of the first."""
        rows = Counter(self.rows)
        rows.update(other.rows)
        dollars = defaultdict(Decimal, self.dollar_amounts)
        for name, amount in other.dollar_amounts.items():
            dollars[name] += amount
        return LoadSummary(
            self.source_system,
            self.files_loaded + other.files_loaded,
            self.files_skipped + other.files_skipped,
            self.files_quarantined + other.files_quarantined,
            dict(rows),
            self.byte_count + other.byte_count,
            dict(dollars),
            self.quarantined_count + other.quarantined_count,
            self.quarantined_amount + other.quarantined_amount,
            [*self.messages, *other.messages],
        )


def write_platform_rows(
    batch: Batch, received: Sequence[ReceivedFile], quarantine: Sequence[QuarantineItem]
) -> None:
    """Record received files and quarantined pieces in the batch that holds their rows."""
    for table, schema, items in (
        ("received_files", RECEIVED_FILES_SCHEMA, received),
        ("quarantine", QUARANTINE_SCHEMA, quarantine),
    ):
        by_date: dict[date, list[dict[str, Any]]] = defaultdict(list)
        for item in items:
            values = {name: getattr(item, name) for name in schema.names}
            values |= {
                "_source_system": item.source_system,
                "_source_file": item.source_file,
                "_source_position": getattr(item, "source_position", None),
            }
            by_date[item.arrival_date].append(values)
        full = pa.schema(
            [*schema]
            + [(f"_{name}", pa.string()) for name in ("source_system", "source_file")]
            + [("_source_position", pa.string())]
        )
        for day, rows in by_date.items():
            batch.add("platform", table, day, pa.Table.from_pylist(rows, full))


def declare(lake: Lake, source: str, tables: Mapping[str, pa.Schema]) -> None:
    """Declare the raw tables of one source, and the platform's own."""
    for table, schema in PLATFORM_TABLES.items():
        lake.declare("platform", table, schema)
    for table, schema in tables.items():
        lake.declare(source, table, schema)
