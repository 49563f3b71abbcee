"""The CSV folders: treasury (deposits, postings), operations (lists, costs, targets, contracts)
and the claims that the hospitals' old billing systems export."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

from rcm_platform.lake import UNDATED, Lake
from rcm_platform.sources.base import LoadSummary, Progress, SourceUnavailable, declare
from rcm_platform.sources.files import SourceFile, load_files
from rcm_platform.sources.tabular import AHEAD, UNREADABLE, Layout, layout

TREASURY = {
    "bank_deposits": layout(
        "deposit_id! deposit_date:date!! hospital!! payer_name trace_number! amount:money!!",
        "hospital deposit_id",
        dollars={"deposits": ("amount", "true")},
    ),
    # no dollars to add up: they book the money that the deposits bring
    "gl_postings": layout(
        "gl_id! posting_date:date!! accounting_period:date! hospital!! account! trace_number "
        "amount:money!!",
        "hospital gl_id",
    ),
}
OPERATIONS = {
    "facilities": layout("facility_id! facility_name! source_system! npi! tin", "facility_id"),
    "payers": layout("payer_id! payer_name! payer_class! merged_into", "payer_id"),
    "facility_costs": layout(
        "facility_id! month:date! department_id service_type cost_amount:money!!",
        "facility_id month department_id service_type",
        dollars={"costs": ("cost_amount", "true")},
    ),
    "clinician_targets": layout(
        "facility_id! provider_id! year:integer! fte:quantity! work_rvu_target:quantity!",
        "facility_id provider_id year",
    ),
    "payer_contracts": layout(
        "contract_id! payer_id! facility_id! service_category! method! rate:quantity "
        "is_lesser_of! effective_date:date! end_date:date",
        "contract_id facility_id service_category effective_date",
    ),
    "fee_schedules": layout(
        "schedule_id! procedure_code! fee_amount:money! effective_date:date! end_date:date",
        "schedule_id procedure_code effective_date",
    ),
}
CLAIMS_CSV = {
    "claims": layout(
        "claimid! transactionid patientid encounterid providerid deptid servicedate:date "
        "claimdate:date payorid claimamount:money! paidamount:money! claimstatus! payortype "
        "deductible:money coinsurance:money copay:money insertdate:timestamp "
        "modifieddate:timestamp",
        "claimid transactionid",
        dollars={"claimed": ("claimamount", "true")},
    )
}
TREASURY_TABLES = {name: known.schema(as_text=True) for name, known in TREASURY.items()}
OPERATIONS_TABLES = {name: known.schema(as_text=True) for name, known in OPERATIONS.items()}
CLAIMS_CSV_TABLES = {name: known.schema(as_text=True) for name, known in CLAIMS_CSV.items()}

COSTS_ARRIVE_ON_DAY = 5
"""Day of the next month on which a month's costs arrive."""

_NAME = re.compile(r"(?P<table>[a-z_]+?)(_(?P<day>\d{8})|_(?P<month>\d{6}))?\.csv(\.gz)?")

_OF_A_DAY = ("bank_deposits", "gl_postings", "facility_costs", "claims")
"""What happened, and not a list that holds for every day: its file says when it arrived."""

_HEAD_BYTES = 2**10

_OTHER_FORMATS = {
    r"01,[^,\r\n]*,[^,\r\n]*,[0-9]{6},": "a BAI2 statement",
    r"(OFXHEADER|<\?OFX|<OFX)": "an OFX statement",
    r"(\{1:|:20:)": "an MT940 statement",
    r"<(\?xml|!DOCTYPE|html)": "XML or a web page",
    r"ISA[^\w ,]": "an X12 file, which RCM_X12_DIR is for",
    r"PK\x03\x04": "a workbook or an archive",
    r"\xd0\xcf\x11\xe0": "an old workbook",
    r"%PDF": "a PDF",
}
"""How files of other formats begin, and what they are."""


def load_treasury(
    lake: Lake,
    folder: Path,
    source_system: str = "treasury",
    progress: Progress = None,
    *,
    not_after: date = date.max,
    leave_out: Path | None = None,
) -> LoadSummary:
    """Land the new bank and ledger files, `bank_deposits_yyyymmdd.csv`, `gl_postings_…`.

    Raises SourceUnavailable.
    """
    return _load(lake, folder, "treasury", source_system, TREASURY, progress, not_after, leave_out)


def load_operations(
    lake: Lake,
    folder: Path,
    source_system: str = "operations",
    progress: Progress = None,
    *,
    not_after: date = date.max,
    leave_out: Path | None = None,
) -> LoadSummary:
    """Land the new lists and figures: `facilities.csv`, `payers.csv`, `facility_costs_yyyymm.csv`,
    and `clinician_targets`, `payer_contracts` and `fee_schedules`, each `_yyyymmdd.csv`.

    Raises SourceUnavailable.
    """
    return _load(
        lake, folder, "operations", source_system, OPERATIONS, progress, not_after, leave_out
    )


def load_claims_csv(
    lake: Lake,
    folder: Path,
    source_system: str = "claims_csv",
    progress: Progress = None,
    *,
    not_after: date = date.max,
    leave_out: Path | None = None,
) -> LoadSummary:
    """Land the new exports, `<hospital>/claims_yyyymmdd.csv`: their rows bear the source system
    that the folder is named after, as their claim numbers are unique only within it.

    Raises SourceUnavailable.
    """
    found = _list(lake, folder, "claims_csv", source_system, CLAIMS_CSV, not_after, leave_out)
    hospitals: dict[str, list[SourceFile]] = defaultdict(list)
    for file in found:
        hospital, _, rest = file.name.partition("/")
        if not rest and not file.problem:
            file.reject(
                UNREADABLE,
                "nothing says whose claims these are. Put the file in a folder that is named "
                "after the hospital's source system (such as hospital_a), then load again",
            )
        hospitals[hospital if rest else source_system].append(file)
    summary = LoadSummary(source_system)
    for hospital, files in sorted(hospitals.items()):
        summary = summary.merge(
            load_files(lake, "claims_csv", source_system, files, CLAIMS_CSV, progress, hospital)
        )
    return summary


def _load(
    lake: Lake,
    folder: Path,
    source: str,
    source_system: str,
    layouts: Mapping[str, Layout],
    progress: Progress,
    not_after: date,
    leave_out: Path | None,
) -> LoadSummary:
    found = _list(lake, folder, source, source_system, layouts, not_after, leave_out)
    return load_files(lake, source, source_system, found, layouts, progress)


def _list(
    lake: Lake,
    folder: Path,
    source: str,
    source_system: str,
    layouts: Mapping[str, Layout],
    not_after: date,
    leave_out: Path | None,
) -> list[SourceFile]:
    """The files of a folder but those in `leave_out`, and the tables of its source declared."""
    declare(lake, source, {name: known.schema(as_text=True) for name, known in layouts.items()})
    if not folder.is_dir():
        raise SourceUnavailable(
            f"the {source_system} folder is missing",
            str(folder),
            f"Create it or correct RCM_{source.upper()}_DIR, then load again",
        )
    return [
        _source_file(path, folder, layouts, not_after)
        for path in folder.rglob("*")
        if leave_out not in path.parents
        and path.is_file()
        and not _is_for_people(path.relative_to(folder))
    ]


def _is_for_people(path: Path) -> bool:
    """Whether a file is no part of a feed: hidden, or one that says what the others are."""
    return path.name.lower().startswith("readme") or any(p.startswith(".") for p in path.parts)


def _source_file(
    path: Path, folder: Path, layouts: Mapping[str, Layout], not_after: date
) -> SourceFile:
    """The table and arrival date that the name of a file tells."""
    name = path.relative_to(folder).as_posix()
    match, rule = _NAME.fullmatch(path.name.lower()), UNREADABLE
    if other := _other_format(path):
        reason = f"it is {other}, and no CSV. Have it sent as CSV, or convert it"
    elif not match or match["table"] not in layouts:
        reason = (
            f"its name is none of {', '.join(layouts)} (with _yyyymmdd or _yyyymm if dated). "
            "Rename the file"
        )
    elif match["table"] in _OF_A_DAY and not (match["day"] or match["month"]):
        reason = f"its name has no day. Name it {match['table']}_yyyymmdd.csv"
    else:
        try:
            file = SourceFile(path, name, match["table"], _arrival_date(match))
            # the costs of a month arrive in the next one, and may be sent before
            early = timedelta(days=40) if match["month"] else timedelta()
            if file.arrival_date - early <= not_after:
                return file
            reason, rule = "its name has a date that is still to come. Rename the file", AHEAD
        except ValueError:
            reason = "its name has a date that does not exist. Rename the file"
    unknown = SourceFile(path, name, next(iter(layouts)), UNDATED)
    unknown.reject(rule, f"{reason}, then load again")
    return unknown


def _other_format(path: Path) -> str | None:
    """What a file is that is no CSV, by its first bytes; None where nothing tells."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES).decode("latin-1").removeprefix("\xef\xbb\xbf").lstrip()
    except OSError:  # whoever loads it says so
        return None
    return next((name for begins, name in _OTHER_FORMATS.items() if re.match(begins, head)), None)


def _arrival_date(match: re.Match[str]) -> date:
    if match["day"]:
        return date.fromisoformat(match["day"])
    if match["month"]:
        year, month = divmod(int(match["month"]), 100)
        first = date(year, month, COSTS_ARRIVE_ON_DAY)
        return first.replace(year=year + month // 12, month=month % 12 + 1)
    return UNDATED


LOADERS = {
    "treasury": load_treasury,
    "operations": load_operations,
    "claims_csv": load_claims_csv,
}
"""Source system → what loads its folder."""
