"""Records that a hospital deletes leave every mart from the day on which that is noticed; the proof
holds; and a record that comes back is there again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import RunCli

pytestmark = pytest.mark.prove


def test_deletes_go_through_to_the_marts_and_back(rcm: RunCli, tmp_path: Path) -> None:
    given = {"home": tmp_path, "world_size": "tiny"}
    assert rcm("world", **given).returncode == 0
    settings = Settings(home=tmp_path, world_size="tiny")
    database = tmp_path / "a.duckdb"
    shutil.copy(settings.world_dir / "hospital_a.duckdb", database)
    given["hospital_a_url"] = database

    def figures() -> dict[str, Any]:
        with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
            return {
                name: con.execute(f"select {what} where source_system = 'hospital_a'").fetchall()[
                    0
                ][0]
                for name, what in {
                    "charges": "sum(charge_amount) filter (known_from = 'billing system') "
                    "from marts.fct_claims",
                    "visits": "count(*) from marts.fct_encounters",
                    "patients": "count(*) from marts.dim_patient",
                    "staged": "count(*) from staging.stg_hospital__transactions",
                }.items()
            }

    def run(*args: str) -> str:
        done = rcm(*(args or ("run",)), **given)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
        return done.stdout

    run()
    before = figures()
    with duckdb.connect(str(database)) as con:
        con.execute("create temp table visits as from encounters order by EncounterID limit 5")
        # with a visit goes what belongs to it, as foreign keys in a database see to
        whose = "EncounterID in (select EncounterID from visits)"
        gone = {
            "patients": "PatientID in (select PatientID from patients order by 1 limit 5)",
            "patient_history": "HistoryID in (select HistoryID from patient_history "
            "where PatientID not in (select PatientID from patients order by 1 limit 6) "
            "order by 1 limit 2)",
        }
        gone |= {
            table: whose
            for (table,) in con.execute(
                "select table_name from duckdb_columns() where lower(column_name) = 'encounterid' "
                "and database_name = 'a' and table_name <> 'visits'"
            ).fetchall()
        }
        counts = {}
        for table, condition in gone.items():
            con.execute(f"create table gone_{table} as from {table} where {condition}")
        for table in gone:
            key = con.execute(f"describe {table}").fetchall()[0][0]
            counts[table] = con.execute(
                f"delete from {table} where {key} in (select {key} from gone_{table})"
            ).fetchall()[0][0]
    said = run("compare", "hospital_a")
    for table in (table for table, count in counts.items() if count):
        assert f"{table}: {counts[table]} deleted" in said
    assert "Published" in run()
    without = figures()
    assert all(without[name] < before[name] for name in ("charges", "visits", "staged"))

    with duckdb.connect(str(database)) as con:
        for table in gone:
            con.execute(f"insert into {table} from gone_{table}")
    assert f"transactions: {counts['transactions']} there again" in run("compare", "hospital_a")
    assert "Published" in run()
    assert figures() == before
