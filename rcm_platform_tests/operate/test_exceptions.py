"""What people decide about exceptions: kept, counted from its day, refused where it may not be."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from filelock import FileLock

from rcm_platform.desk.entries import EntryRefused
from rcm_platform.desk.store import Store
from rcm_platform.explain import exceptions as published_exceptions
from rcm_platform.explain.exceptions import DataException, UnknownException
from rcm_platform.ingest import exception_decisions, lake_access, load
from rcm_platform.operate import exceptions, pipeline
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import RunCli


def as_of(settings: Settings) -> date:
    return pipeline.as_of_date(settings, lake_access.open_lake(settings))


def one_of(settings: Settings, rule: str, number: int = 0) -> DataException:
    with exceptions.published(settings) as con:
        return published_exceptions.exceptions(con, rule=rule)[number]


def test_a_decision_is_kept_with_who_when_and_why(copied: Settings, cli: RunCli) -> None:
    one = one_of(copied, "R2")
    day = as_of(copied)
    exceptions.close(copied, day, one.short_id, "the bank has it under another day", "ann")
    exceptions.reopen(copied, day, one.short_id, "of another payment", "bob")
    [closed, reopened] = exceptions.history(copied, one)
    assert (closed.decision, closed.decided_by, closed.arrival_date) == ("closed", "ann", day)
    assert (reopened.decision, reopened.reason) == ("reopened", "of another payment")
    shown = cli("exceptions", "show", one.short_id, home=copied.home).stdout
    assert "closed by ann" in shown
    assert "the bank has it under another day" in shown


def test_a_decision_counts_from_its_day_on(copied: Settings) -> None:
    day = as_of(copied)
    exceptions.waive(copied, day, one_of(copied, "R2").short_id, "known", "ann", day)
    lake = lake_access.open_lake(copied)
    assert len(exception_decisions.decisions(lake, day)) == 1
    assert exception_decisions.decisions(lake, day - timedelta(days=1)) == []


def test_what_may_not_be_decided_says_what_may(copied: Settings) -> None:
    day = as_of(copied)
    late, held = one_of(copied, "R2"), one_of(copied, "B3")
    refused = {
        "over": lambda: exceptions.waive(
            copied, day, late.short_id, "known", "ann", day - timedelta(days=1)
        ),
        "why": lambda: exceptions.close(copied, day, late.short_id, " ", "ann"),
        "waive or close": lambda: exceptions.release(copied, day, late.short_id, "fine", "ann"),
        "add up": lambda: exceptions.release(copied, day, held.short_id, "fine", "ann"),
        "in no figure": lambda: exceptions.waive(copied, day, held.short_id, "known", "ann", day),
    }
    for words, decide in refused.items():
        with pytest.raises(ValueError, match=words):
            decide()
    with pytest.raises(UnknownException, match="exceptions list"):
        exceptions.close(copied, day, "zzz", "gone", "ann")
    assert exception_decisions.decisions(lake_access.open_lake(copied)) == []


def test_a_deposit_is_matched_to_payments_by_hand(copied: Settings, cli: RunCli) -> None:
    deposit, day = one_of(copied, "R3"), as_of(copied)
    with exceptions.published(copied) as con:
        [(trace, key, amount)] = con.execute(
            "select trace_number, remit_payment_key, remitted_amount from mart_cash_reconciliation "
            "where remitted_amount > 0 order by remit_payment_key limit 1"
        ).fetchall()
    made = exceptions.match(copied, day, deposit.short_id, [trace], "in one deposit", "ann")
    assert made.deposit_amount == deposit.finding_amount
    assert made.difference == (deposit.finding_amount or Decimal(0)) - amount
    [decision] = exception_decisions.decisions(lake_access.open_lake(copied))
    assert decision.record_id == deposit.record_id
    assert decision.remit_payment_key == key
    assert "unmatch" in exceptions.possible(deposit, [decision])
    shown = cli("exceptions", "show", deposit.short_id, home=copied.home).stdout
    assert f"match {deposit.short_id} TRACE --undo" in shown
    exceptions.match(copied, day, deposit.short_id, [trace], "of another", "ann", undo=True)
    made = exceptions.history(copied, deposit)
    assert [each.decision for each in made] == ["matched", "unmatched"]
    assert "unmatch" not in exceptions.possible(deposit, made)
    said = cli("exceptions", "match", "no-deposit", trace, "--reason", "x", home=copied.home)
    assert said.returncode == 1
    assert "No deposit has the number" in said.stderr


@pytest.mark.prove
def test_a_run_carries_decisions_to_the_figures(copied: Settings, rcm: RunCli) -> None:
    day = as_of(copied)
    waived, closed, open_still = (one_of(copied, "R2", number) for number in range(3))
    held, deposit = one_of(copied, "B3"), one_of(copied, "R3")
    exceptions.waive(copied, day, waived.short_id, "known", "ann", day)
    exceptions.close(copied, day, closed.short_id, "answered", "ann")
    exceptions.close(copied, day, held.short_id, "taken back", "ann")
    done = rcm("run", home=copied.home, world_size="tiny")
    assert "Published" in done.stdout, done.stdout + done.stderr
    with exceptions.published(copied) as con:
        left = {
            one.finding_key: one for one in published_exceptions.exceptions(con, only_open=False)
        }
    assert left[waived.finding_key].status == f"waived until {day}"
    assert left[closed.finding_key].decided_by == "ann"
    assert not left[held.finding_key].is_open
    assert left[open_still.finding_key].is_open
    assert left[deposit.finding_key].is_open


def test_a_decision_at_the_desk_waits_in_its_store_for_the_next_load(copied: Settings) -> None:
    one, day, desk = one_of(copied, "R2"), as_of(copied), Store.open(copied)
    waive = partial(exceptions.waive, copied, day, one.short_id, by="ann", keep=desk.decide)
    with lake_access.single_writer(copied):  # as a run does
        waive(reason="known to the payer", until=day)
    with pytest.raises(EntryRefused, match="reason is missing"):
        waive(reason=" ", until=day)
    [kept] = desk.decisions()
    assert (kept.decision, kept.record_id, kept.reason) == (
        "waived", one.record_id, "known to the payer",
    )  # fmt: skip
    assert exceptions.history(copied, one) == []
    assert load.brings_something(copied, lake_access.open_lake(copied), "desk")
    for _ in range(2):
        with lake_access.writing(copied) as lake:
            load.load_source(copied, lake, "desk")
    assert exceptions.history(copied, one) == [kept]
    assert as_of(copied) == day


def test_what_quarantine_holds_is_not_waited_for(
    copied: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exceptions, "_WAIT_SECONDS", 0.1)
    said: list[str] = []

    def decide() -> None:
        try:
            with exceptions.between_runs(copied):
                said.append("decided")
        except exceptions.RunIsWriting as problem:
            said.append(str(problem))

    lock = FileLock(lake_access.single_writer(copied).lock_file)
    with lock:
        decide()
    decide()
    assert [text.partition(",")[0] for text in said] == ["A run is writing just now", "decided"]
