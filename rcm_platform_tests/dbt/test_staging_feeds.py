"""The feeds around visits and money: staged in one language, each version or the last of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from rcm_platform.lake import UNDATED
from rcm_platform.warehouse.parsed_project import ParsedProject
from rcm_platform_tests.support.handmade import Warehouse, empty_warehouse, land, moment

DAY, LATER, TOO_LATE = date(2025, 3, 1), date(2025, 3, 9), date(2026, 1, 2)


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory, parsed_project: ParsedProject) -> Warehouse:
    """One row or two of each feed, and all of staging built and tested over them."""
    warehouse = empty_warehouse(tmp_path_factory.mktemp("feeds"), parsed_project)
    lake = warehouse.lake
    for hospital in ("hospital_a", "hospital_b"):
        for day, status in ((DAY, "open "), (LATER, "SIGNED"), (TOO_LATE, "Queried")):
            land(
                lake,
                hospital,
                "encounter_status",
                day,
                {
                    "encounterid": "E1",
                    "documentationstatus": status,
                    "modifieddate": moment(f"{day}T07:00:00"),
                },
            )
        visit = {"encounterid": " E1", "patientid": "P1", "modifieddate": moment("2025-03-01")}
        land(
            lake,
            hospital,
            "appointments",
            DAY,
            {**visit, "appointmentid": "A1", "visittype": "Office Visit", "status": "NO SHOW"},
        )
        check = {**visit, "checkid": "K1", "payorid": "1", "status": "not found"}
        land(lake, hospital, "eligibility_checks", DAY, check)
        land(lake, hospital, "authorizations", DAY, {**visit, "authid": "U1", "status": "denied"})
        coded = {"encounterid": "E1", "diagnosisid": "X1", "icdcode": "I10", "sequence": 1}
        land(lake, hospital, "diagnoses", DAY, coded)
        land(lake, hospital, "staff", TOO_LATE, {"staffid": "S1", "role": "denial specialist"})
        work = {"workid": "W1", "staffid": "S1", "activity": "denial work", "minutes": 25}
        land(lake, hospital, "work_log", DAY, {**work, "encounterid": "E1", "claimid": "C1"})
    posting = {"gl_id": "G1", "hospital": "HOSP_A", "posting_date": "2025-03-01"}
    posting |= {"account": "cash - payers", "trace_number": "TRN1"}
    for day, period, amount in ((DAY, "2025-02-01", "10.00"), (LATER, "2025-03-31", "-10.5")):
        restated = {**posting, "accounting_period": period, "amount": amount}
        land(lake, "treasury", "gl_postings", day, restated)
    deposit = {"hospital": "HOSP_A", "trace_number": "TRN1", "amount": "10.00"}
    days = ("2025-03-02", "2025-03-31", "2025-04-02", "2099-01-01", "0025-03-01")
    for number, day in enumerate(days):
        given = {**deposit, "deposit_id": f"B{number}", "deposit_date": day}
        land(lake, "treasury", "bank_deposits", DAY, given)
    # blanks around a number do not make another of it
    again = {**deposit, "deposit_id": "B0 ", "deposit_date": "2025-03-03"}
    # nor does the segment that came with it of that of the payment
    again |= {"trace_number": " TRN*1*TRN1*1512345678"}
    land(lake, "treasury", "bank_deposits", LATER, again)
    ahead = {**posting, "gl_id": "G2", "posting_date": "2205-03-01", "amount": "5.00"}
    land(lake, "treasury", "gl_postings", DAY, {**ahead, "accounting_period": "2205-03-01"})
    cost = {"facility_id": "HOSP_A", "cost_amount": "7.00"}
    for month, day in (("2025-01-01", DAY), ("2025-01-01T00:00:00", LATER), ("2099-01-01", DAY)):
        land(lake, "operations", "facility_costs", day, {**cost, "month": month})
    split = {**cost, "department_id": "all", "month": "2099-01-02", "service_type": "All"}
    land(lake, "operations", "facility_costs", DAY, split)
    exported = {"claimid": "C1", "claimamount": "9.00", "servicedate": "2025-02-01"}
    land(lake, "claims_csv", "claims", DAY, {**exported, "claimdate": "2205-02-03"})
    target = {"facility_id": "HOSP_A", "provider_id": "D1", "year": "2025", "fte": "0.80"}
    land(lake, "operations", "clinician_targets", DAY, {**target, "work_rvu_target": "3840.50"})
    terms = {"contract_id": "K1", "payer_id": "1", "facility_id": "HOSP_A", "end_date": None}
    terms |= {"effective_date": "2024-01-01"}
    land(
        lake,
        "operations",
        "payer_contracts",
        DAY,
        {**terms, "service_category": "Professional", "method": "Percent of Medicare",
         "rate": "112.5", "is_lesser_of": "TRUE"},
        {**terms, "service_category": "inpatient", "method": "fee schedule",
         "rate": None, "is_lesser_of": "false"},
    )  # fmt: skip
    fee = {"schedule_id": "MEDICARE", "procedure_code": "99213", "end_date": None}
    for effective, amount in (("2024-01-01", "89.00"), ("2025-01-01", "91.00")):
        fees = {**fee, "effective_date": effective, "fee_amount": amount}
        land(lake, "operations", "fee_schedules", DAY, fees)
    payer = {"payer_id": "2", "payer_name": "Two", "payer_class": "Other", "merged_into": "1"}
    land(lake, "operations", "payers", UNDATED, payer)
    interchange: dict[str, Any] = {"interchange_sha256": "s1", "transaction_no": 1}
    answer = {**interchange, "acknowledged_gs_control_number": "17", "group_status": "P"}
    land(
        lake,
        "x12",
        "functional_acks",
        DAY,
        {**answer, "response_no": 1, "acknowledged_st_control_number": "1"},
        {**answer, "response_no": 2, "acknowledged_st_control_number": "2", "received_count": 2},
    )
    batch = {**interchange, "batch_reference": " B1 ", "rejected_amount": Decimal("300.00")}
    land(
        lake,
        "x12",
        "ack_batches",
        DAY,
        {**batch, "batch_no": 1, "level_code": "21", "action_code": "U"},
        {**batch, "batch_no": 2, "parent_batch_no": 1, "level_code": "19"},
    )
    answered = {**interchange, "claim_no": 1, "segment_no": 18}
    land(
        lake,
        "x12",
        "ack_claims",
        DAY,
        {**answered, "batch_no": 2},
        # loaded before answers to batches were kept
        {**answered, "claim_no": 2},
    )
    land(lake, "x12", "remit_payments", DAY, {**interchange, "payment_amount": Decimal(0)})
    claim = {**interchange, "claim_no": 1}
    land(lake, "x12", "remit_claims", DAY, {**claim, "original_payer_claim_number": " PCN0 "})
    remark = {**claim, "code_list": "HE", "remark_code": "n30"}
    land(
        lake,
        "x12",
        "remit_remarks",
        DAY,
        {**remark, "remark_no": 1, "remark_segment": "MOA"},
        {**remark, "remark_no": 2, "remark_segment": "LQ", "line_no": 1},
    )
    stay = {**claim, "claim_form": "I", "bill_type_code": "11", "drg_code": "291"}
    stay |= {"prior_payer_paid_amount": Decimal("80.50"), "statement_to_date": LATER}
    land(lake, "x12", "submitted_claims", DAY, stay)
    warehouse.dbt("build", "--select", "staging", "--indirect-selection", "buildable")
    return warehouse


def test_each_version_of_what_a_hospital_says_is_kept(staged: Warehouse) -> None:
    assert staged.query(
        "select source_system, encounter_id, documentation_status "
        "from staging.stg_hospital__encounter_status order by 1, recorded_date"
    ) == [
        ("hospital_a", "E1", "Open"),
        ("hospital_a", "E1", "Signed"),
        ("hospital_b", "E1", "Open"),
        ("hospital_b", "E1", "Signed"),
    ]


@pytest.mark.parametrize(
    ("table", "columns", "row"),
    [
        ("appointments", "encounter_id, appointment_status, visit_type",
         ("E1", "No Show", "office visit")),
        ("eligibility_checks", "eligibility_check_id, eligibility_status", ("K1", "Not Found")),
        ("authorizations", "authorization_id, authorization_status", ("U1", "Denied")),
        ("diagnoses", "diagnosis_code, diagnosis_no", ("I10", 1)),
        # a list without dates applies to every reporting date
        ("staff", "staff_id, staff_role", ("S1", "Denial Specialist")),
        ("work_log", "activity, work_minutes, claim_id", ("Denial Work", 25, "C1")),
    ],
)  # fmt: skip
def test_codes_have_one_casing(
    staged: Warehouse, table: str, columns: str, row: tuple[object, ...]
) -> None:
    assert staged.query(
        f"select source_system, {columns} from staging.stg_hospital__{table} order by 1"
    ) == [("hospital_a", *row), ("hospital_b", *row)]


def test_the_posting_received_last_applies(staged: Warehouse) -> None:
    assert staged.query(
        "select gl_account, posting_amount, accounting_period "
        "from staging.stg_treasury__gl_postings where gl_id = 'G1'"
    ) == [("Cash - Payers", Decimal("-10.50"), date(2025, 3, 1))]


def test_a_date_of_a_file_that_cannot_be_true_is_the_day_of_its_arrival(staged: Warehouse) -> None:
    assert staged.query(
        "select deposit_id, deposit_date, has_false_date from staging.stg_treasury__bank_deposits "
        "order by 1"
    ) == [
        ("B0", date(2025, 3, 3), False),
        ("B1", date(2025, 3, 31), False),
        ("B2", DAY, True),
        ("B3", DAY, True),
        ("B4", DAY, True),
    ]
    assert staged.query(
        "select distinct trace_number from staging.stg_treasury__bank_deposits"
    ) == [("TRN1",)]
    assert staged.query(
        "select posting_date, accounting_period, has_false_date "
        "from staging.stg_treasury__gl_postings where gl_id = 'G2'"
    ) == [(DAY, DAY, True)]
    assert staged.query(
        "select service_date, claim_date, has_false_date from staging.stg_claims_csv__claims"
    ) == [(date(2025, 2, 1), None, True)]


def test_a_cost_of_a_month_that_cannot_be_true_is_of_none(staged: Warehouse) -> None:
    assert staged.query(
        "select stated_date, cost_month, recorded_date from staging.stg_operations__facility_costs "
        "order by 1"
    ) == [
        (date(2025, 1, 1), date(2025, 1, 1), LATER),
        (date(2099, 1, 1), None, DAY),
        (date(2099, 1, 2), None, DAY),
    ]


def test_terms_and_targets_are_numbers_and_flags(staged: Warehouse) -> None:
    assert staged.query(
        "select service_category, contract_method, contract_rate, is_lesser_of, end_date "
        "from staging.stg_operations__payer_contracts order by 1"
    ) == [
        ("Inpatient", "fee schedule", None, False, None),
        ("Professional", "percent of medicare", Decimal("112.50"), True, None),
    ]
    assert staged.query(
        "select target_year, fte, work_rvu_target from staging.stg_operations__clinician_targets"
    ) == [(2025, Decimal("0.80"), Decimal("3840.50"))]
    assert staged.query(
        "select effective_date, fee_amount from staging.stg_operations__fee_schedules order by 1"
    ) == [(date(2024, 1, 1), Decimal("89.00")), (date(2025, 1, 1), Decimal("91.00"))]
    assert staged.query("select merged_into from staging.stg_operations__payers") == [("1",)]


def test_a_claim_finds_what_is_answered_to_its_provider_and_its_receiver(
    staged: Warehouse,
) -> None:
    assert staged.query(
        "select claims.claim_no, batches.level_code, parents.level_code, parents.action_code, "
        "parents.batch_reference, parents.rejected_amount "
        "from staging.stg_x12__ack_claims as claims "
        "left join staging.stg_x12__ack_batches as batches using (ack_batch_key) "
        "left join staging.stg_x12__ack_batches as parents "
        "on batches.parent_ack_batch_key = parents.ack_batch_key order by 1"
    ) == [(1, "19", "21", "U", "B1", Decimal("300.00")), (2, None, None, None, None, None)]


def test_traffic_keeps_answers_remarks_and_earlier_payers(staged: Warehouse) -> None:
    assert staged.query(
        "select count(distinct functional_ack_key), max(received_count) "
        "from staging.stg_x12__functional_acks where acknowledged_gs_control_number = '17'"
    ) == [(2, 2)]
    assert staged.query(
        "select remark_segment, line_no, remark_code, original_payer_claim_number "
        "from staging.stg_x12__remit_remarks "
        "join staging.stg_x12__remit_claims using (remit_claim_key) order by remark_no"
    ) == [("MOA", None, "N30", "PCN0"), ("LQ", 1, "N30", "PCN0")]
    assert staged.query(
        "select claim_form, bill_type_code, drg_code, prior_payer_paid_amount, statement_to_date "
        "from staging.stg_x12__submitted_claims"
    ) == [("I", "11", "291", Decimal("80.50"), LATER)]
