"""The wheel holds all that the platform needs, and serves the desk without a checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support.desk_sockets import DeskTab, title
from rcm_platform_tests.support.web_servers import serving

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "rcm_platform"
NOT_OURS = ("__pycache__", "_dbt")


def _files() -> set[str]:
    """All files of the package, by their path in it."""
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and not set(path.parts) & set(NOT_OURS)
    }


def test_every_file_of_the_package_is_named_for_the_wheel() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    named = {
        path.relative_to(PACKAGE).as_posix()
        for pattern in data["package-data"]["rcm_platform"]
        for path in PACKAGE.glob(pattern)
    }
    modules = {
        name
        for name in _files()
        if name.endswith(".py") and (PACKAGE / name).with_name("__init__.py").exists()
    }
    assert _files() - modules - named == set()


@pytest.mark.prove
def test_an_installed_wheel_serves_the_desk(built: Built, tmp_path: Path) -> None:
    source, site, home = (tmp_path / name for name in ("source", "site", "home"))
    source.mkdir()
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("rcm_platform", "rcm_dbt"):
        ignored = shutil.ignore_patterns("__pycache__", "target", "logs")
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    made = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", str(tmp_path), str(source)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "No matching distribution found for setuptools" in made.stderr:
        pytest.skip("pip gets no setuptools here, with which to build")
    assert made.returncode == 0, made.stderr
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    installed = site / "rcm_platform"
    assert _files() <= {path.relative_to(installed).as_posix() for path in installed.rglob("*")}
    home.mkdir()
    (home / "published").symlink_to(built.settings.published_dir)
    with serving(home, "ui", PYTHONPATH=str(site)) as port, DeskTab(port) as tab:
        assert title(tab.open()) == "Executive"
