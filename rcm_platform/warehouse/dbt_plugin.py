"""A plugin of dbt-duckdb: what runs within dbt.

What DuckDB says of a failed statement goes into logs, results and alerts without the values of the
row, which may name a person. And what no log shows is not made into a line of it: dbt does so for
each of its messages, some fifteen a node, and then drops most for their level.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager_client import get_event_manager
from dbt_common.events.logger import Filter

from rcm_platform.sources.duckdb_errors import discreet

_exception_handler = DuckDBConnectionManager.exception_handler


@contextmanager
def _discreet(
    self: DuckDBConnectionManager, sql: str, connection_name: str = "master"
) -> Iterator[Any]:
    with _exception_handler(self, sql, connection_name), discreet():
        yield


def _make_only_lines_that_are_shown() -> None:
    for logger in get_event_manager().loggers:
        if logger.level != EventLevel.DEBUG:
            logger.filter = _without_debug(logger.filter)


def _without_debug(shown: Filter) -> Filter:
    return lambda message: message.info.level != EventLevel.DEBUG and shown(message)


class Plugin(BasePlugin):
    """Loaded by profiles.yml."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        DuckDBConnectionManager.exception_handler = _discreet  # type: ignore[method-assign]
        _make_only_lines_that_are_shown()
