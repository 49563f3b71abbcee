"""Of a model that is made claim by claim, only the claims that something changed of are made again:
what it makes of the rows of some claims must be what it makes of all, for these claims."""

from __future__ import annotations

import json

from rcm_platform.warehouse.project import run_target
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support.claim_by_claim import not_by_claim


def test_a_model_that_says_so_is_made_claim_by_claim(built: Built) -> None:
    manifest = json.loads((run_target(built.settings) / "manifest.json").read_text())
    named = [n for n in manifest["nodes"].values() if n["config"]["meta"].get("claims_from")]
    assert len(named) > 20
    with built.warehouse() as con:
        assert list(not_by_claim(con, manifest)) == []
