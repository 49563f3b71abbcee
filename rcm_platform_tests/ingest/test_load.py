"""What is refused or left out when a source is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from rcm_platform.ingest import arrivals, lake_access, source_check
from rcm_platform.ingest.load import compare_source, load_source
from rcm_platform.settings import Settings
from rcm_platform.sources.base import SourceUnavailable
from rcm_platform_tests.support.small_hospitals import create_hospital


def test_two_hospitals_do_not_read_the_same_tables(tmp_path: Path) -> None:
    url = create_hospital(tmp_path / "a.duckdb")
    settings = Settings(
        home=tmp_path / "home", world=False, hospital_a_url=url, hospital_b_url=f"duckdb://{url}"
    )
    with lake_access.writing(settings) as lake:
        assert load_source(settings, lake, "hospital_a").rows["patients"] == 2
        for load in (load_source, compare_source):
            with pytest.raises(SourceUnavailable, match="hospital_b is that of hospital_a"):
                load(settings, lake, "hospital_b")
    found = {look.source: look for look in source_check.check(settings)}
    assert found["hospital_a"].problem == ""
    assert "Each dollar would count twice" in found["hospital_b"].problem


def test_a_home_inside_the_folder_that_is_read_is_no_delivery(tmp_path: Path) -> None:
    (tmp_path / "readings.csv").write_text("x\n")
    settings = Settings(
        home=tmp_path / "home", world=False, x12_dir=tmp_path, treasury_dir=tmp_path
    )
    for loaded in (1, 0):
        with lake_access.writing(settings) as lake:
            for source in ("x12_folder", "treasury"):
                assert load_source(settings, lake, source).files_quarantined == loaded
    held = lake.query(f"select distinct source_file from {lake.scan('platform', 'quarantine')}")
    assert held == [("readings.csv",)]
    look = arrivals.look_at(settings, "treasury")
    assert look and look.file_count == 1
