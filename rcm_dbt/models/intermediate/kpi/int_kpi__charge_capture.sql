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

months as (

    select distinct month_start_date as balance_month

    from {{ ref('int_date__days') }}

    where month_start_date <= {{ as_of_date() }}

),

-- what waits at the end of a month began by then, and ends in a later one or on no day
waiting as (

    select
        months.balance_month,
        waits.claim_key,
        waits.encounter_key,
        waits.facility_key,
        waits.payer_key,
        waits.wait,
        waits.amount

    from waits

    inner join months
        on {{ month_start('waits.from_date') }} <= months.balance_month
        and (waits.to_date is null or {{ month_start('waits.to_date') }} > months.balance_month)

),

dollar_days as (

    select
        balance_month,
        claim_key,
        encounter_key,
        facility_key,
        payer_key,
        case when wait = 'DNFB' then amount else 0 end * {{ window_days('balance_month') }}
            as unbilled_dollar_days,
        case when wait = 'FBNS' then amount else 0 end * {{ window_days('balance_month') }}
            as unsubmitted_dollar_days,
        {{ money(0) }} as window_gross_amount,
        case when wait = 'DNFB' then 'not billed yet' else 'billed and not sent yet' end as cause

    from waiting

    union all

    select
        revenue_month as balance_month,
        claim_key,
        {{ null_key() }} as encounter_key,
        facility_key,
        payer_key,
        {{ money(0) }} as unbilled_dollar_days,
        {{ money(0) }} as unsubmitted_dollar_days,
        window_gross_amount,
        'charges' as cause

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
        'dnfb_days', 'dollar_days', 'balance_month',
        record_type='visit', record_key='encounter_key', cause='cause',
        numerator='unbilled_dollar_days', denominator='window_gross_amount'
    ) }}

    union all

    {{ kpi_rows(
        'fbns_days', 'dollar_days', 'balance_month',
        record_type='visit', record_key='encounter_key', cause='cause',
        numerator='unsubmitted_dollar_days', denominator='window_gross_amount'
    ) }}

    union all

    {{ kpi_rows(
        'dnsp_days', 'dollar_days', 'balance_month',
        record_type='visit', record_key='encounter_key', cause='cause',
        numerator='unbilled_dollar_days + unsubmitted_dollar_days',
        denominator='window_gross_amount'
    ) }}

)

select * from final
