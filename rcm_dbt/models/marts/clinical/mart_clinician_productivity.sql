-- How clinician work turns into dollars, per clinician, facility and month. Two views side by side:
-- what the month's work has brought in so far (cohort), and what cash arrived in the month. Dollars
-- are those of professional claims; what the facility earns by the same visits stands beside them.
-- Money that reaches no clinician stands on a line of its own, so totals equal the ledger.
{%- set counts = [
    'encounter_count', 'claim_count', 'first_payment_days', 'first_payment_count',
    'facility_claim_count',
] %}
{%- set amounts = [
    'charge_amount', 'contractual_amount', 'cohort_cash_amount', 'write_off_amount', 'open_amount',
    'denied_open_amount', 'patient_open_amount', 'credit_amount', 'allowed_amount',
    'denied_amount', 'net_revenue_amount', 'cash_amount', 'facility_charge_amount',
    'facility_net_revenue_amount', 'facility_cohort_cash_amount', 'facility_open_amount',
    'facility_cash_amount', 'professional_cost_amount', 'facility_cost_amount',
    'unallocated_cost_amount',
] %}
{%- set quantities = ['work_rvu', 'fte', 'target_work_rvu'] %}
{%- set neutral = {} %}
{%- for name in counts %}{% do neutral.update({name: '0'}) %}{% endfor %}
{%- for name in amounts %}{% do neutral.update({name: money(0)}) %}{% endfor %}
{%- for name in quantities %}
    {%- do neutral.update({name: 'cast(null as decimal(18, 2))'}) %}
{%- endfor %}
{%- set own = "case when service_type = 'professional' then {} else 0 end" %}
{%- set own_of = "case when service_type = 'professional' and claim_status = '{}'"
    ~ " then {} else 0 end" %}
{%- set facility = "case when service_type = 'facility' then {} else 0 end" %}
with

encounters as (

    select * from {{ ref('int_encounter__enriched') }}

),

first_allowed as (

    select
        claim_key,
        sum(allowed_amount) as allowed_amount

    from {{ ref('int_claim__decided_lines') }}

    group by claim_key

),

net_revenue as (

    select
        claim_key,
        sum(net_revenue_amount) as net_revenue_amount

    from {{ ref('int_valuation__entries') }}

    group by claim_key

),

claims as (

    select
        claims.*,
        service_types.service_type,
        coalesce(first_allowed.allowed_amount, {{ money(0) }}) as allowed_amount,
        coalesce(net_revenue.net_revenue_amount, {{ money(0) }}) as net_revenue_amount,
        claims.payer_paid_amount + claims.patient_paid_amount as paid_amount,
        {{ surrogate_key([
            "coalesce(claims.provider_key, 'none')", "coalesce(claims.facility_key, 'none')",
            month_start('claims.service_date'),
        ]) }} as cell_key,
        case
            when service_types.service_type = 'professional'
                then {{ days_between(
                    'claims.first_submitted_date', 'claims.first_payer_payment_date'
                ) }}
        end as first_payment_days

    from {{ ref('int_claim__enriched') }} as claims

    inner join {{ ref('int_claim__service_types') }} as service_types
        on claims.claim_key = service_types.claim_key

    left join first_allowed
        on claims.claim_key = first_allowed.claim_key

    left join net_revenue
        on claims.claim_key = net_revenue.claim_key

),

-- signed days, so that a payment before its submission is not turned round
ranked_first_payments as (

    select
        cell_key,
        first_payment_days,
        row_number() over (partition by cell_key order by first_payment_days) as payment_rank,
        count(*) over (partition by cell_key) as payment_count

    from claims

    where first_payment_days is not null

),

first_payments as (

    select
        cell_key,
        {{ nearest_rank('first_payment_days', 'payment_rank', 'payment_count', 50) }}
            as median_first_payment_days,
        {{ nearest_rank('first_payment_days', 'payment_rank', 'payment_count', 90) }}
            as p90_first_payment_days

    from ranked_first_payments

    group by cell_key

),

entries as (

    select
        entries.event_date,
        entries.provider_key,
        entries.facility_key,
        entries.cash_amount,
        -- what is of no claim is no facility's service
        coalesce(service_types.service_type, 'professional') as service_type

    from {{ ref('int_ledger__entries') }} as entries

    left join {{ ref('int_claim__service_types') }} as service_types
        on entries.claim_key = service_types.claim_key

    where entries.cash_amount <> 0

),

allocations as (

    select * from {{ ref('int_cost__allocations') }}

),

costed_months as (

    select distinct
        facility_key,
        cost_month

    from {{ ref('int_facility__costs') }}

),

targets as (

    select * from {{ ref('int_provider__targets') }}

),

combined as (
    {{ measure_rows('encounters', {
        'activity_month': month_start('encounter_date'), 'provider_key': 'provider_key',
        'facility_key': 'facility_key',
    }, {
        'encounter_count': '1', 'work_rvu': 'work_rvu',
    }, neutral) }}

    union all
    {{ measure_rows('claims', {
        'activity_month': month_start('service_date'), 'provider_key': 'provider_key',
        'facility_key': 'facility_key',
    }, {
        'claim_count': own.format('1'),
        'charge_amount': own.format('charge_amount'),
        'contractual_amount': own.format('contractual_amount'),
        'cohort_cash_amount': own.format('paid_amount'),
        'write_off_amount': own.format('write_off_amount'),
        'open_amount': own.format('open_amount'),
        'denied_open_amount': own_of.format('denied', 'open_amount'),
        'patient_open_amount': own_of.format('patient', 'open_amount'),
        'credit_amount': own_of.format('credit', 'open_amount'),
        'allowed_amount': own.format('allowed_amount'),
        'denied_amount': own.format('denied_amount'),
        'net_revenue_amount': own.format('net_revenue_amount'),
        'first_payment_days': 'coalesce(first_payment_days, 0)',
        'first_payment_count': 'case when first_payment_days is not null then 1 else 0 end',
        'facility_claim_count': facility.format('1'),
        'facility_charge_amount': facility.format('charge_amount'),
        'facility_net_revenue_amount': facility.format('net_revenue_amount'),
        'facility_cohort_cash_amount': facility.format('paid_amount'),
        'facility_open_amount': facility.format('open_amount'),
    }, neutral) }}

    union all
    {{ measure_rows('entries', {
        'activity_month': month_start('event_date'), 'provider_key': 'provider_key',
        'facility_key': 'facility_key',
    }, {
        'cash_amount': own.format('cash_amount'),
        'facility_cash_amount': facility.format('cash_amount'),
    }, neutral) }}

    union all
    {{ measure_rows('allocations', {
        'activity_month': 'cost_month', 'provider_key': 'provider_key',
        'facility_key': 'facility_key',
    }, {
        'professional_cost_amount': own.format('allocated_amount'),
        'facility_cost_amount': facility.format('allocated_amount'),
        'unallocated_cost_amount': 'unallocated_amount',
    }, neutral) }}

    union all
    {{ measure_rows('targets', {
        'activity_month': 'target_month', 'provider_key': 'provider_key',
        'facility_key': 'facility_key',
    }, {'fte': 'fte', 'target_work_rvu': 'target_work_rvu'}, neutral) }}

),

summed as (

    select
        activity_month,
        provider_key,
        facility_key,
        {%- for name in neutral %}
            sum({{ name }}) as {{ name }},
        {%- endfor %}
        {{ surrogate_key([
            "coalesce(provider_key, 'none')", "coalesce(facility_key, 'none')", 'activity_month',
        ]) }} as cell_key

    from combined

    group by
        activity_month,
        provider_key,
        facility_key

),

providers as (

    select * from {{ ref('int_provider__current') }}

),

facilities as (

    select * from {{ ref('int_facility__current') }}

),

final as (

    select
        summed.cell_key as productivity_key,
        summed.activity_month,
        summed.provider_key,
        coalesce(providers.provider_name, 'Not attributable to a clinician') as provider_name,
        providers.specialty,
        summed.facility_key,
        facilities.facility_name,
        {{ days_between(dbt.last_day('summed.activity_month', 'month'), as_of_date()) }}
            as maturity_days,
        cast(summed.encounter_count as {{ dbt.type_bigint() }}) as encounter_count,
        cast(summed.work_rvu as decimal(18, 2)) as work_rvu,
        cast(summed.fte as decimal(4, 2)) as fte,
        cast(summed.target_work_rvu as decimal(18, 2)) as target_work_rvu,
        cast(summed.claim_count as {{ dbt.type_bigint() }}) as claim_count,
        {{ money('summed.charge_amount') }} as charge_amount,
        {{ money('summed.contractual_amount') }} as contractual_amount,
        {{ money('summed.cohort_cash_amount') }} as cohort_cash_amount,
        {{ money('summed.write_off_amount') }} as write_off_amount,
        {{ money('summed.open_amount') }} as open_amount,
        {{ money('summed.denied_open_amount') }} as denied_open_amount,
        {{ money('summed.patient_open_amount') }} as patient_open_amount,
        {{ money(
            'summed.open_amount - summed.denied_open_amount - summed.patient_open_amount'
            ~ ' - summed.credit_amount'
        ) }} as payer_open_amount,
        {{ money('summed.credit_amount') }} as credit_amount,
        {{ money('summed.allowed_amount') }} as allowed_amount,
        {{ money('summed.denied_amount') }} as denied_amount,
        {{ money('summed.net_revenue_amount') }} as net_revenue_amount,
        {{ money('summed.cash_amount') }} as cash_amount,
        cast(summed.first_payment_days as {{ dbt.type_bigint() }}) as first_payment_days,
        cast(summed.first_payment_count as {{ dbt.type_bigint() }}) as first_payment_count,
        first_payments.median_first_payment_days,
        first_payments.p90_first_payment_days,
        cast(summed.facility_claim_count as {{ dbt.type_bigint() }}) as facility_claim_count,
        {%- for name in ['charge', 'net_revenue', 'cohort_cash', 'open', 'cash'] %}
            {{ money('summed.facility_' ~ name ~ '_amount') }} as facility_{{ name }}_amount,
        {%- endfor %}
        case
            when costed_months.cost_month is not null
                then {{ money('summed.professional_cost_amount') }}
        end as professional_cost_amount,
        case
            when costed_months.cost_month is not null
                then {{ money('summed.facility_cost_amount') }}
        end as facility_cost_amount,
        case
            when costed_months.cost_month is not null
                then {{ money('summed.unallocated_cost_amount') }}
        end as unallocated_cost_amount

    from summed

    left join first_payments
        on summed.cell_key = first_payments.cell_key

    left join costed_months
        on summed.facility_key = costed_months.facility_key
        and summed.activity_month = costed_months.cost_month

    left join providers
        on summed.provider_key = providers.provider_key

    left join facilities
        on summed.facility_key = facilities.facility_key

)

select * from final
