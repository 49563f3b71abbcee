"""A look at each configured source before anything is loaded: what is there, what is missing, what
stays empty without it, and what to do next.

Databases are asked for their tables and columns. Files are read by the readers of a load, into a
lake that is thrown away. Nothing is written, and no value of a row is shown.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import yaml

from rcm_platform.ingest.feeds import FILE_SOURCES, of_users
from rcm_platform.ingest.load import check_place, load_source
from rcm_platform.ingest.quarantine import items
from rcm_platform.lake import Lake
from rcm_platform.settings import Settings, redact
from rcm_platform.sources import column_names, rules
from rcm_platform.sources.attached import AttachedDatabase, NotAnswered
from rcm_platform.sources.base import Progress, SourceUnavailable
from rcm_platform.sources.hospital_tables import THINNER, layouts_of
from rcm_platform.sources.hospitals import Hospital, hospitals
from rcm_platform.sources.tabular import Layout

STEPS = 5
"""How many next steps are told of a source: the likeliest."""


@dataclass(frozen=True)
class TableCheck:
    """A table that models read: rows and types as found, and what of it is missing."""

    name: str
    rows: int | None
    """None where the table is absent."""
    types: Mapping[str, str] = field(default_factory=dict)
    """Column as found → its type there; of files, none: they are text."""
    missing: Sequence[str] = ()
    """Columns that are needed and absent, by their usual names."""
    spare: Sequence[str] = ()
    """Columns of other names, which are read as nothing."""
    suggested: Mapping[str, str] = field(default_factory=dict)
    """Missing column → the one of the table that likely is it."""
    without: str = ""
    """What stays empty while the table is absent, or cannot be loaded."""
    is_needed: bool = False
    """Whether nothing of the source makes sense without it."""
    refusal: str = ""
    """Why the database does not let it be read, in its own words."""

    @property
    def is_loaded(self) -> bool:
        return self.rows is not None and not self.missing


@dataclass
class SourceCheck:
    """What a look at one source found; `steps` are what to do, the most useful first."""

    source: str
    where: str
    """Folder or URL, without its password."""
    problem: str = ""
    """Why nothing of it can be read."""
    tables: list[TableCheck] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """Tables and files that no model reads."""
    held: list[str] = field(default_factory=list)
    """What a load would hold, by rule, in words."""
    steps: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether a load would bring rows, hold none, and miss nothing that is needed."""
        loads = any(table.is_loaded and table.rows for table in self.tables)
        lacks = any(table.is_needed and not table.is_loaded for table in self.tables)
        return loads and not (self.problem or self.held or lacks)


def check(settings: Settings, progress: Progress = None) -> Iterator[SourceCheck]:
    """Every configured source, in the order in which they are loaded."""
    known = hospitals(settings)
    for source, where in of_users(settings).items():
        if source in known:
            try:
                check_place(settings, source)
            except SourceUnavailable as problem:
                yield SourceCheck(source, redact_safely(where), str(problem), steps=[str(problem)])
                continue
            yield check_database(known[source], where)
        else:
            yield _check_files(settings, source, where, progress)


def unset(settings: Settings) -> dict[str, str]:
    """Setting → what cannot be told without it, of the sources that are not configured."""
    there = of_users(settings)
    found = {
        f"RCM_{source.setting.upper()}": source.without
        for name, source in FILE_SOURCES.items()
        if source.setting and name not in there and source.setting != "synthea_dir"
    }
    if "clearinghouse" in there:
        found.pop("RCM_X12_DIR", None)
    for name in hospitals(settings):
        if name not in there:
            found[f"RCM_{name.upper()}_URL"] = (
                f"visits, clinicians, departments and the billing journal of {name} cannot be told"
            )
    return found


def check_database(hospital: Hospital, url: str) -> SourceCheck:
    """The tables of a hospital's database against the layout that its models read."""
    found = SourceCheck(hospital.source_system, redact_safely(url))
    with duckdb.connect() as con:
        try:
            layouts = layouts_of(hospital)
            database = AttachedDatabase(
                con, hospital.source_system, url, layouts, hospital.timezone
            )
            for table, layout in layouts.items():
                found.tables.append(_table_of(database, table, layout))
            found.unread = [name for name in database.tables if name not in layouts]
        except (SourceUnavailable, ValueError) as problem:
            found.problem = str(problem)
    found.steps = [*_database_steps(hospital, found)][:STEPS]
    return found


def redact_safely(url: str) -> str:
    """The URL without its password; nothing of what is no URL."""
    try:
        return redact(url)
    except ValueError:
        return "its URL"


def _table_of(database: AttachedDatabase, table: str, layout: Layout) -> TableCheck:
    without, is_needed = THINNER.get(table, ""), not layout.optional
    refusal = (database.refusal(table) or "") if table in database.tables or is_needed else ""
    if table not in database.tables or refusal:
        return TableCheck(table, None, without=without, is_needed=is_needed, refusal=refusal)
    try:
        columns = layout.named(database.columns(table))
        [(rows,)] = database.ask(f"select count(*) from {database.relation(table)}")
    except NotAnswered as problem:
        return TableCheck(table, None, without=without, is_needed=is_needed, refusal=problem.reason)
    missing = [column.name for column in layout.columns if column.name not in columns]
    spare = [name for name in columns if name not in {c.name for c in layout.columns}]
    return TableCheck(
        table,
        rows,
        {name: kind.lower() for name, (_, kind) in columns.items()},
        tuple(missing),
        tuple(spare),
        column_names.mapping(missing, spare),
        without,
        is_needed,
    )


def _database_steps(hospital: Hospital, found: SourceCheck) -> Iterator[str]:
    name = hospital.source_system
    if found.problem:
        yield found.problem
        return
    mapped = {table.name: table.suggested for table in found.tables if table.suggested}
    if mapped:
        told = "; ".join(
            f"{table}: {', '.join(f'{usual}: {own}' for usual, own in columns.items())}"
            for table, columns in mapped.items()
        )
        yield (
            f"Columns have other names here. Likely, below vars.hospitals.{name}.columns of "
            f"dbt_project.yml: {told}"
        )
    for table in found.tables:
        unknown = [column for column in table.missing if column not in table.suggested]
        if unknown:
            spare = [c for c in table.spare if c not in table.suggested.values()]
            besides = f" (it has {', '.join(spare)} besides)" if spare else ""
            yield (
                f"{table.name} lacks {', '.join(unknown)}, and is not loaded without{besides}: "
                f"name the column that holds it in vars.hospitals.{name}.columns, or read a view "
                "that has it"
            )
    for table in found.tables:
        if table.refusal:
            yield f"{table.name} cannot be read: {table.refusal}"
    absent = [t.name for t in found.tables if t.rows is None and t.is_needed and not t.refusal]
    if absent:
        likely = column_names.mapping(absent, found.unread)
        named = ", ".join(f"{t} ({likely[t]} may be it)" if t in likely else t for t in absent)
        yield (
            f"There is no table {named}: read a view of that name, or another database, schema "
            "or login"
        )
    for table in found.tables:
        if table.rows is None and not table.is_needed and not table.refusal:
            yield f"Without a table {table.name}, {table.without}"


def _check_files(settings: Settings, source: str, where: str, progress: Progress) -> SourceCheck:
    found = SourceCheck(source, where)
    with tempfile.TemporaryDirectory(prefix="rcm-look-") as folder:
        lake = Lake(Path(folder))
        try:
            summary = load_source(settings, lake, source, progress)
        except SourceUnavailable as problem:
            found.problem = str(problem)
            found.steps = [found.problem]
            return found
        found.tables = [TableCheck(name, rows) for name, rows in summary.rows.items()]
        known = rules.rules(settings.project_dir)
        found.held = items.in_words(items.items(lake, only_open=True), known, is_kept=False)
        found.steps = [*summary.messages, *found.held][:STEPS]
    if not summary.files_loaded and not summary.files_quarantined:
        found.problem = f"There is no file that it reads in {where}."
        setting = FILE_SOURCES[source].setting
        found.steps = [f"{found.problem} The folder is set by RCM_{(setting or source).upper()}."]
    return found


def configuration(found: SourceCheck) -> str:
    """The block of a hospital for dbt_project.yml and its setting, of what was found."""
    block: dict[str, object] = {"title": found.source.replace("_", " ")}
    if columns := {table.name: dict(table.suggested) for table in found.tables if table.suggested}:
        block["columns"] = columns
    text = yaml.safe_dump({"vars": {"hospitals": {found.source: block}}}, sort_keys=False)
    return (
        f"# in dbt_project.yml, below what stands there\n{text}\n"
        f"# in .env or the environment, with the password\n"
        f"RCM_{found.source.upper()}_URL={found.where}\n"
    )
