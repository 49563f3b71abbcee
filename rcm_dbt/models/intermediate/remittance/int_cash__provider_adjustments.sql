-- Amounts that a payer adds to or takes from a whole payment (PLB): recoveries, interest and such.
-- Interest that was paid within a claim stands here too, as if it had been added so (rule P9).
with

adjustments as (

    select
        remit_payment_key,
        reason_code,
        reference_id,
        amount,
        recorded_date,
        _source_file,
        _source_position

    from {{ ref('stg_x12__remit_provider_adjustments') }}

    union all

    select
        remits.remit_payment_key,
        'L6' as reason_code,
        remits.payer_claim_number as reference_id,
        -remits.interest_amount as amount,
        remits.recorded_date,
        remits._source_file,
        remits._source_position

    from {{ ref('stg_x12__remit_claims') }} as remits

    left join {{ ref('claim_status_codes') }} as statuses
        on remits.claim_status_code = statuses.claim_status_code

    -- a predetermination promises, and moves no money
    where
        remits.interest_amount <> 0
        and coalesce(statuses.status_class, 'unknown') <> 'predetermination'

),

payments as (

    select * from {{ ref('int_cash__remit_payments') }}

),

codes as (

    select * from {{ ref('provider_adjustment_codes') }}

),

final as (

    select
        adjustments.remit_payment_key,
        payments.claim_source_system,
        payments.facility_key,
        payments.payer_key,
        adjustments.reason_code,
        adjustments.reference_id,
        -- what nobody can name is applied to nothing yet
        coalesce(codes.ledger_event, 'UNAPPLIED_CASH') as event_type,
        adjustments.amount,
        payments.payment_date,
        adjustments.recorded_date,
        adjustments._source_file,
        adjustments._source_position

    from adjustments

    inner join payments
        on adjustments.remit_payment_key = payments.remit_payment_key

    left join codes
        on adjustments.reason_code = codes.reason_code

    where adjustments.amount <> 0

)

select * from final
