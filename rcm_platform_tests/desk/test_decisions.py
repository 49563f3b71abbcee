"""Exceptions at the desk: what is open, and what is decided about it, by whom."""

from __future__ import annotations

import json
import logging
import multiprocessing
import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import streamlit as st

from rcm_platform.desk import audit, decisions, viewer
from rcm_platform.desk import format as written
from rcm_platform.desk.viewer import Viewer
from rcm_platform.explain import exceptions as published_exceptions
from rcm_platform.explain.exceptions import DataException
from rcm_platform.ingest import exception_decisions, lake_access
from rcm_platform.operate import exceptions
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import LAST_DAY, Built
from rcm_platform_tests.support.desk_pages import DeskPage

ANN = Viewer("ann")


@pytest.fixture(autouse=True)
def settings(built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The figures of the finished run, with a lake of the test's own."""
    (tmp_path / "published").symlink_to(built.settings.published_dir)
    shutil.copytree(built.settings.lake_dir, tmp_path / "lake")
    monkeypatch.setenv("RCM_HOME", str(tmp_path))
    monkeypatch.setenv("RCM_WORLD_SIZE", "tiny")
    monkeypatch.setattr(viewer, "read", lambda *_: ANN)
    yield Settings()
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def written_down() -> Iterator[list[dict[str, Any]]]:
    """What the audit log is told."""
    told: list[dict[str, Any]] = []
    handler = logging.Handler()
    handler.emit = lambda record: told.append(json.loads(record.getMessage()))  # type: ignore
    audit.LOGGER.addHandler(handler)
    yield told
    audit.LOGGER.removeHandler(handler)


def one_of(settings: Settings, rule: str) -> DataException:
    with exceptions.published(settings) as con:
        return published_exceptions.exceptions(con, rule=rule)[0]


def test_what_is_open_is_the_mart(settings: Settings) -> None:
    page = DeskPage("quality")
    with exceptions.published(settings) as con:
        totals = published_exceptions.open_totals(con)
    assert page.tiles["Open exceptions"] == written.count(sum(one.count for one in totals))
    assert page.tiles["Open dollars"] == written.short_money(sum(one.amount for one in totals))
    assert page.column("Open exceptions by rule", "Items") == [
        written.count(one.count) for one in totals[:12]
    ]


def test_an_exception_is_waived_by_the_form(
    settings: Settings, written_down: list[dict[str, Any]]
) -> None:
    one = one_of(settings, "R2")
    page = DeskPage("quality", exception=one.finding_key)
    assert one.next_step in page.text
    page.app.radio(key=f"quality_{one.short_id}_what").set_value("waive")
    page.run()
    page.app.text_input(key=f"quality_{one.short_id}_reason").set_value("the bank is asked")
    page.app.button[-1].click()
    page.run()
    assert "stored" in page.text
    [made] = decisions.history(settings, one)
    assert (made.decision, made.decided_by, made.reason) == ("waived", "ann", "the bank is asked")
    assert "pending until the next run" in page.text
    [told] = written_down
    assert (told["event_type"], told["username"]) == ("ENTERED", "ann")
    assert (told["resource"], told["decision"]) == (one.finding_key, "waive")


def test_a_deposit_is_matched_to_the_payments_that_are_chosen(settings: Settings) -> None:
    deposit = one_of(settings, "R3")
    with exceptions.published(settings) as con:
        [(key, amount)] = con.execute(
            "select remit_payment_key, remitted_amount from mart_cash_reconciliation "
            "where deposit_date is null order by remit_payment_key limit 1"
        ).fetchall()
    said = decisions.decide(
        settings, ANN, LAST_DAY, deposit, "match", "in one deposit", payments=[key]
    )
    [made] = decisions.history(settings, deposit)
    assert (made.decision, made.remit_payment_key) == ("matched", key)
    assert ("differ" in said) == (amount != deposit.finding_amount)


def test_a_match_is_taken_back_by_the_form(
    settings: Settings, written_down: list[dict[str, Any]]
) -> None:
    deposit = one_of(settings, "R3")
    with exceptions.published(settings) as con:
        [(key, trace)] = con.execute(
            "select remit_payment_key, trace_number from mart_cash_reconciliation "
            "where deposit_date is null order by remit_payment_key limit 1"
        ).fetchall()
    page = DeskPage("quality", exception=deposit.finding_key)
    form = f"quality_{deposit.short_id}"
    assert "unmatch" not in page.app.radio(key=f"{form}_what").options
    decisions.decide(settings, ANN, LAST_DAY, deposit, "match", "in one deposit", payments=[key])
    page.run()
    assert "Matched to the payment" in page.text
    page.app.radio(key=f"{form}_what").set_value("unmatch")
    page.run()
    assert page.app.multiselect(key=f"{form}_held_payments").value == [key]
    page.app.text_input(key=f"{form}_reason").set_value("of another payer")
    page.app.button[-1].click()
    page.run()
    # both stay, with who, when and why, and nothing is matched any more
    assert page.text.index("in one deposit") < page.text.index("of another payer")
    assert page.text.count(trace) >= 2
    made = decisions.history(settings, deposit)
    assert [(each.decision, each.remit_payment_key) for each in made] == [
        ("matched", key), ("unmatched", key),
    ]  # fmt: skip
    assert exceptions.matched(made) == ()
    assert "unmatch" not in page.app.radio(key=f"{form}_what").options
    assert [told["decision"] for told in written_down] == ["match", "unmatch"]


def test_what_a_later_record_settled_asks_for_no_decision(settings: Settings) -> None:
    with exceptions.published(settings) as con:
        every = published_exceptions.exceptions(con, only_open=False)
    settled = next(one for one in every if not one.is_open)
    page = DeskPage("quality", exception=settled.finding_key)
    assert "A later record settled it." in page.text
    assert not page.app.radio


def test_what_arrived_is_the_marts(settings: Settings) -> None:
    page = DeskPage("quality")
    words = {"loaded": "Loaded", "partial": "Held in part", "held": "Held",
             "duplicate": "There already"}  # fmt: skip
    with exceptions.published(settings) as con:
        files = con.execute(
            "select source_system, source_file, file_status, row_count, dollar_amount "
            "from mart_received_files where arrival_date = ? "
            "order by source_system, source_file limit 25",
            [LAST_DAY],
        ).fetchall()
        [(day, partly)] = con.execute(
            "select arrival_date, source_file from mart_received_files "
            "where file_status = 'partial' and arrival_date > ? order by all desc limit 1",
            [LAST_DAY - timedelta(days=30)],
        ).fetchall()
    assert [tuple(row.values()) for row in page.table("What arrived")] == [
        (written.words(source), file, words[status], written.count(rows), written.money(dollars))
        for source, file, status, rows, dollars in files
    ]
    page = DeskPage("quality", day=day.isoformat(), became="partial")
    assert partly in page.column("What arrived", "File or table")
    assert set(page.column("What arrived", "Became")) == {"Held in part"}


@pytest.mark.parametrize(
    ("what", "reason", "until", "message"),
    [
        ("waive", " ", date(2026, 1, 31), "reason is missing"),
        ("waive", "x" * 100_000, date(2026, 1, 31), "may have 1,000"),
        ("waive", "known", None, "last day"),
        ("release", "known", None, "cannot be decided"),
        ("drop", "known", None, "cannot be decided"),
    ],
)
def test_what_may_not_be_decided_is_said_and_stored_nowhere(
    settings: Settings, what: str, reason: str, until: date | None, message: str
) -> None:
    one = one_of(settings, "R2")
    with pytest.raises(ValueError, match=message):
        decisions.decide(settings, ANN, LAST_DAY, one, what, reason, until)
    assert decisions.history(settings, one) == []


def _write_until_told(settings: Settings, begun: Any, told: Any) -> None:
    with lake_access.single_writer(settings):
        begun.set()
        told.wait(60)


@pytest.fixture
def run_in_progress(settings: Settings) -> Iterator[Callable[[], None]]:
    """Another process holds the lake, until the test ends it."""
    context = multiprocessing.get_context("spawn")
    begun, told = context.Event(), context.Event()
    run = context.Process(target=_write_until_told, args=(settings, begun, told))
    run.start()
    assert begun.wait(60)

    def end() -> None:
        told.set()
        run.join(60)

    yield end
    end()


def decided(settings: Settings, one: DataException, what: str, reason: str) -> DeskPage:
    """The page after its form was filled in and sent."""
    page = DeskPage("quality", exception=one.finding_key)
    page.app.radio(key=f"quality_{one.short_id}_what").set_value(what)
    page.run()
    page.app.text_input(key=f"quality_{one.short_id}_reason").set_value(reason)
    page.app.button[-1].click()
    page.run()
    return page


def test_nobody_waits_for_a_run_to_decide(
    settings: Settings, run_in_progress: Callable[[], None]
) -> None:
    one = one_of(settings, "R2")
    page = decided(settings, one, "close", "settled by phone")
    assert "stored" in page.text
    assert "pending until the next run" in page.text
    [made] = decisions.history(settings, one)
    assert (made.decision, made.reason) == ("closed", "settled by phone")
    # the next load takes it over, once
    run_in_progress()
    assert exceptions.history(settings, one) == []
    for _ in range(2):
        with lake_access.single_writer(settings):
            exception_decisions.land(lake_access.open_lake(settings), [made])
    assert decisions.history(settings, one) == exceptions.history(settings, one) == [made]


def test_what_is_held_is_decided_between_runs_and_nothing_written_is_lost(
    settings: Settings, run_in_progress: Callable[[], None]
) -> None:
    with exceptions.published(settings) as con:
        one = next(each for each in published_exceptions.exceptions(con) if each.is_held)
    page = decided(settings, one, "close", "settled by phone")
    assert "A run is writing just now" in page.text
    run_in_progress()
    # what was written stands there still
    page.app.button[-1].click()
    page.run()
    assert "stored" in page.text


def test_who_is_limited_decides_about_their_own_only(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with exceptions.published(settings) as con:
        [(others,)] = con.execute(
            "select min(finding_key) from mart_data_exceptions where facility_key in "
            "(select facility_key from dim_facility where facility_id <> 'HOSP_B')"
        ).fetchall()
    monkeypatch.setattr(viewer, "read", lambda *_: Viewer("ada", "operations", ("HOSP_B",)))
    page = DeskPage("quality", exception=others)
    assert "is not in these figures" in page.text
    assert not page.app.radio


def test_a_waiver_is_until_a_day_of_the_figures_or_later(settings: Settings) -> None:
    one = one_of(settings, "R2")
    with pytest.raises(ValueError, match="would be over"):
        decisions.decide(
            settings, ANN, LAST_DAY, one, "waive", "known", LAST_DAY - timedelta(days=1)
        )
