"""What the reference systems got wrong about money, each on a hand-made hospital, and right here.

Visit E1 (2 units of 99213, 2.60 wRVU) is billed by claims C1, C2 and C3, under two plans of one
payer. The payer pays C1 twice over, denies C2 whole for three reasons, takes C3 back, and pays C9,
which nobody sent.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from rcm_platform.lake import UNDATED
from rcm_platform.warehouse.parsed_project import ParsedProject
from rcm_platform_tests.support.handmade import Warehouse, empty_warehouse, land, moment, one_visit

MARTS = ("fct_claims", "fct_claim_lines", "fct_remittances", "fct_encounters", "fct_claim_events",
         "mart_ar_aging", "mart_ar_rollforward", "mart_data_exceptions",
         "mart_clinician_productivity", "dim_health_plan", "fct_ledger_entries",
         "int_denial__work")  # fmt: skip
VISIT, PAID, TAKEN_BACK = date(2025, 3, 1), date(2025, 3, 15), date(2025, 4, 20)


def dollars(text: str) -> Decimal:
    return Decimal(text)


def charge(warehouse: Warehouse, number: str, claim: str, amount: str, plan: str) -> None:
    land(
        warehouse.lake, "hospital_a", "transactions", VISIT,
        {
            "transactionid": number, "encounterid": "E1", "patientid": "P1", "providerid": "D1",
            "deptid": "X1", "claimid": claim, "payorid": "PAY1", "servicedate": VISIT,
            "amounttype": "Charge", "amount": dollars(amount), "procedurecode": "99213",
            "lineofbusiness": plan, "modifieddate": moment(f"{VISIT}T09:00:00"),
        },
    )  # fmt: skip


def remittance(warehouse: Warehouse, day: date, sha: str, *claims: dict[str, Any]) -> None:
    """An 835 with claims: number, status, charge, paid, and (line, group, reason, amount) each."""
    head = {"interchange_sha256": sha, "transaction_no": 1}
    total = sum((dollars(claim["paid"]) for claim in claims), Decimal(0))
    payment = {"payment_amount": total, "payment_date": day, "trace_number": sha, "payee_npi": "1",
               "payer_id": "PAY1", "payer_name": "Payer"}  # fmt: skip
    rows: dict[str, list[dict[str, Any]]] = {
        "remit_payments": [{**head, **payment, "segment_no": 2}]
    }
    for number, claim in enumerate(claims, 1):
        place = {**head, "claim_no": number, "segment_no": number * 100}
        rows.setdefault("remit_claims", []).append(
            {
                **place, "patient_control_number": claim["id"],
                "claim_status_code": claim["status"], "charge_amount": dollars(claim["charge"]),
                "paid_amount": dollars(claim["paid"]),
                "payer_claim_number": claim.get("payer_number"),
            }
        )  # fmt: skip
        for line, (control, billed, paid) in enumerate(claim.get("lines", []), 1):
            rows.setdefault("remit_lines", []).append(
                {
                    **place, "line_no": line, "segment_no": number * 100 + line * 10,
                    "procedure_code": "99213", "line_control_number": control,
                    "charge_amount": dollars(billed), "paid_amount": dollars(paid),
                }
            )  # fmt: skip
        for order, (on_line, group, reason, amount) in enumerate(claim.get("adjustments", []), 1):
            rows.setdefault("remit_adjustments", []).append(
                {
                    **place, "line_no": on_line, "segment_no": number * 100 + 50 + order,
                    "adjustment_no": order, "group_code": group, "reason_code": reason,
                    "amount": dollars(amount),
                }
            )  # fmt: skip
    for table, found in rows.items():
        land(warehouse.lake, "x12", table, day, *found, system="clearinghouse")


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory, parsed_project: ParsedProject) -> Warehouse:
    warehouse = empty_warehouse(tmp_path_factory.mktemp("money"), parsed_project)
    ann = {"patientid": "P1", "firstname": "Ann", "lastname": "Lee"}
    one_visit(warehouse.lake, "hospital_a", VISIT, ann, "modifieddate")
    charge(warehouse, "T2", "C2", "120.00", "Medicare")
    charge(warehouse, "T3", "C3", "80.00", "Medicaid")
    facility = {"facility_name": "One", "source_system": "hospital_a", "npi": "1", "tin": "2"}
    land(warehouse.lake, "operations", "facilities", UNDATED, {"facility_id": "HOSP_A", **facility})
    payer = {"payer_id": "PAY1", "payer_name": "Payer", "payer_class": "Commercial"}
    land(warehouse.lake, "operations", "payers", UNDATED, payer)
    remittance(
        warehouse, PAID, "first",
        {"id": "C1", "status": "1", "charge": "200.00", "paid": "180.00",
         "lines": [("T1", "200.00", "180.00")], "adjustments": [(1, "CO", "45", "20.00")]},
        {"id": "C2", "status": "4", "charge": "120.00", "paid": "0.00",
         "lines": [(None, "120.00", "0.00")],
         "adjustments": [(1, "CO", "16", "60.00"), (1, "CO", "97", "40.00"),
                         (1, "PR", "1", "20.00")]},
        {"id": "C3", "status": "1", "charge": "80.00", "paid": "80.00",
         "lines": [("T3", "80.00", "80.00")]},
        {"id": "C9", "status": "1", "charge": "25.00", "paid": "25.00"},
    )  # fmt: skip
    remittance(
        warehouse, TAKEN_BACK, "second",
        {"id": "C1", "status": "1", "charge": "200.00", "paid": "180.00",
         "lines": [("T1", "200.00", "180.00")], "adjustments": [(1, "CO", "45", "20.00")]},
        {"id": "C3", "status": "22", "charge": "-80.00", "paid": "-80.00",
         "lines": [("T3", "-80.00", "-80.00")]},
    )  # fmt: skip
    for number, activity in enumerate(("Denial Work", "DENIAL WORK", " denial work ", "Coding")):
        task = {"workid": f"W{number}", "claimid": "C2", "activity": activity, "minutes": 30}
        when = {"workdate": PAID, "modifieddate": moment(f"{PAID}T09:00:00")}
        land(warehouse.lake, "hospital_a", "work_log", PAID, {**task, **when})
    warehouse.dbt(
        "build", "--resource-type", "model", "--resource-type", "seed", "--select",
        *(f"+{mart}" for mart in MARTS), as_of="2025-06-30",
    )  # fmt: skip
    return warehouse


def rows(hospital: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    return [
        tuple(str(value) if isinstance(value, Decimal) else value for value in row)
        for row in hospital.query(sql)
    ]


def test_two_claims_of_one_visit_do_not_double_its_work(hospital: Warehouse) -> None:
    claims = "select count(*) from marts.fct_claims where encounter_key is not null"
    assert hospital.query(claims) == [(3,)]
    for mart in ("fct_encounters", "fct_claim_lines", "mart_clinician_productivity"):
        assert rows(hospital, f"select sum(work_rvu) from marts.{mart}") == [("2.60",)], mart


def test_work_on_denials_is_found_whatever_its_casing(hospital: Warehouse) -> None:
    assert hospital.query(
        "select count(*), count(distinct claim_key) from intermediate.int_denial__work"
    ) == [(3, 1)]


def test_money_is_joined_by_claim_and_never_by_patient(hospital: Warehouse) -> None:
    billed = "select sum(charge_amount) from marts.fct_claims where known_from = 'billing system'"
    lines = "select sum(charge_amount) from marts.fct_claim_lines where encounter_key is not null"
    visits = "select sum(charge_amount) from marts.fct_encounters"
    for query in (billed, lines, visits):
        assert rows(hospital, query) == [("400.00",)], query


def test_several_plans_of_a_payer_do_not_multiply_its_claims(hospital: Warehouse) -> None:
    # the plans of Medicare and Medicaid are one payer's
    assert hospital.query("select count(*) from marts.dim_health_plan") == [(2,)]
    aged = "select sum(open_amount), sum(credit_amount) from marts.mart_ar_aging where {}"
    where = "age_basis = 'service' and balance_date = '2025-06-30'"
    assert rows(hospital, aged.format(where)) == [("200.00", "-200.00")]
    flows = "select sum(charge_amount), sum(payer_cash_amount) from marts.mart_ar_rollforward"
    assert rows(hospital, flows) == [("425.00", "385.00")]


def test_the_balance_is_the_latest_and_not_the_highest(hospital: Warehouse) -> None:
    """C3 was open, was paid, and is open again: each month tells its own balance."""
    found = rows(
        hospital,
        """select balance_month, balance_amount from intermediate.int_receivable__month_end
        inner join marts.fct_claims using (claim_key) where claim_id = 'C3' order by 1""",
    )
    assert found == [(date(2025, month, 1), "80.00") for month in (4, 5, 6)]
    assert rows(
        hospital,
        "select open_amount from marts.fct_claims where claim_id in ('C1', 'C3') order by 1",
    ) == [("-200.00",), ("80.00",)]


def test_an_overpaid_claim_is_a_credit_and_a_denied_one_is_not_closed(
    hospital: Warehouse,
) -> None:
    found = rows(
        hospital,
        """select claim_id, claim_status, open_amount, denied_amount from marts.fct_claims
        where claim_id in ('C1', 'C2') order by 1""",
    )
    assert found == [("C1", "credit", "-200.00", "0.00"), ("C2", "denied", "120.00", "100.00")]
    credits = """select sum(credit_claim_count), sum(credit_amount) from marts.mart_ar_aging
        where age_basis = 'service' and balance_month = '2025-06-01'"""
    assert rows(hospital, credits) == [(1, "-200.00")]


def test_every_reason_of_a_remittance_is_kept(hospital: Warehouse) -> None:
    reasons = """select reason_code, memo_amount, line_id from marts.fct_ledger_entries
        inner join marts.fct_claims using (claim_key)
        left join marts.fct_claim_lines using (claim_line_key)
        where fct_claims.claim_id = 'C2' and event_type <> 'CHARGE' order by 1"""
    assert rows(hospital, reasons) == [
        ("1", "20.00", "T2"), ("16", "60.00", "T2"), ("97", "40.00", "T2"),
    ]  # fmt: skip
    count = """select reason_count, denied_amount, patient_responsibility_amount
        from marts.fct_remittances where claim_id = 'C2'"""
    assert rows(hospital, count) == [(3, "100.00", "20.00")]


def test_money_of_an_unknown_claim_is_kept_and_listed_with_its_age(hospital: Warehouse) -> None:
    assert rows(
        hospital,
        """select sum(cash_amount) from marts.fct_ledger_entries
        inner join marts.fct_claims using (claim_key) where claim_id = 'C9'""",
    ) == [("25.00",)]
    assert rows(
        hospital,
        "select match_method, paid_amount from marts.fct_remittances where claim_id = 'C9'",
    ) == [("none", "25.00")]
    assert rows(
        hospital,
        """select unmatched_bucket, finding_amount, age_days, is_open
        from marts.mart_data_exceptions where record_id = 'C9'""",
    ) == [("remittance for an unknown claim", "25.00", 107, True)]


def test_every_path_to_the_cash_tells_the_same_sum(hospital: Warehouse) -> None:
    for query in (
        "select sum(cash_amount) from marts.fct_ledger_entries",
        "select sum(paid_amount) from marts.fct_remittances",
        "select sum(payer_paid_amount) from marts.fct_claims",
        "select sum(payer_cash_amount) from marts.mart_ar_rollforward",
        "select sum(event_amount) from marts.fct_claim_events where actor = 'payer'",
    ):
        assert rows(hospital, query) == [("385.00",)], query
