"""The world is like the market: measured rates and lags against the anchors."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from rcm_platform.world.calibration import Calibration, calibrate
from rcm_platform.world.model import World
from rcm_platform.world.truth.truth import write_truth

START, THROUGH = date(2024, 10, 1), date(2025, 12, 31)


@pytest.mark.prove
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_medium_world_meets_every_anchor(seed: int, tmp_path: Path) -> None:
    world = World(seed=seed, size="medium", start=START, through=THROUGH)
    write_truth(world, tmp_path / "truth")
    measured = calibrate(tmp_path)
    print(f"\nseed {seed}", *map(_line, measured), sep="\n")
    assert len(measured) == 49
    assert [_line(c) for c in measured if not c.is_within] == []


def test_without_a_world_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="rcm world"):
        calibrate(tmp_path)


def _line(c: Calibration) -> str:
    return (
        f"{c.measure:24} {c.group:30} anchor {c.anchor:>6} measured {c.measured:>6} "
        f"({c.low} to {c.high} {c.unit}){'' if c.is_within else ' OUTSIDE'}"
    )
