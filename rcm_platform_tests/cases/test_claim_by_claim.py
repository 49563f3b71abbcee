"""Models that are made claim by claim are so, also of what senders and exports really do."""

from __future__ import annotations

import json

import pytest

from rcm_platform.warehouse.project import run_target
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support.claim_by_claim import not_by_claim


@pytest.mark.parametrize("build", ["x12_cases", "hospitals_and_bank"])
def test_each_claim_of_the_cases_is_made_of_its_own_rows(
    build: str, request: pytest.FixtureRequest
) -> None:
    made: Built = request.getfixturevalue(build)
    manifest = json.loads((run_target(made.settings) / "manifest.json").read_text())
    with made.warehouse() as con:
        assert list(not_by_claim(con, manifest)) == []
