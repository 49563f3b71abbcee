"""What the plugin changes within dbt."""

from __future__ import annotations

import io
from unittest.mock import Mock

import pytest
from dbt.events.types import MainReportVersion, RunningOperationCaughtError
from dbt_common.events import event_manager
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.logger import LineFormat, LoggerConfig

from rcm_platform.warehouse import dbt_plugin


@pytest.mark.parametrize(
    ("level", "lines"), [(EventLevel.INFO, 2), (EventLevel.DEBUG, 3)], ids=["info", "debug"]
)
def test_a_message_that_no_log_shows_is_not_put_into_words(
    level: EventLevel, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager, made = EventManager(), io.StringIO()
    manager.add_logger(
        LoggerConfig("test", level=level, line_format=LineFormat.Json, output_stream=made)
    )
    put_into_words = Mock(wraps=event_manager.msg_from_base_event)
    monkeypatch.setattr(event_manager, "msg_from_base_event", put_into_words)
    monkeypatch.setattr(dbt_plugin, "get_event_manager", lambda: manager)
    dbt_plugin._make_only_messages_that_are_shown()
    manager.fire_event(MainReportVersion(version="1", log_version=3))
    manager.fire_event(MainReportVersion(version="1", log_version=3), level=EventLevel.DEBUG)
    manager.fire_event(RunningOperationCaughtError(exc="shown"))
    assert put_into_words.call_count == lines
    assert len(made.getvalue().splitlines()) == lines
