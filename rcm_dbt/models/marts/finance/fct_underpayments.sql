{{ config(**physical_layout('recorded_date', ['claim_key'])) }}
{{ config(meta={'claims_from': ['int_contract__variances', 'int_claim__headers']}) }}

-- What the contract says of each decided line against what the payer allowed at first.
with

variances as (

    select * from {{ ref('int_contract__variances') }}

),

headers as (

    select * from {{ ref('int_claim__headers') }}

),

final as (

    select
        variances.claim_line_key,
        variances.claim_key,
        variances.remit_claim_key,
        headers.source_system,
        headers.claim_id,
        variances.line_id,
        headers.encounter_key,
        headers.provider_key,
        variances.payer_key,
        variances.facility_key,
        variances.procedure_code,
        variances.service_category,
        variances.contract_id,
        variances.contract_method,
        variances.service_date,
        variances.payment_date,
        variances.recorded_date,
        {{ money('variances.charge_amount') }} as charge_amount,
        {{ money('variances.expected_amount') }} as expected_amount,
        {{ money('variances.allowed_amount') }} as allowed_amount,
        {{ money('variances.paid_amount') }} as paid_amount,
        {{ money('variances.denied_amount') }} as denied_amount,
        {{ money('variances.contractual_amount') }} as contractual_amount,
        {{ money('variances.expected_contractual_amount') }} as expected_contractual_amount,
        {{ money('variances.variance_amount') }} as variance_amount,
        {{ money('variances.tolerance_amount') }} as tolerance_amount,
        variances.is_denied,
        variances.is_underpaid,
        {{ money('variances.underpaid_amount') }} as underpaid_amount

    from variances

    inner join headers
        on variances.claim_key = headers.claim_key

)

select * from final
