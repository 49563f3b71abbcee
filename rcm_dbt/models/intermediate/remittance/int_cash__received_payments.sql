-- One row per payment of an 835 that was received, with the facility and the payer that it means. A
-- payment that comes again, under whatever control number, is a second delivery of the same money.
with

payments as (

    select * from {{ ref('stg_x12__remit_payments') }}

),

providers as (

    select * from {{ ref('int_facility__x12_providers') }}

),

payers as (

    select * from {{ ref('int_payer__identifiers') }}

),

contents as (

    select
        remit_payment_key,
        count(*) as claim_count,
        sum(charge_amount) as charge_amount

    from {{ ref('stg_x12__remit_claims') }}

    group by remit_payment_key

),

resolved as (

    select
        payments.remit_payment_key,
        payments.source_system,
        providers.claim_source_system,
        providers.claim_namespace,
        providers.facility_key,
        payers.payer_key,
        payments.interchange_sha256,
        payments.isa_control_number,
        payments.transaction_no,
        payments.segment_no,
        payments.trace_number,
        payments.originating_company_id,
        {{ x12_provider_id(
            'payments.payee_npi', 'payments.payee_tin', 'payments.payee_name'
        ) }} as payee_id,
        coalesce(contents.claim_count, 0) as claim_count,
        coalesce(contents.charge_amount, 0) as claim_charge_amount,
        payments.payment_method,
        payments.payment_amount,
        coalesce(
            payments.payment_date, payments.production_date, payments.recorded_date
        ) as payment_date,
        payments.recorded_date,
        payments._source_file,
        payments._source_position,
        payments._batch_id

    from payments

    inner join providers
        on payments.source_system = providers.source_system
        and {{ x12_provider_id(
            'payments.payee_npi', 'payments.payee_tin', 'payments.payee_name'
        ) }} = providers.x12_provider_id

    left join payers
        on payments.source_system = payers.source_system
        and {{ x12_payer_id('payments.payer_id', 'payments.payer_name') }} = payers.payer_id

    left join contents
        on payments.remit_payment_key = contents.remit_payment_key

),

-- rule D3; what a payment holds is part of its identity, as payers repeat the trace number of
-- payments of nothing
final as (

    select
        *,
        row_number() over (
            partition by
                source_system,
                coalesce(trace_number, remit_payment_key),
                originating_company_id,
                payee_id,
                payment_date,
                payment_amount,
                claim_count,
                claim_charge_amount
            order by recorded_date, isa_control_number, interchange_sha256, transaction_no
        ) as delivery_number

    from resolved

)

select * from final
