"""What passes through the clearinghouse: 837P, 837I, 999, 277CA and 835 files.

One interchange per file. Arrival is ISA09: the 837's sending day, the answer day of 999 and 277CA,
the delivery day of the 835. A file is a pure function of the world, so any part of the files can be
written by any process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rcm_platform.world.feeds.x12 import layouts
from rcm_platform.world.feeds.x12.acknowledgements import answers, render_answers, status_file
from rcm_platform.world.feeds.x12.claims import Batches, batches, render_claims, render_receipt
from rcm_platform.world.feeds.x12.envelope import (
    CLAIM_KINDS,
    FOLDERS,
    RECEIPT_KINDS,
    REMITTANCE,
    RENUMBERED,
    STATUS,
    control_number,
)
from rcm_platform.world.feeds.x12.interest import interest_within
from rcm_platform.world.feeds.x12.layouts import LAYOUTS
from rcm_platform.world.feeds.x12.lookup import Lookup, has_authorization
from rcm_platform.world.feeds.x12.misdated import is_misdated, misdated, misdated_delivery
from rcm_platform.world.feeds.x12.parties import is_payee_by_tax_id, is_payer_by_name
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
    "LAYOUTS",
    "Batches",
    "FileSpec",
    "Lookup",
    "answers",
    "batches",
    "clearinghouse_files",
    "has_authorization",
    "interest_within",
    "is_misdated",
    "is_payee_by_tax_id",
    "is_payer_by_name",
    "misdated_delivery",
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
    hospital: int
    arrival_day: int
    control_number: int
    claim_count: int
    render: Callable[[], bytes]
    is_duplicate: bool = False  # says what another file says
    layouts: tuple[str, ...] = ()  # planted


def clearinghouse_files(world: World) -> Iterator[FileSpec]:
    """Every file of `world`, those that arrive after its last day as well."""
    files = list(_files(world))
    planted = layouts.planted(
        world, [file.kind for file in files], [file.control_number for file in files]
    )
    for file, names in zip(files, planted, strict=True):
        render = layouts.laid_out(file.render, names)
        yield replace(file, render=render, layouts=names) if names else file


def _files(world: World) -> Iterator[FileSpec]:
    """Every file as its sender writes it."""
    lookup = Lookup(world)
    batch = batches(lookup)
    sizes = (batch.end - batch.first).tolist()
    for row, (where, form, day, claims) in enumerate(
        zip(
            batch.hospital.tolist(),
            batch.form.tolist(),
            batch.day.tolist(),
            sizes,
            strict=True,
        )
    ):
        render = partial(render_claims, lookup, batch, row)
        control = control_number(CLAIM_KINDS[form], where, day)
        folder = ("837p", "837i")[form]
        yield FileSpec(folder, batch.files[row], where, day, control, claims, render)
        if not batch.is_unreceipted[row]:
            name, day = batch.receipts[row], int(batch.receipt_day[row])
            control = control_number(RECEIPT_KINDS[form], where, int(batch.day[row]))
            render = partial(render_receipt, lookup, batch, row)
            yield FileSpec("999", name, where, day, control, 0, render)
    told = answers(lookup)
    firsts = np.array([first for first, _ in told.files], dtype=np.int64)
    again = is_misdated(world, told.hospital[firsts], told.day[firsts]).tolist()
    for (first, end), comes_again in zip(told.files, again, strict=True):
        where, day = int(told.hospital[first]), int(told.day[first])
        name, control = status_file(lookup.systems[where], day), control_number(STATUS, where, day)
        render = partial(render_answers, lookup, told, first, end)
        file = FileSpec("277ca", name, where, day, control, end - first, render)
        yield file
        if comes_again:
            yield replace(
                file,
                name=misdated_delivery(name),
                is_duplicate=True,
                render=partial(misdated, render),
            )
    pays, remittances = world.payments, Remittances(lookup)
    for row, (name, where, payer, paid_day, day, claims, again, renumbered) in enumerate(
        zip(
            remit_files(lookup),
            pays.hospital.tolist(),
            pays.payer.tolist(),
            pays.payment_day.tolist(),
            pays.era_day.tolist(),
            pays.remit_count.tolist(),
            pays.is_duplicated.tolist(),
            pays.is_renumbered.tolist(),
            strict=True,
        )
    ):
        render = partial(remittances.render, row)
        control = control_number(REMITTANCE, where, paid_day, payer)
        file = FileSpec("835", name, where, day, control, claims, render)
        yield file
        if again:
            yield replace(file, name=second_delivery(name), is_duplicate=True)
        if renumbered:
            yield replace(
                file,
                name=renumbered_delivery(name),
                control_number=control_number(RENUMBERED, where, paid_day, payer),
                render=partial(render, RENUMBERED),
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
