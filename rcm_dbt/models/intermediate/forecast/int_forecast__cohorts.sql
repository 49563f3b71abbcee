-- What was open on each day on which the forecast is judged, by facility, payer and age, what of it
-- was collected within 30, 60 and 90 days after, and what was still open then; empty until these
-- days have passed.
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

moves as (

    select
        claim_key,
        recorded_date,
        sum(cash_amount) as cash_amount,
        sum(ar_amount) as ar_amount

    from {{ ref('int_ledger__entries') }}

    where claim_key is not null and (cash_amount <> 0 or ar_amount <> 0)

    group by
        claim_key,
        recorded_date

),

later as (

    select
        balances.claim_key,
        balances.report_date,
        moves.cash_amount,
        moves.ar_amount,
        {{ days_between('balances.report_date', 'moves.recorded_date') }} as lag_days  -- noqa: LT05

    from balances

    inner join moves
        on balances.claim_key = moves.claim_key
        and balances.report_date < moves.recorded_date

),

became as (

    select
        claim_key,
        report_date,
        {{ sum_where('cash_amount', 'lag_days <= 30') }} as amount_30,
        {{ sum_where('cash_amount', 'lag_days <= 60') }} as amount_60,
        {{ sum_where('cash_amount', 'lag_days <= 90') }} as amount_90,
        {{ sum_where('ar_amount', 'lag_days <= 30') }} as change_30,
        {{ sum_where('ar_amount', 'lag_days <= 60') }} as change_60,
        {{ sum_where('ar_amount', 'lag_days <= 90') }} as change_90

    from later

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
        sum(coalesce(became.amount_30, 0)) as amount_30,
        sum(coalesce(became.amount_60, 0)) as amount_60,
        sum(coalesce(became.amount_90, 0)) as amount_90,
        sum(coalesce(became.change_30, 0)) as change_30,
        sum(coalesce(became.change_60, 0)) as change_60,
        sum(coalesce(became.change_90, 0)) as change_90

    from balances

    left join became
        on balances.claim_key = became.claim_key
        and balances.report_date = became.report_date

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
        end as collected_amount,
        case
            when horizon_date <= {{ as_of_date() }}
                then
                    {{ money('open_amount + case horizon_days
                        when 30 then change_30
                        when 60 then change_60
                        else change_90
                    end') }}
        end as still_open_amount

    from dated

)

select * from final
