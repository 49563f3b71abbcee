"""Dagster's own home in the platform's: its settings, and whether its daemons are heard."""

from __future__ import annotations

import json
import os
import time
from importlib.util import find_spec

from rcm_platform.settings import Settings

CODE = "rcm_platform.definitions"
"""The module that has the graph; its name in Dagster."""

# Telemetry and the first-visit dialog off: no page asks for anything outside the machine.
# `granularity: run`: with `op`, a run that waits for the pool spins and ignores signals.
# The queue is looked at every three seconds: who drops a file waits, and each look costs.
# `auto_materialize` off: no asset has a condition of its own; a schedule and a sensor start runs.
DAGSTER_YAML = """\
telemetry: {enabled: false}
nux: {enabled: false}
concurrency:
  pools: {default_limit: 1, granularity: run}
  runs: {max_concurrent_runs: 4}
run_coordinator:
  module: dagster._core.run_coordinator
  class: QueuedRunCoordinator
  config: {dequeue_interval_seconds: 3}
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  max_runtime_seconds: 7200
  poll_interval_seconds: 20
  free_slots_after_run_end_seconds: 60
auto_materialize: {enabled: false, use_sensors: false}
retention:
  schedule: {purge_after_days: 30}
  sensor: {purge_after_days: {skipped: 1, failure: 14, success: 14}}
"""

DAGSTER_YAML_SQLITE = """\
storage:
  custom:
    module: rcm_platform.operate.event_storage
    class: Storage
    config: {{base_dir: {home}}}
"""

# the URL holds a password, which stays in the environment
DAGSTER_YAML_POSTGRES = """\
storage:
  postgres:
    postgres_url: {env: DAGSTER_POSTGRES_URL}
"""

WATCH_SECONDS = 10

DAEMON_SILENT_SECONDS = 300
"""A daemon says every half minute that it is alive, unless a sensor keeps it."""


def prepare_dagster_home(settings: Settings) -> None:
    """Write dagster.yaml, and point this process and its children to it."""
    text = DAGSTER_YAML
    if settings.dagster_postgres_url:
        if find_spec("dagster_postgres") is None:
            raise ModuleNotFoundError(
                "RCM_DAGSTER_POSTGRES_URL needs more: pip install 'rcm-platform[deploy]'"
            )
        # SQLAlchemy would take another driver than the one that dagster-postgres brings
        _, _, rest = settings.dagster_postgres_url.partition("://")
        os.environ["DAGSTER_POSTGRES_URL"] = f"postgresql+psycopg2://{rest}"
        text += DAGSTER_YAML_POSTGRES
    else:
        text += DAGSTER_YAML_SQLITE.format(home=json.dumps(str(settings.dagster_home)))
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    new = settings.dagster_home / f".dagster.yaml.{os.getpid()}"
    new.write_text(text)
    new.replace(settings.dagster_home / "dagster.yaml")  # others may be reading it
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    # the deadlines of the assets are of hours; Dagster looks twice a minute
    os.environ.setdefault("FRESHNESS_DAEMON_INTERVAL_SECONDS", "300")


def watch_code_server_less() -> None:
    """Let this process ask the code server for its state every ten seconds, not every second: each
    question opens a connection, and a reload is told anyway."""
    from dagster._grpc import server_watcher

    server_watcher.WATCH_INTERVAL = WATCH_SECONDS


def silent_daemons(settings: Settings) -> list[str] | None:
    """The daemons that should be heard and are not; None when none ever ran in this home."""
    import dagster as dg

    prepare_dagster_home(settings)
    with dg.DagsterInstance.get() as instance:
        heard = instance.get_daemon_heartbeats()
        since = time.time() - DAEMON_SILENT_SECONDS
        if not heard:
            return None
        return sorted(
            name
            for name in instance.get_required_daemon_types()
            if name not in heard or heard[name].timestamp < since
        )
