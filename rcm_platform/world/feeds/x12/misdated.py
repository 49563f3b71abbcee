"""A 277CA that comes a second time and is dated years ahead (rule E13)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rcm_platform.world.support.rng import Flags, Ints

if TYPE_CHECKING:
    from rcm_platform.world.model import World

#: Where the date of an interchange stands (ISA09), and one that no world lives to see.
_DATE = slice(70, 76)
_YEARS_AHEAD = b"981231"


def is_misdated(world: World, hospital: Ints, day: Ints) -> Flags:
    """Planted, per hospital and day of answers."""
    return world.faults.planted("misdated_file", world.draws, hospital, day)


def misdated_delivery(name: str) -> str:
    """Where the second delivery of a file is."""
    return name.replace(".edi", "_misdated.edi")


def misdated(render: Callable[[], bytes]) -> bytes:
    """The file with a date years ahead."""
    content = render()
    return content[: _DATE.start] + _YEARS_AHEAD + content[_DATE.stop :]
