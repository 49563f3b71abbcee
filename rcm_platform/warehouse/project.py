"""What the dbt project needs to run, and its manifest, made when it is out of date."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

from rcm_platform.settings import Settings
from rcm_platform.warehouse import engines
from rcm_platform.warehouse.engines.common import Say
from rcm_platform.warehouse.parsed_project import STATE, ParsedProject, Paths


def _executable(name: str, python: str, scripts: str) -> Path:
    """A program of this installation: beside Python in an environment of its own, among the scripts
    where a system's Python installs to, or wherever programs are."""
    places = os.pathsep.join(
        [str(Path(python).parent), scripts, os.environ.get("PATH", os.defpath)]
    )
    return Path(shutil.which(name, path=places) or Path(python).with_name(name))


DBT_EXECUTABLE = _executable("rcm-dbt", sys.executable, sysconfig.get_path("scripts"))

# without --full-refresh a seed that got other columns does not fit into the table of the last
# build; unit tests prove the models and not the data: they run with all tests when a model changes
BUILD = ["build", "--full-refresh", "--exclude-resource-type", "unit_test"]


def build_command(settings: Settings) -> list[str]:
    """What builds and tests the models, on the engine of the settings."""
    return [*BUILD, "--target", settings.target]


class DbtError(RuntimeError):
    """A dbt command failed; the message is what it printed."""


def environment(
    settings: Settings, as_of: date, warehouse: Path | None = None, *, whole: bool = False
) -> dict[str, str]:
    """What every dbt command of this installation finds in its environment; `warehouse` is another
    DuckDB file than the installation's, `whole` makes also the tables of which nothing changed."""
    return {
        "RCM_HOME": str(settings.home),
        "RCM_LAKE": str(settings.lake_dir),
        "RCM_PERSONS": str(settings.persons_dir),
        "RCM_WAREHOUSE": str(warehouse or settings.warehouse_path),
        "RCM_AS_OF": as_of.isoformat(),
        "RCM_PROJECT": _made_by(settings),
        "RCM_MEMORY": settings.memory_limit,
        "RCM_BUILD": "whole" if whole else "changed",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


@contextmanager
def dbt_environment(
    settings: Settings, as_of: date, *, whole: bool = False, say: Say = print
) -> Iterator[None]:
    """Make the engine ready, and set what `build_command` finds in the environment of this process,
    while the block runs. `say` is told what the engine is given.

    Raises EngineUnavailable.
    """
    added = environment(settings, as_of, whole=whole)
    if engine := engines.chosen(settings):
        added |= engine.environment(settings, settings.warehouse_path)
        engine.prepare(settings, prepared_manifest(settings), say)
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
    say: Say = lambda _: None,
) -> None:
    """Run one dbt command without Dagster, on `warehouse` instead of the installation's if given.
    `whole` makes also the tables of which nothing changed; `say` is told what another engine is
    given before it.

    Raises DbtError with its output when it fails, EngineUnavailable when it is to run on another
    engine than DuckDB.
    """
    engine = engines.chosen(settings) if settings.target in args else None
    of_engine = engine.environment(settings, warehouse or settings.warehouse_path) if engine else {}
    if engine:
        engine.prepare(settings, prepared_manifest(settings), say)
    settings.warehouse_path.parent.mkdir(parents=True, exist_ok=True)
    target = str(settings.dbt_target_dir)
    done = subprocess.run(
        [DBT_EXECUTABLE, *args],
        cwd=settings.project_dir,
        env={
            **os.environ,
            **environment(settings, as_of, warehouse, whole=whole),
            **of_engine,
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
    """The manifest of the project as it is now; parsed again only when a dbt file has changed, and
    once for all homes of a user.

    A hash of contents decides, not modification times: those say nothing in a wheel or a clone.
    """
    target = settings.dbt_target_dir
    manifest, stamp = target / "manifest.json", target / "manifest.sha256"
    current = fingerprint(settings)
    target.mkdir(parents=True, exist_ok=True)
    with FileLock(target / "manifest.lock"):
        if not manifest.exists() or not stamp.exists() or stamp.read_text() != current:
            project, paths = parse_key(settings), Paths.of(settings)
            if parsed := ParsedProject.of(project):
                parsed.give_manifest(target, paths)
                parsed.give_state(target, paths)
            else:
                run_dbt(settings, settings.world_through, "parse", "--quiet")
                ParsedProject.keep(settings, project)
            # runs write elsewhere (nobody reads a half-written manifest) but start from this parse
            run_target(settings).mkdir(exist_ok=True)
            shutil.copy(target / STATE, run_target(settings))
            stamp.write_text(current)
    return manifest


def give_state(settings: Settings, target: Path, warehouse: Path) -> None:
    """Spare a command with a target folder and a warehouse of its own a parse of the project."""
    prepared_manifest(settings)
    if parsed := ParsedProject.of(parse_key(settings)):
        parsed.give_state(target, replace(Paths.of(settings), warehouse=str(warehouse)))


def run_target(settings: Settings) -> Path:
    """The target folder of the runs: one, so that it does not grow with each run."""
    return settings.dbt_target_dir / "run"


def fingerprint(settings: Settings) -> str:
    """A hash of the project and of where it reads and writes: what its manifest follows from."""
    where = f"{settings.project_dir}\n{settings.lake_dir}\n{settings.warehouse_path}\n"
    if engine := engines.chosen(settings):
        where += f"{settings.target} {engine.place(settings)}\n"
    return hashlib.sha256((where + _content_hash(settings.project_dir)).encode()).hexdigest()


def _made_by(settings: Settings) -> str:
    """A hash of the project and of what builds it."""
    versions = [version(name) for name in ("duckdb", "dbt-core", "dbt-duckdb")]
    made_by = " ".join([_content_hash(settings.project_dir), *versions])
    return hashlib.sha256(made_by.encode()).hexdigest()


def parse_key(settings: Settings) -> str:
    """A hash of what a parse follows from, wherever the project reads and writes."""
    known = f"{settings.project_dir}\n{sys.version_info}\n{_made_by(settings)}"
    return hashlib.sha256(known.encode()).hexdigest()


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
