"""Every mart of a large world is its truth, to the cent and the row, whatever the dice."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from rcm_platform.proof import truth as proof_truth
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import RunCli


@pytest.mark.prove
@pytest.mark.parametrize("seed", [7, 4711, 20251])
def test_every_mart_is_the_truth(rcm: RunCli, tmp_path: Path, seed: int) -> None:
    done = rcm("run", home=tmp_path, world_size="medium", world_seed=seed)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    settings = Settings(home=tmp_path)
    truth = settings.world_dir / "truth" / "knowable"
    results = proof_truth.compare_all(
        settings.warehouse_path, "4GB", truth, date(2025, 12, 31), proof_truth.CHECKS
    )
    assert [result for result in results if not result.passed] == []
