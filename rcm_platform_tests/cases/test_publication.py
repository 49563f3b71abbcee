"""Whatever arrives, the night publishes, and the files are all accounted for."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from rcm_platform.ingest import lake_access
from rcm_platform.ingest.quarantine import items
from rcm_platform.operate import pipeline
from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform.warehouse.parsed_project import ParsedProject
from rcm_platform_tests.cases.conftest import BANK, DAYS, FILES, Marts, deliver
from rcm_platform_tests.conftest import Built, RunCli


def marts_of(settings: Settings) -> Marts:
    return Marts(duckdb.connect(str(settings.warehouse_path), read_only=True))


def set_aside(settings: Settings) -> Decimal:
    """The dollars that wait in quarantine, as the lake holds them."""
    totals = items.open_totals(lake_access.open_lake(settings))
    return sum((dollars for *_, dollars in totals), Decimal(0))


def test_a_night_with_all_of_it_publishes(x12_cases: Built) -> None:
    assert x12_cases.exit_code == 0, x12_cases.output
    assert versions.current(x12_cases.settings.published_dir)


@pytest.fixture
def default_world(parsed_project: ParsedProject, tmp_path: Path) -> Settings:
    """The world that `rcm run` makes by itself, landed."""
    settings = Settings(home=tmp_path / "default")
    pipeline.load_all(settings)
    return settings


@pytest.mark.prove
@pytest.mark.parametrize("hospitals", ["copied", "default_world"])
def test_all_of_it_beside_two_hospitals_changes_no_answer(
    hospitals: str,
    x12_cases: Built,
    rcm: RunCli,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """The rules that the files of a case break, the dollars of its claims and what is set aside are
    the same, whether or not two hospitals with a year of their own are read in the same night."""
    world: Settings = request.getfixturevalue(hospitals)
    folder = tmp_path / "in"
    folder.mkdir()
    beside = {"x12_dir": folder, "synthea_dir": BANK / "synthea"}
    settings = world.model_copy(update=beside)
    before = set_aside(world)
    for day in range(1, DAYS):
        deliver(day, folder)
        pipeline.load_all(settings)
    deliver(DAYS, folder)
    done = rcm("run", home=world.home, world_size=world.world_size, **beside)
    assert done.returncode == 0, done.stdout + done.stderr

    alone, together = marts_of(x12_cases.settings), marts_of(settings)
    for case in sorted(path.name for path in FILES.iterdir()):
        assert together.rules(case) == alone.rules(case), case
    numbers = alone.con.execute("select distinct claim_id from marts.fct_claims").fetchall()
    for (number,) in numbers:
        assert together.claim(number) == alone.claim(number), number
    assert set_aside(settings) == before + set_aside(x12_cases.settings)
    listed = together.con.execute(
        "select sum(finding_amount) from marts.mart_data_exceptions "
        "where checked_at = 'reading' and action = 'quarantine' and is_open"
    ).fetchone()
    assert listed == (set_aside(settings),)
