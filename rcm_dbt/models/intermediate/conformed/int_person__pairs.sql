-- The pairs of patient records that were compared, with the records' keys.
with

pairs as (

    select * from {{ ref('stg_persons__pairs') }}

),

patients as (

    select * from {{ ref('int_patient__current') }}

),

final as (

    select
        left_patients.patient_key as left_patient_key,
        right_patients.patient_key as right_patient_key,
        pairs.left_source_system,
        pairs.left_patient_id,
        pairs.right_source_system,
        pairs.right_patient_id,
        pairs.given_name_level,
        pairs.family_name_level,
        pairs.middle_initial_level,
        pairs.gender_level,
        pairs.birth_date_level,
        pairs.ssn_level,
        pairs.phone_level,
        pairs.address_level,
        pairs.match_weight,
        pairs.match_probability,
        pairs.decision,
        pairs.reason,
        pairs.override

    from pairs

    left join patients as left_patients
        on pairs.left_source_system = left_patients.source_system
        and pairs.left_patient_id = left_patients.patient_id

    left join patients as right_patients
        on pairs.right_source_system = right_patients.source_system
        and pairs.right_patient_id = right_patients.patient_id

)

select * from final
