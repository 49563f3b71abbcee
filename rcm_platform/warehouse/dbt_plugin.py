"""A plugin of dbt-duckdb: what runs within dbt.

What DuckDB says of a failed statement goes into logs, results and alerts without the values of the
row, which may name a person. And what no log shows is not put into words: dbt does so for each of
its messages, some fifteen a node, and then drops most for their level.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager_client import get_event_manager

from rcm_platform.sources.duckdb_errors import discreet

_exception_handler = DuckDBConnectionManager.exception_handler


@contextmanager
def _discreet(
    self: DuckDBConnectionManager, sql: str, connection_name: str = "master"
) -> Iterator[Any]:
    with _exception_handler(self, sql, connection_name), discreet():
        yield


def _make_only_messages_that_are_shown() -> None:
    """A message that no log shows is dropped before it is put into words."""
    manager = get_event_manager()
    if any(logger.level == EventLevel.DEBUG for logger in manager.loggers):
        return
    fire_event = manager.fire_event

    def fire_if_shown(e: BaseEvent, level: EventLevel | None = None, *args: Any, **kw: Any) -> None:
        if (level or e.level_tag()) != EventLevel.DEBUG:
            fire_event(e, level, *args, **kw)

    manager.fire_event = fire_if_shown  # type: ignore[method-assign]


class Plugin(BasePlugin):
    """Loaded by profiles.yml."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        DuckDBConnectionManager.exception_handler = _discreet  # type: ignore[method-assign]
        _make_only_messages_that_are_shown()
