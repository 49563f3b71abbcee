"""The dbt project, parsed once for all homes of a user, wherever they are.

A parse takes longer than the build of a small home. What dbt keeps of it is bound to the paths that
it was made with: they stand in the sources, in the variables of the environment, and in a hash of
the profile. Here they are replaced. Were one forgotten, dbt would parse again: slow, never wrong.
"""

from __future__ import annotations

import hashlib
import json
import os
import pprint
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgpack
import platformdirs

from rcm_platform.settings import Settings

MANIFEST = "manifest.json"
STATE = "partial_parse.msgpack"
_ORIGIN = "origin.json"
_KEPT = 3
"""Parses that stay in the cache: one for each project, as it was last."""

# what dbt hashes of the profile, told by dbt itself, in a process of its own: it takes seconds to
# import
_CONNECTION = """
import json, sys, yaml
from dbt.adapters.duckdb.credentials import DuckDBCredentials
with open(sys.argv[1]) as profiles:
    given = yaml.safe_load(profiles)["rcm_dbt"]["outputs"]["duckdb"]
del given["type"]
given["path"] = sys.argv[2]
found = DuckDBCredentials.from_dict(DuckDBCredentials.translate_aliases(given))
print(json.dumps(sorted(found.connection_info())))
"""


@dataclass(frozen=True)
class Paths:
    """What the project reads and writes."""

    lake: str
    persons: str
    warehouse: str

    @classmethod
    def of(cls, settings: Settings) -> Paths:
        """Those of an installation."""
        places = (settings.lake_dir, settings.persons_dir, settings.warehouse_path)
        return cls(*map(os.fspath, places))

    @property
    def environment(self) -> dict[str, str]:
        """As dbt finds them."""
        return {
            "RCM_LAKE": self.lake,
            "RCM_PERSONS": self.persons,
            "RCM_WAREHOUSE": self.warehouse,
        }


@dataclass(frozen=True)
class ParsedProject:
    """A folder with the manifest of a parse, and with dbt's state after it."""

    folder: Path

    @classmethod
    def of(cls, project: str) -> ParsedProject | None:
        """The parse of a project, by its hash, in another home of this user; None: none is kept."""
        found = cls(_cache(project))
        return found if (found.folder / _ORIGIN).exists() else None

    @classmethod
    def keep(cls, settings: Settings, project: str) -> None:
        """Keep what an installation has just parsed, for other homes. A cache that cannot be
        written keeps nothing."""
        with suppress(OSError):
            place = _cache(project)
            made = place.with_name(f"{place.name}.{os.getpid()}")
            made.mkdir(parents=True)
            try:
                for name in (MANIFEST, STATE):
                    shutil.copy(settings.dbt_target_dir / name, made)
                paths = Paths.of(settings)
                origin = {**asdict(paths), "connection": _connection(settings, paths)}
                (made / _ORIGIN).write_text(json.dumps(origin))
                if cls(made)._is_as_dbt_has_it():
                    made.rename(place)
            finally:
                shutil.rmtree(made, ignore_errors=True)
            others = sorted(place.parent.iterdir(), key=lambda each: each.stat().st_mtime)
            for old in others[:-_KEPT]:
                shutil.rmtree(old, ignore_errors=True)

    def give_state(self, target: Path, paths: Paths) -> None:
        """Write dbt's state into the target folder of a command with these paths."""
        check = self._state["state_check"]
        hashed = {**check["profile_hash"], "checksum": self._profile_hash(paths)}
        target.mkdir(parents=True, exist_ok=True)
        (target / STATE).write_bytes(
            msgpack.packb(
                {
                    **self._state,
                    "sources": _replace(self._state["sources"], self._in_sql(paths)),
                    "env_vars": _replace(self._state["env_vars"], self._replaced(paths)),
                    "state_check": {**check, "profile_hash": hashed},
                }
            )
        )

    def give_manifest(self, target: Path, paths: Paths) -> None:
        """Write the manifest, as a parse with these paths would have made it."""
        manifest = (self.folder / MANIFEST).read_text()
        for old, new in self._in_sql(paths).items():
            manifest = manifest.replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1])
        target.mkdir(parents=True, exist_ok=True)
        (target / MANIFEST).write_text(manifest)

    @cached_property
    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = msgpack.unpackb((self.folder / STATE).read_bytes())
        return state

    @cached_property
    def _origin(self) -> dict[str, Any]:
        origin: dict[str, Any] = json.loads((self.folder / _ORIGIN).read_text())
        return origin

    @property
    def _paths(self) -> Paths:
        return Paths(*(self._origin[name] for name in ("lake", "persons", "warehouse")))

    def _replaced(self, paths: Paths) -> dict[str, str]:
        own = self._paths.environment.values()
        return dict(zip(own, paths.environment.values(), strict=True))

    def _in_sql(self, paths: Paths) -> dict[str, str]:
        """The same as they stand between the quotes of a query."""
        replaced = self._replaced(paths).items()
        return {old.replace("'", "''"): new.replace("'", "''") for old, new in replaced}

    def _profile_hash(self, paths: Paths) -> str:
        """As `ManifestLoader.build_manifest_state_check` of dbt makes it."""
        known = [
            (name, paths.warehouse if name == "path" else value)
            for name, value in self._origin["connection"]
        ]
        return hashlib.sha256(pprint.pformat(known).encode()).hexdigest()

    def _is_as_dbt_has_it(self) -> bool:
        found = self._state["state_check"]["profile_hash"]["checksum"]
        return bool(self._profile_hash(self._paths) == found)


def _cache(project: str) -> Path:
    return platformdirs.user_cache_path("rcm_platform") / "parsed_project" / project


def _connection(settings: Settings, paths: Paths) -> list[tuple[str, Any]]:
    profiles = settings.project_dir / "profiles.yml"
    told = subprocess.run(
        [sys.executable, "-c", _CONNECTION, profiles, paths.warehouse],
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(told.stdout) if not told.returncode else []


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
