"""The exposure `operations_app` names what the desk reads, and nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

import yaml

import rcm_platform.desk
from rcm_platform.settings import Settings

BY_WAY_OF_OTHERS = {"mart_kpi_scorecard", "dim_payer", "dim_provider"}
"""By explain/scorecard.py, and by names that are put together."""

DESK = Path(rcm_platform.desk.__file__).parent


def named_in_code() -> set[str]:
    """Texts of the desk's code that may be names of tables."""
    return {
        node.value
        for path in DESK.rglob("*.py")
        if path.name != "query.py"  # which knows lists of codes, and reads none
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_the_exposure_names_what_the_pages_read() -> None:
    project = Settings().project_dir
    exposures = yaml.safe_load((project / "models" / "exposures.yml").read_text())["exposures"]
    [desk] = [one for one in exposures if one["name"] == "operations_app"]
    named = {ref.removeprefix("ref('").removesuffix("')") for ref in desk["depends_on"]}
    models = {path.stem for path in (project / "models").rglob("*.sql")}
    models |= {path.stem for path in (project / "seeds").rglob("*.csv")}
    assert named == (named_in_code() & models) | BY_WAY_OF_OTHERS
