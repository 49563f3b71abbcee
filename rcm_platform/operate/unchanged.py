"""Whether anything changed since the last run that published: if not, there is nothing to do.

A run is made of the code, the dbt project, the settings, the as-of date, the content of the lake
and what the sources would add to it. Contents decide, never times of files.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from rcm_platform.ingest import feeds, lake_access, load, synthetic
from rcm_platform.lake import Lake
from rcm_platform.operate import pipeline
from rcm_platform.operate.run_report import RunReport
from rcm_platform.publish import versions
from rcm_platform.settings import Settings, redact
from rcm_platform.sources.base import SourceUnavailable
from rcm_platform.warehouse import build_state
from rcm_platform.warehouse import project as dbt_project

PACKAGE = Path(__file__).parents[1]


def note(settings: Settings, report: RunReport) -> None:
    """Write down what a whole run that has succeeded was made of, and what it reported. Nothing is
    noted where it did not publish, or the warehouse is of another state by now.

    The caller holds the lock.
    """
    if not report.succeeded or not report.has_published:
        return
    lake = lake_access.open_lake(settings)
    as_of = date.fromisoformat(report.as_of)
    if not build_state.is_built(settings, lake, as_of, feeds=()):
        return
    noted = {
        "state": _state(settings, lake, as_of),
        "version": report.published,
        "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "report": asdict(report),
    }
    new = _note(settings).with_suffix(".tmp")
    new.write_text(json.dumps(noted))
    new.replace(_note(settings))


def proven_report(settings: Settings, day: date | None = None) -> RunReport | None:
    """The report of the run that published what readers see, where a run as of `day` would do the
    same again; None where it would not, or where that cannot be known.

    Nothing is landed. What readers see is marked as confirmed. The caller holds the lock.
    """
    noted = _read(settings)
    present = versions.current(settings.published_dir)
    if (
        noted is None
        or present is None
        or present.version != noted["version"]
        or versions.held(settings.published_dir)
        or not settings.warehouse_path.exists()
        or not synthetic.is_complete(settings, day)
    ):
        return None
    with lake_access.writing(settings) as lake:
        as_of = pipeline.as_of_date(settings, lake, day)
        if not build_state.is_built(settings, lake, as_of, feeds=()):
            return None
        if _state(settings, lake, as_of) != noted["state"] or _brings_something(settings, lake):
            return None
    versions.confirm(settings.published_dir, present)
    return replace(RunReport(**noted["report"]), unchanged_since=noted["ended_at"])


def _brings_something(settings: Settings, lake: Lake) -> bool:
    """Whether any source has something new, or does not answer: a run then says which."""
    try:
        return any(
            load.brings_something(settings, lake, source) for source in feeds.locations(settings)
        )
    except SourceUnavailable:
        return True


def _state(settings: Settings, lake: Lake, as_of: date) -> dict[str, str]:
    """What a run as of this date is made of, but for the sources."""
    installed = sorted({f"{d.name} {d.version}" for d in distributions()})
    configured = {
        "where": {name: redact(url) for name, url in feeds.locations(settings).items()},
        "admission": settings.model_dump(include={"x12_accept_test", "x12_partners"}),
        "snapshots_from": str(settings.snapshots_from),
        "world": settings.world,
    }
    return {
        "as_of": as_of.isoformat(),
        "code": _digest([sys.version, *installed, *_sources_of(PACKAGE)]),
        "project": dbt_project.fingerprint(settings),
        "settings": _digest([json.dumps(configured, sort_keys=True)]),
        "lake": _digest(lake.batch_ids()),
    }


def _sources_of(folder: Path) -> Iterable[str]:
    """Name and content of everything that the package came with, in an order of its own."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield f"{path.relative_to(folder)} {hashlib.sha256(path.read_bytes()).hexdigest()}"


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _note(settings: Settings) -> Path:
    return settings.data_dir / "proven.json"


def _read(settings: Settings) -> dict[str, Any] | None:
    """What was noted last; None where nothing was, or where another version of the platform did."""
    try:
        noted: dict[str, Any] = json.loads(_note(settings).read_text())
        RunReport(**noted["report"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return noted
