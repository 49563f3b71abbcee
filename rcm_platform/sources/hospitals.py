"""Which hospitals there are: the block `vars.hospitals` of the dbt project, read by SQL and Python.

hospitals:
  hospital_b:                # its source system: its folder in the lake
    title: hospital B
    timezone: America/Chicago  # of moments with a time zone; UTC where it is not named
    columns:                 # only what differs from the usual layout
      patients: {patientid: id, firstname: f_name}     # usual name: its own
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import yaml

from rcm_platform.settings import WORLD_HOSPITALS, Settings


class ProjectError(ValueError):
    """The dbt project cannot be read, or its block of hospitals makes no sense; the message names
    the place to mend."""


@dataclass(frozen=True)
class Hospital:
    """One hospital. `columns`: table → usual column name → its own, where they differ; `timezone`:
    that of its clocks, by which moments that bear a time zone are told."""

    source_system: str
    title: str
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    timezone: str = "UTC"


def hospitals(settings: Settings) -> dict[str, Hospital]:
    """Every configured hospital by its source system, in the order of the block.

    Raises ProjectError, with the place to mend, when the file cannot be read or the block does not
    make sense.
    """
    path = settings.project_dir / "dbt_project.yml"
    try:
        return dict(_read(path, path.stat().st_mtime_ns))
    except OSError as problem:
        raise ProjectError(
            f"{path}: no dbt project can be read there ({problem.strerror}). RCM_DBT_PROJECT_DIR "
            "names its folder; without it, the one that comes with the platform is taken."
        ) from problem


def urls(settings: Settings) -> dict[str, str]:
    """Source system → database URL (RCM_<SOURCE SYSTEM>_URL), for the hospitals that have one.

    Raises ProjectError as `hospitals` does.
    """
    found = {}
    for name in hospitals(settings):
        url = getattr(settings, f"{name}_url", None) or settings.variable(f"RCM_{name}_URL")
        if not url and settings.world and name in WORLD_HOSPITALS:
            url = str(settings.world_dir / f"{name}.duckdb")
        if url:
            found[name] = url
    return found


@lru_cache(maxsize=4)
def _read(path: Path, modified_ns: int) -> Mapping[str, Hospital]:
    try:
        project = yaml.safe_load(path.read_text())
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise ProjectError(f"{where}: this is no YAML; mend it and try again") from problem
    given = project if isinstance(project, dict) else {}
    block = (given.get("vars") or {}).get("hospitals")
    if not isinstance(block, dict) or not block:
        raise ProjectError(f"{path}: vars.hospitals must name at least one hospital")
    return {name: _hospital(path, name, given or {}) for name, given in block.items()}


def _hospital(path: Path, name: str, given: Any) -> Hospital:
    where = f"{path}: vars.hospitals.{name}"
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        raise ProjectError(f"{where}: a source system is lower-case letters, digits and _")
    if unknown := set(given) - {"title", "columns", "timezone"}:
        raise ProjectError(
            f"{where}: {', '.join(sorted(unknown))} is unknown; title, columns, timezone are"
        )
    timezone = given.get("timezone") or "UTC"
    if timezone not in available_timezones():
        raise ProjectError(f"{where}: {timezone} is no time zone, such as America/Chicago")
    columns = {
        table: {usual.lower(): own.lower() for usual, own in renamed.items()}
        for table, renamed in (given.get("columns") or {}).items()
    }
    return Hospital(name, given.get("title") or name.replace("_", " "), columns, timezone)
