"""Which records are compared, and the score of each pair with its evidence.

Two records are compared when a version of each shares an SSN, a phone, an address, or the birth
date and one of the names (RULES). Whether a pair is found is thus a property of that pair, and no
value brings together more than MAX_SHARING records; birth date with a name needs no limit.

Then each version of one is compared with each version of the other. The pair of versions with the
highest weight counts, and its levels are the evidence.
"""

from __future__ import annotations

import duckdb

from rcm_platform.persons.comparisons import (
    LEVELS,
    Weights,
    level_sql,
    linker,
    quiet_splink,
    settings,
)

RULES = (("ssn",), ("phone",), ("address",), ("birth_date", "given"), ("birth_date", "family"))

CONTRADICTION = """case
    when given_name = 'differs' and birth_date = 'differs' then 'given name and birth date differ'
    when ssn = 'exact' then null
    when given_name = 'differs' then 'given names differ, no equal SSN'
    when birth_date = 'differs' then 'birth dates differ, no equal SSN'
    when given_name = 'close'
        and (middle_initial = 'differs' or gender = 'differs' or ssn = 'differs')
        then 'given names only similar, and middle initial, gender or SSN differs'
end"""
"""Why two records are not one person's whatever else agrees, or NULL: a person is known by two
identifiers, given name and birth date. The score alone would link twins, and a father with the son
who has his name: it takes home, phone and family name, which a family shares, for independent
evidence."""

DOUBT = """case
    when given_name = 'differs' then 'equal SSN, but given names differ'
    when birth_date = 'differs' then 'equal SSN, but birth dates differ'
    when ssn = 'exact' then null
    when given_name = 'absent' or birth_date = 'absent'
        then 'given name or birth date absent, no equal SSN'
    when given_name = 'close' and ssn = 'close' and middle_initial <> 'exact'
        then 'given names and SSNs only similar'
    when not (ssn = 'close' or phone in ('exact', 'close') or address in ('exact', 'close'))
        then 'no SSN, phone or address agrees'
end"""
"""Why people must look at a pair without contradiction that its score would link, or NULL: parents
give their own SSN for a child, newborns have no name yet, twins often have similar names and
consecutive SSNs, and two people of a common name may be born on one day."""


_EMPTY = f"""create or replace temp table scored (
    left_id bigint, right_id bigint, match_weight double,
    {", ".join(f"{field} varchar" for field in LEVELS)}
)"""


def candidates(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table `candidate`: pairs of records that RULES bring together, one of them `fresh`.

    `fresh` holds the record_id of each record that is to be compared with all others; left_id is
    the smaller of the two record ids.
    """
    found = " union ".join(
        f"""select
            least(mine.record_id, other.record_id) as left_id,
            greatest(mine.record_id, other.record_id) as right_id
        from (from version semi join fresh using (record_id)) as mine
        join version as other using ({", ".join(rule)})
        where mine.record_id <> other.record_id"""
        for rule in RULES
    )
    con.execute(f"create or replace temp table candidate as {found}")


def score(con: duckdb.DuckDBPyConnection, least_weight: float | None) -> None:
    """Score the pairs of the table `candidate` into `scored`, a row per pair.

    Columns: left_id, right_id, match_weight, and per field its level in words.
    Pairs below `least_weight` are left out.
    """
    from splink import DuckDBAPI

    con.execute(_EMPTY)
    if con.execute("from candidate limit 1").fetchone() is None:
        return  # the model takes a third of a second to set up
    con.execute(
        """create or replace table blocked as
        select mine.version_id as join_key_l, other.version_id as join_key_r, '0' as match_key
        from candidate
        join version as mine on mine.record_id = left_id
        join version as other on other.record_id = right_id"""
    )
    with quiet_splink():
        database = DuckDBAPI(con)
        link = linker(database, "version", settings(Weights.read()))
        blocked = database.register(con.table("blocked"))
        link.table_management.register_blocked_pairs_for_predict(blocked)
        predicted = link.inference.predict(
            threshold_match_weight=least_weight, warning_mode="never"
        )
    levels = ", ".join(f"{level_sql(field)} as {field}" for field in LEVELS)
    con.execute(
        f"""insert into scored
        select
            mine.record_id as left_id, other.record_id as right_id,
            round(match_weight, 4) as match_weight, {levels}
        from {predicted.physical_name}
        join version as mine on mine.version_id = version_id_l
        join version as other on other.version_id = version_id_r
        qualify row_number() over (
            partition by mine.record_id, other.record_id
            order by match_weight desc, version_id_l, version_id_r
        ) = 1"""
    )
    link.table_management.delete_tables_created_by_splink_from_db()
