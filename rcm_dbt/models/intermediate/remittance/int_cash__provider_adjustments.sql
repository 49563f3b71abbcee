-- Amounts that a payer adds to or takes from a whole payment (PLB): recoveries, interest and such.
with

adjustments as (

    select * from {{ ref('stg_x12__remit_provider_adjustments') }}

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
