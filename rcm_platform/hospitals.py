"""Which hospitals there are: the block `vars.hospitals` of the dbt project, read by SQL and Python.

hospitals:
  hospital_b:                # its source system: its folder in the lake
    title: hospital B
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

import yaml

from rcm_platform.dbt_project import project_dir


@dataclass(frozen=True)
class Hospital:
    """One hospital. `columns`: table → usual column name → its own, where they differ."""

    source_system: str
    title: str
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def hospitals() -> dict[str, Hospital]:
    """Every configured hospital by its source system, in the order of the block.

    Raises ValueError, with the place to mend, when the block does not make sense.
    """
    path = project_dir() / "dbt_project.yml"
    return dict(_read(path, path.stat().st_mtime_ns))


@lru_cache(maxsize=4)
def _read(path: Path, modified_ns: int) -> Mapping[str, Hospital]:
    block = (yaml.safe_load(path.read_text()).get("vars") or {}).get("hospitals")
    if not isinstance(block, dict) or not block:
        raise ValueError(f"{path}: vars.hospitals must name at least one hospital")
    return {name: _hospital(path, name, given or {}) for name, given in block.items()}


def _hospital(path: Path, name: str, given: Any) -> Hospital:
    where = f"{path}: vars.hospitals.{name}"
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        raise ValueError(f"{where}: a source system is lower-case letters, digits and _")
    if unknown := set(given) - {"title", "columns"}:
        raise ValueError(f"{where}: {', '.join(sorted(unknown))} is unknown; title, columns are")
    columns = {
        table: {usual.lower(): own.lower() for usual, own in renamed.items()}
        for table, renamed in (given.get("columns") or {}).items()
    }
    return Hospital(name, given.get("title") or name.replace("_", " "), columns)
