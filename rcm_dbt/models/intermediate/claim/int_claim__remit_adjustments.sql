-- One row per CAS adjustment of a loaded remittance, with what it means: a contractual reduction, a
-- denial to work, a share that the patient owes, or a hand-over to the next payer. Group and reason
-- decide together; the claim status code does not, as payers deny under status 1 too.
with

adjustments as (

    select * from {{ ref('stg_x12__remit_adjustments') }}

),

reasons as (

    select * from {{ ref('carc_codes') }}

),

classified as (

    select
        adjustments.remit_claim_key,
        adjustments.line_no,
        adjustments.adjustment_no,
        adjustments.group_code,
        adjustments.reason_code,
        adjustments.amount,
        adjustments._source_file,
        adjustments._source_position,
        coalesce(reasons.category, 'Unknown reason code') as category,
        reasons.stage,
        -- a reason that the list does not know is worked like a denial until someone classifies it
        coalesce(reasons.is_denial, adjustments.group_code <> 'PR') as is_denial,
        case
            when adjustments.group_code = 'PR' then 'TRANSFER_TO_PATIENT'
            when coalesce(reasons.is_denial, true) then 'DENIAL_HOLD'
            when reasons.category = 'COB flow' then 'TRANSFER_TO_SECONDARY'
            else 'CONTRACTUAL'
        end as event_type

    from adjustments

    left join reasons
        on adjustments.reason_code = reasons.reason_code

    where adjustments.amount <> 0

)

select * from classified
