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

lines as (

    select
        remit_claim_key,
        line_no,
        charge_amount,
        paid_amount

    from {{ ref('stg_x12__remit_lines') }}

),

claims as (

    select
        remit_claim_key,
        charge_amount,
        paid_amount

    from {{ ref('stg_x12__remit_claims') }}

),

-- a contract never takes the whole charge: such an adjustment hides a denial (rule C9)
judged as (

    select
        adjustments.*,
        coalesce(
            adjustments.reason_code = '45'
            and adjustments.group_code <> 'PR'
            and adjustments.amount = coalesce(lines.charge_amount, claims.charge_amount)
            and coalesce(lines.paid_amount, claims.paid_amount) = 0,
            false
        ) as is_whole_charge

    from adjustments

    left join lines
        on adjustments.remit_claim_key = lines.remit_claim_key
        and adjustments.line_no = lines.line_no

    left join claims
        on adjustments.remit_claim_key = claims.remit_claim_key

),

classified as (

    select
        judged.remit_claim_key,
        judged.line_no,
        judged.adjustment_no,
        judged.group_code,
        judged.reason_code,
        judged.amount,
        judged._source_file,
        judged._source_position,
        judged.is_whole_charge,
        case
            when judged.is_whole_charge then 'Unspecified'
            else coalesce(reasons.category, 'Unknown reason code')
        end as category,
        reasons.stage,
        -- a reason that the list does not know is worked like a denial until someone classifies it
        judged.is_whole_charge
        or coalesce(reasons.is_denial, judged.group_code <> 'PR') as is_denial,
        case
            when judged.group_code = 'PR' then 'TRANSFER_TO_PATIENT'
            when judged.is_whole_charge or coalesce(reasons.is_denial, true) then 'DENIAL_HOLD'
            when reasons.category = 'COB flow' then 'TRANSFER_TO_SECONDARY'
            else 'CONTRACTUAL'
        end as event_type

    from judged

    left join reasons
        on judged.reason_code = reasons.reason_code

    where judged.amount <> 0

)

select * from classified
