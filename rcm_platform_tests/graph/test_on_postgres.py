"""The same graph with the models in PostgreSQL: every table, and what readers see."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pandas.testing import assert_frame_equal

from rcm_platform.ingest.lake_access import open_lake
from rcm_platform.operate import pipeline
from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform.warehouse import parity
from rcm_platform_tests.conftest import RunCli
from rcm_platform_tests.support import servers


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    with servers.database(postgres_url, "models", "locale 'C'") as found:
        yield found


def test_every_table_equals_that_of_duckdb(copied: Settings, url: str) -> None:
    settings = copied.model_copy(update={"postgres_url": url})
    as_of = pipeline.as_of_date(settings, open_lake(settings))
    theirs = parity.build(settings, "postgres", as_of, print)
    found = parity.compare(settings.warehouse_path, theirs)
    assert [each for each in found if not each.is_equal] == []
    assert sum(each.rows > 0 for each in found) > 250


@pytest.mark.prove
def test_a_run_is_proven_and_publishes_the_same(copied: Settings, url: str, rcm: RunCli) -> None:
    before = versions.rows(copied.published_dir, "operations", "mart_kpi_monthly", 10**6)
    given = {"world_size": "tiny", "target": "postgres", "postgres_url": url}
    done = rcm("run", "--again", home=copied.home, **given)
    assert done.returncode == 0, done.stdout + done.stderr
    after = versions.rows(copied.published_dir, "operations", "mart_kpi_monthly", 10**6)
    key = ["kpi_value_key"]
    expected = before.sort_values(key, ignore_index=True)
    assert_frame_equal(after.sort_values(key, ignore_index=True), expected)
