"""The rules that hold something, in words, and which of them may be waived."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

RELEASABLE = {
    "E9": "an interchange marked as test is whole: its rows are like any others",
    "E11": "an interchange of an unlisted sender is whole: who knows that sender may let it in",
}
"""Rules whose items may be loaded although the rule holds them, and why that is safe."""

COUNTED_WHEN_RELEASED = {
    "D3": "the payment is in raw, whole: who knows that it is no second delivery may count it",
}
"""Rules of models that hold what is in raw, and why it may count although they hold it."""

MUST_HOLD = {
    **dict.fromkeys(
        ("B1", "B2", "B3", "P1", "K7"),
        "its amounts do not add up, and whatever is loaded must: every balance downstream would "
        "be off by the difference",
    ),
    **dict.fromkeys(
        ("E4", "E5", "E6"),
        "its envelope says that segments are missing, cut off or repeated: rows made from it may "
        "be incomplete",
    ),
    "E12": "its levels contradict each other: claims may be given to another patient or provider",
    **dict.fromkeys(
        ("E1", "E8", "T1", "T2", "T3", "T4"), "there is nothing in it that can be read as rows"
    ),
}
"""Rules that are never waived, and why."""


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


def rules(project_dir: Path) -> dict[str, Rule]:
    """The rule table of the dbt project, by rule id."""
    for path in sorted((project_dir / "seeds").rglob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if {"rule_id", "description", "action"} <= set(reader.fieldnames or ()):
                names = ("rule_id", "family", "level", "action", "checked_at", "description")
                return {
                    row["rule_id"]: Rule(*(row.get(name) or "" for name in names)) for row in reader
                }
    return {}
