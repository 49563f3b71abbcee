"""The analysis pages of the desk on the finished run: their figures are the marts'."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rcm_platform.desk import format as written
from rcm_platform.desk import viewer
from rcm_platform.desk.viewer import Viewer
from rcm_platform.publish.versions import open_published
from rcm_platform_tests.conftest import Built
from rcm_platform_tests.support.desk_pages import DeskPage

PLACE = "Lakeshore General Hospital"
OF_PLACE = (
    f"facility_key in (select facility_key from dim_facility where facility_name = '{PLACE}')"
)


@pytest.fixture(autouse=True)
def _desk_of_the_run(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RCM_HOME", str(built.settings.home))
    monkeypatch.setenv("RCM_WORLD_SIZE", "tiny")


def rows(built: Built, sql: str, audience: str = "operations") -> list[Any]:
    with open_published(built.settings.published_dir, audience) as con:
        found = con.execute(sql).fetchall()
    return [row[0] if len(row) == 1 else row for row in found]


def short(amounts: list[Decimal]) -> list[str]:
    return [written.short_money(amount) for amount in amounts]


KPIS = {
    "payers": ["first_pass_yield", "days_to_first_payment", "underpayment_rate"],
    "clinicians": ["collections_per_wrvu", "charge_lag_days"],
    "revenue": ["net_patient_service_revenue", "net_collection_rate", "cost_to_collect"],
    "claims_performance": ["clean_claim_rate", "final_denial_rate", "gross_collection_rate"],
    "operations": ["dnfb_days", "insurance_verification_rate"],
}


@pytest.mark.parametrize("name", list(KPIS))
@pytest.mark.parametrize("place", ["", PLACE])
def test_kpis_are_of_the_organization_that_is_chosen(built: Built, name: str, place: str) -> None:
    page = DeskPage(name, **({"organization": place} if place else {}))
    scope = (
        f"aggregation_level = 'facility' and {OF_PLACE}"
        if place
        else ("aggregation_level = 'total'")
    )
    for kpi in KPIS[name]:
        [(label, unit, value)] = rows(
            built,
            "select label, unit, kpi_value from mart_kpi_monthly join kpi_registry using (kpi) "
            f"where kpi = '{kpi}' and {scope} and kpi_value is not null "
            "order by is_mature desc, period_month desc limit 1",
        )
        assert page.tiles[label] == written.measure(value, unit)
        assert f"/trace/kpi/{kpi}?month=" in page.markup


def test_a_kpi_of_several_payers_is_said_to_be_none(built: Built) -> None:
    payers = rows(built, "select distinct payer_name from mart_payer_performance order by 1")[:2]
    page = DeskPage("payers", payer=payers)
    assert "choose one of each at most" in page.text
    assert "First-pass yield" not in page.tiles


def test_payers_are_the_marts(built: Built) -> None:
    page = DeskPage("payers")
    found = rows(
        built,
        "select payer_name, sum(claim_count), sum(open_amount) from mart_payer_performance "
        "group by all order by sum(open_amount) desc, payer_name",
    )
    assert page.column("Payers", "Claims") == [written.count(row[1]) for row in found]
    assert [one.split()[-2:] for one in page.column("Payers", "Open")] == [
        one.split()[-2:] for one in short([row[2] for row in found])
    ]
    lines = rows(
        built,
        "select underpaid_amount from fct_underpayments where is_underpaid "
        "order by underpaid_amount desc, claim_line_key limit 15",
    )
    assert lines
    assert page.column("Underpaid lines", "Underpaid") == list(map(written.money, lines))


@pytest.mark.parametrize(
    ("who", "mart"),
    [
        (Viewer("ann"), "mart_clinician_productivity"),
        (Viewer("chief", "leadership"), "mart_clinician_scorecard"),
        (Viewer("ada", "operations", ("HOSP_B",)), "mart_clinician_productivity"),
        (Viewer("cy", "leadership", ("HOSP_B",)), "mart_clinician_scorecard"),
    ],
    ids=lambda one: one.name if isinstance(one, Viewer) else "",
)
def test_clinicians_are_the_mart_of_who_looks(
    built: Built, monkeypatch: pytest.MonkeyPatch, who: Viewer, mart: str
) -> None:
    monkeypatch.setattr(viewer, "read", lambda *_: who)
    page = DeskPage("clinicians")
    scope = (
        "true"
        if who.organizations is None
        else "facility_key in (select facility_key from dim_facility where facility_id = 'HOSP_B')"
    )
    found = rows(
        built,
        f"select sum(charge_amount), sum(cohort_cash_amount) from {mart} where {scope} "
        "group by provider_name, specialty order by 1 desc, provider_name limit 60",
        who.audience,
    )
    assert found
    assert page.column("Clinicians", "Charged") == short([row[0] for row in found])
    [(charged, cash)] = rows(
        built,
        f"select sum(charge_amount), sum(cohort_cash_amount) from {mart} where {scope}",
        who.audience,
    )
    assert page.tiles["Charged"] == written.short_money(charged)
    assert page.tiles["Cash"] == written.short_money(cash)


def test_receivables_add_up_from_month_to_month(built: Built) -> None:
    table = DeskPage("revenue").table("Receivables from month to month")
    months = [month for month in table[0] if month]
    closing = rows(
        built,
        "select sum(closing_amount) from mart_ar_rollforward group by ledger_month "
        "order by ledger_month desc limit 6",
    )
    assert [table[-1][month] for month in months] == list(map(written.money, closing[::-1]))
    for month in months:
        total = Decimal(0)
        for line in table[:-1]:
            amount = Decimal(line[month].replace("$", "").replace(",", ""))
            total += -amount if line[""].startswith("less:") else amount
        assert written.money(total) == table[-1][month]


def test_claims_by_state_are_the_mart(built: Built) -> None:
    page = DeskPage("claims_performance", organization=PLACE)
    found = rows(
        built,
        "select sum(claim_count), sum(charge_amount), sum(outstanding_amount) "
        f"from mart_claims_overview where {OF_PLACE} group by claim_status "
        "order by 1 desc, claim_status",
    )
    assert page.column("Claims by state", "Charged") == [written.money(row[1]) for row in found]
    assert page.column("Claims by state", "Open") == [written.money(row[2]) for row in found]


def test_patients_are_the_marts(built: Built) -> None:
    page = DeskPage("patients")
    [(persons, value)] = rows(
        built, "select count(*), sum(lifetime_value_amount) from mart_patient_summary"
    )
    assert page.tiles["Persons"] == written.count(persons)
    assert page.tiles["Lifetime value"] == written.short_money(value)
    page.app.segmented_control(key="patients_order").set_value("open_amount")
    page.run()
    most = rows(
        built,
        "select open_amount from mart_patient_summary order by 1 desc, person_key limit 25",
    )
    assert page.column("Persons", "Open") == list(map(written.money, most))


def test_steps_and_waiting_visits_are_the_marts(built: Built) -> None:
    page = DeskPage("operations")
    late = rows(
        built,
        "select sum(late_count) from mart_billing_lag group by step_number order by step_number",
    )
    assert page.column("Steps from visit to bill", "Late") == list(map(written.count, late))
    waiting = rows(
        built,
        "select sum(estimated_charge_amount) from mart_unbilled "
        "group by unbilled_class, unbilled_reason order by 1 desc, unbilled_reason",
    )
    shown = page.column("Visits that are not billed", "Expected charges")
    assert shown == list(map(written.money, waiting))
