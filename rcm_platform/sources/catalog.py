"""Every raw table of every source, by the folder of the lake that holds it."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from rcm_platform.lake import Lake
from rcm_platform.settings import DESK
from rcm_platform.sources import csv_folders, desk, hospital_tables, synthea, x12
from rcm_platform.sources.base import declare
from rcm_platform.sources.hospitals import Hospital

_FILE_TABLES: dict[str, dict[str, pa.Schema]] = {
    "x12": x12.TABLES,
    "treasury": csv_folders.TREASURY_TABLES,
    "operations": csv_folders.OPERATIONS_TABLES,
    "claims_csv": csv_folders.CLAIMS_CSV_TABLES,
    "synthea": synthea.TABLES,
    DESK: desk.TABLES,
}


def raw_tables(hospitals: Iterable[Hospital]) -> dict[str, dict[str, pa.Schema]]:
    """Folder of the lake → table → schema, for these hospitals and for what comes in files."""
    databases = {h.source_system: hospital_tables.raw_tables(h) for h in hospitals}
    return databases | _FILE_TABLES


def declare_all(lake: Lake, hospitals: Iterable[Hospital]) -> None:
    """Declare every raw table, so that readers never meet a missing one."""
    for source, tables in raw_tables(hospitals).items():
        declare(lake, source, tables)
