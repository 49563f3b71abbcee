-- What was open on each day on which the forecast is judged, by facility, payer and age, and what
-- of it was collected within 30, 60 and 90 days after; empty until these days have passed.
with

days as (

    select * from {{ ref('int_date__report_days') }}

),

horizons as (

    select 30 as horizon_days
    union all
    select 60 as horizon_days
    union all
    select 90 as horizon_days

),

balances as (

    select
        balances.claim_key,
        balances.facility_key,
        balances.payer_key,
        days.report_month,
        days.report_date,
        balances.balance_amount,
        {{ age_bucket('balances.age_days') }} as age_bucket

    from {{ ref('int_receivable__month_end') }} as balances

    inner join days
        on balances.balance_month = days.report_month

    where balances.balance_amount > 0

),

cash as (

    select
        claim_key,
        recorded_date,
        sum(cash_amount) as cash_amount

    from {{ ref('int_ledger__entries') }}

    where claim_key is not null and cash_amount <> 0

    group by
        claim_key,
        recorded_date

),

receipts as (

    select
        balances.claim_key,
        balances.report_date,
        cash.cash_amount,
        {{ days_between('balances.report_date', 'cash.recorded_date') }} as lag_days  -- noqa: LT05

    from balances

    inner join cash
        on balances.claim_key = cash.claim_key
        and balances.report_date < cash.recorded_date

),

collected as (

    select
        claim_key,
        report_date,
        {{ sum_where('cash_amount', 'lag_days <= 30') }} as amount_30,
        {{ sum_where('cash_amount', 'lag_days <= 60') }} as amount_60,
        {{ sum_where('cash_amount', 'lag_days <= 90') }} as amount_90

    from receipts

    group by
        claim_key,
        report_date

),

summed as (

    select
        balances.report_month,
        balances.report_date,
        balances.facility_key,
        balances.payer_key,
        balances.age_bucket,
        count(*) as claim_count,
        sum(balances.balance_amount) as open_amount,
        sum(coalesce(collected.amount_30, 0)) as amount_30,
        sum(coalesce(collected.amount_60, 0)) as amount_60,
        sum(coalesce(collected.amount_90, 0)) as amount_90

    from balances

    left join collected
        on balances.claim_key = collected.claim_key
        and balances.report_date = collected.report_date

    group by
        balances.report_month,
        balances.report_date,
        balances.facility_key,
        balances.payer_key,
        balances.age_bucket

),

dated as (

    select
        summed.*,
        horizons.horizon_days,
        cast({{ dbt.dateadd('day', 'horizons.horizon_days', 'summed.report_date') }} as date)
            as horizon_date

    from summed

    cross join horizons

),

final as (

    select
        report_month,
        report_date,
        horizon_days,
        horizon_date,
        facility_key,
        payer_key,
        age_bucket,
        claim_count,
        {{ money('open_amount') }} as open_amount,
        case
            when horizon_date <= {{ as_of_date() }}
                then
                    {{ money('case horizon_days
                        when 30 then amount_30
                        when 60 then amount_60
                        else amount_90
                    end') }}
        end as collected_amount

    from dated

)

select * from final
