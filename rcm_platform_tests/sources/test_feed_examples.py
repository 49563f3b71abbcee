"""The examples of docs/feeds.md are all files of all feeds, and load as they stand."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from rcm_platform.lake import Lake
from rcm_platform.sources import csv_folders
from rcm_platform.sources.base import LoadSummary

PAGE = (Path(__file__).parents[2] / "docs" / "feeds.md").read_text()


def examples(section: str) -> dict[str, str]:
    """File name → content of each example below the heading that names a setting."""
    flags = re.MULTILINE | re.DOTALL
    (text,) = re.findall(rf"^## [^\n]*`{section}`\n(.*?)(?=^## |\Z)", PAGE, flags)
    return dict(re.findall(r"^```csv (\S+)\n(.*?)^```", text, flags))


@pytest.mark.parametrize(
    ("setting", "load", "tables"),
    [
        ("RCM_TREASURY_DIR", csv_folders.load_treasury, csv_folders.TREASURY),
        ("RCM_OPERATIONS_DIR", csv_folders.load_operations, csv_folders.OPERATIONS),
        ("RCM_CLAIMS_CSV_DIR", csv_folders.load_claims_csv, csv_folders.CLAIMS_CSV),
    ],
)
def test_each_example_loads_whole(
    tmp_path: Path,
    setting: str,
    load: Callable[[Lake, Path], LoadSummary],
    tables: dict[str, object],
) -> None:
    files = examples(setting)
    for name, content in files.items():
        path = tmp_path / "feed" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    summary = load(Lake(tmp_path / "lake"), tmp_path / "feed")
    assert summary.files_loaded == len(files)
    assert summary.quarantined_count == 0
    # every table has an example, and every row of it arrived
    rows = {name: count for name, count in summary.rows.items() if count}
    assert set(rows) == set(tables)
    assert sum(rows.values()) == sum(len(c.splitlines()) - 1 for c in files.values())
    # and nothing is said about it, such as a column that the layout does not have
    assert summary.messages == []
