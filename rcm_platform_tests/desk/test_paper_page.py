"""The page on which a person enters a remittance that came on paper."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import streamlit as st

from rcm_platform.desk import audit, viewer
from rcm_platform.desk import format as written
from rcm_platform.desk.paper import folder
from rcm_platform.desk.store import Store
from rcm_platform.desk.viewer import Viewer
from rcm_platform.publish.versions import open_published
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import LAST_DAY, Built
from rcm_platform_tests.support.desk_pages import DeskPage

PENDING = "pending until the next run"


@dataclass(frozen=True)
class Claim:
    """An open claim of the finished run."""

    key: str
    number: str
    charge: Decimal
    facility_id: str
    npi: str
    payer: str


@pytest.fixture(autouse=True)
def settings(built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The figures of the finished run, in a home of the test's own."""
    (tmp_path / "published").symlink_to(built.settings.published_dir)
    monkeypatch.setenv("RCM_HOME", str(tmp_path))
    monkeypatch.setenv("RCM_WORLD_SIZE", "tiny")
    yield Settings()
    st.cache_resource.clear()


@pytest.fixture
def claims(built: Built) -> list[Claim]:
    """Two claims of a hospital that no payer has answered, and one of another hospital."""
    with open_published(built.settings.published_dir, "operations") as con:
        rows = con.execute(
            """
            select claim_key, claim_id, charge_amount, facility_id, npi, payer_name
            from fct_claims
            inner join dim_facility using (facility_key) inner join dim_payer using (payer_key)
            where remit_count = 0 and first_submitted_date is not null and npi is not null
                and fct_claims.source_system like 'hospital%' and charge_amount > 100
            qualify row_number() over (partition by fct_claims.source_system order by claim_id) <= 2
            order by fct_claims.source_system, claim_id
            """
        ).fetchall()
    found = [Claim(*row) for row in rows]
    assert found[0].facility_id != found[2].facility_id
    return found[:3]


class Form:
    """The form of the page, by the names of its fields."""

    def __init__(self, **asked: str) -> None:
        self.page = DeskPage("paper_remittance", **asked)

    @property
    def text(self) -> str:
        return self.page.text

    def fill(self, **given: object) -> Form:
        """Type into fields; `paid_1` is that of the second claim or adjustment."""
        for name, value in given.items():
            self.field(name).set_value(value)
            self.page.run()
        return self

    def press(self, name: str) -> Form:
        self.field(name, ("button",)).click()
        self.page.run()
        return self

    def field(self, name: str, kinds: tuple[str, ...] = ()) -> Any:
        name, _, place = name.partition("_")
        kinds = kinds or ("text_input", "selectbox", "date_input", "text_area", "checkbox")
        found = [one for kind in kinds for one in getattr(self.page.app, kind)
                 if (one.key or "").startswith(f"paper_{name}_")]  # fmt: skip
        return found[int(place or 0)]

    def add(self, number: str) -> Form:
        self.field("number").set_value(number)
        [button] = [one for one in self.page.app.button if one.label == "Add the claim"]
        button.click()
        self.page.run()
        return self


def filled(claim: Claim, check: str = "0012345") -> Form:
    """A form for one claim that balances: $20 off by contract."""
    form = Form(id=claim.key)
    paid = claim.charge - 20
    return form.fill(
        check=check, date=LAST_DAY, amount=f"${paid:,.2f}", paid=str(paid), reason="45",
        adjusted="20", note="Lockbox 4711, batch 9, image 33",
    )  # fmt: skip


def test_what_is_entered_is_stored_and_pending_at_once(
    settings: Settings, claims: list[Claim]
) -> None:
    claim = claims[0]
    form = filled(claim)
    payer = form.field("payer")
    assert payer.options[payer.index] == claim.payer
    assert "It balances." in form.text
    form.press("save")
    assert "Stored. It is pending until the next run" in form.text
    [row] = form.page.table("Paper remittances")
    assert row["Claims"] == claim.number
    assert (row["Check or EFT"], row["Payer"], row["State"]) == ("0012345", claim.payer, PENDING)
    [kept] = folder.latest(settings, 10)
    assert kept.name.startswith("clearinghouse/paper_")
    assert (kept.written.amount, kept.written.arrival_date) == (claim.charge - 20, LAST_DAY)
    [entry] = Store.open(settings).of_claim(claim.key)
    assert entry.action == "remittance_entered"
    assert "Lockbox 4711, batch 9, image 33" in (entry.note or "")
    page = DeskPage("claim", id=claim.key)
    assert "Entered a paper remittance" in page.text
    assert PENDING in page.text
    # nobody makes that entry by hand
    [action] = [one for one in page.app.selectbox if one.label == "What was done"]
    assert "Entered a paper remittance" not in action.options


def test_several_claims_are_one_check(settings: Settings, claims: list[Claim]) -> None:
    first, second, other = claims
    form = Form().add(first.key).add(second.key)
    total = first.charge + second.charge - 30
    form.fill(check="77", date=LAST_DAY, amount=str(total), paid_0=str(first.charge - 20),
              reason_0="45", adjusted_0="20", paid_1=str(second.charge - 10), reason_1="2",
              adjusted_1="10")  # fmt: skip
    assert "the claims are the check" in form.text
    form.press("save")
    [kept] = folder.latest(settings, 10)
    assert (kept.written.claim_ids, kept.written.amount) == ((first.number, second.number), total)
    form = Form().add(first.key).add(other.key)
    form.fill(check="78", date=LAST_DAY, amount=str(first.charge + other.charge),
              paid_0=str(first.charge), paid_1=str(other.charge)).press("save")  # fmt: skip
    assert "of another organization" in form.text
    form.press("out_1")
    assert other.number not in form.text
    assert len(folder.latest(settings, 10)) == 1


def test_what_does_not_balance_is_said_and_stays_in_the_form(
    settings: Settings, claims: list[Claim]
) -> None:
    form = filled(claims[0]).fill(adjusted="19.99")
    assert "$0.01 is left over." in form.text
    form.press("save")
    assert "$0.01 is not explained" in form.text
    form.fill(adjusted="20", amount="1.00").press("save")
    assert "is too much on the claims" in form.text
    for name, bad, said in (
        ("paid", "-5", "below zero"),
        ("paid", "1.005", "more than two decimals"),
        ("paid", "ten", "no amount in dollars"),
        ("check", "1~IEA*1", "may have letters, digits"),
        ("note", "x" * 100_000, "has 100,000 characters and may have 1,000"),
    ):
        form = filled(claims[0]).fill(**{name: bad}).press("save")
        assert said in form.text
        assert form.field(name).value == bad
    assert folder.latest(settings, 10) == []
    assert Store.open(settings).recent() == []


def test_the_same_check_again_is_told_and_written_only_if_it_is_another(
    settings: Settings, claims: list[Claim]
) -> None:
    filled(claims[0]).press("save")
    again = filled(claims[0], "12345").press("save")
    assert "This check was entered already, by operations" in again.text
    assert again.field("paid").value
    again.press("save")
    assert len(folder.latest(settings, 10)) == 1
    again.fill(another=True).press("save")
    assert "Stored." in again.text
    assert len(folder.latest(settings, 10)) == 2


def test_one_that_was_entered_wrongly_is_taken_back(
    settings: Settings, claims: list[Claim]
) -> None:
    form = filled(claims[0]).press("save")
    [button] = [one for one in form.page.app.button if one.label == "Take it back"]
    button.click()
    form.page.run()
    assert "The reason is missing" in form.text
    form.page.app.text_input(key="paper_back_why").set_value("Read 80 for 60")
    [button] = [one for one in form.page.app.button if one.label == "Take it back"]
    button.click()
    form.page.run()
    assert "The next run posts the reversals" in form.text
    assert form.page.column("Paper remittances", "Amount") == [
        written.money(20 - claims[0].charge), written.money(claims[0].charge - 20),
    ]  # fmt: skip
    assert "Take it back" not in [one.label for one in form.page.app.button]
    [_, back] = Store.open(settings).of_claim(claims[0].key)
    assert (back.outcome, "Read 80 for 60" in (back.note or "")) == ("taken_back", True)
    assert "Taken back" in DeskPage("claim", id=claims[0].key).text


def test_a_check_that_came_as_a_file_is_told(settings: Settings, built: Built) -> None:
    with open_published(built.settings.published_dir, "operations") as con:
        key, number, trace, paid = con.execute(
            "select claim_key, claim_id, trace_number, charge_amount from fct_remittances "
            "inner join dim_facility using (facility_key) where npi is not null "
            "and match_confidence = 'certain' and not is_secondary and paid_amount > 0 "
            "order by claim_id limit 1"
        ).fetchall()[0]
    form = Form(id=key).fill(check=trace, date=LAST_DAY, amount=str(paid), paid=str(paid),
                             charge=str(paid)).press("save")  # fmt: skip
    assert "came already, in 835/" in form.text
    assert folder.latest(settings, 10) == []
    assert number in form.text


def test_a_locked_store_loses_nothing(
    settings: Settings, claims: list[Claim], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rcm_platform.desk.store._WAIT_SECONDS", 0)
    Store.open(settings).close()
    form = filled(claims[0])
    lock = sqlite3.connect(settings.desk_path)
    lock.execute("begin immediate")
    form.press("save")
    assert "The remittance is stored, and the next run posts it." in form.text
    lock.rollback()
    form.press("save")
    assert "Stored. It is pending" in form.text
    assert len(folder.latest(settings, 10)) == 1
    assert len(Store.open(settings).of_claim(claims[0].key)) == 1


def test_a_folder_that_cannot_be_written_is_said(settings: Settings, claims: list[Claim]) -> None:
    settings.paper_remittances_dir.write_text("in the way")
    form = filled(claims[0]).press("save")
    assert "cannot be read or written now" in form.text
    assert form.field("adjusted").value == "20"
    assert Store.open(settings).recent() == []


def test_who_is_limited_enters_for_their_own_organizations_only(
    settings: Settings, claims: list[Claim], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, _, others = claims
    filled(mine, "1").press("save")
    filled(others, "2").press("save")
    monkeypatch.setattr(viewer, "read", lambda *_: Viewer("bo", organizations=(mine.facility_id,)))
    form = filled(mine, "3").press("save")
    assert form.page.column("Paper remittances", "Check or EFT") == ["3", "1"]
    for form in (Form(id=others.key), Form().add(others.key)):
        assert "of an organization that is not yours" in form.text
        assert "Check or EFT number" not in [one.label for one in form.page.app.text_input]
    monkeypatch.setattr(viewer, "read", lambda *_: Viewer("chief", "leadership"))
    assert DeskPage("paper_remittance", id=mine.key).title == "Not shown to you"


def test_an_entry_is_in_the_audit_log(claims: list[Claim], tmp_path: Path) -> None:
    handler = audit.log_file(tmp_path / "audit.log")
    audit.LOGGER.addHandler(handler)
    try:
        filled(claims[0]).press("save")
    finally:
        audit.LOGGER.removeHandler(handler)
    said = map(json.loads, (tmp_path / "audit.log").read_text().splitlines())
    [entered] = [one for one in said if one["event_type"] == "ENTERED"]
    assert entered["claims"] == [claims[0].key]
    assert entered["resource"].startswith("clearinghouse/paper_")


def test_of_several_claims_with_a_number_one_is_chosen(built: Built) -> None:
    with open_published(built.settings.published_dir, "operations") as con:
        number, charges = con.execute(
            "select claim_id, list(charge_amount order by service_date desc, claim_key) "
            "from fct_claims group by claim_id having count(*) > 1 and min(charge_amount) > 0 "
            "order by claim_id limit 1"
        ).fetchall()[0]
    form = Form().add(number)
    which = form.field("which")
    assert len(which.options) == len(charges)
    which.select_index(1)
    form.page.run()
    form.press("this")
    assert form.field("charge").value == f"{charges[1]:.2f}"


@pytest.mark.parametrize("asked", ["nothing", "<img src=x onerror=alert(1)>", "x" * 100_000])
def test_a_claim_that_does_not_exist_is_said(asked: str) -> None:
    form = Form(id=asked)
    assert "There is no such claim in these figures" in form.text
    assert "onerror" not in form.page.markup
    assert "There is no such claim" in form.add(asked).text


def test_the_way_to_the_page_stands_where_it_is_needed(claims: list[Claim]) -> None:
    claim = claims[0]
    assert f"paper-remittance?id={claim.key}" in DeskPage("claim", id=claim.key).markup
    assert 'href="paper-remittance"' in DeskPage("quality").markup
