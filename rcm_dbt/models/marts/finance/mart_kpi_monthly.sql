-- Each KPI of the registry by month, as numerator and denominator: for one facility and payer, and
-- in total. A ratio is never summed; sum its two parts and divide.
with

claims as (

    select * from {{ ref('int_claim__enriched') }}

),

entries as (

    select * from {{ ref('int_ledger__entries') }}

),

encounters as (

    select * from {{ ref('fct_encounters') }}

),

balances as (

    select * from {{ ref('int_receivable__month_end') }}

),

initial_denial_rate as (

    select
        'initial_denial_rate' as kpi,
        {{ month_start('first_remit_date') }} as period_month,
        facility_key,
        payer_key,
        cast(sum(case when is_denied_on_first_remit then 1 else 0 end) as decimal(18, 2))
            as numerator,
        cast(count(*) as decimal(18, 2)) as denominator

    from claims

    where first_remit_date is not null

    group by
        {{ month_start('first_remit_date') }},
        facility_key,
        payer_key

),

first_pass_yield as (

    select
        'first_pass_yield' as kpi,
        {{ month_start('first_submitted_date') }} as period_month,
        facility_key,
        payer_key,
        cast(sum(
            case
                when coalesce(first_ack_status, 'accepted') <> 'rejected'
                    and first_remit_date is not null
                    and not is_denied_on_first_remit
                    then 1
                else 0
            end
        ) as decimal(18, 2)) as numerator,
        cast(count(*) as decimal(18, 2)) as denominator

    from claims

    -- whole months only: a half-mature month would look like a bad one
    where {{ days_between(dbt.last_day('first_submitted_date', 'month'), as_of_date()) }} >= 60  -- noqa: LT05

    group by
        {{ month_start('first_submitted_date') }},
        facility_key,
        payer_key

),

days_to_first_payment as (

    select
        'days_to_first_payment' as kpi,
        {{ month_start('first_payer_payment_date') }} as period_month,
        facility_key,
        payer_key,
        cast(sum(
            {{ days_between('first_submitted_date', 'first_payer_payment_date') }}
        ) as decimal(18, 2)) as numerator,
        cast(count(*) as decimal(18, 2)) as denominator

    from claims

    where first_payer_payment_date is not null and first_submitted_date is not null

    group by
        {{ month_start('first_payer_payment_date') }},
        facility_key,
        payer_key

),

net_collection_rate as (

    select
        'net_collection_rate' as kpi,
        {{ month_start('service_date') }} as period_month,
        facility_key,
        payer_key,
        {{ money('sum(payer_paid_amount + patient_paid_amount)') }} as numerator,
        {{ money('sum(charge_amount - contractual_amount)') }} as denominator

    from claims

    where {{ days_between(dbt.last_day('service_date', 'month'), as_of_date()) }} >= 120  -- noqa: LT05

    group by
        {{ month_start('service_date') }},
        facility_key,
        payer_key

),

ar_over_90_rate as (

    select
        'ar_over_90_rate' as kpi,
        balance_month as period_month,
        facility_key,
        payer_key,
        {{ money('sum(case when age_days > 90 then balance_amount else 0 end)') }} as numerator,
        {{ money('sum(balance_amount)') }} as denominator

    from balances

    where balance_amount > 0

    group by
        balance_month,
        facility_key,
        payer_key

),

work as (

    select
        {{ month_start('encounter_date') }} as period_month,
        facility_key,
        {{ money(0) }} as cash_amount,
        sum(work_rvu) as work_rvu

    from encounters

    where work_rvu is not null

    group by
        {{ month_start('encounter_date') }},
        facility_key

),

cash as (

    select
        {{ month_start('event_date') }} as period_month,
        facility_key,
        sum(cash_amount) as cash_amount,
        0 as work_rvu

    from entries

    where
        cash_amount <> 0
        and facility_key in (select work.facility_key from work)

    group by
        {{ month_start('event_date') }},
        facility_key

),

work_and_cash as (

    select * from work
    union all
    select * from cash

),

collections_per_wrvu as (

    select
        'collections_per_wrvu' as kpi,
        period_month,
        facility_key,
        {{ null_key() }} as payer_key,
        {{ money('sum(cash_amount)') }} as numerator,
        cast(sum(work_rvu) as decimal(18, 2)) as denominator

    from work_and_cash

    group by
        period_month,
        facility_key

),

detail as (

    select * from initial_denial_rate
    union all
    select * from first_pass_yield
    union all
    select * from days_to_first_payment
    union all
    select * from net_collection_rate
    union all
    select * from ar_over_90_rate
    union all
    select * from collections_per_wrvu

),

levels as (

    select
        kpi,
        period_month,
        'facility and payer' as aggregation_level,
        facility_key,
        payer_key,
        numerator,
        denominator

    from detail

    union all

    select
        kpi,
        period_month,
        'total' as aggregation_level,
        {{ null_key() }} as facility_key,
        {{ null_key() }} as payer_key,
        sum(numerator) as numerator,
        sum(denominator) as denominator

    from detail

    group by
        kpi,
        period_month

),

final as (

    select
        {{ surrogate_key([
            'kpi', 'period_month', 'aggregation_level',
            "coalesce(facility_key, 'none')", "coalesce(payer_key, 'none')",
        ]) }} as kpi_value_key,
        kpi,
        period_month,
        aggregation_level,
        facility_key,
        payer_key,
        cast(numerator as decimal(18, 2)) as numerator,
        cast(denominator as decimal(18, 2)) as denominator,
        cast(round(numerator / nullif(denominator, 0), 6) as decimal(18, 6)) as kpi_value

    from levels

)

select * from final
