"""What senders, payers, banks and databases really do, as small invented files, and one run of all
that is X12: `x12/<case>/` arrives on the first day, `x12/<case>/day2/` on the second, and so on.

A case has claims of its own: what a test says of it holds whatever else was received.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock

from rcm_platform.ingest import lake_access
from rcm_platform.operate import pipeline
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import Built, RunCli
from rcm_platform_tests.support.small_hospitals import change, create_hospital

FILES = Path(__file__).parent / "x12"
DAYS = 3
BANK = Path(__file__).parent / "bank"
BANK_FOLDERS = ("x12", "treasury", "operations", "synthea", "claims_csv")
DAMAGE = Path(__file__).parent / "damaged_hospital.sql"


def deliver(day: int, folder: Path) -> None:
    """Put what all senders send on a day into the folder where it is received."""
    for case in FILES.iterdir():
        days = sorted(case.glob("day*"))
        sent = case / f"day{day}" if days else case
        if sent.is_dir() and (days or day == 1):
            shutil.copytree(sent, folder / case.name, dirs_exist_ok=True)


@pytest.fixture(scope="session")
def x12_cases(shared: Path, rcm: RunCli) -> Built:
    """A run of `rcm run` on all cases that are X12 files; one, whatever the number of workers."""
    home = shared / "x12_cases"
    settings = Settings(home=home, world=False, x12_dir=home / "in")
    output, code = home / "output.txt", home / "exit_code"
    shared.mkdir(parents=True, exist_ok=True)
    with FileLock(shared / "x12_cases.lock"):
        if not code.exists():
            assert settings.x12_dir
            settings.x12_dir.mkdir(parents=True)
            for day in range(1, DAYS):
                deliver(day, settings.x12_dir)
                pipeline.load_all(settings)
            deliver(DAYS, settings.x12_dir)
            done = rcm("run", home=home, world="off", x12_dir=settings.x12_dir)
            output.write_text(done.stdout + done.stderr)
            code.write_text(str(done.returncode))
    return Built(settings, int(code.read_text()), output.read_text())


@pytest.fixture(scope="session")
def hospitals_and_bank(shared: Path, rcm: RunCli) -> Built:
    """A run of `rcm run` on two hospitals of a few rows, a bank, a list of facilities, the export
    of an old billing system and one of Synthea that lacks its journal."""
    home = shared / "hospitals_and_bank"
    output, code = home / "output.txt", home / "exit_code"
    given: dict[str, Any] = dict(
        home=home,
        world=False,
        hospital_a_url=str(home / "a.duckdb"),
        hospital_b_url=str(home / "b.duckdb"),
        **{f"{feed}_dir": home / feed for feed in BANK_FOLDERS},
    )
    settings = Settings(**given)
    shared.mkdir(parents=True, exist_ok=True)
    with FileLock(shared / "hospitals_and_bank.lock"):
        if not code.exists():
            home.mkdir()
            for feed in BANK_FOLDERS:
                shutil.copytree(BANK / feed, home / feed)
            create_hospital(home / "a.duckdb")
            change(home / "a.duckdb", DAMAGE.read_text())
            create_hospital(home / "b.duckdb", is_b=True)
            pipeline.load_all(settings)
            change(home / "b.duckdb", "delete from encounters where EncounterID = 'E1'")
            with lake_access.writing(settings) as lake:
                pipeline.land(settings, lake, "hospital_b", compares_all=True)
                pipeline.end_load(settings, lake)
            done = rcm("run", **given | {"world": "off"})
            output.write_text(done.stdout + done.stderr)
            code.write_text(str(done.returncode))
    return Built(settings, int(code.read_text()), output.read_text())


class Marts:
    """What the marts say of a claim, in the words of a biller."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con

    def claim(self, claim_id: str) -> dict[str, Decimal]:
        """Of all claims with a number: their count, their dollars that are not zero, and whether
        any was ever denied."""
        found = self.con.execute(
            """
            select count(*) as claims, sum(charge_amount) as charge,
                sum(payer_paid_amount) as paid, sum(contractual_amount) as contractual,
                sum(patient_responsibility_amount) as patient, sum(denied_amount) as denied,
                sum(open_amount) as open
            from marts.fct_claims where claim_id = ?
            """,
            [claim_id],
        )
        names = [column[0] for column in found.description]
        [row] = found.fetchall()
        return {name: value for name, value in zip(names, row, strict=True) if value}

    def is_denied(self, claim_id: str) -> bool:
        """Whether any claim with a number was ever denied."""
        [(denied,)] = self.con.execute(
            "select bool_or(is_ever_denied) from marts.fct_claims where claim_id = ?", [claim_id]
        ).fetchall()
        return bool(denied)

    def rules(self, case: str) -> set[str]:
        """The rules of the exceptions that stand in the files of a case."""
        found = self.con.execute(
            "select distinct rule_id from marts.mart_data_exceptions "
            "where source_file like ? || '/%'",
            [case],
        ).fetchall()
        return {rule for (rule,) in found}


def dollars(**amounts: float | str) -> dict[str, Decimal]:
    """A claim as `Marts.claim` says it: one, unless told otherwise."""
    return {"claims": Decimal(1)} | {name: Decimal(str(value)) for name, value in amounts.items()}


@pytest.fixture
def marts(x12_cases: Built) -> Iterator[Marts]:
    with x12_cases.warehouse() as con:
        yield Marts(con)
