-- One row per denied amount of a remittance: an adjustment whose reason is a denial, whatever the
-- claim status code says. A reversal takes a posting back and is not a denial. The key is made of
-- what the payer says, never of the file that said it: the same decision delivered again is the
-- same event.
with

adjustments as (

    select * from {{ ref('int_claim__remit_adjustments') }}

    where is_denial

),

remits as (

    select * from {{ ref('int_claim__remits') }}

    where is_decision

),

payments as (

    select * from {{ ref('int_cash__remit_payments') }}

),

headers as (

    select * from {{ ref('int_claim__headers') }}

),

amounts as (

    select * from {{ ref('int_denial__amounts') }}

),

reasons as (

    select * from {{ ref('carc_codes') }}

),

categories as (

    select * from {{ ref('denial_categories') }}

),

remarks as (

    select * from {{ ref('int_claim__remit_remarks') }}

),

last_words as (

    select
        claim_key,
        part,
        max(decision_number) as last_decision_number

    from remits

    group by
        claim_key,
        part

),

joined as (

    select
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
        coalesce(remarks.remark_codes, claim_remarks.remark_codes) as remark_codes,
        adjustments.category as denial_category,
        adjustments.stage as denial_stage,
        reasons.core_scenario,
        categories.root_cause_step,
        categories.responsible_department,
        categories.is_avoidable,
        remits.decision_number = 1 as is_initial,
        remits.decision_number = last_words.last_decision_number as is_final,
        adjustments.amount as denied_amount,
        {{ money('coalesce(amounts.counted_amount, 0)') }} as counted_amount,
        remits.payment_date as event_date,
        remits.recorded_date,
        adjustments._source_file as source_file,
        adjustments._source_position as source_position,
        coalesce(payments.trace_number, 'not given') as trace_number,
        adjustments.adjustment_no

    from adjustments

    inner join remits
        on adjustments.remit_claim_key = remits.remit_claim_key
        -- what one line denies and another gives back is no denial
        and remits.denied_amount <> 0

    inner join payments
        on remits.remit_payment_key = payments.remit_payment_key

    inner join headers
        on remits.claim_key = headers.claim_key

    inner join last_words
        on remits.claim_key = last_words.claim_key
        and remits.part = last_words.part

    left join amounts
        on adjustments.remit_claim_key = amounts.remit_claim_key
        and adjustments.adjustment_no = amounts.adjustment_no

    left join reasons
        on adjustments.reason_code = reasons.reason_code

    left join categories
        on adjustments.category = categories.category

    left join remarks
        on adjustments.remit_claim_key = remarks.remit_claim_key
        and coalesce(adjustments.line_no, 0) = remarks.line_no

    -- what is said of the whole claim is said of its lines
    left join remarks as claim_remarks
        on adjustments.remit_claim_key = claim_remarks.remit_claim_key
        and claim_remarks.line_no = 0

),

numbered as (

    select
        *,
        row_number() over (
            partition by
                claim_key, trace_number, event_date, line_no, group_code, reason_code, denied_amount
            order by remit_claim_key, adjustment_no
        ) as repetition

    from joined

),

final as (

    select
        {{ surrogate_key([
            'claim_key', 'trace_number', 'event_date', 'line_no', 'group_code', 'reason_code',
            'denied_amount', 'repetition',
        ]) }} as denial_event_key,
        claim_key,
        remit_claim_key,
        source_system,
        claim_id,
        encounter_key,
        patient_key,
        provider_key,
        payer_key,
        facility_key,
        line_no,
        group_code,
        reason_code,
        remark_codes,
        denial_category,
        denial_stage,
        core_scenario,
        root_cause_step,
        responsible_department,
        is_avoidable,
        is_initial,
        is_final,
        denied_amount,
        counted_amount,
        event_date,
        recorded_date,
        source_file,
        source_position

    from numbered

)

select * from final
