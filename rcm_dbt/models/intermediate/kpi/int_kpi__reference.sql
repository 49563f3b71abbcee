-- KPIs as other reports in use count them, so that a figure that someone knows from there can be
-- found here, and told apart from the headlines (`rcm trace --compare`).
{{ config(materialized='view') }}
with

claims as (

    select
        *,
        {{ as_of_date() }} as as_of_date

    from {{ ref('int_claim__enriched') }}

),

denied_amounts as (

    select
        remits.claim_key,
        headers.facility_key,
        headers.payer_key,
        remits.payment_date,
        remits.recorded_date,
        remits.denied_amount

    from {{ ref('int_claim__remits') }} as remits

    inner join {{ ref('int_claim__headers') }} as headers
        on remits.claim_key = headers.claim_key

    where remits.is_decision and remits.denied_amount <> 0

),

-- the legacy export says of each claim what it was last said to be
exported as (

    select * from {{ ref('int_kpi__exported_claims') }}

),

high_outstanding as (

    select min(threshold) as threshold

    from {{ ref('priority_rules') }}

    where factor = 'outstanding_amount' and priority_bucket = 'high'

),

final as (

    {{ kpi_rows(
        's1_denial_rate', 'claims', 'service_date', numerator=one_if("claim_status = 'denied'"),
        numerator_date='coalesce(last_remit_date, service_date)'
    ) }}

    union all

    {{ kpi_rows(
        's1_collection_rate', 'claims', 'service_date',
        numerator='payer_paid_amount + patient_paid_amount', denominator='charge_amount',
        numerator_date='coalesce(last_remit_date, service_date)'
    ) }}

    union all

    {{ kpi_rows(
        's2_outstanding', 'claims', 'service_date', known_date='null',
        numerator='open_amount', denominator='null', where='open_amount > 0'
    ) }}

    union all

    {{ kpi_rows(
        's2_high_priority_count', 'claims', 'as_of_date', numerator='1', denominator='null',
        where='open_amount > (select high_outstanding.threshold from high_outstanding)'
    ) }}

    union all

    {{ kpi_rows(
        's3_first_pass_yield', 'claims', 'first_submitted_date',
        numerator_date='coalesce(last_event_date, first_submitted_date)',
        numerator=one_if(
            "open_amount <= 0 and not is_ever_denied"
            ~ " and coalesce(first_ack_status, 'accepted') <> 'rejected'"
        ),
        where='first_submitted_date is not null'
    ) }}

    union all

    {{ kpi_rows(
        's3_denial_rate', 'claims', 'first_submitted_date', numerator=one_if('is_ever_denied'),
        numerator_date='coalesce(first_denied_date, first_submitted_date)',
        where='first_submitted_date is not null'
    ) }}

    union all

    {{ kpi_rows(
        's3_adjustment_impact', 'denied_amounts', 'payment_date', known_date='recorded_date',
        numerator='denied_amount', denominator='null'
    ) }}

    union all

    {{ kpi_rows(
        's4_collection_rate', 'exported', 'claim_date', known_date='null',
        numerator='paid_amount', denominator='claim_amount',
        record_type='exported claim', record_key='record_key'
    ) }}

    union all

    {% for status in ('Approved', 'Paid', 'Partially Paid', 'Pending', 'Denied', 'Rejected') -%}
    {{ kpi_rows(
        's4_' ~ (status | lower | replace(' ', '_')) ~ '_share', 'exported', 'claim_date',
        known_date='null',
        numerator=one_if("claim_status = '" ~ status ~ "'"),
        record_type='exported claim', record_key='record_key'
    ) }}

        union all

    {% endfor -%}
    {{ kpi_rows(
        's4_coverage_rate', 'claims', 'service_date',
        numerator='payer_paid_amount', denominator='charge_amount',
        numerator_date='coalesce(last_remit_date, service_date)'
    ) }}

)

select * from final
