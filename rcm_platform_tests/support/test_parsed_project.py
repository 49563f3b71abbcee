"""What the tests get of the one parse is what dbt would have made itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from rcm_platform.settings import Settings
from rcm_platform.warehouse import project as dbt_project
from rcm_platform_tests.support.parsed_project import ParsedProject


@pytest.mark.parametrize("world", [True, False])
def test_dbt_does_not_parse_again_in_another_home(
    parsed_project: ParsedProject, tmp_path: Path, world: bool
) -> None:
    settings = Settings(home=tmp_path, world=world)
    parsed_project.give_to(settings)
    before = dbt_project.fingerprint(settings)
    given = (settings.dbt_target_dir / "manifest.json").read_text()
    assert (settings.dbt_target_dir / "manifest.sha256").read_text() == before
    target = dbt_project.run_target(settings)
    command = ("parse", "--log-level-file", "debug", "--target-path", str(target))
    dbt_project.run_dbt(settings, date(2025, 12, 31), *command)
    log = (settings.dbt_target_dir / "dbt.log").read_text()
    assert "Nothing changed, skipping partial parsing" in log
    assert str(parsed_project.settings.home) not in given + (target / "manifest.json").read_text()
