"""What a home gets of a parse in another one is what dbt would have made itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from rcm_platform.settings import Settings
from rcm_platform.warehouse import project as dbt_project
from rcm_platform.warehouse.parsed_project import MANIFEST, STATE, ParsedProject

PARSE = ("parse", "--log-level-file", "debug")
PARSED_NOTHING = "Nothing changed, skipping partial parsing"


def log_of_a_parse(settings: Settings, target: Path, warehouse: Path | None = None) -> str:
    command = (*PARSE, "--target-path", str(target))
    dbt_project.run_dbt(settings, date(2025, 12, 31), *command, warehouse=warehouse)
    return (settings.dbt_target_dir / "dbt.log").read_text()


@pytest.mark.parametrize("world", [True, False])
def test_dbt_does_not_parse_again_in_another_home(
    parsed_project: ParsedProject, shared: Path, tmp_path: Path, world: bool
) -> None:
    settings = Settings(home=tmp_path / "a 'home", world=world)
    manifest = dbt_project.prepared_manifest(settings)
    assert not (settings.dbt_target_dir / "dbt.log").exists()  # dbt did not run
    given = manifest.read_text()
    target = dbt_project.run_target(settings)
    assert PARSED_NOTHING in log_of_a_parse(settings, target)
    assert str(shared / "built") not in given + (target / MANIFEST).read_text()
    # in the queries of the sources a quote in a path is doubled
    assert f"{tmp_path}/a ''home" in given


def test_a_command_with_a_warehouse_of_its_own_finds_the_project_parsed(
    parsed_project: ParsedProject, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    target, warehouse = tmp_path / "target", tmp_path / "other" / "rcm.duckdb"
    warehouse.parent.mkdir()
    dbt_project.give_state(settings, target, warehouse)
    assert PARSED_NOTHING in log_of_a_parse(settings, target, warehouse)


def test_a_cache_that_cannot_be_written_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    ParsedProject.keep(Settings(home=tmp_path), "some-project")
    assert ParsedProject.of("some-project") is None


def test_the_cache_holds_the_last_projects(
    parsed_project: ParsedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path)
    dbt_project.prepared_manifest(settings)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for number in range(5):
        ParsedProject.keep(settings, f"project-{number}")
    kept = sorted(path.name for path in (tmp_path / "cache").rglob("project-*"))
    assert kept == ["project-2", "project-3", "project-4"]
    found = ParsedProject.of("project-4")
    assert found and (found.folder / STATE).exists()
