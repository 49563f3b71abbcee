-- The billing transactions of all hospitals that move money, under their keys.
with

ranked as (

    select * from {{ ref('int_transaction__entries') }}

    where set_aside_reason is null

),

transaction_types as (

    select * from {{ ref('transaction_types') }}

),

-- a charge that no claim carries yet still is money owed: it waits under its encounter
latest as (

    select
        ranked.*,
        coalesce(
            ranked.claim_id, {{ dbt.concat(["'unbilled '", 'ranked.encounter_id']) }}
        ) as account_id,
        coalesce(transaction_types.event_type, 'CHARGE') as event_type

    from ranked

    left join transaction_types
        on ranked.amount_type = transaction_types.amount_type

),

final as (

    select
        {{ surrogate_key(['source_system', 'transaction_id']) }} as transaction_key,
        {{ surrogate_key(['source_system', 'account_id']) }} as claim_key,
        {{ foreign_key(['source_system', 'encounter_id']) }} as encounter_key,
        {{ foreign_key(['source_system', 'patient_id']) }} as patient_key,
        {{ foreign_key(['source_system', 'provider_id']) }} as provider_key,
        {{ foreign_key(['source_system', 'department_id']) }} as department_key,
        source_system,
        transaction_id,
        account_id as claim_id,
        encounter_id,
        patient_id,
        provider_id,
        payer_id,
        line_of_business,
        procedure_code,
        diagnosis_code,
        amount_type,
        event_type,
        amount,
        paid_amount,
        service_date,
        paid_date,
        recorded_date,
        _source_file,
        _source_position

    from latest

)

select * from final
