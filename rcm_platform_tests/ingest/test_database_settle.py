"""What was held of a hospital's database, once the database is right again."""

from __future__ import annotations

from pathlib import Path

import pytest

from rcm_platform.ingest import lake_access
from rcm_platform.ingest.load import load_source
from rcm_platform.ingest.quarantine import items, settle
from rcm_platform.lake import Lake
from rcm_platform.proof.files import account_for_files
from rcm_platform.settings import Settings
from rcm_platform_tests.support.small_hospitals import change, create_hospital


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    url = create_hospital(tmp_path / "a.duckdb")
    return Settings(home=tmp_path / "home", world=False, hospital_a_url=url)


def night(settings: Settings, sql: str = "select 1") -> Lake:
    """What the hospital did by day, then a load."""
    change(str(settings.hospital_a_url), sql)
    with lake_access.writing(settings) as lake:
        load_source(settings, lake, "hospital_a")
        settle.settle(lake, lake_access.last_date(settings, lake))
    return lake


def open_items(lake: Lake) -> list[tuple[str, str]]:
    return [(item.source_file, item.rule_id) for item in items.items(lake, only_open=True)]


def test_a_table_that_can_be_read_again_is_settled_and_broken_again_is_held_again(
    settings: Settings,
) -> None:
    breaks = "alter table patients rename LastName to Surname"
    lake = night(settings, breaks)
    assert open_items(lake) == [("patients", "T2")]
    night(settings)
    assert len(items.items(lake)) == 1
    for count in (1, 2, 3):
        night(settings, "alter table patients rename Surname to LastName")
        assert (open_items(lake), len(items.items(lake))) == ([], count)
        night(settings, breaks)
        assert open_items(lake) == [("patients", "T2")]
    assert all(line.passed for line in account_for_files(lake))


def test_a_row_that_is_right_again_is_settled_and_broken_again_is_held_again(
    settings: Settings,
) -> None:
    lake = night(settings, "alter table transactions alter Amount type varchar")
    for day, amount, waiting in (
        (5, "waived", [("transactions", "T3")]),
        (6, "10.00", []),
        (5, "waived", [("transactions", "T3")]),
    ):
        night(
            settings,
            f"update transactions set Amount = '{amount}', ModifiedDate = '2025-03-0{day}' "
            "where TransactionID = 'T1'",
        )
        assert open_items(lake) == waiting
