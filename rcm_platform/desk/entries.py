"""What someone did about a claim: an entry, and the actions and outcomes that it may name."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

MOST_NOTE_CHARACTERS = 4000
"""Of a note: what is longer is a document, and belongs where documents are kept."""
MOST_REASON_CHARACTERS = 1000
"""Of the reason of a decision."""
MOST_NAME_CHARACTERS = 200
"""Of a key, a number and a person's name."""

OWNER = "owner"
"""Effect of the actions by which someone has the claim from then on."""


BY_REMITTANCE = "remittance_entered"
"""The action that is made with a remittance on paper, and by nobody by hand."""


@dataclass(frozen=True)
class Entry:
    """What one person did about one claim, as it was written down; nothing alters it.

    `made_at` is in UTC. `effective_date` is the day of the figures that the person had before them:
    in reports the entry counts from that day on. `sequence` is its place in the store, 1 first.
    """

    entry_id: str
    claim_key: str
    source_system: str
    claim_id: str
    action: str
    outcome: str | None
    note: str | None
    follow_up_date: date | None
    assigned_to: str | None
    made_by: str
    made_at: datetime
    effective_date: date
    sequence: int


@dataclass(frozen=True)
class Action:
    """An action that an entry may name, with its outcomes (outcome → label).

    `effect`: owner, someone has the claim from then on; gives back, nobody has it and nothing is
    waited for; touch, work on the claim; none.
    """

    action: str
    label: str
    effect: str
    work_action: str
    description: str
    outcomes: Mapping[str, str]


class EntryRefused(ValueError):  # noqa: N818 (reads as what happened)
    """An entry that cannot be stored as it is; the message says why and what to do."""


def actions(project_dir: Path) -> Mapping[str, Action]:
    """The actions by name, in the order in which to show them: the seeds `desk_actions` and
    `desk_outcomes` of the dbt project."""
    files = [project_dir / "seeds" / f"{name}.csv" for name in ("desk_actions", "desk_outcomes")]
    return _read(*files, *(file.stat().st_mtime_ns for file in files))


def by_hand(known: Mapping[str, Action]) -> Mapping[str, Action]:
    """Those that a person chooses."""
    return {name: action for name, action in known.items() if name != BY_REMITTANCE}


def validated(entry: Entry, known: Mapping[str, Action]) -> Entry:
    """The entry with blanks around its texts removed. Raises EntryRefused."""
    texts = {
        name: checked_text(label, getattr(entry, name), is_required, most)
        for name, (label, is_required, most) in _TEXTS.items()
    }
    action = known.get(str(texts["action"]))
    if action is None:
        raise EntryRefused(f"There is no action of this name. Choose one of {', '.join(known)}.")
    if texts["outcome"] and texts["outcome"] not in action.outcomes:
        choice = ", ".join(action.outcomes) or "none, so leave it empty"
        raise EntryRefused(
            f"The action “{action.label}” has no outcome of this name; it has: {choice}."
        )
    if action.action == "note" and not texts["note"]:
        raise EntryRefused("The note is empty. Write something, then save again.")
    if action.action == "follow_up_set" and not entry.follow_up_date:
        raise EntryRefused("The follow-up date is missing. Choose a day, then save again.")
    if entry.follow_up_date and entry.follow_up_date < entry.effective_date:
        raise EntryRefused(
            f"The follow-up date {entry.follow_up_date} is before the day of the figures, "
            f"{entry.effective_date}. Choose that day or a later one."
        )
    if action.effect == OWNER and not texts["assigned_to"]:
        texts["assigned_to"] = texts["made_by"]
    return Entry(
        follow_up_date=entry.follow_up_date,
        made_at=entry.made_at,
        effective_date=entry.effective_date,
        sequence=entry.sequence,
        **texts,  # type: ignore[arg-type]
    )


def checked_text(label: str, value: str | None, is_required: bool, most: int) -> str | None:
    """The text as it is stored: markup is text like any other. Raises EntryRefused."""
    text = (value or "").strip()
    if not text:
        if is_required:
            raise EntryRefused(f"The {label} is missing.")
        return None
    if len(text) > most:
        raise EntryRefused(
            f"The {label} has {len(text):,} characters and may have {most:,}. Shorten it, then "
            "save again."
        )
    # a database cannot keep these, and nobody can read them
    if any(character < " " and character not in "\t\r\n" for character in text) or any(
        "\ud800" <= character <= "\udfff" for character in text
    ):
        raise EntryRefused(f"The {label} holds characters that are no text. Type it anew.")
    return text


_TEXTS = {
    "entry_id": ("number of the entry", True, MOST_NAME_CHARACTERS),
    "claim_key": ("key of the claim", True, MOST_NAME_CHARACTERS),
    "source_system": ("source system of the claim", True, MOST_NAME_CHARACTERS),
    "claim_id": ("number of the claim", True, MOST_NAME_CHARACTERS),
    "action": ("action", True, MOST_NAME_CHARACTERS),
    "outcome": ("outcome", False, MOST_NAME_CHARACTERS),
    "note": ("note", False, MOST_NOTE_CHARACTERS),
    "assigned_to": ("person that it is assigned to", False, MOST_NAME_CHARACTERS),
    "made_by": ("person who makes the entry", True, MOST_NAME_CHARACTERS),
}
"""Text of an entry → what it is in words, whether it must be there, most characters."""


@lru_cache(maxsize=4)
def _read(of_actions: Path, of_outcomes: Path, *modified_ns: int) -> Mapping[str, Action]:
    outcomes: dict[str, dict[str, str]] = {}
    for row in _rows(of_outcomes):
        outcomes.setdefault(row["action"], {})[row["outcome"]] = row["label"]
    return {
        row["action"]: Action(**row, outcomes=outcomes.get(row["action"], {}))
        for row in _rows(of_actions)
    }


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))
