"""What the dbt project needs to run, and its manifest, made when it is out of date."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

from rcm_platform.settings import Settings

DBT_EXECUTABLE = Path(sys.executable).parent / "dbt"

# without --full-refresh a seed that got other columns does not fit into the table of the last
# build; unit tests prove the models and not the data: they run with all tests when a model changes
BUILD = ["build", "--full-refresh", "--exclude-resource-type", "unit_test"]


class DbtError(RuntimeError):
    """A dbt command failed; the message is what it printed."""


def environment(
    settings: Settings, as_of: date, warehouse: Path | None = None, *, whole: bool = False
) -> dict[str, str]:
    """What every dbt command of this installation finds in its environment; `warehouse` is another
    DuckDB file than the installation's, `whole` makes also the tables of which nothing changed."""
    made_by = [version(name) for name in ("duckdb", "dbt-core", "dbt-duckdb")]
    project = " ".join([_content_hash(settings.project_dir), *made_by])
    return {
        "RCM_HOME": str(settings.home),
        "RCM_LAKE": str(settings.lake_dir),
        "RCM_PERSONS": str(settings.persons_dir),
        "RCM_WAREHOUSE": str(warehouse or settings.warehouse_path),
        "RCM_AS_OF": as_of.isoformat(),
        "RCM_PROJECT": hashlib.sha256(project.encode()).hexdigest(),
        "RCM_MEMORY": settings.memory_limit,
        "RCM_BUILD": "whole" if whole else "changed",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


@contextmanager
def dbt_environment(settings: Settings, as_of: date, *, whole: bool = False) -> Iterator[None]:
    """Set `environment` for this process while the block runs."""
    added = environment(settings, as_of, whole=whole)
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def run_dbt(
    settings: Settings,
    as_of: date,
    *args: str,
    warehouse: Path | None = None,
    whole: bool = False,
) -> None:
    """Run one dbt command without Dagster, on `warehouse` instead of the installation's if given.
    `whole` makes also the tables of which nothing changed.

    Raises DbtError with its output when it fails.
    """
    settings.warehouse_path.parent.mkdir(parents=True, exist_ok=True)
    target = str(settings.dbt_target_dir)
    done = subprocess.run(
        [DBT_EXECUTABLE, *args],
        cwd=settings.project_dir,
        env={
            **os.environ,
            **environment(settings, as_of, warehouse, whole=whole),
            "DBT_TARGET_PATH": target,
            "DBT_LOG_PATH": target,
            "DBT_PROFILES_DIR": str(settings.project_dir),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DbtError(f"dbt {' '.join(args)} failed:\n{done.stdout}{done.stderr}")


def prepared_manifest(settings: Settings) -> Path:
    """The manifest of the project as it is now; parsed again only when a dbt file has changed.

    A hash of contents decides, not modification times: those say nothing in a wheel or a clone.
    """
    target = settings.dbt_target_dir
    manifest, stamp = target / "manifest.json", target / "manifest.sha256"
    current = fingerprint(settings)
    target.mkdir(parents=True, exist_ok=True)
    with FileLock(target / "manifest.lock"):
        if not manifest.exists() or not stamp.exists() or stamp.read_text() != current:
            run_dbt(settings, settings.world_through, "parse", "--quiet")
            # runs write elsewhere (nobody reads a half-written manifest) but start from this parse
            run_target(settings).mkdir(exist_ok=True)
            shutil.copy(target / "partial_parse.msgpack", run_target(settings))
            stamp.write_text(current)
    return manifest


def run_target(settings: Settings) -> Path:
    """The target folder of the runs: one, so that it does not grow with each run."""
    return settings.dbt_target_dir / "run"


def fingerprint(settings: Settings) -> str:
    """A hash of the project and of where it reads and writes: what its manifest follows from."""
    where = f"{settings.project_dir}\n{settings.lake_dir}\n{settings.warehouse_path}\n"
    return hashlib.sha256((where + _content_hash(settings.project_dir)).encode()).hexdigest()


def _content_hash(root: Path) -> str:
    """A hash of the files of a project, wherever it stands."""
    ignored = {"target", "logs"}
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if path.is_file() and relative.parts[0] not in ignored:
            digest.update(f"{relative}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
