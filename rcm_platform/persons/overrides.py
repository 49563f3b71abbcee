"""What people decided about pairs of records, whatever the score says: `person_overrides.csv`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

Key = tuple[str, str]
"""(source_system, patient_id) of a patient record."""

COLUMNS = (
    "left_source_system", "left_patient_id", "right_source_system", "right_patient_id",
    "decision", "reason", "decided_by", "decided_on",
)  # fmt: skip
LINK, UNLINK = "link", "unlink"


class OverrideError(ValueError):
    """An override that cannot be meant; the message names its line."""


@dataclass(frozen=True)
class Override:
    """One decision about a pair of records; `left` is the smaller key."""

    left: Key
    right: Key
    decision: str
    line: int


def read_overrides(path: Path) -> tuple[Override, ...]:
    """Read the overrides, in the order of the file.

    Raises OverrideError for missing columns, an unknown decision, an empty id, a pair of a record
    with itself, and decisions that contradict each other: a pair with both, or an unlink of records
    that links join, also through others.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
            raise OverrideError(f"{path.name} lacks the columns {', '.join(missing)}")
        found = tuple(_override(row, reader.line_num) for row in reader)
    refuse_contradictions(found)
    return found


def refuse_contradictions(overrides: tuple[Override, ...]) -> None:
    """Raise OverrideError when an unlink separates what links join."""
    joined: dict[Key, Key] = {}

    def root(key: Key) -> Key:
        while (above := joined.get(key, key)) != key:
            key = above
        return key

    for override in overrides:
        if override.decision == LINK:
            joined[root(override.left)] = root(override.right)
    for override in overrides:
        if override.decision == UNLINK and root(override.left) == root(override.right):
            raise OverrideError(
                f"override in line {override.line} unlinks records that other lines link: "
                "remove what no longer holds"
            )


def _override(row: dict[str, str], line: int) -> Override:
    value = {name: (row[name] or "").strip() for name in COLUMNS}
    left, right = sorted(
        (value[f"{side}_source_system"], value[f"{side}_patient_id"]) for side in ("left", "right")
    )
    if not all((*left, *right)):
        raise OverrideError(f"override in line {line} names no whole pair of records")
    if value["decision"] not in (LINK, UNLINK):
        raise OverrideError(f"override in line {line}: decision must be {LINK} or {UNLINK}")
    if left == right:
        raise OverrideError(f"override in line {line} pairs a record with itself")
    return Override(left, right, value["decision"], line)
