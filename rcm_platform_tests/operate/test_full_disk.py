"""A disk that is full is told in one sentence, and the next run completes what was begun."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import tempfile
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from rcm_platform.operate import disk
from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import RunCli
from rcm_platform_tests.support.x12_samples import remit_file

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", world=False)


@pytest.mark.parametrize(
    ("problem", "free", "is_told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 2**30, True),
        ("sqlite3.OperationalError: database or disk is full", 2**30, True),
        (duckdb.IOException("Could not write file x: No space left on device"), 2**30, True),
        # said of a broken disk, too
        ("sqlite3.OperationalError: disk I/O error", 2**10, True),
        ("sqlite3.OperationalError: disk I/O error", 2**30, False),
        (ValueError("a column is missing"), 0, False),
    ],
)
def test_a_full_disk_is_told_from_other_failures(
    problem: BaseException | str,
    free: int,
    is_told: bool,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: Usage(2**40, 2**40 - free, free))
    assert bool(disk.why_full(settings, problem)) is is_told


def test_what_led_to_a_failure_counts(settings: Settings) -> None:
    outer = RuntimeError("step raw failed")
    outer.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    told = disk.why_full(settings, outer)
    assert "are free" in told
    assert "run again" in told


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of its own of 24 MB."""
    if os.getuid() or not shutil.which("mount"):
        pytest.skip("only root may mount a file system")
    folder = Path(tempfile.mkdtemp(prefix="rcm_"))
    mounted = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if subprocess.run(mounted, capture_output=True).returncode:
        folder.rmdir()
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


@pytest.mark.prove
def test_a_run_that_meets_a_full_disk_says_so_and_the_next_one_completes(
    small_disk: Path, tmp_path: Path, rcm: RunCli
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.835").write_bytes(remit_file())
    home = small_disk / "home"
    given = {"home": home, "world": "off", "x12_dir": tmp_path / "in"}
    done = rcm("run", **given)
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "The disk is full: of 24 MB where" in " ".join(said.split())
    assert "Traceback" not in said
    assert versions.current(Settings(**given).published_dir) is None
    resize = ["mount", "-o", "remount,size=2g", str(small_disk)]
    subprocess.run(resize, check=True)
    done = rcm("run", **given)
    assert done.returncode == 0, done.stdout + done.stderr
    assert versions.current(Settings(**given).published_dir)
