"""The pipeline without an orchestrator does what a run of the graph does."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import duckdb
import pytest

from rcm_platform.ingest import lake_access
from rcm_platform.operate import pipeline
from rcm_platform.publish import versions
from rcm_platform.publish.audiences import AUDIENCES
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import Built


def tables(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[object, ...]]:
    """Table → its rows, in no order, as a hash; what names the run is left out."""
    names = {name for (name,) in con.execute("show tables").fetchall()} - {"published_version"}
    return {
        name: con.execute(
            f'select count(*), bit_xor(hash(t)), sum(hash(t)) from "{name}" as t'
        ).fetchall()[0]
        for name in names
    }


@pytest.mark.prove
def test_it_publishes_what_the_graph_publishes(built: Built, tmp_path: Path) -> None:
    stages: list[str] = []
    settings = Settings(home=tmp_path, world_size="tiny")

    def timed(stage: str) -> nullcontext[None]:
        stages.append(stage)
        return nullcontext()

    published = pipeline.run(settings, timed)
    assert published.version.is_current and published.warnings == ()
    assert stages == ["world", "raw", "persons", "dbt", "checks", "publish"]
    for audience in AUDIENCES:
        with (
            versions.open_published(built.settings.published_dir, audience) as by_graph,
            versions.open_published(settings.published_dir, audience) as bare,
        ):
            assert tables(bare) == tables(by_graph), audience


def test_nothing_is_published_that_was_not_built(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with pytest.raises(pipeline.NotPublished, match="job `nightly`"):
        pipeline.publish(settings, lake_access.open_lake(settings))


def test_nothing_is_published_while_a_blocking_check_stands_failed(built: Built) -> None:
    before = versions.current(built.settings.published_dir)
    with pytest.raises(pipeline.NotPublished, match="cash_conserved failed when last asked"):
        pipeline.publish(built.settings, built.lake, failed=["cash_conserved"])
    assert versions.current(built.settings.published_dir) == before
