"""The event log of many nights stays bounded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from rcm_platform.operate import old_runs
from rcm_platform.operate.dagster_home import prepare_dagster_home
from rcm_platform.settings import Settings


@dg.asset
def often() -> None:
    """Made every night."""


@dg.asset
def once() -> None:
    """Made on the first night alone."""


def test_logs_of_old_runs_go_but_for_what_made_an_asset_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(settings.dagster_home))
    prepare_dagster_home(settings)
    with dg.DagsterInstance.get() as instance:
        first = dg.materialize([often, once], instance=instance).run_id
        nights = [dg.materialize([often], instance=instance).run_id for _ in range(3)]
        files = settings.dagster_home / "history" / "runs"
        assert (files / f"{nights[0]}.db").exists()
        assert old_runs.remove(instance) == 0
        later = datetime.now(UTC) + timedelta(days=old_runs.KEPT_DAYS + 1)
        assert old_runs.remove(instance, later) == 2
        assert {run.run_id for run in instance.get_runs()} == {first, nights[-1]}
        assert not (files / f"{nights[0]}.db").exists()
        assert old_runs.remove(instance, later) == 0
        for asset in (often, once):
            assert instance.get_latest_materialization_event(asset.key)
