"""Link patient records: score what is new, decide over all pairs, say who is whose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import duckdb
import pyarrow as pa

from rcm_platform.persons import scoring
from rcm_platform.persons.clusters import Clusters, Pair
from rcm_platform.persons.comparisons import LEVELS
from rcm_platform.persons.overrides import LINK, Key, Override, refuse_contradictions
from rcm_platform.persons.records import prepare

LINK_WEIGHT = 10.0
"""Match weight from which a pair is linked: odds of 2**10, a probability of 0.999. One unit doubles
the odds that the two records are one person's."""

REVIEW_WEIGHT = -3.0
"""Match weight from which a pair is kept for people to look at: odds of 1 to 8. Pairs below it are
not kept at all."""

BLOCKING, SECOND_LOOK = "blocking", "second look"
"""How a pair was found: by RULES; or because an override names it, or links would join its records.
Only what blocking found is evidence that a later run builds on; the rest is found again each
time."""

_LEVEL_COLUMNS = tuple(LEVELS)

SCORED_SCHEMA = pa.schema(
    [
        ("left_source_system", pa.string()),
        ("left_patient_id", pa.string()),
        ("right_source_system", pa.string()),
        ("right_patient_id", pa.string()),
        ("match_weight", pa.float64()),
        ("match_probability", pa.float64()),
        *((field, pa.string()) for field in _LEVEL_COLUMNS),
        ("left_hash", pa.string()),
        ("right_hash", pa.string()),
        ("found_by", pa.string()),
    ]
)
PAIR_SCHEMA = pa.schema(
    [
        *SCORED_SCHEMA,
        ("decision", pa.string()),
        ("reason", pa.string()),
        ("override", pa.string()),
    ]
)
"""A row is a pair of records, the smaller key left, with its score, its level per field ('exact',
'close', 'nickname', 'swapped', 'differs', 'absent'), the hashes of the two records as compared, and
decision: linked (one person), review (undecided, for people to look at) or rejected."""

MEMBER_SCHEMA = pa.schema(
    [
        ("source_system", pa.string()),
        ("patient_id", pa.string()),
        ("person_id", pa.string()),
        ("membership", pa.string()),
        ("cluster_size", pa.int64()),
        ("first_arrival_date", pa.date32()),
        ("record_hash", pa.string()),
    ]
)
"""A row is a patient record and the person whose it is; `cluster_size` counts that person's
records. membership: single (no other record), linked (by score), override (an override names the
record)."""


@dataclass(frozen=True)
class Linkage:
    """Who is who. Both tables are sorted by their keys, so that equal results are equal tables."""

    pairs: pa.Table
    members: pa.Table
    records_scored: int
    """Records that were new or changed, and were compared with all."""
    candidates: int
    """Pairs of records that were compared."""
    ignored_overrides: tuple[Override, ...] = ()
    """Overrides that name a record that is not there."""


def link(
    records: pa.Table | duckdb.DuckDBPyRelation,
    overrides: Sequence[Override] = (),
    previous: Linkage | tuple[pa.Table, pa.Table] | None = None,
    *,
    memory_limit: str = "4GB",
    threads: int | None = None,
) -> Linkage:
    """Find the persons behind all patient records.

    `records` holds every version of every record (RECORD_SCHEMA), `previous` what an earlier call
    gave, or its (pairs, members). Only records that are new or changed since are compared; the
    result is the same, to the row, as without `previous`, in whatever order and parts the records
    came.

    The score of a pair follows from the two records, apart from values that too many records share
    (MAX_SHARING): when one becomes or ceases to be such, its records count as changed.

    `person_id` is a hash of the key of the person's earliest record, by first arrival date, then
    key. A later record leaves it as it is. When two persons turn out to be one, the id of the one
    whose record came first stays and the other id is gone; when one is taken apart, the part with
    the earliest record keeps the id and each other part gets that of its own earliest record. So an
    id always means the person that its record belongs to, and a merge undone gives the old ids
    back.

    Raises ValueError for records without a key (see `prepare`), OverrideError for overrides that
    contradict each other.
    """
    refuse_contradictions(tuple(overrides))
    with duckdb.connect(config={"memory_limit": memory_limit}) as con:
        if threads:
            con.execute(f"set threads = {threads}")
        prepare(con, records)
        _load_previous(con, previous)
        scoring.candidates(con)
        compared = _count(con, "candidate")
        scoring.score(con, REVIEW_WEIGHT)
        con.execute(_EVIDENCE, {"found_by": BLOCKING})
        known, ignored = _known_overrides(con, overrides)
        _look_again(con, known)
        _cluster(con, known)
        return Linkage(
            pairs=con.execute(_PAIRS).to_arrow_table().cast(PAIR_SCHEMA),
            members=con.execute(_MEMBERS).to_arrow_table().cast(MEMBER_SCHEMA),
            records_scored=_count(con, "fresh"),
            candidates=compared,
            ignored_overrides=ignored,
        )


def compare(
    records: pa.Table | duckdb.DuckDBPyRelation, pairs: Iterable[tuple[Key, Key]]
) -> pa.Table:
    """Score the pairs of records named, whether or not anything would bring them together.

    Returns rows of SCORED_SCHEMA, without pairs that name an unknown record.
    """
    with duckdb.connect() as con:
        prepare(con, records)
        _load_previous(con, None)
        ids = _record_ids(con, [key for pair in pairs for key in pair])
        found = {
            (min(ids[left], ids[right]), max(ids[left], ids[right]))
            for left, right in pairs
            if left in ids and right in ids
        }
        _score_pairs(con, found)
        con.execute(_EVIDENCE, {"found_by": SECOND_LOOK})
        return con.execute(_SCORED).to_arrow_table().cast(SCORED_SCHEMA)


def _load_previous(
    con: duckdb.DuckDBPyConnection, previous: Linkage | tuple[pa.Table, pa.Table] | None
) -> None:
    """Make `fresh`, the records to be compared, and `evidence` from earlier pairs of the others."""
    if isinstance(previous, Linkage):
        previous = previous.pairs, previous.members
    pairs, members = previous or (PAIR_SCHEMA.empty_table(), MEMBER_SCHEMA.empty_table())
    con.register("given_pairs", pairs)
    con.register("given_members", members)
    con.execute(
        "create temp table fresh as select record_id from record "
        "anti join given_members using (source_system, patient_id, record_hash)"
    )
    con.execute(_OLD_EVIDENCE, {"found_by": BLOCKING})
    con.unregister("given_pairs")
    con.unregister("given_members")


def _record_ids(con: duckdb.DuckDBPyConnection, keys: Iterable[Key]) -> dict[Key, int]:
    """Ids of the records that are there."""
    wanted = sorted(set(keys))
    con.register(
        "wanted",
        pa.table(
            {
                "source_system": pa.array([system for system, _ in wanted], pa.string()),
                "patient_id": pa.array([patient for _, patient in wanted], pa.string()),
            }
        ),
    )
    rows = con.execute(
        "select source_system, patient_id, record_id from record "
        "semi join wanted using (source_system, patient_id)"
    ).fetchall()
    con.unregister("wanted")
    return {(system, patient): record for system, patient, record in rows}


def _known_overrides(
    con: duckdb.DuckDBPyConnection, overrides: Sequence[Override]
) -> tuple[dict[Pair, str], tuple[Override, ...]]:
    """Decision per pair of records that are there (also as the table `overridden`), and the other
    overrides."""
    ids = _record_ids(con, [key for one in overrides for key in (one.left, one.right)])
    known, ignored = {}, []
    for one in overrides:
        if one.left in ids and one.right in ids:
            known[ids[one.left], ids[one.right]] = one.decision
        else:
            ignored.append(one)
    _table(
        con,
        "overridden",
        left_id=[left for left, _ in known],
        right_id=[right for _, right in known],
        override=list(known.values()),
    )
    return known, tuple(ignored)


def _look_again(con: duckdb.DuckDBPyConnection, overrides: dict[Pair, str]) -> None:
    """Add evidence on what blocking did not bring together: override pairs, and contradictions
    among records that links would join."""
    joined = Clusters()
    for pair in [*_links(con), *(pair for pair, what in overrides.items() if what == LINK)]:
        joined.join(*pair)
    inside = {
        pair
        for members in joined.sets()
        if len(members) > 2
        for pair in combinations(sorted(members), 2)
    }
    _score_pairs(con, inside | set(overrides))
    con.execute(
        f"""delete from scored
        where (left_id, right_id) in (select (left_id, right_id) from evidence)
        or (({scoring.CONTRADICTION}) is null
            and (left_id, right_id) not in (select (left_id, right_id) from overridden))"""
    )
    con.execute(_EVIDENCE, {"found_by": SECOND_LOOK})


def _score_pairs(con: duckdb.DuckDBPyConnection, pairs: Iterable[Pair]) -> None:
    """Score pairs of records into `scored`, whatever their weight."""
    rows = sorted(pairs)
    _table(
        con, "candidate", left_id=[left for left, _ in rows], right_id=[right for _, right in rows]
    )
    scoring.score(con, None)


def _table(con: duckdb.DuckDBPyConnection, name: str, **columns: list[int] | list[str]) -> None:
    """Make a temporary table of columns of ids, or of texts where the name says `override`."""
    con.register(
        "given_rows",
        pa.table(
            {
                column: pa.array(values, pa.string() if column == "override" else pa.int64())
                for column, values in columns.items()
            }
        ),
    )
    con.execute(f"create or replace temp table {name} as from given_rows")
    con.unregister("given_rows")


def _links(con: duckdb.DuckDBPyConnection) -> list[Pair]:
    """Pairs to be linked by their score, the strongest first."""
    return con.execute(
        f"select left_id, right_id from evidence where found_by = '{BLOCKING}' "
        f"and match_weight >= {LINK_WEIGHT} and ({scoring.CONTRADICTION}) is null "
        f"and ({scoring.DOUBT}) is null order by match_weight desc, left_id, right_id"
    ).fetchall()


def _cluster(con: duckdb.DuckDBPyConnection, overrides: dict[Pair, str]) -> None:
    """Make `clustered`: the records that are one person with others, and the number of that set."""
    forced = sorted(pair for pair, decision in overrides.items() if decision == LINK)
    separated = {pair for pair, decision in overrides.items() if decision != LINK}
    groups = Clusters()
    for pair in forced:
        groups.join(*pair)
    links = _links(con)
    contradictory = con.execute(
        f"select left_id, right_id from evidence where ({scoring.CONTRADICTION}) is not null"
    ).fetchall()
    is_link = set(links)
    clusters = Clusters(
        separated | {pair for pair in contradictory if not _is_settled(pair, groups, is_link)}
    )
    for pair in forced:
        clusters.join(*pair, forced=True)
    for pair in links:
        clusters.join(*pair)
    sets = clusters.sets()
    _table(
        con,
        "clustered",
        record_id=[record for members in sets for record in sorted(members)],
        cluster=[number for number, members in enumerate(sets) for _ in members],
    )


def _is_settled(pair: Pair, groups: Clusters, links: set[Pair]) -> bool:
    """Whether people have explained a contradiction: they linked the one to the other, or to a
    record that the other is linked with."""
    return any(
        one in groups.of(other) or (min(one, known), max(one, known)) in links
        for one, other in (pair, pair[::-1])
        for known in groups.of(other) - {other}
    )


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    row = con.execute(f"select count(*) from {table}").fetchone()
    assert row is not None
    return int(row[0])


_EVIDENCE_COLUMNS = ", ".join(("left_id", "right_id", "match_weight", *_LEVEL_COLUMNS))

_OLD_EVIDENCE = f"""
create temp table evidence as
select mine.record_id as left_id, other.record_id as right_id, match_weight,
    {", ".join(_LEVEL_COLUMNS)}, found_by
from given_pairs as pair
join record as mine
    on mine.source_system = left_source_system and mine.patient_id = left_patient_id
    and mine.record_hash = left_hash
join record as other
    on other.source_system = right_source_system and other.patient_id = right_patient_id
    and other.record_hash = right_hash
where found_by = $found_by
    and mine.record_id not in (from fresh) and other.record_id not in (from fresh)
"""

_EVIDENCE = f"insert into evidence select {_EVIDENCE_COLUMNS}, $found_by from scored"

_WITH_KEYS = f"""
    mine.source_system as left_source_system, mine.patient_id as left_patient_id,
    other.source_system as right_source_system, other.patient_id as right_patient_id,
    match_weight, round(1 / (1 + pow(2, -match_weight)), 6) as match_probability,
    {", ".join(_LEVEL_COLUMNS)},
    mine.record_hash as left_hash, other.record_hash as right_hash, found_by
"""

_SCORED = f"""
select {_WITH_KEYS}
from evidence
join record as mine on mine.record_id = left_id
join record as other on other.record_id = right_id
order by left_id, right_id
"""

_PAIRS = f"""
with judged as (
    select
        evidence.*,
        coalesce(mine.cluster = other.cluster, false) as is_one_person,
        {scoring.CONTRADICTION} as contradiction,
        {scoring.DOUBT} as doubt
    from evidence
    left join clustered as mine on mine.record_id = left_id
    left join clustered as other on other.record_id = right_id
)
select
    {_WITH_KEYS},
    case
        when is_one_person then 'linked'
        when override = 'unlink' or contradiction is not null then 'rejected'
        else 'review'
    end as decision,
    case
        when override is not null then 'override'
        when is_one_person and contradiction is not null then 'override of another pair'
        when is_one_person and (match_weight < {LINK_WEIGHT} or doubt is not null)
            then 'through other records'
        when is_one_person then 'match weight'
        when contradiction is not null then contradiction
        when match_weight < {LINK_WEIGHT} then 'match weight between review and link'
        when doubt is not null then doubt
        else 'would join records that contradict each other'
    end as reason,
    override
from judged
left join overridden using (left_id, right_id)
join record as mine on mine.record_id = left_id
join record as other on other.record_id = right_id
order by left_id, right_id
"""

_MEMBERS = """
with placed as (
    select record.*, coalesce(cluster, -record_id) as person from record
    left join clustered using (record_id)
),
named as (
    select left_id as record_id from overridden union select right_id from overridden
)
select
    source_system, patient_id,
    sha256(
        first_value(source_system || chr(31) || patient_id) over (
            partition by person order by first_arrival_date, source_system, patient_id
        )
    )[1:20] as person_id,
    case
        when named.record_id is not null then 'override'
        when count(*) over (partition by person) > 1 then 'linked' else 'single'
    end as membership,
    count(*) over (partition by person) as cluster_size,
    first_arrival_date, record_hash
from placed left join named using (record_id)
order by record_id
"""
