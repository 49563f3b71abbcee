"""The Dagster daemon, idle when nothing happens.

    python -m rcm_platform.operate.daemon run ...    what `dagster-daemon` takes

Dagster's own fetches the whole graph from the code server each minute, which is half of what it
costs to run. It is told of a reload or a restart of the code server anyway.
"""

from __future__ import annotations

import math

from dagster._daemon import controller, sensor
from dagster._daemon.cli import main

from rcm_platform.operate.dagster_home import watch_code_server_less
from rcm_platform.settings import get_settings

REFRESH_SECONDS = 900
SENSOR_STEP_SECONDS = 5

if __name__ == "__main__":
    controller.RELOAD_WORKSPACE_INTERVAL = REFRESH_SECONDS
    # one refresh that fails is no reason to stop
    controller.DEFAULT_WORKSPACE_FRESHNESS_TOLERANCE = 3 * REFRESH_SECONDS
    watch_code_server_less()
    # no look at the sensors at which none is due
    steps = math.ceil(get_settings().sensor_seconds / SENSOR_STEP_SECONDS)
    sensor.MIN_INTERVAL_LOOP_TIME = SENSOR_STEP_SECONDS * steps
    main()
