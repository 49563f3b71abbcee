"""How long the code location takes to load, against a bare one with the same dbt project.

python -m rcm_platform.benchmarks.location <module>    load its `defs`, print seconds and assets
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from pathlib import Path

from rich.table import Table

from rcm_platform.benchmarks import own_process

BUDGET = 1.3
ROUNDS = 5
BARE = "rcm_platform.benchmarks.bare_location"
OURS = "rcm_platform.definitions"


def measure(manifest: Path) -> Table:
    """The quickest of some loads of each, taken in turn; each in a new process.

    `manifest` is that of the dbt project, parsed. Raises RuntimeError when one does not load.
    """
    os.environ["RCM_BENCH_MANIFEST"] = str(manifest.absolute())
    loads: dict[str, list[dict[str, float]]] = {BARE: [], OURS: []}
    for _ in range(ROUNDS):
        for module, found in loads.items():
            found.append(own_process.run("rcm_platform.benchmarks.location", module))
    table = Table("module", "seconds", "assets", title="Loading the code location")
    best = {}
    for module, found in loads.items():
        best[module] = min(load["seconds"] for load in found)
        table.add_row(module, f"{best[module]:.2f}", f"{found[0]['assets']:.0f}")
    ratio = best[OURS] / best[BARE]
    table.add_row("ratio", f"{ratio:.2f} (budget {BUDGET})", own_process.verdict(ratio <= BUDGET))
    return table


def _load(module: str) -> dict[str, float]:
    start = time.perf_counter()
    # what a code server resolves before it answers
    repository = importlib.import_module(module).defs.get_repository_def()
    assets = len(repository.asset_graph.get_all_asset_keys())
    return {"seconds": time.perf_counter() - start, "assets": assets}


if __name__ == "__main__":
    print(json.dumps(_load(sys.argv[1])))
