"""X12 files in any order, over any number of nights and more than once, give the same marts."""

from __future__ import annotations

import random
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from rcm_platform.settings import Settings
from rcm_platform.world.feeds.x12 import write_clearinghouse
from rcm_platform.world.model import World
from rcm_platform.world.support.dates import to_day
from rcm_platform_tests.conftest import RunCli

#: Table of deliveries → its rows that are of the content, and its columns that follow from the name
#: of a file, with the rows where they do.
OF_DELIVERIES = {
    "mart_data_exceptions": (
        "rule_id <> 'D1'",
        [(column, "action = 'quarantine'") for column in ("finding_key", "record_id")],
    ),
    "mart_received_files": ("file_status <> 'duplicate'", [("received_file_key", "true")]),
}
START, THROUGH = date(2025, 1, 1), date(2025, 12, 31)


def nights(
    rcm: RunCli, home: Path, files: list[Path], root: Path, parts: int, dice: random.Random
) -> Settings:
    """Run the graph after each of `parts` deliveries of shuffled files, some of them twice."""
    folder = home / "arrived"
    shuffled = dice.sample(files, len(files))
    for night in range(parts):
        for path in shuffled[night::parts]:
            target = folder / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
            if parts > 1 and dice.random() < 0.02:
                shutil.copy(path, target.with_name(f"again_{target.name}"))
        done = rcm("run", home=home, world="off", x12_dir=folder)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return Settings(home=home, world=False, x12_dir=folder)


def differences(one: Settings, other: Settings) -> list[tuple[str, int]]:
    """Tables of marts that differ, with the rows that only one of them has.

    Of two files with the same bytes, the first to come is loaded: a row of either is from the same
    content. That a file came again (D1) is a finding of that run alone, and what is held of a file
    is numbered by its name.
    """
    found = []
    with duckdb.connect() as con:
        for name, settings in (("one", one), ("other", other)):
            con.execute(f"attach '{settings.warehouse_path}' as {name} (read_only)")
            con.execute(
                f"""create table {name}_files as
                select _source_file as file, any_value(content_sha256) as content
                from {name}.staging.stg_platform__received_files group by 1"""
            )
        tables = con.execute(
            "select table_name, list(column_name) from duckdb_columns() "
            "where database_name = 'one' and schema_name = 'marts' group by 1 order by 1"
        ).fetchall()
        assert len(tables) > 10
        for table, columns in tables:
            rows = {name: _rows(name, table, columns) for name in ("one", "other")}
            [(count,)] = con.execute(
                f"""select count(*) from (
                    ({rows["one"]} except all {rows["other"]}) union all
                    ({rows["other"]} except all {rows["one"]}))"""
            ).fetchall()
            if count:
                found.append((table, count))
    return found


def _rows(name: str, table: str, columns: list[str]) -> str:
    file = next((column for column in ("source_file", "file_name") if column in columns), None)
    if file is None:
        return f"select * from {name}.marts.{table}"
    kept, numbered = OF_DELIVERIES.get(table, ("true", []))
    told = [f"coalesce(content, {file}) as {file}"] + [
        f"case when {is_of_file} then null else {column} end as {column}"
        for column, is_of_file in numbered
    ]
    return (
        f"select * exclude (file, content) replace ({', '.join(told)}) "
        f"from {name}.marts.{table} left join {name}_files on {file} = file where {kept}"
    )


@pytest.mark.prove
@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_of_arrival_gives_the_same_marts(rcm: RunCli, tmp_path: Path, seed: int) -> None:
    world = World(seed=seed, size="small", start=START, through=THROUGH)
    root = tmp_path / "clearinghouse"
    write_clearinghouse(world, root, 0, to_day(THROUGH))
    files = sorted(path for path in root.rglob("*.edi"))
    dice = random.Random(seed)
    at_once = nights(rcm, tmp_path / "at_once", files, root, 1, dice)
    in_parts = nights(rcm, tmp_path / "in_parts", files, root, 3, dice)
    assert differences(at_once, in_parts) == []
