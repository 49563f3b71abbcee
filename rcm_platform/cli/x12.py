"""`rcm x12`: X12 files as tables, without a home and without a run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rcm_platform.cli.console import print_table
from rcm_platform.settings import get_settings

if TYPE_CHECKING:
    import pyarrow as pa

x12_app = typer.Typer(no_args_is_help=True, help="X12 files as tables, with nothing to set up.")


@dataclass(frozen=True)
class _Shown:
    """What the screen shows of a table: its title, and its columns by their headings."""

    title: str
    columns: dict[str, str]
    text: int
    """How many of the columns are words; the others are figures."""


_SHOWN = {
    "remit_payments": _Shown(
        "Payments (835)",
        {
            "trace_number": "payment",
            "payer_name": "payer",
            "payee_name": "payee",
            "payment_date": "day",
            "payment_amount": "paid",
        },
        4,
    ),
    "remit_claims": _Shown(
        "Claims in them (835)",
        {
            "patient_control_number": "claim",
            "trace_number": "payment",
            "claim_status_code": "status",
            "charge_amount": "charge",
            "paid_amount": "paid",
            "patient_responsibility_amount": "patient",
        },
        3,
    ),
    "submitted_claims": _Shown(
        "Submitted claims (837)",
        {
            "patient_control_number": "claim",
            "claim_form": "form",
            "payer_name": "payer",
            "billing_name": "billed by",
            "charge_amount": "charge",
        },
        4,
    ),
    "ack_claims": _Shown(
        "Answers to claims (277CA)",
        {
            "patient_control_number": "claim",
            "action_code": "action",
            "category_code": "category",
            "status_code": "status",
            "charge_amount": "charge",
        },
        4,
    ),
    "functional_acks": _Shown(
        "Answers to files (999)",
        {
            "acknowledged_gs_control_number": "group",
            "acknowledged_set_code": "set",
            "acknowledged_st_control_number": "transaction",
            "transaction_status": "status",
            "group_status": "of the group",
        },
        5,
    ),
}
# dollars that are added up: what they are called, their table and column
_DOLLARS = {
    "paid by 835": ("remit_payments", "payment_amount"),
    "of it to claims": ("remit_claims", "paid_amount"),
    "charged by the claims of 835": ("remit_claims", "charge_amount"),
    "withheld from payments (PLB)": ("remit_provider_adjustments", "amount"),
    "charged by 837": ("submitted_claims", "charge_amount"),
    "charged by claims that 277CA answer": ("ack_claims", "charge_amount"),
}
_GROUPS = {
    "CO": "contractual",
    "PR": "patient",
    "OA": "other",
    "PI": "payer initiated",
    "CR": "correction",
}


@x12_app.command("read")
def x12_read(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Files, or folders with files below them.", show_default=False),
    ],
    csv: Annotated[
        Path | None,
        typer.Option("--csv", help="Write each table into this folder as CSV.", metavar="FOLDER"),
    ] = None,
    parquet: Annotated[
        Path | None,
        typer.Option("--parquet", help="… or as Parquet, with types.", metavar="FOLDER"),
    ] = None,
    limit: Annotated[int, typer.Option(help="How many rows of each table are shown.")] = 10,
) -> None:
    """Read 835, 837P, 837I, 277CA and 999 files into tables: on the screen, as CSV, as Parquet.

    Nothing is set up, kept or sent anywhere. A row is a payment, a claim, a
    service line or an adjustment, with its file and its place in it, which
    is interchange/segment.

    Amounts are exact. What does not add up, or cannot be read, is not in the
    tables but in the findings: its rule, its dollars and what to do.

    The tables hold the values of the files, which may name people: keep them
    as you keep the files.

    The exit code is 0 when everything was read, 1 when something was held,
    2 for a wrong path.

    rcm x12 read remit.835

    rcm x12 read remits/ claims/ --csv tables/
    """
    from rcm_platform.sources import rules
    from rcm_platform.sources.base import SourceUnavailable
    from rcm_platform.sources.x12 import tidy

    try:
        files = tidy.paths_of(paths)
    except FileNotFoundError as problem:
        raise typer.BadParameter(f"{problem.args[0]} is not there") from None
    except SourceUnavailable as problem:
        raise typer.BadParameter(str(problem)) from None
    if not files:
        raise typer.BadParameter("there is no file in it (hidden files are left out)")
    totals = _Totals(limit)
    with ExitStack() as open_files:
        writers = [
            open_files.enter_context(writing(folder, tidy.SCHEMAS))
            for folder, writing in ((csv, _csv_files), (parquet, _parquet_files))
            if folder
        ]
        for part in tidy.read(files, rules.rules(get_settings().project_dir)):
            for table, rows in part.tables.items():
                totals.add(table, rows)
                for write in writers:
                    write[table].write_table(rows)
    _print(totals)
    for folder in filter(None, (csv, parquet)):
        typer.echo(f"{len(tidy.SCHEMAS)} tables are in {folder}, one file each.")
    if totals.held:
        raise typer.Exit(1)


@dataclass
class _Totals:
    """What is said at the end: counts, dollars, the first rows of each table, the findings."""

    limit: int
    rows: Counter[str] = field(default_factory=Counter)
    dollars: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    adjusted: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    first: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    files: Counter[str] = field(default_factory=Counter)
    held: list[dict[str, Any]] = field(default_factory=list)
    noted: Counter[tuple[str, str]] = field(default_factory=Counter)
    noted_first: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, table: str, rows: pa.Table) -> None:
        """Count some rows of a table."""
        import pyarrow.compute as pc

        self.rows[table] += len(rows)
        for name, (of_table, column) in _DOLLARS.items():
            if of_table == table and (amount := pc.sum(rows[column]).as_py()):
                self.dollars[name] += amount
        if table == "remit_adjustments":
            sums = rows.group_by("group_code").aggregate([("amount", "sum")])
            for group, amount in zip(*(column.to_pylist() for column in sums.columns), strict=True):
                self.adjusted[group or ""] += amount or 0
        if table in _SHOWN and (more := self.limit - len(self.first[table])) > 0:
            self.first[table] += rows.slice(0, more).to_pylist()
        if table == "files":
            self.files.update(rows["became"].to_pylist())
        if table == "findings":
            for finding in rows.to_pylist():
                self._add_finding(finding)

    def _add_finding(self, finding: dict[str, Any]) -> None:
        if finding["became"] == "held":
            self.held.append(finding)
            return
        what = (finding["rule"], finding["what"])
        self.noted[what] += 1
        self.noted_first.setdefault(what, f"{finding['file']} at {finding['position']}")


def _print(totals: _Totals) -> None:
    for table, shown in _SHOWN.items():
        if count := totals.rows[table]:
            first = totals.first[table]
            more = f", the first {len(first):,}" if len(first) < count else ""
            rows = [[_text(row[column]) for column in shown.columns] for row in first]
            title = f"{shown.title}: {count:,}{more}"
            print_table(title, list(shown.columns.values()), rows, shown.text)
    amounts = [[name, _money(totals.dollars[name])] for name in _DOLLARS if name in totals.dollars]
    amounts += [
        [f"adjusted: {_GROUPS.get(group, group or 'no group')}", _money(amount)]
        for group, amount in sorted(totals.adjusted.items())
    ]
    print_table("Dollars", ["", "dollars"], amounts)
    became = ", ".join(f"{count:,} {became}" for became, count in sorted(totals.files.items()))
    typer.echo(f"{_counted(totals.files.total(), 'file')}: {became}.")
    for finding in totals.held[: totals.limit]:
        place = f" at {finding['position']}" if finding["position"] else ""
        amount = "" if finding["dollars"] is None else f", ${finding['dollars']:,.2f}"
        typer.echo(f"\n{finding['file']}{place}{amount} ({finding['rule']})")
        typer.echo(f"    {finding['what']}.")
        typer.echo(f"    {finding['next_step']}")
    if totals.held:
        dollars = sum((finding["dollars"] or Decimal(0) for finding in totals.held), Decimal(0))
        unseen = max(len(totals.held) - totals.limit, 0)
        rest = f" {unseen:,} more are not shown here." if unseen else ""
        typer.echo(f"\nHeld: {_counted(len(totals.held), 'piece')}, ${dollars:,.2f}.{rest}")
    for (rule, what), count in totals.noted.most_common(totals.limit):
        where = totals.noted_first[rule, what]
        typer.echo(f"\nNoted {_counted(count, 'time')}, first in {where} ({rule})\n    {what}.")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _text(value: object) -> str:
    if value is None:
        return ""
    return _money(value) if isinstance(value, Decimal) else str(value)


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


@contextmanager
def _csv_files(folder: Path, schemas: dict[str, pa.Schema]) -> Iterator[dict[str, Any]]:
    from pyarrow.csv import CSVWriter

    with ExitStack() as files:
        yield {
            table: files.enter_context(CSVWriter(_file(folder, f"{table}.csv"), schema))
            for table, schema in schemas.items()
        }


@contextmanager
def _parquet_files(folder: Path, schemas: dict[str, pa.Schema]) -> Iterator[dict[str, Any]]:
    from pyarrow.parquet import ParquetWriter

    with ExitStack() as files:
        yield {
            table: files.enter_context(ParquetWriter(_file(folder, f"{table}.parquet"), schema))
            for table, schema in schemas.items()
        }


def _file(folder: Path, name: str) -> str:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise typer.BadParameter(f"{folder} cannot be made ({problem.strerror})") from None
    return str(folder / name)
