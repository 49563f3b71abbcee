-- KPIs from the service to the bill: how fast charges are posted, and what waits for a bill.
{{ config(materialized='view') }}
with

charge_lines as (

    select
        claim_key,
        facility_key,
        payer_key,
        posted_date,
        {{ days_between('service_date', 'posted_date') }} as lag_days,  -- noqa: LT05
        {{ days_between('last_service_date', 'posted_date') }} as late_days,  -- noqa: LT05
        amount as charge_amount

    from {{ ref('int_claim__posted_charges') }}

    where is_charge and amount <> 0

),

waits as (

    select * from {{ ref('int_account__waits') }}

),

-- a wait adds its dollars in the month in which it begins and takes them off in that in which it
-- ends: what waits at the end of a month is the sum so far
movements as (

    select
        facility_key,
        payer_key,
        wait,
        {{ month_start('from_date') }} as balance_month,
        amount

    from waits

    union all

    select
        facility_key,
        payer_key,
        wait,
        {{ month_start('to_date') }} as balance_month,
        -amount as amount

    from waits

    where to_date is not null

),

monthly as (

    select
        facility_key,
        payer_key,
        balance_month,
        {{ sum_where('amount', "wait = 'DNFB'") }} as unbilled_amount,
        {{ sum_where('amount', "wait = 'FBNS'") }} as unsubmitted_amount

    from movements

    group by
        facility_key,
        payer_key,
        balance_month

),

cells as (

    select distinct
        facility_key,
        payer_key

    from monthly

),

months as (

    select distinct month_start_date as balance_month

    from {{ ref('int_date__days') }}

    where month_start_date <= {{ as_of_date() }}

),

month_ends as (

    select
        months.balance_month,
        cells.facility_key,
        cells.payer_key,
        sum(coalesce(monthly.unbilled_amount, 0)) over (
            partition by cells.facility_key, cells.payer_key
            order by months.balance_month
            rows between unbounded preceding and current row
        ) as unbilled_amount,
        sum(coalesce(monthly.unsubmitted_amount, 0)) over (
            partition by cells.facility_key, cells.payer_key
            order by months.balance_month
            rows between unbounded preceding and current row
        ) as unsubmitted_amount

    from cells

    cross join months

    left join monthly
        on cells.facility_key = monthly.facility_key
        and coalesce(cells.payer_key, '') = coalesce(monthly.payer_key, '')
        and months.balance_month = monthly.balance_month

),

dollar_days as (

    select
        balance_month,
        facility_key,
        payer_key,
        unbilled_amount * {{ window_days('balance_month') }} as unbilled_dollar_days,
        unsubmitted_amount * {{ window_days('balance_month') }} as unsubmitted_dollar_days,
        {{ money(0) }} as window_gross_amount

    from month_ends

    where unbilled_amount <> 0 or unsubmitted_amount <> 0

    union all

    select
        revenue_month as balance_month,
        facility_key,
        payer_key,
        {{ money(0) }} as unbilled_dollar_days,
        {{ money(0) }} as unsubmitted_dollar_days,
        window_gross_amount

    from {{ ref('int_kpi__revenue') }}

    where facility_key in (select charge_lines.facility_key from charge_lines)

),

final as (

    {{ kpi_rows('charge_lag_days', 'charge_lines', 'posted_date', numerator='lag_days') }}

    union all

    {{ kpi_rows(
        'late_charge_rate', 'charge_lines', 'posted_date',
        numerator='case when late_days > ' ~ kpi_parameter('late_charge_days')
        ~ ' then charge_amount else 0 end',
        denominator='charge_amount'
    ) }}

    union all

    {{ kpi_rows(
        'dnfb_days', 'dollar_days', 'balance_month', claim_key=null_key(),
        numerator='unbilled_dollar_days', denominator='window_gross_amount'
    ) }}

    union all

    {{ kpi_rows(
        'fbns_days', 'dollar_days', 'balance_month', claim_key=null_key(),
        numerator='unsubmitted_dollar_days', denominator='window_gross_amount'
    ) }}

    union all

    {{ kpi_rows(
        'dnsp_days', 'dollar_days', 'balance_month', claim_key=null_key(),
        numerator='unbilled_dollar_days + unsubmitted_dollar_days',
        denominator='window_gross_amount'
    ) }}

)

select * from final
