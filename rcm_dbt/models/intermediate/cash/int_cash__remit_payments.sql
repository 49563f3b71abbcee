-- One row per payment that an 835 announces, with the facility and the payer that it means.
with

payments as (

    select * from {{ ref('stg_x12__remit_payments') }}

),

providers as (

    select * from {{ ref('int_facility__x12_providers') }}

),

payers as (

    select * from {{ ref('int_payer__current') }}

),

final as (

    select
        payments.remit_payment_key,
        payments.source_system,
        providers.claim_source_system,
        providers.claim_namespace,
        providers.facility_key,
        payers.payer_key,
        payments.interchange_sha256,
        payments.transaction_no,
        payments.segment_no,
        payments.trace_number,
        payments.payment_method,
        payments.payment_amount,
        coalesce(
            payments.payment_date, payments.production_date, payments.recorded_date
        ) as payment_date,
        payments.recorded_date,
        payments._source_file,
        payments._source_position

    from payments

    inner join providers
        on payments.source_system = providers.source_system
        and {{ x12_provider_id(
            'payments.payee_npi', 'payments.payee_tin', 'payments.payee_name'
        ) }} = providers.x12_provider_id

    left join payers
        on {{ x12_payer_id('payments.payer_id', 'payments.payer_name') }} = payers.payer_id
        and payers.source_system in ('operations', payments.source_system)

)

select * from final
