"""The lake: declare a table, write a batch whole or not at all, read."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from rcm_platform.lake import changes, layout
from rcm_platform.lake.batch import Batch
from rcm_platform.lake.layout import ARRIVAL, DECLARED, OLD_FOLDER, PROVENANCE, SCHEMA


class Lake:
    """A folder of raw tables, by month of arrival. No row in it is ever altered."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self._schemas: dict[tuple[str, str], pa.Schema] = {}

    def declare(self, source: str, table: str, schema: pa.Schema) -> None:
        """Make the table exist with these columns (without provenance), even before any row."""
        path = self._schema(source, table)
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
            path = self._schema(source, table)
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
        batch = Batch(self.root, source, batch_id, self.declared)
        try:
            yield batch
            batch.commit()
        except BaseException:
            if not self._record(batch.id).exists():  # what is committed stays for recover()
                batch.discard()
            raise

    def recover(self) -> int:
        """Finish what a killed run committed, remove what it did not; count files."""
        changes.finish(self.root)
        removed = 0
        for staging in self.root.glob(f"{changes.STAGING}/*"):
            removed += sum(1 for _ in staging.iterdir())
            shutil.rmtree(staging)
        committed = {path.stem for path in self.root.glob("_batches/*.json")}
        for table in layout.tables(self.root):
            for folder, files in layout.folders(table).items():
                for file in files:
                    batch = layout.batch_of(file)
                    if batch and batch[0] not in committed:
                        (table / folder / file).unlink()
                        removed += 1
        return removed

    def check(self) -> None:
        """See that the files of every table are the lake's own. Raises LakeError."""
        for table in layout.tables(self.root):
            layout.check(table)

    def reading(self) -> AbstractContextManager[None]:
        """While this holds, the files that `scan` names stay where they are. Whoever runs a `scan`
        holds it; `query` does it itself."""
        return changes.reading(self.root)

    @contextmanager
    def reading_all(self) -> Iterator[None]:
        """`reading`, for who names the files of tables without `scan`. Raises LakeError as that."""
        with self.reading():
            self.check()
            yield

    def received_hashes(self, *, only_loaded: bool = False) -> set[str]:
        """Sha256 of each content that was received already, loaded or quarantined; or loaded, at
        least in part."""
        excluded = "'duplicate', 'quarantined'" if only_loaded else "'duplicate'"
        rows = self.query(
            f"select distinct content_sha256 from {self.scan('platform', 'received_files')} "
            f"where status not in ({excluded})"
        )
        return {sha for (sha,) in rows}

    def received_names(self) -> set[tuple[str, str, str]]:
        """(source system, source file, sha256) of each file that was recorded, also duplicates."""
        rows = self.query(
            "select distinct source_system, source_file, content_sha256 "
            f"from {self.scan('platform', 'received_files')}"
        )
        return {(system, file, sha) for system, file, sha in rows}

    def quarantine_ids(self, source_system: str, *, only_left: bool = False) -> set[str]:
        """Ids of what one source system has, or had, in quarantine; or of what was loaded or
        replaced since."""
        left = ""
        if only_left:
            left = f"""and quarantine_id in (
                select quarantine_id from {self.scan("platform", "quarantine_decisions")}
                where decision <> 'closed')"""
        rows = self.query(
            f"select quarantine_id from {self.scan('platform', 'quarantine')} "
            f"where source_system = ? {left}",
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
        layout.check(self.root / source / table)
        return self._schema(source, table).exists()

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
        """SQL that reads all rows of a declared table, in DuckDB; for use within `reading`.

        Raises LakeError where a file is not the lake's.
        """
        layout.check(self.root / source / table)
        files = str(self.root / source / table / "*" / "*.parquet").replace("'", "''")
        return f"read_parquet('{files}', union_by_name = true, hive_partitioning = false)"

    def latest_arrival_date(self) -> date | None:
        """The last date on which something arrived; None for a lake without dated rows."""
        return self._outermost_day(max)

    def earliest_arrival_date(self) -> date | None:
        """The first date on which something arrived; None for a lake without dated rows."""
        return self._outermost_day(min)

    def _outermost_day(self, outermost: Callable[[Iterable[Any]], Any]) -> date | None:
        """The names of folders say which months there are; files are opened of one month only."""
        with self.reading():
            months: dict[str, list[Path]] = defaultdict(list)
            for table in layout.tables(self.root):
                for folder, files in layout.folders(table).items():
                    # the graph is loaded, and asks for days, before a run brings it into order
                    month = folder.removeprefix(OLD_FOLDER)[:7]
                    if layout.is_month(month) and not month.startswith("0001"):
                        months[month] += [table / folder / file for file in files]
            known = [month for month, files in months.items() if files]
            if not known:
                return None
            days: date = outermost(day for file in months[outermost(known)] for day in _days(file))
            return days

    def _record(self, batch_id: str) -> Path:
        return changes.batch_record(self.root, batch_id)

    def _schema(self, source: str, table: str) -> Path:
        return self.root / source / table / DECLARED / SCHEMA

    def query(self, sql: str, *parameters: str) -> list[tuple[Any, ...]]:
        """Rows of a query over `scan`ned tables. May be called from any thread."""
        with self.reading(), self._database.cursor() as con:
            return con.execute(sql, parameters).fetchall()

    @cached_property
    def _database(self) -> duckdb.DuckDBPyConnection:
        """One for all queries: to start one takes as long as to read a small file."""
        return duckdb.connect()


def _days(file: Path) -> tuple[date, date]:
    """The first and the last arrival date in a file, from its footer."""
    if file.parent.name.startswith(OLD_FOLDER):
        day = date.fromisoformat(file.parent.name.removeprefix(OLD_FOLDER))
        return day, day
    footer = layout.footer(file)
    column = footer.schema.names.index(ARRIVAL.name)
    bounds = [
        footer.row_group(number).column(column).statistics
        for number in range(footer.num_row_groups)
    ]
    return min(b.min for b in bounds), max(b.max for b in bounds)
