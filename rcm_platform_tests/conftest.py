"""Shared fixtures: the whole graph, run once for all tests, on a tiny world."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import duckdb
import hypothesis
import pytest
from filelock import FileLock

from rcm_platform.ingest import open_lake
from rcm_platform.lake import Lake
from rcm_platform.publish import Relation, open_published, publish
from rcm_platform.settings import Settings
from rcm_platform_tests import servers

# the same examples on every machine; `--hypothesis-profile=random` looks for new ones
hypothesis.settings.register_profile("fixed", derandomize=True)
hypothesis.settings.register_profile("random")
hypothesis.settings.load_profile("fixed")


def pytest_configure() -> None:
    """No `.env` and no RCM_ variable of the machine reaches a test."""
    for name in [n for n in os.environ if n.startswith("RCM_") and n != "RCM_FIXTURES_DIR"]:
        del os.environ[name]
    Settings.model_config["env_file"] = None


RunCli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def rcm() -> RunCli:
    """Run the command line as a user does; settings are keyword arguments (home=... → RCM_HOME)."""

    def run(*args: str, **settings: object) -> subprocess.CompletedProcess[str]:
        given = {f"RCM_{name.upper()}": str(value) for name, value in settings.items()}
        return subprocess.run(
            [sys.executable, "-m", "rcm_platform.cli", *args],
            env={**os.environ, "COLUMNS": "160", **given},
            cwd=str(settings.get("home", Path.cwd())),
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@dataclass(frozen=True)
class Built:
    """A finished run of everything."""

    settings: Settings
    exit_code: int
    output: str

    @property
    def lake(self) -> Lake:
        return open_lake(self.settings)

    @property
    def as_of(self) -> date:
        found = self.lake.latest_arrival_date()
        assert found
        return found

    def warehouse(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.settings.warehouse_path), read_only=True)

    def published(self) -> duckdb.DuckDBPyConnection:
        return open_published(self.settings.published_dir, "operations")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, rcm: RunCli, worker_id: str) -> Built:
    """`rcm run` on a tiny world; one run, whatever the number of test workers."""
    base = tmp_path_factory.getbasetemp()
    home = (base if worker_id == "master" else base.parent) / "built"
    home.mkdir(exist_ok=True)
    output, code = home / "output.txt", home / "exit_code"
    with FileLock(home / "built.lock"):
        if not code.exists():
            done = rcm("run", home=home, world_size="tiny")
            output.write_text(done.stdout + done.stderr)
            code.write_text(str(done.returncode))
    settings = Settings(home=home, world_size="tiny")
    return Built(settings, int(code.read_text()), output.read_text())


def publish_a_number(settings: Settings) -> None:
    """A published version that has one KPI, `cash`, and nothing else."""
    settings.warehouse_path.parent.mkdir(parents=True)
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute("""
            create schema marts;
            create table marts.kpi_registry as
            select 'cash' as kpi, 'Cash' as label, 'dollars' as unit;
            create table marts.mart_kpi_monthly as
            select 'cash' as kpi, date '2025-05-01' as period_month, 'total' as aggregation_level,
                cast(12.5 as decimal(18, 2)) as numerator, cast(null as decimal(18, 2)) as
                denominator;
            create table marts.fct_claims as
            select '' as claim_key, '' as claim_id, cast(0 as decimal(18, 2)) as open_amount,
                cast(0 as decimal(18, 2)) as payer_paid_amount,
                cast(0 as decimal(18, 2)) as patient_paid_amount
            limit 0
        """)
    names = ("kpi_registry", "mart_kpi_monthly", "fct_claims")
    audiences = {"operations": [Relation("marts", name) for name in names]}
    publish(settings.warehouse_path, settings.published_dir, audiences, date(2025, 6, 15))


@pytest.fixture
def hook() -> Iterator[tuple[list[dict[str, Any]], str]]:
    """A webhook: what it was sent, and its URL; `/broken` below it answers with an error."""
    received: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append({"path": self.path, "body": json.loads(body)})
            self.send_response(500 if self.path == "/broken" else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield received, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def mysql_url() -> Iterator[str]:
    """A MariaDB, shared: a test leaves its tables, and finds those of others."""
    with servers.mariadb() as server:
        yield server.url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL, shared in the same way."""
    with servers.postgresql() as server:
        yield server.url
