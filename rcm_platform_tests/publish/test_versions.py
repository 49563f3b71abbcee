"""Write, audit, publish: a reader sees a whole version or the one before it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from rcm_platform.publish import versions
from rcm_platform.publish.versions import AuditFailed, Relation, Version

RELATIONS = [Relation("marts", "fct_claims")]


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "rcm.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create schema marts")
        con.execute("create table marts.fct_claims as select 1 as claim_id, 10.50::decimal(18,2) x")
        con.execute("create table marts.fct_secret as select 'nobody' as name")
    return path


def release(warehouse: Path, folder: Path, day: str = "2025-12-31") -> Version:
    return versions.publish(
        warehouse, folder, {"operations": RELATIONS}, date.fromisoformat(day), {"cash": "12.30"}
    )


def test_an_audience_finds_its_models_by_bare_name_and_nothing_else(
    warehouse: Path, tmp_path: Path
) -> None:
    release(warehouse, tmp_path / "out")
    with versions.open_published(tmp_path / "out", "operations") as con:
        tables = {
            name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()
        }
        assert tables == {"fct_claims", "published_version"}
        assert con.execute("select claim_id from fct_claims").fetchall() == [(1,)]
        assert con.execute("select as_of, cash from published_version").fetchall() == [
            ("2025-12-31", "12.30")
        ]


def test_people_see_amounts_as_they_are(warehouse: Path, tmp_path: Path) -> None:
    release(warehouse, tmp_path / "out")
    shown = versions.rows(tmp_path / "out", "operations", "fct_claims", limit=5)
    assert shown.to_dict("records") == [{"claim_id": 1, "x": Decimal("10.50")}]
    with pytest.raises(KeyError, match="there is: fct_claims, published_version"):
        versions.rows(tmp_path / "out", "operations", "fct_secret", limit=5)


def test_readers_can_neither_write_nor_read_other_files(warehouse: Path, tmp_path: Path) -> None:
    release(warehouse, tmp_path / "out")
    with versions.open_published(tmp_path / "out", "operations") as con:
        for statement in ("delete from fct_claims", f"attach '{warehouse}'"):
            with pytest.raises(duckdb.Error):
                con.execute(statement)


def test_a_reader_of_the_old_version_is_not_disturbed(warehouse: Path, tmp_path: Path) -> None:
    release(warehouse, tmp_path / "out")
    with versions.open_published(tmp_path / "out", "operations") as old:
        with duckdb.connect(str(warehouse)) as con:
            con.execute("insert into marts.fct_claims values (2, 1.00)")
        release(warehouse, tmp_path / "out")
        with versions.open_published(tmp_path / "out", "operations") as new:
            assert old.execute("select count(*) from fct_claims").fetchall() == [(1,)]
            assert new.execute("select count(*) from fct_claims").fetchall() == [(2,)]


def test_what_fails_its_audit_is_never_pointed_to(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = release(warehouse, tmp_path / "out")
    write = versions._write

    def write_badly(source: Path, target: Path, *rest: object) -> None:
        write(source, target, *rest)  # type: ignore[arg-type]
        target.chmod(0o644)
        with duckdb.connect(str(target)) as con:
            con.execute("update fct_claims set x = 10.51")

    monkeypatch.setattr(versions, "_write", write_badly)
    with pytest.raises(AuditFailed, match="fct_claims"):
        release(warehouse, tmp_path / "out")
    assert versions.current(tmp_path / "out") == before
    assert versions.versions(tmp_path / "out") == [before]


def test_a_kill_while_writing_leaves_the_old_version_and_no_trace_after_the_next(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = release(warehouse, tmp_path / "out")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(versions, "_audit", killed)
        release(warehouse, tmp_path / "out")
    assert versions.current(tmp_path / "out") == before
    release(warehouse, tmp_path / "out")
    assert not list((tmp_path / "out").glob(".writing-*"))


def test_an_older_as_of_date_never_moves_the_pointer_back(warehouse: Path, tmp_path: Path) -> None:
    newer = release(warehouse, tmp_path / "out", "2025-12-31")
    older = release(warehouse, tmp_path / "out", "2025-06-30")
    assert not older.is_current
    assert versions.current(tmp_path / "out") == newer


def test_the_last_five_versions_are_kept_and_the_current_one_always(
    warehouse: Path, tmp_path: Path
) -> None:
    newest = release(warehouse, tmp_path / "out", "2025-12-31")
    for _ in range(7):
        release(warehouse, tmp_path / "out", "2025-06-30")
    kept = versions.versions(tmp_path / "out")
    assert len(kept) == 5
    assert newest in kept


def test_nothing_published_yet_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="rcm run"):
        versions.open_published(tmp_path, "operations")


def test_readers_can_be_led_back_and_the_next_version_leads_them_on(
    warehouse: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    first, second = release(warehouse, folder), release(warehouse, folder)
    assert versions.rollback(folder).version == first.version
    assert versions.current(folder) == first
    assert versions.rollback(folder, second.version).version == second.version
    versions.rollback(folder, first.version)
    third = release(warehouse, folder)
    assert versions.current(folder) == third


def test_a_version_that_is_not_there_is_named_with_those_that_are(
    warehouse: Path, tmp_path: Path
) -> None:
    only = release(warehouse, tmp_path / "out")
    with pytest.raises(LookupError, match=f"no earlier version; on disk: {only.version}"):
        versions.rollback(tmp_path / "out")
    with pytest.raises(LookupError, match="no version '00042-2030-01-01'"):
        versions.rollback(tmp_path / "out", "00042-2030-01-01")
    assert versions.current(tmp_path / "out") == only


def test_what_was_held_back_is_marked_until_something_is_published(
    warehouse: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    release(warehouse, folder, "2025-12-30")
    versions.hold(folder, "2025-12-31", ["check marts/fct_claims: charges_conserved"])
    assert "as of 2025-12-31" in str(versions.held(folder))
    release(warehouse, folder, "2025-12-31")
    assert versions.held(folder) is None


BOTH = [Relation("marts", "fct_claims"), Relation("marts", "fct_lines", ("name",))]


def note_contents(warehouse: Path) -> None:
    """What dbt notes beside the tables that it makes."""
    with duckdb.connect(str(warehouse)) as con:
        con.execute(
            "create or replace table main.table_contents as "
            "select 'model.rcm_dbt.fct_claims' as model_id, '' as made_of, count(*) as row_count, "
            "sum(hash(t)) as row_hash from marts.fct_claims as t "
            "union all select 'model.rcm_dbt.fct_lines', '', count(*), sum(hash(t)) "
            "from marts.fct_lines as t"
        )


def released(warehouse: Path, folder: Path, relations: list[Relation]) -> set[str]:
    """Publish, and see that readers find what the warehouse holds; the tables that were written."""
    note_contents(warehouse)
    written: list[str] = []

    def write(source: Path, file: Path, some: list[Relation], stated: object) -> None:
        written.extend(relation.name for relation in some)
        _write(source, file, some, stated)

    _write = versions._write
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(versions, "_write", write)
        versions.publish(warehouse, folder, {"operations": relations}, date(2025, 12, 31))
    with (
        versions.open_published(folder, "operations") as con,
        duckdb.connect(str(warehouse), read_only=True) as made,
    ):
        for relation in relations:
            wanted = made.execute(f"select {relation.columns} from {relation} order by all")
            found = con.execute(f'from "{relation.name}" order by all')
            assert found.fetchall() == wanted.fetchall()
        tables = {name for (name,) in con.execute("show tables").fetchall()}
        assert tables == {"published_version", *(relation.name for relation in relations)}
    return set(written)


@pytest.fixture
def two_tables(warehouse: Path) -> Path:
    with duckdb.connect(str(warehouse)) as con:
        con.execute(
            "create table marts.fct_lines as "
            "select range as line_no, 'nobody' as name from range(1000)"
        )
    return warehouse


def test_a_version_writes_the_tables_that_have_changed(two_tables: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert released(two_tables, folder, BOTH) == {"fct_claims", "fct_lines"}
    assert released(two_tables, folder, BOTH) == set()
    with duckdb.connect(str(two_tables)) as con:
        con.execute("insert into marts.fct_claims values (2, 20.00)")
    assert released(two_tables, folder, BOTH) == {"fct_claims"}
    with duckdb.connect(str(two_tables)) as con:
        con.execute("update marts.fct_lines set line_no = -line_no")
    # most of the rows: the whole file is written new
    assert released(two_tables, folder, BOTH) == {"fct_claims", "fct_lines"}


def test_what_readers_may_no_longer_see_is_nowhere_in_the_file(
    two_tables: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    with duckdb.connect(str(two_tables)) as con:
        con.execute("insert into marts.fct_claims select range, 1.00 from range(5000)")
    seen = [Relation("marts", "fct_lines"), RELATIONS[0]]

    def holds_the_name() -> bool:
        version = versions.current(folder)
        assert version
        return b"nobody" in version.path(folder, "operations").read_bytes()

    released(two_tables, folder, seen)
    assert holds_the_name()
    assert released(two_tables, folder, BOTH) == {"fct_claims", "fct_lines"}
    assert not holds_the_name()
    assert released(two_tables, folder, RELATIONS) == {"fct_claims"}


def test_a_last_version_that_is_damaged_is_no_ground_to_build_on(
    two_tables: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    released(two_tables, folder, BOTH)
    version = versions.current(folder)
    assert version
    (folder / version.version / versions.CONTENTS).unlink()
    assert released(two_tables, folder, BOTH) == {"fct_claims", "fct_lines"}
