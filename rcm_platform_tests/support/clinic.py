"""A lake with the tables of a clinic, to be written by hand; and the death of a process in it."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from rcm_platform.lake import Lake
from rcm_platform.sources.base import declare

MARCH, APRIL = date(2025, 3, 1), date(2025, 4, 1)
VISITS = pa.schema([("visit_id", pa.string()), ("amount", pa.decimal128(18, 2))])


def clinic_lake(root: Path) -> Lake:
    """A lake that has the table clinic/visits, and its copy clinic/bills."""
    lake = Lake(root)
    declare(lake, "clinic", {"visits": VISITS, "bills": VISITS})
    return lake


def visits(*ids: str, **extra: Any) -> pa.Table:
    """Rows as a reader hands them in, with where they come from."""
    return pa.table(
        {
            "visit_id": list(ids),
            "amount": pa.array([Decimal("12.50")] * len(ids), pa.decimal128(18, 2)),
            "_source_system": ["clinic"] * len(ids),
            "_source_file": ["visits.csv"] * len(ids),
            "_source_position": [str(n + 1) for n in range(len(ids))],
            **extra,
        }
    )


def arrive(lake: Lake, day: date, *ids: str, table: str = "visits", **extra: Any) -> str:
    """A batch of its own for rows that arrive on a day; its id."""
    with lake.batch("clinic", [table, day.isoformat(), *ids]) as batch:
        batch.add("clinic", table, day, visits(*ids, **extra))
    return batch.id


def rows(lake: Lake, table: str = "visits") -> list[tuple[Any, ...]]:
    """All rows of a table, by their ids, with all columns, by their names."""
    scan = lake.scan("clinic", table)
    names = sorted(name for name, *_ in lake.query(f"describe from {scan}"))
    return lake.query(f"select {', '.join(names)} from {scan} order by visit_id")


def files(lake: Lake, table: str = "visits") -> list[str]:
    """The files of a table that hold rows, by folder and name."""
    folder = lake.root / "clinic" / table
    found = (path.relative_to(folder).as_posix() for path in folder.glob("*/*.parquet"))
    return sorted(name for name in found if not name.startswith("declared/"))


def three_nights(lake: Lake) -> None:
    """Three batches of March, one of April."""
    for night in range(3):
        arrive(lake, MARCH + timedelta(days=night), f"v{night}")
    arrive(lake, APRIL, "v3")


def merged(names: list[str]) -> list[str]:
    """Those of the files that were made of several."""
    return [name for name in names if "/merged-" in name]


@contextmanager
def no_file_above(limit: int) -> Iterator[None]:
    """A disk that takes no more of a file than so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class Killed(BaseException):
    """The process ends here: nothing that follows is done, not even what tidies up."""


_left: int | None = None
_hooked = False
_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir"}


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    global _left
    if _left is None:
        return
    if event in _CHANGES or (event == "open" and set(str(arguments[1])) & set("wax+")):
        if _left == 0:
            raise Killed(event)
        _left -= 1


@contextmanager
def killed_after(changes: int) -> Iterator[None]:
    """In this block the process dies before one change of files more than so many."""
    global _left, _hooked
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked = True
    _left = changes
    try:
        yield
    finally:
        _left = None
