"""The synthetic outside world: two hospitals, their payers and their bank, with a hidden truth.

`generate` is the only entrance. The world is a pure function of (seed, size, start, through) and of
the tables in `parameters/`; a later `through` adds what arrived since and changes nothing else.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

import duckdb
from filelock import FileLock

from rcm_platform.world.databases import write_database
from rcm_platform.world.files import write_operations, write_treasury
from rcm_platform.world.model import World
from rcm_platform.world.parameters import FOLDER, Table, fingerprint
from rcm_platform.world.truth import write_truth
from rcm_platform.world.x12_writer import X12Writer

Progress = Callable[[int, int, str], None] | None

MANIFEST = "world.json"
EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)
LONGEST_DAYS = 3660


@dataclass(frozen=True)
class WorldSummary:
    """What stands in the folder. `is_new` is False when it was complete already."""

    folder: Path
    seed: int
    size: str
    start: date
    through: date
    is_new: bool
    counts: dict[str, int] = field(repr=False)
    content_sha256: str = field(repr=False)

    def __str__(self) -> str:
        counts = self.counts
        state = "built" if self.is_new else "already complete"
        return (
            f"world {self.size}, seed {self.seed}, {self.start} to {self.through}, {state}: "
            f"{counts['claims']:,} claims, {counts['encounters']:,} encounters, "
            f"{counts['files']:,} files, {counts['faults']:,} planted faults"
        )


def generate(
    folder: Path,
    *,
    seed: int,
    size: str,
    start: date,
    through: date,
    progress: Progress = None,
) -> WorldSummary:
    """Build the world in `folder`, or return at once when it stands there with these parameters.

    It is built beside the folder and moved into place whole, so a killed build leaves what was
    there before. Layout: hospital_a.duckdb, hospital_b.duckdb, clearinghouse/{837,277ca,835}/,
    treasury/, operations/, truth/{happened,knowable}/ and world.json.

    Raises ValueError for impossible parameters, FileExistsError when the folder holds anything but
    a world; both before anything is written.
    """
    _check(seed, size, start, through)
    folder = Path(folder).absolute()
    parameters = {
        "seed": seed,
        "size": size,
        "start": start.isoformat(),
        "through": through.isoformat(),
        "generator": fingerprint(),
    }
    _refuse_foreign(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / f".{folder.name}.lock"):
        building = folder.parent / f".{folder.name}.building"
        previous = folder.parent / f".{folder.name}.previous"
        if previous.exists() and not folder.exists():
            previous.rename(folder)  # killed between the two renames below
        manifest = _read_manifest(folder)
        if {name: manifest.get(name) for name in parameters} == parameters:
            return _summary(folder, manifest, is_new=False)
        for leftover in (building, previous):
            shutil.rmtree(leftover, ignore_errors=True)
        manifest = _build(building, parameters, seed, size, start, through, progress)
        if folder.exists():
            folder.rename(previous)
        building.rename(folder)
        shutil.rmtree(previous, ignore_errors=True)
        return _summary(folder, manifest, is_new=True)


def _check(seed: int, size: str, start: date, through: date) -> None:
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


def _refuse_foreign(folder: Path) -> None:
    if not folder.exists() or (folder / MANIFEST).exists():
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise FileExistsError(
            f"{folder} exists and is no world (no {MANIFEST}): it would be replaced. "
            "Choose an empty folder."
        )


def _read_manifest(folder: Path) -> dict:
    path = folder / MANIFEST
    return json.loads(path.read_text()) if path.exists() else {}


def _summary(folder: Path, manifest: dict, *, is_new: bool) -> WorldSummary:
    return WorldSummary(
        folder=folder,
        seed=manifest["seed"],
        size=manifest["size"],
        start=date.fromisoformat(manifest["start"]),
        through=date.fromisoformat(manifest["through"]),
        is_new=is_new,
        counts=manifest["counts"],
        content_sha256=manifest["content_sha256"],
    )


def _build(
    folder: Path,
    parameters: dict,
    seed: int,
    size: str,
    start: date,
    through: date,
    progress: Progress,
) -> dict:
    """Write everything into a new folder, the manifest last."""
    for name in ("clearinghouse/837", "clearinghouse/277ca", "clearinghouse/835"):
        (folder / name).mkdir(parents=True)
    for name in ("treasury", "operations"):
        (folder / name).mkdir()

    world = World(seed=seed, size=size, start=start, through=through)
    writer = X12Writer(world, folder / "clearinghouse")
    steps: list[tuple[str, Callable[[], object]]] = [
        (f"{system} database", partial(write_database, world, i, folder / f"{system}.duckdb"))
        for i, system in enumerate(world.hospitals.source_systems)
    ]
    steps += [
        ("837 claims", writer.write_837),
        ("277CA acknowledgements", writer.write_277ca),
        ("835 remittances", writer.write_835),
        ("bank deposits", partial(write_treasury, world, folder / "treasury")),
        ("operations files", partial(write_operations, world, folder / "operations")),
    ]
    total = len(steps) + 3
    for done, (label, step) in enumerate(steps, start=1):
        if progress:
            progress(done, total, label)
        step()
    if progress:
        progress(total - 2, total, "hidden truth")
    counts = write_truth(world, folder / "truth")
    if progress:
        progress(total - 1, total, "content hashes")
    content = _content(folder)
    counts["files"] = sum(1 for path in folder.rglob("*") if path.is_file())
    manifest = {
        **parameters,
        "counts": counts,
        "content": content,
        "content_sha256": hashlib.sha256(json.dumps(content).encode()).hexdigest(),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    if progress:
        progress(total, total, "world complete")
    return manifest


def _content(folder: Path) -> dict[str, str]:
    """Hash of each part: X12 and CSV folders by their bytes, databases and truth by their rows."""
    content = {}
    for part in ("clearinghouse", "treasury", "operations"):
        digest = hashlib.sha256()
        for path in sorted((folder / part).rglob("*.*")):
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        content[part] = digest.hexdigest()
    with duckdb.connect() as connection:
        for path in sorted(folder.glob("*.duckdb")):
            connection.execute(f"attach '{_quoted(path)}' as source (read_only)")
            tables = connection.execute(
                "select table_name from duckdb_tables() where database_name = 'source' order by all"
            ).fetchall()
            for (table,) in tables:
                content[f"{path.stem}.{table}"] = _rows_hash(connection, f"source.{table}")
            connection.execute("detach source")
        for path in sorted((folder / "truth").rglob("*.parquet")):
            name = path.relative_to(folder).with_suffix("").as_posix()
            content[name] = _rows_hash(connection, f"'{_quoted(path)}'")
    return content


def _rows_hash(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Order-free: the count of rows and the sum of their md5 numbers."""
    query = f"select count(*), sum(md5_number_lower(t::varchar)::hugeint) from {table} as t"
    count, total = connection.execute(query).fetchall()[0]
    return f"{count}:{total or 0}"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
