"""The Dagster daemon, idle when nothing happens.

    python -m rcm_platform.operate.daemon run ...    what `dagster-daemon` takes

Dagster's own fetches the whole graph from the code server each minute, which is half of what it
costs to run. It is told of a reload or a restart of the code server anyway.
"""

from __future__ import annotations

from dagster._daemon import controller
from dagster._daemon.cli import main

REFRESH_SECONDS = 900

if __name__ == "__main__":
    controller.RELOAD_WORKSPACE_INTERVAL = REFRESH_SECONDS
    # one refresh that fails is no reason to stop
    controller.DEFAULT_WORKSPACE_FRESHNESS_TOLERANCE = 3 * REFRESH_SECONDS
    main()
