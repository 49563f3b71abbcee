-- What was found at each visit. A diagnosis of a visit that is not known, or was deleted, stands
-- here without a visit.
{{ config(**physical_layout('encounter_date', ['encounter_key', 'diagnosis_code_key'])) }}

select
    diagnoses.diagnosis_key,
    diagnoses.source_system,
    encounters.encounter_key,
    encounters.patient_key,
    encounters.encounter_date,
    {{ surrogate_key(['diagnoses.code_system', 'diagnoses.diagnosis_code']) }}
        as diagnosis_code_key,
    diagnoses.diagnosis_number

from {{ ref('int_encounter__diagnoses') }} as diagnoses

left join {{ ref('int_encounter__current') }} as encounters
    on diagnoses.encounter_key = encounters.encounter_key
