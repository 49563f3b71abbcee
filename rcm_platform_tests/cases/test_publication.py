"""Whatever arrives, the night publishes, and the files are all accounted for."""

from __future__ import annotations

from rcm_platform.publish import versions
from rcm_platform_tests.conftest import Built


def test_a_night_with_all_of_it_publishes(x12_cases: Built) -> None:
    assert x12_cases.exit_code == 0, x12_cases.output
    assert versions.current(x12_cases.settings.published_dir)
