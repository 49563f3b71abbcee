select
    left_patient_key,
    right_patient_key,
    left_source_system,
    left_patient_id,
    right_source_system,
    right_patient_id,
    given_name_level,
    family_name_level,
    middle_initial_level,
    gender_level,
    birth_date_level,
    ssn_level,
    phone_level,
    address_level,
    match_weight,
    match_probability,
    decision,
    reason,
    override

from {{ ref('int_person__pairs') }}
