"""Each fault that can be planted, alone in a world: its rule finds it and nothing else, and what
comes of it is what the rule table says. Run with `-s`, or see `-rP`, for what was found of each.

The sources are loaded and the models built by the platform's own functions, without Dagster, and of
the models only what exceptions and blocking checks need: a whole run for each would take an hour.
"""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from rcm_platform.ingest import feeds, lake_access, load, synthetic
from rcm_platform.ingest.quarantine import settle
from rcm_platform.lake import Lake
from rcm_platform.persons import store
from rcm_platform.proof import conservation, files, planted_faults
from rcm_platform.proof import truth as proof_truth
from rcm_platform.proof.planted_faults import RuleResult
from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform.sources.hospitals import hospitals
from rcm_platform.warehouse import project as dbt_project

pytestmark = pytest.mark.prove

PARAMETERS = Path(planted_faults.__file__).parents[1] / "world" / "parameters" / "faults.csv"
with PARAMETERS.open(newline="") as file:
    FAULTS = {row["fault_type"]: row for row in csv.DictReader(file)}

START, THROUGH = date(2025, 7, 1), date(2025, 12, 31)
#: Per million of the fault's unit: often enough for several in a tiny world.
RATES = {
    "duplicate_file": 100_000,
    "renumbered_file": 60_000,
    "repeated_claim": 80_000,
    "reversal_without_correction": 80_000,
    "provider_adjustment_only": 1_000_000,
    "unbalanced_claim": 30_000,
    "unbalanced_payment": 50_000,
    "remit_before_submission": 300_000,
    "other_payer_paid": 30_000,
    "stranger_remit": 30_000,
    "stranger_ack": 30_000,
    "rejected_then_accepted": 60_000,
    "replacement_without_reference": 1_000_000,
    "two_claims": 60_000,
    "secondary_before_primary": 300_000,
    "repeated_contractual": 300_000,
    "patient_id_collision": 200_000,
    "bad_npi": 30_000,
    "deactivated_reason": 200_000,
    "reason_without_remark": 200_000,
    "whole_charge_contractual": 200_000,
    "patient_contractual": 40_000,
    "late_charge": 30_000,
    "payer_by_name": 100_000,
    "payee_by_tax_id": 100_000,
    "interest_in_claim": 600_000,
    "older_guide": 100_000,
    "continued_levels": 100_000,
    "latin1_letters": 100_000,
    "missing_terminator": 100_000,
    "wrapped_lines": 100_000,
    "credit_balance": 400_000,
    "status_casing_drift": 20_000,
    "new_column": 300_000,
    "renamed_column": 300_000,
    "month_end_restatement": 300_000,
    "timezone_day_shift": 50_000,
    "payer_merger": 1_000_000,
    "missing_999": 900_000,
    "card_payment": 50_000,
    "lockbox_deposit": 100_000,
    "late_bank_feed": 1_000_000,
    "unnumbered_deposit": 50_000,
    "unlisted_posting": 30_000,
    "misdated_payment": 30_000,
    "misdated_file": 100_000,
    "interim_bills": 1_000_000,
    "deposit_short": 100_000,
    "missing_deposit": 50_000,
}
SEVERAL = 3
ONCE = {"payer_merger"}
"""A world has one payer that merges."""
ALSO_FOUND_BY = {"unbalanced_claim": {"B2"}, "lockbox_deposit": {"R4"}}
"""Where the adjustments of a claim stand decides between two rules; others show on two sides."""
FOLLOWS = {"repeated_claim": {"C12"}}
"""What was paid twice is more than was charged."""

MARTS = (
    "mart_data_exceptions",
    "mart_cash_reconciliation",
    "mart_clinician_productivity",
    "mart_quarantine_daily",
    "mart_tuva_medical_claim",
    "fct_claims",
    "fct_encounters",
    "fct_ledger_entries",
    "fct_underpayments",
)
"""Where faults and dollars show."""
TRUTHS = [check for check in proof_truth.CHECKS if check.proves in MARTS]
ASKED = [*(check.mart for check in TRUTHS), *planted_faults.queries(PARAMETERS)]
TABLES = sorted({*MARTS, *(table for sql in ASKED for table in re.findall(r"\bmarts\.(\w+)", sql))})
"""What is built: those, and what their figures are compared with the truth by."""


@dataclass(frozen=True)
class Alone:
    """A world with one kind of fault, loaded and built."""

    settings: Settings

    @property
    def lake(self) -> Lake:
        return lake_access.open_lake(self.settings)

    @property
    def as_of(self) -> date:
        found = self.lake.latest_arrival_date()
        assert found
        return found

    @property
    def truth(self) -> Path:
        return self.settings.world_dir / "truth"

    @contextmanager
    def warehouse(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect(str(self.settings.warehouse_path), read_only=True) as con:
            yield con

    def rules(self) -> list[RuleResult]:
        """What was planted and found, by rule."""
        with self.warehouse() as con:
            return planted_faults.compare(con, self.truth)

    def blocked_by(self) -> list[str]:
        """What the checks say that block publishing."""
        with self.warehouse() as con:
            proven = conservation.prove(con, self.lake, self.as_of, hospitals(self.settings))
        lines = [
            *files.account_for_files(self.lake),
            *(x for xs in proven.values() for x in xs),
        ]
        return [f"{line.subject}: {line.scope}" for line in lines if not line.passed]

    def untrue(self) -> list[str]:
        """The marts whose figures are not the truth."""
        results = proof_truth.compare_all(
            self.settings.warehouse_path, "4GB", self.truth / "knowable", self.as_of, TRUTHS
        )
        return [str(result) for result in results if not result.passed]

    def published(self) -> versions.Version:
        """The version that is made of it."""
        relations = [versions.Relation("marts", mart) for mart in MARTS]
        folder = self.settings.published_dir
        return versions.publish(
            self.settings.warehouse_path, folder, {"operations": relations}, self.as_of
        )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all worlds, one after the other, as dbt then parses its project only once."""
    return tmp_path_factory.mktemp("alone")


def build(home: Path, faults: str) -> Alone:
    """Generate, load, link and transform, as a run does."""
    for part in home.iterdir():
        if part.is_file():
            part.unlink()
        elif part.name != "dbt":
            shutil.rmtree(part)
    settings = Settings(
        home=home, world_size="tiny", world_start=START, world_through=THROUGH, world_faults=faults
    )
    synthetic.build_world(settings)
    with lake_access.writing(settings) as lake:
        for source in feeds.locations(settings):
            load.load_source(settings, lake, source)
        settle.settle(lake, lake_access.last_date(settings, lake))
    alone = Alone(settings)
    store.link(settings, lake, alone.as_of)
    dbt_project.run_dbt(
        settings,
        alone.as_of,
        *("build", "--full-refresh", "--resource-type", "seed", "--resource-type", "model"),
        *(
            "--select",
            "resource_type:seed",
            "path:models/staging",
            *(f"+{table}" for table in TABLES),
        ),
    )
    return alone


def show(fault: str, rule: RuleResult) -> None:
    """A row of the table of all faults."""
    print(
        f"{fault:28} {rule.rule_id:4} {FAULTS[fault]['action']:10} planted {rule.planted:4} "
        f"found {rule.found:4} findings {rule.findings:4} "
        f"recall {rule.recall:.2%} precision {rule.precision:.2%}"
    )


def with_action(*actions: str) -> list[str]:
    return [fault for fault, row in FAULTS.items() if row["action"] in actions]


@pytest.mark.parametrize("fault", with_action("correct", "quarantine", "bucket"))
def test_a_fault_alone_is_found_treated_and_published(fault: str, home: Path) -> None:
    alone = build(home, f"none,{fault}={RATES[fault]}")
    rules, action = alone.rules(), FAULTS[fault]["action"]
    for rule in rules:
        show(fault, rule)

    with alone.warehouse() as con:
        assert planted_faults.differences(con, alone.truth) == []
        others = {rule.rule_id for rule in planted_faults.others(con, alone.truth)}
        listed = con.execute(
            "select distinct exceptions.action, rules.action from marts.mart_data_exceptions "
            "as exceptions inner join seeds.rules using (rule_id) where list_contains(?, rule_id)",
            [[rule.rule_id for rule in rules]],
        ).fetchall()
        held = con.execute(
            "select rule_id, sum(open_count) from marts.mart_quarantine_daily where date_day = "
            "(select max(date_day) from marts.mart_quarantine_daily) "
            "group by all having sum(open_count) > 0"
        ).fetchall()
    assert {rule.rule_id for rule in rules} <= {FAULTS[fault]["detector"]} | ALSO_FOUND_BY.get(
        fault, set()
    )
    assert sum(rule.planted for rule in rules) >= (1 if fault in ONCE else SEVERAL)
    assert {(rule.recall, rule.precision) for rule in rules} == {(1, 1)}
    # what the world does without any fault
    assert others <= {"R3", "V4", "V6"} | FOLLOWS.get(fault, set())
    # listed with the action that the rule table says
    assert listed == [(action, action)]
    # what is to be held is held, each piece; a model holds what is loaded (a second delivery)
    pieces = {r.rule_id: r.planted for r in rules if action == "quarantine" and r.rule_id != "D3"}
    assert dict(held) == pieces

    assert alone.untrue() == []
    assert alone.blocked_by() == []
    assert alone.published().is_current
