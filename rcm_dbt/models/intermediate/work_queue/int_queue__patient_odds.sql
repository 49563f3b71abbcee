-- How much of what patients owed was paid, as it could be known on each day on which the queue is
-- judged: by hospital system, cover, size of the bill and its age. An old bill has the odds of what
-- was still to come at its age. Few outcomes decide nothing: a cell leans on its system.
{%- set in_system = ' over (partition by report_date, source_system)' %}
with

days as (

    select * from {{ ref('int_date__report_days') }}

),

bills as (

    select
        enriched.claim_key,
        enriched.source_system,
        enriched.service_date,
        coalesce(payers.payer_class = 'Self-pay', false) as is_self_pay,
        {{ bill_size(patient_bill(
            'payers.payer_class', 'enriched.charge_amount', 'enriched.patient_responsibility_amount'
        )) }} as bill_size

    from {{ ref('int_claim__enriched') }} as enriched

    left join {{ ref('int_payer__current') }} as payers
        on enriched.payer_key = payers.payer_key

),

outcomes as (

    select
        entries.claim_key,
        entries.source_system,
        coalesce(bills.is_self_pay, false) as is_self_pay,
        coalesce(bills.bill_size, 'up to $200') as bill_size,
        {{ bill_age(days_between('bills.service_date', 'entries.recorded_date')) }} as bill_age,
        {{ month_start('entries.recorded_date') }} as recorded_month,
        sum(entries.cash_amount) as paid_amount,
        {{ sum_where('-entries.ar_amount', "event_types.write_off_class = 'patient'") }}
            as given_up_amount

    from {{ ref('int_ledger__entries') }} as entries

    inner join {{ ref('ledger_event_types') }} as event_types
        on entries.event_type = event_types.event_type

    left join bills
        on entries.claim_key = bills.claim_key

    where
        event_types.measure_class = 'patient_cash'
        or event_types.write_off_class = 'patient'

    group by
        entries.claim_key,
        entries.source_system,
        coalesce(bills.is_self_pay, false),
        coalesce(bills.bill_size, 'up to $200'),
        {{ bill_age(days_between('bills.service_date', 'entries.recorded_date')) }},
        {{ month_start('entries.recorded_date') }}

),

monthly as (

    select
        source_system,
        is_self_pay,
        bill_size,
        bill_age,
        recorded_month,
        count(*) as outcome_count,
        sum(paid_amount) as paid_amount,
        sum(given_up_amount) as given_up_amount

    from outcomes

    group by
        source_system,
        is_self_pay,
        bill_size,
        bill_age,
        recorded_month

),

systems as (

    select distinct source_system

    from monthly

),

covers as (

    select true as is_self_pay
    union all
    select false as is_self_pay

),

sizes as (

    {% for amount in (1, 201, 1001, 5001) -%}
        select {{ bill_size(amount) }} as bill_size
        {%- if not loop.last %}
            union all
        {% endif -%}
    {% endfor %}

),

ages as (

    {% for days in (1, 61, 121, 241) -%}
        select {{ bill_age(days) }} as bill_age
        {%- if not loop.last %}
            union all
        {% endif -%}
    {% endfor %}

),

-- every kind of bill that a system may send, whether or not any has an outcome
cells as (

    select
        systems.source_system,
        covers.is_self_pay,
        sizes.bill_size,
        ages.bill_age

    from systems

    cross join covers

    cross join sizes

    cross join ages

),

-- what came at an age or later
counted as (

    select
        days.report_date,
        cells.source_system,
        cells.is_self_pay,
        cells.bill_size,
        cells.bill_age,
        coalesce(sum(monthly.outcome_count), 0) as outcome_count,
        coalesce(sum(monthly.paid_amount), 0) as paid_amount,
        coalesce(sum(monthly.given_up_amount), 0) as given_up_amount

    from days

    cross join cells

    left join monthly
        on cells.source_system = monthly.source_system
        and cells.is_self_pay = monthly.is_self_pay
        and cells.bill_size = monthly.bill_size
        and cells.bill_age <= monthly.bill_age
        and days.report_month >= monthly.recorded_month

    group by
        days.report_date,
        cells.source_system,
        cells.is_self_pay,
        cells.bill_size,
        cells.bill_age

),

pooled as (

    select
        *,
        -- of every kind the youngest age holds all that came
        coalesce(
            {{ quotient(
                sum_where('paid_amount', 'bill_age = 1') ~ in_system,
                'nullif('
                ~ sum_where('paid_amount + given_up_amount', 'bill_age = 1') ~ in_system
                ~ ', 0)'
            ) }},
            0
        ) as system_odds,
        cast({{ setting('odds_prior_claims') }} as {{ dbt.type_float() }}) as prior_claims

    from counted

),

-- a refund takes back what was paid, and a reinstated debt what was given up
bounded as (

    select
        report_date,
        source_system,
        is_self_pay,
        bill_size,
        bill_age,
        outcome_count,
        prior_claims,
        least(greatest(system_odds, 0), 1) as system_odds,
        least(
            greatest(
                coalesce(
                    {{ quotient('paid_amount', 'nullif(paid_amount + given_up_amount, 0)') }},
                    system_odds
                ),
                0
            ),
            1
        ) as cell_odds

    from pooled

),

final as (

    select
        report_date,
        source_system,
        is_self_pay,
        bill_size,
        bill_age,
        cast(outcome_count as {{ dbt.type_bigint() }}) as outcome_count,
        -- an older bill is never the better one, however few there were
        min(
            cast(
                (outcome_count * cell_odds + prior_claims * system_odds)
                / (outcome_count + prior_claims)
                as decimal(9, 4)
            )
        ) over (
            partition by report_date, source_system, is_self_pay, bill_size
            order by bill_age
            rows between unbounded preceding and current row
        ) as collection_odds

    from bounded

)

select * from final
