"""Each page of the desk on the finished run: its figures are the marts', and its filters filter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from rcm_platform.desk import filters, published, viewer
from rcm_platform.desk import format as written
from rcm_platform.desk.screens import SCREENS
from rcm_platform.desk.viewer import Viewer
from rcm_platform.explain import scorecard
from rcm_platform.publish.versions import open_published
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support.desk_pages import DeskPage

NAMES = [screen.name for screen in SCREENS]
HOSTILE = "<img src=x onerror=alert(1)>'; drop table fct_claims; --"


@pytest.fixture(autouse=True)
def _desk_of_the_run(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RCM_HOME", str(built.settings.home))
    monkeypatch.setenv("RCM_WORLD_SIZE", "tiny")
    # it was made some time ago, which is no subject here
    monkeypatch.setenv("RCM_STALE_HOURS", "100000")


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Look as somebody else."""

    def as_viewer(who: Viewer) -> None:
        monkeypatch.setattr(viewer, "read", lambda *_: who)

    return as_viewer


def value(built: Built, sql: str, *values: object, audience: str = "operations") -> Any:
    with open_published(built.settings.published_dir, audience) as con:
        [row] = con.execute(sql, list(values)).fetchall()
    return row[0] if len(row) == 1 else row


def values(built: Built, sql: str, *given: object, audience: str = "operations") -> list[Any]:
    with open_published(built.settings.published_dir, audience) as con:
        rows = con.execute(sql, list(given)).fetchall()
    return [row[0] if len(row) == 1 else row for row in rows]


def a_claim(built: Built, condition: str = "true") -> tuple[str, str]:
    """The key and number of an open claim."""
    return value(
        built,
        f"select claim_key, claim_id from mart_claim_priority_queue where {condition} "
        "order by outstanding_amount desc, claim_id limit 1",
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_page_says_of_when_it_is_and_that_it_is_proven(name: str) -> None:
    page = DeskPage(name)
    assert "As of 31 Dec 2025" in page.text
    assert "all explained" in page.text
    assert "hours old" not in page.text


def test_the_first_page_has_an_address_of_its_own() -> None:
    assert DeskPage().title == "Executive"


# Executive


def test_executive_tiles_are_the_scorecard(built: Built) -> None:
    with open_published(built.settings.published_dir, "leadership") as con:
        shown = scorecard.headlines(con)
    page = DeskPage("executive")
    assert page.tiles == {
        headline.label: written.measure(headline.value, headline.unit) for headline in shown
    }
    for headline in shown:
        assert f"/trace/kpi/{headline.kpi}?month={headline.month:%Y-%m}" in page.markup
        assert headline.limit in page.text


def test_executive_tables_are_the_leaders_marts(built: Built) -> None:
    page = DeskPage("executive")
    forecast = values(
        built,
        "select forecast_amount from mart_forecast_scorecard where scope = 'total' "
        "order by horizon_days",
        audience="leadership",
    )
    assert page.column("Cash forecast", "Expected") == list(map(written.money, forecast))
    payers = values(
        built,
        "select charge_amount from mart_payer_scorecard order by is_other, charge_amount desc",
        audience="leadership",
    )
    assert page.column("Payers", "Charged") == list(map(written.money, payers))
    parts = values(
        built,
        "select flow_amount, is_waiting from mart_charge_flow_scorecard order by "
        "coalesce(stage_number, case when is_waiting then 4.5 else 6.5 end)",
        audience="leadership",
    )
    amounts = [amount for amount, _ in parts]
    assert page.column("From charge to cash", "Dollars") == list(map(written.money, amounts))
    # the picture says the same in words, and its parts are the whole
    [said] = set(re.findall(r'<img class="(?:along|down)"[^>]* alt="([^"]*)"', page.markup))
    whole, _, rest = said.partition(". Of it: ")
    assert whole == f"Services {written.short_money(sum(amounts))}"
    shown = [written.short_money(amount) for amount in amounts if amount > 0]
    assert re.findall(r"\$[\d.,]+(?: [KMB])?", rest.rstrip(".")) == shown
    denied = values(
        built,
        "select sum(denied_amount) from mart_denial_scorecard group by category_label "
        "order by 1 desc",
        audience="leadership",
    )
    shown = page.column("Denied dollars by reason", "Denied")
    assert [one.split()[-2:] for one in shown] == [
        written.short_money(one).split() for one in denied
    ]


def test_leaders_see_executive_and_nothing_of_a_claim(look: Any, built: Built) -> None:
    look(Viewer("chief", "leadership"))
    assert DeskPage("executive").tiles
    key, number = a_claim(built)
    for name in NAMES:
        if name != "executive":
            page = DeskPage(name, id=key, search=number)
            if page.title == "Not shown to you":
                assert number not in page.text


# Command Center

OPEN = "select sum(outstanding_amount), count(*) from mart_claim_priority_queue where "


def tiles_of_the_queue(built: Built, condition: str = "true", *given: object) -> dict[str, str]:
    charged = value(
        built, f"select sum(claim_count) from mart_claims_overview where {condition}", *given
    )
    parts = {
        "Outstanding": "true",
        "High priority": "priority_bucket = 'high'",
        "Older than 90 days": "age_bucket = '90+'",
        "Due within 14 days": "days_to_deadline <= 14",
    }
    return {"Claims": written.count(charged or 0)} | {
        label: written.short_money(value(built, f"{OPEN}{part} and {condition}", *given)[0] or 0)
        for label, part in parts.items()
    }


def test_command_center_tiles_are_the_marts(built: Built) -> None:
    assert DeskPage("command_center").tiles == tiles_of_the_queue(built)


def test_command_center_tables_are_the_marts(built: Built) -> None:
    page = DeskPage("command_center")
    first = values(
        built, "select claim_id from mart_claim_priority_queue order by queue_position limit 10"
    )
    assert page.column("Claims that come first", "Claim") == first
    payers = values(
        built,
        "select payer_name from mart_claim_priority_queue group by 1 "
        "order by sum(outstanding_amount) desc, 1 limit 5",
    )
    assert page.column("Payers with most open dollars", "Name") == payers
    forecast = values(
        built,
        "select forecast_amount from mart_cash_forecast where scope = 'total' "
        "order by horizon_days",
    )
    assert page.column("Cash forecast", "Expected") == list(map(written.money, forecast))


ORGANIZATION = "Lakeshore General Hospital"
OF_ORGANIZATION = (
    "facility_key = (select facility_key from dim_facility where facility_name = ?)",
    ORGANIZATION,
)


def filtered(built: Built) -> dict[str, tuple[dict[str, Any], str, tuple[object, ...]]]:
    """Filter → parameters of the address, and the same as SQL on the queue."""
    payer = "payer_key in (select payer_key from dim_payer where payer_name = ?)"
    provider = "provider_key in (select provider_key from dim_provider where provider_name = ?)"
    clinician = value(
        built, "select provider_name from mart_claim_priority_queue where provider_name is not null"
        " order by 1 limit 1"
    )  # fmt: skip
    source = "facility_key in (select facility_key from dim_facility where source_system = ?)"
    _, number = a_claim(built)
    return {
        "organization": ({"organization": ORGANIZATION}, *_split(OF_ORGANIZATION)),
        "payer": ({"payer": "Beacon Mutual"}, payer, ("Beacon Mutual",)),
        "provider": ({"provider": clinician}, provider, (clinician,)),
        "source": ({"source": "hospital_a"}, source, ("hospital_a",)),
        "priority": ({"priority": ["high", "low"]}, "priority_bucket in ('high', 'low')", ()),
        "age": ({"age": "31-60"}, "age_bucket = '31-60'", ()),
        "status": ({"status": "patient"}, "claim_status = 'patient'", ()),
        "low": ({"low": "500"}, "outstanding_amount >= 500", ()),
        "high": ({"high": "99.50"}, "outstanding_amount <= 99.50", ()),
        "search": ({"search": number[3:].lower()}, "claim_id = ?", (number,)),
    }


def _split(condition: tuple[str, str]) -> tuple[str, tuple[str]]:
    return condition[0], (condition[1],)


@pytest.mark.parametrize("name", list(filters.LABELS))
def test_a_filter_filters_the_queue(built: Built, name: str) -> None:
    asked, condition, given = filtered(built)[name]
    page = DeskPage("command_center", **asked)
    amount, count = value(built, f"{OPEN}{condition}", *given)
    assert count > 0
    assert page.tiles["Outstanding"] == written.short_money(amount)
    assert not page.app.warning
    # the same filters on another page, by its own table
    page.open("worklists", list="all open claims", **asked)
    assert page.tiles["Items"] == written.count(count)
    assert page.tiles["Open"] == written.short_money(amount)


def test_what_is_chosen_goes_to_the_address_and_stays_on_other_pages(built: Built) -> None:
    page = DeskPage("command_center")
    page.app.multiselect(key="filter_payer").set_value(["Beacon Mutual", "Self-pay"])
    page.run()
    page.app.number_input(key="filter_low").set_value(100.0)
    page.run()
    asked = {"payer": ["Beacon Mutual", "Self-pay"], "low": "100.00"}
    assert page.app.query_params == asked
    # Streamlit empties the address on the way to another page
    page.open("denials")
    assert page.app.query_params == asked
    amount, count = value(
        built, f"{OPEN}payer_name in ('Beacon Mutual', 'Self-pay') and outstanding_amount >= 100"
    )
    page.open("worklists", list="all open claims", **asked)
    assert page.tiles["Items"] == written.count(count)
    assert page.tiles["Open"] == written.short_money(amount)
    page.app.button(key="filters_clear").click()
    page.run()
    assert not set(page.app.query_params) & set(filters.LABELS)
    [everything] = values(built, "select count(*) from mart_claim_priority_queue")
    assert page.tiles["Items"] == written.count(everything)


@pytest.mark.parametrize("page_name", [name for name in NAMES if name != "executive"])
def test_hostile_parameters_are_left_out_and_said(built: Built, page_name: str) -> None:
    asked = dict.fromkeys([*filters.LABELS, "id", "list", "order", "page", "waiting"], HOSTILE)
    page = DeskPage(page_name, **{**asked, "search": HOSTILE * 3})
    assert len(page.app.warning) >= len(filters.LABELS) - 1
    assert not re.findall(r'<img (?!class="spark")', page.markup)
    assert not set(page.app.query_params) & set(filters.LABELS)
    [count] = values(built, "select count(*) from fct_claims")
    assert count > 0


# Worklists


def lists(built: Built) -> list[str]:
    return values(built, "select distinct worklist from mart_worklists order by 1")


def test_each_list_is_the_marts_in_its_order(built: Built) -> None:
    page = DeskPage("worklists")
    for name in lists(built):
        page.open("worklists", list=name)
        label = written.words(name)
        expected = values(
            built,
            "select item_id from mart_worklists where worklist = ? and list_position is not null "
            "order by list_position limit 25",
            name,
        )
        if expected:
            assert [one.split()[0] for one in page.column(label, "Item")] == expected
        else:  # nothing but what waits
            assert "Nothing to do on this list today" in page.markup
        open_dollars, worth, count = value(
            built,
            "select coalesce(sum(outstanding_amount), 0), coalesce(sum(expected_value_amount), 0), "
            "count(*) from mart_worklists where worklist = ? and list_position is not null",
            name,
        )
        assert page.tiles["Items"] == written.count(count)
        assert page.tiles["Open"] == written.short_money(open_dollars)
        assert page.tiles["Worth"] == written.short_money(worth)


@pytest.mark.parametrize(
    ("order", "column"),
    [
        ("open", "outstanding_amount desc"),
        ("worth", "expected_value_amount desc"),
        ("age", "age_days desc"),
        ("deadline", "deadline_date asc"),
        ("odds", "recovery_odds desc"),
    ],
)
def test_a_list_is_sorted_and_turned_by_the_mart(built: Built, order: str, column: str) -> None:
    of_list = "from mart_worklists where worklist = 'patient balances'"
    expected = values(
        built,
        f"select item_id {of_list} order by {column} nulls last, item_id limit 25 offset 25",
    )
    page = DeskPage("worklists", list="patient balances", order=order, page="2")
    shown = page.column("Patient balances", "Item")
    assert shown == expected
    # another order begins at its first page
    page.app.selectbox(key="page_order").set_value("list")
    page.run()
    assert "page" not in page.app.query_params
    assert page.column("Patient balances", "Rank")[0] == "1"


def test_a_page_that_is_not_there_is_the_last_one() -> None:
    page = DeskPage("worklists", list="patient balances", page="999999")
    assert re.search(r"Items \d+ to (\d+) of \1\.", page.text)


# Claim


def test_a_claim_is_shown_with_the_figures_of_its_marts(built: Built) -> None:
    key, number = a_claim(built, "claim_status = 'denied'")
    page = DeskPage("claim", id=key)
    assert page.title == f"Claim {number}"
    charged, open_amount, paid, contractual, denied = value(
        built,
        "select charge_amount, open_amount, payer_paid_amount, contractual_amount, denied_amount "
        "from fct_claims where claim_key = ?",
        key,
    )
    bucket, score = value(
        built,
        "select priority_bucket, priority_score from mart_claim_priority_queue where claim_key = ?",
        key,
    )
    assert page.tiles == {
        "Priority": written.words(bucket),
        "Open": written.money(open_amount),
        "Charged": written.money(charged),
        "Paid": written.money(paid),
        "Contractual": written.money(contractual),
        "Denied": written.money(denied),
    }
    assert f"{score} points" in page.text
    points = values(
        built,
        "select points from mart_claim_priority_reasons where claim_key = ? "
        "order by points desc nulls last, rule_name",
        key,
    )
    assert page.column("Rules that flag this claim", "Points") == list(map(written.count, points))
    ledger = values(
        built,
        "select ar_amount from fct_ledger_entries where claim_key = ? "
        "order by event_date, recorded_date, event_type, ledger_entry_key",
        key,
    )
    assert page.column("Ledger entries", "Receivable") == list(map(written.money, ledger))
    assert sum(ledger) == open_amount
    labels = values(
        built,
        "select distinct label from fct_denial_events inner join carc_codes using (reason_code) "
        "where claim_key = ?",
        key,
    )
    assert labels
    assert all(label in page.text for label in labels)
    files = values(built, "select source_file from fct_claim_events where claim_key = ?", key)
    assert set(page.column("Chain of the claim", "File")) == set(files)
    assert f"/trace/claim/{key}" in page.markup


def test_a_settled_claim_has_nothing_to_do(built: Built) -> None:
    key = value(built, "select min(claim_key) from fct_claims where open_amount = 0")
    page = DeskPage("claim", id=key)
    assert "there is nothing to do" in page.text
    assert page.tiles["Open"] == "$0.00"


@pytest.mark.parametrize("key", ["nothing", HOSTILE, "x" * 100_000])
def test_a_claim_that_does_not_exist_is_said(key: str) -> None:
    page = DeskPage("claim", id=key)
    assert "There is no such claim in these figures" in page.text
    assert "onerror" not in page.markup


def test_a_claim_is_found_by_a_part_of_its_number(built: Built) -> None:
    _, number = a_claim(built)
    page = DeskPage("claim", search=number)
    assert page.column("Claims found", "Claim") == [number]


# Denials


def test_denials_are_the_marts(built: Built) -> None:
    page = DeskPage("denials")
    denied, recovered, open_amount, count = value(
        built,
        "select sum(denied_amount), sum(recovered_amount), sum(open_amount), "
        "sum(denied_claim_count) from mart_denial_trends",
    )
    assert page.tiles["Denied"] == written.short_money(denied)
    assert page.tiles["Came back"] == written.short_money(recovered)
    assert page.tiles["Still open"] == written.short_money(open_amount)
    assert f"{count:,} denials" in page.text
    for kpi in ("initial_denial_rate", "first_pass_yield", "overturn_rate"):
        label, unit, rate = value(
            built,
            "select label, unit, kpi_value from mart_kpi_monthly "
            "inner join kpi_registry using (kpi) where kpi = ? and aggregation_level = 'total' "
            "and is_mature and kpi_value is not null order by period_month desc limit 1",
            kpi,
        )
        assert page.tiles[label] == written.measure(rate, unit)
    causes = values(
        built,
        "select category_label from mart_denial_causes group by 1 "
        "order by sum(denied_amount) desc, 1",
    )
    shown = page.column("Causes of denials", "Cause")
    assert [one.removesuffix("avoidable").strip() for one in shown] == causes


def test_denials_of_an_organization_are_its_own(built: Built) -> None:
    condition, given = _split(OF_ORGANIZATION)
    page = DeskPage("denials", organization=ORGANIZATION)
    denied = value(
        built, f"select sum(denied_amount) from mart_denial_trends where {condition}", *given
    )
    assert page.tiles["Denied"] == written.short_money(denied)
    assert "Rates are of the whole business" in page.text


# Who looks


@pytest.mark.parametrize("name", [one.name for one in SCREENS if not one.is_of_the_whole])
def test_who_is_limited_sees_figures_of_their_organization(
    built: Built, look: Any, name: str
) -> None:
    facility, number = value(
        built,
        "select facility_id, facility_key from dim_facility where facility_name = ?", ORGANIZATION
    )  # fmt: skip
    other = value(built, "select claim_key from fct_claims where facility_key <> ? limit 1", number)
    look(Viewer("ada", "operations", (facility,)))
    page = DeskPage(name)
    assert "Riverbend" not in page.text
    assert f"Organizations: {ORGANIZATION}" in page.text
    if name == "command_center":
        condition, given = _split(OF_ORGANIZATION)
        assert page.tiles == tiles_of_the_queue(built, condition, *given)
    if name == "claim":
        assert "There is no such claim" in DeskPage(name, id=other).text


def test_who_is_limited_does_not_get_the_answers_of_others(built: Built, look: Any) -> None:
    everything = DeskPage("command_center").tiles
    look(Viewer("ada", "operations", ("HOSP_B",)))
    limited = DeskPage("command_center").tiles
    look(Viewer("ada", "operations", ()))
    nothing = DeskPage("command_center").tiles
    assert everything["Outstanding"] != limited["Outstanding"] != nothing["Outstanding"] == "$0"
    look(Viewer("bea", "operations"))
    assert DeskPage("command_center").tiles == everything


def test_figures_of_the_whole_are_not_for_who_is_limited(look: Any) -> None:
    look(Viewer("ada", "operations", ("HOSP_B",)))
    page = DeskPage("executive")
    assert page.title == "Not shown to you"
    assert not page.tiles


def test_nobody_without_the_key_of_the_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(viewer.KEY_VARIABLE, "a key that only the login knows")
    page = DeskPage()
    assert page.title == "Sign in first"
    assert not page.tiles


def test_who_is_told_by_the_login() -> None:
    key = "k" * 32
    said = {viewer.KEY: key, viewer.USER: "ada", viewer.AUDIENCE: "operations"}
    assert viewer.read(said, key) == Viewer("ada", "operations")
    limited = said | {viewer.ORGANIZATIONS: '["HOSP_B"]'}
    assert viewer.read(limited, key) == Viewer("ada", "operations", ("HOSP_B",))
    for forged in (
        {**said, viewer.KEY: "wrong"},
        {**said, viewer.AUDIENCE: "everything"},
        {**said, viewer.USER: ""},
        {**said, viewer.ORGANIZATIONS: "all"},
    ):
        with pytest.raises(viewer.NotSignedIn):
            viewer.read(forged, key)


# What is published


def test_figures_that_are_old_say_so(monkeypatch: pytest.MonkeyPatch, built: Built) -> None:
    monkeypatch.setenv("RCM_STALE_HOURS", "1")
    shown = published.open_current(built.settings, "operations")
    later = shown.version.published_at(built.settings.published_dir) + timedelta(hours=31)
    age = published.age(built.settings, shown, later)
    assert (age.hours, age.is_stale) == (31, True)
    assert age.held is None
