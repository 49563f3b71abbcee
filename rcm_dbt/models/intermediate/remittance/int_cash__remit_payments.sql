-- One row per payment that an 835 announces. Second deliveries are held: money counts once.
with

received as (

    select * from {{ ref('int_cash__received_payments') }}

),

final as (

    select
        remit_payment_key,
        source_system,
        claim_source_system,
        claim_namespace,
        facility_key,
        payer_key,
        interchange_sha256,
        transaction_no,
        segment_no,
        trace_number,
        {{ trace_key('trace_number') }} as trace_key,
        -- what one deposit may pay: payers repeat each other's check numbers
        {{ surrogate_key([
            'facility_key', 'payer_key', 'coalesce(' ~ trace_key('trace_number') ~ ', remit_payment_key)',
        ]) }} as payment_group_key,
        payment_method,
        payment_amount,
        payment_date,
        recorded_date,
        _source_file,
        _source_position

    from received

    where delivery_number = 1

)

select * from final
