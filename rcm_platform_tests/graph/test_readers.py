"""Readers see one whole, proven version or the next, also while a run publishes under them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rcm_platform.publish import versions as publish_versions
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import Built, RunCli
from rcm_platform_tests.support import published_reader

READERS = 20
PATIENCE_SECONDS = 180


@dataclass
class Reader:
    """A process that reads what is published, and the lines that it has written so far."""

    process: subprocess.Popen[str]
    output: Path

    def reads(self) -> list[dict[str, Any]]:
        text = self.output.read_text() if self.output.exists() else ""
        # the last line may still be in writing
        return [json.loads(line) for line in text.splitlines(keepends=True) if line[-1] == "\n"]

    def versions(self) -> set[str]:
        return {read["version"] for read in self.reads()}


@contextmanager
def reading(published: Path, folder: Path) -> Iterator[list[Reader]]:
    """Readers at work; when the block ends they are told to stop, and none may have failed."""
    stop = folder / "stop"
    readers = []
    for number in range(READERS):
        output = folder / f"reader_{number}.jsonl"
        command = ["-m", published_reader.__name__, str(published), str(output), str(stop)]
        process = subprocess.Popen([sys.executable, *command], stderr=subprocess.PIPE, text=True)
        readers.append(Reader(process, output))
    try:
        yield readers
        stop.touch()
        for reader in readers:
            _, errors = reader.process.communicate(timeout=PATIENCE_SECONDS)
            assert (reader.process.returncode, errors) == (0, "")
    finally:
        for reader in readers:
            reader.process.kill()


def wait_until_all_saw(readers: list[Reader], version: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not all(version in reader.versions() for reader in readers):
        assert all(reader.process.poll() is None for reader in readers), "a reader has stopped"
        assert time.monotonic() < deadline, f"not every reader saw {version}"
        time.sleep(1)


def known_numbers(settings: Settings) -> dict[str, str]:
    """What the warehouse says, from which the version was made."""
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        return published_reader.numbers(con, "marts.")


@pytest.mark.prove
def test_twenty_readers_see_whole_versions_while_a_run_publishes(
    built: Built, rcm: RunCli, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(built.settings.home, home)
    settings = Settings(home=home, world_size="tiny")
    before = publish_versions.current(settings.published_dir)
    assert before
    known = {before.version: known_numbers(settings)}
    day = built.as_of + timedelta(days=1)

    with reading(settings.published_dir, tmp_path) as readers:
        wait_until_all_saw(readers, before.version)
        done = rcm("run", "--as-of", day.isoformat(), home=home, world_size="tiny")
        assert done.returncode == 0, done.stdout + done.stderr
        after = publish_versions.current(settings.published_dir)
        assert after
        wait_until_all_saw(readers, after.version)

    known[after.version] = known_numbers(settings)
    assert known[after.version] != known[before.version], "the run has published nothing new"
    dates = {before.version: built.as_of.isoformat(), after.version: day.isoformat()}
    for reader in readers:
        reads = reader.reads()
        seen = [read["version"] for read in reads]
        assert seen == sorted(seen), "a reader went back to an older version"
        assert set(seen) == set(known)
        for read in reads:
            assert read["as_of"] == dates[read["version"]]
            assert Decimal(read["unexplained"]) == 0
            numbers = read["numbers"]
            assert numbers["ledger A/R"] == numbers["open A/R"]
            assert numbers["KPI totals that are not the sum of their parts"] == "0"
            assert numbers == known[read["version"]]
    counts = [
        sum(read["version"] == version for reader in readers for read in reader.reads())
        for version in known
    ]
    print(f"{READERS} readers, {sum(counts)} reads: {counts[0]} before, {counts[1]} after")
