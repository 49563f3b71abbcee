"""The lake: a batch is there whole or not at all, and nothing that is there changes."""

from __future__ import annotations

import threading
import time
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rcm_platform.lake import UNDATED, Lake, LakeError
from rcm_platform.lake import batch as batch_module
from rcm_platform.lake.merging import compact
from rcm_platform.sources.base import QuarantineItem, ReceivedFile, write_platform_rows
from rcm_platform_tests.support.clinic import (
    VISITS,
    Killed,
    clinic_lake,
    killed_after,
    no_file_above,
    visits,
)

DAY, NEXT_DAY, NEXT_MONTH = date(2025, 3, 1), date(2025, 3, 2), date(2025, 4, 1)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return clinic_lake(tmp_path / "lake")


def query(lake: Lake, columns: str = "visit_id", table: str = "visits") -> list[tuple]:
    return lake.query(f"select {columns} from {lake.scan('clinic', table)} order by 1")


def all_files(lake: Lake) -> list[Path]:
    """The files of the lake, but for what declares a table and the lock of readers."""
    return [
        p
        for p in lake.root.rglob("*")
        if p.is_file() and p.name not in ("schema.parquet", "_readers.lock")
    ]


class TestDeclare:
    def test_a_declared_table_can_be_read_before_its_first_row(self, lake: Lake) -> None:
        with duckdb.connect() as con:
            described = con.execute(f"describe from {lake.scan('clinic', 'visits')}").fetchall()
        assert {row[0]: row[1] for row in described} == {
            "visit_id": "VARCHAR",
            "amount": "DECIMAL(18,2)",
            "_source_system": "VARCHAR",
            "_source_file": "VARCHAR",
            "_source_position": "VARCHAR",
            "_batch_id": "VARCHAR",
            "_loaded_at": "TIMESTAMP",
            "_arrival_date": "DATE",
        }
        assert query(lake) == []
        assert lake.latest_arrival_date() is None
        assert lake.received_hashes() == set()

    def test_a_new_column_reaches_old_rows_as_null(self, lake: Lake) -> None:
        with lake.batch("clinic", ["1"]) as batch:
            batch.add("clinic", "visits", DAY, visits("v1"))
        lake.declare("clinic", "visits", VISITS.append(pa.field("ward", pa.string())))
        assert query(lake, "visit_id, ward") == [("v1", None)]

    def test_rows_for_an_undeclared_table_are_refused(self, lake: Lake) -> None:
        with (
            pytest.raises(KeyError, match="clinic/beds is not declared"),
            lake.batch("clinic", ["1"]) as batch,
        ):
            batch.add("clinic", "beds", DAY, visits("v1"))


class TestBatch:
    def test_rows_come_back_with_their_provenance(self, lake: Lake) -> None:
        with lake.batch("clinic", ["1"]) as batch:
            batch.add("clinic", "visits", DAY, visits("v1"))
        assert query(
            lake,
            "visit_id, amount, _source_system, _source_file, _source_position, _batch_id, "
            "_loaded_at, _arrival_date",
        ) == [("v1", Decimal("12.50"), "clinic", "visits.csv", "1", batch.id, batch.loaded_at, DAY)]

    def test_the_id_depends_on_content_only(self, lake: Lake, tmp_path: Path) -> None:
        def batch_id(where: Path, source: str, *hashes: str) -> str:
            with Lake(where).batch(source, hashes) as batch:
                return batch.id

        one = batch_id(lake.root, "clinic", "1", "2")
        assert one == batch_id(tmp_path / "elsewhere", "clinic", "2", "1")
        assert one != batch_id(lake.root, "clinic", "1", "3")
        assert one != batch_id(lake.root, "other", "1", "2")

    def test_rows_are_invisible_until_the_block_ends(self, lake: Lake) -> None:
        with lake.batch("clinic", ["1"]) as batch:
            batch.add("clinic", "visits", DAY, visits("v1"))
            batch._flush()
            assert query(lake) == []
        assert query(lake) == [("v1",)]

    def test_an_error_leaves_nothing(self, lake: Lake) -> None:
        with pytest.raises(RuntimeError, match="disk"), lake.batch("clinic", ["1"]) as batch:
            batch.add("clinic", "visits", DAY, visits("v1"))
            batch._flush()
            raise RuntimeError("disk")
        assert all_files(lake) == []

    def test_without_room_it_leaves_nothing_and_says_where(self, lake: Lake) -> None:
        with (
            no_file_above(300),
            pytest.raises(LakeError, match=f"{lake.root} .*Free space"),
            lake.batch("clinic", ["1"]) as batch,
        ):
            batch.add("clinic", "visits", DAY, visits("v1"))
        assert all_files(lake) == []

    def test_many_additions_become_one_file_a_month(self, lake: Lake) -> None:
        with lake.batch("clinic", ["1"]) as batch:
            for n in range(5):
                batch.add("clinic", "visits", DAY, visits(f"v{n}"))
            batch.add("clinic", "visits", NEXT_DAY, visits("w"))
            batch.add("clinic", "visits", NEXT_MONTH, visits("x"))
            batch.add("clinic", "visits", UNDATED, visits("y"))
        names = {
            p.relative_to(lake.root / "clinic" / "visits").as_posix()
            for p in all_files(lake)
            if "visits" in p.parts
        }
        assert names == {
            f"2025-03/{batch.id}.parquet",
            f"2025-04/{batch.id}.parquet",
            f"undated/{batch.id}.parquet",
        }
        assert len(query(lake)) == 8

    def test_each_row_may_name_its_own_day(self, lake: Lake) -> None:
        days = [NEXT_MONTH, DAY, UNDATED, NEXT_DAY]
        rows = visits("v1", "v2", "v3", "v4", _arrival_date=pa.array(days))
        with lake.batch("clinic", ["1"]) as batch:
            batch.add("clinic", "visits", None, rows)
        assert query(lake, "visit_id, _arrival_date") == [
            (f"v{number}", day) for number, day in enumerate(days, 1)
        ]
        assert len([p for p in all_files(lake) if "visits" in p.parts]) == 3

    def test_a_row_without_a_day_stops_the_batch(self, lake: Lake) -> None:
        rows = visits("v1", _arrival_date=pa.array([None], pa.date32()))
        with (
            pytest.raises(ValueError, match="no arrival date"),
            lake.batch("clinic", ["1"]) as batch,
        ):
            batch.add("clinic", "visits", None, rows)
        assert all_files(lake) == []

    def test_a_large_batch_is_written_in_parts(
        self, lake: Lake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(batch_module, "_BUFFER_BYTES", 0)
        with lake.batch("clinic", ["1"]) as batch:
            batch.add("clinic", "visits", DAY, visits("v1"))
            batch.add("clinic", "visits", DAY, visits("v2"))
        assert [p.name for p in sorted((lake.root / "clinic").rglob(f"{batch.id}*"))] == [
            f"{batch.id}-1.parquet",
            f"{batch.id}.parquet",
        ]
        assert query(lake) == [("v1",), ("v2",)]

    def test_what_is_missing_is_null_and_what_is_new_is_kept(self, lake: Lake) -> None:
        with lake.batch("clinic", ["1"]) as batch:
            batch.add("clinic", "visits", DAY, visits("v1").drop_columns("amount"))
            batch.add("clinic", "visits", DAY, visits("v2", ward=["east"]))
        assert query(lake, "visit_id, amount, ward") == [
            ("v1", None, None),
            ("v2", Decimal("12.50"), "east"),
        ]

    def test_a_value_of_another_type_stops_the_batch(self, lake: Lake) -> None:
        wrong = visits("v1").drop_columns("amount").append_column("amount", [["a lot"]])
        with pytest.raises(pa.ArrowInvalid), lake.batch("clinic", ["1"]) as batch:
            batch.add("clinic", "visits", DAY, visits("v0"))
            batch.add("clinic", "visits", DAY, wrong)
        assert query(lake) == []

    def test_the_same_content_again_overwrites_nothing(self, lake: Lake) -> None:
        ids = []
        for name in ("v1", "v2"):
            with lake.batch("clinic", ["1"]) as batch:
                batch.add("clinic", "visits", DAY, visits(name))
            ids.append(batch.id)
        assert ids[1] == f"{ids[0]}r2"
        assert query(lake) == [("v1",), ("v2",)]

    def test_an_empty_batch_leaves_no_trace(self, lake: Lake) -> None:
        with lake.batch("clinic", []) as batch:
            batch.add("clinic", "visits", DAY, visits())
        assert all_files(lake) == []


class TestRecover:
    def test_a_kill_between_files_and_commit_leaves_nothing(self, lake: Lake) -> None:
        killed = lake.batch("clinic", ["1"])
        batch = killed.__enter__()
        batch.add("clinic", "visits", DAY, visits("v1"))
        batch.add("clinic", "visits", NEXT_DAY, visits("v2"))
        batch._flush()  # the process dies here: neither commit nor discard
        restarted = Lake(lake.root)
        assert query(restarted) == []
        assert restarted.recover() == 1
        assert query(restarted) == []
        assert all_files(restarted) == []
        assert restarted.recover() == 0

    def test_a_kill_at_any_moment_leaves_all_or_nothing(self, lake: Lake) -> None:
        seen = set()
        for moment in range(100):
            try:
                with killed_after(moment), lake.batch("clinic", [str(moment)]) as batch:
                    for table in ("visits", "bills"):
                        batch.add("clinic", table, DAY, visits(f"{moment}"))
                        batch.add("clinic", table, NEXT_MONTH, visits(f"{moment}"))
            except Killed:
                pass
            else:
                break
            restarted = Lake(lake.root)
            before = [len(query(restarted, table=table)) for table in ("visits", "bills")]
            restarted.recover()
            assert [len(query(restarted, table=table)) for table in ("visits", "bills")] == before
            assert before[0] == before[1]
            assert not [*restarted.root.glob("_staging/*")]
            seen.add(before[0])
        # nothing of it at first; from the record on all of it
        assert 0 in seen
        assert len(seen) > 2

    def test_a_file_of_a_batch_that_was_not_committed_is_removed(self, lake: Lake) -> None:
        with lake.batch("clinic", ["1"]) as batch:
            batch.add("clinic", "visits", DAY, visits("v1"))
        (committed,) = (lake.root / "clinic").rglob(f"{batch.id}.parquet")
        pq.write_table(pq.read_table(committed), committed.with_name(f"{'0' * 20}-3.parquet"))
        assert lake.recover() == 1
        assert query(lake) == [("v1",)]

    @pytest.mark.parametrize(
        "place", ["2025-03/other.parquet", "declared/x.parquet", "a/b.parquet"]
    )
    def test_a_file_of_no_batch_is_named_and_neither_read_nor_removed(
        self, lake: Lake, place: str
    ) -> None:
        with lake.batch("clinic", ["1"]) as batch:
            batch.add("clinic", "visits", DAY, visits("v1"))
        foreign = lake.root / "clinic" / "visits" / place
        foreign.parent.mkdir(exist_ok=True)
        pq.write_table(pa.table({"visit_id": ["v9"]}), foreign)
        assert lake.recover() == 0
        for asked in (lake.check, lambda: query(lake)):
            with pytest.raises(LakeError, match=place):
                asked()
        assert foreign.exists()


class TestRead:
    def test_a_damaged_file_is_named(self, lake: Lake) -> None:
        with lake.batch("clinic", ["1"]) as batch:
            batch.add("clinic", "visits", DAY, visits("v1"))
        (file,) = (lake.root / "clinic").rglob(f"{batch.id}.parquet")
        whole = file.read_bytes()
        for damaged in (b"", whole[:-9], b"no Parquet at all"):
            file.write_bytes(damaged)
            for asked in (
                lake.latest_arrival_date,
                lambda: lake.query(f"from {lake.scan('clinic', 'visits')}"),
            ):
                with pytest.raises(LakeError, match=f"{batch.id}.*from a backup"):
                    asked()

    def test_a_reader_sees_two_tables_of_one_moment(
        self, lake: Lake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stopped = threading.Event()
        rename = Path.rename

        def rename_slowly(path: Path, target: Path) -> Path:
            time.sleep(0.005)
            return rename(path, target)

        monkeypatch.setattr(Path, "rename", rename_slowly)

        def write() -> None:
            for number in range(40):
                day = DAY + timedelta(days=number)
                with lake.batch("clinic", [str(number)]) as batch:
                    for table in ("visits", "bills"):
                        batch.add("clinic", table, day, visits(f"v{number:02}"))
                if number % 5 == 4:
                    compact(lake.root)
            stopped.set()

        writer = threading.Thread(target=write)
        writer.start()
        seen = []
        while not stopped.is_set():
            with lake.reading():
                seen += lake.query(
                    f"select (select count(*) from {lake.scan('clinic', 'visits')}), "
                    f"(select count(*) from {lake.scan('clinic', 'bills')})"
                )
        writer.join()
        assert all(one == other for one, other in seen)
        assert sorted(seen) == seen
        assert len(set(seen)) > 2

    def test_the_latest_arrival_date_ignores_undated_rows(self, lake: Lake) -> None:
        with lake.batch("clinic", ["1"]) as batch:
            batch.add("clinic", "visits", UNDATED, visits("v0"))
        assert lake.latest_arrival_date() is None
        with lake.batch("clinic", ["2"]) as batch:
            batch.add("clinic", "visits", NEXT_DAY, visits("v2"))
            batch.add("clinic", "visits", DAY, visits("v1"))
        assert lake.latest_arrival_date() == NEXT_DAY

    def test_a_duplicate_is_not_received_content(self, lake: Lake) -> None:
        def received(file: str, sha: str, status: str) -> ReceivedFile:
            return ReceivedFile("clinic", file, sha, 9, 9, 0, 0, 0, status, 1, None, DAY)  # type: ignore[arg-type]

        with lake.batch("clinic", ["1"]) as batch:
            files = [
                received("a.csv", "aa", "loaded"),
                received("b.csv", "bb", "quarantined"),
                received("c.csv", "cc", "duplicate"),
            ]
            item = QuarantineItem(
                "clinic", "b.csv", "7", "row", "T3", "amount is not …", 12, 3, b"x\xff\n",
                Decimal("1.10"), DAY, "bb",
            )  # fmt: skip
            write_platform_rows(batch, files, [item])
        assert lake.received_hashes() == {"aa", "bb"}
        assert ("clinic", "c.csv", "cc") in lake.received_names()
        assert lake.quarantine_ids("clinic") == {item.quarantine_id}
        assert lake.quarantine_ids("other") == set()
        with duckdb.connect() as con:
            row = con.execute(
                "select content, dollar_amount, arrival_date, _source_position, _arrival_date "
                f"from {lake.scan('platform', 'quarantine')}"
            ).fetchall()
        assert row == [(b"x\xff\n", Decimal("1.10"), DAY, "7", DAY)]

    def test_a_folder_with_a_quote_in_its_name(self, tmp_path: Path) -> None:
        lake = clinic_lake(tmp_path / "d'or")
        with lake.batch("clinic", ["1"]) as batch:
            batch.add("clinic", "visits", DAY, visits("v1"))
        assert query(lake) == [("v1",)]
