"""The command line says what it does, and fails in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from rcm_platform_tests.conftest import Built, RunCli
from rcm_platform_tests.support.clinic import clinic_lake, three_nights

COMMANDS = [
    *("run", "ui", "world", "compare", "persons", "trace", "kpis", "bench", "export"),
    *("published", "quarantine", "serve", "users", "health", "compact", "backup", "restore"),
]


def test_help_lists_every_command(rcm: RunCli) -> None:
    shown = rcm("--help").stdout
    assert all(command in shown for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(cli: RunCli, command: str) -> None:
    done = cli(command, "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--through", "2020-01-01"], "through = 2020-01-01 is outside 2024-10-01"),
        (["--faults", "missing_999=2000000"], "missing_999 = '2000000' is outside 0..1000000"),
        (["--days", "2030-01-01"], "days = 2030-01-01..2030-01-01 is outside 2024-10-01"),
    ],
)
def test_an_impossible_world_is_refused_before_anything_is_written(
    cli: RunCli, tmp_path: Path, arguments: list[str], message: str
) -> None:
    folder = tmp_path / "new" / "world"
    done = cli("world", *arguments, "--folder", str(folder), home=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert not folder.parent.exists()


def test_compacting_says_what_it_did(cli: RunCli, rcm: RunCli, tmp_path: Path) -> None:
    assert "There is no lake in" in cli("compact", home=tmp_path).stderr
    lake = clinic_lake(tmp_path / "lake")
    three_nights(lake)
    done = cli("compact", home=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("tables: 1; files: 3 → 1; bytes: ")
    assert cli("compact", home=tmp_path).stdout == "Nothing to merge.\n"
    foreign = lake.root / "clinic" / "visits" / "2025-03" / "mine.parquet"
    foreign.touch()
    done = rcm("compact", home=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{foreign} is of no batch")


def test_what_is_planted_can_be_listed(rcm: RunCli, built: Built) -> None:
    shown = rcm("world", "faults", home=built.settings.home, world_size="tiny").stdout
    assert "duplicate_file" in shown
    assert "patient_id_collision" in shown


def test_a_world_is_held_against_the_market(rcm: RunCli, built: Built) -> None:
    shown = rcm("world", "calibration", home=built.settings.home, world_size="tiny").stdout
    assert "net days in A/R" in shown


def test_before_the_first_run_the_path_says_what_to_do(cli: RunCli, tmp_path: Path) -> None:
    done = cli("published", "path", home=tmp_path)
    assert done.returncode == 1
    assert "rcm run" in done.stderr


def test_the_published_path_is_a_file(cli: RunCli, built: Built) -> None:
    done = cli("published", "path", home=built.settings.home)
    assert Path(done.stdout.strip()).is_file()


def test_an_unknown_audience_names_the_known_ones(cli: RunCli, built: Built) -> None:
    done = cli("published", "path", "press", home=built.settings.home)
    assert done.returncode == 1
    assert "operations" in done.stderr


def test_the_list_marks_the_current_version(cli: RunCli, built: Built) -> None:
    assert "current" in cli("published", "list", home=built.settings.home).stdout


def test_the_quarantine_list_shows_rules_and_no_content(cli: RunCli, built: Built) -> None:
    done = cli("quarantine", "list", home=built.settings.home)
    assert done.returncode == 0
    assert "CLP*" not in done.stdout
    assert "NM1*" not in done.stdout


def test_persons_are_counted_and_held_against_the_truth(cli: RunCli, built: Built) -> None:
    shown = cli("persons", home=built.settings.home, world_size="tiny").stdout
    assert "patient records of" in shown
    assert "precision" in shown
    assert "recall" in shown
