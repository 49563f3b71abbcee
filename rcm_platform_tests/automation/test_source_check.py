"""The look at one's own sources in the Dagster UI."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import duckdb

from rcm_platform.automation import source_check
from rcm_platform.settings import Settings


def test_each_source_says_on_its_asset_what_is_missing(tmp_path: Path) -> None:
    database = tmp_path / "a.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute("create table departments as select 'D1' as deptid, 'Ward' as name")
    settings = Settings(
        home=tmp_path / "home", world=False, hospital_a_url=str(database), treasury_dir=tmp_path
    )
    with dg.DagsterInstance.ephemeral() as instance:
        done = source_check.job(settings).execute_in_process(instance=instance)
    observed = {
        event.asset_observation_data.asset_observation.asset_key.path[-1]: (
            event.asset_observation_data.asset_observation.metadata
        )
        for event in done.all_events
        if event.event_type == dg.DagsterEventType.ASSET_OBSERVATION
    }
    assert set(observed) == {"hospital_a", "treasury"}
    [departments] = [
        record.data
        for record in observed["hospital_a"]["tables"].records
        if record.data["table"] == "departments"
    ]
    assert departments == {"table": "departments", "rows": "1", "missing": "", "without it": ""}
    assert "no table patients" in observed["hospital_a"]["next steps"].value
    assert not observed["treasury"]["can be loaded"].value
