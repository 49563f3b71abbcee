"""The dbt project, parsed once for all tests, wherever their homes are.

A parse takes longer than most tests. What dbt keeps of it is bound to the paths that it was made
with: they stand in the sources, in the variables of the environment, and in a hash of the profile.
Here they are replaced. Were one forgotten, dbt would parse again: slow, never wrong.
"""

from __future__ import annotations

import os
import pprint
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgpack
import yaml
from filelock import FileLock

from rcm_platform.settings import Settings
from rcm_platform.warehouse import project as dbt_project

STATE = "partial_parse.msgpack"


@dataclass(frozen=True)
class Paths:
    """What the project reads and writes."""

    lake: Path
    persons: Path
    warehouse: Path

    @classmethod
    def of(cls, settings: Settings) -> Paths:
        """Those of an installation."""
        return cls(settings.lake_dir, settings.persons_dir, settings.warehouse_path)

    @property
    def environment(self) -> dict[str, str]:
        """As dbt finds them."""
        return {
            "RCM_LAKE": str(self.lake),
            "RCM_PERSONS": str(self.persons),
            "RCM_WAREHOUSE": str(self.warehouse),
        }


@dataclass(frozen=True)
class ParsedProject:
    """The home whose parse all others get."""

    settings: Settings

    @classmethod
    def made_once(cls, home: Path) -> ParsedProject:
        """Parse the project in a home, unless another test worker did."""
        home.mkdir(parents=True, exist_ok=True)
        settings = Settings(home=home, world_size="tiny")
        with FileLock(home / "parsed.lock"):
            dbt_project.prepared_manifest(settings)
            made = cls(settings)
            if not (without_world := Settings(home=home, world=False)).dbt_target_dir.exists():
                made.give_to(without_world)
        return made

    @cached_property
    def _state(self) -> dict[str, Any]:
        found = (self.settings.dbt_target_dir / STATE).read_bytes()
        state: dict[str, Any] = msgpack.unpackb(found)
        return state

    def write_state(self, target: Path, paths: Paths) -> None:
        """What dbt keeps of the parse, into the target folder of a command with these paths."""
        replaced = dict(
            zip(
                Paths.of(self.settings).environment.values(),
                paths.environment.values(),
                strict=True,
            )
        )
        check = self._state["state_check"]
        checksum = _profile_hash(self.settings.project_dir, paths.warehouse)
        hashed = {**check["profile_hash"], "checksum": checksum}
        target.mkdir(parents=True, exist_ok=True)
        (target / STATE).write_bytes(
            msgpack.packb(
                {
                    **self._state,
                    "sources": _replace(self._state["sources"], replaced),
                    "env_vars": _replace(self._state["env_vars"], replaced),
                    "state_check": {**check, "profile_hash": hashed},
                }
            )
        )

    def give_to(self, settings: Settings) -> None:
        """All that an installation finds after it has parsed the project itself."""
        target = settings.dbt_target_dir
        if target == self.settings.dbt_target_dir:
            return
        paths = Paths.of(settings)
        for folder in (target, dbt_project.run_target(settings)):
            self.write_state(folder, paths)
        manifest = (self.settings.dbt_target_dir / "manifest.json").read_text()
        own = Paths.of(self.settings)
        for old, new in zip(own.environment.values(), paths.environment.values(), strict=True):
            manifest = manifest.replace(old, new)
        (target / "manifest.json").write_text(manifest)
        (target / "manifest.sha256").write_text(dbt_project.fingerprint(settings))


def _replace(value: Any, replaced: dict[str, str]) -> Any:
    """A value with other paths in its texts."""
    if isinstance(value, dict):
        return {key: _replace(item, replaced) for key, item in value.items()}
    if isinstance(value, list):
        return [_replace(item, replaced) for item in value]
    if isinstance(value, str):
        for old, new in replaced.items():
            value = value.replace(old, new)
    return value


def _profile_hash(project: Path, warehouse: Path) -> str:
    """As `ManifestLoader.build_manifest_state_check` of dbt makes it."""
    # here, as most tests need no dbt and it takes seconds to import
    from dbt.adapters.duckdb.credentials import DuckDBCredentials
    from dbt.artifacts.resources import FileHash

    profile = yaml.safe_load((project / "profiles.yml").read_text())["rcm_dbt"]
    given = {**profile["outputs"]["duckdb"], "path": os.fspath(warehouse)}
    del given["type"]
    credentials = DuckDBCredentials.from_dict(DuckDBCredentials.translate_aliases(given))
    known = sorted(credentials.connection_info())
    return str(FileHash.from_contents(pprint.pformat(known)).checksum)
