"""Every raw table of every source, by the folder of the lake that holds it."""

from __future__ import annotations

import pyarrow as pa

from rcm_platform.lake import Lake
from rcm_platform.sources import csv_folders, hospital_tables, synthea, x12
from rcm_platform.sources.base import declare

RAW_TABLES: dict[str, dict[str, pa.Schema]] = {
    **{hospital: hospital_tables.raw_tables(hospital) for hospital in hospital_tables.LAYOUTS},
    "x12": x12.TABLES,
    "treasury": csv_folders.TREASURY_TABLES,
    "operations": csv_folders.OPERATIONS_TABLES,
    "claims_csv": csv_folders.CLAIMS_CSV_TABLES,
    "synthea": synthea.TABLES,
}


def declare_all(lake: Lake) -> None:
    """Declare every raw table, so that readers never meet a missing one."""
    for source, tables in RAW_TABLES.items():
        declare(lake, source, tables)
