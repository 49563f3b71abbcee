"""The synthetic world as a source: brought up to a day, never mixed with another one."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from rcm_platform.ingest.feeds import from_world
from rcm_platform.ingest.lake_access import open_lake
from rcm_platform.settings import Settings
from rcm_platform.sources.base import Progress

if TYPE_CHECKING:
    from rcm_platform.world import WorldSummary


def build_world(
    settings: Settings, day: date | None = None, progress: Progress = None
) -> WorldSummary:
    """Bring the world up to its last day, or to `day` if that is later. It never shrinks.

    Raises ValueError when the folder holds a world of other parameters, or one that another version
    of the generator made: its lake would mix the two.
    """
    from rcm_platform.world import generate, same_world

    asked = world_arguments(settings, day)
    present = world_parameters(settings)
    if present and not same_world(present, **asked):
        held = {name: present.get(name) for name in ("seed", "size", "start", "faults")}
        raise ValueError(
            f"{settings.world_dir} holds another world ({held}) than the settings ask for, or one "
            "of another version of the generator. Choose another RCM_HOME for it, or remove the "
            "old one with `make clean`."
        )
    return generate(settings.world_dir, **asked, progress=progress)


def is_complete(settings: Settings, day: date | None = None) -> bool:
    """Whether the world is what the settings and `day` ask for; also where they ask for none."""
    from rcm_platform.world import same_world

    if not from_world(settings):
        return True
    asked, present = world_arguments(settings, day), world_parameters(settings)
    return (
        bool(present)
        and same_world(present, **asked)
        and date.fromisoformat(present["through"]) == asked["through"]
    )


def world_arguments(settings: Settings, day: date | None = None) -> dict[str, Any]:
    """The arguments of `rcm_platform.world.generate` that the settings ask for."""
    return {
        "seed": settings.world_seed,
        "size": settings.world_size,
        "start": settings.world_start,
        "through": world_through(settings, day),
        "faults": settings.world_faults,
    }


def world_parameters(settings: Settings) -> dict[str, str]:
    """The parameters of the world that stands on disk; empty when there is none."""
    path = settings.world_dir / "world.json"
    return json.loads(path.read_text()) if path.exists() else {}


def world_through(settings: Settings, day: date | None = None) -> date:
    """The last day that the world must show: the settings' or a later one that a run asks for."""
    days = [settings.world_through]
    if day:
        days.append(day)
    if present := world_parameters(settings):
        days.append(date.fromisoformat(str(present["through"])))
    return max(days)


def next_world_day(settings: Settings, night: date) -> date | None:
    """The day that a night adds to the synthetic world; its last day while none was built. Where
    your own data beside it are of a later day, up to `night`, it is that day. None when these
    settings have no source that the world plays."""
    if not from_world(settings):
        return None
    present = world_parameters(settings)
    day = world_through(settings) + timedelta(days=1 if present else 0)
    arrived = open_lake(settings).latest_arrival_date()
    return max(day, min(arrived, night)) if arrived else day
