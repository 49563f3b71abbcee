"""What a night costs against all that came before it: one hundredth more data, in a home that a
whole run has filled."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from rcm_platform.benchmarks import own_process
from rcm_platform.benchmarks.stages import STAGES, seconds_by_stage
from rcm_platform.settings import Settings, WorldSize

LIMIT = 0.25
"""What a night with a hundredth of new data may take of the whole run before it."""
NEW = 0.01


def measure(size: WorldSize, out: Console) -> Table:
    """A run of everything but the last hundredth of the days, then of that; seconds of wall time.

    The world's own making is no work of the platform, and left out of the ratio.
    """
    last = Settings(world_size=size)
    days = (last.world_through - last.world_start).days
    before = last.world_through - timedelta(days=round(days * NEW))
    run = ("-m", "rcm_platform.cli", "run")
    with tempfile.TemporaryDirectory(prefix="rcm_night_") as folder:
        out.print(f"rcm run, {size} world until {before}")
        home = Path(folder)
        whole = seconds_by_stage(home, size, *run, RCM_WORLD_THROUGH=before.isoformat())
        out.print(f"the same until {last.world_through}")
        night = seconds_by_stage(home, size, *run)
    table = Table("stage", "everything", "night", "", title=f"Seconds, {size} world")
    for stage in STAGES:
        first, second = whole.get(stage, 0.0), night.get(stage, 0.0)
        table.add_row(stage, f"{first:.1f}", f"{second:.1f}", "")
    totals = [sum(of.values()) - of.get("world", 0.0) for of in (whole, night)]
    ratio = totals[1] / totals[0]
    table.add_row("total without the world", *(f"{total:.1f}" for total in totals), "")
    table.add_row("ratio", "", f"{ratio:.2f} (limit {LIMIT})", own_process.verdict(ratio <= LIMIT))
    return table
