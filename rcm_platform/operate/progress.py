"""What `rcm run` shows of its run while it goes on."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import dagster as dg
from rich.console import Console

LOGGER = "rcm_platform.progress"


@dg.logger
def progress_logger(init_context: dg.InitLoggerContext) -> logging.Logger:
    """The logger that `rcm run` listens to."""
    logger = logging.getLogger(LOGGER)
    logger.setLevel(logging.DEBUG)  # Dagster logs its own events at this level
    logger.propagate = False
    return logger


@contextlib.contextmanager
def listening(out: Console) -> Iterator[None]:
    """Show what the logger of a run is told, while the block runs."""
    logger = logging.getLogger(LOGGER)
    handler = _ProgressHandler(out)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _ProgressHandler(logging.Handler):
    """Shows steps with their times, and what the assets say."""

    # what Dagster and dagster-dbt say of their own doings
    _noise = ("Dependencies for step", "dbt command", "dbt subsetted execution")

    def __init__(self, out: Console) -> None:
        super().__init__()
        self._out = out

    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", {})
        event = meta.get("dagster_event")
        text = meta.get("orig_message") or record.getMessage()
        if event is not None:
            self._show_event(event)
        elif record.levelno >= logging.INFO and not any(words in text for words in self._noise):
            style = "yellow" if record.levelno >= logging.WARNING else "dim"
            self._out.print(f"    {text}", style=style, markup=False, highlight=False)

    def _show_event(self, event: dg.DagsterEvent) -> None:
        if event.is_step_start:
            self._out.print(f"  … {event.step_key}", style="dim", highlight=False)
        elif event.is_step_success:
            seconds = event.step_success_data.duration_ms / 1000
            self._out.print(
                f"  [green]✓[/] {event.step_key} [dim]{seconds:.1f} s[/]", highlight=False
            )
        elif event.is_step_failure:
            self._out.print(f"  [red]✗ {event.step_key}[/]", highlight=False)
