"""The world's parameters: `parameters/*.csv`, read and checked.

Change a CSV to change the world: `payers.csv` holds each payer's denial rate, payment lag and days,
`denial_mix.csv` the reasons and their odds, `procedures.csv` work values and charges,
`payer_changes.csv` how a payer changes, `lags.csv` the waiting times, `patient_balance.csv` what
patients do, `sizes.csv` the visits per weekday, `contracts.csv` what payers owe, `faults.csv` how
often which fault is planted.
Rates are integers per mille, money is dollars with two decimals, lags are days. A lag or payment
time is an inverse distribution table: column `p0500` is the median, `p1000` the maximum.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path

import numpy as np

from rcm_platform.world.support.dates import to_day
from rcm_platform.world.support.rng import KNOTS, Flags, Ints

FOLDER = Path(__file__).parents[1] / "parameters"
SELF_PAY = "SELF"
QUANTILE_COLUMNS = tuple(f"p{knot:04d}" for knot in KNOTS)
_PERMILLE_COLUMNS = {
    "payers.csv": (
        "denial_permille", "ack_reject_permille", "sequester_permille", "deductible_permille",
        "copay_permille", "coinsurance_permille", "crossover_permille", "underpaid_permille",
        "dispensing_permille", "quality_permille", "packaged_permille",
    ),
    "denial_mix.csv": ("worked_permille", "overturn_permille"),
    "patient_balance.csv": ("paid_in_full", "paid_in_two", "paid_in_part", "charity",
                            "small_balance", "bad_debt", "paid_twice_permille"),
}  # fmt: skip
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class ParameterError(ValueError):
    """A parameter file holds an impossible value; the message names file, row, column and range."""


class Table:
    """One CSV: columns as text or as int64 arrays, each value checked against its range."""

    def __init__(self, name: str, rows: list[dict[str, str]]) -> None:
        self.name = name
        self.rows = rows

    @classmethod
    def read(cls, name: str, folder: Path = FOLDER) -> Table:
        with (folder / name).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        if not rows:
            raise ParameterError(f"{name} has no rows")
        return cls(name, rows)

    def __len__(self) -> int:
        return len(self.rows)

    def text(self, column: str) -> list[str]:
        return [row[column] for row in self.rows]

    def ints(self, column: str, low: int = 0, high: int = 1_000_000_000) -> Ints:
        return self._numbers(column, int, low, high)

    def ints_or_none(self, column: str, low: int, high: int) -> list[int | None]:
        """Like `ints`, with None where the cell is empty."""
        filled = Table(self.name, [row for row in self.rows if row[column]])
        values = iter(filled.ints(column, low, high).tolist() if filled.rows else [])
        return [next(values) if row[column] else None for row in self.rows]

    def permille(self, column: str) -> Ints:
        return self.ints(column, 0, 1000)

    def cents(self, column: str) -> Ints:
        """Dollars in the file, integer cents in memory."""
        return self._numbers(column, lambda text: int(Decimal(text) * 100), 0, 10**12)

    def quantiles(self, prefix: str = "") -> Ints:
        """The inverse distribution tables, rows x KNOTS, each row not decreasing."""
        columns = [prefix + name for name in QUANTILE_COLUMNS]
        table = np.stack([self.ints(column) for column in columns], axis=1)
        for number, row in enumerate(table.tolist(), start=2):
            if row != sorted(row):
                raise ParameterError(f"{self.name} line {number}: {columns} must not decrease")
        return table

    def where(self, column: str, value: str) -> Table:
        rows = [row for row in self.rows if row[column] == value]
        if not rows:
            raise ParameterError(f"{self.name} has no row with {column} = {value}")
        return Table(self.name, rows)

    def _numbers(self, column: str, read: Callable[[str], int], low: int, high: int) -> Ints:
        numbers = []
        for number, text in enumerate(self.text(column), start=2):
            try:
                value = read(text)
            except (ValueError, InvalidOperation) as error:
                raise ParameterError(
                    f"{self.name} line {number}: {column} = {text!r} is not a number"
                ) from error
            if not low <= value <= high:
                raise ParameterError(
                    f"{self.name} line {number}: {column} = {text} is outside {low}..{high}"
                )
            numbers.append(value)
        return np.array(numbers, dtype=np.int64)


@dataclass(frozen=True)
class Payers:
    """`payers.csv`, one row per payer; the self-pay row is a payer that never answers."""

    table: Table

    @cached_property
    def ids(self) -> list[str]:
        return self.table.text("payer_id")

    @cached_property
    def names(self) -> list[str]:
        return self.table.text("payer_name")

    @cached_property
    def classes(self) -> list[str]:
        return self.table.text("payer_class")

    @cached_property
    def self_pay(self) -> int:
        return self.ids.index(SELF_PAY)

    @cached_property
    def is_capitated(self) -> Flags:
        """Per payer: whether it pays by the month and member, and nothing for single claims."""
        return self.table.cents("capitation_dollars") > 0

    @cached_property
    def payment_offsets(self) -> Ints:
        """Payers x weekday: days from a day to the payer's next payment day."""
        offsets = np.zeros((len(self.table), 7), dtype=np.int64)
        for payer, text in enumerate(self.table.text("payment_weekdays")):
            if unknown := set(text.split()) - set(WEEKDAYS):
                raise ParameterError(f"payers.csv: payment_weekdays {unknown} not in {WEEKDAYS}")
            days = [WEEKDAYS.index(name) for name in text.split()] or list(range(5))
            offsets[payer] = [min((day - start) % 7 for day in days) for start in range(7)]
        return offsets


class PayerChanges:
    """`payer_changes.csv`: how a payer's ways change from a day on."""

    KINDS = ("denial", "delay", "underpayment")

    def __init__(self, table: Table, payers: Payers) -> None:
        for row in table.rows:
            if row["kind"] not in self.KINDS or row["payer_id"] not in payers.ids:
                raise ParameterError(
                    f"{table.name}: kind = {row['kind']!r}, payer_id = {row['payer_id']!r}: "
                    f"kinds are {', '.join(self.KINDS)}, payers {', '.join(payers.ids)}"
                )
        try:
            days = [to_day(date.fromisoformat(text)) for text in table.text("from_date")]
        except ValueError as error:
            raise ParameterError(f"{table.name}: from_date: {error}, give yyyy-mm-dd") from error
        self._rows = [
            (row["kind"], payers.ids.index(row["payer_id"]), day, size)
            for row, day, size in zip(
                table.rows, days, table.ints("size", 0, 1000).tolist(), strict=True
            )
        ]

    def added(self, kind: str, payer: Ints, day: Ints) -> Ints:
        """What is added for each payer and day: per mille, or days of a delay."""
        total = np.zeros_like(payer)
        for its_kind, its_payer, first_day, size in self._rows:
            if its_kind == kind and size:
                total += np.where((payer == its_payer) & (day >= first_day), size, 0)
        return total


class Parameters:
    """Every parameter table, read once."""

    def __init__(self, folder: Path = FOLDER) -> None:
        def read(name: str) -> Table:
            return Table.read(name, folder)

        self.sizes = read("sizes.csv")
        self.facilities = read("facilities.csv")
        self.payers = Payers(read("payers.csv"))
        self.payer_changes = PayerChanges(read("payer_changes.csv"), self.payers)
        self.denials = read("denial_mix.csv")
        self.denial_shape = self._named(read("denial_shape.csv"), "permille")
        self.ack_rejections = read("ack_rejections.csv")
        self.patient_balance = read("patient_balance.csv")
        self.behaviour = self._named(read("patient_behaviour.csv"), "value")
        self.specialties = read("specialties.csv")
        self.procedures = read("procedures.csv")
        self.diagnoses = read("diagnoses.csv")
        self.modifiers = read("modifiers.csv")
        self.visit_types = read("visit_types.csv")
        self.lines = read("lines.csv")
        self.faults = read("faults.csv")
        self.contracts = read("contracts.csv")
        self.costs = self._named(read("costs.csv"), "value", 10_000)
        self.towns = read("towns.csv")
        pools = read("name_pools.csv")
        self.pools = {
            pool: pools.where("pool", pool).text("value")
            for pool in ("female_first", "male_first", "last", "street")
        }
        self.claim_form = dict(
            zip(
                self.visit_types.text("visit_type"),
                self.visit_types.text("claim_form"),
                strict=True,
            )
        )
        lags = read("lags.csv")
        self.lags = dict(zip(lags.text("lag"), lags.quantiles()[:, None, :], strict=True))

    def check(self) -> Parameters:
        """Read every value once, so that an impossible one is refused before it is used.

        Raises ParameterError with file, line, column and allowed range.
        """
        payers = self.payers
        for column in _PERMILLE_COLUMNS["payers.csv"]:
            payers.table.permille(column)
        payers.table.quantiles("pay_")
        _ = payers.payment_offsets
        for table in (self.denials, self.patient_balance):
            for column in _PERMILLE_COLUMNS[table.name]:
                table.permille(column)
        for row in self.contracts.rows:
            if row["payer_id"] not in payers.ids:
                raise ParameterError(
                    f"contracts.csv: payer_id = {row['payer_id']!r} is none of "
                    f"{', '.join(payers.ids)}"
                )
        return self

    @staticmethod
    def _named(table: Table, value: str, high: int = 1000) -> dict[str, int]:
        return dict(zip(table.text("name"), table.ints(value, 0, high).tolist(), strict=True))


def fingerprint() -> str:
    """sha256 over this package's parameters and code: another generator makes another world."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for path in sorted([*package.rglob("*.py"), *FOLDER.glob("*.csv")]):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
