"""Dagster's own SQLite files, with the connections to them kept open.

Dagster opens and closes a file for each event and each look, and each close writes the whole log
of changes into the file and waits for the disk: more than half of the time of a small run, and of
what an idle daemon costs. Here a file stays open while it is in use, and a commit waits for the
disk only when the log of changes is written into the file. A killed process loses nothing; after a
power failure the last events may be missing, the file is whole.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS, create_db_conn_string
from dagster._core.storage.sqlite_storage import (
    DagsterSqliteStorage,
    _event_logs_directory,
    _runs_directory,
    _schedule_directory,
)
from dagster._serdes import ConfigurableClassData
from sqlalchemy import create_engine, event
from sqlalchemy.pool import QueuePool

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

KEPT = 4
"""Files that stay open: that of all runs, and of the last runs that were asked for."""


class EventLog(sqlite_event_log.SqliteEventLogStorage):
    """The event log, a file for each run and one for all."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._tables = set[str]()
        super().__init__(base_dir, inst_data)

    def has_table(self, table_name: str) -> bool:
        """Whether the file of all runs has a table; it is asked for each check that is stored."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            with engine.connect() as connection, connection.begin():
                yield connection
            # the UI follows a run by the times of its file, which a log of changes leaves alone
            os.utime(self.path_for_shard(shard))

    def _engine(self, shard: str) -> Engine:
        """The open file of a shard. The caller holds the lock, so one connection is enough."""
        if not os.path.exists(self.path_for_shard(shard)):  # noqa: PTH110 (as in Dagster)
            # new, or removed with its run
            self._initialized_dbs.discard(shard)
            self._close(shard)
        if shard not in self._engines:
            self._engines[shard] = _open(self.conn_string_for_shard(shard))
        if shard not in self._initialized_dbs:
            self._initdb(self._engines[shard])
            self._initialized_dbs.add(shard)
        self._engines.move_to_end(shard)
        if len(self._engines) > KEPT:
            self._close(next(iter(self._engines)))
        return self._engines[shard]

    def _close(self, shard: str) -> None:
        if engine := self._engines.pop(shard, None):
            engine.dispose()

    def dispose(self) -> None:
        super().dispose()
        with self._db_lock:
            for shard in list(self._engines):
                self._close(shard)


class KeptOpen:
    """One file, that stays open between two queries."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        # whoever serves many asks by many threads
        self._engine = _open(conn_string, max_overflow=-1)
        super().__init__(conn_string, inst_data)  # type: ignore[call-arg]

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with self._engine.connect() as connection, connection.begin():
            yield connection

    def dispose(self) -> None:
        super().dispose()  # type: ignore[misc]
        self._engine.dispose()


class Runs(KeptOpen, SqliteRunStorage):
    """Runs and heartbeats."""


class Schedules(KeptOpen, SqliteScheduleStorage):
    """What schedules and sensors did."""


class Storage(DagsterSqliteStorage):
    """Runs, events and schedules in SQLite files, as Dagster lays them out."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        # not Dagster's own, which opens files that are then not used
        super(DagsterSqliteStorage, self).__init__()
        self.base_dir, self._inst_data = base_dir, inst_data
        self._run_storage = _kept_open(Runs, _runs_directory(base_dir), "runs")
        self._schedule_storage = _kept_open(Schedules, _schedule_directory(base_dir), "schedules")
        self._event_log_storage = EventLog(_event_logs_directory(base_dir))

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> Storage:
        return cls.from_local(inst_data=inst_data, **config_value)


def _kept_open(kind: Any, folder: str, name: str) -> Any:
    """The storage of a file. That it is of this version is looked at once in each process: a code
    server opens everything anew for each look of a sensor."""
    if folder in _LOOKED_AT and Path(folder, f"{name}.db").exists():
        return kind(create_db_conn_string(folder, name))
    found = kind.from_local(folder)
    _LOOKED_AT.add(folder)
    return found


_LOOKED_AT = set[str]()


def _open(url: str, max_overflow: int = 1) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=max_overflow,
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def waits_less(connection: Any, _record: Any) -> None:
        connection.execute("pragma synchronous = normal")

    return engine
