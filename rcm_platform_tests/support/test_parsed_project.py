"""What the tests get of the one parse is what dbt would have made itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from rcm_platform.settings import Settings
from rcm_platform.warehouse import project
from rcm_platform_tests.support.parsed_project import ParsedProject


def test_dbt_does_not_parse_again_in_another_home(
    parsed_project: ParsedProject, tmp_path: Path
) -> None:
    parsed_project.give_to(tmp_path)
    settings = Settings(home=tmp_path)
    manifest = project.prepared_manifest(settings)
    given = manifest.read_text()
    target = project.run_target(settings)
    command = ("parse", "--log-level-file", "debug", "--target-path", str(target))
    project.run_dbt(settings, date(2025, 12, 31), *command)
    log = (settings.dbt_target_dir / "dbt.log").read_text()
    assert "Nothing changed, skipping partial parsing" in log
    assert str(parsed_project.settings.home) not in given + (target / "manifest.json").read_text()
