"""One page of the queue of one payer, with its number and dollars: a process of benchmarks/desk.py.

`python -m rcm_platform.benchmarks.desk_list plain|desk HOME PAYER` prints seconds and megabytes.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from rcm_platform.desk import published
from rcm_platform.desk.query import Is, Query, Reader, total
from rcm_platform.publish.audiences import OPERATIONS
from rcm_platform.settings import Settings

QUEUE, PLACE, OPEN = "mart_claim_priority_queue", "queue_position", "outstanding_amount"
PAGE_ROWS = 25

View = tuple[list[Any], int, Decimal]
"""Keys of the claims of the page, number of all, open dollars of all."""


def plain(path: Path, payer: str) -> View:
    """By a data frame of all rows and columns, as a first draft of a page does it."""
    with duckdb.connect(str(path), read_only=True) as con:
        frame = con.execute(f"select * from {QUEUE}").df()
    chosen = frame[frame["payer_name"] == payer].sort_values(PLACE)
    return list(chosen["claim_key"].head(PAGE_ROWS)), len(chosen), chosen[OPEN].sum()


def desk(reader: Reader, payer: str) -> View:
    """By the queries of the desk."""
    of_payer = (Is("payer_name", (payer,)),)
    page = reader.rows(Query(QUEUE, where=of_payer, order=(PLACE,)).page(1, PAGE_ROWS))
    [sums] = reader.rows(total(QUEUE, OPEN, where=of_payer))
    return [row["claim_key"] for row in page], sums["row_count"], sums[OPEN]


def main(way: str, home: Path, payer: str) -> None:
    """Print what one way costs, and what it found."""
    version = published.open_current(Settings(home=home), OPERATIONS)
    reader = Reader(version)
    before, started = _megabytes(), time.perf_counter()
    if way == "plain":
        keys, count, amount = plain(version.path, payer)
    else:
        keys, count, amount = desk(reader, payer)
    found = {"seconds": time.perf_counter() - started, "megabytes": _megabytes() - before}
    print(json.dumps({**found, "keys": keys, "count": count, "amount": f"{amount:.2f}"}))


def _megabytes() -> float:
    """The most that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
