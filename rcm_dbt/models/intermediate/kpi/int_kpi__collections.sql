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
        entries.event_date,
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
        entries.event_date

),

revenue as (

    select * from {{ ref('int_kpi__revenue') }}

),

-- the net value of each claim, and what each day's news made of it
valuations as (

    select
        *,
        denial_true_up_amount + net_denial_write_off_amount as denied_open_true_up_amount,
        -net_denial_write_off_amount as denial_write_off_true_up_amount,
        -net_balance_change_amount as collected_balance_amount

    from {{ ref('int_valuation__entries') }}

),

-- what payers allowed short of the contract, and all that they allowed otherwise than expected
allowed as (

    select
        claim_key,
        facility_key,
        payer_key,
        recorded_date,
        payer_true_up_amount,
        {{ money(0) }} as underpaid_amount

    from valuations

    union all

    select
        variances.claim_key,
        variances.facility_key,
        variances.payer_key,
        variances.recorded_date,
        variances.underpaid_amount as payer_true_up_amount,
        variances.underpaid_amount

    from {{ ref('int_contract__variances') }} as variances

    where variances.is_underpaid

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

    {% for cause, relation, amount in [
        ('services', 'valuations', 'expected_amount'),
        ('underpayment', 'allowed', '-underpaid_amount'),
        ('other differences in what payers allow', 'allowed', 'payer_true_up_amount'),
        ('denials written off', 'valuations', 'denial_write_off_true_up_amount'),
        ('denials held', 'valuations', 'denied_open_true_up_amount'),
        ('patient share', 'valuations', 'patient_true_up_amount'),
    ] -%}
    {{ kpi_rows(
        'net_patient_service_revenue', relation, 'recorded_date',
        numerator=amount, denominator='null', cause="'" ~ cause ~ "'", where=amount ~ ' <> 0'
    ) }}

        union all

    {% endfor -%}
    -- what was there to collect, and what became of it: the four add up to the cash
    {% for cause, numerator, denominator in [
        ('owed', 'expected_amount + payer_true_up_amount',
         'expected_amount + payer_true_up_amount'),
        ('denials written off', 'denial_write_off_true_up_amount', '0'),
        ('denials held', 'denied_open_true_up_amount', '0'),
        ('patient share', 'patient_true_up_amount', '0'),
        ('still open', 'collected_balance_amount', '0'),
    ] -%}
    {{ kpi_rows(
        'net_collection_rate', 'valuations', 'service_date', known_date='recorded_date',
        numerator=numerator, denominator=denominator, cause="'" ~ cause ~ "'",
        where=numerator ~ ' <> 0 and ' ~ is_mature('service_date', 'collection_maturity_days')
    ) }}

        union all

    {% endfor -%}
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
        'bad_debt_rate', 'write_offs', 'event_date',
        numerator='bad_debt_amount', denominator='0', cause="'bad debt'"
    ) }}

    union all

    {{ kpi_rows(
        'bad_debt_rate', 'revenue', 'revenue_month', denominator='gross_revenue_amount',
        cause="'charges'"
    ) }}

    union all

    {{ kpi_rows(
        'charity_rate', 'write_offs', 'event_date',
        numerator='charity_amount', denominator='0', cause="'charity care'"
    ) }}

    union all

    {{ kpi_rows(
        'charity_rate', 'revenue', 'revenue_month', denominator='gross_revenue_amount',
        cause="'charges'"
    ) }}

    union all

    {{ kpi_rows(
        'cash_rate_of_net_revenue', 'revenue', 'revenue_month',
        numerator='cash_amount * 3', denominator='0', cause="'cash'",
        where='revenue_month > first_window_month'
    ) }}

    union all

    {{ kpi_rows(
        'cash_rate_of_net_revenue', 'revenue', 'revenue_month',
        denominator='lagged_net_amount', cause="'net revenue of the months before'",
        where='revenue_month > first_window_month'
    ) }}

    union all

    {{ kpi_rows(
        'cost_to_collect', 'work', 'work_date',
        claim_key=null_key(), payer_key=null_key(),
        numerator='work_minutes * ' ~ kpi_parameter('work_minute_cost'), denominator='0',
        cause="'work'", record_type='work', record_key='work_key'
    ) }}

    union all

    {{ kpi_rows(
        'cost_to_collect', 'collected', 'event_date',
        payer_key=null_key(), denominator='cash_amount',
        cause="'cash'", record_type='entry', record_key='ledger_entry_key'
    ) }}

)

select * from final
