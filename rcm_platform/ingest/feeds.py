"""What lands in raw, from where: one feed per folder of the lake; and the dates of a run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform.sources.hospitals import hospitals

if TYPE_CHECKING:
    import pyarrow as pa

    from rcm_platform.lake import Lake
    from rcm_platform.sources.base import LoadSummary
    from rcm_platform.sources.database import Comparison
    from rcm_platform.world import WorldSummary

Progress = Callable[[int, int, str], None] | None

WORLD_SOURCES = (
    "hospital_a",
    "hospital_b",
    "clearinghouse",
    "treasury",
    "operations",
    "claims_csv",
)


@dataclass(frozen=True)
class Feed:
    """One folder of the lake: its tables, and the source systems that fill it."""

    name: str
    description: str
    tables: dict[str, pa.Schema]
    origins: tuple[str, ...]


def feeds(settings: Settings) -> dict[str, Feed]:
    """Every feed by name. Feeds without a source stay in the graph, with empty tables."""
    import pyarrow as pa

    from rcm_platform.sources import synthea
    from rcm_platform.sources.catalog import RAW_TABLES

    tables = {name: dict(known) for name, known in RAW_TABLES.items()}
    if settings.synthea_dir:
        # a table that no model reads is landed all the same
        for table in synthea.unmodelled_tables(settings.synthea_dir):
            tables["synthea"][table] = pa.schema([])
    descriptions = {
        **{name: f"as the database of {h.title} holds it" for name, h in hospitals().items()},
        "x12": "as the X12 files say it",
        "treasury": "as the treasury's CSV files say it",
        "operations": "as the operations CSV files say it",
        "claims_csv": "as the hospitals' claims exports say it",
        "synthea": "as the Synthea export holds it",
    }
    origins = {"x12": ("clearinghouse", "x12_folder")}
    return {
        name: Feed(name, text, tables[name], origins.get(name, (name,)))
        for name, text in descriptions.items()
    }


def locations(settings: Settings) -> dict[str, str]:
    """Source system → where it is (database URL or folder), for those that these settings have."""
    found: dict[str, str | Path | None] = {
        **settings.hospital_urls,
        "treasury": settings.treasury_dir,
        "operations": settings.operations_dir,
        "claims_csv": settings.claims_csv_dir,
    }
    if settings.world:
        found |= {s: settings.world_dir / s for s in WORLD_SOURCES if not found.get(s)}
    found |= {"synthea": settings.synthea_dir, "x12_folder": settings.x12_dir}
    return {name: str(where) for name, where in found.items() if where}


def from_world(settings: Settings) -> tuple[str, ...]:
    """The source systems that the synthetic world plays under these settings."""
    where = locations(settings)
    inside = str(settings.world_dir)
    return tuple(s for s in WORLD_SOURCES if where.get(s, "").startswith(inside))


def load_source(
    settings: Settings, lake: Lake, source: str, progress: Progress = None
) -> LoadSummary:
    """Land what is new in one source system. Raises SourceUnavailable when it cannot be reached."""
    from rcm_platform.sources import csv_folders, database, synthea, x12
    from rcm_platform.sources.base import SourceUnavailable

    where = locations(settings)[source]
    if source in hospitals():
        return database.load_hospital(lake, source, where, progress=progress)
    folder = Path(where)
    if source == "treasury":
        return csv_folders.load_treasury(lake, folder, progress=progress)
    if source == "operations":
        return csv_folders.load_operations(lake, folder, progress=progress)
    if source == "claims_csv":
        return csv_folders.load_claims_csv(lake, folder, progress=progress)
    if source == "synthea":
        return synthea.load_synthea(lake, folder, progress=progress)
    accept_test, partners = x12_admission(settings, source)
    try:
        return x12.load_folder(
            lake, folder, source, accept_test=accept_test, progress=progress, partners=partners
        )
    except SourceUnavailable as problem:
        if source != "x12_folder":
            raise
        # the reader serves several folders; only here is it known which setting named this one
        advice = f"{problem.what_to_do} It is set by RCM_X12_DIR."
        raise SourceUnavailable(problem.what, problem.where, advice) from problem


def compare_source(
    settings: Settings,
    lake: Lake,
    source: str,
    progress: Progress = None,
    *,
    accept_deletes: bool = False,
) -> Comparison:
    """Compare all of a hospital's database with the lake, and land what differs.

    Raises SourceUnavailable when it cannot be reached, KeyError when it is no hospital with a URL.
    """
    from rcm_platform.sources import database

    if source not in (there := {s: w for s, w in locations(settings).items() if s in hospitals()}):
        raise KeyError(
            f"{source} is no hospital with a database here; there is: {', '.join(there) or 'none'}"
        )
    return database.compare_hospital(
        lake, source, there[source], progress, accept_deletes=accept_deletes
    )


def x12_admission(settings: Settings, source: str) -> tuple[bool, frozenset[str]]:
    """Whether interchanges marked as test are let in, and whose are (nobody named: everyone's).

    The files of the synthetic world are let in as they are.
    """
    if source != "x12_folder":
        return False, frozenset()
    return settings.x12_accept_test, settings.x12_partner_ids


def open_lake(settings: Settings) -> Lake:
    """The lake, to read."""
    from rcm_platform.lake import Lake

    return Lake(settings.lake_dir)


@contextmanager
def writing(settings: Settings, say: Callable[[str], object] | None = None) -> Iterator[Lake]:
    """The lake, to write: every table declared, the leftovers of a killed run removed; `say` is
    told of a wait for another writer.

    Only the holder of the lock may clean up: another one's unfinished batch looks like a leftover.
    """
    from rcm_platform.sources.catalog import declare_all

    with single_writer(settings, say):
        lake = open_lake(settings)
        lake.recover()
        declare_all(lake)
        yield lake


def row_counts(lake: Lake, feed: str, tables: Iterable[str]) -> dict[str, int]:
    """Rows of each raw table, all arrival dates together."""
    import duckdb

    with duckdb.connect() as con:
        return {
            table: con.execute(f"select count(*) from {lake.scan(feed, table)}").fetchall()[0][0]
            for table in tables
        }


def build_world(
    settings: Settings, day: date | None = None, progress: Progress = None
) -> WorldSummary:
    """Bring the world up to its last day, or to `day` if that is later. It never shrinks.

    Raises ValueError when the folder holds a world of other parameters, or one that another version
    of the generator made: its lake would mix the two.
    """
    from rcm_platform.world import generate, same_world

    asked = world_arguments(settings, day)
    present = world_parameters(settings)
    if present and not same_world(present, **asked):
        held = {name: present.get(name) for name in ("seed", "size", "start", "faults")}
        raise ValueError(
            f"{settings.world_dir} holds another world ({held}) than the settings ask for, or one "
            "of another version of the generator. Choose another RCM_HOME for it, or remove the "
            "old one with `make clean`."
        )
    return generate(settings.world_dir, **asked, progress=progress)


def world_arguments(settings: Settings, day: date | None = None) -> dict[str, Any]:
    """The arguments of `rcm_platform.world.generate` that the settings ask for."""
    return {
        "seed": settings.world_seed,
        "size": settings.world_size,
        "start": settings.world_start,
        "through": world_through(settings, day),
        "faults": settings.world_faults,
    }


def world_parameters(settings: Settings) -> dict[str, str]:
    """The parameters of the world that stands on disk; empty when there is none."""
    path = settings.world_dir / "world.json"
    return json.loads(path.read_text()) if path.exists() else {}


def world_through(settings: Settings, day: date | None = None) -> date:
    """The last day that the world must show: the settings' or a later one that a run asks for."""
    days = [settings.world_through]
    if day:
        days.append(day)
    if present := world_parameters(settings):
        days.append(date.fromisoformat(str(present["through"])))
    return max(days)


def next_world_day(settings: Settings, night: date) -> date | None:
    """The day that a night adds to the synthetic world; its last day while none was built. Where
    your own data beside it are of a later day, up to `night`, it is that day. None when these
    settings have no source that the world plays."""
    if not from_world(settings):
        return None
    present = world_parameters(settings)
    day = world_through(settings) + timedelta(days=1 if present else 0)
    arrived = open_lake(settings).latest_arrival_date()
    return max(day, min(arrived, night)) if arrived else day


def as_of_date(settings: Settings, lake: Lake, day: date | None = None) -> date:
    """The date that a run reports as of: the run's own, the settings', or the latest in raw, but
    never before what readers see: an earlier state would not replace it."""
    if asked := day or settings.as_of:
        return asked
    latest = lake.latest_arrival_date() or settings.world_through
    present = versions.current(settings.published_dir)
    return max(latest, date.fromisoformat(present.as_of)) if present else latest


def single_writer(settings: Settings, say: Callable[[str], object] | None = None) -> FileLock:
    """The lock beside the warehouse, held by whoever writes; the same process may take it again.

    Where another process holds it, `say` is told that there will be a wait.
    """
    settings.warehouse_path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.warehouse_path.with_suffix(".lock"), is_singleton=True)
    if say:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say(f"Another run is writing in {settings.home}: waiting for it to end.")
        else:
            lock.release()
    return lock
