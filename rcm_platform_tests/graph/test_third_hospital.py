"""A third hospital, added as docs/adding_a_hospital.md says and in no other way."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from rcm_platform.settings import Settings
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
    """The first block of the page in a language."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the dbt project, after the steps of the page."""
    project = tmp_path_factory.mktemp("project") / "rcm_dbt"
    shutil.copytree(
        ROOT / "rcm_dbt", project, ignore=shutil.ignore_patterns("target", "logs", ".user.yml")
    )
    config = project / "dbt_project.yml"
    text = config.read_text()
    config.write_text(text.replace("\nmodels:\n", f"\n{block('yaml')}\nmodels:\n", 1))
    subprocess.run(["sh", "-ec", block("sh")], cwd=project / "models" / "staging", check=True)
    return project


def test_the_folder_is_as_those_of_the_others(project: Path) -> None:
    def names(system: str) -> set[str]:
        folder = project / "models" / "staging" / system
        return {path.name.replace(system, "") for path in folder.iterdir()}

    assert names("hospital_a") - names("hospital_c") == {"___unit_tests.yml"}
    copied = "".join(p.read_text() for p in (project / "models/staging/hospital_c").iterdir())
    assert not re.search("hospital_a([^a-z]|$)", copied)
    assert "hospital A" not in copied


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

    done = rcm("run", **given, hospital_c_url=database)
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
        names = "select first_name, last_name, gender from staging.stg_{}__patients order by all"
        assert (
            con.execute(names.format("hospital_c")).fetchall()
            == con.execute(names.format("hospital_b")).fetchall()
        )
