"""The published version that a page shows: one for the whole page, the current one when it began.

A version that is published meanwhile is seen by the next look at a page, without a restart; two are
never mixed in one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

import duckdb
import streamlit as st

from rcm_platform.publish import versions
from rcm_platform.settings import Settings

OPEN_FILES = 6
"""Files that stay open: of each audience the current version, and the one before it."""

CATALOG = "published"

MEMORY = "256MB"
"""What DuckDB may take for a file, whoever looks."""


class NothingPublished(Exception):  # noqa: N818 (reads as what happened)
    """There is no version yet, or none for this audience."""


class VersionGone(Exception):  # noqa: N818
    """The version was removed while a page was made of it."""


@dataclass(frozen=True)
class Published:
    """One version of one audience's file."""

    folder: Path
    version: versions.Version
    audience: str

    @property
    def path(self) -> Path:
        return self.version.path(self.folder, self.audience)

    @property
    def as_of(self) -> date:
        return date.fromisoformat(self.version.as_of)

    @cached_property
    def schema(self) -> Mapping[str, Mapping[str, str]]:
        """Table → column → type: the only identifiers that a query may name."""
        return _schema(str(self.path))

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A read-only cursor of its own. Raises VersionGone."""
        return _cursor(str(self.path))

    def of(self, audience: str) -> Published:
        """The same version as another audience may see it."""
        return Published(self.folder, self.version, audience)


@dataclass(frozen=True)
class Age:
    """How old the figures are, and what keeps newer ones back."""

    hours: int
    is_stale: bool
    held: str | None


def open_current(settings: Settings, audience: str) -> Published:
    """The version that is current now. Raises NothingPublished."""
    version = versions.current(settings.published_dir)
    if version is None or not version.path(settings.published_dir, audience).exists():
        raise NothingPublished
    return Published(settings.published_dir, version, audience)


def age(settings: Settings, published: Published, now: datetime | None = None) -> Age:
    """How long ago a run last found that these figures hold. Raises VersionGone."""
    try:
        proven = versions.proven_at(published.folder, published.version)
    except FileNotFoundError as problem:
        raise VersionGone(published.version.version) from problem
    hours = int(((now or datetime.now(UTC)) - proven).total_seconds() // 3600)
    hold = versions.held(published.folder)
    return Age(hours, hours >= settings.stale_hours, str(hold) if hold else None)


# a connection is no viewer's: what each may read of a file is told by the query (query.py)
@st.cache_resource(show_spinner=False, max_entries=OPEN_FILES)
def _connection(path: str) -> duckdb.DuckDBPyConnection:
    """The file in an engine of its own: the other pages of this process open the same one, and
    DuckDB allows one configuration for all who open a file."""
    con = duckdb.connect(config={"memory_limit": MEMORY})
    quoted = path.replace("'", "''")
    con.execute(f"attach '{quoted}' as {CATALOG} (read_only)")
    con.execute("set enable_external_access = false; set lock_configuration = true")
    return con


def _cursor(path: str) -> duckdb.DuckDBPyConnection:
    try:
        cursor = _connection(path).cursor()
    except (duckdb.IOException, FileNotFoundError) as problem:
        raise VersionGone(Path(path).parent.name) from problem
    cursor.execute(f"use {CATALOG}")
    return cursor


@st.cache_data(show_spinner=False, max_entries=OPEN_FILES)
def _schema(path: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    with _cursor(path) as con:
        rows = con.execute(
            "select table_name, column_name, data_type from information_schema.columns "
            "where table_catalog = ? order by table_name, ordinal_position",
            [CATALOG],
        ).fetchall()
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found
