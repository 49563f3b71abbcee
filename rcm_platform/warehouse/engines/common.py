"""What is true of every engine that builds the models beside DuckDB."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from rcm_platform.settings import Settings

LAYERS = ("seeds", "staging", "intermediate", "marts")
"""The schemas that dbt makes tables in."""

Say = Callable[[str], object]


class EngineUnavailable(RuntimeError):  # noqa: N818 (reads as what happened)
    """Something that the engine needs is missing; the message says what, and how to get it."""


class Engine(Protocol):
    """An engine of models, as the module that is named after it offers it."""

    def check(self, settings: Settings) -> None:
        """Raises EngineUnavailable where a build could not begin."""

    def place(self, settings: Settings) -> str:
        """Where its tables stand: those of another place are not those that were built."""

    def environment(self, settings: Settings, warehouse: Path) -> dict[str, str]:
        """What a dbt command with this target finds in its environment besides the usual.

        Raises EngineUnavailable.
        """

    def prepare(self, settings: Settings, manifest: Path, say: Say) -> None:
        """Before dbt builds: give the engine what it cannot read where it lies.

        Raises EngineUnavailable.
        """

    def gather(self, settings: Settings, warehouse: Path) -> int:
        """Once dbt has ended: make the warehouse file show the tables that were made, so that
        checks, proof, trace and publishing read the same as after a build in DuckDB; gives how
        many."""
