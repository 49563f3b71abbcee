"""The append-only Parquet store: write a batch whole or not at all, list, read.

    <root>/<source>/<table>/_arrival_date=YYYY-MM-DD/<batch_id>[-n].parquet
    <root>/_staging/<batch_id>/<n>    the files of a batch that is being written
    <root>/_batches/<batch_id>.json   its commit record, with the place of each file: from then on
                                      the batch exists, and moving its files can be redone
    <root>/_kept/<sha256>             copies of files of which a part waits in quarantine

One writer at a time: whoever writes holds an outer lock. Readers need none.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

SCHEMA_DATE = date(1, 1, 1)
"""Partition of the empty file that makes a table exist before its first row arrives."""
UNDATED = date(1, 1, 2)
"""Arrival date of undated reference data: visible as of any date."""

PARTITION = "_arrival_date="
PROVENANCE = pa.schema(
    [
        ("_source_system", pa.string()),
        ("_source_file", pa.string()),
        ("_source_position", pa.string()),
        ("_batch_id", pa.string()),
        ("_loaded_at", pa.timestamp("us")),
    ]
)
_BUFFER_BYTES = 64 * 2**20
# to weigh every row of a table in many pieces takes longer than to write some of them
_SAMPLE_ROWS = 1000


class Lake:
    """A folder of raw tables, partitioned by arrival date. Nothing in it is ever altered."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self._schemas: dict[tuple[str, str], pa.Schema] = {}

    def declare(self, source: str, table: str, schema: pa.Schema) -> None:
        """Make the table exist with these columns (without provenance), even before any row."""
        path = self._partition(source, table, SCHEMA_DATE) / "schema.parquet"
        full = pa.schema([*schema, *PROVENANCE])
        if not path.exists() or not pq.read_schema(path).equals(full):
            path.parent.mkdir(parents=True, exist_ok=True)
            new = path.with_suffix(".tmp")
            pq.write_table(full.empty_table(), new)
            new.replace(path)
        self._schemas[source, table] = full

    def declared(self, source: str, table: str) -> pa.Schema:
        """The declared columns of a table, provenance included.

        Raises KeyError when nobody declared the table.
        """
        if (source, table) not in self._schemas:
            path = self._partition(source, table, SCHEMA_DATE) / "schema.parquet"
            if not path.exists():
                raise KeyError(f"raw table {source}/{table} is not declared: call Lake.declare")
            self._schemas[source, table] = pq.read_schema(path)
        return self._schemas[source, table]

    @contextmanager
    def batch(self, source: str, content_hashes: Iterable[str]) -> Iterator[Batch]:
        """A batch that commits when the block ends, and leaves nothing when it raises.

        Its id is a hash of the source and of what it was made of, so it is the same on any machine.
        """
        made_of = "\n".join([source, *sorted(content_hashes)])
        first_id = batch_id = hashlib.sha256(made_of.encode()).hexdigest()[:20]
        repeat = 1
        # the same content may be reported again (as a duplicate): never overwrite what it left
        while self._record(batch_id).exists():
            repeat += 1
            batch_id = f"{first_id}r{repeat}"
        batch = Batch(self, source, batch_id)
        try:
            yield batch
            batch.commit()
        except BaseException:
            if not self._record(batch.id).exists():  # what is committed stays for recover()
                batch.discard()
            raise

    def recover(self) -> int:
        """Finish the batches that a killed run committed, remove what it did not; count files."""
        removed = 0
        for staging in self.root.glob("_staging/*"):
            if self._record(staging.name).exists():
                self._publish(staging.name)
            else:
                removed += sum(1 for _ in staging.iterdir())
                shutil.rmtree(staging)
        committed = {path.stem for path in self.root.glob("_batches/*.json")}
        for path in self.root.glob(f"[!_]*/*/{PARTITION}*/*.parquet"):
            if path.name != "schema.parquet" and path.stem.split("-")[0] not in committed:
                path.unlink()
                removed += 1
        return removed

    def received_hashes(self) -> set[str]:
        """Sha256 of each content that was received already, loaded or quarantined."""
        rows = self.query(
            f"select distinct content_sha256 from {self.scan('platform', 'received_files')} "
            "where status <> 'duplicate'"
        )
        return {sha for (sha,) in rows}

    def received_names(self) -> set[tuple[str, str, str]]:
        """(source system, source file, sha256) of each file that was recorded, also duplicates."""
        rows = self.query(
            "select distinct source_system, source_file, content_sha256 "
            f"from {self.scan('platform', 'received_files')}"
        )
        return {(system, file, sha) for system, file, sha in rows}

    def quarantine_ids(self, source_system: str) -> set[str]:
        """Ids of what one source system has in quarantine."""
        rows = self.query(
            f"select quarantine_id from {self.scan('platform', 'quarantine')} "
            "where source_system = ?",
            source_system,
        )
        return {identifier for (identifier,) in rows}

    def batch_ids(self) -> list[str]:
        """Every committed batch."""
        return sorted(path.stem for path in self.root.glob("_batches/*.json"))

    def feeds_of(self, batch_id: str) -> set[str]:
        """The folders of the lake to which a committed batch added rows."""
        rows = json.loads(self._record(batch_id).read_text())["rows"]
        return {table.partition("/")[0] for table in rows}

    def source_of(self, batch_id: str) -> str:
        """What made a committed batch: a source, or `quarantine` for decisions and replays."""
        source: str = json.loads(self._record(batch_id).read_text())["source"]
        return source

    def has(self, source: str, table: str) -> bool:
        """Whether anybody declared the table, so that it can be read."""
        return (self._partition(source, table, SCHEMA_DATE) / "schema.parquet").exists()

    def keep(self, content: bytes) -> None:
        """Keep a copy of a received file, by its hash, for a replay of a part of it."""
        path = self.root / "_kept" / hashlib.sha256(content).hexdigest()
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".tmp")
        new.write_bytes(content)
        new.replace(path)

    def kept(self) -> set[str]:
        """Sha256 of each file of which a copy is kept."""
        return {path.name for path in self.root.glob("_kept/*") if not path.suffix}

    def kept_content(self, sha256: str) -> bytes | None:
        """The copy of a file; None when there is none."""
        path = self.root / "_kept" / sha256
        return path.read_bytes() if path.exists() else None

    def forget(self, sha256: str) -> None:
        """Remove the copy of a file that nobody needs any more."""
        (self.root / "_kept" / sha256).unlink(missing_ok=True)

    def scan(self, source: str, table: str) -> str:
        """SQL that reads all rows of a declared table, in DuckDB."""
        files = str(self.root / source / table / "*" / "*.parquet").replace("'", "''")
        return (
            f"read_parquet('{files}', union_by_name = true, hive_partitioning = true, "
            "hive_types = {'_arrival_date': DATE})"
        )

    def latest_arrival_date(self) -> date | None:
        """The last date on which something arrived; None for a lake without dated rows."""
        days = sorted(self._partitions().items(), reverse=True)
        return next((day for day, folders in days if _any_rows(folders)), None)

    def earliest_arrival_date(self) -> date | None:
        """The first date on which something arrived; None for a lake without dated rows."""
        days = sorted(self._partitions().items())
        return next((day for day, folders in days if _any_rows(folders)), None)

    def _partitions(self) -> dict[date, list[Path]]:
        """The partitions of each date, of all tables."""
        found: dict[date, list[Path]] = defaultdict(list)
        for table in self.root.glob("[!_]*/*/"):
            # a listing of names alone: to look into each folder takes a second or more
            for name in os.listdir(table):  # noqa: PTH208
                if name.startswith(PARTITION):
                    found[date.fromisoformat(name.removeprefix(PARTITION))].append(table / name)
        return {day: folders for day, folders in found.items() if day > UNDATED}

    def _partition(self, source: str, table: str, day: date) -> Path:
        return self.root / source / table / f"{PARTITION}{day.isoformat()}"

    def _record(self, batch_id: str) -> Path:
        return self.root / "_batches" / f"{batch_id}.json"

    def _publish(self, batch_id: str) -> None:
        """Move the files of a committed batch to their tables; safe to repeat."""
        staging = self.root / "_staging" / batch_id
        files: list[str] = json.loads(self._record(batch_id).read_text())["files"]
        for number, file in enumerate(files):
            if (staged := staging / str(number)).exists():
                target = self.root / file
                target.parent.mkdir(parents=True, exist_ok=True)
                staged.rename(target)
        shutil.rmtree(staging)

    def query(self, sql: str, *parameters: str) -> list[tuple[Any, ...]]:
        """Rows of a query over `scan`ned tables. May be called from any thread."""
        with self._database.cursor() as con:
            return con.execute(sql, parameters).fetchall()

    @cached_property
    def _database(self) -> duckdb.DuckDBPyConnection:
        """One for all queries: to start one takes as long as to read a small file."""
        return duckdb.connect()


class Batch:
    """Rows of several tables and dates that become visible together."""

    def __init__(self, lake: Lake, source: str, batch_id: str) -> None:
        self.id = batch_id
        self.loaded_at = datetime.now(UTC).replace(tzinfo=None)
        self._lake = lake
        self._source = source
        self._staging = lake.root / "_staging" / batch_id
        self._buffer: dict[tuple[str, str, date], list[pa.Table]] = defaultdict(list)
        self._buffered = 0
        self._files: list[str] = []
        self._parts: Counter[tuple[str, str, date]] = Counter()
        self._rows: dict[str, int] = defaultdict(int)

    def add(self, source: str, table: str, arrival_date: date, rows: pa.Table) -> None:
        """Add rows of one table and arrival date; may be called often for the same.

        `rows` carry _source_system, _source_file and _source_position. Columns that the table
        declares and the rows lack become NULL; columns beyond the declared ones are kept.
        Raises pyarrow.ArrowInvalid when a column does not fit its declared type.
        """
        if not rows.num_rows:
            return
        conformed = self._conform(rows, self._lake.declared(source, table))
        self._buffer[source, table, arrival_date].append(conformed)
        self._rows[f"{source}/{table}"] += rows.num_rows
        sample = rows.slice(0, _SAMPLE_ROWS)
        self._buffered += sample.nbytes * rows.num_rows // sample.num_rows
        if self._buffered > _BUFFER_BYTES:
            self._flush()

    def commit(self) -> None:
        """Make the rows visible. The commit record is the moment; what follows can be redone."""
        if not self._rows:
            return
        self._flush()
        record = self._lake._record(self.id)
        record.parent.mkdir(parents=True, exist_ok=True)
        new = record.with_suffix(".tmp")
        new.write_text(
            json.dumps(
                {
                    "source": self._source,
                    "loaded_at": self.loaded_at.isoformat(),
                    "rows": dict(sorted(self._rows.items())),
                    "files": self._files,
                },
                indent=1,
            )
        )
        new.replace(record)
        self._lake._publish(self.id)

    def discard(self) -> None:
        """Remove what was written and not committed."""
        self._buffer.clear()
        shutil.rmtree(self._staging, ignore_errors=True)

    def _conform(self, rows: pa.Table, declared: pa.Schema) -> pa.Table:
        constants = {"_batch_id": self.id, "_loaded_at": self.loaded_at}
        present = set(rows.column_names)
        columns: dict[str, pa.Array | pa.ChunkedArray] = {}
        for field in declared:
            if field.name in constants:
                value = pa.scalar(constants[field.name], field.type)
                columns[field.name] = pa.DictionaryArray.from_arrays(
                    pa.repeat(pa.scalar(0, pa.int32()), rows.num_rows), pa.array([value])
                )
            elif field.name not in present:
                columns[field.name] = pa.nulls(rows.num_rows, field.type)
            elif _value_type((column := rows[field.name]).type) == field.type:
                columns[field.name] = column
            else:
                columns[field.name] = column.cast(field.type)
        extra = [name for name in rows.column_names if name not in columns]
        return pa.table(columns | {name: rows[name] for name in extra})

    def _flush(self) -> None:
        self._staging.mkdir(parents=True, exist_ok=True)
        for (source, table, day), tables in self._buffer.items():
            # columns beyond the declared ones may differ from one addition to the next
            whole = _concatenated(tables)
            pq.write_table(
                whole,
                self._staging / str(len(self._files)),
                # bounds are dear to find, and only those of times are asked for
                write_statistics=[f.name for f in whole.schema if pa.types.is_temporal(f.type)],
                # texts come again; numbers are small as they are, and no two positions are the same
                use_dictionary=[
                    f.name
                    for f in whole.schema
                    if pa.types.is_dictionary(f.type)
                    or (pa.types.is_string(f.type) and f.name != "_source_position")
                ],
                # a text is a text, in whatever way it came here
                store_schema=False,
            )
            part = self._parts[source, table, day]
            self._parts[source, table, day] += 1
            name = f"{self.id}-{part}.parquet" if part else f"{self.id}.parquet"
            self._files.append(f"{source}/{table}/{PARTITION}{day.isoformat()}/{name}")
        self._buffer.clear()
        self._buffered = 0


class FoundNew(Exception):  # noqa: N818 (reads as what happened)
    """A load would have landed rows."""


class LakeToLook(Lake):
    """A lake in which a load ends at its first new row, before anything is written."""

    @contextmanager
    def batch(self, source: str, content_hashes: Iterable[str]) -> Iterator[Batch]:
        """A batch that raises FoundNew instead of taking rows."""
        yield _BatchToLook(self, source, "")


class _BatchToLook(Batch):
    def add(self, source: str, table: str, arrival_date: date, rows: pa.Table) -> None:
        if rows.num_rows:
            raise FoundNew


def _any_rows(partitions: Iterable[Path]) -> bool:
    """Whether there is a file in any; a batch that was removed leaves its folder."""
    return any(any(folder.glob("*.parquet")) for folder in partitions)


def _value_type(kind: pa.DataType) -> pa.DataType:
    """The type of the values of a column that may be encoded as a dictionary."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _concatenated(tables: list[pa.Table]) -> pa.Table:
    """Tables below each other. Columns beyond the declared ones may differ from one to the next,
    and a column may be encoded as a dictionary in some of them."""
    encoded = [{f.name for f in table.schema if pa.types.is_dictionary(f.type)} for table in tables]
    if any(names != encoded[0] for names in encoded):
        tables = [
            table.cast(pa.schema([f.with_type(_value_type(f.type)) for f in table.schema]))
            for table in tables
        ]
    return pa.concat_tables(tables, promote_options="default").unify_dictionaries()
