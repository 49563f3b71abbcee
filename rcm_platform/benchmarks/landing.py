"""How long a new file takes to reach the readers: a remittance from its arrival to the marts.

The real daemon runs beside, as `rcm ui` starts it; nothing is called by hand.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

import dagster as dg
import duckdb
import psutil
from rich.console import Console
from rich.table import Table

from rcm_platform.automation.landing_sensor import UNFINISHED
from rcm_platform.benchmarks import own_process
from rcm_platform.ingest import arrivals
from rcm_platform.operate import dagster_home, run_report
from rcm_platform.publish import versions
from rcm_platform.publish.audiences import OPERATIONS
from rcm_platform.settings import Settings, WorldSize

WAIT_SECONDS = 1200
"""How long the daemon may take to be ready, and a file to be published."""

LIMITS = {"medium": 60, "large": 180}
"""Seconds that a new 835 of 1,000 claims may take from its arrival to the readers, by world."""

Claim = tuple[str, Decimal]
"""Patient control number and charge."""


@dataclass
class Landing:
    """One measured file. Seconds of wall time, from its arrival in the folder."""

    total: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)
    trace_number: str = ""
    claim_count: int = 0
    byte_count: int = 0
    cpu_seconds: float = 0.0


def measure(size: WorldSize, out: Console, home: Path | None = None, claims: int = 1000) -> Table:
    """Drop one 835 into the clearinghouse folder of a world of this size, and watch it go.

    `home` is one where `rcm run` has ended well, and is changed; without it a new one is made.
    """
    with tempfile.TemporaryDirectory(prefix="rcm_landing_") as folder:
        settings = Settings(home=home or Path(folder), world_size=size)
        if versions.current(settings.published_dir) is None:
            out.print(f"rcm run, {size} world")
            _run(settings, "run")
        out.print("starting the daemon")
        with daemon(settings) as process:
            before = _cpu_seconds(process)
            found = drop_and_wait(settings, out, claims)
            found.cpu_seconds = _cpu_seconds(process) - before
            with dg.DagsterInstance.get() as instance:
                while _is_busy(settings, instance):  # the scorecard follows what is published
                    time.sleep(0.5)
    table = Table(
        "stage", "seconds", title=f"One 835 of {found.claim_count:,} claims, {size} world"
    )
    for stage, seconds in found.stages.items():
        table.add_row(stage, f"{seconds:.1f}")
    table.add_row("from arrival to published", f"{found.total:.1f}")
    if limit := LIMITS.get(size):
        table.add_row("limit", f"{limit} {own_process.verdict(found.total <= limit)}")
    # on a machine with other work, wall time tells little without these
    table.add_row("CPU of all processes meanwhile", f"{found.cpu_seconds:.1f}")
    table.add_row("load of the machine", f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return table


def drop_and_wait(settings: Settings, out: Console, claims: int) -> Landing:
    """Write the file, wait until readers see it. Raises TimeoutError when they do not."""
    day = date.fromisoformat(_current(settings).as_of)
    name, data, found = new_remittance(settings, claims, day)
    target = settings.world_dir / "clearinghouse" / "835" / name
    dropped = time.time()
    target.write_bytes(data)
    out.print(f"{name}: {len(data):,} bytes, {found.claim_count:,} claims")
    seen = ""
    while True:
        if (version := _current(settings).version) != seen:
            seen = version
            if _shows(settings, found):
                break
        if _has_failed(dropped) or time.time() - dropped > WAIT_SECONDS:
            raise TimeoutError("The file was not published: see `rcm ui`, Runs.")
        time.sleep(0.5)
    published = (settings.published_dir / "current.json").stat().st_mtime
    found.total, found.byte_count = published - dropped, len(data)
    found.stages = _stages(settings, dropped, published)
    return found


def _shows(settings: Settings, found: Landing) -> bool:
    """Whether readers see the payment."""
    with versions.open_published(settings.published_dir, OPERATIONS) as con:
        rows = con.execute(
            "select 1 from mart_cash_reconciliation where trace_number = ?", [found.trace_number]
        ).fetchall()
    return bool(rows)


def new_remittance(settings: Settings, claims: int, day: date) -> tuple[str, bytes, Landing]:
    """(name, bytes, facts) of an 835 that pays claims of the world that are still open."""
    folder = settings.world_dir / "clearinghouse" / "835"
    template = max(folder.glob("835_hospital_a_*.edi"), key=lambda path: path.stat().st_size)
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        rows = con.execute(
            """select claim_id, charge_amount from marts.fct_claims
            where source_system = 'hospital_a' and charge_amount > 0
            order by open_amount > 0 desc, claim_id limit ?""",
            [claims],
        ).fetchall()
    number = 900_000_000 + int(time.time()) % 90_000_000
    trace = f"LANDING{number}"
    data = remittance(template.read_bytes(), rows, day, number, trace)
    facts = Landing(trace_number=trace, claim_count=len(rows))
    return f"835_hospital_a_landing_{number}.edi", data, facts


def remittance(
    template: bytes, claims: Sequence[Claim], day: date, number: int, trace: str
) -> bytes:
    """An 835 with the payer and payee of another, that pays six tenths of each charge."""
    text = template.decode()
    element, terminator = text[3], text[105]
    segments = [part.strip() for part in text.split(terminator)]
    head = [part.split(element) for part in segments[: segments.index(f"LX{element}1")]]
    body: list[list[str]] = []
    total = Decimal(0)
    for count, (claim, charge) in enumerate(claims, start=1):
        paid = (charge * 6 / 10).quantize(Decimal("0.01"))
        total += paid
        body += [
            ["CLP", claim, "1", f"{charge}", f"{paid}", "0", "12", f"{number}{count}", "11", "1"],
            ["NM1", "QC", "1", "DOE", "JANE", "", "", "", "MI", f"M{count}"],
            ["SVC", "HC:99213", f"{charge}", f"{paid}", "", "1"],
            ["DTM", "472", f"{day:%Y%m%d}"],
            ["CAS", "CO", "45", f"{charge - paid}"],
        ]
    values = {
        "ISA": {9: f"{day:%y%m%d}", 13: f"{number:09}"},
        "GS": {4: f"{day:%Y%m%d}", 6: str(number)},
        "BPR": {2: f"{total}", 16: f"{day:%Y%m%d}"},
        "TRN": {2: trace},
    }
    for segment in head:
        for position, value in values.get(segment[0], {}).items():
            segment[position] = value
    transaction = [*head[2:], ["LX", "1"], *body]
    tail = [
        ["SE", str(len(transaction) + 1), head[2][2]],
        ["GE", "1", str(number)],
        ["IEA", "1", f"{number:09}"],
    ]
    whole = [*head[:2], *transaction, *tail]
    return "".join(element.join(segment) + terminator for segment in whole).encode()


@contextmanager
def daemon(settings: Settings) -> Iterator[psutil.Process]:
    """The UI with its daemon, until the block ends. When it begins, the landing sensor has looked
    and nothing is left for it to do.
    """
    dagster_home.prepare_dagster_home(settings)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (settings.data_dir / "bench_landing.log").open("w")
    started = time.time()
    process = subprocess.Popen(
        [sys.executable, "-m", "rcm_platform.cli", "ui", "--port", str(port)],
        env=_environment(settings),
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        with dg.DagsterInstance.get() as instance:
            while not _has_looked(instance, started) or _is_busy(settings, instance):
                if process.poll() is not None or time.time() - started > WAIT_SECONDS:
                    raise TimeoutError(f"The daemon did not start: see {log.name}")
                time.sleep(0.5)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()  # it ends all that it started
        log.close()


def _cpu_seconds(process: psutil.Process) -> float:
    """CPU time of a process and all below it, those that ended included."""
    total = 0.0
    for each in [process, *process.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def _is_busy(settings: Settings, instance: dg.DagsterInstance) -> bool:
    runs = instance.get_runs(dg.RunsFilter(statuses=UNFINISHED), limit=1)
    return bool(runs or arrivals.arrivals(settings, None).waiting)


def _has_failed(since: float) -> bool:
    with dg.DagsterInstance.get() as instance:
        failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], job_name="landing")
        records = instance.get_run_records(failed, limit=1)
    return any(record.create_timestamp.timestamp() > since for record in records)


def _has_looked(instance: dg.DagsterInstance, since: float) -> bool:
    for state in instance.all_instigator_state():
        last = getattr(state.instigator_data, "last_tick_timestamp", None)
        if state.instigator_name == "landing_sensor" and last and last > since:
            return True
    return False


def _stages(settings: Settings, dropped: float, published: float) -> dict[str, float]:
    """Where the time went, from the record of the run."""
    with dg.DagsterInstance.get() as instance:
        (record,) = instance.get_run_records(dg.RunsFilter(job_name="landing"), limit=1)
        created = record.create_timestamp.timestamp()
        steps = {
            step.step_key: (step.start_time, step.end_time or published)
            for step in instance.get_run_step_stats(record.dagster_run.run_id)
            if step.start_time
        }
    first = min(start for start, _ in steps.values())
    stages = {"noticed and at rest": created - dropped, "queued and process start": first - created}
    for key, (start, end) in sorted(steps.items(), key=lambda step: step[1]):
        if start < published:
            stage = run_report.stage_of(key)
            stages[stage] = stages.get(stage, 0.0) + min(end, published) - start
    stages["between the steps"] = published - dropped - sum(stages.values())
    return stages


def _current(settings: Settings) -> versions.Version:
    version = versions.current(settings.published_dir)
    if version is None:
        raise FileNotFoundError(
            f"Nothing is published in {settings.published_dir}: `rcm run` first"
        )
    return version


def _environment(settings: Settings) -> dict[str, str]:
    return {
        **os.environ,
        "RCM_HOME": str(settings.home),
        "RCM_WORLD_SIZE": settings.world_size,
    }


def _run(settings: Settings, *command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rcm_platform.cli", *command],
        env=_environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
