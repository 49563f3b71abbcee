"""Every fault can be planted at its own rate, and each instance stands in the truth."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

import pytest

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


def test_the_default_plants_every_fault_but_those_that_must_block() -> None:
    found = planted("")
    blocking = {row["fault_type"] for row in TABLE.rows if row["action"] == "block"}
    assert set(found) == set(NAMES) - blocking


@pytest.mark.parametrize("name", NAMES)
def test_each_fault_can_be_planted_alone(name: str) -> None:
    found = planted(f"none,{name}=400000")
    assert set(found) == {name}


def test_actions_and_rules_are_those_of_the_table() -> None:
    assert {row["action"] for row in TABLE.rows} == {"correct", "quarantine", "bucket", "block"}
    for row in TABLE.rows:
        if row["action"] == "block":
            assert row["rate_per_million"] == "0", row["fault_type"]


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
