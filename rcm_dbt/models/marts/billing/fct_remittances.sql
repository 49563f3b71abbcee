{{ config(**physical_layout('payment_date', ['claim_key', 'remit_payment_key'])) }}

-- Each claim of an 835 with its payment and its money. A claim that we never sent is here too, with
-- nothing that matches it.
with

remits as (

    select * from {{ ref('int_claim__remits') }}

),

adjustments as (

    select
        remit_claim_key,
        {{ sum_where('amount', "event_type = 'CONTRACTUAL'") }} as contractual_amount,
        {{ sum_where('amount', "event_type = 'DENIAL_HOLD'") }} as denied_amount,
        {{ sum_where('amount', "event_type = 'TRANSFER_TO_PATIENT'") }}
            as patient_responsibility_amount,
        {{ sum_where('amount', "event_type = 'TRANSFER_TO_SECONDARY'") }} as other_payer_amount,
        {{ sum_where(
            'amount',
            "event_type in ('DECISION_PENDING', 'UNCLASSIFIED_ADJUSTMENT', 'UNMATCHED_REVERSAL')"
        ) }} as unsettled_amount,
        count(distinct reason_code) as reason_count

    from {{ ref('int_claim__posted_adjustments') }}

    group by remit_claim_key

),

lines as (

    select
        remit_claim_key,
        sum(allowed_amount) as allowed_amount,
        count(*) as line_count,
        sum(case when claim_line_key is null then 1 else 0 end) as unmatched_line_count

    from {{ ref('int_claim__remit_lines') }}

    group by remit_claim_key

),

final as (

    select
        remits.remit_claim_key,
        remits.claim_key,
        remits.remit_payment_key,
        remits.claim_source_system as source_system,
        remits.claim_id,
        remits.payer_key,
        remits.facility_key,
        remits.trace_number,
        remits.payer_claim_number,
        remits.claim_status_code,
        remits.remit_number,
        remits.decision_number,
        remits.is_reversal,
        remits.is_secondary,
        remits.is_predetermination,
        remits.is_denied,
        remits.match_method,
        remits.match_confidence,
        remits.payment_date,
        remits.recorded_date,
        {{ money('remits.charge_amount') }} as charge_amount,
        {{ money('coalesce(lines.allowed_amount, 0)') }} as allowed_amount,
        {{ money('remits.paid_amount') }} as paid_amount,
        {{ money('coalesce(adjustments.contractual_amount, 0)') }} as contractual_amount,
        {{ money('coalesce(adjustments.denied_amount, 0)') }} as denied_amount,
        {{ money('coalesce(adjustments.patient_responsibility_amount, 0)') }}
            as patient_responsibility_amount,
        {{ money('coalesce(adjustments.other_payer_amount, 0)') }} as other_payer_amount,
        {{ money('coalesce(adjustments.unsettled_amount, 0)') }} as unsettled_amount,
        cast(coalesce(adjustments.reason_count, 0) as {{ dbt.type_int() }}) as reason_count,
        cast(coalesce(lines.line_count, 0) as {{ dbt.type_int() }}) as line_count,
        cast(coalesce(lines.unmatched_line_count, 0) as {{ dbt.type_int() }})
            as unmatched_line_count,
        remits._source_file as source_file,
        remits._source_position as source_position

    from remits

    left join adjustments
        on remits.remit_claim_key = adjustments.remit_claim_key

    left join lines
        on remits.remit_claim_key = lines.remit_claim_key

)

select * from final
