"""X12 files in any order, over any number of nights and more than once, give the same marts."""

from __future__ import annotations

import random
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from rcm_platform.settings import Settings
from rcm_platform.world.dates import to_day
from rcm_platform.world.model import World
from rcm_platform.world.x12 import write_clearinghouse
from rcm_platform_tests.conftest import RunCli

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
    """Tables of marts that differ, with the rows that only one of them has."""
    found = []
    with duckdb.connect() as con:
        for name, settings in (("one", one), ("other", other)):
            con.execute(f"attach '{settings.warehouse_path}' as {name} (read_only)")
        tables = con.execute(
            "select table_name from duckdb_tables() "
            "where database_name = 'one' and schema_name = 'marts' order by 1"
        ).fetchall()
        assert len(tables) > 10
        for (table,) in tables:
            [(count,)] = con.execute(
                f"""select count(*) from (
                    (from one.marts.{table} except all from other.marts.{table}) union all
                    (from other.marts.{table} except all from one.marts.{table}))"""
            ).fetchall()
            if count:
                found.append((table, count))
    return found


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
