"""Who is the same person, over all patient records of the lake: linked, kept beside it, judged.

    <home>/persons/members.parquet    a row per patient record: the person whose it is
    <home>/persons/pairs.parquet      a row per pair of records that look like one person's

Both follow from the lake, the overrides and the code alone. They are kept so that only records that
are new or changed must be compared again, and can be deleted at any time.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from rcm_platform import persons
from rcm_platform.lake import Lake
from rcm_platform.persons.comparisons import LEVELS
from rcm_platform.settings import Settings
from rcm_platform.sources.duckdb_errors import discreet
from rcm_platform.sources.hospital_tables import layouts_of
from rcm_platform.sources.hospitals import hospitals

TABLES = {"members": persons.MEMBER_SCHEMA, "pairs": persons.PAIR_SCHEMA}

MIN_PRECISION, MIN_RECALL = 0.999, 0.97
"""Shares of the linked pairs that are one person's, and of one person's pairs that are linked."""

_COLUMNS = {
    "patientid": "patient_id",
    "firstname": "first_name",
    "lastname": "last_name",
    "middlename": "middle_name",
    "ssn": "ssn",
    "phonenumber": "phone_number",
    "gender": "gender",
    "dob": "birth_date",
    "address": "address",
}
"""Usual column of a hospital's patients → what the linkage calls it."""


@dataclass(frozen=True)
class Summary:
    """What a linkage gave: counts of records, persons and pairs."""

    record_count: int
    person_count: int
    scored_count: int
    """Records that were new or changed."""
    pair_count: int
    linked_count: int
    review_count: int
    ignored_overrides: tuple[str, ...]
    """Overrides that name a record that has not arrived."""


def records(settings: Settings, lake: Lake, as_of: date) -> pa.Table:
    """Every version of every patient record that had arrived, as `persons.RECORD_SCHEMA`."""
    parts = []
    for name, hospital in hospitals(settings).items():
        own = {usual: mine for mine, usual in layouts_of(hospital)["patients"].usual_names}
        columns = ", ".join(
            # a key as staging cleans it; blanks around other values mean nothing to the linkage
            f"{'trim' if usual == 'patientid' else ''}({own.get(usual, usual)}) as {field}"
            for usual, field in _COLUMNS.items()
        )
        parts.append(
            f"select '{name}' as source_system, _arrival_date as arrival_date, {columns} "
            f"from {lake.scan(name, 'patients')} where _arrival_date <= date '{as_of}'"
        )
    with lake.reading(), duckdb.connect() as con:
        found = con.execute(
            "select * from (" + " union all ".join(parts) + ") where patient_id <> ''"
        ).to_arrow_table()
    return found.select(persons.RECORD_SCHEMA.names).cast(persons.RECORD_SCHEMA)


@discreet()
def link(settings: Settings, lake: Lake, as_of: date) -> Summary:
    """Link the patient records that had arrived by a day, and keep the result in the home.

    Raises OverrideError when the overrides (a seed of the dbt project) cannot be meant.
    """
    overrides = persons.read_overrides(settings.project_dir / "seeds" / "person_overrides.csv")
    found = persons.link(records(settings, lake, as_of), overrides, _kept(settings.persons_dir))
    _keep(settings.persons_dir, {"members": found.members, "pairs": found.pairs})
    decisions = found.pairs["decision"].to_pylist()
    return Summary(
        record_count=len(found.members),
        person_count=len(found.members["person_id"].unique()),
        scored_count=found.records_scored,
        pair_count=len(found.pairs),
        linked_count=decisions.count("linked"),
        review_count=decisions.count("review"),
        ignored_overrides=tuple(f"line {one.line}" for one in found.ignored_overrides),
    )


def is_linked(folder: Path) -> bool:
    """Whether the models find a linkage to read in a folder."""
    return _kept(folder) is not None


def judge(
    settings: Settings, lake: Lake, truth_dir: Path, as_of: date, worst: int = 0
) -> persons.Evaluation:
    """How well the linkage of a home agrees with a world's truth, and that many `worst` errors.

    Raises FileNotFoundError when nothing was linked yet or there is no truth.
    """
    kept = _kept(settings.persons_dir)
    if kept is None:
        raise FileNotFoundError(f"nothing is linked in {settings.persons_dir}: `rcm run` first")
    truth = pq.read_table(
        truth_dir / "happened" / "persons.parquet",
        columns=["source_system", "patient_id", "person_id"],
    )
    linkage = persons.Linkage(*kept, records_scored=0, candidates=0)
    return persons.evaluate(
        linkage, truth, records(settings, lake, as_of) if worst else None, worst
    )


def is_good(found: persons.Evaluation) -> bool:
    """Whether a linkage is right often enough (MIN_PRECISION, MIN_RECALL)."""
    return found.precision >= MIN_PRECISION and found.recall >= MIN_RECALL


def evidence(case: dict[str, object]) -> list[str]:
    """A scored pair in words: both records, the match weight, and how each field agrees."""
    sides = (f"{case[f'{s}_source_system']} {case[f'{s}_patient_id']}" for s in ("left", "right"))
    levels = (f"{name.replace('_', ' ')} {case[name]}" for name in LEVELS)
    return [" and ".join(sides), f"{case['match_weight']:.1f}", ", ".join(levels)]


def _kept(folder: Path) -> tuple[pa.Table, pa.Table] | None:
    """(pairs, members) of the last linkage; None when there is none that can be read."""
    try:
        pairs, members = (
            pq.read_table(folder / f"{name}.parquet") for name in ("pairs", "members")
        )
    except (OSError, pa.ArrowInvalid):
        return None
    if not (pairs.schema.equals(TABLES["pairs"]) and members.schema.equals(TABLES["members"])):
        return None
    return pairs, members


def _keep(folder: Path, tables: dict[str, pa.Table]) -> None:
    """Put both tables in the place of the last ones; a reader finds both of one linkage."""
    new, old = (folder.with_suffix(f".{name}") for name in ("new", "old"))
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    for name, table in tables.items():
        pq.write_table(table, new / f"{name}.parquet")
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
