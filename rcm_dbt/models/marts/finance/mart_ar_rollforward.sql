-- Receivables from month to month, by the month in which each event was recorded: what a closed
-- month reported stays as it was. Opening and closing are balances of claims, the flows between
-- them ledger entries: two ways to the same figure, which must agree. Beside them, what the month
-- end would be by the days on which the events happened (restated), and what makes the difference:
-- events of until then that were recorded later, less those recorded early.
{%- set flows = {
    'charge_amount': ('CHARGE', 'ar_amount'),
    'charge_correction_amount': ('CHARGE_CORRECTION', 'ar_amount'),
    'contractual_amount': ('CONTRACTUAL', '-ar_amount'),
    'payer_cash_amount': ('PAYER_PAYMENT', '-ar_amount'),
    'patient_cash_amount': ('PATIENT_PAYMENT', '-ar_amount'),
    'refund_amount': ('REFUND', 'ar_amount'),
    'denial_write_off_amount': ('DENIAL_WRITE_OFF', '-ar_amount'),
    'admin_write_off_amount': ('ADMIN_WRITE_OFF', '-ar_amount'),
    'small_balance_amount': ('SMALL_BALANCE', '-ar_amount'),
    'bad_debt_amount': ('BAD_DEBT', '-ar_amount'),
    'charity_amount': ('CHARITY', '-ar_amount'),
    'prompt_pay_discount_amount': ('PROMPT_PAY_DISCOUNT', '-ar_amount'),
} %}
{%- set classes = {
    'charge_amount': ('charge', 'ar_amount'),
    'contractual_amount': ('contractual', '-ar_amount'),
    'payer_cash_amount': ('payer_cash', '-ar_amount'),
    'patient_cash_amount': ('patient_cash', '-ar_amount'),
    'write_off_amount': ('write_off', '-ar_amount'),
} %}
with

entries as (

    select
        entries.facility_key,
        entries.payer_key,
        {{ surrogate_key(['entries.facility_key', 'entries.payer_key']) }} as group_key,
        {{ month_start('entries.recorded_date') }} as recorded_month,
        -- a payment that is announced for a later day has not happened yet
        case
            when entries.event_date <= {{ as_of_date() }}
                then {{ month_start('entries.event_date') }}
        end as event_month,
        entries.event_type,
        event_types.measure_class,
        entries.ar_amount

    from {{ ref('int_ledger__entries') }} as entries

    inner join {{ ref('ledger_event_types') }} as event_types
        on entries.event_type = event_types.event_type

    where entries.ar_amount <> 0

),

month_balances as (

    select
        {{ surrogate_key(['facility_key', 'payer_key']) }} as group_key,
        balance_month as ledger_month,
        {{ month_start(dbt.dateadd('month', 1, 'balance_month')) }} as next_month,
        {{ sum_where('balance_amount', 'balance_amount > 0') }} as open_amount,
        {{ sum_where('balance_amount', 'balance_amount < 0') }} as credit_amount,
        sum(balance_amount) as closing_amount

    from {{ ref('int_receivable__month_end') }}

    group by
        {{ surrogate_key(['facility_key', 'payer_key']) }},
        balance_month

),

recorded as (

    select
        group_key,
        recorded_month as ledger_month,
        {%- for column, (event_type, amount) in flows.items() %}
            {{ sum_where(amount, "event_type = '" ~ event_type ~ "'") }} as {{ column }},
        {%- endfor %}
        count(*) as entry_count

    from entries

    group by
        group_key,
        recorded_month

),

-- by class: + what happened in the month, - what was recorded in it
restatements as (

    select
        group_key,
        event_month as ledger_month,
        measure_class,
        ar_amount

    from entries

    where event_month is not null

    union all

    select
        group_key,
        recorded_month as ledger_month,
        measure_class,
        -ar_amount as ar_amount

    from entries

),

restated as (

    select
        group_key,
        ledger_month,
        {%- for column, (measure_class, amount) in classes.items() %}
            {{ sum_where(amount, "measure_class = '" ~ measure_class ~ "'") }}
                as unrecorded_{{ column }},
        {%- endfor %}
        sum(ar_amount) as restatement_amount

    from restatements

    group by
        group_key,
        ledger_month

),

portfolios as (

    select
        group_key,
        facility_key,
        payer_key,
        min(case when event_month < recorded_month then event_month else recorded_month end)
            as first_month

    from entries

    group by
        group_key,
        facility_key,
        payer_key

),

months as (

    select distinct month_start_date as ledger_month

    from {{ ref('int_date__days') }}

    where month_start_date <= {{ as_of_date() }}

),

joined as (

    select
        portfolios.group_key,
        portfolios.facility_key,
        portfolios.payer_key,
        months.ledger_month,
        coalesce(openings.closing_amount, 0) as opening_amount,
        {%- for column in flows %}
            coalesce(recorded.{{ column }}, 0) as {{ column }},
        {%- endfor %}
        coalesce(closings.closing_amount, 0) as closing_amount,
        coalesce(closings.open_amount, 0) as open_amount,
        coalesce(closings.credit_amount, 0) as credit_amount,
        coalesce(recorded.entry_count, 0) as entry_count,
        {%- for column in classes %}
            sum(restated.unrecorded_{{ column }}) over (
                partition by portfolios.group_key
                order by months.ledger_month
                rows between unbounded preceding and current row
            ) as unrecorded_{{ column }},
        {%- endfor %}
        sum(restated.restatement_amount) over (
            partition by portfolios.group_key
            order by months.ledger_month
            rows between unbounded preceding and current row
        ) as restatement_amount

    from portfolios

    inner join months
        on portfolios.first_month <= months.ledger_month

    left join recorded
        on portfolios.group_key = recorded.group_key
        and months.ledger_month = recorded.ledger_month

    left join restated
        on portfolios.group_key = restated.group_key
        and months.ledger_month = restated.ledger_month

    left join month_balances as closings
        on portfolios.group_key = closings.group_key
        and months.ledger_month = closings.ledger_month

    left join month_balances as openings
        on portfolios.group_key = openings.group_key
        and months.ledger_month = openings.next_month

),

final as (

    select
        {{ surrogate_key(['ledger_month', 'group_key']) }} as ar_rollforward_key,
        ledger_month,
        facility_key,
        payer_key,
        {{ money('opening_amount') }} as opening_amount,
        {%- for column in flows %}
            {{ money(column) }} as {{ column }},
        {%- endfor %}
        {{ money('closing_amount') }} as closing_amount,
        {{ money('open_amount') }} as open_amount,
        {{ money('credit_amount') }} as credit_amount,
        {{ money('closing_amount + coalesce(restatement_amount, 0)') }} as restated_closing_amount,
        {%- for column in classes %}
            {{ money('coalesce(unrecorded_' ~ column ~ ', 0)') }} as unrecorded_{{ column }}
            {%- if not loop.last %},{% endif %}
        {%- endfor %}

    from joined

    where
        entry_count > 0
        or opening_amount <> 0
        or closing_amount <> 0
        {%- for column in classes %}
            or coalesce(unrecorded_{{ column }}, 0) <> 0
        {%- endfor %}

)

select * from final
