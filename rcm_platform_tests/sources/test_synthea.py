"""Synthea exports of any version: by name, as text, whole or held with a reason."""

from __future__ import annotations

import gzip
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from rcm_platform.lake import UNDATED, Lake
from rcm_platform.sources.base import SourceUnavailable
from rcm_platform.sources.synthea import LAYOUTS, TABLES, load_synthea
from rcm_platform_tests.support import outside_files

# a minimal export: only the columns that nothing can do without
ROWS = {
    "claims": ["CL1,P1,PR1,PAY1,,E1,2025-03-01T08:00:00Z"],
    "claims_transactions": [
        "T1,CL1,1,P1,CHARGE,100.00,,2025-03-01T08:00:00Z,O1,,1,,,",
        "T2,CL1,2,P1,PAYMENT,,ECHECK,2025-03-01T08:00:00Z,O1,,,60.00,,",
    ],
    "patients": ["P1"],
    "encounters": ["E1,2025-03-01T08:00:00Z,P1,O1,PR1", "E2,2024-01-01T08:00:00Z,P1,O1,PR1"],
    "payers": ["PAY1,Payer One"],
    "providers": ["PR1,O1,Doctor One"],
    "organizations": ["O1,Clinic One"],
    "procedures": ["2025-03-01T08:00:00Z,P1,E1,1001"],
    "conditions": ["2025-03-01,P1,E1,2002"],
}


def header(table: str) -> str:
    """The required columns of a table, in upper case as Synthea writes them."""
    return ",".join(c.name.upper() for c in LAYOUTS[table].columns if c.required)


def content(table: str, *more: str) -> str:
    return "\n".join([header(table), *ROWS[table], *more, ""])


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "export"
    path.mkdir()
    for table in ROWS:
        (path / f"{table}.csv").write_text(content(table))
    return path


def query(
    lake: Lake, table: str, columns: str, source: str = "synthea", group: str = ""
) -> list[tuple]:
    with duckdb.connect() as con:
        return con.execute(
            f"select {columns} from {lake.scan(source, table)} {group} order by all"
        ).fetchall()


def held(lake: Lake) -> list[tuple]:
    columns = "source_file, source_position, level, rule_id, dollar_amount"
    return query(lake, "quarantine", columns, "platform")


def test_the_nine_modelled_tables_always_exist(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="RCM_SYNTHEA_DIR"):
        load_synthea(lake, tmp_path / "nowhere")
    assert sorted(TABLES) == sorted([*ROWS, "export_files"])
    assert all(query(lake, table, "*") == [] for table in TABLES)


def test_a_folder_without_tables_is_no_export(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "claims.txt").write_text("x")
    with pytest.raises(SourceUnavailable, match="no Synthea export found"):
        load_synthea(lake, tmp_path)


@pytest.mark.parametrize(
    ("place", "said"),
    [("csv", "Point RCM_SYNTHEA_DIR at"), ("2025/csv", "Point RCM_SYNTHEA_DIR at")],
)
def test_an_export_further_down_is_named(
    place: str, said: str, lake: Lake, folder: Path, tmp_path: Path
) -> None:
    above = tmp_path / "output"
    (above / place).parent.mkdir(parents=True)
    folder.rename(above / place)
    with pytest.raises(SourceUnavailable, match=f"{said} {above / place}, which holds one"):
        load_synthea(lake, above)


def test_an_archive_is_not_taken_for_nothing(lake: Lake, folder: Path, tmp_path: Path) -> None:
    packed = shutil.make_archive(str(tmp_path / "packed" / "synthea_sample"), "zip", folder)
    with pytest.raises(SourceUnavailable, match=r"Unpack synthea_sample\.zip"):
        load_synthea(lake, tmp_path / "packed")
    (folder / "claims.csv").unlink()
    shutil.copy(packed, folder / "claims.csv.zip")
    said = " ".join(load_synthea(lake, folder).messages)
    assert "claims.csv.zip is an archive, which is not read" in said


def test_everything_lands_as_lower_case_text(lake: Lake, folder: Path) -> None:
    summary = load_synthea(lake, folder)
    assert summary.rows == {table: len(rows) for table, rows in ROWS.items()}
    assert summary.quarantined_count == 0
    assert query(
        lake,
        "claims_transactions",
        "id, amount, payments, outstanding, notes, _source_file, _source_position, _arrival_date",
    ) == [
        ("T1", "100.00", None, None, None, "claims_transactions.csv", "1", date(2025, 3, 1)),
        ("T2", None, "60.00", None, None, "claims_transactions.csv", "2", date(2025, 3, 1)),
    ]
    assert summary.dollar_amounts == {"charges": Decimal(100), "payments": Decimal(60)}
    types = {row[0] for row in query(lake, "claims", "typeof(columns(* exclude (_loaded_at)))")}
    assert types == {"VARCHAR"}


def test_the_export_is_one_batch_and_is_loaded_once(lake: Lake, folder: Path) -> None:
    load_synthea(lake, folder)
    batches = {query(lake, table, "distinct _batch_id")[0] for table in LAYOUTS}
    assert len(batches) == 1
    before = sorted(lake.root.rglob("*"))
    again = load_synthea(lake, folder)
    assert (again.files_loaded, again.files_skipped) == (0, 9)
    assert sorted(lake.root.rglob("*")) == before


def test_packed_and_parquet_files_hold_the_same_rows(
    lake: Lake, folder: Path, tmp_path: Path
) -> None:
    packed = tmp_path / "packed"
    packed.mkdir()
    for number, table in enumerate(ROWS):
        source = folder / f"{table}.csv"
        if number % 2:
            (packed / f"{table}.csv.gz").write_bytes(gzip.compress(source.read_bytes()))
        else:
            duckdb.sql(
                f"copy (from read_csv('{source}', all_varchar = true)) "
                f"to '{packed / table}.parquet' (format parquet)"
            )
    other = Lake(tmp_path / "other")
    assert load_synthea(lake, folder).rows == load_synthea(other, packed).rows
    columns = "* exclude (_batch_id, _loaded_at, _source_file)"
    for table in LAYOUTS:
        assert query(lake, table, columns) == query(other, table, columns)


def test_blanks_in_parquet_are_as_blank_as_in_csv(lake: Lake, folder: Path) -> None:
    (folder / "claims_transactions.csv").unlink()
    columns = header("claims_transactions").split(",")
    values = ROWS["claims_transactions"][1].split(",")
    values[columns.index("ADJUSTMENTS")] = "  "
    cells = ", ".join(f"'{v}' as {c}" for c, v in zip(columns, values, strict=True))
    path = folder / "claims_transactions.parquet"
    duckdb.sql(f"copy (select {cells}) to '{path}' (format parquet)")
    assert load_synthea(lake, folder).rows["claims_transactions"] == 1
    assert query(lake, "claims_transactions", "amount, payments, adjustments, transfers") == [
        (None, "60.00", None, None)
    ]


def test_other_tables_and_other_columns_are_kept(lake: Lake, folder: Path) -> None:
    # a table that nobody models may repeat its rows
    (folder / "Observations.csv").write_text("DATE,VALUE\n2025-03-01,7\n2025-03-01,7\n")
    (folder / "payers.csv").write_text("Id,NAME,MOOD\nPAY1,Payer One,good\n")
    summary = load_synthea(lake, folder)
    assert summary.rows["observations"] == 2
    assert query(lake, "observations", "date, value") == [("2025-03-01", "7")] * 2
    assert query(lake, "payers", "id, mood") == [("PAY1", "good")]


def test_missing_optional_columns_are_said(lake: Lake, folder: Path) -> None:
    messages = load_synthea(lake, folder).messages
    assert any("patients.csv: no column birthdate" in m and "blank" in m for m in messages)


def test_a_missing_required_column_holds_the_table(lake: Lake, folder: Path) -> None:
    path = folder / "claims_transactions.csv"
    path.write_text(path.read_text().replace("AMOUNT", "AMT"))
    summary = load_synthea(lake, folder)
    assert summary.files_quarantined == 1
    assert summary.rows["claims_transactions"] == 0
    assert summary.rows["claims"] == 1
    assert held(lake) == [("claims_transactions.csv", None, "file", "T2", None)]
    assert any("no column amount" in message for message in summary.messages)
    assert query(lake, "quarantine", "content", "platform") == [(path.read_bytes(),)]


def test_repeated_transactions_are_held_not_dropped(lake: Lake, folder: Path) -> None:
    path = folder / "claims_transactions.csv"
    same_key = ROWS["claims_transactions"][0].replace("100.00", "70.00")
    path.write_text(content("claims_transactions", ROWS["claims_transactions"][0], same_key))
    summary = load_synthea(lake, folder)
    assert summary.dollar_amounts["charges"] == Decimal(100)
    assert summary.quarantined_amount == Decimal(170)
    assert held(lake) == [
        ("claims_transactions.csv", "3", "row", "T4", Decimal("100.00")),
        ("claims_transactions.csv", "4", "row", "T4", Decimal("70.00")),
    ]


def test_a_repeated_row_of_a_table_without_key_is_held(lake: Lake, folder: Path) -> None:
    (folder / "procedures.csv").write_text(content("procedures", *ROWS["procedures"]))
    assert load_synthea(lake, folder).rows["procedures"] == 1
    assert [row[:4] for row in held(lake)] == [("procedures.csv", "2", "row", "T4")]


@pytest.mark.parametrize("packed", [False, True])
def test_a_value_of_the_wrong_type_is_held(packed: bool, lake: Lake, folder: Path) -> None:
    bad = "T3,CL1,3,P1,CHARGE,ten,,2025-03-01T08:00:00Z,O1,,1,,,"
    data = content("claims_transactions", bad).encode()
    path = folder / "claims_transactions.csv"
    path.write_bytes(data)
    if packed:
        path.unlink()
        (folder / "claims_transactions.csv.gz").write_bytes(gzip.compress(data))
    summary = load_synthea(lake, folder)
    assert summary.rows["claims_transactions"] == 2
    assert [row[1:4] for row in held(lake)] == [("3", "row", "T3")]
    ((row,),) = query(lake, "quarantine", "content", "platform")
    assert row == f"{bad}\n".encode() if not packed else b'"amount":"ten"' in row


@pytest.mark.parametrize("damage", ["empty", "not parquet", "half a gzip"])
def test_a_broken_file_does_not_stop_the_others(damage: str, lake: Lake, folder: Path) -> None:
    data = (folder / "conditions.csv").read_bytes()
    (folder / "conditions.csv").unlink()
    name, broken = {
        "empty": ("conditions.csv", b""),
        "not parquet": ("conditions.parquet", data),
        "half a gzip": ("conditions.csv.gz", gzip.compress(data * 99)[:40]),
    }[damage]
    (folder / name).write_bytes(broken)
    summary = load_synthea(lake, folder)
    assert [row[:4] for row in held(lake)] == [(name, None, "file", "T1")]
    assert (summary.files_loaded, summary.files_quarantined) == (8, 1)


def test_two_files_of_one_table_are_not_counted_twice(lake: Lake, folder: Path) -> None:
    data = (folder / "claims.csv").read_bytes()
    (folder / "claims.csv.gz").write_bytes(gzip.compress(data))
    summary = load_synthea(lake, folder)
    assert summary.rows["claims"] == 1
    assert [row[:4] for row in held(lake)] == [("claims.csv.gz", None, "file", "T1")]
    assert any("Keep one file of each" in message for message in summary.messages)


@pytest.mark.parametrize("style", ["{}-{:02}.csv", "{}_{}.csv", "{}.part{}.csv", "{}-{}.CSV.GZ"])
def test_numbered_parts_are_one_table(style: str, lake: Lake, folder: Path, tmp_path: Path) -> None:
    load_synthea(whole := Lake(tmp_path / "whole"), folder)
    parts = tmp_path / "parts"
    parts.mkdir()
    for table, rows in ROWS.items():
        for number, row in enumerate(rows, 1):
            data = "\n".join([header(table), row, ""]).encode()
            path = parts / style.format(table, number)
            path.write_bytes(gzip.compress(data) if path.suffix == ".GZ" else data)
    summary = load_synthea(lake, parts)
    assert (summary.quarantined_count, summary.files_quarantined) == (0, 0)
    for table in ROWS:
        columns = ", ".join(TABLES[table].names) + ", _arrival_date"
        assert query(lake, table, columns) == query(whole, table, columns)


def test_a_row_that_two_parts_bring_counts_once(lake: Lake, folder: Path) -> None:
    (folder / "payers-02.csv").write_text(content("payers", "PAY2,Payer Two"))
    (folder / "procedures-02.csv").write_text(content("procedures", "2025-03-01T08:00:00Z,P1,E1,9"))
    load_synthea(lake, folder)
    assert query(lake, "payers", "id") == [("PAY1",), ("PAY2",)]
    assert held(lake) == [
        ("payers.csv", "1", "row", "T4", None),
        ("procedures.csv", "1", "row", "T4", None),
    ]


def test_each_empty_file_is_named_once_with_what_stays_empty(lake: Lake, folder: Path) -> None:
    for table in ("payers", "providers", "organizations"):
        (folder / f"{table}.csv").write_bytes(b"")
    said = " ".join(load_synthea(lake, folder).messages)
    assert [row[0] for row in held(lake)] == ["organizations.csv", "payers.csv", "providers.csv"]
    assert "the export has no organizations, payers, providers; what is computed" in said
    for table in ("payers", "providers", "organizations"):
        assert f"{table}.csv: the file is empty" in said
    assert "the export has no organizations, payers, providers" in " ".join(
        load_synthea(lake, folder).messages
    )
    assert len(held(lake)) == 3


def test_the_export_that_is_named_applies_and_no_other_completes_it(
    lake: Lake, folder: Path, tmp_path: Path
) -> None:
    def applies() -> dict[str, int]:
        with duckdb.connect() as con:
            files = lake.scan("synthea", "export_files")
            return {
                table: con.execute(
                    f"select count(*) from {lake.scan('synthea', table)} "
                    f"where (_batch_id, _source_file) in (select (loaded_batch_id, loaded_file) "
                    f"from {files} where table_name = '{table}' and _batch_id = "
                    f"(select max_by(_batch_id, _loaded_at) from {files}))"
                ).fetchone()[0]
                for table in LAYOUTS
            }

    older = tmp_path / "older"
    shutil.copytree(folder, older)
    (older / "encounters.csv").write_text(content("encounters").replace("2025-03-01", "2024-02-01"))
    (older / "conditions.csv").unlink()
    both = {table: len(rows) for table, rows in ROWS.items()}
    for export, expected in (
        (folder, both),
        (older, both | {"conditions": 0}),
        (folder, both),
        (older, both | {"conditions": 0}),
    ):
        load_synthea(lake, export)
        load_synthea(lake, export)
        assert applies() == expected
    assert len(query(lake, "export_files", "distinct _batch_id")) == 4


def test_an_export_without_encounters_is_undated(lake: Lake, folder: Path) -> None:
    (folder / "encounters.csv").unlink()
    summary = load_synthea(lake, folder)
    assert query(lake, "claims", "_arrival_date") == [(UNDATED,)]
    assert any("no encounters" in message for message in summary.messages)


def test_a_later_export_lands_beside_the_first(lake: Lake, folder: Path) -> None:
    load_synthea(lake, folder)
    later = "E3,2025-06-01T08:00:00Z,P1,O1,PR1"
    (folder / "encounters.csv").write_text(content("encounters", later))
    summary = load_synthea(lake, folder)
    assert summary.rows == {"encounters": 3}
    assert query(lake, "encounters", "_arrival_date, count(*)", group="group by 1") == [
        (date(2025, 3, 1), 2),
        (date(2025, 6, 1), 3),
    ]


CONTROL_TOTALS = {
    "synthea": {
        "rows": {
            "patients": 27,
            "encounters": 604,
            "claims": 1_267,
            "claims_transactions": 5_228,
            "payers": 10,
            "providers": 166,
            "organizations": 63,
            "procedures": 249,
            "conditions": 438,
            "payer_transitions": 1_051,
        },
        "dollars": {
            "CHARGE": (1_545, "1092402.73", None, None),
            "PAYMENT": (1_843, None, "1103503.95", None),
            "TRANSFERIN": (920, "557125.52", None, "557125.52"),
            "TRANSFEROUT": (920, None, None, "557125.52"),
        },
    },
    "synthea_large": {
        "rows": {
            "patients": 1_172,
            "encounters": 82_110,
            "medications": 81_767,
            "claims": 163_877,
            "claims_transactions": 965_876,
            "procedures": 156_911,
            "conditions": 41_627,
            "payer_transitions": 11_825,
            "payers": 10,
            "providers": 324,
            "organizations": 324,
        },
        "dollars": {
            "CHARGE": (338_100, "236628722.32", "0.00", None),
            "PAYMENT": (411_190, None, "236628722.32", None),
            "TRANSFERIN": (108_293, "24204307.96", "0.00", "24204307.96"),
            "TRANSFEROUT": (108_293, None, "0.00", "24204307.96"),
        },
    },
}


@pytest.mark.parametrize(
    "export",
    [
        pytest.param("synthea", marks=outside_files.needs(outside_files.SYNTHEA)),
        pytest.param("synthea_large", marks=outside_files.needs(outside_files.SYNTHEA_LARGE)),
    ],
)
def test_a_real_export_lands_to_the_row_and_the_cent(export: str, lake: Lake) -> None:
    expected = CONTROL_TOTALS[export]
    summary = load_synthea(lake, outside_files.FOLDER / export)
    assert summary.rows == expected["rows"]
    assert summary.quarantined_count == 0
    for table, rows in expected["rows"].items():
        assert query(lake, table, "count(*)") == [(rows,)], table
    money = "".join(
        f", sum(cast({c} as decimal(18, 2)))" for c in ("amount", "payments", "transfers")
    )
    found = query(lake, "claims_transactions", f"type, count(*){money}", group="group by 1")
    assert {
        kind: (rows, *(None if a is None else str(a) for a in amounts))
        for kind, rows, *amounts in found
    } == expected["dollars"]


@outside_files.needs(outside_files.SYNTHEA)
def test_a_real_export_loses_no_transaction_when_one_is_broken(lake: Lake, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    shutil.copytree(outside_files.SYNTHEA, folder)
    path = folder / "claims_transactions.csv"
    path.chmod(0o644)
    lines = path.read_text().splitlines(keepends=True)
    lines[100] = lines[100].replace(",", ",x", 2)  # claim and running number
    lines.append(lines[200])
    path.write_text("".join(lines))
    summary = load_synthea(lake, folder)
    assert summary.rows["claims_transactions"] == 5_228 - 1
    assert [(row[1], row[3]) for row in held(lake)] == [("100", "T3"), ("5229", "T4")]
