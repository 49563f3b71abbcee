"""Models that are made claim by claim are so, also of what senders and payers really do."""

from __future__ import annotations

import json

from rcm_platform.warehouse.project import run_target
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support.claim_by_claim import not_by_claim


def test_each_claim_of_the_cases_is_made_of_its_own_rows(x12_cases: Built) -> None:
    manifest = json.loads((run_target(x12_cases.settings) / "manifest.json").read_text())
    with x12_cases.warehouse() as con:
        assert list(not_by_claim(con, manifest)) == []
