"""Published marts as files: exact, whole, the same each time, or not at all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rcm_platform.publish import exports, versions
from rcm_platform.publish.exports import Format, NotPublished
from rcm_platform.publish.versions import Relation
from rcm_platform_tests.conftest import Built, RunCli


@pytest.fixture
def published(tmp_path: Path) -> Path:
    warehouse = tmp_path / "rcm.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create schema marts")
        con.execute(
            "create table marts.fct_claims as select * from (values "
            "(2, 9007199254740993.10::decimal(18,2), null, date '2025-03-01', true), "
            "(1, 0.30::decimal(18,2), 'a, \"b\"', null, false)"
            ") as t (claim_id, amount, note, day, is_open)"
        )
        con.execute("create table marts.fct_empty as select 1 as x where false")
    relations = [Relation("marts", "fct_claims"), Relation("marts", "fct_empty")]
    versions.publish(
        warehouse, tmp_path / "published", {"operations": relations}, date(2025, 12, 31)
    )
    return tmp_path / "published"


def test_a_csv_holds_every_cent(published: Path, tmp_path: Path) -> None:
    done = exports.export(published, "fct_claims", tmp_path / "out")
    assert (done.rows, done.version) == (2, "00001-2025-12-31")
    assert done.path.read_text().splitlines() == [
        '"claim_id","amount","note","day","is_open"',
        '"1","0.30","a, ""b""",,"false"',
        '"2","9007199254740993.10",,"2025-03-01","true"',
    ]


def test_a_parquet_file_keeps_the_types(published: Path, tmp_path: Path) -> None:
    done = exports.export(published, "fct_claims", tmp_path, Format.PARQUET)
    table = pq.read_table(done.path)
    assert table.schema.field("amount").type == pa.decimal128(18, 2)
    assert table.column("amount").to_pylist() == [Decimal("0.30"), Decimal("9007199254740993.10")]
    assert table.column("day").to_pylist() == [None, date(2025, 3, 1)]


@pytest.mark.parametrize("file_format", list(Format))
def test_the_same_version_gives_the_same_bytes(
    published: Path, tmp_path: Path, file_format: Format
) -> None:
    first = exports.export(published, "fct_claims", tmp_path, file_format).path.read_bytes()
    again = exports.export(published, "fct_claims", tmp_path, file_format)
    assert again.path.read_bytes() == first
    assert exports.export(published, "fct_empty", tmp_path, file_format).rows == 0


def test_an_unknown_mart_or_audience_says_which_there_are(published: Path, tmp_path: Path) -> None:
    with pytest.raises(NotPublished, match="there is: fct_claims, fct_empty, published_version"):
        exports.export(published, "fct_claim", tmp_path)
    with pytest.raises(NotPublished, match="there is: operations"):
        exports.export(published, "fct_claims", tmp_path, audience="press")
    with pytest.raises(FileNotFoundError, match="rcm run"):
        exports.export(tmp_path / "nowhere", "fct_claims", tmp_path)


def test_a_failed_write_leaves_the_earlier_file_and_no_trace(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = exports.export(published, "fct_claims", tmp_path / "out").path.read_bytes()

    def fail(*_: object) -> int:
        raise OSError("disk full")

    monkeypatch.setattr(exports, "_WRITERS", {Format.CSV: fail})
    with pytest.raises(OSError, match="disk full"):
        exports.export(published, "fct_claims", tmp_path / "out")
    assert [p.read_bytes() for p in (tmp_path / "out").iterdir()] == [before]


def test_only_its_owner_may_read_an_export(published: Path, tmp_path: Path) -> None:
    path = exports.export(published, "fct_claims", tmp_path).path
    assert path.stat().st_mode & 0o077 == 0


def test_the_command_writes_a_mart(cli: RunCli, built: Built, tmp_path: Path) -> None:
    home = built.settings.home
    done = cli("export", "fct_claims", "--format", "parquet", "--out", str(tmp_path), home=home)
    assert done.returncode == 0, done.stderr
    with built.published() as con:
        [(count,)] = con.execute("select count(*) from fct_claims").fetchall()
    assert pq.read_metadata(tmp_path / "fct_claims.parquet").num_rows == count
    wrong = cli("export", "fct_nothing", home=home)
    assert wrong.returncode == 1
    assert "there is: " in wrong.stderr
    assert "fct_claims" in wrong.stderr


def test_claims_for_others_stand_beside_the_published_version(built: Built) -> None:
    version = versions.current(built.settings.published_dir)
    assert version
    folder = built.settings.published_dir / version.version / "exports"
    claims = pq.read_table(folder / "tuva_medical_claim.parquet")
    keys = claims.select(["data_source", "claim_id", "claim_line_number"]).to_pylist()
    assert len({tuple(key.values()) for key in keys}) == len(keys) > 0
    with built.published() as con:
        [(paid,)] = con.execute(
            "select sum(payer_paid_amount) from fct_claims where remit_count > 0"
        ).fetchall()
    assert sum(claims.column("paid_amount").to_pylist()) == paid
