-- The billing transactions of all hospitals that move money, under their keys.
with

ranked as (

    select * from {{ ref('int_transaction__entries') }}

    where set_aside_reason is null

),

encounters as (

    select
        encounter_key,
        encounter_date

    from {{ ref('int_encounter__current') }}

),

transaction_types as (

    select * from {{ ref('transaction_types') }}

),

-- a charge that no claim carries yet still is money owed: it waits under its encounter, or
-- by itself where it names none
latest as (

    select
        ranked.*,
        coalesce(
            ranked.claim_id,
            {{ dbt.concat(["'unbilled '", 'ranked.encounter_id']) }},
            {{ dbt.concat(["'unbilled transaction '", 'ranked.transaction_id']) }}
        ) as account_id,
        coalesce(transaction_types.event_type, 'CHARGE') as event_type

    from ranked

    left join transaction_types
        on ranked.amount_type = transaction_types.amount_type

),

keyed as (

    select
        {{ surrogate_key(['source_system', 'transaction_id']) }} as transaction_key,
        {{ surrogate_key(['source_system', 'account_id']) }} as claim_key,
        {{ foreign_key(['source_system', 'encounter_id']) }} as named_encounter_key,
        {{ foreign_key(['source_system', 'patient_id']) }} as patient_key,
        {{ foreign_key(['source_system', 'provider_id']) }} as provider_key,
        {{ foreign_key(['source_system', 'department_id']) }} as department_key,
        latest.*

    from latest

),

-- a visit that is not known, or was deleted, leaves the money without one
final as (

    select
        keyed.transaction_key,
        keyed.claim_key,
        encounters.encounter_key,
        keyed.patient_key,
        keyed.provider_key,
        keyed.department_key,
        keyed.source_system,
        keyed.transaction_id,
        keyed.account_id as claim_id,
        keyed.encounter_id,
        keyed.patient_id,
        keyed.provider_id,
        keyed.payer_id,
        keyed.line_of_business,
        keyed.procedure_code,
        keyed.diagnosis_code,
        keyed.amount_type,
        keyed.event_type,
        keyed.amount,
        keyed.paid_amount,
        -- a charge that names no day of service is of the day of its visit, else of its posting
        coalesce(
            {{ known_date('keyed.service_date') }},
            {{ known_date('keyed.visit_date') }},
            encounters.encounter_date,
            {{ known_date('cast(keyed.inserted_at as date)') }},
            keyed.recorded_date
        ) as service_date,
        coalesce(keyed.service_date >= cast('1900-01-01' as date), false) as has_service_date,
        case
            when keyed.paid_date > keyed.service_date or keyed.service_date is null
                then keyed.paid_date
            else keyed.service_date
        end as last_stated_date,
        {{ known_date('keyed.paid_date') }} as paid_date,
        keyed.recorded_date,
        keyed._source_file,
        keyed._source_position

    from keyed

    left join encounters
        on keyed.named_encounter_key = encounters.encounter_key

)

select * from final
