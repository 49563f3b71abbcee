"""What people enter changes the lists of the next run, and loses nothing on the way."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import duckdb
import pytest

from rcm_platform.desk.store import Store
from rcm_platform.publish.versions import open_published
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import RunCli

LIST, APPEALS, QUESTIONS = "patient balances", "appeals and resubmissions", "payer follow-up"


def published(settings: Settings, sql: str, audience: str = "operations") -> list[tuple[Any, ...]]:
    with open_published(settings.published_dir, audience) as con:
        return con.execute(sql).fetchall()


def totals(settings: Settings) -> list[tuple[Any, ...]]:
    return published(
        settings,
        "select worklist, count(*), sum(outstanding_amount) from mart_worklists group by 1 "
        "union all select 'queue', count(*), sum(outstanding_amount) "
        "from mart_claim_priority_queue order by 1",
    )


@pytest.mark.prove
def test_a_claim_that_waits_leaves_the_list_of_the_next_run(
    copied: Settings, rcm: RunCli, cli: RunCli
) -> None:
    [(first, number), (second, _)] = published(
        copied,
        f"select claim_key, item_id from mart_worklists where worklist = '{LIST}' "
        "and list_position <= 2 order by list_position",
    )
    [(denied,)] = published(
        copied,
        f"select claim_key from mart_worklists where worklist = '{APPEALS}' and list_position = 1",
    )
    before = totals(copied)
    [(as_of,)] = published(copied, "select max(recorded_date) from fct_ledger_entries")
    follow_up = as_of + timedelta(days=30)
    words = ["--outcome", "in_process", "--note", "Ref 7 of Ann Lee", "--by", "ada"]
    told = cli(
        "desk", "record", first, "--action", "called", "--follow-up", str(follow_up), *words,
        home=copied.home,
    )  # fmt: skip
    assert told.stdout == "Entry 1 is stored. `rcm run` brings it to the lists.\n", told.stderr
    assert number in rcm("desk", "list", "--by", "ada", home=copied.home).stdout
    desk = Store.open(copied)
    assert [entry.sequence for entry in desk.since(_last(copied))] == [1]
    appealed = [denied, "--action", "appealed", "--outcome", "first_level", "--by", "bob"]
    assert cli("desk", "record", *appealed, home=copied.home).returncode == 0

    done = rcm("run", home=copied.home, world_size="tiny")
    assert done.returncode == 0, done.stdout + done.stderr
    found = published(
        copied,
        "select claim_key, list_position, waiting_until_date, touch_count, last_action, "
        f"last_outcome from mart_worklists where claim_key in ('{first}', '{second}')",
    )
    assert sorted(found, key=lambda row: row[0] != first) == [
        (first, None, follow_up, 1, "Called the payer", "In process at the payer"),
        (second, 1, None, 0, None, None),
    ]
    # what was appealed waits for its payer
    [(worklist, position, next_step, last)] = published(
        copied,
        "select worklist, list_position, next_best_action, last_action from mart_worklists "
        f"where claim_key = '{denied}'",
    )
    assert (worklist, position, next_step) == (QUESTIONS, None, "wait for the payer")
    assert last == "Appealed the decision"
    moved = (APPEALS, QUESTIONS)
    assert [row for row in totals(copied) if row[0] not in moved] == [
        row for row in before if row[0] not in moved
    ]
    staff = "select made_by, entry_count, touch_count, claim_count from mart_staff_work order by 1"
    assert published(copied, staff) == [("ada", 1, 1, 1), ("bob", 1, 1, 1)]
    assert desk.since(_last(copied)) == []
    [(note,)] = published(copied, "select note from fct_work_entries where made_by = 'ada'")
    assert note == "Ref 7 of Ann Lee"
    with pytest.raises(duckdb.BinderException):
        published(copied, "select note from fct_work_entries", "analyst")


def _last(settings: Settings) -> int:
    [(last,)] = published(settings, "select coalesce(max(entry_number), 0) from fct_work_entries")
    return int(last)


def test_a_claim_is_named_by_its_number_or_its_key(copied: Settings, cli: RunCli) -> None:
    [(key, number, system)] = published(
        copied, "select claim_key, claim_id, source_system from fct_claims order by 1 limit 1"
    )
    for name in (key, number):
        done = cli(
            "desk", "record", name, "--action", "note", "--note", "seen", "--by", "ada",
            "--source", system, home=copied.home,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert len(Store.open(copied).of_claim(key)) == 2
    as_of = Store.open(copied).recent()[0].effective_date
    assert as_of == date.fromisoformat(str(copied.world_through))
    refused = {
        "has this number or key": ["none-such", "--action", "note", "--note", "x"],
        "Choose one of taken": [key, "--action", "shouted"],
        "before the day of the figures": [
            key, "--action", "follow_up_set", "--follow-up", "2020-01-01",
        ],
    }  # fmt: skip
    for words, given in refused.items():
        done = cli("desk", "record", *given, home=copied.home)
        assert (done.returncode, words in done.stderr) == (1, True), done.stderr
