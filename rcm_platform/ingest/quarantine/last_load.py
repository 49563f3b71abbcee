"""What the last load that brought anything held."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from rcm_platform.ingest.quarantine.items import Item, items
from rcm_platform.lake import Lake
from rcm_platform.settings import Settings

HANDWORK = "quarantine"
"""What the batches of decisions and replays are made by, in the lake."""


@dataclass(frozen=True)
class Load:
    """The last load that brought anything: its batches, and a name that no other load has."""

    batches: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return hashlib.sha256("\n".join(sorted(self.batches)).encode()).hexdigest()[:20]


def note_load(settings: Settings, lake: Lake) -> None:
    """Write down what the last load brought, once all feeds have loaded. The caller holds the lock.

    Without anything new (decisions are not) the note stays: to ask twice gives the same answer.
    """
    known = _note(settings)
    now = set(lake.batch_ids())
    new = now - set(known["seen"])
    if any(lake.source_of(batch) != HANDWORK for batch in new):
        path = _note_path(settings)
        path.parent.mkdir(parents=True, exist_ok=True)
        writing = path.with_suffix(".tmp")
        writing.write_text(json.dumps({"seen": sorted(now), "new": sorted(new)}))
        writing.replace(path)


def last_load(settings: Settings) -> Load:
    """The last load that brought anything; without batches before the first."""
    return Load(frozenset(_note(settings)["new"]))


def newly_held(settings: Settings, lake: Lake) -> list[Item]:
    """What the last load that brought anything held, as far as it is still open."""
    new = last_load(settings).batches
    return [item for item in items(lake, only_open=True) if item.batch_id in new]


def _note_path(settings: Settings) -> Path:
    return settings.data_dir / "landing" / "last_load.json"


def _note(settings: Settings) -> dict[str, list[str]]:
    path = _note_path(settings)
    return json.loads(path.read_text()) if path.exists() else {"seen": [], "new": []}
