"""The rules by which data is judged, in words: the seed `rules` of the dbt project."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True)
class Rule:
    """A rule of the rule table, in words."""

    rule_id: str
    family: str
    level: str
    action: str
    checked_at: str
    """reading, when a reader holds it; dbt, when a model finds it."""
    description: str
    next_step: str
    """What to do about it, and who: a sentence."""


def rules(project_dir: Path) -> Mapping[str, Rule]:
    """The rule table of a dbt project, by rule id; a rule without a next step asks for nothing."""
    path = project_dir / "seeds" / "rules.csv"
    return _read(path, path.stat().st_mtime_ns) if path.exists() else {}


@lru_cache(maxsize=4)
def _read(path: Path, modified_ns: int) -> Mapping[str, Rule]:
    names = ("rule_id", "family", "level", "action", "checked_at", "description", "next_step")
    with path.open(newline="", encoding="utf-8") as file:
        return {
            row["rule_id"]: Rule(*(row.get(name) or "" for name in names))
            for row in csv.DictReader(file)
        }
