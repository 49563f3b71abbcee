"""A plugin of dbt-duckdb: what DuckDB says of a failed statement goes into logs, results and alerts
without the values of the row, which may name a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.plugins import BasePlugin

from rcm_platform.sources.duckdb_errors import discreet

_exception_handler = DuckDBConnectionManager.exception_handler


@contextmanager
def _discreet(
    self: DuckDBConnectionManager, sql: str, connection_name: str = "master"
) -> Iterator[Any]:
    with _exception_handler(self, sql, connection_name), discreet():
        yield


class Plugin(BasePlugin):
    """Loaded by profiles.yml."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        DuckDBConnectionManager.exception_handler = _discreet  # type: ignore[method-assign]
