"""What runs within dbt: a plugin of dbt-duckdb, and for the engines that take none the program
`rcm-dbt`, which is dbt on every engine.

What an engine says of a failed statement goes into logs, results and alerts without the values of
the row, which may name a person. And what no log shows is not put into words: dbt does so for each
of its messages, some fifteen a node, and then drops most for their level.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dbt.adapters.contracts.connection import Credentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.factory import AdapterContainer, get_adapter_class_by_name
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager_client import get_event_manager
from dbt_common.exceptions import DbtDatabaseError

from rcm_platform.sources import duckdb_errors
from rcm_platform.warehouse import engine_errors


@contextmanager
def discreet() -> Iterator[None]:
    """What an engine says of a failure goes on without the values of the row."""
    try:
        with duckdb_errors.discreet():
            yield
    except Exception as error:
        if (said := engine_errors.without_values(error)) is None:
            raise
        raise DbtDatabaseError(said) from None


def _make_discreet(adapter: str) -> None:
    manager: Any = get_adapter_class_by_name(adapter).ConnectionManager
    handler = manager.exception_handler

    @contextmanager
    def discreet_handler(self: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
        with handler(self, *args, **kwargs), discreet():
            yield

    manager.exception_handler = discreet_handler


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
        _make_discreet("duckdb")
        _make_only_messages_that_are_shown()


def main() -> None:
    """dbt itself, whose adapters are changed as they are loaded; the program `rcm-dbt`."""
    from dbt.cli.main import cli

    load_plugin = AdapterContainer.load_plugin

    def load_discreetly(self: AdapterContainer, name: str) -> type[Credentials]:
        credentials = load_plugin(self, name)
        if name != "duckdb":  # which has the plugin
            _make_discreet(name)
            _make_only_messages_that_are_shown()
        return credentials

    AdapterContainer.load_plugin = load_discreetly  # type: ignore[method-assign]
    cli()
