{{ config(**physical_layout('service_date', ['patient_key', 'claim_key'])) }}
{{ config(meta={'claims_from': [
    'int_transaction__current',
    'int_transaction__synthea',
    'int_claim__headers',
]}) }}

with

hospital_transactions as (

    select * from {{ ref('int_transaction__current') }}

),

synthea_transactions as (

    select * from {{ ref('int_transaction__synthea') }}

),

payers as (

    select * from {{ ref('int_payer__identifiers') }}

),

claims as (

    select * from {{ ref('int_claim__headers') }}

),

unioned as (

    select
        hospital_transactions.transaction_key,
        hospital_transactions.source_system,
        hospital_transactions.transaction_id,
        hospital_transactions.claim_key,
        hospital_transactions.encounter_key,
        hospital_transactions.patient_key,
        hospital_transactions.provider_key,
        hospital_transactions.department_key,
        payers.payer_key,
        case
            when payers.payer_key is not null and hospital_transactions.line_of_business is not null
                then {{ surrogate_key([
                    'payers.payer_key', 'hospital_transactions.line_of_business',
                ]) }}
        end as health_plan_key,
        {{ foreign_key(["'HCPCS'", 'hospital_transactions.procedure_code']) }}
            as procedure_code_key,
        case
            when hospital_transactions.diagnosis_code is not null
                then {{ surrogate_key([
                    "'ICD-10-CM'", plain_diagnosis_code('hospital_transactions.diagnosis_code'),
                ]) }}
        end as diagnosis_code_key,
        hospital_transactions.amount_type,
        hospital_transactions.amount,
        hospital_transactions.paid_amount,
        hospital_transactions.service_date,
        hospital_transactions.paid_date,
        hospital_transactions.recorded_date

    from hospital_transactions

    left join payers
        on hospital_transactions.source_system = payers.source_system
        and hospital_transactions.payer_id = payers.payer_id

    union all

    select * from synthea_transactions

),

patients as (

    select * from {{ ref('int_patient__versions') }}

),

final as (

    select
        unioned.transaction_key,
        unioned.source_system,
        unioned.transaction_id,
        unioned.claim_key,
        unioned.encounter_key,
        unioned.patient_key,
        patients.patient_version_key,
        unioned.provider_key,
        unioned.department_key,
        claims.facility_key,
        unioned.payer_key,
        unioned.health_plan_key,
        unioned.procedure_code_key,
        unioned.diagnosis_code_key,
        unioned.amount_type,
        {{ money('unioned.amount') }} as amount,
        {{ money('unioned.paid_amount') }} as paid_amount,
        unioned.service_date,
        unioned.paid_date,
        unioned.recorded_date

    from unioned

    left join claims
        on unioned.claim_key = claims.claim_key

    left join patients
        on unioned.patient_key = patients.patient_key
        and {{ valid_on('patients', 'unioned.service_date') }}

)

select * from final
