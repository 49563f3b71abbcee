"""The CSV folders of treasury (bank deposits) and operations (facilities, payers, costs)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from rcm_platform.lake import UNDATED, Lake
from rcm_platform.sources.base import LoadSummary, Progress, SourceUnavailable, declare
from rcm_platform.sources.files import SourceFile, load_files
from rcm_platform.sources.tabular import UNREADABLE, Layout, layout

TREASURY = {
    "bank_deposits": layout(
        "deposit_id! deposit_date:date! hospital! payer_name trace_number! amount:money!",
        "deposit_id",
        dollars={"deposits": ("amount", "true")},
    )
}
OPERATIONS = {
    "facilities": layout("facility_id! facility_name! source_system! npi! tin", "facility_id"),
    "payers": layout("payer_id! payer_name! payer_class!", "payer_id"),
    "facility_costs": layout(
        "facility_id! month:date! cost_amount:money!",
        "facility_id month",
        dollars={"costs": ("cost_amount", "true")},
    ),
}
TREASURY_TABLES = {name: known.schema(as_text=True) for name, known in TREASURY.items()}
OPERATIONS_TABLES = {name: known.schema(as_text=True) for name, known in OPERATIONS.items()}

COSTS_ARRIVE_ON_DAY = 5
"""Day of the next month on which a month's costs arrive."""

_NAME = re.compile(r"(?P<table>[a-z_]+?)(_(?P<day>\d{8})|_(?P<month>\d{6}))?\.csv")


def load_treasury(
    lake: Lake, folder: Path, source_system: str = "treasury", progress: Progress = None
) -> LoadSummary:
    """Land the new bank files, `bank_deposits_yyyymmdd.csv`; raises SourceUnavailable."""
    return _load(lake, folder, "treasury", source_system, TREASURY, progress)


def load_operations(
    lake: Lake, folder: Path, source_system: str = "operations", progress: Progress = None
) -> LoadSummary:
    """Land the new lists and costs: `facilities.csv`, `payers.csv`, `facility_costs_yyyymm.csv`.

    Raises SourceUnavailable.
    """
    return _load(lake, folder, "operations", source_system, OPERATIONS, progress)


def _load(
    lake: Lake,
    folder: Path,
    source: str,
    source_system: str,
    layouts: Mapping[str, Layout],
    progress: Progress,
) -> LoadSummary:
    declare(lake, source, {name: known.schema(as_text=True) for name, known in layouts.items()})
    if not folder.is_dir():
        raise SourceUnavailable(
            f"the {source_system} folder is missing",
            str(folder),
            "Create it or correct the setting that names it, then load again",
        )
    found = [
        _source_file(path, folder, layouts)
        for path in folder.rglob("*")
        if path.suffix.lower() == ".csv" and path.is_file() and not path.name.startswith(".")
    ]
    return load_files(lake, source, source_system, found, layouts, progress)


def _source_file(path: Path, folder: Path, layouts: Mapping[str, Layout]) -> SourceFile:
    """The table and arrival date that the name of a file tells."""
    name = path.relative_to(folder).as_posix()
    match = _NAME.fullmatch(path.name.lower())
    if match and match["table"] in layouts:
        try:
            return SourceFile(path, name, match["table"], _arrival_date(match))
        except ValueError:
            reason = "its name has a date that does not exist"
    else:
        reason = f"its name is none of {', '.join(layouts)} (with _yyyymmdd or _yyyymm if dated)"
    unknown = SourceFile(path, name, next(iter(layouts)), UNDATED)
    unknown.reject(UNREADABLE, f"{reason}. Rename the file, then load again")
    return unknown


def _arrival_date(match: re.Match[str]) -> date:
    if match["day"]:
        return date.fromisoformat(match["day"])
    if match["month"]:
        year, month = divmod(int(match["month"]), 100)
        first = date(year, month, COSTS_ARRIVE_ON_DAY)
        return first.replace(year=year + month // 12, month=month % 12 + 1)
    return UNDATED
