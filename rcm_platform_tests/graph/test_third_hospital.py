"""A third hospital, added as docs/adding_a_hospital.md says and in no other way."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections import defaultdict
from datetime import date
from pathlib import Path

import duckdb
import pytest

from rcm_platform.settings import Settings
from rcm_platform.warehouse.column_lineage import raw_table
from rcm_platform.warehouse.project import DBT_EXECUTABLE, environment
from rcm_platform_tests.conftest import RunCli

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding_a_hospital.md").read_text()
RENAMED = {
    "id": "mrn",
    "f_name": "given_name",
    "l_name": "family_name",
    "m_name": "MiddleName",
    "updated_date": "changed_at",
}


def block(language: str) -> str:
    """The block of the page in a language; there is one."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the dbt project with the block of the page."""
    project = tmp_path_factory.mktemp("project") / "rcm_dbt"
    shutil.copytree(
        ROOT / "rcm_dbt", project, ignore=shutil.ignore_patterns("target", "logs", ".user.yml")
    )
    config = project / "dbt_project.yml"
    text = config.read_text()
    config.write_text(text.replace("\nmodels:\n", f"\n{block('yaml')}\nmodels:\n", 1))
    return project


def test_its_tables_are_read_wherever_those_of_the_others_are(
    project: Path, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, world=False)
    subprocess.run(
        [DBT_EXECUTABLE, "--quiet", "parse", "--target-path", tmp_path, "--log-path", tmp_path],
        cwd=project,
        env={
            **os.environ,
            **environment(settings, date(2025, 12, 31)),
            "DBT_PROFILES_DIR": str(project),
        },
        check=True,
    )
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    readers = defaultdict[str, dict[str, list[str]]](dict)
    for source in manifest["sources"]:
        feed, table = raw_table(manifest, source)
        readers[feed][table] = manifest["child_map"][source]
    assert readers["hospital_c"] == readers["hospital_a"] == readers["hospital_b"]
    assert all(readers["hospital_c"].values())


@pytest.mark.prove
def test_its_rows_are_in_the_marts(project: Path, rcm: RunCli, tmp_path: Path) -> None:
    given = {"home": tmp_path, "world_size": "tiny", "dbt_project_dir": project}
    built = rcm("world", **given)
    assert built.returncode == 0, built.stdout + built.stderr
    database = tmp_path / "c.duckdb"
    settings = Settings(home=tmp_path, world_size="tiny")
    shutil.copy(settings.world_dir / "hospital_b.duckdb", database)
    with duckdb.connect(str(database)) as con:
        columns = [name for name, *_ in con.execute("describe patients").fetchall()]
        for column in columns:
            if column.lower() in RENAMED:
                con.execute(f"alter table patients rename {column} to {RENAMED[column.lower()]}")
        # a real database types some columns otherwise, has more of them and lacks tables
        con.execute("alter table patients alter changed_at type varchar")
        con.execute("alter table patients add column patient_language varchar default 'en'")
        con.execute("alter table encounters alter encounterdate type timestamp")
        con.execute("alter table procedures alter units type varchar")
        number = "cast(substr(transactionid, 2) as bigint)"
        con.execute(f"alter table transactions alter transactionid type bigint using {number}")
        con.execute("drop table staff; drop table work_log")
        con.execute('alter table transactions rename amounttype to "Kind of Amount"')
        con.execute('alter table transactions rename paidamount to "order"')

    variable = block("sh").partition("=")[0].removeprefix("RCM_").lower()
    done = rcm("run", **given, **{variable: database})
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]

    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        for table, measure in (
            ("marts.dim_patient", "count(*)"),
            ("marts.fct_encounters", "sum(work_rvu)"),
            ("marts.dim_provider", "count(*)"),
            ("marts.fct_claims", "sum(charge_amount) filter (known_from = 'billing system')"),
        ):
            b, c = (
                con.execute(
                    f"select {measure} from {table} where source_system = '{system}'"
                ).fetchall()[0][0]
                for system in ("hospital_b", "hospital_c")
            )
            assert b == c and c > 0, (table, b, c)
        b, c = (
            con.execute(
                "select first_name, last_name, gender, modified_at "
                f"from staging.stg_hospital__patients where source_system = '{system}' order by all"
            ).fetchall()
            for system in ("hospital_b", "hospital_c")
        )
        assert b == c
        for table in ("staff", "work_log"):
            assert con.execute(
                f"select distinct source_system from staging.stg_hospital__{table} order by 1"
            ).fetchall() == [("hospital_a",), ("hospital_b",)]
