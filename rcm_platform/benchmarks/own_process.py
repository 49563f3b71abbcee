"""What the measurements have in common: each in a process of its own, each with a verdict."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def run(module: str, *arguments: object) -> dict[str, Any]:
    """Run a module in a new process; the figures that it prints as JSON.

    Raises RuntimeError with what it said when it fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{module} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def verdict(is_kept: bool) -> str:
    """Whether a budget is kept, as tables show it."""
    return "[green]kept[/]" if is_kept else "[red]not kept[/]"
