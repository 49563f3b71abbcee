"""Shared fixtures: the whole graph, run once for all tests, on a tiny world."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import duckdb
import hypothesis
import pytest
from filelock import FileLock
from typer.testing import CliRunner

from rcm_platform.ingest.lake_access import open_lake
from rcm_platform.lake import Lake
from rcm_platform.publish.versions import Relation, open_published, publish
from rcm_platform.settings import Settings
from rcm_platform.warehouse import project as dbt_project
from rcm_platform.warehouse.parsed_project import ParsedProject
from rcm_platform_tests.support import order, outside_files, servers

# the same examples on every machine; `--hypothesis-profile=random` looks for new ones
hypothesis.settings.register_profile("fixed", derandomize=True)
hypothesis.settings.register_profile("random")
hypothesis.settings.load_profile("fixed")


def pytest_configure() -> None:
    """No `.env` and no RCM_ variable of the machine reaches a test."""
    for name in os.environ:
        if name.startswith("RCM_") and not name.startswith("RCM_FIXTURES_"):
            del os.environ[name]
    Settings.model_config["env_file"] = None
    outside_files.require()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Nor does a parse of the project that this user's own homes keep."""
    os.environ["XDG_CACHE_HOME"] = str(_shared(session.config) / "cache")


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Modules that import the graph build it under the settings that they find: those of the home
    of `built`, where the project is parsed for all, and not those of whoever runs the tests."""
    os.environ["RCM_HOME"] = str(_shared(session.config) / "built")
    try:
        return (yield)
    finally:
        del os.environ["RCM_HOME"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=order.place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> order.OneWorkerPerFile:
    """Whatever `--dist` says: the tests of a file share what they set up."""
    config.option.loadscopereorder = False
    return order.OneWorkerPerFile(config, log)


LAST_DAY = date(2025, 12, 31)
"""The day from which decisions of tests count: the last one of their data."""

RunCli = Callable[..., subprocess.CompletedProcess[str]]


def _shared(config: pytest.Config) -> Path:
    base: Path = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    return base.parent if hasattr(config, "workerinput") else base


@pytest.fixture(scope="session")
def shared(pytestconfig: pytest.Config) -> Path:
    """The folder of what is made once, whatever the number of test workers."""
    return _shared(pytestconfig)


@pytest.fixture(scope="session")
def parsed_project(shared: Path) -> ParsedProject:
    """The dbt project, parsed once: every home finds it, whatever the number of test workers."""
    settings = Settings(home=shared / "built", world_size="tiny")
    with FileLock(shared / "parsed.lock"):
        dbt_project.prepared_manifest(settings)
    found = ParsedProject.of(dbt_project.parse_key(settings))
    assert found
    return found


@pytest.fixture(scope="session")
def rcm(request: pytest.FixtureRequest) -> RunCli:
    """Run the command line as a user does; settings are keyword arguments (home=... → RCM_HOME).

    A run of the dbt project of this checkout finds it parsed.
    """

    def run(*args: str, **settings: object) -> subprocess.CompletedProcess[str]:
        if args[0] == "run" and "dbt_project_dir" not in settings:
            request.getfixturevalue("parsed_project")
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


@pytest.fixture(scope="session")
def cli() -> RunCli:
    """The same in this process, which saves the start of Python: for commands that only answer,
    and not by the console that `rcm run` prints to."""
    from rcm_platform.cli.app import app

    runner = CliRunner()

    def run(*args: str, **settings: object) -> subprocess.CompletedProcess[str]:
        given = {f"RCM_{name.upper()}": str(value) for name, value in settings.items()}
        home = str(settings.get("home", Path.cwd()))
        before = dict(os.environ)
        try:
            with contextlib.chdir(home):
                done = runner.invoke(app, args, env={"COLUMNS": "160", **given})
        finally:
            os.environ.clear()
            os.environ.update(before)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return subprocess.CompletedProcess(args, done.exit_code, done.stdout, done.stderr)

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
def built(shared: Path, rcm: RunCli) -> Built:
    """`rcm run` on a tiny world; one run, whatever the number of test workers."""
    home = shared / "built"
    home.mkdir(exist_ok=True)
    output, code = home / "output.txt", home / "exit_code"
    with FileLock(home / "built.lock"):
        if not code.exists():
            done = rcm("run", home=home, world_size="tiny")
            output.write_text(done.stdout + done.stderr)
            code.write_text(str(done.returncode))
    settings = Settings(home=home, world_size="tiny")
    return Built(settings, int(code.read_text()), output.read_text())


@pytest.fixture
def copied(built: Built, tmp_path: Path) -> Settings:
    """A copy of the finished run that a test may change."""
    home = tmp_path / "copied"

    def copy(source: str, target: str) -> None:
        # the lake is never written in place
        is_immutable = source.endswith(".parquet")
        (os.link if is_immutable else shutil.copy2)(source, target)

    shutil.copytree(built.settings.home, home, copy_function=copy)
    return Settings(home=home, world_size="tiny")


def publish_a_number(settings: Settings, as_of: date = date(2025, 6, 15)) -> None:
    """A published version that has one KPI, `cash`, of 250 claims and two months.

    Names in it are what a page or a spreadsheet must not run; for leaders one cell is merged.
    """
    settings.warehouse_path.parent.mkdir(parents=True, exist_ok=True)
    settings.warehouse_path.unlink(missing_ok=True)
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute("""
            create schema marts;
            set schema = 'marts';
            create table kpi_registry as
            select 'cash' as kpi, 'Cash' as label, 'collections' as family,
                'dollars received' as numerator, cast(null as varchar) as denominator,
                'dollars' as unit, 'month of the payment' as period_rule, 'up' as direction,
                cast(20000 as decimal(18, 4)) as target, 'team:finance' as owner,
                'the bank' as source, true as is_headline;
            create table assumptions as
            select 'cash' as kpi, 'Cash is counted once.' as statement, 'So.' as why,
                'None.' as effect;
            create table dim_facility as from (values ('f', 'HOSP', 'Hospital'))
                as t (facility_key, facility_id, facility_name);
            create table dim_payer as from (values ('p', '1', '<b>One</b>'), ('q', '2', 'Two'))
                as t (payer_key, payer_id, payer_name);
            create table fct_claims as
            select 'c' || n as claim_key,
                case when n = 250 then '=1+1' else 'CLM' || n end as claim_id,
                'h' as source_system, case when n = 1 then 'q' else 'p' end as payer_key,
                'e' as encounter_key, date '2025-05-03' as service_date,
                cast(n as decimal(18, 2)) as charge_amount, cast(0 as decimal(18, 2)) as
                open_amount, cast(n as decimal(18, 2)) as payer_paid_amount,
                cast(0 as decimal(18, 2)) as patient_paid_amount
            from range(1, 251) as t (n);
            create table int_kpi__contributions as
            select 'cash' as kpi, claim_key, period_month, service_date as known_date,
                'f' as facility_key, payer_key, charge_amount as numerator,
                cast(null as decimal(18, 2)) as denominator, cast(null as varchar) as record_type,
                cast(null as varchar) as record_key
            from fct_claims cross join (values (date '2025-04-01'), (date '2025-05-01'))
                as t (period_month);
            create table mart_kpi_monthly as
            select kpi, period_month, 'facility and payer' as aggregation_level, facility_key,
                payer_key, cast(sum(numerator) as decimal(18, 2)) as numerator,
                cast(null as decimal(18, 2)) as denominator, true as is_mature,
                cast(null as varchar) as not_for
            from int_kpi__contributions group by all
            union all by name
            select kpi, period_month, 'total' as aggregation_level,
                cast(sum(numerator) as decimal(18, 2)) as numerator, true as is_mature
            from int_kpi__contributions group by all;
            create table mart_kpi_scorecard as
            select * exclude (facility_key, payer_key),
                case when payer_key = 'p' then facility_key end as facility_key,
                case when payer_key = 'p' then payer_key end as payer_key,
                coalesce(payer_key = 'q', false) as is_other,
                cast(null as decimal(18, 6)) as volume_effect,
                cast(null as decimal(18, 6)) as mix_effect,
                cast(null as decimal(18, 6)) as rate_effect,
                cast(null as decimal(18, 6)) as timing_effect,
                cast(null as varchar) as driver_facility_key,
                cast(null as varchar) as driver_payer_key,
                cast(null as decimal(18, 6)) as driver_effect,
                cast(null as varchar) as offset_facility_key,
                cast(null as varchar) as offset_payer_key,
                cast(null as decimal(18, 6)) as offset_effect
            from mart_kpi_monthly;
            create table mart_kpi_changes as
            select *, period_month as previous_month, cast(null as varchar) as cause,
                cast(null as decimal(18, 6)) as cause_effect,
                cast(null as varchar) as offset_cause,
                cast(null as decimal(18, 6)) as offset_cause_effect
            from mart_kpi_scorecard limit 0;
            create table fct_denial_events as
            select 'c1' as claim_key, 'CO' as group_code, '29' as reason_code,
                date '2025-05-04' as event_date;
            create table fct_ledger_entries as
            select 'l' || claim_key as ledger_entry_key, claim_key, 'h' as source_system,
                service_date as event_date, service_date as recorded_date, 'CHARGE' as event_type,
                charge_amount as ar_amount, charge_amount as cash_amount,
                charge_amount as memo_amount, 'gone.edi' as source_file, '1/1' as source_position
            from fct_claims;
            create table carc_codes as select '29' as reason_code, 'Filed late' as label;
            create table fct_encounters as
            select 'e' as encounter_key, 'E1' as encounter_id, 'h' as source_system,
                date '2025-05-03' as encounter_date limit 0;
            create table fct_kpi_records as
            select 'k' as record_key, 'cost' as record_type, 'h' as source_system,
                date '2025-05-01' as record_date limit 0;
        """)
        names = [name for (name,) in con.execute("show tables").fetchall()]
    of_claims = {"int_kpi__contributions", "mart_kpi_monthly", "mart_kpi_changes"}
    audiences = {
        "operations": [Relation("marts", name) for name in names],
        "leadership": [
            Relation("marts", name)
            for name in names
            if not (name in of_claims or name[:4] == "fct_")
        ],
    }
    publish(settings.warehouse_path, settings.published_dir, audiences, as_of)


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
