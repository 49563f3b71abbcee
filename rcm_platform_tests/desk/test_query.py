"""The one query builder: known names, bound values, sums that a mart means, rows of a viewer."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import duckdb
import pytest

from rcm_platform.desk.query import (
    ROW_COUNT,
    Between,
    Condition,
    Contains,
    Is,
    NotForThisViewer,
    Query,
    UnknownName,
    statement,
    total,
)

SCHEMA = {
    "claims": {"claim_key": "", "facility_key": "", "open_amount": "", "open_rate": "", "day": ""},
    "fct_claims": {"claim_key": "", "facility_key": ""},
    "reasons": {"claim_key": "", "reason": ""},
    "mix": {"bucket": "", "claim_count": ""},
    "carc_codes": {"reason_code": "", "label": ""},
}

HOSTILE = "x'; drop table claims; --"


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("""
        create table claims as from (values
            ('a', 'f', 10.00, 0.5, date '2025-01-01'), ('b', 'g', 5.00, 0.1, date '2025-01-02'),
            ('c', null, 1.00, null, null)
        ) as t (claim_key, facility_key, open_amount, open_rate, day);
        create table fct_claims as select claim_key, facility_key from claims;
        create table reasons as from (values ('a', 'High'), ('b', 'Old%')) as t (claim_key, reason);
        create table mix as select 'high' as bucket, 2 as claim_count;
        create table carc_codes as select '1' as reason_code, 'Deductible' as label;
    """)
    return con


def found(
    con: duckdb.DuckDBPyConnection, query: Query, facilities: tuple[str, ...] | None = None
) -> list[tuple[object, ...]]:
    made = statement(query, SCHEMA, facilities)
    return con.execute(made.sql, list(made.values)).fetchall()


def keys(con: duckdb.DuckDBPyConnection, *conditions: Condition) -> list[object]:
    query = Query("claims", ("claim_key",), where=conditions, order=("claim_key",))
    return [key for (key,) in found(con, query)]


def test_rows_are_chosen_sorted_and_paged(con: duckdb.DuckDBPyConnection) -> None:
    assert keys(con, Is("facility_key", ("f", None))) == ["a", "c"]
    assert keys(con, Is("facility_key", ())) == []
    assert keys(con, Between("open_amount", Decimal(5), Decimal(9))) == ["b"]
    assert keys(con, Between("day", date(2025, 1, 2))) == ["b"]
    assert keys(con, Between("day")) == ["a", "b", "c"]
    assert keys(con, Contains("claim_key", "A")) == ["a"]
    largest = Query("claims", ("claim_key",), order=("-open_amount",))
    assert found(con, largest.page(2, 2)) == [("c",)]


def test_what_is_looked_for_is_text_and_no_pattern(con: duckdb.DuckDBPyConnection) -> None:
    query = Query("reasons", ("claim_key",), where=(Contains("reason", "%"),))
    assert found(con, query) == [("b",)]


def test_empty_values_come_last_in_either_order(con: duckdb.DuckDBPyConnection) -> None:
    for order in ("open_rate", "-open_rate"):
        assert found(con, Query("claims", ("claim_key",), order=(order,)))[-1] == ("c",)


def test_sums_are_by_the_columns_that_are_named(con: duckdb.DuckDBPyConnection) -> None:
    by_place = Query("claims", ("facility_key",), ("open_amount",), order=("-open_amount",))
    assert found(con, by_place) == [("f", Decimal(10)), ("g", Decimal(5)), (None, Decimal(1))]
    assert found(con, total("claims", "open_amount")) == [(Decimal(16), 3)]


def test_a_share_is_never_summed() -> None:
    with pytest.raises(UnknownName, match="open_rate of claims is not one to sum"):
        statement(total("claims", "open_rate"), SCHEMA)


@pytest.mark.parametrize(
    "query",
    [
        Query(HOSTILE),
        Query("claims", (HOSTILE,)),
        Query("claims", sums=(HOSTILE,)),
        Query("claims", where=(Is(HOSTILE, ("x",)),)),
        Query("claims", order=(HOSTILE,)),
        Query("claims", ("claim_key",), (ROW_COUNT,), order=("open_amount",)),
    ],
)
def test_names_that_the_file_does_not_have_are_refused(query: Query) -> None:
    with pytest.raises(UnknownName):
        statement(query, SCHEMA)


def test_every_value_is_bound(con: duckdb.DuckDBPyConnection) -> None:
    conditions = (Is("claim_key", (HOSTILE,)), Contains("facility_key", HOSTILE))
    made = statement(Query("claims", where=conditions), SCHEMA)
    assert HOSTILE not in made.sql
    assert keys(con, *conditions) == []
    assert len(keys(con)) == 3


def test_who_is_limited_reads_rows_of_their_organizations_only(
    con: duckdb.DuckDBPyConnection,
) -> None:
    query = Query("claims", ("claim_key",))
    assert found(con, query, ("f",)) == [("a",)]
    assert found(con, query.narrowed(Is("facility_key", ("g",))), ("f",)) == []
    assert found(con, total("claims", "open_amount"), ("f", "g")) == [(Decimal(15), 2)]
    assert found(con, query, ()) == []
    # a table without a facility by that of the claim
    assert found(con, Query("reasons", ("claim_key",)), ("g",)) == [("b",)]


def test_a_table_of_all_organizations_together_is_not_for_who_is_limited() -> None:
    with pytest.raises(NotForThisViewer):
        statement(Query("mix"), SCHEMA, ("f",))
    assert statement(Query("mix"), SCHEMA).sql == 'select "bucket", "claim_count" from "mix"'


def test_a_list_of_codes_is_for_everyone(con: duckdb.DuckDBPyConnection) -> None:
    assert found(con, Query("carc_codes", ("label",)), ("f",)) == [("Deductible",)]
