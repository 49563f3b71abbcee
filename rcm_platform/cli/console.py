"""What the commands share: tables, progress, dates, and how they fail."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

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


def print_table(title: str, columns: Sequence[str], rows: list[list[str]], text: int = 1) -> None:
    """The first `text` columns are words, the others figures."""
    if rows:
        table = Table(
            title=title, box=SIMPLE_HEAD, title_justify="left", pad_edge=False, padding=(0, 0)
        )
        for number, column in enumerate(columns):
            table.add_column(
                column, justify="left" if number < text else "right", no_wrap=number == 0
            )
        for row in rows:
            table.add_row(*row)
        out.print(table)


def stop(message: str) -> NoReturn:
    """Say what is wrong, and end the command with exit code 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)
