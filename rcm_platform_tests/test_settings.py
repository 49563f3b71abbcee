"""Settings built in code are obeyed everywhere, and a broken dbt project is told in words."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rcm_platform.ingest import feeds
from rcm_platform.publish import small_cells
from rcm_platform.settings import Settings
from rcm_platform.sources import rules as quarantine_rules
from rcm_platform.sources.hospitals import hospitals, urls
from rcm_platform.warehouse import project as dbt_project

PROJECT = Settings().project_dir

IMPORT_ALL = """
import importlib, pkgutil, rcm_platform
for module in pkgutil.walk_packages(rcm_platform.__path__, "rcm_platform."):
    # these two load the graph when they are imported, as Dagster does; pages are scripts
    if not module.name.endswith((".definitions", ".__main__", ".textbook", ".bare_location")) and (
        ".desk.screens." not in module.name
    ):
        importlib.import_module(module.name)
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A copy of the dbt project with one hospital more, another smallest cell and one rule less."""
    own = tmp_path / "own"
    shutil.copytree(PROJECT, own, ignore=shutil.ignore_patterns("target", "logs", ".user.yml"))
    config = own / "dbt_project.yml"
    text = config.read_text().replace("smallest_cell: 11", "smallest_cell: 25")
    config.write_text(text.replace("  hospitals:\n", "  hospitals:\n    clinic:\n", 1))
    rules = own / "seeds" / "rules.csv"
    rules.write_text("".join(rules.read_text().splitlines(keepends=True)[:2]))
    return own


def test_a_project_named_in_code_is_taken_by_everything(own: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, dbt_project_dir=own)
    usual = Settings(home=tmp_path)
    assert "clinic" in hospitals(settings) and "clinic" not in hospitals(usual)
    assert "clinic" in feeds.feeds(settings) and "clinic" not in feeds.feeds(usual)
    assert small_cells.smallest_cell(settings.project_dir) == 25
    assert len(quarantine_rules.rules(settings.project_dir)) == 1
    assert dbt_project.fingerprint(settings) != dbt_project.fingerprint(usual)


def test_dbt_runs_in_the_project_named_in_code(own: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, dbt_project_dir=own)
    (own / "dbt_project.yml").write_text("name: [")
    with pytest.raises(dbt_project.DbtError, match="while parsing a flow"):
        dbt_project.run_dbt(settings, settings.world_through, "parse")


def test_the_url_of_a_further_hospital_is_read_from_the_environment(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RCM_CLINIC_URL", "mysql://reader@db.example.org/clinic")
    settings = Settings(home=tmp_path, dbt_project_dir=own, world=False)
    assert urls(settings) == {"clinic": "mysql://reader@db.example.org/clinic"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vars:\n  hospitals: {a: [", "dbt_project.yml, line 2: this is no YAML"),
        ("- a list", "vars.hospitals must name at least one hospital"),
        ("vars: {hospitals: {Clinic: {}}}", "vars.hospitals.Clinic: a source system is lower-case"),
        ("vars: {hospitals: {clinic: {name: x}}}", "vars.hospitals.clinic: name is unknown"),
    ],
)
def test_a_broken_project_says_the_place_to_mend(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text(text)
    with pytest.raises(ValueError, match=message):
        hospitals(Settings(home=tmp_path, dbt_project_dir=tmp_path))


def test_a_project_that_is_not_there_says_what_names_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, dbt_project_dir=tmp_path / "nowhere")
    with pytest.raises(ValueError, match="RCM_DBT_PROJECT_DIR"):
        hospitals(settings)


def test_a_broken_project_breaks_no_import_and_a_command_says_it_in_words(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("vars:\n  hospitals: {a: [")
    broken = {**os.environ, "RCM_DBT_PROJECT_DIR": str(tmp_path), "RCM_HOME": str(tmp_path / "h")}
    with_a_key = broken | {"DAGSTER_AUTH_SECRET_KEY": "k" * 40}  # the login asks for it
    subprocess.run([sys.executable, "-c", IMPORT_ALL], env=with_a_key, check=True)
    done = subprocess.run(
        [sys.executable, "-m", "rcm_platform.cli", "run"],
        env=broken,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "this is no YAML" in done.stderr and "Traceback" not in done.stderr


def test_a_setting_that_cannot_be_is_told_in_words_and_not_repeated(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rcm_platform.cli", "run"],
        env={**os.environ, "RCM_WORLD_SIZE": "s3cret", "RCM_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("RCM_WORLD_SIZE: Input should be 'tiny'")
    assert "s3cret" not in done.stderr and "Traceback" not in done.stderr
