-- One row per payment that an 835 announces. Second deliveries are held: money counts once.
with

received as (

    select * from {{ ref('int_cash__received_payments') }}

),

-- payments that someone found in one deposit belong together, whatever their numbers
hand_matches as (

    select
        remit_payment_key,
        min(deposit_id) as deposit_id

    from {{ ref('int_cash__hand_matches') }}

    where is_matched

    group by remit_payment_key

),

final as (

    select
        received.remit_payment_key,
        received.source_system,
        received.claim_source_system,
        received.claim_namespace,
        received.facility_key,
        received.payer_key,
        received.interchange_sha256,
        received.transaction_no,
        received.segment_no,
        received.trace_number,
        {{ trace_key('received.trace_number') }} as trace_key,
        -- what one deposit may pay: payers repeat each other's check numbers
        case
            when hand_matches.deposit_id is not null
                then {{ surrogate_key(["'by hand'", 'hand_matches.deposit_id']) }}
            else {{ surrogate_key([
                'received.facility_key',
                'received.payer_key',
                'coalesce(' ~ trace_key('received.trace_number') ~ ', received.remit_payment_key)',
            ]) }}
        end as payment_group_key,
        hand_matches.deposit_id is not null as is_matched_by_hand,
        received.payment_method,
        received.payment_amount,
        -- payers call a payment by virtual card none, and yet state its amount
        coalesce(received.payment_method = 'NON' and received.payment_amount > 0, false) as is_card,
        received.payment_date,
        received.recorded_date,
        received._source_file,
        received._source_position

    from received

    left join hand_matches
        on received.remit_payment_key = hand_matches.remit_payment_key

    where received.delivery_number = 1

)

select * from final
