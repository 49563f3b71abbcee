"""What an engine says of a failure shows no value of a row, and says what can be done about it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psycopg2
import pytest

from rcm_platform.settings import Settings
from rcm_platform.warehouse.engine_errors import without_values
from rcm_platform.warehouse.engines import postgres
from rcm_platform.warehouse.project import DBT_EXECUTABLE

PEOPLE = "create temp table people (name text primary key, age int check (age < 200))"


def failed(url: str, statement: str) -> Exception:
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(PEOPLE)
        cursor.execute("insert into people values ('Ann', 61)")
        with pytest.raises(psycopg2.Error) as caught:
            cursor.execute(statement)
    return caught.value


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("select cast(name as int) from people", "InvalidTextRepresentation (SQLSTATE 22P02): a"),
        ("insert into people values ('Ann', 4)", "table people, constraint people_pkey, a value"),
        ("insert into people values ('Bo', 300)", "(SQLSTATE 23514): table people, constraint"),
        ("select to_date(name, 'YYYY') from people", "(SQLSTATE 22007)"),
        ("do $$ begin raise 'Ann' using errcode = 'P0001'; end $$", "RaiseException (SQLSTATE"),
    ],
)
def test_postgresql_shows_the_kind_and_the_table_but_no_value(
    postgres_url: str, statement: str, said: str
) -> None:
    text = without_values(failed(postgres_url, statement))
    assert text is not None
    assert said in text
    assert "Ann" not in text
    assert "300" not in text


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("select nothing from people where name = 'Ann'", 'column "nothing" does not exist'),
        ("selec 'Ann'", 'syntax error at or near "selec"'),
        ("select 1 from nowhere", 'relation "nowhere" does not exist\nLINE 1:'),
    ],
)
def test_what_is_wrong_with_a_statement_is_said(
    postgres_url: str, statement: str, said: str
) -> None:
    text = without_values(failed(postgres_url, statement))
    assert text is not None
    assert said in text
    assert "Ann" not in text


def of_spark(kind: str, text: str) -> Exception:
    """An error as Spark's Python hands it on; Spark itself is not in every environment."""
    error = type(kind, (Exception,), {"__module__": "py4j.protocol"})(text)
    assert isinstance(error, Exception)
    return error


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (
            "Py4JJavaError",
            "An error occurred while calling o27.sql.\n: org.apache.spark.SparkException: Job\n"
            "Caused by: org.apache.spark.SparkException: [TASK_WRITE_FAILED] Task failed\n"
            "Caused by: org.apache.spark.SparkNumberFormatException: [CAST_INVALID_INPUT] The "
            "value 'Ann' of the type \"STRING\" cannot be cast",
            "CAST_INVALID_INPUT: a value (not shown: it may name a person)",
        ),
        (
            "Py4JJavaError",
            "An error occurred.\nCaused by: java.io.IOException: No space left on device\n\tat Ann",
            "Py4JJavaError: No space left on device",
        ),
        (
            "Py4JJavaError",
            "Lost task: ExecutorLostFailure (executor 1 exited, of memory) Ann",
            "Py4JJavaError: ExecutorLostFailure (executor 1 exited, of memory)",
        ),
        (
            "AnalysisException",
            "[UNRESOLVED_COLUMN] No column `nothing`, near 'Ann'; line 1\n'Filter (n#0 = Ann)",
            "[UNRESOLVED_COLUMN] No column `nothing`, near '…'; line 1",
        ),
        (
            "Py4JJavaError",
            "An error.\n: java.lang.IllegalStateException: Ann\n\tat x",
            "IllegalStateException: a value (not shown: it may name a person)",
        ),
        ("Py4JNetworkError", "Ann", "Py4JNetworkError: Spark's Java process has ended"),
    ],
)
def test_spark_shows_the_kind_but_no_value(kind: str, text: str, said: str) -> None:
    assert without_values(of_spark(kind, text)) == said


def test_errors_of_others_are_left_to_them() -> None:
    assert without_values(ValueError("Ann")) is None


def test_dbt_on_postgresql_shows_no_value(postgres_url: str, tmp_path: Path) -> None:
    """Neither on its screen nor in its log nor in its results."""
    files = {
        "dbt_project.yml": "{name: p, profile: p, model-paths: [models]}",
        "profiles.yml": (
            "p: {target: t, outputs: {t: {type: postgres, threads: 1, schema: discreet,"
            " host: \"{{ env_var('RCM_POSTGRES_HOST') }}\","
            " port: \"{{ env_var('RCM_POSTGRES_PORT') | as_number }}\","
            " user: \"{{ env_var('RCM_POSTGRES_USER') }}\","
            " password: \"{{ env_var('RCM_POSTGRES_PASSWORD') }}\","
            " dbname: \"{{ env_var('RCM_POSTGRES_DATABASE') }}\"}}}"
        ),
        "models/people.sql": "{{ config(materialized='table') }} select 'An' || 'n' as name",
        "models/ages.sql": (
            "{{ config(materialized='table') }} "
            "select cast(name as int) as age from {{ ref('people') }}"
        ),
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    settings = Settings(home=tmp_path, target="postgres", postgres_url=postgres_url)
    done = subprocess.run(
        [DBT_EXECUTABLE, "--log-level-file", "info", "run"],
        cwd=tmp_path,
        env={**os.environ, **postgres.environment(settings, tmp_path / "none")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert "InvalidTextRepresentation (SQLSTATE 22P02)" in done.stdout
    written = ["logs/dbt.log", "target/run_results.json"]
    shown = [done.stdout, done.stderr, *((tmp_path / name).read_text() for name in written)]
    assert not [text for text in shown if "Ann" in text]
