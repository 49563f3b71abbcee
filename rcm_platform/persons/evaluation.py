"""How well the links agree with a truth: pairs of records, counted exactly, and the worst cases."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from rcm_platform.persons.linkage import Linkage, compare
from rcm_platform.persons.records import RECORD_SCHEMA


@dataclass(frozen=True)
class Evaluation:
    """Counts of pairs of records that are one person's: by the links, by the truth, by both."""

    true_positives: int
    false_positives: int
    false_negatives: int
    worst_false_positives: pa.Table
    """Rows of SCORED_SCHEMA, the most certain errors first. Pairs that stand in one person only
    through other records are among them."""
    worst_false_negatives: pa.Table

    @property
    def precision(self) -> float:
        """Share of the pairs linked that are one person's; 1 when none is linked."""
        linked = self.true_positives + self.false_positives
        return self.true_positives / linked if linked else 1.0

    @property
    def recall(self) -> float:
        """Share of one person's pairs that are linked; 1 when there are none."""
        real = self.true_positives + self.false_negatives
        return self.true_positives / real if real else 1.0


def evaluate(
    linkage: Linkage,
    truth: pa.Table,
    records: pa.Table | duckdb.DuckDBPyRelation | None = None,
    worst: int = 10,
) -> Evaluation:
    """Compare the persons found with true ones.

    `truth` has source_system, patient_id and person_id (any other id than ours), a row per record.
    Only records that stand on both sides count. With `records` (as for `link`) the worst cases come
    with their evidence; without, those tables are empty.
    """
    with duckdb.connect() as con:
        con.register("found", linkage.members)
        con.register("true_persons", truth)
        con.execute(
            "create table both_sides as select found.source_system, found.patient_id, "
            "found.person_id as found_person, true_persons.person_id as true_person "
            "from found join true_persons using (source_system, patient_id)"
        )
        together = _pairs_within(con, "found_person, true_person")
        linked, real = _pairs_within(con, "found_person"), _pairs_within(con, "true_person")
        cases = [
            _cases(con, records, same, other, worst)
            for same, other in (
                ("found_person", "true_person"),
                ("true_person", "found_person"),
            )
        ]
    return Evaluation(
        true_positives=together,
        false_positives=linked - together,
        false_negatives=real - together,
        worst_false_positives=cases[0].sort_by([("match_weight", "descending")]).slice(0, worst),
        worst_false_negatives=cases[1].sort_by([("match_weight", "ascending")]).slice(0, worst),
    )


def _pairs_within(con: duckdb.DuckDBPyConnection, columns: str) -> int:
    row = con.execute(
        "select coalesce(sum(n * (n - 1) // 2), 0) from "
        f"(select count(*) as n from both_sides group by {columns})"
    ).fetchone()
    assert row is not None
    return int(row[0])


def _cases(
    con: duckdb.DuckDBPyConnection,
    records: pa.Table | duckdb.DuckDBPyRelation | None,
    same: str,
    other: str,
    worst: int,
) -> pa.Table:
    """Evidence on the pairs with the same person on one side and not on the other."""
    if records is None:
        return compare(RECORD_SCHEMA.empty_table(), [])
    rows = con.execute(
        f"""select mine.source_system, mine.patient_id, other.source_system, other.patient_id
        from both_sides as mine join both_sides as other
        on mine.{same} = other.{same} and mine.{other} <> other.{other}
        and (mine.source_system, mine.patient_id) < (other.source_system, other.patient_id)"""
    ).fetchall()
    return compare(records, [((a, b), (c, d)) for a, b, c, d in rows])
