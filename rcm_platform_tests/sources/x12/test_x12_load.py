"""Folders of X12 files and the lake: once, completely, and again after a kill."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from rcm_platform.lake import Lake
from rcm_platform.sources import x12
from rcm_platform.sources.base import SourceUnavailable
from rcm_platform.sources.x12 import loader
from rcm_platform_tests.support.x12_samples import acknowledged_file, remit_file, submitted_file


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten files in three folders, one of them delivered twice, one hidden, one not X12."""
    root = tmp_path / "in"
    for number in range(1, 6):
        _put(root / "835" / f"r{number}.edi", remit_file(number=number, date=f"2503{10 + number}"))
    _put(root / "copies" / "again.edi", remit_file(number=2, date="250312"))
    _put(root / "claims.837", submitted_file())
    _put(root / "acks" / "deep" / "a.277", acknowledged_file())
    _put(root / "notes.txt", b"call the payer")
    _put(root / ".hidden" / "x.edi", remit_file(number=99))
    return root


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def rows(lake: Lake, source: str, table: str, columns: str = "*") -> list[tuple[object, ...]]:
    with duckdb.connect() as con:
        found = con.execute(f"select {columns} from {lake.scan(source, table)}").fetchall()
    return sorted(found)


def counts(lake: Lake) -> dict[str, int]:
    return {table: len(rows(lake, "x12", table, "_source_file")) for table in x12.TABLES}


def test_a_folder_is_loaded_by_arrival_date(lake: Lake, folder: Path) -> None:
    steps: list[tuple[int, int, str]] = []
    summary = x12.load_folder(lake, folder, "clearinghouse", progress=lambda *s: steps.append(s))
    assert (summary.files_loaded, summary.files_skipped, summary.files_quarantined) == (7, 1, 1)
    assert summary.rows["remit_claims"] == 5
    assert {name: str(amount) for name, amount in summary.dollar_amounts.items()} == {
        "paid by 835": "600.00",
        "charged by 837": "200.00",
    }
    assert summary.quarantined_count == 1
    assert steps[-1] == (9, 9, "clearinghouse")
    payments = rows(lake, "x12", "remit_payments", "cast(_arrival_date as varchar), _source_file")
    assert payments == [(f"2025-03-1{n}", f"835/r{n}.edi") for n in range(1, 6)]
    files = rows(lake, "platform", "received_files", "source_file, status, byte_count")
    assert [(file, status) for file, status, _ in files] == [
        *((f"835/r{n}.edi", "loaded") for n in range(1, 6)),
        ("acks/deep/a.277", "loaded"),
        ("claims.837", "loaded"),
        ("copies/again.edi", "duplicate"),
        ("notes.txt", "quarantined"),
    ]
    held = rows(lake, "platform", "quarantine", "source_file, level, rule_id, content")
    assert held == [("notes.txt", "file", "E1", b"call the payer")]


def test_loading_again_adds_nothing(lake: Lake, folder: Path) -> None:
    x12.load_folder(lake, folder, "clearinghouse")
    before = counts(lake), rows(lake, "platform", "received_files")
    again = x12.load_folder(lake, folder, "clearinghouse")
    assert (again.files_loaded, again.files_skipped, again.rows) == (0, 9, {})
    assert (counts(lake), rows(lake, "platform", "received_files")) == before


def test_a_new_file_adds_only_itself(lake: Lake, folder: Path) -> None:
    x12.load_folder(lake, folder, "clearinghouse")
    before = counts(lake)
    both = remit_file(number=5, date="250315") + remit_file(number=6, date="250316")
    _put(folder / "835" / "r6.edi", both)
    _put(folder / "835" / "r1 (copy).edi", remit_file(number=1, date="250311"))
    x12.load_folder(lake, folder, "clearinghouse")
    assert counts(lake)["remit_claims"] == before["remit_claims"] + 1
    files = dict(rows(lake, "platform", "received_files", "source_file, duplicate_byte_count"))
    assert files["835/r6.edi"] == len(both) // 2
    assert files["835/r1 (copy).edi"] == len(both) // 2


def test_a_killed_load_goes_on_where_it_stopped(
    lake: Lake, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Lake(tmp_path / "whole")
    x12.load_folder(whole, folder, "clearinghouse")
    monkeypatch.setattr(loader, "_BATCH_FILES", 2)
    write, calls = loader.write_platform_rows, []

    def die_in_the_third_batch(*args: object) -> None:
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        write(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(loader, "write_platform_rows", die_in_the_third_batch)
    with pytest.raises(KeyboardInterrupt):
        x12.load_folder(lake, folder, "clearinghouse")
    assert 0 < sum(counts(lake).values()) < sum(counts(whole).values())
    reopened = Lake(lake.root)
    reopened.recover()
    x12.load_folder(reopened, folder, "clearinghouse")
    for table in x12.TABLES:
        columns = "* exclude (_batch_id, _loaded_at)"
        assert rows(reopened, "x12", table, columns) == rows(whole, "x12", table, columns)


def test_the_size_of_a_batch_changes_nothing(
    lake: Lake, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Lake(tmp_path / "whole")
    x12.load_folder(whole, folder, "clearinghouse")
    monkeypatch.setattr(loader, "_BATCH_FILES", 1)
    x12.load_folder(lake, folder, "clearinghouse")
    columns = "* exclude (_batch_id, _loaded_at)"
    for source, table in [*(("x12", table) for table in x12.TABLES), ("platform", "quarantine")]:
        assert rows(lake, source, table, columns) == rows(whole, source, table, columns)


def test_a_system_that_tells_no_processors_of_a_process_reads_as_well(
    lake: Lake, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """macOS, where a month of files is the first to ask."""
    monkeypatch.delattr(loader.os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(loader, "_ALONE_BYTES", 0)
    assert x12.load_folder(lake, folder, "clearinghouse").files_loaded == 7


def test_a_missing_folder_is_an_unavailable_source(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="nowhere"):
        x12.load_folder(lake, tmp_path / "nowhere", "x12_folder")


def test_a_file_in_place_of_the_folder_is_said(lake: Lake, tmp_path: Path) -> None:
    _put(tmp_path / "r.835", remit_file())
    with pytest.raises(SourceUnavailable, match="It is a file"):
        x12.load_folder(lake, tmp_path / "r.835", "clearinghouse")


def test_what_is_held_alike_is_told_in_one_line(lake: Lake, tmp_path: Path) -> None:
    for number in range(1, 4):
        _put(
            tmp_path / "in" / f"{number}.835",
            remit_file(number=number).replace(b"*0*P*", b"*0*T*", 1),
        )
    _put(tmp_path / "in" / "notes.txt", b"call the payer")
    alike, other = x12.load_folder(lake, tmp_path / "in", "clearinghouse").messages
    assert alike.startswith("3 interchanges of 3 files held (E9): marked as test")
    assert other.startswith("notes.txt at byte 0: file held (E1)")


def test_an_empty_folder_is_no_error(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert x12.load_folder(lake, tmp_path / "empty", "x12_folder").files_loaded == 0
    assert counts(lake) == dict.fromkeys(x12.TABLES, 0)


def test_test_files_load_once_they_are_accepted(lake: Lake, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    _put(folder / "test.835", remit_file(number=7).replace(b"*0*P*", b"*0*T*", 1))
    held = x12.load_folder(lake, folder, "x12_folder")
    assert (held.files_loaded, held.files_quarantined) == (0, 1)
    accepted = x12.load_folder(lake, folder, "x12_folder", accept_test=True)
    assert (accepted.files_loaded, accepted.rows["remit_claims"]) == (1, 1)
    again = x12.load_folder(lake, folder, "x12_folder", accept_test=True)
    assert (again.files_loaded, again.files_skipped) == (0, 1)
    assert counts(lake)["remit_claims"] == 1


def test_what_is_dated_ahead_waits_for_its_day_and_hides_nothing(
    lake: Lake, tmp_path: Path
) -> None:
    folder, today = tmp_path / "in", date(2025, 3, 12)
    _put(folder / "typo.835", remit_file(number=7, date="991231"))
    _put(folder / "copy.835", remit_file(number=7, date="991231"))
    _put(folder / "cut.835", remit_file(number=8, date="991231")[:-20])
    _put(folder / "good.835", remit_file(number=9, date="250312"))
    held = x12.load_folder(lake, folder, "x12_folder", not_after=today)
    assert (held.files_loaded, held.quarantined_count) == (1, 2)
    assert lake.latest_arrival_date() == today
    again = x12.load_folder(lake, folder, "x12_folder", not_after=today)
    assert (again.files_loaded, again.files_skipped) == (0, 4)
    later = x12.load_folder(lake, folder, "x12_folder", not_after=date(2099, 12, 31))
    assert (later.files_loaded, later.rows["remit_claims"]) == (1, 1)
