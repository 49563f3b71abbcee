"""Rows of several tables and dates that become visible together."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rcm_platform.lake import changes
from rcm_platform.lake.layout import ARRIVAL, LakeError, folder_of

_BUFFER_BYTES = 64 * 2**20
# to weigh every row of a table in many pieces takes longer than to write some of them
_SAMPLE_ROWS = 1000


class Batch:
    """Rows of several tables and dates that become visible together."""

    def __init__(
        self, root: Path, source: str, batch_id: str, declared: Callable[[str, str], pa.Schema]
    ) -> None:
        self.id = batch_id
        self.loaded_at = datetime.now(UTC).replace(tzinfo=None)
        self._root = root
        self._source = source
        self._declared = declared
        self._staging = root / changes.STAGING / batch_id
        self._buffer: dict[tuple[str, str, str], list[pa.Table]] = defaultdict(list)
        self._buffered = 0
        self._files: list[str] = []
        self._parts: Counter[tuple[str, str, str]] = Counter()
        self._rows: dict[str, int] = defaultdict(int)

    def add(self, source: str, table: str, arrival_date: date | None, rows: pa.Table) -> None:
        """Add rows of one table, and of one arrival date unless each names its own in
        _arrival_date; may be called often for the same.

        `rows` carry _source_system, _source_file and _source_position. Columns that the table
        declares and the rows lack become NULL; columns beyond the declared ones are kept.
        Raises pyarrow.ArrowInvalid when a column does not fit its declared type.
        """
        if not rows.num_rows:
            return
        conformed = self._conform(rows, self._declared(source, table), arrival_date)
        for folder, part in _by_folder(conformed, arrival_date):
            self._buffer[source, table, folder].append(part)
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
        content = {
            "source": self._source,
            "loaded_at": self.loaded_at.isoformat(),
            "rows": dict(sorted(self._rows.items())),
            "files": self._files,
        }
        changes.commit_batch(self._root, self.id, content)

    def discard(self) -> None:
        """Remove what was written and not committed."""
        self._buffer.clear()
        shutil.rmtree(self._staging, ignore_errors=True)

    def _conform(self, rows: pa.Table, declared: pa.Schema, arrival_date: date | None) -> pa.Table:
        constants: dict[str, object] = {"_batch_id": self.id, "_loaded_at": self.loaded_at}
        present = set(rows.column_names)
        columns: dict[str, pa.Array | pa.ChunkedArray] = {}
        for field in declared:
            if field.name in constants:
                value = pa.scalar(constants[field.name], field.type)
                columns[field.name] = pa.DictionaryArray.from_arrays(
                    pa.repeat(pa.scalar(0, pa.int32()), rows.num_rows), pa.array([value])
                )
            elif field.name == ARRIVAL.name and arrival_date:
                columns[field.name] = pa.repeat(pa.scalar(arrival_date, ARRIVAL.type), len(rows))
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
        for (source, table, folder), tables in self._buffer.items():
            # columns beyond the declared ones may differ from one addition to the next
            whole = _concatenated(tables)
            self._write(whole)
            part = self._parts[source, table, folder]
            self._parts[source, table, folder] += 1
            name = f"{self.id}-{part}.parquet" if part else f"{self.id}.parquet"
            self._files.append(f"{source}/{table}/{folder}/{name}")
        self._buffer.clear()
        self._buffered = 0

    def _write(self, whole: pa.Table) -> None:
        try:
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
                    or f.name == ARRIVAL.name
                ],
                # a text is a text, in whatever way it came here
                store_schema=False,
            )
        except OSError as problem:
            raise LakeError(
                f"A batch could not be written to {self._root} and leaves nothing: {problem}. Free "
                "space on this disk, then run again."
            ) from problem


def _by_folder(rows: pa.Table, arrival_date: date | None) -> Iterator[tuple[str, pa.Table]]:
    """The rows for each folder of a table: those of a month, and those without a date."""
    if arrival_date:
        yield folder_of(arrival_date), rows
        return
    if rows[ARRIVAL.name].null_count:
        raise ValueError("a row has no arrival date")
    days = rows[ARRIVAL.name].to_numpy()
    months = days.astype("datetime64[M]")
    if (np.diff(months.astype(int)) < 0).any():
        order = np.argsort(days, kind="stable")
        rows, months = rows.take(pa.array(order)), months[order]
    starts = np.flatnonzero(np.diff(months, prepend=months[0] - 1))
    for start, end in zip(starts, [*starts[1:], len(months)], strict=True):
        part = rows.slice(start, end - start)
        yield folder_of(part[ARRIVAL.name][0].as_py()), part


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
