"""What reading a hospital's database costs: a million transactions from a MariaDB, then a few more.

Every figure is taken in a process of its own, `python -m rcm_platform.benchmarks.database URL
LAKE`, which prints it as JSON; the server runs beside it and its time is not counted as CPU.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from rcm_platform.benchmarks import own_process
from rcm_platform.settings import Settings
from rcm_platform.sources.hospitals import hospitals

SPEED_BUDGET = 100_000
"""Rows of the widest table (21 columns) per CPU second of the reader."""
INCREMENT_BUDGET = 0.02
"""An increment of a thousandth of the table, as a share of the full extraction's CPU time; less
what a load costs that finds nothing (to start, connect and ask every table)."""

_DDL = """create table transactions (TransactionID varchar(255) primary key,
    EncounterID varchar(255), PatientID varchar(255), ProviderID varchar(255),
    DeptID varchar(255), VisitDate date, ServiceDate date, PaidDate date,
    VisitType varchar(255), Amount decimal(18,2), AmountType varchar(255),
    PaidAmount decimal(18,2), ClaimID varchar(255), PayorID varchar(255),
    ProcedureCode varchar(255), ICDCode varchar(255), LineOfBusiness varchar(255),
    MedicaidID varchar(255), MedicareID varchar(255), InsertDate datetime(6),
    ModifiedDate datetime(6), index (ModifiedDate))"""

_ROWS = """
    select 'TX' || lpad(i::varchar, 9, '0'), 'EN' || i // 3, 'PT' || i // 20, 'PR' || i % 200,
        'DEP' || i % 20, day, day, if(i % 3 = 0, day + 20, null), 'Office',
        if(i % 3 = 0, null, 100 + (i % 9973) / 100), if(i % 3 = 0, 'Patient Payment', 'Charge'),
        if(i % 3 = 0, 20 + (i % 997) / 100, null), 'CL' || i // 3, 'PAY' || i % 12, '99213',
        'E11.9', 'Commercial', null, if(i % 4 = 0, '1EG4' || i, null),
        day + to_seconds(i % 86400), day + 1 + to_seconds(i % 86400)
    from (
        select i, date '2024-10-01' + (i // {per_day})::int as day
        from range({first}, {last}) as r(i)
    )
"""


@dataclass(frozen=True)
class Cost:
    """What one load took: seconds of CPU (all threads) and of the wall, rows landed."""

    cpu_seconds: float
    seconds: float
    rows: int


def measure(out: Console, rows: int = 1_000_000, rounds: int = 3) -> Table:
    """Load a hospital's transactions into a MariaDB, extract them, then an increment of them.

    Of several rounds the best counts: others share the machine. Raises RuntimeError when there is
    no MariaDB on this machine, or a load fails.
    """
    with tempfile.TemporaryDirectory(prefix="rcm_bench_") as temporary:
        folder = Path(temporary)
        with _mariadb(folder) as url:
            out.print(f"{rows:,} transactions into a MariaDB")
            _fill(url, 0, rows, rows // 450)
            out.print(f"extracting them, {rounds} times, each time into an empty lake")
            fulls = [run(url, folder / f"lake{number}") for number in range(rounds)]
            more, lake = rows // 1000, folder / "lake0"
            out.print(f"extracting {more:,} more, {rounds} times, then none")
            increments = []
            for number in range(rounds):
                _fill(url, rows + number * more, rows + (number + 1) * more, rows // 450)
                increments.append(run(url, lake))
            nothing = run(url, lake)
    if any(cost.rows != rows for cost in fulls) or any(cost.rows != more for cost in increments):
        raise RuntimeError(f"not all rows were extracted: {fulls}, {increments}")
    full = min(fulls, key=lambda cost: cost.cpu_seconds)
    increment = min(increments, key=lambda cost: cost.cpu_seconds)
    table = Table("database", "measured", "budget", "", title="Reading a MariaDB")
    share = max(increment.cpu_seconds - nothing.cpu_seconds, 0) / full.cpu_seconds
    for name, value, budget, is_kept in (
        (
            "rows per second and core",
            f"{rows / full.cpu_seconds:,.0f}",
            f"at least {SPEED_BUDGET:,}",
            rows / full.cpu_seconds >= SPEED_BUDGET,
        ),
        (
            f"increment of {more:,} rows, share of the whole",
            f"{share:.1%}",
            f"at most {INCREMENT_BUDGET:.0%}",
            share <= INCREMENT_BUDGET,
        ),
    ):
        table.add_row(name, value, budget, own_process.verdict(is_kept))
    for name, cost in (("whole", full), ("increment", increment), ("nothing new", nothing)):
        told = f"{cost.seconds:.2f} s, {cost.cpu_seconds:.2f} s of CPU"
        table.add_row(f"{name}: {cost.rows:,} rows", told, "", "")
    return table


def run(url: str, lake: Path) -> Cost:
    """Load what is new, in a new process. Raises RuntimeError with what it said."""
    return Cost(**own_process.run(__name__, url, lake))


def main(url: str, lake: str) -> None:
    """Load what is new into a lake; print the cost."""
    from rcm_platform.lake import Lake
    from rcm_platform.sources.database import load_hospital

    before, started = os.times(), time.monotonic()
    summary = load_hospital(Lake(Path(lake)), hospitals(Settings())["hospital_a"], url)
    after, seconds = os.times(), time.monotonic() - started
    cpu = after.user + after.system - before.user - before.system
    print(json.dumps(asdict(Cost(cpu, seconds, summary.rows["transactions"]))))


@contextmanager
def _mariadb(folder: Path) -> Iterator[str]:
    """A server with an empty database, on loopback, without a password; its URL."""
    if not (shutil.which("mariadbd") and shutil.which("mariadb-install-db")):
        raise RuntimeError("there is no MariaDB server here (Debian package mariadb-server)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    as_root = ["--user=root"] if os.getuid() == 0 else []
    data, temporary, script = folder / "data", folder / "tmp", folder / "start.sql"
    temporary.mkdir()
    script.write_text(
        "create database hospital;\ncreate user bench@'127.0.0.1';\n"
        "grant all on hospital.* to bench@'127.0.0.1';\n"
    )
    install = ["--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", *as_root, f"--datadir={data}", *install],
        check=True,
        capture_output=True,
    )
    command = [
        "mariadbd", "--no-defaults", *as_root, f"--datadir={data}", f"--port={port}",
        f"--tmpdir={temporary}", "--bind-address=127.0.0.1", f"--socket={folder / 's.sock'}",
        f"--init-file={script}", "--skip-name-resolve", f"--pid-file={folder / 's.pid'}",
        "--innodb-buffer-pool-size=512M", "--innodb-flush-log-at-trx-commit=0",
    ]  # fmt: skip
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            raise RuntimeError(f"the server does not answer: {(folder / 'log').read_text()}")
        yield f"mysql://bench@127.0.0.1:{port}/hospital"
    finally:
        server.terminate()
        server.wait(60)


def _fill(url: str, first: int, last: int, per_day: int) -> None:
    """Add transactions number `first` to `last`, as many per day."""
    import duckdb
    import duckdb_extensions

    port = url.rsplit(":", 1)[1].split("/")[0]
    with duckdb.connect() as con:
        duckdb_extensions.import_extension("mysql_scanner", con=con)
        con.execute(
            f"attach 'host=127.0.0.1 port={port} user=bench database=hospital' as db (type mysql)"
        )
        if not first:
            con.execute(f"call mysql_execute('db', '{_DDL}')")
        con.execute(
            "insert into db.transactions "
            + _ROWS.format(first=first, last=last, per_day=max(per_day, 1))
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
