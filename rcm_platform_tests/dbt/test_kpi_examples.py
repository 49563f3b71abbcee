"""A dozen claims, and what the published definition of each KPI makes of them, worked by hand.

The answers follow HFMA MAP Keys or the report that a KPI names (`standard` of the registry), with
the arithmetic beside them; nothing here is taken from a query of ours. Every claim is of one
hospital. Four are of April, four of May and four of June 2025; all charge 1,000 but h10 (1,200) and
h11 (800), and the insured ones are expected to bring in 40 %. Asked at the end of 2025, when all
months are mature.

| claim | service | what happens |
|---|---|---|
| h01 | 10 April | sent on the 14th, paid 360 on 5 May; the patient pays 20 at once, 20 on 5 May |
| h02 | 12 April | sent on the 16th, denied on 6 May, sent again, paid 400 on 1 July |
| h03 | 15 April | sent on the 20th, rejected, sent again on the 25th, paid 400 on 15 May |
| h04 | 20 April | sent on the 22nd, denied on 20 May, given up on 20 June |
| h05 | 5 May | sent on the 7th, paid 380 on 30 May where the contract says 400 |
| h06 | 8 May | sent on the 10th, paid 320 on 7 June; the patient's 80 are bad debt on 29 June |
| h07 | 12 May | no plan, expected to bring in 200: pays 100 at the visit and 100 on 10 July |
| h08 | 20 May | no plan, expected to bring in 200: charity on 30 June |
| h09 | 3 June | sent on the 5th, paid 450 on 28 June where 400 was allowed: 50 too much |
| h10 | 10 June | sent on the 12th, never answered |
| h11 | 20 June | billed on the 22nd, sent on 2 July, never answered |
| h12 | 25 June | not billed by the end of the year |
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from rcm_platform_tests.support.handmade import PROJECT, Warehouse

CLAIMS = """
    (values
        ('h01', 'p', '2025-04-10', 1000, 400), ('h02', 'p', '2025-04-12', 1000, 400),
        ('h03', 'p', '2025-04-15', 1000, 400), ('h04', 'p', '2025-04-20', 1000, 400),
        ('h05', 'p', '2025-05-05', 1000, 400), ('h06', 'p', '2025-05-08', 1000, 400),
        ('h07', 's', '2025-05-12', 1000, 200), ('h08', 's', '2025-05-20', 1000, 200),
        ('h09', 'p', '2025-06-03', 1000, 400), ('h10', 'p', '2025-06-10', 1200, 480),
        ('h11', 'p', '2025-06-20', 800, 320), ('h12', 'p', '2025-06-25', 1000, 400)
    ) as t (claim, payer, service, charge, expected)
"""

#: (claim, day, event, what it does to the balance, cash)
LEDGER = """
    (values
        ('h01', '2025-04-10', 'PATIENT_PAYMENT', -20, 20),
        ('h01', '2025-05-05', 'PAYER_PAYMENT', -360, 360),
        ('h01', '2025-05-05', 'CONTRACTUAL', -600, 0),
        ('h01', '2025-05-05', 'PATIENT_PAYMENT', -20, 20),
        ('h02', '2025-07-01', 'PAYER_PAYMENT', -400, 400),
        ('h02', '2025-07-01', 'CONTRACTUAL', -600, 0),
        ('h03', '2025-05-15', 'PAYER_PAYMENT', -400, 400),
        ('h03', '2025-05-15', 'CONTRACTUAL', -600, 0),
        ('h04', '2025-06-20', 'DENIAL_WRITE_OFF', -1000, 0),
        ('h05', '2025-05-30', 'PAYER_PAYMENT', -380, 380),
        ('h05', '2025-05-30', 'CONTRACTUAL', -620, 0),
        ('h06', '2025-06-07', 'PAYER_PAYMENT', -320, 320),
        ('h06', '2025-06-07', 'CONTRACTUAL', -600, 0),
        ('h06', '2025-06-29', 'BAD_DEBT', -80, 0),
        ('h07', '2025-05-12', 'PATIENT_PAYMENT', -100, 100),
        ('h07', '2025-07-10', 'PATIENT_PAYMENT', -100, 100),
        ('h08', '2025-06-30', 'CHARITY', -1000, 0),
        ('h09', '2025-06-28', 'PAYER_PAYMENT', -450, 450),
        ('h09', '2025-06-28', 'CONTRACTUAL', -600, 0)
    ) as t (claim, day, event, ar, cash)
"""

#: What each day's news made of a claim's net value beyond its cash: the balance is worth so much
#: less or more. (claim, day, true-up of the payer, of denials, of the patient, cash, written off
#: for a denial)
NEWS = """
    (values
        ('h01', '2025-04-10', 0, 0, 0, 20, 0), ('h01', '2025-05-05', 0, 0, 0, 380, 0),
        ('h02', '2025-05-06', 0, -200, 0, 0, 0), ('h02', '2025-07-01', 0, 200, 0, 400, 0),
        ('h03', '2025-05-15', 0, 0, 0, 400, 0),
        ('h04', '2025-05-20', 0, -200, 0, 0, 0), ('h04', '2025-06-20', 0, -200, 0, 0, 400),
        ('h05', '2025-05-30', -20, 0, 0, 380, 0),
        ('h06', '2025-06-07', 0, 0, 0, 320, 0), ('h06', '2025-06-29', 0, 0, -80, 0, 0),
        ('h07', '2025-05-12', 0, 0, 0, 100, 0), ('h07', '2025-07-10', 0, 0, 0, 100, 0),
        ('h08', '2025-06-30', 0, 0, -200, 0, 0),
        ('h09', '2025-06-28', 0, 0, 0, 450, 0)
    ) as t (claim, day, payer_true_up, denial_true_up, patient_true_up, cash, denial_write_off)
"""

#: What was sent, answered and decided. An acknowledgement or a decision is (claim, day, what).
SENT = """
    (values
        ('h01', '2025-04-14'), ('h02', '2025-04-16'), ('h02', '2025-05-20'), ('h03', '2025-04-20'),
        ('h03', '2025-04-25'), ('h04', '2025-04-22'), ('h05', '2025-05-07'), ('h06', '2025-05-10'),
        ('h09', '2025-06-05'), ('h10', '2025-06-12'), ('h11', '2025-07-02')
    ) as t (claim, day)
"""
ANSWERED = """
    (values
        ('h01', '2025-04-15', 'accepted'), ('h02', '2025-04-17', 'accepted'),
        ('h03', '2025-04-21', 'rejected'), ('h03', '2025-04-26', 'accepted'),
        ('h04', '2025-04-23', 'accepted'), ('h05', '2025-05-08', 'accepted'),
        ('h06', '2025-05-11', 'accepted'), ('h09', '2025-06-06', 'accepted'),
        ('h10', '2025-06-13', 'accepted'), ('h11', '2025-07-03', 'accepted')
    ) as t (claim, day, status)
"""
DECIDED = """
    (values
        ('h01', '2025-05-05', 0), ('h02', '2025-05-06', 1000), ('h02', '2025-07-01', 0),
        ('h03', '2025-05-15', 0), ('h04', '2025-05-20', 1000), ('h05', '2025-05-30', 0),
        ('h06', '2025-06-07', 0), ('h09', '2025-06-28', 0)
    ) as t (claim, day, denied)
"""

#: Visits e01 to e12 are those of the claims. (visit, kind, leave of the payer, work, checked on)
VISITS = """
    (values
        ('e01', 'outpatient', 'not required', 1, '2025-04-09'),
        ('e02', 'outpatient', 'not required', 1, '2025-04-10'),
        ('e03', 'outpatient', 'not required', 1, '2025-04-14'),
        ('e04', 'outpatient', 'not required', 1, '2025-04-20'),
        ('e05', 'inpatient', 'approved', 2, null), ('e06', 'inpatient', 'missing', 3, null),
        ('e07', 'outpatient', 'not required', 1, '2025-06-02'),
        ('e08', 'outpatient', 'not required', 4, null),
        ('e09', 'outpatient', 'approved', 1, null), ('e10', 'outpatient', 'denied', 1, null),
        ('e11', 'outpatient', 'approved', 1, null), ('e12', 'outpatient', 'not required', 1, null)
    ) as t (visit, kind, leave, work, checked)
"""

TABLES = {
    "int_facility__current": "select 'f' as facility_key, 'h' as source_system,"
    " 'hospital' as facility_type",
    "int_payer__current": "from (values ('p', 'Commercial'), ('s', 'Self-pay'))"
    " as t (payer_key, payer_class)",
    "int_payer__identifiers": "select 'h' as source_system, 'P' as payer_id, 'p' as payer_key",
    "int_claim__headers": f"""
        select claim as claim_key, 'h' as source_system, 'e' || claim[2:] as encounter_key,
            payer as payer_key, 'f' as facility_key, cast(service as date) as service_date
        from {CLAIMS}""",
    "int_ledger__entries": f"""
        select claim || day || event as ledger_entry_key, claim as claim_key,
            payer as payer_key, 'f' as facility_key, event as event_type,
            cast(day as date) as event_date, cast(day as date) as recorded_date,
            ar as ar_amount, cash as cash_amount, 0 as memo_amount
        from {LEDGER} inner join (select claim, payer from {CLAIMS}) using (claim)
        union all
        select claim, claim, payer, 'f', 'CHARGE', cast(service as date), cast(service as date),
            charge, 0, 0
        from {CLAIMS}""",
    "int_valuation__entries": f"""
        select claim as claim_key, 'f' as facility_key, payer as payer_key,
            cast(day as date) as recorded_date, cast(service as date) as service_date,
            0 as expected_amount, payer_true_up as payer_true_up_amount,
            denial_true_up as denial_true_up_amount, patient_true_up as patient_true_up_amount,
            payer_true_up + denial_true_up + patient_true_up as net_revenue_amount,
            cash as cash_amount,
            payer_true_up + denial_true_up + patient_true_up - cash as net_balance_change_amount,
            denial_write_off as net_denial_write_off_amount
        from {NEWS} inner join (select claim, payer, service from {CLAIMS}) using (claim)
        union all
        select claim, 'f', payer, cast(service as date), cast(service as date),
            expected, 0, 0, 0, expected, 0, expected, 0
        from {CLAIMS}""",
    "int_claim__submissions": f"""
        select claim as claim_key, cast(day as date) as recorded_date,
            cast(day as date) as submitted_date
        from {SENT}""",
    "int_claim__acknowledgements": f"""
        select claim as claim_key, cast(day as date) as recorded_date, status as ack_status,
            row_number() over (partition by claim order by day) as ack_number
        from {ANSWERED}""",
    "int_claim__remits": f"""
        select claim || day as remit_claim_key, claim as claim_key, 'whole' as part,
            cast(day as date) as payment_date, cast(day as date) as recorded_date,
            true as is_decision, false as is_secondary, denied > 0 as is_denied,
            1000 as charge_amount, denied as denied_amount,
            row_number() over (partition by claim order by day) as decision_number
        from {DECIDED}""",
    "int_claim__remit_adjustments": f"""
        select claim || day as remit_claim_key, denied as amount, true as is_denial,
            'Coding' as category
        from {DECIDED} where denied > 0""",
    # the first decision of each insured claim: 400 expected, denied ones left out
    "int_contract__variances": f"""
        select claim as claim_key, 'f' as facility_key, 'p' as payer_key,
            cast(min(day) as date) as recorded_date, arg_min(denied, day) > 0 as is_denied,
            400 as expected_amount, if(claim = 'h05', 380, 400) as allowed_amount,
            if(claim = 'h05', 20, 0) as variance_amount, 4 as tolerance_amount,
            claim = 'h05' as is_underpaid, if(claim = 'h05', 20, 0) as underpaid_amount
        from {DECIDED} group by claim""",
    # posted two days after the service, h03 three, h04 six and h01 one day after it
    "int_claim__posted_charges": f"""
        select claim as claim_key, 'f' as facility_key, payer as payer_key, true as is_charge,
            cast(service as date) as service_date, cast(service as date) as last_service_date,
            cast(service as date) + case claim when 'h01' then 1 when 'h03' then 3
                when 'h04' then 6 else 2 end as posted_date,
            charge as amount
        from {CLAIMS}""",
    "int_account__waits": """
        from (values
            ('h11', 'e11', 'FBNS', date '2025-06-22', date '2025-07-02', 800),
            ('h12', 'e12', 'DNFB', date '2025-06-25', null, 1000)
        ) as t (claim_key, encounter_key, wait, from_date, to_date, amount)
        select *, 'f' as facility_key, 'p' as payer_key""",
    "int_encounter__current": f"""
        select visit as encounter_key, 'h' as source_system, kind as encounter_type,
            'f' as facility_key, cast(service as date) as encounter_date
        from {VISITS} inner join {CLAIMS} on 'e' || claim[2:] = visit""",
    "int_encounter__front_end": f"""
        select visit as encounter_key, 'h' as source_system, 'f' as facility_key,
            payer as payer_key, cast(service as date) as encounter_date,
            checked is not null and checked < '2025-04-20' as is_coverage_verified,
            leave as authorization_result, cast(service as date) as authorization_known_date
        from {VISITS} inner join {CLAIMS} on 'e' || claim[2:] = visit""",
    "int_encounter__enriched": f"""
        select visit as encounter_key, 'f' as facility_key, cast(service as date) as encounter_date,
            work as work_rvu
        from {VISITS} inner join {CLAIMS} on 'e' || claim[2:] = visit""",
    # of e07, who has no plan, cover was found three weeks after the visit
    "int_eligibility__current": f"""
        select visit as encounter_key, visit as appointment_key, 'h' as source_system,
            'p' as payer_key, cast(checked as date) as check_date, true as is_verified
        from {VISITS} where checked is not null""",
    "int_appointment__current": f"""
        select visit as appointment_key, visit as encounter_key,
            cast(service as date) as scheduled_date, 'Completed' as appointment_status
        from {VISITS} inner join {CLAIMS} on 'e' || claim[2:] = visit""",
    "int_staff__work": "select 'w' as work_key, 'h' as source_system,"
    " date '2025-05-10' as work_date, 200 as work_minutes",
    # h03 is billed by the facility, all others by a clinician
    "int_claim__service_types": f"""
        select claim as claim_key,
            case claim when 'h03' then 'facility' else 'professional' end as service_type
        from {CLAIMS}""",
    "int_facility__costs": """
        select kind as cost_key, 'f' as facility_key, date '2025-05-01' as cost_month,
            kind as service_type, amount as cost_amount
        from (values ('professional', 800), ('facility', 5000)) as t (kind, amount)""",
    "int_date__days": """
        select cast(day as date) as date_day, cast(date_trunc('month', day) as date)
            as month_start_date
        from generate_series(date '2025-04-01', date '2025-12-31', interval 1 day) as t (day)""",
    # a legacy export of a dozen claims of May, 1,000 each: six of them paid 400
    "stg_claims_csv__claims": """
        select 'h' as source_system, 'L' || n as claim_id, 'P' as payer_id,
            date '2025-05-15' as claim_date, 1000 as claim_amount,
            if(n <= 6, 400, 0) as paid_amount,
            case when n <= 3 then 'Approved' when n <= 7 then 'Paid' when n <= 9
                then 'Partially Paid' when n = 10 then 'Pending' when n = 11 then 'Denied'
                else 'Rejected' end as claim_status
        from range(1, 13) as t (n)""",
}

#: KPI → (month, numerator, denominator); the arithmetic stands beside it.
ANSWERS: dict[str, tuple[str, str, str | None]] = {
    # first remittances of May: h01 to h05; h02 and h04 are denied: 40 %
    "initial_denial_rate": ("2025-05", "2", "5"),
    "initial_denial_rate_dollars": ("2025-05", "2000", "5000"),
    # claims remitted in May are the same five
    "denial_rate_claims": ("2025-05", "2", "5"),
    "denial_rate_dollars": ("2025-05", "2000", "5000"),
    # of the claims first remitted in May dollars are given up for h04 alone
    "final_denial_rate": ("2025-05", "1", "5"),
    # h02: 1,000 contested, all of it won in July
    "overturn_rate": ("2025-07", "1000", "1000"),
    # sent in April: h01 passes; h02 and h04 are denied, h03 rejected: 25 %
    "first_pass_yield": ("2025-04", "1", "4"),
    # h01, h02 and h04 pass untouched (what happens after a decision does not count), h03 does not
    "clean_claim_rate": ("2025-04", "3", "4"),
    "front_end_rejection_rate": ("2025-04", "1", "4"),
    # first payments of May: h01 14 April to 5 May 21 days, h03 20 April to 15 May 25, h05 23 days:
    # 23 days on average
    "days_to_first_payment": ("2025-05", "69", "3"),
    # May: services 400 + 400 + 200 + 200, less 20 that h05 is paid short, less 200 that each of the
    # denied h02 and h04 is worth less
    "net_patient_service_revenue": ("2025-05", "780", None),
    # services of May: 380 + 400 + 200 + 200 to collect; paid 380 + 320 + 200 + 0: 76.3 %
    "net_collection_rate": ("2025-05", "900", "1180"),
    # services of May: the same 900 over charges of 4,000
    "gross_collection_rate": ("2025-05", "900", "4000"),
    # June: h04, expected to bring in 400, is given up; net revenue 400 + 480 + 320 + 400 of
    # services, less 200 for h04, 80 for h06 and 200 for h08
    "denial_write_off_rate": ("2025-06", "400", "1120"),
    # June: the 80 of h06 over charges of 4,000: 2 %
    "bad_debt_rate": ("2025-06", "80", "4000"),
    "charity_rate": ("2025-06", "1000", "4000"),
    # July: 400 of h02 and 100 of h07, times three, over the net revenue of April to June:
    # 1,600 + 780 + 1,120 = 3,500
    "cash_rate_of_net_revenue": ("2025-07", "1500", "3500"),
    # May: 200 minutes at 0.75, over cash of 380 + 400 + 380 + 100
    "cost_to_collect": ("2025-05", "150", "1260"),
    # open at the end of August: h07 800 (111 days), h10 1,200 (82), h11 800 (72), h12 1,000 (67);
    # h09 is a credit and in none of them
    "ar_over_30_rate": ("2025-08", "3800", "3800"),
    "ar_over_60_rate": ("2025-08", "3800", "3800"),
    "ar_over_90_rate": ("2025-08", "800", "3800"),
    # at the end of September h07 is 141 days old, h10 112, h11 102, h12 97
    "ar_over_120_rate": ("2025-09", "800", "3800"),
    # at the end of June h02 is worth 200 (half of what is denied comes back), h07 100, h09 -50,
    # h10 480, h11 320, h12 400: 1,450
    "net_receivables": ("2025-06", "1450", None),
    # these over 3,500 in 91 days: 37.7 days
    "net_days_in_ar": ("2025-06", "131950", "3500"),
    # 50 over 3,500 in 91 days: 1.3 days
    "credit_balance_days": ("2025-06", "4550", "3500"),
    # open at the end of the year and older than 60 days: h07 800, h10 1,200, h11 800, h12 1,000
    "dollars_at_risk": ("2025-12", "3800", None),
    # first decisions of May that are no denial: h01, h03, h05 at 400; h05 is 20 short, 4 tolerated
    "underpayment_rate": ("2025-05", "16", "1200"),
    "underpaid_dollars": ("2025-05", "20", None),
    # cash of May but the facility's 400 for h03, over 2 + 3 + 1 + 4 work RVUs: 86 each
    "collections_per_wrvu": ("2025-05", "860", "10"),
    # the cost of professional services, not the facility's 5,000
    "cost_per_wrvu": ("2025-05", "800", "10"),
    # kept appointments of April: e01, e02 and e03 were checked before the day, e04 on it
    "pre_registration_rate": ("2025-04", "3", "4"),
    "insurance_verification_rate": ("2025-04", "3", "4"),
    # stays of May: e05 approved, e06 missing; other visits of June: e09 and e11 of e09, e10, e11
    "authorization_rate_inpatient": ("2025-05", "1", "2"),
    "authorization_rate_outpatient": ("2025-06", "2", "3"),
    # without a plan in May: e07 and e08; of e07 cover was found
    "uninsured_conversion_rate": ("2025-05", "1", "2"),
    # patients' cash of May: 100 of h07 at the visit, 20 of h01 later
    "point_of_service_cash_rate": ("2025-05", "100", "120"),
    # posted in April: 1 + 2 + 3 + 6 days; h04 is more than 3 days late
    "charge_lag_days": ("2025-04", "12", "4"),
    "late_charge_rate": ("2025-04", "1000", "4000"),
    # at the end of June h12 is not billed and h11 billed and not sent; charges of April to June are
    # 12,000 in 91 days: 7.6 days, 6.1 days, and 13.7 together
    "dnfb_days": ("2025-06", "91000", "12000"),
    "fbns_days": ("2025-06", "72800", "12000"),
    "dnsp_days": ("2025-06", "163800", "12000"),
    # no claim of April is open and denied today
    "s1_denial_rate": ("2025-04", "0", "4"),
    # April: 400 + 400 + 400 + 0 of 4,000; of payers 360 + 400 + 400
    "s1_collection_rate": ("2025-04", "1200", "4000"),
    "s4_coverage_rate": ("2025-04", "1160", "4000"),
    # of June's services 1,200 + 800 + 1,000 are open; the credit of h09 counts for nothing
    "s2_outstanding": ("2025-06", "3000", None),
    # more than 1,000 open: h10
    "s2_high_priority_count": ("2025-12", "1", None),
    # sent in April: h01 is closed and was never denied nor rejected; h02 and h04 were denied
    "s3_first_pass_yield": ("2025-04", "1", "4"),
    "s3_denial_rate": ("2025-04", "2", "4"),
    "s3_adjustment_impact": ("2025-05", "2000", None),
    # the legacy export: six of twelve paid 400 of 1,000
    "s4_collection_rate": ("2025-05", "2400", "12000"),
    "s4_approved_share": ("2025-05", "3", "12"),
    "s4_paid_share": ("2025-05", "4", "12"),
    "s4_partially_paid_share": ("2025-05", "2", "12"),
    "s4_pending_share": ("2025-05", "1", "12"),
    "s4_denied_share": ("2025-05", "1", "12"),
    "s4_rejected_share": ("2025-05", "1", "12"),
}

MODELS = (
    "int_claim__financials", "int_claim__enriched", "int_claim__decisions",
    "int_receivable__month_end", "int_valuation__month_end", "int_payer__arrangements",
    "path:models/intermediate/kpi", "mart_kpi_monthly",
)  # fmt: skip


@pytest.fixture(scope="module")
def example(
    nothing_arrived: Warehouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The KPIs of the dozen claims: their models, built over tables that are written by hand."""
    home: Path = tmp_path_factory.mktemp("dozen")
    path = home / nothing_arrived.path.name
    shutil.copy(nothing_arrived.path, path)
    with duckdb.connect(str(path)) as con:
        for table, rows in TABLES.items():
            schema = "staging" if table.startswith("stg_") else "intermediate"
            # some of them are views in a build
            con.execute(f"create table written as from {schema}.{table} limit 0")
            con.execute(f"insert into written by name {rows}")
            [(kind,)] = con.execute(
                "select table_type from information_schema.tables "
                "where table_schema = ? and table_name = ?",
                [schema, table],
            ).fetchall()
            con.execute(f"drop {'view' if kind == 'VIEW' else 'table'} {schema}.{table}")
            con.execute(f"create table {schema}.{table} as from written")
            con.execute("drop table written")
    warehouse = Warehouse(nothing_arrived.lake, path, home, nothing_arrived.parsed_project)
    warehouse.dbt("run", "--full-refresh", "--select", *MODELS, "--exclude", "int_kpi__people")
    with duckdb.connect(str(path), read_only=True) as con:
        yield con


def test_every_kpi_of_the_registry_has_an_example() -> None:
    with (PROJECT / "seeds" / "kpi_registry.csv").open(newline="") as file:
        assert {row["kpi"] for row in csv.DictReader(file)} == ANSWERS.keys()


@pytest.mark.parametrize("kpi", ANSWERS)
def test_a_dozen_claims_give_what_the_definition_says(
    example: duckdb.DuckDBPyConnection, kpi: str
) -> None:
    month, numerator, denominator = ANSWERS[kpi]
    found = example.execute(
        "select numerator, denominator, is_mature from marts.mart_kpi_monthly "
        "where kpi = ? and strftime(period_month, '%Y-%m') = ? and aggregation_level = 'total'",
        [kpi, month],
    ).fetchall()
    wanted = (Decimal(numerator), None if denominator is None else Decimal(denominator), True)
    assert found == [wanted]
