"""A Synthea export: a folder of `<table>.csv`, `.csv.gz` or `.parquet`, one file a table or several
numbered parts of one (`claims-01.csv`).

Every table lands as text under lower-case names. The nine tables that models read have a layout;
the export's columns vary from version to version, so what a layout names and an export lacks is
blank, and what an export has beyond it is kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from rcm_platform.lake import UNDATED, Lake
from rcm_platform.sources import tabular
from rcm_platform.sources.base import LoadSummary, Progress, SourceUnavailable, declare
from rcm_platform.sources.files import SourceFile, load_files, split_name
from rcm_platform.sources.tabular import UNREADABLE, layout, literal

LAYOUTS = {
    "claims": layout(
        "id! patientid! providerid! primarypatientinsuranceid! secondarypatientinsuranceid! "
        "departmentid patientdepartmentid diagnosis1 diagnosis2 diagnosis3 diagnosis4 diagnosis5 "
        "diagnosis6 diagnosis7 diagnosis8 referringproviderid appointmentid! "
        "currentillnessdate:date servicedate:date! supervisingproviderid status1 status2 statusp "
        "outstanding1:number outstanding2:number outstandingp:number lastbilleddate1:date "
        "lastbilleddate2:date lastbilleddatep:date healthcareclaimtypeid1 healthcareclaimtypeid2",
        "id",
    ),
    "claims_transactions": layout(
        "id! claimid! chargeid:integer! patientid! type! amount:money! method! fromdate:date! "
        "todate:date placeofservice! procedurecode modifier1 modifier2 diagnosisref1 "
        "diagnosisref2 diagnosisref3 diagnosisref4 units:quantity departmentid notes "
        "unitamount:money transferoutid:integer! transfertype! payments:money! "
        "adjustments:money! transfers:money! outstanding:money appointmentid linenote "
        "patientinsuranceid feescheduleid providerid supervisingproviderid",
        "id",
        dollars={
            "charges": ("amount", "type = 'CHARGE'"),
            "payments": ("payments", "type = 'PAYMENT'"),
            "adjustments": ("adjustments", "type = 'ADJUSTMENT'"),
            "transfers out": ("transfers", "type = 'TRANSFEROUT'"),
        },
    ),
    "patients": layout(
        "id! birthdate:date deathdate:date ssn drivers passport prefix first middle last suffix "
        "maiden marital race ethnicity gender birthplace address city state county fips zip lat "
        "lon healthcare_expenses:number healthcare_coverage:number income:number",
        "id",
    ),
    "encounters": layout(
        "id! start:timestamp! stop:timestamp patient! organization! provider! payer "
        "encounterclass code description base_encounter_cost:money total_claim_cost:money "
        "payer_coverage:money reasoncode reasondescription",
        "id",
    ),
    "payers": layout(
        "id! name! ownership address city state_headquartered zip phone amount_covered:number "
        "amount_uncovered:number revenue:number covered_encounters uncovered_encounters "
        "covered_medications uncovered_medications covered_procedures uncovered_procedures "
        "covered_immunizations uncovered_immunizations unique_customers qols_avg member_months",
        "id",
    ),
    "providers": layout(
        "id! organization! name! gender speciality address city state zip lat lon utilization "
        "encounters procedures",
        "id",
    ),
    "organizations": layout(
        "id! name! address city state zip lat lon phone revenue:number utilization", "id"
    ),
    "procedures": layout(
        "start:timestamp! stop:timestamp patient! encounter! system code! description "
        "base_cost:money reasoncode reasondescription"
    ),
    "conditions": layout("start:date! stop:date patient! encounter! system code! description"),
}
"""The tables that models read. Money columns that no ledger uses are numbers of any precision."""

EXPORT_FILES = pa.schema(
    [
        ("table_name", pa.string()),
        ("loaded_file", pa.string()),
        ("loaded_batch_id", pa.string()),
    ]
)
"""Of which files the export consists that the setting named at a load, and where their rows are.

Grain: one load that found another export than the one before, and file. A file that several
exports share was loaded once, with the first of them.
"""

TABLES = {name: known.schema(as_text=True) for name, known in LAYOUTS.items()} | {
    "export_files": EXPORT_FILES
}


_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".7z", ".csv.bz2", ".csv.zst", ".csv.xz")
_NAME = re.compile(r"(?P<table>[a-z][a-z0-9_]*?)([-_. ](part[-_. ]?)?[0-9]+)?")


def load_synthea(
    lake: Lake, folder: Path, progress: Progress = None, *, not_after: date = date.max
) -> LoadSummary:
    """Land the files of an export that were not received before, as one batch.

    All of it arrives on the export's own latest encounter date (up to the day `not_after`), and it
    is the export that applies from then on, also where all of it was received before.
    Raises SourceUnavailable when the folder is missing or holds no table.
    """
    declare(lake, "synthea", TABLES)
    tables = _tables(folder)
    if not tables:
        raise SourceUnavailable("no Synthea export found", str(folder), _where_to_look(folder))
    arrival_date = _latest_encounter(lake, tables.get("encounters", []), not_after)
    found = []
    for table, paths in tables.items():
        firsts: dict[str, Path] = {}
        for path in paths:
            file = SourceFile(path, path.name, table, arrival_date)
            first = firsts.setdefault(split_name(path)[0], path)
            if path != first:
                file.reject(
                    UNREADABLE,
                    f"{first.name} is the same table. Keep one file of each, then load again",
                )
            found.append(file)
    summary = load_files(lake, "synthea", "synthea", found, LAYOUTS, progress, is_one_delivery=True)
    _note_export(lake, found, arrival_date)
    if archives := _archives(folder):
        summary.messages.append(
            f"synthea {folder}: {', '.join(archives)} is an archive, which is not read. "
            "What it holds beyond the files beside it must be unpacked"
        )
    empty = {t for t, paths in tables.items() if not any(path.stat().st_size for path in paths)}
    if absent := sorted(set(LAYOUTS) - (set(tables) - empty)):
        summary.messages.append(
            f"synthea {folder}: the export has no {', '.join(absent)}; "
            "what is computed from it stays empty"
        )
    if arrival_date == UNDATED:
        summary.messages.append(
            f"synthea {folder}: no encounter tells the date of the export; "
            "it is visible as of any date"
        )
    return summary


def _note_export(lake: Lake, found: Sequence[SourceFile], arrival_date: date) -> None:
    """Record of which files the export consists, unless it is the one that applies already."""
    kept = ", ".join(literal(file.sha256) for file in found if file.size)
    loaded = lake.query(
        f"""
        select source_file, _batch_id, min(content_sha256)
        from {lake.scan("platform", "received_files")}
        where source_system = 'synthea' and status in ('loaded', 'partial')
            and content_sha256 in ({kept or "''"})
        group by source_file, _batch_id
        """
    )
    tables = {file.sha256: file.table for file in found}
    files = sorted((tables[sha256], name, batch) for name, batch, sha256 in loaded)
    scan = lake.scan("synthea", "export_files")
    last = lake.query(
        f"""
        select table_name, loaded_file, loaded_batch_id from {scan}
        where _batch_id = (select max_by(_batch_id, _loaded_at) from {scan}) order by all
        """
    )
    if files == last:
        return
    rows = pa.Table.from_pylist(
        [
            {
                "table_name": table,
                "loaded_file": name,
                "loaded_batch_id": batch_id,
                "_source_system": "synthea",
                "_source_file": name,
                "_source_position": None,
            }
            for table, name, batch_id in files
        ],
        pa.schema(
            [
                *EXPORT_FILES,
                ("_source_system", pa.string()),
                ("_source_file", pa.string()),
                ("_source_position", pa.string()),
            ]
        ),
    )
    with lake.batch("synthea", ["export", *(f"{name} {batch}" for _, name, batch in files)]) as b:
        b.add("synthea", "export_files", arrival_date, rows)


def unmodelled_tables(folder: Path) -> list[str]:
    """Names of the tables of an export that are landed as they are; none without a folder."""
    return sorted(set(_tables(folder)) - set(LAYOUTS))


def _tables(folder: Path) -> dict[str, list[Path]]:
    """Table → its files, by name: plain CSV before packed before Parquet."""
    tables: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*")) if folder.is_dir() else ():
        table, suffix = split_name(path)
        if suffix and path.is_file() and (name := _NAME.fullmatch(table)):
            tables.setdefault(name["table"], []).append(path)
    return dict(sorted(tables.items()))


def _archives(folder: Path) -> list[str]:
    """Names of the archives in a folder, which nothing reads."""
    names = sorted(path.name for path in folder.glob("*")) if folder.is_dir() else []
    return [name for name in names if name.lower().endswith(_ARCHIVES)]


def _where_to_look(folder: Path) -> str:
    """What to do about a folder that holds no table: an export may be packed, or further down."""
    below = sorted(folder.glob("*/")) + sorted(folder.glob("*/*/")) if folder.is_dir() else []
    if found := next((path for path in below if set(_tables(path)) & set(LAYOUTS)), None):
        return f"Point RCM_SYNTHEA_DIR at {found}, which holds one"
    if archives := _archives(folder):
        return f"Unpack {archives[0]}, and point RCM_SYNTHEA_DIR at the folder with claims.csv"
    return (
        "Point RCM_SYNTHEA_DIR at the folder that holds claims.csv, encounters.csv and the "
        "others (as .csv, .csv.gz or .parquet)"
    )


def _latest_encounter(lake: Lake, paths: Sequence[Path], not_after: date) -> date:
    """The date of the last encounter of an export; UNDATED when there is none to read."""
    return max((_last_start(lake, path, not_after) for path in paths), default=UNDATED)


def _last_start(lake: Lake, path: Path, not_after: date) -> date:
    packing = split_name(path)[1]
    rows = (
        f"read_csv({literal(path)}, all_varchar = true, header = true, ignore_errors = true, "
        f"compression = {'gzip' if packing.endswith('.gz') else 'none'})"
    )
    if packing == ".parquet":
        rows = f"read_parquet({literal(path)})"
    try:
        with tabular.connect(lake) as con:
            ((last,),) = con.execute(
                f"select max(try_cast(start as timestamp)) from {rows} "
                f"where cast(try_cast(start as timestamp) as date) <= date '{not_after}'"
            ).fetchall()
    except duckdb.Error:
        return UNDATED
    return last.date() if last else UNDATED
