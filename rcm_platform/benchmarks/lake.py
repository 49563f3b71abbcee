"""What a lake is after years of nights: how many files, and how fast a table is read from them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from rcm_platform.benchmarks import own_process
from rcm_platform.lake import Lake, layout
from rcm_platform.lake.merging import MANY_FILES, compact
from rcm_platform.settings import get_settings
from rcm_platform.sources.catalog import declare_all
from rcm_platform.sources.hospitals import hospitals

READ = ("x12", "submitted_claims")
READ_ROWS = 2_000
"""The table that is read, and its rows of a night."""
OTHER_ROWS = 5
RATIO_BUDGET = 1.5
_FIRST_DAY = date(2021, 1, 1)
_ROUNDS = 5


def measure(out: Console, months: Sequence[int] = (14, 60)) -> Table:
    """A batch a night with rows for every table, merged as a load does; then one table is read,
    from its files and from one file with the same rows, by turns. The best of some rounds counts.
    """
    table = Table("lake", "measured", "budget", "", title="A lake after years of nights")
    with tempfile.TemporaryDirectory(prefix="rcm_bench_") as temporary:
        folder = Path(temporary)
        lake = Lake(folder / "lake")
        declare_all(lake, hospitals(get_settings()).values())
        tables = layout.tables(lake.root)
        written = 0
        for month, nights in enumerate(_months(max(months)), start=1):
            for day in nights:
                written += _night(lake, tables, day)
                compact(lake.root)
            if month not in months:
                continue
            out.print(f"{month} months")
            files = len([*lake.root.glob("[!_]*/*/*/*.parquet")]) - len(tables)
            most = len(tables) * (month + MANY_FILES)
            rows, seconds, bare = _read(lake, folder / "one.parquet")
            table.add_row(
                f"files of {len(tables)} tables after {month} months ({written:,} written)",
                f"{files:,}",
                f"at most {most:,}",
                own_process.verdict(files <= most),
            )
            table.add_row(
                f"reading {rows:,} rows, against one file ({seconds:.2f} s / {bare:.2f} s)",
                f"{seconds / bare:.2f}",
                f"at most {RATIO_BUDGET:g}",
                own_process.verdict(seconds <= RATIO_BUDGET * bare),
            )
    return table


def _months(count: int) -> Iterator[list[date]]:
    day = _FIRST_DAY
    for _ in range(count):
        nights = [day]
        while (day := day + timedelta(days=1)).month == nights[0].month:
            nights.append(day)
        yield nights


def _night(lake: Lake, tables: Sequence[Path], day: date) -> int:
    """Rows of a day for every table, in one batch; the files that it made."""
    with lake.batch("bench", [day.isoformat()]) as batch:
        for table in tables:
            of = (table.parent.name, table.name)
            count = READ_ROWS if of == READ else OTHER_ROWS
            batch.add(*of, day, _rows(lake.declared(*of), day, count))
    return len(tables)


def _rows(declared: pa.Schema, day: date, count: int) -> pa.Table:
    """Texts that differ by day and row, and NULL for what is no text."""
    numbers = np.arange(count) + day.toordinal() * READ_ROWS
    texts = pa.array(numbers).cast(pa.string())
    return pa.table({f.name: texts for f in declared if pa.types.is_string(f.type)})


def _read(lake: Lake, one: Path) -> tuple[int, float, float]:
    """Rows of the table; seconds to read all of them from the lake, and from one file."""
    one.unlink(missing_ok=True)
    with lake.reading(), duckdb.connect() as con:
        scan = lake.scan(*READ)
        con.execute(f"copy (from {scan} order by _arrival_date) to '{one}' (format parquet)")
        taken: dict[str, list[float]] = {scan: [], f"'{one}'": []}
        for _ in range(_ROUNDS):
            for source, seconds in taken.items():
                start = time.perf_counter()
                ((rows, _),) = con.execute(
                    f"select count(*), sum(hash(t)) from {source} as t"
                ).fetchall()
                seconds.append(time.perf_counter() - start)
    from_lake, from_one = (min(seconds) for seconds in taken.values())
    return rows, from_lake, from_one
