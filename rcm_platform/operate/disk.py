"""A disk that is full while something is written: told in one sentence, whoever met it.

SQLite, DuckDB, Arrow and Python each say it in words of their own, some of them within others.
"""

from __future__ import annotations

import errno
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rcm_platform.settings import Settings

_SAID = re.compile(
    "(?i)no space left on device|disk quota exceeded|database or disk is full|out of disk"
)
_MAYBE = re.compile("(?i)disk i/o error|could not write|failed to offload")
"""What is said of a broken disk, too: only together with little space is it a full one."""
_LITTLE = 64 * 1024**2
_NUMBERS = (errno.ENOSPC, errno.EDQUOT)
_MB = 1024**2


def why_full(settings: Settings, *problems: BaseException | str) -> str:
    """What to say of failures that come of a full disk; empty where none of them does."""
    folder = min(_folders(settings), key=lambda path: shutil.disk_usage(path).free)
    usage = shutil.disk_usage(folder)
    if not any(_is_of_it(one, usage.free) for problem in problems for one in _chain(problem)):
        return ""
    return (
        f"The disk is full: of {usage.total / _MB:,.0f} MB where {folder} is, "
        f"{usage.free / _MB:,.0f} MB are free. Free space there, then run again: that completes "
        "what was begun. Nothing half-made is shown, and what was published before still stands."
    )


def _is_of_it(problem: BaseException | str, free: int) -> bool:
    if isinstance(problem, OSError) and problem.errno in _NUMBERS:
        return True
    text = str(problem)
    return bool(_SAID.search(text) or (free < _LITTLE and _MAYBE.search(text)))


def _chain(problem: BaseException | str) -> Iterator[BaseException | str]:
    """A failure, and those that led to it."""
    if isinstance(problem, str):
        yield problem
        return
    met: set[int] = set()
    cause: BaseException | None = problem
    while cause is not None and id(cause) not in met:
        met.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _folders(settings: Settings) -> list[Path]:
    """Where a run writes, each as far as it is there."""
    wanted = (settings.home, settings.data_dir, settings.lake_dir, settings.warehouse_path.parent,
              settings.published_dir, Path(tempfile.gettempdir()))  # fmt: skip
    return [next(p for p in (path, *path.parents) if p.exists()) for path in wanted]
