"""Line breaks within X12: those of a hub that wraps are read away, others hold what they touch."""

from __future__ import annotations

import mmap
from pathlib import Path

import pytest

from rcm_platform.sources import x12
from rcm_platform.sources.x12.wrapping import inner_breaks, unwrapped
from rcm_platform_tests.support.x12_samples import (
    is_conserved,
    remit_claim,
    remit_file,
    rules,
    submitted_file,
)

CONTROLS = {b"*": b"\x1d", b":": b"\x1f", b"~": b"\x1e"}
FLAT = remit_file(*(remit_claim(f"ACCT{number}") for number in range(12)))


def wrapped(data: bytes, width: int = 80, line_break: bytes = b"\r\n") -> bytes:
    return line_break.join(data[at : at + width] for at in range(0, len(data), width))


def swapped(data: bytes, swap: dict[bytes, bytes]) -> bytes:
    return b"".join(swap.get(bytes([byte]), bytes([byte])) for byte in data)


def loads_as(data: bytes, flat: bytes) -> bool:
    """Whether a file gives the same rows as another, with a note, and all its bytes are known."""
    ours, theirs = x12.parse(data), x12.parse(flat)
    assert ours.quarantine == []
    (file,) = ours.received
    assert file.byte_count == len(data) == file.loaded_byte_count + file.padding_byte_count
    notes = ours.tables["diagnostics"]["kind"].to_pylist()
    assert set(notes) == {"WrappedLines"}
    return all(ours.tables[t] == theirs.tables[t] for t in ours.tables if t != "diagnostics")


@pytest.mark.parametrize("line_break", [b"\r\n", b"\n", b"\r"])
@pytest.mark.parametrize("width", [20, 72, 80, 106, 133, 256])
def test_lines_of_one_width_are_read_as_one(width: int, line_break: bytes) -> None:
    for flat in (FLAT, swapped(FLAT, CONTROLS)):
        for tail in (b"", line_break, b" " * 40 + line_break):
            assert loads_as(wrapped(flat, width, line_break) + tail, flat)
    claims = submitted_file()
    assert loads_as(wrapped(claims, width, line_break), claims)


@pytest.mark.parametrize("shift", range(0, 50, 3))
def test_the_break_may_fall_anywhere(shift: int) -> None:
    flat = FLAT.replace(b"EXAMPLE HEALTH PLAN", b"EXAMPLE" + b"X" * shift)
    assert loads_as(wrapped(flat), flat)


def test_each_interchange_may_begin_a_line() -> None:
    other = remit_file(remit_claim("OTHER"), number=2)
    assert loads_as(wrapped(FLAT) + b"\r\n" + wrapped(other) + b"\r\n", FLAT + other)
    assert loads_as(wrapped(FLAT + other), FLAT + other)


def test_a_wrapped_file_is_the_same_as_one_that_is_not() -> None:
    again = x12.read([("flat.835", FLAT), ("wrapped.835", wrapped(FLAT))])
    assert [file.status for file in again.received] == ["loaded", "duplicate"]
    assert again.received[1].padding_byte_count == len(wrapped(FLAT)) - len(FLAT)


def test_a_file_on_disk_is_unwrapped_there(tmp_path: Path) -> None:
    (tmp_path / "big.835").write_bytes(wrapped(FLAT))
    with (tmp_path / "big.835").open("rb") as file:
        text = unwrapped(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    assert isinstance(text, mmap.mmap)
    assert text[:] == FLAT


@pytest.mark.parametrize(
    "data",
    [
        FLAT,
        FLAT.replace(b"~", b"~\n"),
        FLAT.replace(b"~", b"~\r\n"),
        FLAT.replace(b"~", b"\n"),
        FLAT.replace(b"~", b"\r\n"),
        FLAT.replace(b"~", b"~ \r\n\r\n"),
        # one break is no pattern, and neither are lines of several widths
        FLAT[:400] + b"\n" + FLAT[400:],
        wrapped(FLAT[:800]) + b"\n" + wrapped(FLAT[800:], 90),
        wrapped(FLAT.replace(b"~", b"~\n")),
        b"",
        b"\r\n",
        b"a\nb\nc",
    ],
)
def test_any_other_file_stays_as_it_is(data: bytes) -> None:
    assert unwrapped(data) is data


@pytest.mark.parametrize(
    ("place", "level"),
    [
        (b"CLP*ACCT3", "claim"),
        (b"SVC*HC:99", "claim"),
        (b"NM1*QC*1*D", "claim"),
        (b"DTM*405*2025", "transaction"),
        (b"SE*", "transaction"),
        (b"ST*8", "interchange"),
        (b"GS*H", "interchange"),
        (b"ISA*00*   ", "interchange"),
    ],
)
def test_a_break_that_cannot_be_told_holds_what_it_touches(place: bytes, level: str) -> None:
    at = FLAT.index(place) + len(place)
    reading = x12.parse(data := FLAT[:at] + b"\r\n" + FLAT[at:])
    assert is_conserved(reading, data)
    assert rules(reading)[0][0] == level
    assert "line breaks" in reading.quarantine[0].reason
    assert len(reading.tables["remit_claims"]) == (11 if level == "claim" else 0)


@pytest.mark.parametrize("name", [b"CLP*ACCT3", b"SVC*HC:99", b"SE*", b"GE*1", b"IEA*1"])
def test_a_break_within_the_name_of_a_segment_is_said(name: bytes) -> None:
    at = FLAT.index(name) + 1
    reading = x12.parse(data := FLAT[:at] + b"\n" + FLAT[at:])
    assert is_conserved(reading, data)
    assert [item for item in reading.quarantine if "line breaks" in item.reason]
    assert len(reading.tables["remit_claims"]) == 0


def test_lines_in_free_text_are_left_to_whoever_wrote_them() -> None:
    claims = submitted_file().replace(b"REF*G1*AUTH1", b"NTE*ADD*first line\r\nsecond line")
    assert rules(x12.parse(claims)) == []


def test_breaks_are_found_once_for_each_segment() -> None:
    content = b"A*1~\n\nB*\n2\n3~ \r\n C*4~D*5\r~"
    assert list(inner_breaks(content, b"~")) == [content.index(b"\n2"), content.index(b"\r~")]
    assert list(inner_breaks(content, b"\n")) == []
