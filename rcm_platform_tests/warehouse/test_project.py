"""Where dbt is found, however the platform was installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from rcm_platform.warehouse.project import _executable


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path, Path]:
    """The folders of Python, of scripts and of other programs."""
    found = tuple(tmp_path / name for name in ("python", "scripts", "programs"))
    for folder in found:
        folder.mkdir()
    monkeypatch.setenv("PATH", str(found[2]))
    return found


def program(folder: Path) -> Path:
    file = folder / "dbt"
    file.touch(0o755)
    return file


def test_dbt_is_the_one_that_belongs_to_this_python(places: tuple[Path, Path, Path]) -> None:
    python, scripts, programs = places

    def found() -> Path:
        return _executable("dbt", str(python / "python3"), str(scripts))

    # nowhere: the message names the place where it would be expected
    assert found() == python / "dbt"
    for folder in (programs, scripts, python):
        mine = program(folder)
        assert found() == mine
