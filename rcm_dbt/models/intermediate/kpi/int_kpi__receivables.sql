-- KPIs of what is owed at each month end (at the as-of date in the current month).
{{ config(materialized='view') }}
with

balances as (

    select * from {{ ref('int_receivable__month_end') }}

),

claims as (

    select
        *,
        {{ as_of_date() }} as as_of_date

    from {{ ref('int_claim__enriched') }}

),

net_balances as (

    select * from {{ ref('int_valuation__month_end') }}

),

revenue as (

    select * from {{ ref('int_kpi__revenue') }}

),

-- a balance in days needs the revenue of three whole months
windows as (

    select
        facility_key,
        min(first_window_month) as first_window_month

    from revenue

    group by facility_key

),

-- each balance at its expected value, over the revenue of a day
net_days as (

    select
        net_balances.balance_month,
        net_balances.claim_key,
        net_balances.facility_key,
        net_balances.payer_key,
        net_balances.net_balance_amount * {{ window_days('net_balances.balance_month') }}
            as net_dollar_days,
        {{ money(0) }} as window_net_amount,
        'net receivables' as cause

    from net_balances

    inner join windows
        on coalesce(net_balances.facility_key, '') = coalesce(windows.facility_key, '')
        and net_balances.balance_month >= windows.first_window_month

    union all

    select
        revenue_month as balance_month,
        claim_key,
        facility_key,
        payer_key,
        {{ money(0) }} as net_dollar_days,
        window_net_amount,
        'net revenue' as cause

    from revenue

    where revenue_month >= first_window_month

),

credits as (

    select
        balances.balance_month,
        balances.claim_key,
        balances.facility_key,
        balances.payer_key,
        -balances.balance_amount * {{ window_days('balances.balance_month') }}
            as credit_dollar_days,
        {{ money(0) }} as window_net_amount,
        'credit balances' as cause

    from balances

    inner join windows
        on coalesce(balances.facility_key, '') = coalesce(windows.facility_key, '')
        and balances.balance_month >= windows.first_window_month

    where balances.balance_amount < 0

    union all

    select
        revenue_month as balance_month,
        claim_key,
        facility_key,
        payer_key,
        {{ money(0) }} as credit_dollar_days,
        window_net_amount,
        'net revenue' as cause

    from revenue

    where revenue_month >= first_window_month

),

final as (

    {% for days in (30, 60, 90, 120) -%}
    {{ kpi_rows(
        'ar_over_' ~ days ~ '_rate', 'balances', 'balance_month',
        numerator='case when discharge_age_days > ' ~ days ~ ' then balance_amount else 0 end',
        denominator='balance_amount', where='balance_amount > 0'
    ) }}

        union all

    {% endfor -%}
    {{ kpi_rows(
        'net_receivables', 'net_balances', 'balance_month',
        numerator='net_balance_amount', denominator='null'
    ) }}

    union all

    {{ kpi_rows(
        'net_days_in_ar', 'net_days', 'balance_month',
        numerator='net_dollar_days', denominator='window_net_amount', cause='cause'
    ) }}

    union all

    {{ kpi_rows(
        'credit_balance_days', 'credits', 'balance_month',
        numerator='credit_dollar_days', denominator='window_net_amount', cause='cause'
    ) }}

    union all

    {{ kpi_rows(
        'dollars_at_risk', 'claims', 'as_of_date', numerator='open_amount', denominator='null',
        where='open_amount > 0 and (is_denied_on_last_remit or age_days > '
        ~ kpi_parameter('at_risk_age_days') ~ ')'
    ) }}

)

select * from final
