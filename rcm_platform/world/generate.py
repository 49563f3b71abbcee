"""Write a world into a folder: all of it, or the days of one slice of it.

It is built beside the folder and moved into place whole, so a killed build leaves what was there
before. Layout: hospital_a.duckdb, hospital_b.duckdb, clearinghouse/{837p,837i,999,277ca,835}/,
treasury/, operations/, claims_csv/, truth/{happened,knowable}/ and world.json.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from filelock import FileLock

from rcm_platform.world.support.content import content_hashes, digest_of
from rcm_platform.world.support.dates import to_day
from rcm_platform.world.support.faults import FaultRates
from rcm_platform.world.support.parameters import FOLDER, Parameters, Table, fingerprint

Progress = Callable[[int, int, str], None] | None

MANIFEST = "world.json"
EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)
LONGEST_DAYS = 3660
#: From this size on, two processes write the clearinghouse's files.
_SIZES_IN_PROCESSES = ("medium", "large")
_PROCESSES = 2
_BEFORE_EVERYTHING = to_day(EARLIEST) - 36_600


@dataclass(frozen=True)
class WorldSummary:
    """What stands in the folder. `is_new` is False when it was there already.

    `is_complete` is False while days are missing: then there is no truth, no count and no hash.
    """

    folder: Path
    seed: int
    size: str
    start: date
    through: date
    is_new: bool
    is_complete: bool
    counts: dict[str, int] = field(repr=False)
    content_sha256: str = field(repr=False)

    def __str__(self) -> str:
        state = "built" if self.is_new else "already complete"
        head = f"world {self.size}, seed {self.seed}, {self.start} to {self.through}, {state}"
        if not self.is_complete:
            return f"{head}: some days are still missing"
        counts = self.counts
        return (
            f"{head}: {counts['claims']:,} claims, {counts['encounters']:,} encounters, "
            f"{counts['files']:,} files, {counts['faults']:,} planted faults"
        )


def generate(
    folder: Path,
    *,
    seed: int,
    size: str,
    start: date,
    through: date,
    faults: str = "",
    days: tuple[date, date] | None = None,
    progress: Progress = None,
) -> WorldSummary:
    """Build the world in `folder`, or return at once when it stands there with these parameters.

    `faults` changes the rates of planted faults (see `faults.py`). `days` = (first, last) writes
    only what arrives on those days, into what is there of the same world; once every day from
    `start` to `through` was written, in any order, the world is complete and equal to one that was
    written at once. The first day's slice also holds what was there before it.

    Raises ValueError for impossible parameters, FileExistsError when the folder holds anything but
    a world; both before anything is written.
    """
    refuse_impossible(seed, size, start, through, faults, days)
    folder = Path(folder).absolute()
    parameters = _parameters(seed, size, start, through, faults)
    _refuse_foreign(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / f".{folder.name}.lock"):
        building = folder.parent / f".{folder.name}.building"
        previous = folder.parent / f".{folder.name}.previous"
        if previous.exists() and not folder.exists():
            previous.rename(folder)  # killed between the two renames below
        manifest = _read_manifest(folder)
        is_same = {name: manifest.get(name) for name in parameters} == parameters
        written = {date.fromisoformat(day) for day in manifest["days"]} if is_same else set()
        wanted = set(_each_day(*(days or (start, through)))) - written
        if is_same and not wanted:
            return _summary(folder, manifest, is_new=False)
        for leftover in (building, previous):
            shutil.rmtree(leftover, ignore_errors=True)
        if days is None:
            written, wanted = set(), set(_each_day(start, through))
        if written:
            _copy(folder, building)
        manifest = _build(building, parameters, faults, written, wanted, progress)
        if folder.exists():
            folder.rename(previous)
        building.rename(folder)
        shutil.rmtree(previous, ignore_errors=True)
        return _summary(folder, manifest, is_new=True)


def _parameters(seed: int, size: str, start: date, through: date, faults: str) -> dict[str, Any]:
    return {
        "seed": seed,
        "size": size,
        "start": start.isoformat(),
        "through": through.isoformat(),
        "faults": str(FaultRates.of(Table.read("faults.csv", FOLDER), faults)),
        "generator": fingerprint(),
    }


def same_world(
    manifest: dict[str, Any], *, seed: int, size: str, start: date, through: date, faults: str = ""
) -> bool:
    """Would these arguments give the world of this manifest, up to its last day?"""
    asked = _parameters(seed, size, start, through, faults)
    return all(manifest.get(name) == asked[name] for name in asked if name != "through")


def refuse_impossible(
    seed: int,
    size: str,
    start: date,
    through: date,
    faults: str = "",
    days: tuple[date, date] | None = None,
) -> None:
    """Raise ValueError with the name of the first impossible parameter and its allowed range.

    The parameter tables are read and checked whole.
    """
    from rcm_platform.world.feeds import front_end, staff
    from rcm_platform.world.happened import identity

    sizes = list(dict.fromkeys(Table.read("sizes.csv", FOLDER).text("size")))
    if not 0 <= seed < 2**63:
        raise ValueError(f"seed = {seed} is outside 0..2^63-1 (RCM_WORLD_SEED)")
    if size not in sizes:
        raise ValueError(f"size = {size!r} is none of {', '.join(sizes)} (RCM_WORLD_SIZE)")
    if not EARLIEST <= start <= LATEST:
        raise ValueError(f"start = {start} is outside {EARLIEST}..{LATEST} (RCM_WORLD_START)")
    if not start <= through <= LATEST or (through - start).days > LONGEST_DAYS:
        raise ValueError(
            f"through = {through} is outside {start}..{LATEST}, or more than {LONGEST_DAYS} days "
            "after start (RCM_WORLD_THROUGH)"
        )
    if days and not start <= days[0] <= days[1] <= through:
        raise ValueError(f"days = {days[0]}..{days[1]} is outside {start}..{through}")
    FaultRates.of(Parameters().check().faults, faults)
    for read in (identity.rates, front_end.rates, front_end.lags, staff.check):
        read()


def _each_day(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _refuse_foreign(folder: Path) -> None:
    if not folder.exists() or (folder / MANIFEST).exists():
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise FileExistsError(
            f"{folder} exists and is no world (no {MANIFEST}): it would be replaced. "
            "Choose an empty folder."
        )


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    return json.loads(path.read_text()) if path.exists() else {}


def _summary(folder: Path, manifest: dict[str, Any], *, is_new: bool) -> WorldSummary:
    return WorldSummary(
        folder=folder,
        seed=manifest["seed"],
        size=manifest["size"],
        start=date.fromisoformat(manifest["start"]),
        through=date.fromisoformat(manifest["through"]),
        is_new=is_new,
        is_complete="content_sha256" in manifest,
        counts=manifest.get("counts", {}),
        content_sha256=manifest.get("content_sha256", ""),
    )


def _copy(folder: Path, target: Path) -> None:
    """The slices that are there: databases are copied, files that never change are linked."""

    def copy(source: str, destination: str) -> None:
        if source.endswith(".duckdb"):
            shutil.copy2(source, destination)
        else:
            os.link(source, destination)

    shutil.copytree(folder, target, copy_function=copy, ignore=shutil.ignore_patterns(MANIFEST))


def _build(
    folder: Path,
    parameters: dict[str, Any],
    faults: str,
    written: set[date],
    wanted: set[date],
    progress: Progress,
) -> dict[str, Any]:
    """Write the days `wanted` into the folder, the manifest last."""
    from rcm_platform.world.feeds.claims_csv import write_claims_csv
    from rcm_platform.world.feeds.clearinghouse import write_in_processes
    from rcm_platform.world.feeds.databases import write_database
    from rcm_platform.world.feeds.files import write_operations, write_treasury
    from rcm_platform.world.feeds.x12 import write_clearinghouse
    from rcm_platform.world.model import World
    from rcm_platform.world.truth.truth import write_truth

    start, through = (date.fromisoformat(parameters[name]) for name in ("start", "through"))
    given = {
        "seed": parameters["seed"],
        "size": parameters["size"],
        "start": start,
        "through": through,
        "faults": faults,
    }
    steps = _Steps(progress)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("treasury", "operations", "claims_csv"):
        (folder / name).mkdir(exist_ok=True)
    windows = [
        (_BEFORE_EVERYTHING if first == start else to_day(first), to_day(last))
        for first, last in _runs_of_days(wanted)
    ]

    if parameters["size"] in _SIZES_IN_PROCESSES:
        write_in_processes(
            given, folder / "clearinghouse", windows, _PROCESSES,
            steps.part(0.0, 0.5, "clearinghouse"),
        )  # fmt: skip
        world = World(**given)
    else:
        world = World(**given)
        for first, last in windows:
            told = steps.part(0.0, 0.5, "clearinghouse")
            write_clearinghouse(world, folder / "clearinghouse", first, last, progress=told)
    for number, (first, last) in enumerate(windows):
        done = 0.5 + 0.25 * number / len(windows)
        for hospital, system in enumerate(world.hospitals.source_systems):
            steps.tell(done + 0.05 * hospital, f"{system} database")
            write_database(world, hospital, folder / f"{system}.duckdb", first, last)
        steps.tell(done + 0.1, "treasury, operations and billing exports")
        write_treasury(world, folder / "treasury", first, last)
        write_operations(world, folder / "operations", first, last)
        write_claims_csv(world, folder / "claims_csv", first, last)
    days = sorted(written | wanted)
    manifest = {**parameters, "days": [day.isoformat() for day in days]}
    if days == _each_day(start, through):
        steps.tell(0.75, "hidden truth")
        shutil.rmtree(folder / "truth", ignore_errors=True)
        counts = write_truth(world, folder / "truth")
        steps.tell(0.9, "content hashes")
        counts["files"] = sum(1 for path in folder.rglob("*") if path.is_file())
        content = content_hashes(folder)
        manifest |= {
            "counts": counts,
            "content": content,
            "content_sha256": digest_of(content),
        }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    steps.tell(1.0, "world written")
    return manifest


def _runs_of_days(days: set[date]) -> list[tuple[date, date]]:
    """(first, last) of each run of days without a gap."""
    runs: list[tuple[date, date]] = []
    for day in sorted(days):
        if runs and day - runs[-1][1] == timedelta(days=1):
            runs[-1] = runs[-1][0], day
        else:
            runs.append((day, day))
    return runs


class _Steps:
    """Progress in thousandths of the whole; never goes back."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._told = progress, 0

    def tell(self, share: float, label: str) -> None:
        self._told = max(self._told, round(1000 * share))
        if self._progress:
            self._progress(self._told, 1000, label)

    def part(self, first: float, last: float, label: str) -> Callable[[int, int, str], None]:
        """A progress function for a part of the whole."""

        def tell(done: int, total: int, _: str) -> None:
            share = first + (last - first) * done / max(total, 1)
            self.tell(share, f"{label}: {done:,} of {total:,} files")

        return tell
