"""An exposure names what its page or file reads: no more, and no less."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from rcm_platform.explain import scorecard
from rcm_platform.publish import exports, versions
from rcm_platform.warehouse import project as dbt_project
from rcm_platform.web.trace_pages import Pages
from rcm_platform_tests.conftest import Built

#: What a version says of itself (published_version) is summed from it when the version is written.
OF_THE_VERSION = {"mart_cash_reconciliation"}


class Recording:
    """A connection to a published file that keeps the names of the tables that were read."""

    def __init__(self, con: duckdb.DuckDBPyConnection, read: set[str]) -> None:
        self._con, self._read = con, read

    def execute(self, query: str, *args: Any) -> Any:
        published = {name for (name,) in self._con.execute("show tables").fetchall()}
        self._read |= published & set(_named(_parsed(query)))
        return self._con.execute(query, *args)

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        self._con.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)


def _parsed(query: str) -> Any:
    with duckdb.connect() as con:
        [(tree,)] = con.execute("select json_serialize_sql(?)", [query]).fetchall()
    parsed = json.loads(tree)
    assert not parsed["error"], parsed
    return parsed


def _named(tree: Any) -> Iterator[str]:
    """Every table, view or CTE that a parsed query names."""
    if isinstance(tree, dict) and tree.get("type") == "BASE_TABLE":
        yield tree["table_name"]
    for below in (
        tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    ):
        yield from _named(below)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The tables of published files that were read so far."""
    names: set[str] = set()
    opened = versions.open_published

    def recorded(*args: Any) -> Recording:
        return Recording(opened(*args), names)

    monkeypatch.setattr(versions, "open_published", recorded)
    return names


def manifest(built: Built) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(dbt_project.prepared_manifest(built.settings).read_text())
    return found


def listed(built: Built, exposure: str) -> set[str]:
    node = manifest(built)["exposures"][f"exposure.rcm_dbt.{exposure}"]
    return {name.split(".")[-1] for name in node["depends_on"]["nodes"]}


def test_the_scorecard_reads_what_its_exposure_names(built: Built, read: set[str]) -> None:
    with versions.open_published(built.settings.published_dir, "leadership") as con:
        scorecard.headlines(con)
        scorecard.proof_line(con)
        scorecard.cash_line(con)
    assert (read - {"published_version"}) | OF_THE_VERSION == listed(built, "scorecard")


def test_the_number_pages_read_what_their_exposure_names(built: Built, read: set[str]) -> None:
    with versions.open_published(built.settings.published_dir, "operations") as con:
        [(claim, entry, visit, row)] = con.execute(
            """select (select min(claim_key) from fct_claims),
                (select min(ledger_entry_key) from fct_ledger_entries),
                (select min(encounter_key) from fct_encounters),
                (select min(record_key) from fct_kpi_records)"""
        ).fetchall()
    read.clear()
    for audience in ("operations", "leadership"):
        pages = Pages(built.settings, audience)
        pages.numbers()
        pages.number("collections_per_wrvu", {})
        pages.number("first_pass_yield", {})
        found = pages.rows("first_pass_yield", {})
        assert not isinstance(found, str)
        assert list(found[1])
    pages = Pages(built.settings)
    pages.claim(claim)
    pages.entry(entry)
    pages.visit(visit)
    pages.source_row(row)
    assert read - {"published_version"} == listed(built, "number_pages")


def test_the_files_for_others_are_those_of_their_exposure(built: Built) -> None:
    files = exports.for_manifest(manifest(built), "operations")
    assert set(files.values()) == listed(built, "claims_export")
