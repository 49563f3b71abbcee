"""What every reader shares: how received files, quarantine and a load's outcome are written down.

Rules of the tabular readers (X12 has its own, by the same names as the handbooks'):

    T1  the file cannot be read at all (empty, unreadable, not what its name says)
    T2  a table or a required column is missing
    T3  a value does not fit the type of its column, or a row does not fit the columns
    T4  a key is missing or repeated
    T5  numbers that name records are stored in a type that cannot tell them apart
    T8  a database does not let a table be read
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import pyarrow as pa

from rcm_platform.lake import Batch, Lake

Progress = Callable[[int, int, str], None] | None
"""(done, total, label)"""

Level = Literal["file", "interchange", "transaction", "claim", "row", "table"]
Status = Literal["loaded", "partial", "quarantined", "duplicate", "replayed"]
Decision = Literal["loaded", "released", "corrected", "closed"]
ExceptionDecisionKind = Literal["waived", "closed", "reopened", "matched", "unmatched"]

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
DECISIONS_SCHEMA = pa.schema(
    [
        ("decision_id", pa.string()),
        ("quarantine_id", pa.string()),
        ("decision", pa.string()),
        ("reason", pa.string()),
        ("decided_by", pa.string()),
        ("decided_at", pa.timestamp("us")),
        ("effective_date", pa.date32()),
        ("loaded_byte_count", pa.int64()),
        ("loaded_row_count", pa.int64()),
        ("source_system", pa.string()),
        ("source_file", pa.string()),
        ("rule_id", pa.string()),
        ("arrival_date", pa.date32()),
    ]
)
EXCEPTION_DECISIONS_SCHEMA = pa.schema(
    [
        ("decision_id", pa.string()),
        ("decision", pa.string()),
        ("rule_id", pa.string()),
        ("source_system", pa.string()),
        ("record_type", pa.string()),
        ("record_id", pa.string()),
        ("source_file", pa.string()),
        ("source_position", pa.string()),
        ("remit_payment_key", pa.string()),
        ("until_date", pa.date32()),
        ("reason", pa.string()),
        ("decided_by", pa.string()),
        ("decided_at", pa.timestamp("us")),
        ("arrival_date", pa.date32()),
    ]
)
PLATFORM_TABLES = {
    "received_files": RECEIVED_FILES_SCHEMA,
    "quarantine": QUARANTINE_SCHEMA,
    "quarantine_decisions": DECISIONS_SCHEMA,
    "exception_decisions": EXCEPTION_DECISIONS_SCHEMA,
}


class SourceUnavailable(Exception):  # noqa: N818 (a state of the world, not a programming error)
    """A folder that is not there, or a database that does not answer. Others go on."""

    def __init__(self, what: str, where: str, what_to_do: str) -> None:
        super().__init__(f"{what}: {where}. {what_to_do}")
        self.what, self.where, self.what_to_do = what, where, what_to_do


@dataclass(frozen=True)
class QuarantineItem:
    """One item of a source that was not loaded, with its bytes and the rule that it broke.

    Grain: one item and rule. `content_sha256` is the hash of the whole file that the item came
    from (of the item itself for a database row); `dollar_amount` in dollars, None when unknown.
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
        """The same item, place and rule have the same id in every run."""
        place = (self.source_system, self.source_file, self.source_position or "", self.rule_id)
        digest = hashlib.sha256("\n".join((*place, self.content_sha256)).encode())
        digest.update(self.content)
        return digest.hexdigest()[:20]


@dataclass(frozen=True)
class ReceivedFile:
    """One file (or one table's extract) and what became of its bytes. They add up:
    byte_count = loaded + quarantined + duplicate + padding.

    A replay of what was held adds an entry of status `replayed` for the same file: nothing was
    received (0 bytes), and what is now loaded, skipped or padding left the quarantine (below 0).
    """

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


@dataclass(frozen=True)
class QuarantineDecision:
    """What became of one quarantined item after it was held: grain, one item and decision.

    loaded: its rows are in raw, by a replay or because the same bytes were accepted later;
    released: its rows are in raw although the rule held it, as someone decided;
    corrected: what replaces it is in raw; closed: someone decided that it stays out.
    `effective_date` is the day that it counts from in reports: the latest arrival date in raw when
    it was decided. `arrival_date` is that of the item, so that its rows and the decision are
    visible as of the same dates. `decided_at` is in UTC.
    """

    quarantine_id: str
    decision: Decision
    reason: str
    decided_by: str
    decided_at: datetime
    effective_date: date
    loaded_byte_count: int
    loaded_row_count: int
    source_system: str
    source_file: str
    rule_id: str
    arrival_date: date

    @property
    def decision_id(self) -> str:
        """The same decision at the same moment has the same id."""
        what = (self.quarantine_id, self.decision, self.decided_by, self.decided_at.isoformat())
        return hashlib.sha256("\n".join(what).encode()).hexdigest()[:20]


@dataclass(frozen=True)
class ExceptionDecision:
    """What someone decided about one record that breaks a rule: grain, one record and decision.

    waived: it is accepted until `until_date`; closed: it is settled for good; reopened: a decision
    before is taken back. matched: the deposit
    `record_id` holds the payment `remit_payment_key`; unmatched: that is taken back.
    The record is the one of the finding: its type, number, file and place. `arrival_date` is the
    day from which it counts in reports: that of the figures when it was decided. `decided_at` is
    in UTC.
    """

    decision: ExceptionDecisionKind
    rule_id: str
    source_system: str
    record_type: str
    record_id: str | None
    source_file: str | None
    source_position: str | None
    reason: str
    decided_by: str
    decided_at: datetime
    arrival_date: date
    until_date: date | None = None
    remit_payment_key: str | None = None

    @property
    def decision_id(self) -> str:
        """The same decision at the same moment has the same id."""
        what = (
            self.decision, self.rule_id, self.source_system, self.record_type, self.record_id,
            self.source_file, self.source_position, self.remit_payment_key, self.decided_by,
            self.decided_at.isoformat(),
        )  # fmt: skip
        return hashlib.sha256("\n".join(part or "" for part in what).encode()).hexdigest()[:20]


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
    batch: Batch,
    received: Sequence[ReceivedFile],
    quarantine: Sequence[QuarantineItem],
    decisions: Sequence[QuarantineDecision] = (),
    exception_decisions: Sequence[ExceptionDecision] = (),
) -> None:
    """Record received files, quarantined items and decisions in the batch with their rows."""
    written: tuple[tuple[str, Sequence[Any]], ...] = (
        ("received_files", received),
        ("quarantine", quarantine),
        ("quarantine_decisions", decisions),
        ("exception_decisions", exception_decisions),
    )
    for table, items in written:
        schema = PLATFORM_TABLES[table]
        rows = [
            {name: getattr(item, name) for name in schema.names}
            | {
                "_source_system": item.source_system,
                "_source_file": item.source_file,
                "_source_position": getattr(item, "source_position", None),
                "_arrival_date": item.arrival_date,
            }
            for item in items
        ]
        full = pa.schema(
            [*schema]
            + [(f"_{name}", pa.string()) for name in ("source_system", "source_file")]
            + [("_source_position", pa.string()), ("_arrival_date", pa.date32())]
        )
        batch.add("platform", table, None, pa.Table.from_pylist(rows, full))


def declare(lake: Lake, source: str, tables: Mapping[str, pa.Schema]) -> None:
    """Declare the raw tables of one source, and the platform's own."""
    for table, schema in PLATFORM_TABLES.items():
        lake.declare("platform", table, schema)
    for table, schema in tables.items():
        lake.declare(source, table, schema)
