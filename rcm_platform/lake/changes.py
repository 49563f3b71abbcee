"""Several files change places at once, for whoever reads, and also when the process is killed.

A change is written to `_staging/<id>/` and then recorded: the record is the moment, and what
follows can be redone. While files are moved the lock is held alone; who reads shares it. Whoever
finds what a killed process left unfinished finishes it, before reading.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from rcm_platform.lake.layout import LakeError

STAGING = "_staging"
_LOCK = "_readers.lock"
_RECORD = "record.json"
_UNREADABLE = (
    duckdb.IOException,
    duckdb.InvalidInputException,
    duckdb.SerializationException,
)


@contextmanager
def reading(root: Path) -> Iterator[None]:
    """While this holds, no file of the lake changes its place. May be nested; never commit inside.

    Raises LakeError, with its name, where a file cannot be read.
    """
    if not root.is_dir():
        yield
        return
    with _locked(root, fcntl.LOCK_SH) as lock:
        while _recorded(root):
            fcntl.flock(lock, fcntl.LOCK_EX)
            _finish(root)
            fcntl.flock(lock, fcntl.LOCK_SH)
        try:
            yield
        except _UNREADABLE as problem:
            if str(root) not in str(problem):
                raise
            raise LakeError(
                f"{str(problem).splitlines()[0]}. A file of the lake is damaged or missing: put it "
                "back from a backup (`rcm restore`)."
            ) from problem


def batch_record(root: Path, batch_id: str) -> Path:
    """The commit record of a batch."""
    return root / "_batches" / f"{batch_id}.json"


def commit_batch(root: Path, batch_id: str, content: Mapping[str, Any]) -> None:
    """Put the staged files of a batch in their places: `files`, in the order of their numbers."""
    _commit(root, batch_id, batch_record(root, batch_id), content)


def replace(root: Path, change_id: str, file: str, old: Sequence[str]) -> None:
    """Put the staged file in the place of old ones. They were the only copy of what it holds, so
    that it must be on the disk before."""
    staging = root / STAGING / change_id
    _flush_to_disk(staging / "0")
    _commit(root, change_id, staging / _RECORD, {"files": [file], "replaces": list(old)})


def is_recorded(root: Path, change_id: str) -> bool:
    """Whether a change is made, though its files may still be moved."""
    return change_id in _recorded(root)


def finish(root: Path) -> None:
    """Finish what a killed process recorded."""
    if root.is_dir():
        with _locked(root, fcntl.LOCK_EX):
            _finish(root)


def _commit(root: Path, change_id: str, record: Path, content: Mapping[str, Any]) -> None:
    record.parent.mkdir(parents=True, exist_ok=True)
    new = record.with_suffix(".tmp")
    new.write_text(json.dumps(content, indent=1))
    _flush_to_disk(new)
    with _locked(root, fcntl.LOCK_EX):
        new.replace(record)
        _finish_one(root, change_id, content)


def _finish(root: Path) -> None:
    for change_id, record in _recorded(root).items():
        _finish_one(root, change_id, json.loads(record.read_text()))


def _finish_one(root: Path, change_id: str, content: Mapping[str, Any]) -> None:
    staging = root / STAGING / change_id
    for number, file in enumerate(content["files"]):
        if (staged := staging / str(number)).exists():
            target = root / file
            target.parent.mkdir(parents=True, exist_ok=True)
            staged.rename(target)
    for file in content.get("replaces", ()):
        (root / file).unlink(missing_ok=True)
    shutil.rmtree(staging)


def _recorded(root: Path) -> dict[str, Path]:
    """The records of the changes that are not finished."""
    found = {}
    for staging in (root / STAGING).glob("*"):
        for record in (batch_record(root, staging.name), staging / _RECORD):
            if record.exists():
                found[staging.name] = record
    return found


@contextmanager
def _locked(root: Path, how: int) -> Iterator[int]:
    root.mkdir(parents=True, exist_ok=True)
    lock = os.open(root / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, how)
        yield lock
    finally:
        os.close(lock)


def _flush_to_disk(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
