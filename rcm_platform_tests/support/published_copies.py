"""The finished run as further versions of another home."""

from __future__ import annotations

import shutil

import duckdb

from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import Built


def prepare(built: Built, home: Settings, number: int, open_dollars: str) -> versions.Version:
    """The finished run as another version, in which each open claim has these dollars; it is not
    yet the current one."""
    source = versions.current(built.settings.published_dir)
    assert source
    name = f"{number:05d}-2025-12-31"
    folder = home.published_dir / name
    shutil.copytree(built.settings.published_dir / source.version, folder)
    for file in folder.glob("*.duckdb"):
        file.chmod(0o644)
        with duckdb.connect(str(file)) as con:
            con.execute("update published_version set version = ?", [name])
            if file.stem == "operations":
                con.execute(
                    f"update mart_claim_priority_queue set outstanding_amount = {open_dollars}"
                )
    return versions.Version(name, "2025-12-31")


def publish(built: Built, home: Settings, number: int, open_dollars: str) -> versions.Version:
    """The same, as the current one."""
    version = prepare(built, home, number, open_dollars)
    versions._point(home.published_dir, version)
    return version
