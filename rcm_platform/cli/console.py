"""What the commands share: tables, progress, dates, and how they fail."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from rcm_platform.settings import Settings

# bound now: during a run, what dbt prints to stdout goes to a file
out = Console(file=sys.stdout)


def day(text: str) -> Any:
    """An option that takes a day."""
    return typer.Option(formats=["%Y-%m-%d"], help=text)


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int, str], None]]:
    """A progress bar, as a function of (done, total, label)."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task("world", total=None)

        def tell(done: int, total: int, label: str) -> None:
            bar.update(task, completed=done, total=total, description=label)

        yield tell


def first_and_last(text: str) -> tuple[date, date]:
    """The days of `first..last`, or of one day. Raises BadParameter for anything else."""
    first, _, last = text.partition("..")
    try:
        return date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError:
        raise typer.BadParameter(
            f"days = {text!r} is not yyyy-mm-dd or yyyy-mm-dd..yyyy-mm-dd"
        ) from None


def print_table(
    title: str,
    columns: Sequence[str],
    rows: list[list[str]],
    text: int = 1,
    *,
    has_remark: bool = False,
) -> None:
    """The first `text` columns are words, the others figures, but a remark at the end."""
    if rows:
        table = Table(
            title=title, box=SIMPLE_HEAD, title_justify="left", pad_edge=False, padding=(0, 0)
        )
        for number, column in enumerate(columns):
            is_remark = has_remark and number == len(columns) - 1
            table.add_column(
                f"  {column}" if is_remark else column,
                justify="left" if is_remark or number < text else "right",
                no_wrap=number == 0 or (has_remark and not is_remark),
            )
        for row in rows:
            table.add_row(*row[:-1], Padding(row[-1], (0, 0, 0, 2)) if has_remark else row[-1])
        out.print(table)


def stop(message: str) -> NoReturn:
    """Say what is wrong, and end the command with exit code 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)


@contextmanager
def deciding() -> Iterator[tuple[Settings, date]]:
    """The settings, and the day from which a decision counts: that of the figures as they are
    reported. No other run writes meanwhile."""
    from rcm_platform.ingest import lake_access
    from rcm_platform.operate import pipeline
    from rcm_platform.settings import get_settings

    settings = get_settings()
    with lake_access.single_writer(settings, typer.echo):
        yield settings, pipeline.as_of_date(settings, lake_access.open_lake(settings))
