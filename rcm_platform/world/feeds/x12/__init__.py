"""What passes through the clearinghouse: 837P, 837I, 999, 277CA and 835 files.

One interchange per file. Arrival is ISA09: the 837's sending day, the answer day of 999 and 277CA,
the delivery day of the 835. A file is a pure function of the world, so any part of the files can be
written by any process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rcm_platform.world.feeds.x12.acknowledgements import answers, render_answers, status_file
from rcm_platform.world.feeds.x12.claims import Batches, batches, render_claims, render_receipt
from rcm_platform.world.feeds.x12.envelope import FOLDERS, RENUMBERED
from rcm_platform.world.feeds.x12.lookup import Lookup, has_authorization
from rcm_platform.world.feeds.x12.remittances import (
    Remittances,
    remit_files,
    renumbered_delivery,
    second_delivery,
    trace_numbers,
)

if TYPE_CHECKING:
    from rcm_platform.world.model import World

__all__ = [
    "FOLDERS",
    "Batches",
    "FileSpec",
    "Lookup",
    "batches",
    "clearinghouse_files",
    "has_authorization",
    "remit_files",
    "renumbered_delivery",
    "second_delivery",
    "status_file",
    "trace_numbers",
    "write_clearinghouse",
]

#: Seconds per 1,000 claims of each kind of file, roughly: how the parts are made equal.
_WEIGHTS = {"837p": 4, "837i": 4, "999": 0, "277ca": 1, "835": 4}


@dataclass(frozen=True)
class FileSpec:
    """A file that some day arrives: `kind` is its folder, `name` is relative to clearinghouse/."""

    kind: str
    name: str
    arrival_day: int
    claim_count: int
    render: Callable[[], bytes]


def clearinghouse_files(world: World) -> Iterator[FileSpec]:
    """Every file of `world`, those that arrive after its last day as well."""
    lookup = Lookup(world)
    batch = batches(lookup)
    sizes = (batch.end - batch.first).tolist()
    for row, (form, day, claims) in enumerate(
        zip(batch.form.tolist(), batch.day.tolist(), sizes, strict=True)
    ):
        folder = ("837p", "837i")[form]
        yield FileSpec(
            folder, batch.files[row], day, claims, partial(render_claims, lookup, batch, row)
        )
        if not batch.is_unreceipted[row]:
            receipt = partial(render_receipt, lookup, batch, row)
            yield FileSpec("999", batch.receipts[row], int(batch.receipt_day[row]), 0, receipt)
    told = answers(lookup)
    for first, end in told.files:
        day = int(told.day[first])
        yield FileSpec(
            "277ca",
            status_file(lookup.systems[int(told.hospital[first])], day),
            day,
            end - first,
            partial(render_answers, lookup, told, first, end),
        )
    pays, remittances = world.payments, Remittances(lookup)
    for row, (name, day, claims, again, renumbered) in enumerate(
        zip(
            remit_files(lookup),
            pays.era_day.tolist(),
            pays.remit_count.tolist(),
            pays.is_duplicated.tolist(),
            pays.is_renumbered.tolist(),
            strict=True,
        )
    ):
        render = partial(remittances.render, row)
        yield FileSpec("835", name, day, claims, render)
        if again:
            yield FileSpec("835", second_delivery(name), day, claims, render)
        if renumbered:
            yield FileSpec(
                "835", renumbered_delivery(name), day, claims, partial(render, RENUMBERED)
            )


def write_clearinghouse(
    world: World,
    folder: Path,
    first_day: int,
    last_day: int,
    part: tuple[int, int] = (0, 1),
    progress: Callable[[int, int, str], None] | None = None,
) -> int:
    """Write the files that arrive on first_day..last_day into `folder` and return their count.

    `part` is (i, n): only the files of process i of n, which all have about the same to do.
    `progress` is told (files written, files to write, name) after each file.
    """
    wanted = [f for f in clearinghouse_files(world) if first_day <= f.arrival_day <= last_day]
    weights = np.array([1 + _WEIGHTS[f.kind] * f.claim_count for f in wanted], dtype=np.int64)
    # Dealt out by falling weight, there and back: 0 1 1 0 0 1 1 0 …
    rank = np.empty(len(wanted), dtype=np.int64)
    rank[np.argsort(-weights, kind="stable")] = np.arange(len(wanted))
    own, of = part
    place = rank % (2 * of)
    mine = np.flatnonzero(np.minimum(place, 2 * of - 1 - place) == own).tolist()
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for done, row in enumerate(mine, start=1):
        (folder / wanted[row].name).write_bytes(wanted[row].render())
        if progress:
            progress(done, len(mine), wanted[row].name)
    return len(mine)
