"""What is said of a failed statement helps to find it, and shows no value of a row."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from rcm_platform.sources.duckdb_errors import Failure, discreet, without_values


def error(sql: str) -> str:
    with duckdb.connect() as con, pytest.raises(duckdb.Error) as raised:
        con.execute("create table people as select 'O''Quixworth' as name, 987654321 as ssn")
        con.execute(sql)
    return without_values(raised.value)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (
            "select cast(name as integer) from people",
            "to INT32 when casting from source column name",
        ),
        ("select cast(name as decimal(18, 2)) from people", "to DECIMAL(18,2) when casting from"),
        ("select cast(name as date) from people", "when casting from source column name"),
        ("select cast(ssn as tinyint) from people", "LINE 1: select cast(ssn as tinyint)"),
        ("select strptime(name, '%Y') from people", "Invalid Input Error: a value (not shown"),
        ("select error(name) from people", "Invalid Input Error: a value (not shown"),
        ("select cast(name as json) from people", "Conversion Error: a value when casting"),
        ("alter table people add primary key (name); insert into people from people", "Constraint"),
    ],
)
def test_an_error_about_a_value_does_not_show_it(sql: str, said: str) -> None:
    told = error(sql)
    assert said in told
    assert "Quixworth" not in told
    assert "987654321" not in told


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select nmae from people", '"nmae" not found'),
        ("select * from poeple", "poeple does not exist"),
        ("selct 1", 'syntax error at or near "selct"'),
        ("attach 'nowhere/x.duckdb' as x (read_only)", "nowhere/x.duckdb"),
    ],
)
def test_an_error_about_the_statement_is_told_whole(sql: str, said: str) -> None:
    assert said in error(sql)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            'Failed to fetch header: ERROR:  invalid input syntax for type date: "Quixworth"',
            "invalid input syntax for type date",
        ),
        ("Failed to fetch header for COPY: ERROR:  division by zero", "division by zero"),
        ("Failed to execute query: ERROR:  patient Quixworth is no one", "IO Error: a value (not"),
        ("Failed to run query \"select\": Truncated 'Quixworth'", "IO Error: a value (not"),
        ('connection to server at "h", port 1 failed: refused', 'server at "h", port 1 failed'),
    ],
)
def test_what_a_server_says_of_a_question_shows_no_value_either(answer: str, said: str) -> None:
    told = without_values(duckdb.IOException(f"IO Error: {answer}"))
    assert said in told
    assert "Quixworth" not in told


def test_that_a_source_is_read_only_is_told_whole(tmp_path: Path) -> None:
    kept = tmp_path / "kept.duckdb"
    duckdb.connect(kept).close()
    attached = f"attach '{kept}' as kept (read_only)"
    assert "read-only" in error(f"{attached}; create table kept.people (name text)")


def test_arrow_shows_no_value_either() -> None:
    with pytest.raises(pa.ArrowInvalid) as raised:
        pc.cast(pa.array(["O'Quixworth"]), pa.int64())
    assert "Quixworth" in str(raised.value)
    assert without_values(raised.value) == (
        "ArrowInvalid: a value (not shown: it may name a person)"
    )


def test_what_arrow_says_of_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"no such file as one would think")
    with pytest.raises(pa.ArrowException) as raised:
        pq.read_table(tmp_path / "x.parquet")
    assert "Parquet magic bytes not found" in without_values(raised.value)


def test_a_failure_goes_on_without_its_values() -> None:
    with pytest.raises(Failure) as raised, discreet(), duckdb.connect() as con:
        con.execute("select cast('O''Quixworth' as integer)")
    assert "Quixworth" not in str(raised.value)
    assert raised.value.__cause__ is None
