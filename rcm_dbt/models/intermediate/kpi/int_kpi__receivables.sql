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

-- each balance at its expected value, over the revenue of a day
net_balances as (

    select
        balance_month,
        claim_key,
        facility_key,
        payer_key,
        net_balance_amount,
        net_balance_amount * {{ window_days('balance_month') }} as net_dollar_days,
        {{ money(0) }} as window_net_amount

    from {{ ref('int_valuation__month_end') }}

    union all

    select
        revenue_month as balance_month,
        {{ null_key() }} as claim_key,
        facility_key,
        payer_key,
        {{ money(0) }} as net_balance_amount,
        {{ money(0) }} as net_dollar_days,
        window_net_amount

    from {{ ref('int_kpi__revenue') }}

),

credits as (

    select
        balance_month,
        facility_key,
        payer_key,
        -balance_amount * {{ window_days('balance_month') }} as credit_dollar_days,
        {{ money(0) }} as window_net_amount

    from balances

    where balance_amount < 0

    union all

    select
        revenue_month as balance_month,
        facility_key,
        payer_key,
        {{ money(0) }} as credit_dollar_days,
        window_net_amount

    from {{ ref('int_kpi__revenue') }}

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
        numerator='net_balance_amount', denominator='null', where='claim_key is not null'
    ) }}

    union all

    {{ kpi_rows(
        'net_days_in_ar', 'net_balances', 'balance_month',
        numerator='net_dollar_days', denominator='window_net_amount'
    ) }}

    union all

    {{ kpi_rows(
        'credit_balance_days', 'credits', 'balance_month', claim_key=null_key(),
        numerator='credit_dollar_days', denominator='window_net_amount'
    ) }}

    union all

    {{ kpi_rows(
        'dollars_at_risk', 'claims', 'as_of_date', numerator='open_amount', denominator='null',
        where='open_amount > 0 and (is_denied_on_last_remit or age_days > '
        ~ kpi_parameter('at_risk_age_days') ~ ')'
    ) }}

)

select * from final
