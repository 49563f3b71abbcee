"""The store of what people did about claims: entries are added, and nothing is ever altered.

An SQLite file in RCM_HOME, or where RCM_DESK_URL says so a PostgreSQL. Who adds waits for who adds
before, so that the numbers of entries have no gap and are seen in their order: whoever has read up
to one has read all before it.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from rcm_platform.desk import entries
from rcm_platform.desk.entries import Entry
from rcm_platform.publish import versions
from rcm_platform.settings import Settings, redact
from rcm_platform.sources.base import ExceptionDecision
from rcm_platform.sources.desk import DECISIONS_TABLE, STORE_TABLE

VERSION_TABLE = "desk_store_version"
"""Where the store says which of the migrations it has seen."""
LATEST = "0002"
"""The last of the migrations."""

_WAIT_SECONDS = 5
_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 5_316_020
"""Of PostgreSQL: held by whoever brings the store up to date."""

_TABLES = sa.MetaData()
ENTRIES = sa.Table(
    STORE_TABLE,
    _TABLES,
    sa.Column("entry_id", sa.Text, primary_key=True),
    sa.Column("claim_key", sa.Text, nullable=False),
    sa.Column("source_system", sa.Text, nullable=False),
    sa.Column("claim_id", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("note", sa.Text),
    sa.Column("follow_up_date", sa.Date),
    sa.Column("assigned_to", sa.Text),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("made_at", sa.DateTime, nullable=False),
    sa.Column("effective_date", sa.Date, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False, unique=True),
)
"""The table, with the columns of an Entry in their order; the migrations make it."""

DECISIONS = sa.Table(
    DECISIONS_TABLE,
    _TABLES,
    sa.Column("decision_id", sa.Text, primary_key=True),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("rule_id", sa.Text, nullable=False),
    sa.Column("source_system", sa.Text, nullable=False),
    sa.Column("record_type", sa.Text, nullable=False),
    sa.Column("record_id", sa.Text),
    sa.Column("source_file", sa.Text),
    sa.Column("source_position", sa.Text),
    sa.Column("remit_payment_key", sa.Text),
    sa.Column("until_date", sa.Date),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", sa.DateTime, nullable=False),
    sa.Column("arrival_date", sa.Date, nullable=False),
)
"""The table of decisions about exceptions, with the columns of an ExceptionDecision."""


class StoreUnavailable(Exception):  # noqa: N818 (a state of the world, not a programming error)
    """The store is locked, gone or cannot be reached. Nothing was stored; the message says what to
    do."""


class ChangedSince(Exception):  # noqa: N818 (reads as what happened)
    """Somebody else made entries on the claim since the person looked; nothing was stored."""

    def __init__(self, since: Sequence[Entry], labels: str) -> None:
        last = since[-1]
        super().__init__(
            f"{last.made_by} made an entry on this claim on {last.made_at:%Y-%m-%d at %H:%M} UTC: "
            f"{labels}. Yours is not stored yet. Read what is new, then save yours again or leave "
            "it."
        )
        self.since = tuple(since)
        """What is new, the latest last."""


class Store:
    """The entries. Every method raises StoreUnavailable where the store does not answer."""

    def __init__(self, engine: sa.Engine, settings: Settings) -> None:
        self._engine = engine
        self._adding = engine.execution_options(adds=True)
        self._settings = settings

    @classmethod
    def open(cls, settings: Settings) -> Store:
        """The store of these settings, made or brought up to date where it has to be."""
        store = cls(_engine(settings), settings)
        if not settings.desk_url and not settings.desk_path.exists():
            with _said(settings):
                settings.desk_path.parent.mkdir(parents=True, exist_ok=True)
                # it holds what the lake holds: for its owner only
                os.close(os.open(settings.desk_path, os.O_CREAT | os.O_WRONLY, 0o600))
        store._bring_up_to_date()
        return store

    def add(
        self,
        *,
        claim_key: str,
        source_system: str,
        claim_id: str,
        action: str,
        made_by: str,
        effective_date: date | None = None,
        outcome: str | None = None,
        note: str | None = None,
        follow_up_date: date | None = None,
        assigned_to: str | None = None,
        entry_id: str | None = None,
        seen: int | None = None,
        even_if_changed: bool = False,
    ) -> Entry:
        """Add an entry, and say what was stored: when this returns it is kept for good.

        `effective_date` is the day of the figures that the person has before them, by default that
        of the published version. With an
        `entry_id` it may be repeated: an entry that is there already is not added again. `seen` is
        the last sequence on this claim that the person has seen (0 for none): where somebody else
        made an entry since, ChangedSince is raised, unless `even_if_changed`.

        Raises EntryRefused for what cannot be stored.
        """
        known = entries.actions(self._settings.project_dir)
        entry = entries.validated(
            Entry(
                entry_id=entry_id or uuid.uuid4().hex,
                claim_key=claim_key,
                source_system=source_system,
                claim_id=claim_id,
                action=action,
                outcome=outcome,
                note=note,
                follow_up_date=follow_up_date,
                assigned_to=assigned_to,
                made_by=made_by,
                made_at=datetime.now(UTC).replace(microsecond=0),
                effective_date=self._day(effective_date),
                sequence=0,
            ),
            known,
        )
        with self._transaction(self._adding) as con:
            if con.dialect.name == "postgresql":
                con.exec_driver_sql(f"lock table {ENTRIES.name} in exclusive mode")
            if there := _entries(con, ENTRIES.c.entry_id == entry.entry_id):
                return _same(there[0], entry)
            if seen is not None and not even_if_changed:
                is_new = sa.and_(
                    ENTRIES.c.claim_key == entry.claim_key,
                    ENTRIES.c.sequence > seen,
                    ENTRIES.c.made_by != entry.made_by,
                )
                if since := _entries(con, is_new):
                    action_of = known.get(since[-1].action)
                    raise ChangedSince(since, action_of.label if action_of else since[-1].action)
            last = con.scalar(sa.select(sa.func.coalesce(sa.func.max(ENTRIES.c.sequence), 0)))
            entry = replace(entry, sequence=int(last or 0) + 1)
            con.execute(ENTRIES.insert(), _row(entry))
        return entry

    def of_claim(self, claim_key: str) -> list[Entry]:
        """All entries on a claim, the latest last."""
        with self._transaction(self._engine) as con:
            return _entries(con, ENTRIES.c.claim_key == claim_key)

    def recent(self, made_by: str | None = None, limit: int = 100) -> list[Entry]:
        """The latest entries, of one person or of all, the latest first."""
        mine = sa.true() if made_by is None else ENTRIES.c.made_by == made_by
        with self._transaction(self._engine) as con:
            return _entries(con, mine, newest_first=True, limit=limit)

    def since(self, sequence: int, limit: int | None = None) -> list[Entry]:
        """The entries after one, the latest last: after the last that a published version holds,
        those that wait for the next run."""
        with self._transaction(self._engine) as con:
            return _entries(con, ENTRIES.c.sequence > sequence, limit=limit)

    def decide(self, settings: Settings, decisions: Sequence[ExceptionDecision]) -> None:
        """Keep decisions about exceptions until the next load takes them to the lake: what
        `operate.exceptions` is given as `keep`, by whoever cannot wait for a run to end.

        Raises EntryRefused for a decision without a reason.
        """
        rows = [
            _columns(
                replace(
                    decision,
                    reason=str(
                        entries.checked_text(
                            "reason", decision.reason, True, entries.MOST_REASON_CHARACTERS
                        )
                    ),
                    arrival_date=self._day(decision.arrival_date),
                )
            )
            for decision in decisions
        ]
        with self._transaction(self._adding) as con:
            con.execute(DECISIONS.insert(), rows)

    def decisions(self, since: datetime | None = None) -> list[ExceptionDecision]:
        """The decisions after a moment (UTC), or all; the latest last."""
        names = [field.name for field in fields(ExceptionDecision)]
        query = sa.select(*(DECISIONS.c[name] for name in names)).order_by(
            DECISIONS.c.decided_at, DECISIONS.c.decision_id
        )
        if since:
            query = query.where(DECISIONS.c.decided_at > since.replace(tzinfo=None))
        with self._transaction(self._engine) as con:
            return [ExceptionDecision(**row) for row in con.execute(query).mappings()]

    def take_over(self, other: Store) -> tuple[int, int]:
        """Add what another store holds, all of it or nothing; how many entries and decisions were
        new. What is here already stays as it is, so that it may be repeated.

        Raises EntryRefused where an entry here says something else under the same number.
        """
        brought, decided = other.since(0), other.decisions()
        with self._transaction(self._adding) as con:
            if con.dialect.name == "postgresql":
                con.exec_driver_sql(f"lock table {ENTRIES.name} in exclusive mode")
            known = {entry.entry_id: entry for entry in _entries(con, sa.true())}
            last = max((entry.sequence for entry in known.values()), default=0)
            new = [entry for entry in brought if entry.entry_id not in known]
            for entry in brought:
                if there := known.get(entry.entry_id):
                    _same(there, entry)
            rows = [
                _row(replace(entry, sequence=number)) for number, entry in enumerate(new, last + 1)
            ]
            is_there = set[str](con.scalars(sa.select(DECISIONS.c.decision_id)))
            decisions = [_columns(one) for one in decided if one.decision_id not in is_there]
            if rows:
                con.execute(ENTRIES.insert(), rows)
            if decisions:
                con.execute(DECISIONS.insert(), decisions)
        return len(rows), len(decisions)

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()

    def _day(self, day: date | None) -> date:
        """The day of the figures; it is never one after those that are published, as an entry is
        about what there is. Raises EntryRefused."""
        present = versions.current(self._settings.published_dir)
        published = date.fromisoformat(present.as_of) if present else None
        if day is None:
            if published is None:
                raise entries.EntryRefused(
                    "No figures are published yet, so there is no claim to make an entry on. Run "
                    "`rcm run` first."
                )
            return published
        return min(day, published) if published else day

    @contextmanager
    def _transaction(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        path = self._settings.desk_path
        if not self._settings.desk_url and not path.exists():
            # to open it would make an empty one, and hide that the entries are gone
            raise StoreUnavailable(
                f"The file of the desk's entries, {path}, is gone; nothing was stored. Bring it "
                "back from the last `rcm backup`, or start the desk anew to begin with none."
            )
        with _said(self._settings), engine.begin() as con:
            yield con

    def _bring_up_to_date(self) -> None:
        if (found := self._version()) == LATEST:
            return
        known = {path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("*.py")}
        if found and found not in known:
            raise StoreUnavailable(
                f"The desk's entries in {_place(self._settings)} were written by a newer version "
                "of this platform. Install that version, or point RCM_DESK_URL elsewhere."
            )
        import alembic.command
        import alembic.config

        config = alembic.config.Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        with self._transaction(self._adding) as con:
            if con.dialect.name == "postgresql":
                con.exec_driver_sql(f"select pg_advisory_xact_lock({_LOCK})")
            config.attributes["connection"] = con
            alembic.command.upgrade(config, "head")

    def _version(self) -> str | None:
        with self._transaction(self._engine) as con:
            if not sa.inspect(con).has_table(VERSION_TABLE):
                return None
            return con.scalar(sa.text(f"select version_num from {VERSION_TABLE}"))


def _engine(settings: Settings) -> sa.Engine:
    if settings.desk_url:
        try:
            return sa.create_engine(
                sa.make_url(settings.desk_url).set(drivername="postgresql+psycopg2"),
                pool_size=2,
                pool_pre_ping=True,
                connect_args={
                    "connect_timeout": _WAIT_SECONDS,
                    "options": f"-c lock_timeout={_WAIT_SECONDS}s",
                },
            )
        except ImportError as problem:
            raise StoreUnavailable(
                "RCM_DESK_URL names a PostgreSQL, and its driver is not installed: install "
                "rcm-platform[deploy]."
            ) from problem
        except ArgumentError as problem:
            raise StoreUnavailable(f"RCM_DESK_URL ({redact(settings.desk_url)}) is no URL.") from (
                problem
            )
    engine = sa.create_engine(
        f"sqlite:///{settings.desk_path}",
        # a file that was put back in place of another must not be written through an old handle
        poolclass=NullPool,
        connect_args={"timeout": _WAIT_SECONDS},
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # transactions begin below, where it is said how
        connection.execute("pragma journal_mode = wal")  # readers and a writer do not wait
        connection.execute("pragma synchronous = full")  # what is stored outlives a power cut

    @sa.event.listens_for(engine, "begin")
    def _begin(con: sa.Connection) -> None:
        adds = con.get_execution_options().get("adds")
        con.exec_driver_sql("begin immediate" if adds else "begin")

    return engine


@contextmanager
def _said(settings: Settings) -> Iterator[None]:
    """What a database says is not passed on: it may hold values of rows or a password."""
    try:
        yield
    except (SQLAlchemyError, OSError) as problem:
        raise StoreUnavailable(
            f"The desk's entries in {_place(settings)} cannot be read or written now "
            f"({_why(problem)}); nothing was stored. Try again; if it stays so, see that "
            f"{'the database answers' if settings.desk_url else 'the file can be written'}."
        ) from problem


def _why(problem: Exception) -> str:
    text = str(getattr(problem, "orig", problem)).lower()
    for said, why in _REASONS.items():
        if said in text:
            return why
    return type(problem).__name__


_REASONS = {
    "locked": "it is locked by another process",
    "lock timeout": "it is locked by another process",
    "not a database": "it is no database",
    "malformed": "it is damaged",
    "readonly": "it may only be read",
    "permission denied": "it may not be opened",
    "unable to open": "it cannot be opened",
    "disk is full": "the disk is full",
    "no such table": "it holds no entries",
    "does not exist": "it is not there",
    "authentication failed": "the database refuses the login",
    "refused": "nothing answers there",
    "timeout": "nothing answers there",
    "could not translate host name": "no such host",
}
"""What a database says → what it means."""


def _place(settings: Settings) -> str:
    return redact(settings.desk_url) if settings.desk_url else str(settings.desk_path)


def _entries(
    con: sa.Connection,
    condition: sa.ColumnElement[bool],
    *,
    newest_first: bool = False,
    limit: int | None = None,
) -> list[Entry]:
    order = ENTRIES.c.sequence.desc() if newest_first else ENTRIES.c.sequence.asc()
    rows = con.execute(sa.select(ENTRIES).where(condition).order_by(order).limit(limit))
    found = [Entry(**row._asdict()) for row in rows]
    return [replace(entry, made_at=entry.made_at.replace(tzinfo=UTC)) for entry in found]


def _row(entry: Entry) -> dict[str, Any]:
    names = [field.name for field in fields(Entry)]
    row = dict(zip(names, astuple(entry), strict=True))
    return row | {"made_at": entry.made_at.replace(tzinfo=None)}


def _columns(decision: ExceptionDecision) -> dict[str, Any]:
    return {column.name: getattr(decision, column.name) for column in DECISIONS.columns}


def _same(there: Entry, entry: Entry) -> Entry:
    """The entry that is there, if it is the same. Raises EntryRefused."""
    if replace(entry, made_at=there.made_at, sequence=there.sequence) != there:
        raise entries.EntryRefused(
            "Another entry has this number already, and says something else. Save it under a new "
            "number."
        )
    return there
