-- KPIs of the money that comes in, and of what is given up.
{{ config(materialized='view') }}
with

claims as (

    select * from {{ ref('int_claim__enriched') }}

),

write_offs as (

    select
        entries.claim_key,
        entries.facility_key,
        entries.payer_key,
        {{ month_start('entries.event_date') }} as event_month,
        {{ sum_where('-entries.ar_amount', "entries.event_type = 'BAD_DEBT'") }}
            as bad_debt_amount,
        {{ sum_where('-entries.ar_amount', "entries.event_type = 'CHARITY'") }} as charity_amount

    from {{ ref('int_ledger__entries') }} as entries

    where
        entries.event_type in ('BAD_DEBT', 'CHARITY')
        and entries.event_date <= {{ as_of_date() }}

    group by
        entries.claim_key,
        entries.facility_key,
        entries.payer_key,
        {{ month_start('entries.event_date') }}

),

revenue as (

    select * from {{ ref('int_kpi__revenue') }}

),

-- the net value of each claim, and what each day's news made of it
valuations as (

    select * from {{ ref('int_valuation__entries') }}

),

work as (

    select
        facilities.facility_key,
        work.work_key,
        work.work_date,
        work.work_minutes

    from {{ ref('int_staff__work') }} as work

    inner join {{ ref('int_facility__current') }} as facilities
        on work.source_system = facilities.source_system
        and facilities.facility_type = 'hospital'

),

-- cost to collect, for the hospitals whose work is logged
collected as (

    select
        entries.claim_key,
        entries.ledger_entry_key,
        entries.facility_key,
        entries.event_date,
        entries.cash_amount

    from {{ ref('int_ledger__entries') }} as entries

    inner join {{ ref('ledger_event_types') }} as event_types
        on entries.event_type = event_types.event_type

    where
        event_types.measure_class in ('payer_cash', 'patient_cash')
        and entries.event_date <= {{ as_of_date() }}
        and entries.facility_key in (select work.facility_key from work)

),

final as (

    {{ kpi_rows(
        'days_to_first_payment', 'claims', 'first_payer_payment_date',
        numerator=days_between('first_submitted_date', 'first_payer_payment_date'),
        where='first_payer_payment_date is not null and first_submitted_date is not null'
    ) }}

    union all

    {{ kpi_rows(
        'net_patient_service_revenue', 'valuations', 'recorded_date',
        numerator='net_revenue_amount', denominator='null'
    ) }}

    union all

    {{ kpi_rows(
        'net_collection_rate', 'valuations', 'service_date', known_date='recorded_date',
        numerator='cash_amount', denominator='expected_amount + payer_true_up_amount',
        where=is_mature('service_date', 'collection_maturity_days')
    ) }}

    union all

    {{ kpi_rows(
        'gross_collection_rate', 'claims', 'service_date',
        numerator='payer_paid_amount + patient_paid_amount', denominator='charge_amount',
        numerator_date='coalesce(last_remit_date, service_date)',
        where=is_mature('service_date', 'collection_maturity_days')
    ) }}

    union all

    {{ kpi_rows(
        'denial_write_off_rate', 'valuations', 'recorded_date',
        numerator='net_denial_write_off_amount', denominator='net_revenue_amount'
    ) }}

    union all

    {{ kpi_rows(
        'bad_debt_rate', 'write_offs', 'event_month',
        numerator='bad_debt_amount', denominator='0'
    ) }}

    union all

    {{ kpi_rows(
        'bad_debt_rate', 'revenue', 'revenue_month', denominator='gross_revenue_amount'
    ) }}

    union all

    {{ kpi_rows(
        'charity_rate', 'write_offs', 'event_month',
        numerator='charity_amount', denominator='0'
    ) }}

    union all

    {{ kpi_rows(
        'charity_rate', 'revenue', 'revenue_month', denominator='gross_revenue_amount'
    ) }}

    union all

    {{ kpi_rows(
        'cash_rate_of_net_revenue', 'revenue', 'revenue_month',
        numerator='cash_amount * 3', denominator='lagged_net_amount',
        where='revenue_month > first_window_month'
    ) }}

    union all

    {{ kpi_rows(
        'cost_to_collect', 'work', 'work_date', known_date='null',
        claim_key=null_key(), payer_key=null_key(),
        numerator='work_minutes * ' ~ kpi_parameter('work_minute_cost'), denominator='0',
        record_type='work', record_key='work_key'
    ) }}

    union all

    {{ kpi_rows(
        'cost_to_collect', 'collected', 'event_date', known_date='null',
        payer_key=null_key(), denominator='cash_amount',
        record_type='entry', record_key='ledger_entry_key'
    ) }}

)

select * from final
