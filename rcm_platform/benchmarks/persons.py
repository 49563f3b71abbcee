"""What linking patients costs: all records of two hospitals, then one in a hundred more.

Every figure is taken in a process of its own, `python -m rcm_platform.benchmarks.persons WHAT
FOLDER`, which prints it as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from rcm_platform.benchmarks import own_process

BUDGET_SECONDS = {"full": 300.0, "increment": 30.0}
BUDGET_GIGABYTES = 6.0
LARGE = 240_000
"""Records per hospital: about 450,000 people."""


@dataclass(frozen=True)
class Cost:
    """What one linkage took: wall and CPU seconds, gigabytes of resident memory at the peak."""

    seconds: float
    cpu_seconds: float
    peak_gigabytes: float
    records: int
    records_scored: int
    candidates: int
    pairs: int


def measure(out: Console, per_hospital: int = LARGE) -> Table:
    """Link all but one in a hundred of the records, then all of them on top of that."""
    table = Table(
        "what", "records", "compared", "pairs compared", "seconds", "budget", "CPU s", "peak GB",
        title="Linking patients",
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="rcm_bench_") as temporary:
        folder = Path(temporary)
        out.print(f"records of {per_hospital:,} patients in each of two hospitals")
        pq.write_table(patient_records(per_hospital), folder / "records.parquet")
        for what, budget in BUDGET_SECONDS.items():
            out.print(what)
            cost = run(what, folder)
            is_kept = cost.seconds <= budget and cost.peak_gigabytes <= BUDGET_GIGABYTES
            table.add_row(
                what,
                f"{cost.records:,}",
                f"{cost.records_scored:,}",
                f"{cost.candidates:,}",
                f"{cost.seconds:.1f}",
                f"{budget:g} s, {BUDGET_GIGABYTES:g} GB: " + own_process.verdict(is_kept),
                f"{cost.cpu_seconds:.1f}",
                f"{cost.peak_gigabytes:.2f}",
            )
    return table


def patient_records(per_hospital: int, seed: int = 1) -> pa.Table:
    """The patients of a synthetic world without anything else of it, as `persons.link` reads
    them."""
    import pyarrow.compute as pc

    from rcm_platform.persons import RECORD_SCHEMA
    from rcm_platform.world.happened.people import patients
    from rcm_platform.world.support.columns import dates, take
    from rcm_platform.world.support.parameters import Parameters
    from rcm_platform.world.support.rng import Draws

    parameters = Parameters()
    count = len(parameters.facilities.text("source_system"))
    none = np.zeros(0, dtype=np.int64)
    start_day = 20_000
    people = patients(
        parameters, Draws(seed), np.full(count, per_hospital), [none] * count, start_day
    )
    towns = [f", {t['town']}, {t['state']} {t['zip']}" for t in parameters.towns.rows]
    columns = {
        "source_system": take(parameters.facilities.text("source_system"), people.hospital),
        "patient_id": people.ids(),
        "arrival_date": dates(people.registered_day),
        "first_name": people.first_names,
        "last_name": people.last_names,
        "middle_name": people.middle_initials,
        "ssn": people.social_security_numbers,
        "phone_number": people.phones,
        "gender": take(["M", "F"], people.is_female),
        "birth_date": dates(people.birth_day),
        "address": pc.binary_join_element_wise(people.streets, take(towns, people.town), ""),
    }
    return pa.table(columns).cast(RECORD_SCHEMA)


def run(what: str, folder: Path) -> Cost:
    """Link in a new process. Raises RuntimeError with what it said."""
    return Cost(**own_process.run(__name__, what, folder))


def main(what: str, folder: str) -> None:
    """Link the records in `folder`; leave what a next linkage builds on; print the cost."""
    from rcm_platform.persons import link

    records = pq.read_table(Path(folder) / "records.parquet")
    pairs, members = (Path(folder) / f"{name}.parquet" for name in ("pairs", "members"))
    previous = None
    if what == "full":
        records = records.filter(pa.array(np.arange(records.num_rows) % 100 > 0))
    else:
        previous = pq.read_table(pairs), pq.read_table(members)
    started = time.monotonic()
    linkage = link(records, previous=previous)
    seconds = time.monotonic() - started
    if what == "full":
        pq.write_table(linkage.pairs, pairs)
        pq.write_table(linkage.members, members)
    used = resource.getrusage(resource.RUSAGE_SELF)
    cost = Cost(
        seconds=seconds,
        cpu_seconds=used.ru_utime + used.ru_stime,
        peak_gigabytes=used.ru_maxrss * 1024 / 1e9,
        records=records.num_rows,
        records_scored=linkage.records_scored,
        candidates=linkage.candidates,
        pairs=linkage.pairs.num_rows,
    )
    print(json.dumps(asdict(cost)))


if __name__ == "__main__":
    main(*sys.argv[1:])
