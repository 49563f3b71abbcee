"""Write, audit, publish: readers always see a whole, dated, proven version.

Each version is a folder of read-only DuckDB files, one per audience; `current.json` names the one
that readers open. It is replaced atomically, so a reader sees the old version or the new one. A
version begins as a copy of the one before, of which the tables are written that have changed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]

POINTER = "current.json"
HOLD = "held.json"
CONFIRMED = "confirmed.json"
CONTENTS = "contents.json"
KEPT_VERSIONS = 5
MUCH_CHANGED = 0.5
"""From this share of changed rows on, a file is written new: smaller, without the room that the old
rows took."""

# the format that DuckDB 1.3 and later read; the default one is of 0.10, larger and slower to write
STORAGE_VERSION = "v1.3.0"


class AuditFailed(Exception):  # noqa: N818 (reads as what happened)
    """What was written is not what stands in the warehouse; nothing was published."""


@dataclass(frozen=True)
class Relation:
    """A table of the warehouse, without the columns that its readers may not see."""

    schema: str
    name: str
    withheld: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f'"{self.schema}"."{self.name}"'

    @property
    def columns(self) -> str:
        """What to select from the whole table."""
        names = ", ".join(f'"{column}"' for column in self.withheld)
        return f"* exclude ({names})" if names else "*"


@dataclass(frozen=True)
class Version:
    """One published version; `as_of` is the date its figures are of."""

    version: str
    as_of: str
    is_current: bool = False

    def path(self, folder: Path, audience: str) -> Path:
        return folder / self.version / f"{audience}.duckdb"

    def published_at(self, folder: Path) -> datetime:
        """When it was written, in UTC."""
        return datetime.fromtimestamp((folder / self.version).stat().st_mtime, UTC)


@dataclass(frozen=True)
class Hold:
    """A later state that was not published: as of when, noticed when (UTC), and why."""

    as_of: str
    held_at: str
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return f"a run as of {self.as_of} was not published ({'; '.join(self.reasons)})"


def relations_for(
    manifest: Mapping[str, Any],
    audience: str,
    withheld: Mapping[str, tuple[str, ...]] | None = None,
) -> list[Relation]:
    """The models and seeds whose dbt meta names this audience, without the columns `withheld`
    (model → columns)."""
    return sorted(
        (
            Relation(node["schema"], node["alias"], (withheld or {}).get(name, ()))
            for name, node in manifest["nodes"].items()
            if node["resource_type"] in ("model", "seed")
            and audience in node["config"].get("meta", {}).get("audience", [])
        ),
        key=str,
    )


def publish(
    warehouse: Path,
    folder: Path,
    audiences: Mapping[str, Sequence[Relation]],
    as_of: date,
    facts: Mapping[str, object] | None = None,
    memory_limit: str = "4GB",
) -> Version:
    """Copy each audience's relations into a new version, audit what was written, and point readers
    to it.

    `facts` are kept in the table `published_version` of each file. `memory_limit` is what DuckDB
    may take, in its own words; beyond it, it writes to disk. A version of an older as-of date than
    the current one is written but never pointed to. Raises AuditFailed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    number = max((_number(path) for path in _version_folders(folder)), default=0) + 1
    version = Version(f"{number:05d}-{as_of}", as_of.isoformat())
    writing = folder / f".writing-{version.version}"
    shutil.rmtree(writing, ignore_errors=True)
    writing.mkdir()
    stated = {"version": version.version, "as_of": version.as_of, **(facts or {})}
    contents = {audience: _contents(warehouse, of) for audience, of in audiences.items()}
    (writing / CONTENTS).write_text(json.dumps(contents))
    last = current(folder)

    def write(con: duckdb.DuckDBPyConnection, audience: str) -> None:
        file, relations = writing / f"{audience}.duckdb", audiences[audience]
        same = _copy_of_last(folder, last, audience, contents[audience], file) if last else set()
        changed = [relation for relation in relations if str(relation) not in same]
        with con.cursor() as own:
            _write(own, file, changed, stated)
            _audit(own, file, changed)

    with (
        TemporaryDirectory(prefix=".writing-", dir=folder) as spill,
        duckdb.connect(config={"memory_limit": memory_limit, "temp_directory": spill}) as con,
        # DuckDB compresses what it writes with one thread
        ThreadPoolExecutor(len(audiences), "publish") as writers,
    ):
        con.execute(f"attach '{_quoted(warehouse)}' as warehouse (read_only)")
        list(writers.map(partial(write, con), audiences))
    writing.rename(folder / version.version)

    present = current(folder)
    if present is None or present.as_of <= version.as_of:
        _point(folder, version)
        (folder / HOLD).unlink(missing_ok=True)
    _prune(folder)
    return next(v for v in versions(folder) if v.version == version.version)


def rollback(folder: Path, to: str | None = None) -> Version:
    """Point readers to an earlier version: the one before the current one, or `to`.

    The next run that passes its checks publishes over it. Raises LookupError when there is no such
    version.
    """
    present, known = current(folder), versions(folder)
    earlier = [v for v in known if present and v.version < present.version]
    wanted = [v for v in known if v.version == to] if to else earlier[:1]
    if not wanted:
        names = ", ".join(v.version for v in known) or "none"
        missing = f"version '{to}'" if to else "earlier version"
        raise LookupError(f"There is no {missing}; on disk: {names}.")
    _point(folder, wanted[0])
    return replace(wanted[0], is_current=True)


def hold(folder: Path, as_of: str, reasons: Sequence[str]) -> Hold:
    """Mark that the current version stays up because a later run could not be published.

    The mark goes with the next version that is published.
    """
    mark = Hold(as_of, datetime.now(UTC).isoformat(timespec="seconds"), tuple(reasons))
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / HOLD, json.dumps(asdict(mark), indent=1))
    return mark


def held(folder: Path) -> Hold | None:
    """What was not published since the current version; None when nothing was held back."""
    path = folder / HOLD
    if not path.exists():
        return None
    content = json.loads(path.read_text())
    return Hold(content["as_of"], content["held_at"], tuple(content["reasons"]))


def confirm(folder: Path, version: Version) -> None:
    """Mark that a run found nothing new, so that it would have published the same again."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    _replace(folder / CONFIRMED, json.dumps({"version": version.version, "at": now}))


def proven_at(folder: Path, version: Version) -> datetime:
    """When a version was written or, if that is later, a run last found nothing new, in UTC."""
    path = folder / CONFIRMED
    if path.exists() and (mark := json.loads(path.read_text()))["version"] == version.version:
        return datetime.fromisoformat(mark["at"])
    return version.published_at(folder)


def current(folder: Path) -> Version | None:
    """The version that readers open; None when nothing was published yet."""
    pointer = folder / POINTER
    return Version(**json.loads(pointer.read_text())) if pointer.exists() else None


def versions(folder: Path) -> list[Version]:
    """Every version on disk, the newest first."""
    now = current(folder)
    found = [
        Version(
            path.name, path.name.partition("-")[2], now is not None and now.version == path.name
        )
        for path in _version_folders(folder)
    ]
    return sorted(found, key=lambda v: v.version, reverse=True)


def open_published(folder: Path, audience: str) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the current version, that can read nothing else.

    Raises FileNotFoundError when nothing was published yet.
    """
    version = current(folder)
    if version is None:
        raise FileNotFoundError(f"Nothing is published in {folder} yet: run `rcm run` first.")
    return duckdb.connect(
        str(version.path(folder, audience)),
        read_only=True,
        config={"enable_external_access": "false", "lock_configuration": "true"},
    )


def rows(folder: Path, audience: str, table: str, limit: int) -> pd.DataFrame:
    """The first rows of a published table, for people to look at; amounts stay exact decimals.

    Raises FileNotFoundError when nothing was published yet, KeyError when there is no such table.
    """
    with open_published(folder, audience) as con:
        tables = [name for (name,) in con.execute("show tables").fetchall()]
        if table not in tables:
            raise KeyError(f"There is no published table '{table}'; there is: {', '.join(tables)}.")
        # by way of Arrow: the direct way to pandas turns a decimal into a float
        found = con.execute(f'select * from "{table}" limit {int(limit)}').to_arrow_table()
    return found.to_pandas()


def _point(folder: Path, version: Version) -> None:
    _replace(folder / POINTER, json.dumps(asdict(version) | {"is_current": True}))


def _replace(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}")
    new.write_text(text)
    new.replace(path)


def _version_folders(folder: Path) -> Iterable[Path]:
    return (p for p in folder.glob("[0-9]*-*") if p.is_dir())


def _number(path: Path) -> int:
    return int(path.name.partition("-")[0])


def _contents(warehouse: Path, relations: Sequence[Relation]) -> dict[str, list[str]]:
    """Relation → what its published table holds: rows, their hash, the columns withheld. Those of
    which it is not noted are left out."""
    with duckdb.connect(str(warehouse), read_only=True) as con:
        noted = con.execute(
            "select table_name from duckdb_tables() where table_name = 'table_contents'"
        ).fetchall()
        query = "select model_id, row_count, row_hash from main.table_contents"
        rows = con.execute(query).fetchall() if noted else []
    known = {model.rpartition(".")[2]: (count, digest) for model, count, digest in rows}
    return {
        str(relation): [*map(str, known[relation.name]), *relation.withheld]
        for relation in relations
        if relation.name in known
    }


def _copy_of_last(
    folder: Path, last: Version, audience: str, contents: Mapping[str, list[str]], file: Path
) -> set[str]:
    """Begin a file as a copy of the last version's, without the tables that have changed; which are
    left. Nothing is copied where there is no such file, most of it has changed, or its readers may
    see something else than before: what is dropped from a file stays in its free space."""
    before, noted = last.path(folder, audience), folder / last.version / CONTENTS
    if not before.exists() or not noted.exists():
        return set()
    known = json.loads(noted.read_text()).get(audience, {})
    if {name: content[2:] for name, content in known.items()} != {
        name: content[2:] for name, content in contents.items()
    }:
        return set()
    same = {name for name, content in contents.items() if known[name] == content}
    rows, left = (sum(int(contents[name][0]) for name in names) for names in (contents, same))
    if left <= rows * (1 - MUCH_CHANGED):
        return set()
    shutil.copyfile(before, file)
    kept = {name.split('"')[3] for name in same}
    with duckdb.connect(str(file)) as con:
        for (table,) in con.execute("show tables").fetchall():
            if table not in kept:
                con.execute(f'drop table main."{table}"')
    return same


def _write(
    con: duckdb.DuckDBPyConnection,
    target: Path,
    relations: Sequence[Relation],
    stated: Mapping[str, object],
) -> None:
    written = f'"{target.stem}"'
    con.execute(f"attach '{_quoted(target)}' as {written} (storage_version '{STORAGE_VERSION}')")
    for relation in relations:
        con.execute(
            f'create table {written}.main."{relation.name}" as '
            f"select {relation.columns} from warehouse.{relation}"
        )
    columns = ", ".join(f'? as "{name}"' for name in stated)
    con.execute(
        f"create table {written}.main.published_version as select {columns}",
        [str(value) for value in stated.values()],
    )
    con.execute(f"checkpoint {written}")
    con.execute(f"detach {written}")
    target.chmod(0o444)


def _audit(con: duckdb.DuckDBPyConnection, target: Path, relations: Sequence[Relation]) -> None:
    published = f'"{target.stem}"'
    con.execute(f"attach '{_quoted(target)}' as {published} (read_only)")
    for relation in relations:
        a, b = (
            con.execute(f"select count(*), bit_xor(hash(t)) from ({query}) as t").fetchall()
            for query in (
                f"select {relation.columns} from warehouse.{relation}",
                f'select * from {published}.main."{relation.name}"',
            )
        )
        if a != b:
            raise AuditFailed(f"{relation.name}: {b} was written, the warehouse has {a}")


def _prune(folder: Path) -> None:
    kept = [v for v in versions(folder) if not v.is_current]
    for version in kept[KEPT_VERSIONS - 1 :]:
        shutil.rmtree(folder / version.version, ignore_errors=True)
    for leftover in folder.glob(".writing-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
