"""CSV files and rows that were held and are good today are loaded as if never held."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from rcm_platform.ingest import lake_access
from rcm_platform.ingest import load as ingest_load
from rcm_platform.ingest.quarantine import items, originals, replay, settle
from rcm_platform.lake import Lake
from rcm_platform.proof.files import account_for_files
from rcm_platform.settings import Settings
from rcm_platform.sources import csv_folders as csv_sources
from rcm_platform.sources.tabular import layout
from rcm_platform_tests.conftest import LAST_DAY

DEPOSITS = csv_sources.TREASURY["bank_deposits"]
GOOD = ",".join(column.name for column in DEPOSITS.columns)
STRICTER = layout(
    " ".join(f"{c.name}:date" if c.name == "trace_number" else c.name for c in DEPOSITS.columns),
    " ".join(DEPOSITS.key),
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "bank"
    folder.mkdir()
    values = {"deposit_id": "D{n}", "deposit_date": "2025-03-01", "amount": "10.00"}
    rows = [
        ",".join(
            values.get(c.name, "10.00" if "amount" in c.name else "x").format(n=n)
            for c in DEPOSITS.columns
        )
        for n in (1, 2, 3)
    ]
    (folder / "bank_deposits_20250301.csv").write_text("\n".join([GOOD, *rows]) + "\n")
    return Settings(home=tmp_path / "home", world=False, treasury_dir=folder)


def load(settings: Settings) -> Lake:
    with lake_access.writing(settings) as lake:
        ingest_load.load_source(settings, lake, "treasury")
        originals.keep_originals(settings, lake)
    return lake


def content(lake: Lake) -> list[tuple[object, ...]]:
    with duckdb.connect() as con:
        rows = con.execute(
            f"""select * exclude (_batch_id, _loaded_at)
            from {lake.scan("treasury", "bank_deposits")}"""
        ).fetchall()
    return sorted(rows, key=repr)


@pytest.mark.parametrize("is_gone", [False, True], ids=["file is there", "file is gone"])
@pytest.mark.parametrize("held", ["rows", "file"])
def test_what_a_stricter_reader_held_is_loaded_once(
    settings: Settings, held: str, is_gone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        needed = layout("a_column_of_yesterday!")
        patch.setitem(csv_sources.TREASURY, "bank_deposits", STRICTER if held == "rows" else needed)
        lake = load(settings)
    assert content(lake) == []
    expected = load(settings.model_copy(update={"home": settings.home.with_name("other")}))
    if is_gone:
        shutil.rmtree(settings.treasury_dir or Path())
    done = replay.replay(settings, LAST_DAY)
    assert (len(done.loaded), done.problems) == (3 if held == "rows" else 1, [])
    assert done.rows["bank_deposits"] == 3
    assert content(lake) == content(expected)
    assert all(line.passed for line in account_for_files(lake))
    assert items.items(lake, only_open=True) == []
    assert replay.replay(settings, LAST_DAY).rows == {}
    assert content(lake) == content(expected)


def test_what_is_still_wrong_stays(settings: Settings) -> None:
    folder = settings.treasury_dir or Path()
    (folder / "bank_deposits_20250302.csv").write_text("nothing,known\n1,2\n")
    lake = load(settings)
    ((item, problem),) = replay.replay(settings, LAST_DAY).problems
    assert item.source_file == "bank_deposits_20250302.csv"
    assert problem.startswith("still held (T2)")
    assert len(items.items(lake, only_open=True)) == 1


def test_a_corrected_file_settles_the_one_before(settings: Settings) -> None:
    path = (settings.treasury_dir or Path()) / "bank_deposits_20250302.csv"
    path.write_text("nothing,known\n1,2\n")
    load(settings)
    path.write_text(GOOD + "\n")
    load(settings)
    with lake_access.writing(settings) as lake:
        (item,) = settle.settle(lake, lake_access.last_date(settings, lake))
        assert item.source_file == path.name
        assert items.find(lake, item.quarantine_id).decision == "corrected"
