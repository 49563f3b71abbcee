"""What every reader shares."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from rcm_platform.lake import Lake
from rcm_platform.settings import Settings
from rcm_platform.sources.base import LoadSummary, QuarantineItem, SourceUnavailable
from rcm_platform.sources.catalog import declare_all
from rcm_platform.sources.hospitals import hospitals

ITEM = QuarantineItem(
    source_system="clinic",
    source_file="a.csv",
    source_position="7",
    level="row",
    rule_id="T3",
    reason="amount is not an amount in dollars and cents",
    byte_offset=12,
    byte_count=2,
    content=b"x\n",
    dollar_amount=None,
    arrival_date=date(2025, 3, 1),
    content_sha256="aa",
)


def test_summaries_add_up() -> None:
    one = LoadSummary(
        "a", 1, 0, 1, {"t": 2}, 10, {"charges": Decimal("1.10")}, 1, Decimal(5), ["m"]
    )
    two = LoadSummary("b", 2, 3, 0, {"t": 1, "u": 0}, 5, {"charges": Decimal("2.20")})
    both = one.merge(two)
    assert both == LoadSummary(
        "a", 3, 3, 1, {"t": 3, "u": 0}, 15, {"charges": Decimal("3.30")}, 1, Decimal(5), ["m"]
    )
    assert one.rows == {"t": 2}


def test_a_quarantine_id_is_the_place_the_rule_and_the_content() -> None:
    assert ITEM.quarantine_id == replace(ITEM, reason="other words").quarantine_id
    others = [
        replace(ITEM, source_position="8"),
        replace(ITEM, rule_id="T4"),
        replace(ITEM, content=b"y\n"),
        replace(ITEM, source_system="other"),
    ]
    assert len({ITEM.quarantine_id, *(item.quarantine_id for item in others)}) == 5


def test_an_absent_source_says_what_where_and_what_to_do() -> None:
    problem = SourceUnavailable("the folder is missing", "/data", "Create it")
    assert str(problem) == "the folder is missing: /data. Create it"


def test_every_table_of_every_source_exists_in_an_empty_lake(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    declare_all(lake, hospitals(Settings()).values())
    tables = [path.relative_to(tmp_path).parts[:2] for path in tmp_path.rglob("schema.parquet")]
    assert {source for source, _ in tables} == {
        "claims_csv",
        "desk",
        "hospital_a",
        "hospital_b",
        "operations",
        "platform",
        "synthea",
        "treasury",
        "x12",
    }
    with duckdb.connect() as con:
        for source, table in tables:
            rows = con.execute(f"select count(*) from {lake.scan(source, table)}").fetchall()
            assert rows == [(0,)], (source, table)
    changed = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("schema.parquet")}
    declare_all(Lake(tmp_path), hospitals(Settings()).values())
    assert changed == {p: p.stat().st_mtime_ns for p in tmp_path.rglob("schema.parquet")}
