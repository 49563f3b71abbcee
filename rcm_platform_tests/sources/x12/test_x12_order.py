"""The same files in any order, in any number of loads, more than once: the same content of raw."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rcm_platform.lake import Lake
from rcm_platform.sources import x12
from rcm_platform_tests.support.x12_samples import (
    acknowledged_file,
    functional_file,
    group,
    institutional_file,
    interchange,
    remit,
    remit_claim,
    remit_file,
    submitted_file,
    transaction,
)

BAD = remit_claim("BAD", line_adjustments="CAS*CO*45*59")
FILES = {
    "a.835": remit_file(number=1),
    "b.835": remit_file(remit_claim("X"), BAD, [*remit_claim("N"), "ZZ1*NEW"], number=2),
    # two interchanges of different days, one of them delivered alone as well
    "c.835": remit_file(number=1) + b"\n" + remit_file(number=3, date="250315"),
    # the payment of the first once more, under other numbers
    "d.835": remit_file(number=4),
    "e.835": interchange(group(transaction("835", remit(remit_claim(), paid="1"))), number=5),
    "f.835": remit_file(number=6)[:-20],
    "g.837": submitted_file(),
    "h.837": institutional_file(),
    "i.277": acknowledged_file(),
    "j.999": functional_file(),
    "k.txt": b"call the payer",
    "l.835": remit_file(number=7, usage="T"),
}


def content(lake: Lake) -> dict[str, list[tuple[object, ...]]]:
    """Every raw row, without when it was loaded and with which others; a row names its file only
    where no other file brings the same interchange."""
    ambiguous = "('a.835', 'c.835')"
    file = f"if(_source_file in {ambiguous}, '', _source_file)"
    position = f"if(_source_file in {ambiguous}, '', _source_position)"
    found = {}
    with duckdb.connect() as con:
        for table in x12.TABLES:
            rows = con.execute(
                f"""
                select * exclude (_batch_id, _loaded_at)
                    replace ({file} as _source_file, {position} as _source_position)
                from {lake.scan("x12", table)}
                """
            ).fetchall()
            found[table] = sorted(rows, key=repr)
        held = con.execute(
            f"""
            select source_file, source_position, level, rule_id, reason, content, dollar_amount
            from {lake.scan("platform", "quarantine")}
            """
        ).fetchall()
        found["quarantine"] = sorted(held, key=repr)
    return found


def load(loads: list[list[str]]) -> dict[str, list[tuple[object, ...]]]:
    """The content of raw after these files arrived in these loads."""
    with tempfile.TemporaryDirectory() as home:
        lake, folder = Lake(Path(home) / "lake"), Path(home) / "in"
        folder.mkdir()
        for arrived in loads:
            for name in arrived:
                (folder / name).write_bytes(FILES[name])
            x12.load_folder(lake, folder, "clearinghouse")
        return content(lake)


@cache
def once() -> dict[str, list[tuple[object, ...]]]:
    return load([sorted(FILES)])


@st.composite
def arrivals(draw: st.DrawFn) -> list[list[str]]:
    """All files in some order, cut into some loads, a few of them sent again."""
    order = draw(st.permutations(sorted(FILES)))
    cuts = sorted(draw(st.sets(st.integers(1, len(order) - 1), max_size=3)))
    loads = [
        list(order[start:end]) for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)
    ]
    for again in draw(st.lists(st.sampled_from(sorted(FILES)), max_size=3)):
        loads[-1].append(again)
    return loads


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(arrivals())
def test_raw_does_not_depend_on_order_repetition_or_loads(loads: list[list[str]]) -> None:
    assert load(loads) == once()


def test_in_one_load_the_order_of_a_listing_changes_nothing() -> None:
    """Files of one load are read by date and name: even the file that a row names is the same."""
    assert load([sorted(FILES, reverse=True)]) == once()
