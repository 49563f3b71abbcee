"""Which source fills which feed, and where the settings say it is."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

from rcm_platform.ingest import feeds as ingest_feeds
from rcm_platform.ingest.credible_days import last_credible_day
from rcm_platform.settings import Settings
from rcm_platform.sources.catalog import raw_tables
from rcm_platform.sources.hospitals import hospitals

EXAMPLE = Path(__file__).parents[2] / ".env.example"


def test_every_folder_of_the_lake_is_a_feed(tmp_path: Path) -> None:
    feeds = ingest_feeds.feeds(Settings(home=tmp_path))
    assert {name: feed.tables for name, feed in feeds.items()} == raw_tables(
        hospitals(Settings()).values()
    )


def test_the_world_plays_what_is_not_given(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, treasury_dir=tmp_path / "bank")
    where = ingest_feeds.locations(settings)
    assert where["treasury"] == str(tmp_path / "bank")
    assert where["claims_csv"] == str(tmp_path / "world" / "claims_csv")
    assert ingest_feeds.from_world(settings) == (
        "hospital_a", "hospital_b", "clearinghouse", "operations", "claims_csv",
    )  # fmt: skip


def test_without_a_world_only_what_is_given_is_read(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, world=False, claims_csv_dir=tmp_path / "claims")
    assert ingest_feeds.of_users(settings) == {"claims_csv": str(tmp_path / "claims")}
    assert set(ingest_feeds.locations(settings)) == {"claims_csv", "paper_remittances", "desk"}
    assert ingest_feeds.from_world(settings) == ()


def test_trading_partners_are_those_of_the_users_own_files(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, x12_partners=" THEM,US , ,", x12_accept_test=True)
    assert ingest_feeds.x12_admission(settings, "x12_folder") == (True, frozenset(("THEM", "US")))
    assert ingest_feeds.x12_admission(settings, "clearinghouse") == (False, frozenset())
    assert Settings(home=tmp_path).x12_partner_ids == frozenset()


def test_what_arrives_is_dated_today_at_most_and_of_the_world_its_last_day(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    own = Settings(home=tmp_path, world=False, x12_dir=tmp_path)
    assert 0 <= (last_credible_day(own, "x12_folder") - today).days <= 2
    ahead = own.model_copy(update={"world": True, "world_through": date(2090, 1, 1)})
    assert last_credible_day(ahead, "x12_folder") == date(2090, 1, 1)
    assert last_credible_day(ahead, "clearinghouse") == date(2090, 1, 1)
    # what is put beside the files of a world that ended may be of today
    ended = ahead.model_copy(update={"world_through": date(2025, 12, 31)})
    assert 0 <= (last_credible_day(ended, "clearinghouse") - today).days <= 2


def test_the_example_names_every_setting() -> None:
    named = set(re.findall(r"^RCM_(\w+)=", EXAMPLE.read_text(), re.MULTILINE))
    assert named == {name.upper() for name in Settings.model_fields}
