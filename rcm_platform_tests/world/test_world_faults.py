"""Every fault can be planted at its own rate, and each instance stands in the truth."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from rcm_platform.world import generate
from rcm_platform.world.model import World
from rcm_platform.world.support.faults import FaultRates
from rcm_platform.world.support.parameters import ParameterError, Parameters
from rcm_platform.world.truth.faults import faults

TABLE = Parameters().faults
NAMES = TABLE.text("fault_type")
START, THROUGH = date(2025, 1, 1), date(2025, 9, 30)


def planted(text: str, size: str = "small") -> Counter[str]:
    world = World(seed=11, size=size, start=START, through=THROUGH, faults=text)
    return Counter(faults(world)["fault_type"].to_pylist())


def test_none_plants_nothing() -> None:
    assert planted("none") == Counter()


def test_the_default_plants_every_fault_that_has_a_rate() -> None:
    found = planted("")
    assert set(found) == {row["fault_type"] for row in TABLE.rows if row["rate_per_million"] != "0"}


@pytest.mark.parametrize("name", NAMES)
def test_each_fault_can_be_planted_alone(name: str) -> None:
    found = planted(f"none,{name}=400000")
    assert set(found) == {name}


def test_actions_and_rules_are_those_of_the_table() -> None:
    assert {row["action"] for row in TABLE.rows} == {"correct", "quarantine", "bucket"}


def test_an_absence_is_known_only_after_its_window() -> None:
    world = World(seed=11, size="small", start=START, through=THROUGH)
    found = faults(world).to_pylist()
    missing = [row for row in found if row["fault_type"] == "missing_999"]
    assert missing
    for row in missing:
        sent = date.fromisoformat(row["source_file"][-12:-4])
        assert row["knowable_date"] == sent + timedelta(days=5)


def test_a_missing_deposit_is_known_once_its_window_from_the_payment_has_passed() -> None:
    """Nobody can know on which day the money that never came would have come."""
    world = World(
        seed=11, size="small", start=START, through=THROUGH, faults="none,missing_deposit=100000"
    )
    found = faults(world).to_pylist()
    assert found
    for row in found:
        paid = datetime.strptime(row["record_id"][-8:], "%Y%m%d").date()
        assert row["knowable_date"] == paid + timedelta(days=6)


def test_a_short_deposit_is_known_once_its_remittance_is_there_too() -> None:
    world = World(
        seed=11, size="small", start=START, through=THROUGH, faults="none,deposit_short=100000"
    )
    found = faults(world).to_pylist()
    assert found
    for row in found:
        arrived = datetime.strptime(row["source_file"][-12:-4], "%Y%m%d").date()
        assert row["knowable_date"] >= arrived


def test_a_bill_paid_twice_cannot_be_known_while_what_was_billed_is_held(tmp_path: Path) -> None:
    """A patient's share stands in the remittance; without it two payments may be two halves."""
    rates = "none,credit_balance=400000,unbalanced_claim=300000"
    generate(tmp_path / "world", seed=11, size="tiny", start=START, through=THROUGH, faults=rates)
    truth = tmp_path / "world" / "truth"

    def paid_twice(scope: str, *conditions: str) -> int:
        [(count,)] = duckdb.sql(
            f"""select count(*) from '{truth}/{scope}/faults.parquet' as faults
            where fault_type = 'credit_balance' and knowable_date <= date '{THROUGH}'"""
            + "".join(f" and {condition}" for condition in conditions)
        ).fetchall()
        return int(count)

    def is_decided(scope: str) -> str:
        return f"""exists (
            from '{truth}/{scope}/remit_claims.parquet' as remits
            where remits.source_system = faults.source_system and claim_id = record_id
        )"""

    hidden = is_decided("happened"), f"not {is_decided('knowable')}"
    assert paid_twice("happened", *hidden) > 0
    assert paid_twice("knowable", *hidden) == 0
    assert paid_twice("knowable", is_decided("knowable")) > 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("typo=5", "'typo=5' is not `none`, `default` or `name=rate`"),
        ("missing_999", "'missing_999' is not"),
        ("missing_999=1000001", r"missing_999 = '1000001' is outside 0\.\.1000000"),
        ("missing_999=-1", r"missing_999 = '-1' is outside 0\.\.1000000"),
        ("missing_999=many", "missing_999 = 'many' is outside"),
    ],
)
def test_impossible_rates_are_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        FaultRates.of(TABLE, text)


def test_rates_read_back_what_they_say() -> None:
    rates = FaultRates.of(TABLE, "none,missing_999=7")
    assert FaultRates.of(TABLE, f"none,{rates}").rates == rates.rates
