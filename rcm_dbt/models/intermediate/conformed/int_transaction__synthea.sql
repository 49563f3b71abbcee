-- Synthea's transactions under the keys and in the columns of the hospitals' own.
with

final as (

    select
        {{ surrogate_key(['source_system', 'transaction_id']) }} as transaction_key,
        source_system,
        transaction_id,
        {{ surrogate_key(['source_system', 'claim_id']) }} as claim_key,
        {{ foreign_key(['source_system', 'encounter_id']) }} as encounter_key,
        {{ foreign_key(['source_system', 'patient_id']) }} as patient_key,
        {{ foreign_key(['source_system', 'provider_id']) }} as provider_key,
        {{ null_key() }} as department_key,
        {{ null_key() }} as payer_key,
        {{ null_key() }} as health_plan_key,
        {{ foreign_key(["'SNOMED CT'", 'procedure_code']) }} as procedure_code_key,
        {{ null_key() }} as diagnosis_code_key,
        transaction_type as amount_type,
        coalesce(amount, adjustment_amount, transfer_amount) as amount,
        payment_amount as paid_amount,
        from_date as service_date,
        case when transaction_type = 'PAYMENT' then from_date end as paid_date,
        recorded_date

    from {{ ref('stg_synthea__claims_transactions') }}

)

select * from final
