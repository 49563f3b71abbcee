"""Planted layouts of X12 files change how a file is written and nothing that it says."""

from __future__ import annotations

from datetime import date

import pytest

from rcm_platform.world.feeds.x12 import FileSpec, clearinghouse_files
from rcm_platform.world.feeds.x12.layouts import LAYOUTS
from rcm_platform.world.model import World


def files(faults: str) -> list[FileSpec]:
    world = World(
        seed=5, size="tiny", start=date(2025, 1, 1), through=date(2025, 3, 31), faults=faults
    )
    return list(clearinghouse_files(world))


@pytest.fixture(scope="module")
def plain() -> dict[str, bytes]:
    return {file.name: file.render() for file in files("none")}


def without(layout: str, content: bytes) -> bytes:
    """A file as it was before a layout was planted on it, but for its line ends."""
    content = content.replace(b"\n", b"")
    if layout == "wrapped_lines":
        return content.translate(bytes.maketrans(b"\x1d\x1f\x1e\x1c", b"*:^~"))
    if layout == "missing_terminator":
        return content + b"~"
    if layout == "latin1_letters":
        return content.replace("RENÉE, ".encode("latin-1"), b"", 1)
    if layout == "older_guide":
        for version in (b"221A1", b"222A1", b"223A2"):
            content = content.replace(b"005010X" + version[:3], b"005010X" + version)
        return content
    for segment in content.split(b"~"):
        if segment.startswith(b"HL*"):
            numbers = segment.split(b"*")
            numbers[1:3] = [b"%d" % (int(n) - 40) if n else b"" for n in numbers[1:3]]
            content = content.replace(b"~%b~" % segment, b"~%b~" % b"*".join(numbers), 1)
    return content


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_changes_nothing_that_a_file_says(layout: str, plain: dict[str, bytes]) -> None:
    laid_out = [file for file in files(f"none,{layout}=1000000") if file.layouts]
    assert {file.kind for file in laid_out} == LAYOUTS[layout].folders
    for file in laid_out:
        content = file.render()
        assert content != plain[file.name]
        assert without(layout, content) == plain[file.name].replace(b"\n", b""), file.name


def test_a_hub_breaks_each_line_at_the_same_width() -> None:
    for file in files("none,wrapped_lines=1000000"):
        if file.layouts:
            *full, last = file.render().removesuffix(b"\n").split(b"\n")
            assert {len(line) for line in full} == {80}
            assert 0 < len(last) <= 80


def test_no_file_is_changed_on_which_nothing_is_planted(plain: dict[str, bytes]) -> None:
    some = files(",".join(["none", *(f"{layout}=50000" for layout in LAYOUTS)]))
    untouched = [file for file in some if not file.layouts]
    assert 0 < len(untouched) < len(some)
    assert all(file.render() == plain[file.name] for file in untouched)
