-- One row per patient record of every system, in the version that applies now. The same person at
-- two hospitals is two rows here: ids are unique only within a system.
select
    patient_key,
    patient_version_key,
    source_system,
    patient_id,
    is_inferred,
    first_name,
    last_name,
    middle_name,
    ssn,
    phone_number,
    gender,
    birth_date,
    address,
    recorded_date

from {{ ref('int_patient__versions') }}

where is_current
