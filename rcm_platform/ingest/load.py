"""Land what is new in one source system, by the reader of its kind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rcm_platform.ingest import exception_decisions
from rcm_platform.ingest.credible_days import last_credible_day
from rcm_platform.ingest.feeds import FILE_SOURCES, locations, own_folder_in, x12_admission
from rcm_platform.settings import DESK, Settings, redact
from rcm_platform.sources.base import Progress
from rcm_platform.sources.hospitals import hospitals, urls

if TYPE_CHECKING:
    from rcm_platform.lake import Lake
    from rcm_platform.sources.base import LoadSummary
    from rcm_platform.sources.database import Comparison


def load_source(
    settings: Settings, lake: Lake, source: str, progress: Progress = None
) -> LoadSummary:
    """Land what is new in one source system. Raises SourceUnavailable when it cannot be reached."""
    from rcm_platform.sources import csv_folders, database, desk, synthea, x12
    from rcm_platform.sources.base import LoadSummary, SourceUnavailable

    where, not_after = locations(settings)[source], last_credible_day(settings, source)
    if hospital := hospitals(settings).get(source):
        check_place(settings, source)
        return database.load_hospital(lake, hospital, where, progress, not_after=not_after)
    if source == DESK:
        summary = desk.load_desk(lake, where, progress, not_after=not_after)
        exception_decisions.land(lake, desk.decisions(where))
        return summary
    folder = Path(where)
    if FILE_SOURCES[source].is_own and not folder.exists():
        return LoadSummary(source)  # nobody has entered anything yet
    own = own_folder_in(settings, folder)
    if load_folder := csv_folders.LOADERS.get(source):
        return load_folder(lake, folder, progress=progress, not_after=not_after, leave_out=own)
    if source == "synthea":
        return synthea.load_synthea(lake, folder, progress, not_after=not_after)
    accept_test, partners = x12_admission(settings, source)
    try:
        return x12.load_folder(
            lake,
            folder,
            source,
            accept_test=accept_test,
            progress=progress,
            partners=partners,
            not_after=not_after,
            leave_out=own,
        )
    except SourceUnavailable as problem:
        if source != "x12_folder":
            raise
        # the reader serves several folders; only here is it known which setting named this one
        advice = f"{problem.what_to_do} It is set by RCM_X12_DIR."
        raise SourceUnavailable(problem.what, problem.where, advice) from problem


def check_place(settings: Settings, source: str) -> None:
    """Raises SourceUnavailable where another hospital before this one reads the same tables: each
    dollar would count twice."""
    from rcm_platform.sources.base import SourceUnavailable
    from rcm_platform.sources.database_url import NotReadableUrl, parse

    there = urls(settings)
    for other in there:
        if other == source:
            return
        try:
            is_same = parse(there[other]).place == parse(there[source]).place
        except NotReadableUrl:  # whoever opens it says so
            continue
        if is_same:
            raise SourceUnavailable(
                f"the database of {source} is that of {other}",
                redact(there[source]),
                f"Each dollar would count twice. Set RCM_{source.upper()}_URL to its own database, "
                "or to nothing; the other sources go on",
            )


def brings_something(settings: Settings, lake: Lake, source: str) -> bool:
    """Whether a load of this source system would land anything; nothing is written.

    Raises SourceUnavailable when it cannot be reached.
    """
    from rcm_platform.lake.looking import FoundNew, LakeToLook

    try:
        load_source(settings, LakeToLook(lake.root), source)
    except FoundNew:
        return True
    return False


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

    known, there = hospitals(settings), urls(settings)
    if source not in there:
        raise KeyError(
            f"{source} is no hospital with a database here; there is: {', '.join(there) or 'none'}"
        )
    check_place(settings, source)
    return database.compare_hospital(
        lake,
        known[source],
        there[source],
        progress,
        accept_deletes=accept_deletes,
        not_after=last_credible_day(settings, source),
    )
