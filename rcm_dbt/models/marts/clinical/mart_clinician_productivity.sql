-- How clinician work turns into dollars, per clinician, facility and month. Two views side by side:
-- what the month's work has brought in so far (cohort), and what cash arrived in the month.
-- Money that reaches no clinician stands on a line of its own, so totals equal the ledger.
with

encounters as (

    select * from {{ ref('int_encounter__enriched') }}

),

first_allowed as (

    select
        claim_key,
        sum(allowed_amount) as allowed_amount

    from {{ ref('int_claim__decided_lines') }}

    group by claim_key

),

claims as (

    select
        claims.*,
        coalesce(first_allowed.allowed_amount, {{ money(0) }}) as allowed_amount,
        {{ surrogate_key([
            "coalesce(claims.provider_key, 'none')", "coalesce(claims.facility_key, 'none')",
            month_start('claims.service_date'),
        ]) }} as cell_key,
        {{ days_between('claims.first_submitted_date', 'claims.first_payer_payment_date') }}
            as first_payment_days

    from {{ ref('int_claim__enriched') }} as claims

    left join first_allowed
        on claims.claim_key = first_allowed.claim_key

),

-- signed days, so that a payment before its submission is not turned round
ranked_first_payments as (

    select
        cell_key,
        first_payment_days,
        row_number() over (partition by cell_key order by first_payment_days) as payment_rank,
        count(*) over (partition by cell_key) as payment_count

    from claims

    where first_payment_days is not null

),

first_payments as (

    select
        cell_key,
        {{ nearest_rank('first_payment_days', 'payment_rank', 'payment_count', 50) }}
            as median_first_payment_days,
        {{ nearest_rank('first_payment_days', 'payment_rank', 'payment_count', 90) }}
            as p90_first_payment_days

    from ranked_first_payments

    group by cell_key

),

entries as (

    select * from {{ ref('int_ledger__entries') }}

),

costs as (

    select * from {{ ref('int_facility__costs') }}

),

work as (

    select
        {{ month_start('encounter_date') }} as activity_month,
        provider_key,
        facility_key,
        count(*) as encounter_count,
        sum(work_rvu) as work_rvu

    from encounters

    group by
        {{ month_start('encounter_date') }},
        provider_key,
        facility_key

),

cohorts as (

    select
        {{ month_start('service_date') }} as activity_month,
        provider_key,
        facility_key,
        count(*) as claim_count,
        sum(charge_amount) as charge_amount,
        sum(contractual_amount) as contractual_amount,
        sum(payer_paid_amount + patient_paid_amount) as cohort_cash_amount,
        sum(write_off_amount) as write_off_amount,
        sum(open_amount) as open_amount,
        sum(case when claim_status = 'denied' then open_amount else 0 end) as denied_open_amount,
        sum(case when claim_status = 'patient' then open_amount else 0 end) as patient_open_amount,
        sum(case when claim_status = 'credit' then open_amount else 0 end) as credit_amount,
        sum(allowed_amount) as allowed_amount,
        sum(denied_amount) as denied_amount,
        -- empty where either date is, and so left out of both
        sum(first_payment_days) as first_payment_days,
        count(first_payment_days) as first_payment_count

    from claims

    group by
        {{ month_start('service_date') }},
        provider_key,
        facility_key

),

cash as (

    select
        {{ month_start('event_date') }} as activity_month,
        provider_key,
        facility_key,
        sum(cash_amount) as cash_amount

    from entries

    where cash_amount <> 0

    group by
        {{ month_start('event_date') }},
        provider_key,
        facility_key

),

combined as (

    select
        activity_month,
        provider_key,
        facility_key,
        encounter_count,
        work_rvu,
        0 as claim_count,
        {{ money(0) }} as charge_amount,
        {{ money(0) }} as contractual_amount,
        {{ money(0) }} as cohort_cash_amount,
        {{ money(0) }} as write_off_amount,
        {{ money(0) }} as open_amount,
        {{ money(0) }} as denied_open_amount,
        {{ money(0) }} as patient_open_amount,
        {{ money(0) }} as credit_amount,
        {{ money(0) }} as allowed_amount,
        {{ money(0) }} as denied_amount,
        0 as first_payment_days,
        0 as first_payment_count,
        {{ money(0) }} as cash_amount

    from work

    union all

    select
        activity_month,
        provider_key,
        facility_key,
        0 as encounter_count,
        null as work_rvu,
        claim_count,
        charge_amount,
        contractual_amount,
        cohort_cash_amount,
        write_off_amount,
        open_amount,
        denied_open_amount,
        patient_open_amount,
        credit_amount,
        allowed_amount,
        denied_amount,
        coalesce(first_payment_days, 0) as first_payment_days,
        first_payment_count,
        {{ money(0) }} as cash_amount

    from cohorts

    union all

    select
        activity_month,
        provider_key,
        facility_key,
        0 as encounter_count,
        null as work_rvu,
        0 as claim_count,
        {{ money(0) }} as charge_amount,
        {{ money(0) }} as contractual_amount,
        {{ money(0) }} as cohort_cash_amount,
        {{ money(0) }} as write_off_amount,
        {{ money(0) }} as open_amount,
        {{ money(0) }} as denied_open_amount,
        {{ money(0) }} as patient_open_amount,
        {{ money(0) }} as credit_amount,
        {{ money(0) }} as allowed_amount,
        {{ money(0) }} as denied_amount,
        0 as first_payment_days,
        0 as first_payment_count,
        cash_amount

    from cash

),

summed as (

    select
        activity_month,
        provider_key,
        facility_key,
        sum(encounter_count) as encounter_count,
        sum(work_rvu) as work_rvu,
        sum(claim_count) as claim_count,
        sum(charge_amount) as charge_amount,
        sum(contractual_amount) as contractual_amount,
        sum(cohort_cash_amount) as cohort_cash_amount,
        sum(write_off_amount) as write_off_amount,
        sum(open_amount) as open_amount,
        sum(denied_open_amount) as denied_open_amount,
        sum(patient_open_amount) as patient_open_amount,
        sum(credit_amount) as credit_amount,
        sum(allowed_amount) as allowed_amount,
        sum(denied_amount) as denied_amount,
        sum(first_payment_days) as first_payment_days,
        sum(first_payment_count) as first_payment_count,
        sum(cash_amount) as cash_amount

    from combined

    group by
        activity_month,
        provider_key,
        facility_key

),

-- a facility's cost is shared out by work done
shares as (

    select
        summed.*,
        {{ surrogate_key([
            "coalesce(summed.provider_key, 'none')", "coalesce(summed.facility_key, 'none')",
            'summed.activity_month',
        ]) }} as cell_key,
        {{ allocated_amount(
            'costs.cost_amount', 'summed.work_rvu',
            group_by=['summed.facility_key', 'summed.activity_month'],
            order_by='summed.provider_key'
        ) }} as allocated_cost_amount

    from summed

    left join costs
        on summed.facility_key = costs.facility_key
        and summed.activity_month = costs.cost_month

),

providers as (

    select * from {{ ref('int_provider__current') }}

),

facilities as (

    select * from {{ ref('int_facility__current') }}

),

final as (

    select
        shares.cell_key as productivity_key,
        shares.activity_month,
        shares.provider_key,
        coalesce(providers.provider_name, 'Not attributable to a clinician') as provider_name,
        providers.specialty,
        shares.facility_key,
        facilities.facility_name,
        {{ days_between(dbt.last_day('shares.activity_month', 'month'), as_of_date()) }}
            as maturity_days,
        cast(shares.encounter_count as {{ dbt.type_bigint() }}) as encounter_count,
        cast(shares.work_rvu as decimal(18, 2)) as work_rvu,
        cast(shares.claim_count as {{ dbt.type_bigint() }}) as claim_count,
        {{ money('shares.charge_amount') }} as charge_amount,
        {{ money('shares.contractual_amount') }} as contractual_amount,
        {{ money('shares.cohort_cash_amount') }} as cohort_cash_amount,
        {{ money('shares.write_off_amount') }} as write_off_amount,
        {{ money('shares.open_amount') }} as open_amount,
        {{ money('shares.denied_open_amount') }} as denied_open_amount,
        {{ money('shares.patient_open_amount') }} as patient_open_amount,
        {{ money(
            'shares.open_amount - shares.denied_open_amount - shares.patient_open_amount'
            ~ ' - shares.credit_amount'
        ) }} as payer_open_amount,
        {{ money('shares.credit_amount') }} as credit_amount,
        {{ money('shares.allowed_amount') }} as allowed_amount,
        {{ money('shares.denied_amount') }} as denied_amount,
        {{ money('shares.cash_amount') }} as cash_amount,
        cast(shares.first_payment_days as {{ dbt.type_bigint() }}) as first_payment_days,
        cast(shares.first_payment_count as {{ dbt.type_bigint() }}) as first_payment_count,
        first_payments.median_first_payment_days,
        first_payments.p90_first_payment_days,
        shares.allocated_cost_amount

    from shares

    left join first_payments
        on shares.cell_key = first_payments.cell_key

    left join providers
        on shares.provider_key = providers.provider_key

    left join facilities
        on shares.facility_key = facilities.facility_key

)

select * from final
