-- What was charged, earned and received per month, claim, facility and payer, and the three months
-- behind each month: a balance in days is that balance over the revenue of a day. Days of a window
-- are those until the as-of date. Net revenue is accrued: what was expected at the service, and the
-- true-ups of the month in which they became known.
with

posted as (

    select
        entries.claim_key,
        entries.facility_key,
        entries.payer_key,
        {{ month_start('entries.event_date') }} as revenue_month,
        {{ sum_where('entries.ar_amount', "event_types.measure_class = 'charge'") }}
            as gross_revenue_amount,
        {{ money(0) }} as net_revenue_amount,
        {{ sum_where(
            'entries.cash_amount', "event_types.measure_class in ('payer_cash', 'patient_cash')"
        ) }} as cash_amount

    from {{ ref('int_ledger__entries') }} as entries

    inner join {{ ref('ledger_event_types') }} as event_types
        on entries.event_type = event_types.event_type

    -- a payment that is announced for a later day has not happened yet
    where entries.event_date <= {{ as_of_date() }}

    group by
        entries.claim_key,
        entries.facility_key,
        entries.payer_key,
        {{ month_start('entries.event_date') }}

),

entries as (

    select * from posted

    union all

    select
        claim_key,
        facility_key,
        payer_key,
        {{ month_start('recorded_date') }} as revenue_month,
        {{ money(0) }} as gross_revenue_amount,
        sum(net_revenue_amount) as net_revenue_amount,
        {{ money(0) }} as cash_amount

    from {{ ref('int_valuation__entries') }}

    group by
        claim_key,
        facility_key,
        payer_key,
        {{ month_start('recorded_date') }}

),

-- each month counts in its own window and in those of the two months after it; a lagged window is
-- that of the three months before
spread as (

    {% for months in range(4) -%}
        select
            claim_key,
            facility_key,
            payer_key,
            {{ month_start(dbt.dateadd('month', months, 'revenue_month')) }} as revenue_month,
            {{ 'gross_revenue_amount' if months == 0 else money(0) }} as gross_revenue_amount,
            {{ 'net_revenue_amount' if months == 0 else money(0) }} as net_revenue_amount,
            {{ 'cash_amount' if months == 0 else money(0) }} as cash_amount,
            {{ 'gross_revenue_amount' if months < 3 else money(0) }} as window_gross_amount,
            {{ 'net_revenue_amount' if months < 3 else money(0) }} as window_net_amount,
            {{ 'net_revenue_amount' if months > 0 else money(0) }} as lagged_net_amount

        from entries
        {% if not loop.last %}
            union all

        {% endif %}
    {%- endfor %}

),

summed as (

    select
        claim_key,
        facility_key,
        payer_key,
        revenue_month,
        sum(gross_revenue_amount) as gross_revenue_amount,
        sum(net_revenue_amount) as net_revenue_amount,
        sum(cash_amount) as cash_amount,
        sum(window_gross_amount) as window_gross_amount,
        sum(window_net_amount) as window_net_amount,
        sum(lagged_net_amount) as lagged_net_amount

    from spread

    where revenue_month <= {{ as_of_date() }}

    group by
        claim_key,
        facility_key,
        payer_key,
        revenue_month

),

-- before, a window of three months holds fewer, and days over it would be too many
begun as (

    select
        *,
        min(revenue_month) over (partition by facility_key) as first_month

    from summed

),

final as (

    select
        claim_key,
        facility_key,
        payer_key,
        revenue_month,
        {{ money('gross_revenue_amount') }} as gross_revenue_amount,
        {{ money('net_revenue_amount') }} as net_revenue_amount,
        {{ money('cash_amount') }} as cash_amount,
        {{ money('window_gross_amount') }} as window_gross_amount,
        {{ money('window_net_amount') }} as window_net_amount,
        {{ money('lagged_net_amount') }} as lagged_net_amount,
        {{ month_start(dbt.dateadd('month', 2, 'first_month')) }} as first_window_month

    from begun

)

select * from final
