"""Packaging of the one thing that pyproject.toml cannot say: the dbt project inside the wheel."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithDbtProject(build_py):
    """Copy `rcm_dbt` to `rcm_platform/_dbt`, where an installed platform finds it."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            shutil.copytree(
                Path(__file__).parent / "rcm_dbt",
                Path(self.build_lib) / "rcm_platform" / "_dbt",
                ignore=shutil.ignore_patterns("target", "logs", ".user.yml"),
                dirs_exist_ok=True,
            )


setup(cmdclass={"build_py": BuildWithDbtProject})
