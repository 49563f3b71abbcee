"""What senders and hubs change in a file's layout, not in what it says (rules E14 to E18, P7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rcm_platform.world.model import World

_WIDTH = 80
#: A large pharmacy manager separates elements, components, repetitions and segments like this.
_CONTROL_CHARACTERS = bytes.maketrans(b"*:^~", b"\x1d\x1f\x1e\x1c")
_LEVELS_BEFORE = 40

_VERSION = re.compile(rb"(005010X\d{3})A\d")
_CONTACT = re.compile(rb"^PER\*[A-Z]+\*", re.MULTILINE)
_LEVEL = re.compile(rb"^HL\*(\d+)\*(\d*)\*", re.MULTILINE)


def _wrapped(content: bytes) -> bytes:
    """Broken after each 80 bytes, wherever that falls, as hubs do."""
    line = content.replace(b"\n", b"").translate(_CONTROL_CHARACTERS)
    return b"\n".join(line[at : at + _WIDTH] for at in range(0, len(line), _WIDTH)) + b"\n"


def _older_guide(content: bytes) -> bytes:
    """Under the version of the guide before its errata."""
    return _VERSION.sub(rb"\1", content)


def _unterminated(content: bytes) -> bytes:
    return content.removesuffix(b"~\n")


def _continued_levels(content: bytes) -> bytes:
    """Levels counted on from those of the file that this one was cut from."""

    def moved(number: bytes) -> bytes:
        return b"%d" % (int(number) + _LEVELS_BEFORE) if number else b""

    return _LEVEL.sub(lambda level: b"HL*%b*%b*" % tuple(map(moved, level.groups())), content)


def _latin1_letters(content: bytes) -> bytes:
    """The contact with a letter that is none of ASCII."""
    return _CONTACT.sub(lambda contact: contact[0] + "RENÉE, ".encode("latin-1"), content, count=1)


@dataclass(frozen=True)
class _Layout:
    folders: frozenset[str]
    change: Callable[[bytes], bytes]


_CLAIMS = frozenset({"837p", "837i"})
#: By the fault that plants it, in the order in which they are applied: lines are broken last.
LAYOUTS = {
    "older_guide": _Layout(_CLAIMS | {"835"}, _older_guide),
    "continued_levels": _Layout(_CLAIMS | {"277ca"}, _continued_levels),
    "latin1_letters": _Layout(_CLAIMS | {"835"}, _latin1_letters),
    "missing_terminator": _Layout(_CLAIMS | {"277ca", "835"}, _unterminated),
    "wrapped_lines": _Layout(_CLAIMS | {"277ca", "835"}, _wrapped),
}


def planted(
    world: World, folders: Sequence[str], control_numbers: Sequence[int]
) -> list[tuple[str, ...]]:
    """The layouts that are planted on each file, by its folder and control number."""
    numbers = np.array(control_numbers, dtype=np.int64)
    found = {name: world.faults.planted(name, world.draws, numbers).tolist() for name in LAYOUTS}
    return [
        tuple(name for name, here in found.items() if here[row] and folder in LAYOUTS[name].folders)
        for row, folder in enumerate(folders)
    ]


def laid_out(render: Callable[[], bytes], names: Sequence[str]) -> Callable[[], bytes]:
    """What renders a file in the layouts that are named."""
    return partial(_render, render, names) if names else render


def _render(render: Callable[[], bytes], names: Sequence[str]) -> bytes:
    content = render()
    for name in names:
        content = LAYOUTS[name].change(content)
    return content
