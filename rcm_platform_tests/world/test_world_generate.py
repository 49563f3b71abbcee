"""The world is one pure function: repeatable, only ever growing, whole or not there."""

from __future__ import annotations

import json
import random
import re
import shutil
import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from rcm_platform.world import WorldSummary, generate
from rcm_platform.world.feeds import files as feeds_files
from rcm_platform.world.truth import truth

# the package exports the function of the same name
GENERATE = sys.modules["rcm_platform.world.generate"]
SEED, SIZE = 7, "tiny"
START, EARLY, LATE = date(2025, 1, 1), date(2025, 3, 16), date(2025, 4, 15)


def build(folder: Path, through: date, seed: int = SEED) -> WorldSummary:
    return generate(folder, seed=seed, size=SIZE, start=START, through=through)


@pytest.fixture(scope="module")
def early(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("early") / "world"
    build(folder, EARLY)
    return folder


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("late") / "world"
    build(folder, LATE)
    return folder


def content(folder: Path) -> dict:
    return json.loads((folder / "world.json").read_text())["content"]


def test_same_parameters_same_content(early: Path, tmp_path: Path) -> None:
    build(tmp_path / "again", EARLY)
    assert content(tmp_path / "again") == content(early)


def test_another_seed_is_another_world(early: Path, tmp_path: Path) -> None:
    build(tmp_path / "other", EARLY, seed=SEED + 1)
    same = {
        name for name, value in content(tmp_path / "other").items() if content(early)[name] == value
    }
    assert same <= {
        "hospital_a.departments", "hospital_b.departments",
        *(f"truth/{scope}/{name}" for scope in ("happened", "knowable")
          for name in ("payer_contracts", "payers", "departments")),
    }  # fmt: skip


def test_slices_of_days_in_any_order_make_the_same_world(early: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sliced"
    days = (EARLY - START).days + 1
    edges = sorted(random.Random(3).sample(range(1, days), 9))
    slices = list(zip([0, *edges], [*(edge - 1 for edge in edges), days - 1], strict=True))
    random.Random(4).shuffle(slices)
    for number, (first, last) in enumerate(slices, start=1):
        summary = generate(
            folder, seed=SEED, size=SIZE, start=START, through=EARLY,
            days=(START + timedelta(days=first), START + timedelta(days=last)),
        )  # fmt: skip
        assert summary.is_new
        assert summary.is_complete == (number == len(slices))
    assert content(folder) == content(early)


def test_a_day_alone_is_that_day_of_the_whole(early: Path, tmp_path: Path) -> None:
    day = date(2025, 2, 12)
    summary = generate(
        tmp_path / "day", seed=SEED, size=SIZE, start=START, through=EARLY, days=(day, day)
    )
    assert not summary.is_complete
    assert "some days are still missing" in str(summary)
    alone = [p for p in (tmp_path / "day").rglob("*") if p.suffix in (".edi", ".csv")]
    assert len(alone) > 3
    for path in alone:
        name = path.relative_to(tmp_path / "day")
        assert path.read_bytes() == (early / name).read_bytes(), name
    again = generate(
        tmp_path / "day", seed=SEED, size=SIZE, start=START, through=EARLY, days=(day, day)
    )
    assert not again.is_new


def test_a_later_world_holds_every_earlier_file_unchanged(early: Path, late: Path) -> None:
    files = [p for p in early.rglob("*") if p.suffix in (".edi", ".csv")]
    assert len(files) > 100
    for path in files:
        assert (late / path.relative_to(early)).read_bytes() == path.read_bytes(), path.name


def test_a_later_world_adds_only_files_that_arrive_later(early: Path, late: Path) -> None:
    names = {p.relative_to(early) for p in early.rglob("*") if p.suffix in (".edi", ".csv")}
    added = {p.relative_to(late) for p in late.rglob("*") if p.suffix in (".edi", ".csv")} - names
    assert added
    for path in added:
        stamp = re.sub("_[23]$", "", path.stem).split("_")[-1]
        if path.parts[:2] == ("clearinghouse", "999"):  # its own day, then that of its batch
            stamp = path.stem.split("_")[-2]
        day = date.fromisoformat(stamp) if len(stamp) == 8 else date.fromisoformat(stamp + "01")
        if len(stamp) == 6:  # costs of a month arrive on the 5th of the next
            day = (day + timedelta(days=31)).replace(day=5)
        assert EARLY < day <= LATE, path


#: Tables whose rows never change once they are there.
APPEND_ONLY = (
    "encounters", "procedures", "transactions", "diagnoses", "eligibility_checks", "work_log",
)  # fmt: skip
#: Tables whose rows show their latest state.
IN_PLACE = ("encounter_status", "appointments", "authorizations")


@pytest.mark.parametrize("system", ["hospital_a", "hospital_b"])
def test_a_later_database_shows_the_earlier_rows_and_newer_ones(
    system: str, early: Path, late: Path
) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{early / system}.duckdb' as early (read_only)")
        connection.execute(f"attach '{late / system}.duckdb' as late (read_only)")
        append_only = APPEND_ONLY
        if system == "hospital_a":  # which keeps what its patient records were
            append_only += ("patient_history",)
        for table in append_only:
            for one, other in (("early", "late"), ("late", "early")):
                rows = connection.execute(
                    f"select count(*) from (select * from {one}.{table} where "
                    f"ModifiedDate::date <= '{EARLY}' except all select * from {other}.{table})"
                ).fetchall()
                assert rows == [(0,)], (table, one)
        patients = "Updated_Date" if system == "hospital_b" else "ModifiedDate"
        for table, column in (
            *((name, "ModifiedDate") for name in (*append_only, *IN_PLACE)),
            ("patients", patients),
        ):
            # what did not change since is the same, and nothing is dated later than the last day
            rows = connection.execute(
                f"select count(*) from (select * from late.{table} "
                f"where {column}::date <= '{EARLY}' except all select * from early.{table})"
            ).fetchall()
            assert rows == [(0,)], table
            latest = connection.execute(f"select max({column}::date) from early.{table}").fetchall()
            assert latest[0][0] <= EARLY, table
        for table in ("providers", "departments", "staff"):
            assert (
                connection.execute(f"from early.{table} order by all").fetchall()
                == connection.execute(f"from late.{table} order by all").fetchall()
            )


def test_what_was_knowable_then_is_what_the_later_world_had_recorded_by_then(
    early: Path, late: Path
) -> None:
    columns = (
        "source_system, claim_id, event_type, event_date, recorded_date, ar_amount, cash_amount"
    )
    then = f"select {columns} from '{early}/truth/knowable/ledger_entries.parquet'"
    now = (
        f"select {columns} from '{late}/truth/knowable/ledger_entries.parquet' "
        f"where recorded_date <= '{EARLY}'"
    )
    for one, other in ((then, now), (now, then)):
        rows = duckdb.sql(f"select count(*) from ({one} except all {other})").fetchall()
        assert rows == [(0,)]


def test_a_complete_world_is_left_alone(early: Path) -> None:
    before = (early / "world.json").stat().st_mtime_ns
    summary = build(early, EARLY)
    assert not summary.is_new
    assert (early / "world.json").stat().st_mtime_ns == before
    assert "already complete" in str(summary)


def test_a_later_day_replaces_the_world_and_leaves_nothing_beside_it(
    early: Path, late: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "world"
    shutil.copytree(early, folder)
    assert build(folder, LATE).is_new
    assert content(folder) == content(late)
    assert {p.name for p in tmp_path.iterdir()} <= {"world", ".world.lock"}


def test_changed_parameters_or_code_rebuild(
    early: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "world"
    shutil.copytree(early, folder)
    monkeypatch.setattr(GENERATE, "fingerprint", lambda: "other tables")
    assert build(folder, EARLY).is_new


def test_a_build_that_dies_leaves_what_was_there(
    early: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "world"
    shutil.copytree(early, folder)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(truth, "write_truth", die)
        with pytest.raises(KeyboardInterrupt):
            build(folder, LATE)
    assert content(folder) == content(early)
    build(folder, LATE)
    assert {p.name for p in tmp_path.iterdir()} <= {"world", ".world.lock"}


def test_a_first_build_that_dies_leaves_no_world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "world"

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(feeds_files, "write_operations", die)
        with pytest.raises(KeyboardInterrupt):
            build(folder, EARLY)
    assert not folder.exists()


def test_a_swap_that_was_cut_in_half_is_mended(early: Path, tmp_path: Path) -> None:
    shutil.copytree(early, tmp_path / ".world.previous")
    assert not build(tmp_path / "world", EARLY).is_new


def test_a_folder_with_other_things_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match="no world"):
        build(tmp_path, EARLY)
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": -1}, r"seed = -1 .*0\.\."),
        ({"size": "huge"}, "size = 'huge' is none of tiny, small, medium, large"),
        ({"start": date(1990, 1, 1)}, "start = 1990-01-01 is outside"),
        ({"through": START - timedelta(days=1)}, "through = 2024-12-31 is outside 2025-01-01"),
        ({"through": date(2060, 1, 1)}, "more than 3660 days"),
        ({"faults": "missing_999=2000000"}, r"missing_999 = '2000000' is outside 0\.\.1000000"),
        ({"faults": "missing_1000=5"}, "missing_1000=5.* one of the names duplicate_file"),
        ({"days": (START, date(2026, 1, 1))}, "days = .* is outside 2025-01-01"),
    ],
)
def test_impossible_parameters_are_refused_before_anything_is_written(
    change: dict, message: str, tmp_path: Path
) -> None:
    given = {"seed": SEED, "size": SIZE, "start": START, "through": EARLY, **change}
    with pytest.raises(ValueError, match=message):
        generate(tmp_path / "new" / "world", **given)
    assert not (tmp_path / "new").exists()


def test_a_world_of_one_empty_sunday(tmp_path: Path) -> None:
    sunday = date(2025, 1, 5)
    summary = generate(tmp_path / "w", seed=1, size="tiny", start=sunday, through=sunday)
    assert summary.counts["encounters"] == 0


def test_progress_is_told(tmp_path: Path) -> None:
    heard: list[tuple[int, int, str]] = []
    generate(
        tmp_path / "w", seed=1, size="tiny", start=START, through=START,
        progress=lambda *step: heard.append(step),
    )  # fmt: skip
    assert [done for done, *_ in heard] == sorted(done for done, *_ in heard)
    assert heard[-1][0] == heard[-1][1]


@pytest.mark.prove
def test_a_medium_world_is_the_same_again_and_in_shuffled_slices(tmp_path: Path) -> None:
    first, last = date(2024, 10, 1), date(2025, 12, 31)
    given = {"seed": 20250101, "size": "medium", "start": first, "through": last}
    hashes = {generate(tmp_path / name, **given).content_sha256 for name in ("one", "two")}
    shutil.rmtree(tmp_path / "two")
    days = (last - first).days + 1
    edges = sorted(random.Random(1).sample(range(1, days), 7))
    slices = list(zip([0, *edges], [*(edge - 1 for edge in edges), days - 1], strict=True))
    random.Random(2).shuffle(slices)
    for begin, end in slices:
        window = first + timedelta(days=begin), first + timedelta(days=end)
        summary = generate(tmp_path / "sliced", **given, days=window)
    print(f"\n{slices}\n{hashes} {summary.content_sha256}")
    assert summary.is_complete
    assert hashes == {summary.content_sha256}
