"""A tiny world, built once for all tests of this folder, whatever the number of test workers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock

from rcm_platform.world import generate
from rcm_platform_tests.support.tiny_world import PLAIN, SEED, START, THROUGH, Query


@pytest.fixture(scope="session")
def world(shared: Path) -> Path:
    folder = shared / "tiny_world"
    with FileLock(shared / "tiny_world.lock"):
        if not folder.is_dir():
            generate(folder, seed=SEED, size="tiny", start=START, through=THROUGH, faults=PLAIN)
    return folder


@pytest.fixture(scope="session")
def query(world: Path) -> Iterator[Query]:
    """Run SQL: databases attached as hospital_a and hospital_b, truth tables as schemas."""
    with duckdb.connect() as connection:
        for system in ("hospital_a", "hospital_b"):
            connection.execute(f"attach '{world / system}.duckdb' as {system} (read_only)")
        for scope in ("happened", "knowable"):
            connection.execute(f"create schema {scope}")
            for path in (world / "truth" / scope).glob("*.parquet"):
                connection.execute(f"create view {scope}.{path.stem} as from '{path}'")
        yield lambda sql: connection.execute(sql).fetchall()
