"""Defects of the reference systems that the money marts must not repeat, each named after its own.

Those that one model decides are unit tests beside it: 0.a, 0.c and 3.c in
mart_clinician_productivity, 0.b in mart_facility_margin, 3.b in int_kpi__denials, 3.d in
int_kpi__receivables and int_kpi__reference, 4.b in mart_kpi_monthly. Here are those of a whole run.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rcm_platform_tests.conftest import Built


def rows(built: Built, sql: str) -> list[tuple[Any, ...]]:
    with built.published() as con:
        return con.execute(sql).fetchall()


def one(built: Built, sql: str) -> Any:
    return rows(built, sql)[0][0]


def test_two_claims_of_a_visit_do_not_double_its_work(built: Built) -> None:
    assert one(built, "select count(*) from fct_encounters where claim_count > 1") > 0
    done = one(built, "select sum(work_rvu) from fct_encounters")
    assert one(built, "select sum(work_rvu) from mart_clinician_productivity") == done
    assert one(built, "select sum(work_rvu) from mart_procedure_profitability") == done


def test_cost_and_margin_exist_and_the_clinician_has_a_name(built: Built) -> None:
    nameless = "where work_rvu > 0 and (provider_name is null or provider_name like 'Not %')"
    assert one(built, f"select count(*) from mart_clinician_productivity {nameless}") == 0
    cost = one(built, "select sum(cost_amount) from mart_facility_margin")
    assert cost > 0
    shared = "professional_cost_amount + facility_cost_amount + unallocated_cost_amount"
    assert one(built, f"select sum({shared}) from mart_clinician_productivity") == cost


def test_a_clinician_of_the_hospital_earns_about_what_others_do(built: Built) -> None:
    """A room is the facility's: with it in the cash, a hospitalist's work unit earns thousands."""
    earned = rows(
        built,
        """select specialty, sum(cash_amount) / sum(work_rvu), sum(facility_cash_amount)
        from mart_clinician_productivity where provider_key is not null
        group by all having sum(work_rvu) > 20""",
    )
    assert any(facility_cash > 0 for _, _, facility_cash in earned)
    assert {specialty for specialty, rate, _ in earned if not 15 < rate < 150} == set()


def test_work_stands_beside_its_target(built: Built) -> None:
    aims = "from mart_clinician_productivity where target_work_rvu > 0"
    assert one(built, f"select count(*) {aims} and fte > 0 and work_rvu > 0") > 0
    years = rows(
        built,
        f"select sum(target_work_rvu) {aims} and year(activity_month) = 2025 group by provider_key",
    )
    with built.warehouse() as con:
        targets = con.execute(
            """select work_rvu_target from staging.stg_operations__clinician_targets
            where target_year = 2025"""
        ).fetchall()
    assert sorted(years) == sorted(targets)


def test_a_month_has_its_age_and_its_own_cash(built: Built) -> None:
    young, old = rows(
        built,
        """select min(maturity_days), max(maturity_days) from mart_clinician_productivity""",
    )[0]
    assert young < 31 < old
    mart = "mart_clinician_productivity"
    by_service = f"select sum(cohort_cash_amount + facility_cohort_cash_amount) from {mart}"
    by_cash = f"select sum(cash_amount + facility_cash_amount) from {mart}"
    outside = "select sum(cash_amount) from fct_ledger_entries where claim_key is null"
    assert one(built, by_service) + one(built, outside) == one(built, by_cash)


def test_every_dollar_charged_stands_somewhere_on_the_bridge(built: Built) -> None:
    broken = rows(
        built,
        """select productivity_key from mart_clinician_productivity
        where charge_amount <> contractual_amount + cohort_cash_amount + write_off_amount
            + denied_open_amount + patient_open_amount + payer_open_amount + credit_amount""",
    )
    assert broken == []
    assert one(built, "select sum(denied_open_amount) from mart_clinician_productivity") > 0


def test_only_money_that_arrived_is_cash(built: Built) -> None:
    # a decision without a payment, a denial and a transfer to the patient are no cash
    moved = rows(built, "select distinct event_type from fct_ledger_entries where cash_amount <> 0")
    assert {kind for (kind,) in moved} <= {
        "PAYER_PAYMENT", "PATIENT_PAYMENT", "REFUND", "RECOUPMENT", "INTEREST",
        "PROVIDER_ADJUSTMENT", "UNAPPLIED_CASH", "CAPITATION",
    }  # fmt: skip
    cash = one(built, "select sum(payer_paid_amount + patient_paid_amount) from fct_claims")
    reported = one(
        built,
        """select sum(numerator) from mart_kpi_monthly
        where kpi = 's1_collection_rate' and aggregation_level = 'total'""",
    )
    assert reported == cash


def test_the_first_acknowledgement_decides_first_pass_yield(built: Built) -> None:
    passed = rows(
        built,
        """select count(*) from (
            select claim_key from int_kpi__contributions where kpi = 'first_pass_yield'
            group by claim_key having sum(numerator) = 1
        ) inner join fct_claims using (claim_key)
        where first_ack_status = 'rejected'""",
    )
    recovered = """select count(*) from fct_claims
        where first_ack_status = 'rejected' and last_ack_status = 'accepted'"""
    assert one(built, recovered) > 0
    assert passed == [(0,)]


def test_no_model_takes_the_absolute_value_of_days(built: Built) -> None:
    total, summed = rows(
        built,
        """select
            (select sum(numerator) from mart_kpi_monthly
                where kpi = 'days_to_first_payment' and aggregation_level = 'total'),
            (select sum(first_payer_payment_date - first_submitted_date) from fct_claims)""",
    )[0]
    assert total == summed


def test_an_overpaid_claim_is_a_credit_and_in_no_ageing(built: Built) -> None:
    credits = """select count(*) from fct_claims where open_amount < 0"""
    aged = """select count(*) from int_kpi__contributions
        where kpi like 'ar_over_%' and denominator < 0"""
    assert one(built, credits) > 0
    assert one(built, aged) == 0


def test_adjustment_impact_is_of_the_month_itself(built: Built) -> None:
    by_month = rows(
        built,
        """select period_month, numerator from mart_kpi_monthly
        where kpi = 's3_adjustment_impact' and aggregation_level = 'total' order by 1""",
    )
    denied = rows(
        built,
        """select cast(date_trunc('month', event_date) as date), sum(denied_amount)
        from fct_denial_events group by 1 order by 1""",
    )
    assert by_month == denied


def test_denied_dollars_count_once_and_never_above_the_charge(built: Built) -> None:
    said, once_each = rows(
        built, "select sum(denied_amount), sum(counted_amount) from fct_denial_events"
    )[0]
    assert one(built, "select sum(denied_amount) from mart_denial_trends") == once_each < said
    above = """select count(*) from fct_claims left join (
            select claim_key, sum(counted_amount) as counted from fct_denial_events group by all
        ) using (claim_key)
        where greatest(denied_amount, counted) > charge_amount"""
    assert one(built, above) == 0
    # a claim that is denied, sent again and denied again is one of them
    again = """select count(*) from (
            select claim_key from fct_denial_events group by all
            having sum(denied_amount) > sum(counted_amount)
        )"""
    assert one(built, again) > 0


def test_the_kpi_of_unbilled_work_counts_the_accounts_of_the_report(built: Built) -> None:
    reported = rows(
        built,
        """select unbilled_class, sum(estimated_charge_amount) * (
                cast(as_of as date)
                - cast(date_trunc('month', as_of) - interval 2 month as date) + 1
            )
        from mart_unbilled cross join (select cast(as_of as date) as as_of from published_version)
        group by unbilled_class, as_of order by 1""",
    )
    counted = rows(
        built,
        """select upper(left(kpi, 4)), numerator from mart_kpi_monthly cross join published_version
        where kpi in ('dnfb_days', 'fbns_days') and aggregation_level = 'total'
            and period_month = date_trunc('month', cast(as_of as date)) order by 1""",
    )
    assert [name for name, _ in reported] == ["DNFB", "FBNS"]
    assert counted == reported


@pytest.mark.parametrize("level", ["facility_key", "payer_key"])
def test_a_total_is_recomputed_from_its_parts(built: Built, level: str) -> None:
    wrong = rows(
        built,
        f"""select kpi, period_month from mart_kpi_monthly group by kpi, period_month
        having sum(numerator) filter (aggregation_level = 'total')
            <> sum(numerator) filter (aggregation_level = 'facility and payer')
            or count(*) filter (aggregation_level = 'total' and {level} is not null) > 0""",
    )
    assert wrong == []
    shares = rows(
        built,
        """select kpi_value from mart_kpi_monthly where kpi like 's4_%_share'
        and aggregation_level = 'total'""",
    )
    assert all(Decimal(0) <= share <= Decimal(1) for (share,) in shares)
