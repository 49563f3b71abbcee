"""One archive of all that cannot be made again, and its way back: whole and verified, or not.

A tar, compressed with zstd. Its last member is a manifest with the hash of every other, so one that
was cut short has none.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

import pyarrow as pa
from filelock import Timeout

from rcm_platform.ingest import lake_access
from rcm_platform.settings import PAPER_REMITTANCES, Settings

MANIFEST = "manifest.json"
FORMAT = 1
DATA = (
    "lake", "persons", "published", "landing", "desk.db", PAPER_REMITTANCES, "last_run.json",
    "last_run.log",
)  # fmt: skip
# of a database that is in use, SQLite says what belongs together; these are its own notes
SQLITE_NOTES = ("-wal", "-shm", "-journal")
_PIECE = 2**20


def backup(settings: Settings, file: Path, *, with_warehouse: bool = False) -> tuple[int, int]:
    """Write the archive; how many files, and its bytes. Waits for a run that writes to end.

    Raises ValueError when there is nothing to save, FileExistsError when the file exists.
    """
    if file.exists():
        raise FileExistsError(f"{file} exists already.")
    if not settings.lake_dir.exists():
        raise ValueError(f"There is nothing to save in {settings.home}.")
    new = file.with_name(f".{file.name}.part")
    try:
        # nothing else may finish what a killed run began either
        with lake_access.single_writer(settings), lake_access.open_lake(settings).reading():
            count = _write(settings, new, _members(settings, with_warehouse))
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)
    return count, file.stat().st_size


def restore(settings: Settings, file: Path, *, force: bool = False) -> tuple[int, Path | None]:
    """Put what the archive holds into the home; how many files, and where the old home is now.

    Nothing changes until every byte is there and verified. Raises ValueError when the archive is
    not whole, FileExistsError when the home is not empty and `force` is not given.
    """
    home = settings.home
    is_used = home.is_dir() and any(home.iterdir())
    if is_used and not force:
        raise FileExistsError(f"{home} is not empty; --force moves it aside.")
    home.parent.mkdir(parents=True, exist_ok=True)
    # beside the home, so that it can be renamed
    new = Path(tempfile.mkdtemp(prefix=f".{home.name}.restoring-", dir=home.parent))
    try:
        count = _read(file, new)
        before = _swap(settings, new) if is_used else None
        if not before:
            new.replace(home)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return count, before


def _swap(settings: Settings, new: Path) -> Path:
    home = settings.home
    before = home.with_name(f"{home.name}.before-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    try:
        with lake_access.single_writer(settings).acquire(timeout=0):
            home.rename(before)
            new.rename(home)
    except Timeout:
        raise ValueError(f"A run is writing in {home}: wait for its end.") from None
    return before


def _members(settings: Settings, with_warehouse: bool) -> Iterator[Path]:
    """Every folder and file to save."""
    roots = [settings.data_dir / name for name in DATA]
    roots += [settings.users_path, settings.audit_log_path]
    if settings.dagster_postgres_url is None:
        roots.append(settings.dagster_home)
    if with_warehouse:
        roots.append(settings.warehouse_path.parent)
    for root in roots:
        if root.exists():
            yield root
        if root.is_dir():
            yield from sorted(root.rglob("*"))


def _write(settings: Settings, archive: Path, members: Iterator[Path]) -> int:
    hashes: dict[str, str] = {}
    # it names patients, as the lake does
    os.close(os.open(archive, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    with (
        pa.CompressedOutputStream(str(archive), "zstd") as stream,
        tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in members:
            if path.name.endswith((*SQLITE_NOTES, ".lock")) or path.is_symlink():
                continue
            name = path.relative_to(settings.home).as_posix()
            try:
                with _still(path) as still:
                    entry = tar.gettarinfo(str(path), name)
                    if path.is_dir():
                        tar.addfile(entry)
                        continue
                    entry.size = still.stat().st_size
                    with still.open("rb") as content:
                        hashing = _Hashing(content)
                        tar.addfile(entry, hashing)
                    hashes[name] = hashing.sha256.hexdigest()
            except FileNotFoundError:
                continue  # Dagster tidies up its history whenever it likes
        manifest = json.dumps({"format": FORMAT, "sha256": hashes}).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(manifest)
        tar.addfile(entry, io.BytesIO(manifest))
    return len(hashes)


@contextmanager
def _still(path: Path) -> Iterator[Path]:
    """The file, or of an SQLite database that others may be writing, a whole copy."""
    if path.suffix != ".db" or not path.is_file():
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        with (
            closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
        yield copy


def _read(archive: Path, target: Path) -> int:
    """Unpack into an empty folder and verify. Raises ValueError when something is missing."""
    hashes: dict[str, str] = {}
    manifest: dict[str, Any] = {}
    folders: list[tuple[Path, tarfile.TarInfo]] = []
    if not archive.is_file():
        raise ValueError(f"There is no file {archive}.")
    try:
        with (
            pa.CompressedInputStream(str(archive), "zstd") as stream,
            tarfile.open(fileobj=stream, mode="r|") as tar,
        ):
            for entry in tar:
                if entry.name == MANIFEST:
                    manifest = json.loads(_content(tar, entry).read())
                    continue
                path = _inside(target, entry)
                if entry.isdir():
                    path.mkdir(parents=True, exist_ok=True)
                    folders.append((path, entry))
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                hashing = _Hashing(_content(tar, entry))
                with path.open("xb") as file:
                    shutil.copyfileobj(hashing, file, _PIECE)
                path.chmod(entry.mode & 0o777)
                os.utime(path, (entry.mtime, entry.mtime))
                hashes[entry.name] = hashing.sha256.hexdigest()
    except (OSError, EOFError, tarfile.TarError, json.JSONDecodeError) as problem:
        if isinstance(problem, OSError) and problem.errno is not None:
            raise  # of the disk, not of the archive
        raise ValueError(f"{archive} is cut short or damaged: {problem}") from problem
    if manifest.get("format") != FORMAT:
        raise ValueError(f"{archive} is cut short, or not an archive of `rcm backup`.")
    if wrong := sorted(set(hashes.items()) ^ set(manifest["sha256"].items())):
        raise ValueError(f"{archive} is damaged: {wrong[0][0]} is not what was saved.")
    for path, entry in reversed(folders):  # what is put into a folder changes its time
        path.chmod(entry.mode & 0o777)
        os.utime(path, (entry.mtime, entry.mtime))
    return len(hashes)


def _inside(target: Path, entry: tarfile.TarInfo) -> Path:
    place = PurePosixPath(entry.name)
    if place.is_absolute() or ".." in place.parts or not (entry.isfile() or entry.isdir()):
        raise ValueError(f"The archive holds what `rcm backup` never writes: {entry.name}")
    return target / place


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    found = tar.extractfile(entry)
    if found is None:
        raise ValueError(f"The archive holds what `rcm backup` never writes: {entry.name}")
    return found


class _Hashing:
    """A file that hashes what is read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.sha256 = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self.sha256.update(content)
        return content
