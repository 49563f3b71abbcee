"""What needs someone's work is found from the first page of the UI in at most two clicks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from rcm_platform.definitions import build_definitions
from rcm_platform.operate import dagster_home
from rcm_platform.settings import Settings
from rcm_platform.warehouse.parsed_project import ParsedProject
from rcm_platform_tests.cli.test_quarantine_cli import REMIT
from rcm_platform_tests.support.visits import IN_A_BROWSER, Visit, browser
from rcm_platform_tests.support.web_servers import serving

ALERT_SECONDS = 180

pytestmark = IN_A_BROWSER


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parsed_project: ParsedProject) -> Path:
    """Two runs: a file is held and a folder is missing; then bytes are lost, and a check blocks."""
    remits = tmp_path / "in"
    remits.mkdir()
    for number, (name, paid) in enumerate((("good.835", "140"), ("off.835", "139")), 1):
        text = REMIT.format(number=number, usage="P", paid=paid, date="250310")
        (remits / name).write_text(text)
    settings = Settings(home=tmp_path, world=False, **given(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(settings.dagster_home))
    dagster_home.prepare_dagster_home(settings)
    assert load(settings).success

    received = settings.lake_dir / "platform" / "received_files"
    file = next(path for path in received.glob("*/*.parquet") if path.stem != "schema")
    with duckdb.connect() as con:
        con.execute(f"create table t as from read_parquet('{file}', hive_partitioning = false)")
        con.execute("update t set loaded_byte_count = loaded_byte_count - 1")
        con.execute(f"copy t to '{file}'")
    assert not load(settings).success
    return tmp_path


def given(home: Path) -> dict[str, Path]:
    return {"x12_dir": home / "in", "treasury_dir": home / "treasury"}


def load(settings: Settings) -> dg.ExecuteInProcessResult:
    """The part of the nightly run that loads, with its checks."""
    definitions = build_definitions(settings)
    graph = definitions.resolve_asset_graph()
    raw = {key for key in graph.get_all_asset_keys() if key.path[0] == "raw"}
    job = definitions.resolve_job_def("nightly").get_subset(
        asset_selection=raw,
        asset_check_selection={key for key in graph.asset_check_keys if key.asset_key in raw},
    )
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        return job.execute_in_process(instance=instance, raise_on_error=False)


@pytest.fixture
def visit(home: Path, hook: tuple[list[dict[str, Any]], str]) -> Iterator[Visit]:
    variables = {f"RCM_{name.upper()}": str(value) for name, value in given(home).items()}
    variables |= {"RCM_WORLD": "off", "RCM_ALERT_WEBHOOK_URL": hook[1]}
    with serving(home, "ui", **variables) as port, browser(port) as found:
        yield found


def test_what_was_held_what_is_missing_and_what_blocked_are_two_clicks_away(
    visit: Visit, hook: tuple[list[dict[str, Any]], str]
) -> None:
    visit.open("/")
    visit.page.locator("a[href='/runs']").first.click()
    # after one click: the file, its dollars, and the source that could not be read
    visit.sees("rcm/held: $139.00 in off.835", "rcm/not read: treasury", "Failure")

    # after two: the check that blocked
    visit.page.locator("a[href*='/runs/']").first.click()
    visit.sees("raw/platform/received_files: bytes_conserved")

    # the table of what is open, and the check that warns
    visit.open("/assets/raw/platform/quarantine")
    visit.sees("newest open items", "B3: The payment is not the sum", "rcm quarantine show")
    visit.open("/assets/raw/platform/quarantine?view=checks")
    visit.sees("nothing_newly_held", "off.835")

    posts, _ = hook
    deadline = time.monotonic() + ALERT_SECONDS
    while not posts and time.monotonic() < deadline:
        time.sleep(1)
    (alert,) = [post["body"] for post in posts if post["body"]["kind"] == "held"]
    assert alert["link"] == f"{visit.base}/assets/raw/platform/quarantine"
    assert "off.835" in alert["text"]
