-- One row per denied amount of a remittance: an adjustment whose reason is a denial, whatever the
-- claim status code says. A reversal takes a posting back and is not a denial.
with

adjustments as (

    select * from {{ ref('int_claim__remit_adjustments') }}

    where is_denial

),

remits as (

    select * from {{ ref('int_claim__remits') }}

    where is_decision

),

headers as (

    select * from {{ ref('int_claim__headers') }}

),

final as (

    select
        {{ surrogate_key([
            'adjustments.remit_claim_key', 'adjustments.line_no', 'adjustments.adjustment_no',
            'adjustments.group_code', 'adjustments.reason_code',
        ]) }} as denial_event_key,
        remits.claim_key,
        remits.remit_claim_key,
        headers.source_system,
        headers.claim_id,
        headers.encounter_key,
        headers.patient_key,
        headers.provider_key,
        headers.payer_key,
        headers.facility_key,
        adjustments.line_no,
        adjustments.group_code,
        adjustments.reason_code,
        adjustments.category as denial_category,
        adjustments.stage as denial_stage,
        remits.decision_number = 1 as is_initial,
        adjustments.amount as denied_amount,
        remits.payment_date as event_date,
        remits.recorded_date,
        adjustments._source_file as source_file,
        adjustments._source_position as source_position

    from adjustments

    inner join remits
        on adjustments.remit_claim_key = remits.remit_claim_key

    inner join headers
        on remits.claim_key = headers.claim_key

)

select * from final
