"""What is saved comes back whole, or nothing changes."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest
from filelock import FileLock

from rcm_platform.ingest import lake_access
from rcm_platform.operate.backup import backup, restore
from rcm_platform.settings import Settings

ROWS = pa.table({"id": [1, 2, 3], "amount": ["1.00", "2.50", "-3.00"]})


def contents(home: Path) -> dict[str, str]:
    return {
        path.relative_to(home).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with one of everything, a world and a warehouse."""
    found = Settings(home=tmp_path / "home")
    with lake_access.writing(found) as lake:
        lake.keep(b"a file of which a part waits")
    version = found.published_dir / "00001-2025-12-31"
    version.mkdir(parents=True)
    (version / "operations.duckdb").write_bytes(b"figures")
    (version / "operations.duckdb").chmod(0o444)
    (found.published_dir / "current.json").write_text("{}")
    (found.lake_dir / "big").write_bytes(bytes(range(256)) * 5000)
    found.persons_dir.mkdir()
    (found.persons_dir / "persons.parquet").write_bytes(b"who is who")
    found.users_path.write_bytes(b"")
    found.audit_log_path.write_text("{}\n")
    found.audit_log_path.chmod(0o600)
    found.warehouse_path.write_bytes(b"built again")
    found.world_dir.mkdir()
    (found.world_dir / "world.json").write_text("outside")
    found.dagster_home.mkdir()
    with closing(sqlite3.connect(found.dagster_home / "runs.db")) as runs, runs:
        runs.execute("create table runs as select 1 as id")
    return found


def saved(home: Path) -> dict[str, str]:
    left_out = ("warehouse/", "world/", ".")
    return {
        name: sha
        for name, sha in contents(home).items()
        if not name.startswith(left_out) and not name.endswith(".lock")
    }


def test_what_is_saved_comes_back_as_it_was(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "rcm.tar.zst"
    count, size = backup(settings, file)
    before = saved(settings.home)
    assert (count, size) == (len(before), file.stat().st_size)
    assert file.stat().st_mode & 0o777 == 0o600
    version = settings.published_dir / "00001-2025-12-31"
    times = {p: p.stat().st_mtime for p in (version, settings.audit_log_path)}

    settings.home.rename(tmp_path / "lost")
    assert restore(settings, file) == (count, None)
    # the copy of a database is its content, not its bytes
    assert {n: s for n, s in contents(settings.home).items() if not n.endswith(".db")} == {
        n: s for n, s in before.items() if not n.endswith(".db")
    }
    with closing(sqlite3.connect(settings.dagster_home / "runs.db")) as runs:
        assert runs.execute("select id from runs").fetchall() == [(1,)]
    # how old the figures are is the time of their folder
    assert {p: p.stat().st_mtime for p in times} == times
    assert settings.audit_log_path.stat().st_mode & 0o777 == 0o600
    assert not (version / "operations.duckdb").stat().st_mode & 0o222


def test_what_can_be_built_again_is_saved_when_asked_for(
    settings: Settings, tmp_path: Path
) -> None:
    backup(settings, tmp_path / "all", with_warehouse=True)
    restored = Settings(home=tmp_path / "other")
    restore(restored, tmp_path / "all")
    assert restored.warehouse_path.read_bytes() == b"built again"
    assert not restored.world_dir.exists()


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.99])
def test_an_archive_that_is_cut_short_changes_nothing(
    settings: Settings, tmp_path: Path, kept: float
) -> None:
    file = tmp_path / "rcm.tar.zst"
    backup(settings, file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(kept * len(whole)) if kept < 1 else int(kept)])
    before = contents(settings.home)
    with pytest.raises(ValueError, match="cut short"):
        restore(settings, file, force=True)
    assert contents(settings.home) == before
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_an_archive_with_other_bytes_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    file, forged = tmp_path / "rcm.tar.zst", tmp_path / "forged"
    backup(settings, file)
    with pa.CompressedInputStream(str(file), "zstd") as stream:
        content = stream.read()
    assert content.count(b"who is who") == 1
    with pa.CompressedOutputStream(str(forged), "zstd") as out:
        out.write(content.replace(b"who is who", b"who was who"[:10]))
    shutil.rmtree(settings.home)
    with pytest.raises(ValueError, match=r"persons\.parquet is not what was saved"):
        restore(settings, forged)
    assert not settings.home.exists()


def test_a_home_is_never_overwritten(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "rcm.tar.zst"
    backup(settings, file)
    (settings.lake_dir / "later").write_text("came after")
    before = contents(settings.home)
    with pytest.raises(FileExistsError, match="not empty"):
        restore(settings, file)
    with pytest.raises(FileExistsError, match="exists already"):
        backup(settings, file)
    assert contents(settings.home) == before

    _, aside = restore(settings, file, force=True)
    assert aside
    assert contents(aside) == before
    assert not (settings.lake_dir / "later").exists()


def test_nothing_is_replaced_under_a_run_that_writes(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "rcm.tar.zst"
    backup(settings, file)
    with (
        FileLock(settings.warehouse_path.with_suffix(".lock")),  # as another process has it
        pytest.raises(ValueError, match="A run is writing"),
    ):
        restore(settings, file, force=True)


def test_an_empty_home_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing to save"):
        backup(Settings(home=tmp_path / "none"), tmp_path / "file")
    assert list(tmp_path.iterdir()) == []
