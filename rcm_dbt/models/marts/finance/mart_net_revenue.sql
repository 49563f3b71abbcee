-- Net patient service revenue from month to month, twice: as reported, in the month in which each
-- part became known, and restated, in the month of the service. As reported it explains how net
-- receivables went from one month end to the next: opening, and net revenue, less cash, is closing.
{%- set parts = [
    'charge', 'expected', 'payer_true_up', 'denial_true_up', 'patient_true_up', 'net_revenue', 'cash',
    'net_denial_write_off',
] %}
{%- set restated = [
    'expected', 'payer_true_up', 'denial_true_up', 'patient_true_up', 'net_revenue',
] %}
with

entries as (

    select
        *,
        {{ surrogate_key(['facility_key', 'payer_key']) }} as group_key,
        {{ month_start('recorded_date') }} as recorded_month,
        -- without a day of service, or with one that is still to come, there is none to restate to
        case
            when service_month <= {{ as_of_date() }} then service_month
            else {{ month_start('recorded_date') }}
        end as restated_month

    from {{ ref('int_valuation__entries') }}

),

reported as (

    select
        group_key,
        recorded_month as revenue_month,
        {%- for part in parts %}
            sum({{ part }}_amount) as {{ part }}_amount,
        {%- endfor %}
        sum(net_balance_change_amount) as net_receivable_change_amount

    from entries

    group by
        group_key,
        recorded_month

),

restated as (

    select
        group_key,
        {%- for part in restated %}
            sum({{ part }}_amount) as restated_{{ part }}_amount,
        {%- endfor %}
        restated_month as revenue_month

    from entries

    group by
        group_key,
        restated_month

),

portfolios as (

    select
        group_key,
        facility_key,
        payer_key,
        min(
            case when restated_month < recorded_month then restated_month else recorded_month end
        ) as first_month

    from entries

    group by
        group_key,
        facility_key,
        payer_key

),

months as (

    select distinct month_start_date as revenue_month

    from {{ ref('int_date__days') }}

    where month_start_date <= {{ as_of_date() }}

),

joined as (

    select
        portfolios.group_key,
        portfolios.facility_key,
        portfolios.payer_key,
        months.revenue_month,
        {%- for part in parts %}
            coalesce(reported.{{ part }}_amount, 0) as {{ part }}_amount,
        {%- endfor %}
        {%- for part in restated %}
            coalesce(restated.restated_{{ part }}_amount, 0) as restated_{{ part }}_amount,
        {%- endfor %}
        coalesce(reported.net_receivable_change_amount, 0) as net_receivable_change_amount,
        sum(reported.net_receivable_change_amount) over (
            partition by portfolios.group_key
            order by months.revenue_month
            rows between unbounded preceding and current row
        ) as closing_amount

    from portfolios

    inner join months
        on portfolios.first_month <= months.revenue_month

    left join reported
        on portfolios.group_key = reported.group_key
        and months.revenue_month = reported.revenue_month

    left join restated
        on portfolios.group_key = restated.group_key
        and months.revenue_month = restated.revenue_month

),

final as (

    select
        {{ surrogate_key(['group_key', 'revenue_month']) }} as net_revenue_key,
        revenue_month,
        facility_key,
        payer_key,
        {%- for part in parts %}
            {{ money(part ~ '_amount') }} as {{ part }}_amount,
        {%- endfor %}
        {%- for part in restated %}
            {{ money('restated_' ~ part ~ '_amount') }} as restated_{{ part }}_amount,
        {%- endfor %}
        {{ money('coalesce(closing_amount, 0) - net_receivable_change_amount') }}
            as opening_net_receivable_amount,
        {{ money('coalesce(closing_amount, 0)') }} as closing_net_receivable_amount

    from joined

    where
        {%- for part in parts %}
            {{ part }}_amount <> 0 or
        {%- endfor %}
        {%- for part in restated %}
            restated_{{ part }}_amount <> 0 or
        {%- endfor %}
        coalesce(closing_amount, 0) <> 0
        or net_receivable_change_amount <> 0

)

select * from final
